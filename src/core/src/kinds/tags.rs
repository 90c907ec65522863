//! Tag tables: the fields of private payloads, by kind (docs/spec/tags.md; a test holds the page against this table).
//!
//! A kind fixes its list and every record carries all of it, absent = empty value, so that the set of tags says nothing
//! (formats.md 3). Tag numbers mean the same in every kind and are never reused.

use crate::proto::OutcomeKind;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// UTF-8 in NFC.
    Text,
    /// Minimal ASCII decimal, 0 to 2^53-1.
    Integer,
    /// `YYYY-MM-DD`, a day in UTC+8.
    Date,
    /// Exactly so many raw bytes.
    Bytes(usize),
    /// A leaf index: minimal ASCII decimal, above 0.
    Index,
    /// Leaf indices, ascending, separated by one comma.
    Indices,
    /// A mark with at most three decimals (`66`, `66.5`), or a word of the scale.
    Grade,
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// 1 to 2^32-1.
    pub number: u32,
    /// Stable name: column header, JSON member, message.
    pub name: &'static str,
    /// Name in Chinese: column header, pages.
    pub name_zh: &'static str,
    /// How refusals name the field: `payload.name (number)`.
    pub field: &'static str,
    /// How the value is written.
    pub value: ValueType,
}

macro_rules! tags {
    ($($konst:ident = $number:literal, $name:literal, $zh:literal, $value:expr;)*) => {
        $(#[doc = concat!("`", $name, "` (", $zh, ")")] pub const $konst: Tag =
            Tag {
                number: $number,
                name: $name,
                name_zh: $zh,
                field: concat!("payload.", $name, " (", $number, ")"),
                value: $value,
            };)*
        /// Every tag there is, ascending.
        pub const ALL: &[Tag] = &[$($konst),*];
    };
}

tags! {
    NULLIFIER_KEY = 1, "nk", "作废密钥", ValueType::Bytes(32);
    ACCOUNT = 2, "account", "学习账号", ValueType::Bytes(16);
    SOURCE_ID = 3, "source_id", "原始记录号", ValueType::Text;
    ACHIEVED_ON = 4, "achieved_on", "取得日期", ValueType::Date;
    HOLDER_NAME = 5, "holder_name", "姓名", ValueType::Text;
    MINUTES = 6, "minutes", "总分钟数", ValueType::Integer;
    PRACTICE_MINUTES = 7, "practice_minutes", "实践分钟数", ValueType::Integer;
    CREDIT_MILLIS = 8, "credit_millis", "学分（千分之一）", ValueType::Integer;
    GRADE = 9, "grade", "成绩", ValueType::Grade;
    SCALE = 10, "scale", "成绩制", ValueType::Text;
    LEVEL = 11, "level", "等级", ValueType::Integer;
    RUN = 12, "run", "班次", ValueType::Text;
    OFFER = 13, "offer", "课程或模块", ValueType::Index;
    DELIVERY_MODE = 14, "delivery_mode", "授课方式", ValueType::Text;
    COMPETENCY = 15, "competency", "能力", ValueType::Text;
    UNIT = 16, "unit", "单元", ValueType::Text;
    VENUE = 17, "venue", "实施地点", ValueType::Text;
    CITES = 18, "cites", "引用", ValueType::Indices;
    AGREEMENT_HASH = 19, "agreement_hash", "协议散列", ValueType::Bytes(32);
    ASSESSOR = 20, "assessor", "评定人", ValueType::Text;
    ATTEMPT = 21, "attempt", "考试次数", ValueType::Integer;
    PARTS = 22, "parts", "组成部分", ValueType::Indices;
    RECORDING_RULE = 23, "recording_rule", "学分记录规则", ValueType::Index;
    CERTIFICATE_NUMBER = 24, "certificate_number", "证书编号", ValueType::Text;
    FAMILY = 25, "family", "证书系列", ValueType::Index;
    ISSUER_NAME = 26, "issuer_name", "颁发机构名称", ValueType::Text;
    ROUTE = 27, "route", "认定途径", ValueType::Text;
    MAJOR = 28, "major", "专业代码", ValueType::Text;
    PROGRAMME = 29, "programme", "人才培养方案", ValueType::Index;
    STUDY_MODE = 30, "study_mode", "学习形式", ValueType::Text;
    ORIGINAL_ISSUER = 31, "original_issuer", "原颁发机构", ValueType::Text;
    HOLDER_KEY = 32, "holder_key", "持有人公钥", ValueType::Bytes(32);
    TITLE = 33, "title", "名称", ValueType::Text;
    DOCUMENT_KIND = 40, "document_kind", "证件类型", ValueType::Text;
    DOCUMENT_NUMBER = 41, "document_number", "证件号码", ValueType::Text;
    BIRTH_DATE = 42, "birth_date", "出生日期", ValueType::Date;
    CARRIER_KIND = 43, "carrier_kind", "载体类型", ValueType::Text;
    CARRIER_NUMBER = 44, "carrier_number", "载体号码", ValueType::Text;
    CATEGORY = 45, "category", "学习者类别", ValueType::Text;
    RESTRICTED_CLASS = 46, "restricted_class", "限制类别", ValueType::Text;
    CONSENT = 47, "consent", "同意书编号", ValueType::Text;
    OTHER_ACCOUNT = 48, "other_account", "并入账号", ValueType::Bytes(16);
    TRAINING_LEVEL = 60, "training_level", "培训层次", ValueType::Text;
    PROJECT_TYPE = 61, "project_type", "项目类型", ValueType::Text;
    CATEGORY_FROM = 70, "category_from", "类别起始日期", ValueType::Date;
    CATEGORY_UNTIL = 71, "category_until", "类别终止日期", ValueType::Date;
    LEARNER_SIGNATURE = 72, "learner_signature", "学习者签名", ValueType::Bytes(64);
    SIGNED_AT = 73, "signed_at", "学习者签名时间", ValueType::Integer;
}

