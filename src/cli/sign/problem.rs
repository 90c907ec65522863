//! Why a row is not signed: which rule, in which column, and what to do. One list, in both languages.
//!
//! A refusal shows the value of the cell at fault and nothing else of the row: it may be printed or sent to a colleague.

use std::fmt::Display;

use serde_json::json;
use xuefen_core::kinds::tags::Word;

use crate::cli::messages::{self as m, Lang, Text};
use crate::cli::output::Output;

/// A rule that a cell breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing stands where something must.
    Missing,
    /// The row has another number of cells than the header.
    Cells,
    /// A character that the file's encoding cannot have meant, or a control character such as a line end.
    Encoding,
    /// A formula that failed.
    Formula,
    /// A number of which the spreadsheet lost digits.
    DigitsLost,
    /// A line that is no JSON object of plain values.
    Json,
    /// A column that is not known.
    Column {
        /// Its name.
        name: String,
    },
    /// What a reader of registry files says of a cell.
    Said {
        /// In its words.
        text: String,
    },
    /// Not a date.
    Date,
    /// A day that is still to come.
    FutureDate,
    /// Not a number as the column takes it.
    Number,
    /// Neither a mark nor a word of the scale.
    Grade {
        /// Name of the scale.
        scale: String,
    },
    /// A scale that the offers file does not have.
    UnknownScale,
    /// Not the scale of the course.
    OtherScale {
        /// The scale of the course.
        scale: String,
    },
    /// A certificate with a grade that does not pass.
    CertificateFailed,
    /// Not a kind of outcome that can be recorded.
    Kind,
    /// A code that the issuer has not published.
    UnknownOffer,
    /// A class or certificate level that the offers file does not have.
    UnknownLevel,
    /// A run that the offers file does not have for this course.
    UnknownRun,
    /// More minutes than the course has, or more practice than all.
    Minutes {
        /// At most so many minutes.
        at_most: u64,
    },
    /// The recording rule gives other credits.
    Credits {
        /// Credits by the rule, as a decimal number.
        expected: String,
    },
    /// The record number stands in an earlier row.
    DuplicateSourceId {
        /// That row.
        first_row: u64,
    },
    /// The same attempt of the same learner stands in an earlier row under another record number.
    DuplicateAttempt {
        /// That row.
        first_row: u64,
    },
    /// The learner number is not in the accounts map.
    UnknownAccount,
    /// Not a name the issuer may issue under.
    IssuerName,
    /// Not a kind of identity document.
    DocumentKind,
    /// The number cannot be one of its kind.
    DocumentNumber,
    /// The birth date in the document number is another.
    BirthDate,
    /// The person stands in an earlier row.
    DuplicatePerson {
        /// That row.
        first_row: u64,
    },
    /// Not bytes in hexadecimal of the right length.
    Hex,
    /// Not leaf indices.
    Indices,
    /// No word of the column's list.
    Word {
        /// The list.
        words: &'static [Word],
    },
    /// Neither yes nor no.
    YesNo,
    /// Too long to be posted.
    TooLong,
}

