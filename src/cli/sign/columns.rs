//! Columns of a sheet: the names they go by, in Chinese and English.
//!
//! Every payload tag is a column under its name and its Chinese name (docs/spec/tags.md); the others stand in the list
//! below. What a column's cells mean is not said here.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use unicode_normalization::UnicodeNormalization;
use xuefen_core::kinds::tags;

use crate::cli::table::ColumnsFile;

/// Other names of columns: those that registrars' systems use, and columns that no tag has. The first is the field.
const NAMES: &[&[&str]] = &[
    // Who.
    &["learner_no", "学号", "学籍号", "学员编号", "学员号", "learner_number"],
    &["account", "学习账号", "账号"],
    &["holder_name", "姓名", "学员姓名", "name"],
    &["document_kind", "证件类型", "证件类别"],
    &["document_number", "证件号码", "证件号", "身份证号", "身份证号码"],
    &["birth_date", "出生日期", "出生年月日"],
    &["category", "学习者类别", "学员类别"],
    &["consent", "同意书编号", "授权书编号"],
    // What.
    &["outcome_kind", "成果类型", "成果种类", "kind"],
    &["offer_code", "课程代码", "课程编号", "课程号", "模块代码", "模块编号", "course_code", "module_code"],
    &["offer_version", "课程版本", "模块版本", "course_version", "module_version"],
    &["family_code", "证书系列代码", "证书代码"],
    &["family_version", "证书系列版本"],
    &["programme_code", "人才培养方案代码", "方案代码"],
    &["source_id", "原始记录号", "记录号", "成绩编号", "流水号"],
    &["achieved_on", "取得日期", "考试日期", "考核日期", "发证日期", "完成日期"],
    &["run", "班次", "教学班", "开课班号", "班次代码"],
    // How much and how well.
    &["class_hours", "学时", "总学时"],
    &["practice_class_hours", "实践学时", "实训学时"],
    &["minutes", "总分钟数"],
    &["practice_minutes", "实践分钟数"],
    &["credits", "学分"],
    &["credit_millis", "学分（千分之一）"],
    &["grade", "成绩", "分数", "总评成绩", "考核成绩"],
    &["scale", "成绩制", "计分制"],
    &["score", "得分"],
    &["top_score", "满分"],
    &["level", "等级", "证书等级", "级别"],
    &["award", "奖项", "获奖等级"],
    &["team", "团队编号", "参赛队"],
    &["start_on", "开始日期", "起始日期"],
    &["end_on", "结束日期", "截止日期"],
    &["attempt", "考试次数", "考试次第", "修读次数"],
    &["certificate_number", "证书编号", "证书号"],
    &["issuer_name", "颁发机构名称", "颁发机构", "发证机构", "发证单位"],
    &["major", "专业代码"],
    // How it is recorded.
    &["cosigner", "会签机构", "实习单位代码", "学籍学校代码"],
    &["imported", "补录", "历史补录"],
    &["supersedes_index", "更正序号"],
    &["supersedes_hash", "更正散列"],
];

/// Columns of a rejects file, which may be signed again once its rows are corrected.
pub const REJECT_COLUMNS: [&str; 4] = ["row", "column", "reason", "fix"];

/// Which field stands in which column of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    by_field: BTreeMap<&'static str, usize>,
    headers: Vec<String>,
    ignored: Vec<String>,
    constants: BTreeMap<&'static str, String>,
    values: Words,
}

impl Columns {
    /// Finds the fields in a header row. `mapping` gives fields for headers, over the built-in names.
    pub fn find(headers: Vec<String>, mapping: &Mapping) -> anyhow::Result<Self> {
        let mut by_field: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut ignored = Vec::new();
        for (at, header) in headers.iter().enumerate() {
            let key = key(header);
            if key.is_empty() || REJECT_COLUMNS.contains(&key.as_str()) {
                continue;
            }
            let Some(field) = mapping.field(&key) else {
                ignored.push(header.clone());
                continue;
            };
            if let Some(first) = by_field.insert(field, at) {
                bail!(
                    "the columns {:?} and {header:?} are both the field {field}; rename or remove one of them",
                    headers[first]
                );
            }
        }
        let (constants, values) = (mapping.constants.clone(), mapping.values.clone());
        Ok(Self { by_field, headers, ignored, constants, values })
    }

    /// Refuses a sheet without these fields.
    pub fn require(&self, fields: &[&str]) -> anyhow::Result<()> {
        let missing: Vec<_> = fields.iter().filter(|field| !self.has(field)).collect();
        ensure!(
            missing.is_empty(),
            "the header has no column for {missing:?}; it has {:?}. Rename the columns or give --columns",
            self.headers
        );
        Ok(())
    }

    /// The fields of the sheet.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.by_field.keys().copied()
    }

    /// Whether there is a column for the field, or every row says the same.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.by_field.contains_key(field) || self.constants.contains_key(field)
    }

    /// What a cell of the field means: in the words of the field, and what every row says if it is empty.
    #[must_use]
    pub fn meant<'a>(&'a self, field: &str, cell: &'a str) -> &'a str {
        if cell.is_empty() {
            return self.constants.get(field).map_or("", String::as_str);
        }
        self.values.get(field).and_then(|words| words.get(cell)).map_or(cell, String::as_str)
    }

    /// Place of a field's column.
    #[must_use]
    pub fn position(&self, field: &str) -> Option<usize> {
        self.by_field.get(field).copied()
    }

    /// The header above a field, or the field's own name.
    #[must_use]
    pub fn header_of<'a>(&'a self, field: &'a str) -> &'a str {
        self.position(field).map_or(field, |at| &self.headers[at])
    }

    /// The header row.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Headers that are no field.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