/// The table of `OpenAccount`.
pub const OPEN_ACCOUNT: &[Tag] = &[
    ACCOUNT,
    SOURCE_ID,
    HOLDER_NAME,
    DOCUMENT_KIND,
    DOCUMENT_NUMBER,
    BIRTH_DATE,
    CARRIER_KIND,
    CARRIER_NUMBER,
    CATEGORY,
    RESTRICTED_CLASS,
    CONSENT,
];

/// The table of `MergeAccounts`: `account` is kept, `other_account` becomes its alias.
/// A learner with a device key signs with it.
pub const MERGE_ACCOUNTS: &[Tag] = &[ACCOUNT, HOLDER_KEY, CONSENT, OTHER_ACCOUNT, LEARNER_SIGNATURE, SIGNED_AT];

/// The table of `AmendAccount`: a carrier, a category with its days, a restricted class; what is empty stays as it was.
pub const AMEND_ACCOUNT: &[Tag] =
    &[ACCOUNT, CARRIER_KIND, CARRIER_NUMBER, CATEGORY, RESTRICTED_CLASS, CONSENT, CATEGORY_FROM, CATEGORY_UNTIL];

/// The table of `BindKey`: the key signs that it is the account's.
pub const BIND_KEY: &[Tag] = &[ACCOUNT, HOLDER_KEY, LEARNER_SIGNATURE, SIGNED_AT];

/// The table of `UnbindKey`: of a device that was lost, so nothing is signed with it.
pub const UNBIND_KEY: &[Tag] = &[ACCOUNT, HOLDER_KEY, CONSENT];

const COURSE: &[Tag] = &[
    NULLIFIER_KEY,
    ACCOUNT,
    SOURCE_ID,
    ACHIEVED_ON,
    HOLDER_NAME,
    MINUTES,
    PRACTICE_MINUTES,
    CREDIT_MILLIS,
    GRADE,
    SCALE,
    LEVEL,
    RUN,
    OFFER,
    DELIVERY_MODE,
    COMPETENCY,
    UNIT,
    VENUE,
    CITES,
    ASSESSOR,
    ATTEMPT,
    RECORDING_RULE,
    ISSUER_NAME,
    MAJOR,
    STUDY_MODE,
    ORIGINAL_ISSUER,
    HOLDER_KEY,
];

const CERTIFICATE: &[Tag] = &[
    NULLIFIER_KEY,
    ACCOUNT,
    SOURCE_ID,
    ACHIEVED_ON,
    HOLDER_NAME,
    GRADE,
    SCALE,
    LEVEL,
    COMPETENCY,
    UNIT,
    CITES,
    ASSESSOR,
    PARTS,
    CERTIFICATE_NUMBER,
    FAMILY,
    ISSUER_NAME,
    ROUTE,
    MAJOR,
    PROGRAMME,
    STUDY_MODE,
    ORIGINAL_ISSUER,
    HOLDER_KEY,
    TITLE,
];

/// A completion certificate also says how long the training was, at what level and of which type.
const COMPLETION: &[Tag] = &[
    NULLIFIER_KEY,
    ACCOUNT,
    SOURCE_ID,
    ACHIEVED_ON,
    HOLDER_NAME,
    MINUTES,
    PRACTICE_MINUTES,
    GRADE,
    SCALE,
    LEVEL,
    RUN,
    COMPETENCY,
    UNIT,
    VENUE,
    CITES,
    ASSESSOR,
    PARTS,
    CERTIFICATE_NUMBER,
    FAMILY,
    ISSUER_NAME,
    ROUTE,
    MAJOR,
    PROGRAMME,
    STUDY_MODE,
    ORIGINAL_ISSUER,
    HOLDER_KEY,
    TITLE,
    TRAINING_LEVEL,
    PROJECT_TYPE,
];

/// The table of an outcome kind; `None` for kinds without one yet.
#[must_use]
pub const fn of_outcome(kind: OutcomeKind) -> Option<&'static [Tag]> {
    match kind {
        OutcomeKind::Course | OutcomeKind::Module => Some(COURSE),
        OutcomeKind::DegreeCertificate
        | OutcomeKind::SkillLevelCertificate
        | OutcomeKind::XCertificate
        | OutcomeKind::MicroCertificate => Some(CERTIFICATE),
        OutcomeKind::CompletionCertificate => Some(COMPLETION),
        _ => None,
    }
}

/// The tag of this number.
#[must_use]
pub fn by_number(number: u32) -> Option<&'static Tag> {
    ALL.binary_search_by_key(&number, |tag| tag.number).ok().map(|at| &ALL[at])
}

/// The tag of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Tag> {
    ALL.iter().find(|tag| tag.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_ascend() {
        let tables =
            [ALL, OPEN_ACCOUNT, MERGE_ACCOUNTS, AMEND_ACCOUNT, BIND_KEY, UNBIND_KEY, COURSE, CERTIFICATE, COMPLETION];
        for table in tables {
            assert!(table.windows(2).all(|pair| pair[0].number < pair[1].number), "{table:?}");
        }
    }

    #[test]
    fn every_outcome_table_starts_with_nullifier_key_account_source_and_date() {
        for table in [COURSE, CERTIFICATE, COMPLETION] {
            assert_eq!(table[..4].iter().map(|tag| tag.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        }
    }
}