/// Code, what is wrong and what to do, in both languages.
type Parts = (&'static str, Text, Text);

macro_rules! say {
    ($code:literal, $en:literal, $zh:literal; $fix_en:literal, $fix_zh:literal) => {
        ($code, Text { en: $en, zh: $zh }, Text { en: $fix_en, zh: $fix_zh })
    };
}

impl Problem {
    const fn parts(&self) -> Parts {
        match self {
            Self::Missing => say!("MISSING", "the cell is empty", "此格为空"; "fill it in", "请填写"),
            Self::Date => say!("DATE", "this is no date", "不是有效日期";
                "write it as 2026-06-30", "请写成 2026-06-30 的形式"),
            Self::FutureDate => say!("DATE_IN_FUTURE", "this day is still to come", "日期尚未到";
                "record an outcome on the day it is achieved or later", "请在取得当日或之后登记"),
            Self::Number => say!("NUMBER", "this is no number that this column takes", "不是此列可用的数字";
                "write digits, with at most three decimals where decimals are allowed", "请写数字；可有小数的列最多三位小数"),
            Self::Grade { .. } => {
                say!("GRADE_OFF_SCALE", "this grade is not on the scale {scale}", "该成绩不在“{scale}”的范围内";
                "correct the grade", "请改正成绩")
            }
            Self::UnknownScale => say!("UNKNOWN_SCALE", "no policy in force has this scale", "现行政策中没有此成绩制";
                "use a scale of the offers file", "请使用开课文件中的成绩制"),
            Self::OtherScale { .. } => {
                say!("OTHER_SCALE", "the course is graded on the scale {scale}", "该课程的成绩制为“{scale}”";
                "grade on that scale, or publish the course with the other one", "请按该成绩制填写，或以另一成绩制发布课程")
            }
            Self::CertificateFailed => {
                say!("CERTIFICATE_FAILED", "a certificate cannot carry a grade that fails", "证书不能附不合格成绩";
                "correct the grade, or remove the row", "请改正成绩，或删除该行")
            }
            Self::DuplicateAttempt { .. } => {
                say!("DUPLICATE_ATTEMPT", "row {first_row} is the same attempt already", "第 {first_row} 行已是同一次考试";
                "number a resit in the column attempt, or remove the copy", "补考请在“考试次数”列填写下一次数，或删除重复行")
            }
            Self::Kind => {
                say!("OUTCOME_KIND", "this is no kind of outcome that can be recorded", "不是可登记的成果类型";
                "write a kind as docs/spec/tags.md lists them, such as course, contest_result or x_certificate", "请写成果类型，如课程、技能大赛成绩、X证书（见 docs/spec/tags.md）")
            }
            Self::UnknownOffer => {
                say!("UNKNOWN_OFFER", "your institution has not published this code", "本机构未发布此代码";
                "correct the code, or publish it and make the offers file again", "请改正代码，或先发布并重新生成开课文件")
            }
            Self::UnknownLevel => say!("UNKNOWN_LEVEL", "the certificate has no such level", "该证书没有此等级";
                "write a level of the certificate family", "请填写该证书系列中的等级"),
            Self::UnknownRun => {
                say!("UNKNOWN_RUN", "your institution has not published this run of the course", "本机构未发布该课程的此班次";
                "correct the code of the run, or publish it and make the offers file again", "请改正班次代码，或先发布并重新生成开课文件")
            }
            Self::Minutes { .. } => {
                say!("MINUTES", "more than the {at_most} minutes that are possible", "超过可登记的 {at_most} 分钟";
                "correct the length; practice is a part of the whole, and the whole is at most the course's", "请改正时长；实践时长属于总时长，总时长不超过课程时长")
            }
            Self::Credits { .. } => {
                say!("CREDITS_DISAGREE", "the recording rule gives {expected} credits", "按学分记录规则应为 {expected} 学分";
                "correct the credits or the length, or leave the credits empty", "请改正学分或时长，或将学分留空")
            }
            Self::DuplicateSourceId { .. } => {
                say!("DUPLICATE_SOURCE_ID", "row {first_row} has this record number already", "第 {first_row} 行已有此原始记录号";
                "remove the copy, or give the record its own number", "请删除重复行，或使用独立的记录号")
            }
            Self::UnknownAccount => {
                say!("UNKNOWN_ACCOUNT", "no account is known for this learner", "该学员没有学习账号";
                "correct the number, or open the account first (xuefen sign accounts) and give its map with --accounts", "请改正学号，或先开设账号（xuefen sign accounts）并用 --accounts 给出对照表")
            }
            Self::IssuerName => {
                say!("ISSUER_NAME", "your institution may not issue under this name", "本机构不得以此名称颁发";
                "write a name that the institution is accredited under, or leave the cell empty", "请填写获批准的机构名称，或将此格留空")
            }
            Self::DocumentKind => say!("DOCUMENT_KIND", "this is no kind of identity document", "不是可用的证件类型";
                "write resident_id, passport, social_security_card or permit", "请写居民身份证、护照、社会保障卡或通行证"),
            Self::DocumentNumber => {
                say!("DOCUMENT_NUMBER", "this cannot be the number of such a document", "证件号码有误";
                "compare it with the document; the last character is a check", "请与证件核对；末位为校验码")
            }
            Self::BirthDate => {
                say!("BIRTH_DATE", "the document number has another birth date", "与证件号码中的出生日期不符";
                "correct the one that is wrong", "请改正有误的一项")
            }
            Self::DuplicatePerson { .. } => {
                say!("DUPLICATE_PERSON", "row {first_row} is this person already", "第 {first_row} 行已是此人";
                "one person has one account: remove the copy", "一人一账号：请删除重复行")
            }
            Self::Hex => say!("HEX", "these are no bytes in hexadecimal of the right length", "不是长度正确的十六进制";
                "copy the whole value again", "请重新完整复制"),
            Self::Indices => say!("INDICES", "these are no places of entries in the log", "不是日志序号";
                "write leaf indices with commas between, as 12,40", "请写日志序号，以逗号分隔，如 12,40"),
            Self::Word { .. } => say!("WORD", "this is no word that this column takes", "不是此列可用的词";
                "write one of {words}", "请填写下列之一：{words}"),
            Self::YesNo => say!("YES_NO", "this is neither yes nor no", "既不是“是”也不是“否”";
                "write yes or no", "请写是或否"),
            Self::TooLong => say!("TOO_LONG", "the row is too long to be posted", "该行过长，无法提交";
                "shorten the longest text", "请缩短最长的文字"),
            unreadable => unreadable.parts_of_files(),
        }
    }

    /// What is wrong with the file at this row, whatever is recorded in it.
    const fn parts_of_files(&self) -> Parts {
        match self {
            Self::Cells => {
                say!("CELLS", "the row has {value} cells, not as many as the header", "该行有 {value} 格，与表头不符";
                "look for a comma that splits a cell; put such text in quotation marks", "请检查是否有逗号将单元格分开；含逗号的文字请加引号")
            }
            Self::Encoding => say!("ENCODING", "a character cannot be read or recorded", "有无法识别或无法登记的字符";
                "type the cell again and save the sheet as CSV UTF-8", "请重新输入该格，并将表格另存为 CSV UTF-8"),
            Self::Formula => say!("FORMULA", "the formula of this cell failed", "该格公式出错";
                "correct the formula, or paste the values", "请改正公式，或粘贴为数值"),
            Self::DigitsLost => {
                say!("DIGITS_LOST", "the spreadsheet took this for a number and lost its last digits", "表格软件将其当作数值，末位数字已丢失";
                "format the column as text and type the number again", "请将该列设为文本格式后重新输入")
            }
            Self::Json => {
                say!("JSON", "this line is no JSON object of text, numbers and lists", "该行不是由文字、数字和列表组成的 JSON 对象";
                "write one object a line", "请每行写一个对象")
            }
            Self::Column { .. } => say!("COLUMN", "no column {name} is known here", "没有“{name}”这一列";
                "correct the name, or give --columns", "请改正列名，或用 --columns 给出对照"),
            // Only this one is left: the others stand above.
            _ => say!("VALUE", "{text}", "{text}";
                "correct the cell; xuefen help registry import lists the columns", "请改正该格；可用列见 xuefen help registry import"),
        }
    }

    /// The stable code of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.parts().0
    }

    fn fill(&self, text: Text, lang: Lang, value: &str) -> String {
        let nothing: &dyn Display = &"";
        let (scale, at_most, expected, first_row) = match self {
            Self::Grade { scale } | Self::OtherScale { scale } => (scale as &dyn Display, nothing, nothing, nothing),
            Self::Minutes { at_most } => (nothing, at_most as &dyn Display, nothing, nothing),
            Self::Credits { expected } => (nothing, nothing, expected as &dyn Display, nothing),
            Self::DuplicateSourceId { first_row }
            | Self::DuplicatePerson { first_row }
            | Self::DuplicateAttempt { first_row } => (nothing, nothing, nothing, first_row as &dyn Display),
            _ => (nothing, nothing, nothing, nothing),
        };
        let words = match self {
            Self::Word { words } => {
                let word = |word: &Word| if lang == Lang::Zh { word.zh } else { word.code };
                words.iter().map(word).collect::<Vec<_>>().join(if lang == Lang::Zh { "、" } else { ", " })
            }
            _ => String::new(),
        };
        let (name, said) = match self {
            Self::Column { name } => (name.as_str(), ""),
            Self::Said { text } => ("", text.as_str()),
            _ => ("", ""),
        };
        let values = [
            ("name", &name as &dyn Display),
            ("text", &said),
            ("words", &words),
            ("value", &value),
            ("scale", scale),
            ("at_most", at_most),
            ("expected", expected),
            ("first_row", first_row),
        ];
        text.fill(lang, &values)
    }
}