/// Words of a sheet and what they mean, by field.
type Words = BTreeMap<&'static str, BTreeMap<String, String>>;

/// Fields for headers that nobody could guess, what every row says, and the words of the school's own system: a file of
/// columns, with its names resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    by_header: BTreeMap<String, &'static str>,
    constants: BTreeMap<&'static str, String>,
    values: Words,
    worksheet: Option<String>,
}

impl Mapping {
    /// Resolves a file of columns; fields may be written under any of their names.
    pub fn new(file: ColumnsFile) -> anyhow::Result<Self> {
        let field = |name: &str| {
            field_of(&key(name)).with_context(|| {
                format!(
                    "the file of columns names a field {name:?} that there is not \
             (docs/spec/tags.md)"
                )
            })
        };
        let mut mapping = Self { worksheet: file.worksheet, ..Self::default() };
        for (header, name) in file.columns {
            let twice = mapping.by_header.insert(key(&header), field(&name)?).is_some();
            ensure!(!twice, "the file of columns names the header {header:?} twice");
        }
        for (name, cell) in file.constants {
            mapping.constants.insert(field(&name)?, cell.trim().to_owned());
        }
        for (name, words) in file.values {
            let words = words.into_iter().map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()));
            mapping.values.insert(field(&name)?, words.collect());
        }
        Ok(mapping)
    }

    /// The worksheet that the file names.
    #[must_use]
    pub fn worksheet(&self) -> Option<&str> {
        self.worksheet.as_deref()
    }

    fn field(&self, key: &str) -> Option<&'static str> {
        self.by_header.get(key).copied().or_else(|| field_of(key))
    }
}

/// Whether a cell of a header names a field.
#[must_use]
pub fn is_field(cell: &str, mapping: &Mapping) -> bool {
    mapping.field(&key(cell)).is_some()
}

/// A header as it is compared: NFKC, lower case, without white space, `_`, `-` and signs that mark obligatory columns.
fn key(header: &str) -> String {
    let skipped = |c: &char| c.is_whitespace() || matches!(c, '_' | '-' | '*' | ':' | '\u{feff}');
    header.nfkc().filter(|c| !skipped(c)).flat_map(char::to_lowercase).collect()
}

fn field_of(wanted: &str) -> Option<&'static str> {
    let listed = NAMES.iter().find(|names| names.iter().any(|name| key(name) == wanted)).map(|names| names[0]);
    let tag = || tags::ALL.iter().find(|tag| key(tag.name) == wanted || key(tag.name_zh) == wanted);
    listed.or_else(|| tag().map(|tag| tag.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(headers: &[&str]) -> anyhow::Result<Columns> {
        Columns::find(headers.iter().map(|header| (*header).to_owned()).collect(), &Mapping::default())
    }

    #[test]
    fn headers_are_found_in_both_languages_and_loosely_written() {
        let found = columns(&["学号", " 成绩* ", "Course Code", "ACHIEVED_ON", "备注", "", "reason"]).unwrap();
        let places = ["learner_no", "grade", "offer_code", "achieved_on"].map(|field| found.position(field));
        assert_eq!(places, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(found.ignored(), ["备注"]);
        assert_eq!(found.header_of("grade"), " 成绩* ");
        assert_eq!(found.header_of("level"), "level");
    }

    #[test]
    fn one_field_in_two_columns_is_refused() {
        assert!(columns(&["成绩", "grade"]).unwrap_err().to_string().contains("both the field grade"));
    }

    #[test]
    fn missing_columns_are_named() {
        let error = columns(&["学号"]).unwrap().require(&["learner_no", "grade"]).unwrap_err().to_string();
        assert!(error.contains("[\"grade\"]"), "{error}");
    }

    fn mapping(text: &str) -> anyhow::Result<Mapping> {
        Mapping::new(toml::from_str(text).unwrap())
    }

    #[test]
    fn a_mapping_wins_over_the_built_in_names() {
        let mapped = mapping("columns.\"成绩\" = \"等级\"").unwrap();
        let found = Columns::find(vec!["成绩".to_owned()], &mapped).unwrap();
        assert_eq!((found.position("level"), found.position("grade")), (Some(0), None));
        for wrong in ["columns.a = \"no such field\"", "constants.nobody = \"1\"", "[values.nobody]\na = \"b\""] {
            assert!(mapping(wrong).unwrap_err().to_string().contains("that there is not"), "{wrong}");
        }
    }

    #[test]
    fn what_every_row_says_and_words_of_the_school_stand_in_for_cells() {
        let mapped =
            mapping("[constants]\n\"取得日期\" = \"2026-06-30\"\n[values.\"成绩\"]\n\"通过\" = \"合格\"").unwrap();
        let found = Columns::find(vec!["成绩".to_owned()], &mapped).unwrap();
        assert!(found.require(&["achieved_on", "grade"]).is_ok());
        let meant = [("achieved_on", ""), ("achieved_on", "2026-06-01"), ("grade", "通过"), ("grade", "60")];
        assert_eq!(meant.map(|(field, cell)| found.meant(field, cell)), ["2026-06-30", "2026-06-01", "合格", "60"]);
    }

    #[test]
    fn every_tag_is_a_column_and_no_name_stands_for_two_fields() {
        for tag in tags::ALL {
            assert_eq!(field_of(&key(tag.name)), Some(tag.name));
            assert_eq!(field_of(&key(tag.name_zh)), Some(tag.name), "{}", tag.name_zh);
        }
        for names in NAMES {
            for name in *names {
                assert_eq!(field_of(&key(name)), Some(names[0]), "{name}");
            }
        }
    }
}
