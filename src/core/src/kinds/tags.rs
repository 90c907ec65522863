//! Tag tables: the fields of private payloads, by kind (docs/spec/tags.md; a test holds the page against this table).
//!
//! A kind fixes its list and every record carries all of it, absent = empty value, so that the set of tags says nothing
//! (formats.md 3). Tag numbers mean the same in every kind and are never reused. Those of outcomes stand in `outcomes`.

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
    /// The code of one word of a closed list.
    Word(&'static [Word]),
}

/// A word of a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// What stands in the payload: stable.
    pub code: &'static str,
    /// What people write and read in Chinese.
    pub zh: &'static str,
}

const fn word(code: &'static str, zh: &'static str) -> Word {
    Word { code, zh }
}

/// Ways to a skill level.
const ROUTES: &[Word] = &[
    word("standard", "逐级认定"),
    word("full_ladder", "企业完整等级"),
    word("outstanding_worker", "优秀一线职工"),
    word("exceptional", "破格晋升"),
];

/// How a learner was admitted.
const ADMISSIONS: &[Word] = &[
    word("classified", "分类考试"),
    word("ordinary", "普通高考"),
    word("recommended", "免试入学"),
    word("top_up", "专升本"),
    word("adult", "成人高考"),
    word("postgraduate", "研究生招生"),
    word("secondary", "中考"),
];

/// How high a contest ranks.
const TIERS: &[Word] =
    &[word("school", "校赛"), word("province", "省赛"), word("nation", "国赛"), word("world", "世校赛")];

/// Who competes.
const GROUPS: &[Word] = &[
    word("secondary", "中职组"),
    word("higher", "高职组"),
    word("bachelor", "职教本科组"),
    word("teacher", "教师组"),
    word("worker", "职工组"),
];

/// Prizes.
const AWARDS: &[Word] = &[
    word("grand", "特等奖"),
    word("first", "一等奖"),
    word("second", "二等奖"),
    word("third", "三等奖"),
    word("excellence", "优秀奖"),
];

/// What happens to an enrolment.
const EVENTS: &[Word] = &[
    word("enrol", "入学注册"),
    word("leave", "休学"),
    word("resume", "复学"),
    word("change_major", "转专业"),
    word("transition", "升段"),
    word("withdraw", "退学"),
    word("graduate", "毕业"),
    word("complete", "结业"),
];

/// Ranks of professional titles.
const RANKS: &[Word] = &[
    word("technician", "员级"),
    word("assistant", "助理级"),
    word("middle", "中级"),
    word("deputy_senior", "副高级"),
    word("senior", "正高级"),
];

/// Practice in and for work.
const PRACTICES: &[Word] = &[
    word("cognition", "认知实习"),
    word("shadowing", "跟岗实习"),
    word("post", "岗位实习"),
    word("training", "实训"),
    word("social", "社会实践"),
    word("teacher", "教师企业实践"),
];

/// Levels of trainings.
const TRAINING_LEVELS: &[Word] = &[
    word("nation", "国家级"),
    word("province", "省级"),
    word("city", "市级"),
    word("school", "校级"),
    word("enterprise", "企业"),
];

/// Types of training projects.
const PROJECTS: &[Word] = &[
    word("dual_qualified_teacher", "双师型教师培训"),
    word("enterprise_skills", "企业技能培训"),
    word("enterprise_practice", "教师企业岗位实践"),
    word("pre_service", "兼职教师岗前培训"),
    word("worker_skills", "职业技能培训"),
    word("other", "其他培训"),
];

/// Who assesses. Part-time teachers (兼职教师) show what they are by outcomes of their own.
const ASSESSORS: &[Word] =
    &[word("staff", "专任教师"), word("part_time", "兼职教师"), word("part_time_exempt", "特聘兼职教师")];