/// One row that is not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Row of the sheet, as the spreadsheet numbers it; the header is row 1.
    pub row: u64,
    /// Name of the cell, as F12, if the sheet has the column.
    pub place: Option<String>,
    /// Column as its header has it, or the name of a column that the sheet does not have.
    pub column: String,
    /// The cell at fault.
    pub value: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Refused {
    /// A row that is wrong as a whole.
    #[must_use]
    pub const fn of_row(row: u64, value: String, problem: Problem) -> Self {
        Self { row, place: None, column: String::new(), value, problem }
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn reason(&self, lang: Lang) -> String {
        self.problem.fill(self.problem.parts().1, lang, &self.value)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self, lang: Lang) -> serde_json::Value {
        json!({
            "row": self.row,
            "cell": self.place,
            "column": self.column,
            "value": self.value,
            "code": self.problem.code(),
            "reason": self.reason(lang),
            "fix": self.fix(lang),
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self, lang: Lang) -> String {
        self.problem.fill(self.problem.parts().2, lang, &self.value)
    }
}

/// Refused rows shown on the terminal.
const SHOWN: usize = 20;

/// Shows the first refused rows.
pub fn print(refused: &[Refused], output: &mut Output<'_>) -> anyhow::Result<()> {
    let lang = output.lang();
    let rows = refused.iter().take(SHOWN).map(|one| {
        let place = one.place.clone().unwrap_or_else(|| one.row.to_string());
        vec![place, one.column.clone(), one.value.chars().take(40).collect(), one.reason(lang), one.fix(lang)]
    });
    if !refused.is_empty() {
        output.table(&[m::ROW, m::COLUMN, m::VALUE, m::REASON, m::FIX], rows)?;
    }
    if refused.len() > SHOWN {
        output.line(&m::REJECTED_MORE.fill(lang, &[("count", &(refused.len() - SHOWN))]))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_rule_and_the_numbers() {
        let problem = Problem::Credits { expected: "2.5".to_owned() };
        let refused = Refused { row: 7, place: None, column: "学分".to_owned(), value: "3".to_owned(), problem };
        assert_eq!(refused.problem.code(), "CREDITS_DISAGREE");
        assert_eq!(refused.reason(Lang::En), "the recording rule gives 2.5 credits");
        assert_eq!(refused.reason(Lang::Zh), "按学分记录规则应为 2.5 学分");
        assert!(refused.fix(Lang::Zh).contains("留空"));
    }
}