/// Activities without credit.
const ACTIVITIES: &[Word] = &[
    word("labour", "劳动教育"),
    word("volunteer", "志愿服务"),
    word("club", "社团活动"),
    word("sports", "体育活动"),
    word("arts", "艺术活动"),
    word("lecture", "讲座报告"),
    word("community", "社区学习"),
    word("innovation", "技术攻关"),
];

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
    ROUTE = 27, "route", "认定途径", ValueType::Word(ROUTES);
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
    TRAINING_LEVEL = 60, "training_level", "培训层次", ValueType::Word(TRAINING_LEVELS);
    PROJECT_TYPE = 61, "project_type", "项目类型", ValueType::Word(PROJECTS);
    ACTIVITY_KIND = 62, "activity_kind", "活动类型", ValueType::Word(ACTIVITIES);
    COMPONENT = 63, "component", "科目代码", ValueType::Text;
    SCORE_MILLIS = 64, "score_millis", "得分（千分之一）", ValueType::Integer;
    TOP_SCORE_MILLIS = 65, "top_score_millis", "满分（千分之一）", ValueType::Integer;
    SCHEME = 66, "scheme", "考试方案", ValueType::Index;
    EXEMPT_GROUND = 67, "exempt_ground", "免试依据", ValueType::Text;
    ADMISSION_CLASS = 68, "admission_class", "录取类别", ValueType::Word(ADMISSIONS);
    CONTEST_TIER = 69, "contest_tier", "赛事级别", ValueType::Word(TIERS);
    CONTEST_GROUP = 70, "contest_group", "竞赛组别", ValueType::Word(GROUPS);
    AWARD = 71, "award", "奖项", ValueType::Word(AWARDS);
    TEAM = 72, "team", "团队编号", ValueType::Text;
    EDITION = 73, "edition", "届次", ValueType::Text;
    PRACTICE_KIND = 74, "practice_kind", "实践类型", ValueType::Word(PRACTICES);
    POST = 75, "post", "岗位", ValueType::Text;
    START_ON = 76, "start_on", "开始日期", ValueType::Date;
    END_ON = 77, "end_on", "结束日期", ValueType::Date;
    ENROLMENT_EVENT = 78, "enrolment_event", "异动类型", ValueType::Word(EVENTS);
    FROM_SCHOOL = 79, "from_school", "转出学校", ValueType::Text;
    TO_SCHOOL = 80, "to_school", "转入学校", ValueType::Text;
    TITLE_RANK = 81, "title_rank", "职称级别", ValueType::Word(RANKS);
    OCCUPATION = 82, "occupation", "职业（工种）", ValueType::Text;
    ASSESSOR_KIND = 83, "assessor_kind", "评定人类型", ValueType::Word(ASSESSORS);
    ASSESSOR_EVIDENCE = 84, "assessor_evidence", "评定人依据", ValueType::Indices;
    PATHWAY = 85, "pathway", "贯通培养方案", ValueType::Index;
    SEGMENT = 86, "segment", "培养阶段", ValueType::Integer;
    CATEGORY_FROM = 90, "category_from", "类别起始日期", ValueType::Date;
    CATEGORY_UNTIL = 91, "category_until", "类别终止日期", ValueType::Date;
    LEARNER_SIGNATURE = 92, "learner_signature", "学习者签名", ValueType::Bytes(64);
    SIGNED_AT = 93, "signed_at", "学习者签名时间", ValueType::Integer;
    SOURCES = 100, "sources", "转换来源", ValueType::Indices;
    MEMBERS = 101, "members", "同系列证书", ValueType::Indices;
    EXEMPTS = 102, "exempts", "免修课程", ValueType::Indices;
    BEFORE = 103, "before", "转换前", ValueType::Text;
    AFTER = 104, "after", "转换后", ValueType::Text;
    REASON = 105, "reason", "理由", ValueType::Text;
    ENROLLED_ON = 106, "enrolled_on", "入学日期", ValueType::Date;
    ACTIVATION = 107, "activation", "激活码核验编号", ValueType::Text;
    CONSENT_ON = 108, "consent_on", "同意书日期", ValueType::Date;
    CONSENT_HASH = 109, "consent_hash", "同意书扫描件散列", ValueType::Bytes(32);
    CONSENT_STAFF = 110, "consent_staff", "同意书经办人", ValueType::Text;
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

/// The table of an outcome kind; `None` for kinds that cannot be recorded.
#[must_use]
pub fn of_outcome(kind: OutcomeKind) -> Option<&'static [Tag]> {
    super::outcomes::of(kind).map(|row| row.tags)
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
    fn words_of_a_list_are_different() {
        for tag in ALL {
            let ValueType::Word(words) = tag.value else { continue };
            for (at, word) in words.iter().enumerate() {
                let before = &words[..at];
                assert!(before.iter().all(|other| other.code != word.code && other.zh != word.zh), "{}", tag.name);
                assert!(word.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", word.code);
            }
        }
    }

    #[test]
    fn tables_ascend() {
        let tables = [ALL, OPEN_ACCOUNT, MERGE_ACCOUNTS, AMEND_ACCOUNT, BIND_KEY, UNBIND_KEY];
        for table in tables {
            assert!(table.windows(2).all(|pair| pair[0].number < pair[1].number), "{table:?}");
        }
    }
}
