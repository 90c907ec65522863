//! The kinds of outcome, one row each: names in both languages, the tags of its payload, and those that no record does
//! without. Payload tables, sheet columns, words and docs/spec/tags.md follow from these rows (docs/adr/0028).
//!
//! What a record of a kind may say beyond its form is not here but in the ledger's rules.

use super::tags::{self, Tag};
use crate::proto::OutcomeKind;

/// What there is to know of a kind of outcome without rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The kind.
    pub kind: OutcomeKind,
    /// Stable name: in files, sheets and `--json`.
    pub name: &'static str,
    /// What people read, in English.
    pub en: &'static str,
    /// What people read, in Chinese.
    pub zh: &'static str,
    /// Other words for it in sheets.
    pub also: &'static [&'static str],
    /// The tags of its payload, ascending. Every record has all of them (formats.md 3).
    pub tags: &'static [Tag],
    /// Those that are never empty, ascending.
    pub required: &'static [Tag],
}

impl Outcome {
    /// Whether payloads of the kind have a tag.
    #[must_use]
    pub fn has(&self, tag: Tag) -> bool {
        self.tags.contains(&tag)
    }

    /// Whether it is a certificate: an outcome with a certificate number, as a family may issue it.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.has(tags::FAMILY)
    }
}

/// What every outcome has.
const COMMON: &[Tag] = &[
    tags::NULLIFIER_KEY,
    tags::ACCOUNT,
    tags::SOURCE_ID,
    tags::ACHIEVED_ON,
    tags::HOLDER_NAME,
    tags::CITES,
    tags::ISSUER_NAME,
    tags::ORIGINAL_ISSUER,
    tags::HOLDER_KEY,
];

/// What no outcome does without.
const NEEDED: &[Tag] = &[tags::NULLIFIER_KEY, tags::ACCOUNT, tags::SOURCE_ID, tags::ACHIEVED_ON, tags::ISSUER_NAME];

/// A grade, and whoever gave it.
const GRADED: &[Tag] = &[tags::GRADE, tags::SCALE, tags::ASSESSOR, tags::ASSESSOR_KIND, tags::ASSESSOR_EVIDENCE];

/// Teaching time of an offer, and the credits that its rule gives for it.
const TAUGHT: &[Tag] = &[
    tags::MINUTES,
    tags::PRACTICE_MINUTES,
    tags::CREDIT_MILLIS,
    tags::LEVEL,
    tags::RUN,
    tags::OFFER,
    tags::DELIVERY_MODE,
    tags::COMPETENCY,
    tags::UNIT,
    tags::VENUE,
    tags::ATTEMPT,
    tags::RECORDING_RULE,
    tags::MAJOR,
    tags::STUDY_MODE,
];

const TAUGHT_NEEDED: &[Tag] =
    &[tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS, tags::GRADE, tags::SCALE, tags::OFFER, tags::ATTEMPT];

/// A certificate of a family or, for degrees, of a programme.
const CERTIFIED: &[Tag] = &[
    tags::LEVEL,
    tags::COMPETENCY,
    tags::UNIT,
    tags::PARTS,
    tags::CERTIFICATE_NUMBER,
    tags::FAMILY,
    tags::ROUTE,
    tags::MAJOR,
    tags::PROGRAMME,
    tags::STUDY_MODE,
    tags::TITLE,
];

const CERTIFIED_NEEDED: &[Tag] = &[tags::CERTIFICATE_NUMBER, tags::FAMILY];

/// How long a training was, at what level and of which type.
const TRAINED: &[Tag] =
    &[tags::MINUTES, tags::PRACTICE_MINUTES, tags::RUN, tags::VENUE, tags::TRAINING_LEVEL, tags::PROJECT_TYPE];

/// A score by an examination scheme.
const SCORED: &[Tag] = &[tags::SCORE_MILLIS, tags::TOP_SCORE_MILLIS, tags::SCHEME];

const fn total(lists: &[&[Tag]]) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < lists.len() {
        length += lists[at].len();
        at += 1;
    }
    length
}

/// The lists as one, by ascending number.
const fn merge<const N: usize>(lists: &[&[Tag]]) -> [Tag; N] {
    let mut all = [tags::NULLIFIER_KEY; N];
    let (mut length, mut list) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            let mut place = length;
            while place > 0 && all[place - 1].number > lists[list][at].number {
                all[place] = all[place - 1];
                place -= 1;
            }
            all[place] = lists[list][at];
            length += 1;
            at += 1;
        }
        list += 1;
    }
    all
}

macro_rules! outcomes {
    ($($kind:ident $name:literal $en:literal $zh:literal $also:tt has $tags:tt needs $needs:tt;)*) => {
        /// Every kind that can be recorded, in the order of the schema.
        pub const ALL: &[Outcome] = &[$({
            const TAGS: &[&[Tag]] = &$tags;
            const NEEDS: &[&[Tag]] = &$needs;
            Outcome {
                kind: OutcomeKind::$kind,
                name: $name,
                en: $en,
                zh: $zh,
                also: &$also,
                tags: &merge::<{ total(TAGS) }>(TAGS),
                required: &merge::<{ total(NEEDS) }>(NEEDS),
            }
        }),*];
    };
}

outcomes! {
    Course "course" "course" "课程" []
        has [COMMON, GRADED, TAUGHT]
        needs [NEEDED, TAUGHT_NEEDED];
    Module "module" "module" "模块" []
        has [COMMON, GRADED, TAUGHT]
        needs [NEEDED, TAUGHT_NEEDED];
    ExamComponent "exam_component" "part of an examination" "考试科目" []
        has [COMMON, GRADED, SCORED, &[
            tags::RUN, tags::COMPETENCY, tags::UNIT, tags::VENUE, tags::MAJOR, tags::STUDY_MODE, tags::TITLE,
            tags::COMPONENT,
        ]]
        needs [NEEDED, &[tags::COMPONENT]];
    DegreeCertificate "degree_certificate" "degree certificate" "学历证书" ["学位证书"]
        has [COMMON, GRADED, CERTIFIED]
        needs [NEEDED, &[tags::CERTIFICATE_NUMBER]];
    SkillLevelCertificate "skill_level_certificate" "skill-level certificate" "职业技能等级证书" ["技能等级证书"]
        has [COMMON, GRADED, CERTIFIED]
        needs [NEEDED, CERTIFIED_NEEDED];
    XCertificate "x_certificate" "X certificate" "X证书" ["1+X证书"]
        has [COMMON, GRADED, CERTIFIED]
        needs [NEEDED, CERTIFIED_NEEDED];
    MicroCertificate "micro_certificate" "micro-certificate" "技能微证书" ["微证书"]
        has [COMMON, GRADED, CERTIFIED]
        needs [NEEDED, CERTIFIED_NEEDED];
    CompletionCertificate "completion_certificate" "completion certificate" "结业证书" ["培训证书"]
        has [COMMON, GRADED, CERTIFIED, TRAINED]
        needs [NEEDED, CERTIFIED_NEEDED];
    PracticeRecord "practice_record" "practice record" "实习记录" ["实习", "企业实践"]
        has [COMMON, GRADED, &[
            tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS, tags::RUN, tags::OFFER, tags::COMPETENCY,
            tags::UNIT, tags::VENUE, tags::AGREEMENT_HASH, tags::RECORDING_RULE, tags::MAJOR, tags::TITLE,
            tags::PRACTICE_KIND, tags::POST, tags::START_ON, tags::END_ON,
        ]]
        needs [NEEDED, &[
            tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS, tags::AGREEMENT_HASH, tags::PRACTICE_KIND,
        ]];
    ContestResult "contest_result" "contest result" "技能大赛成绩" ["技能大赛", "竞赛成绩"]
        has [COMMON, &[
            tags::COMPETENCY, tags::UNIT, tags::VENUE, tags::MAJOR, tags::TITLE, tags::CONTEST_TIER,
            tags::CONTEST_GROUP, tags::AWARD, tags::TEAM, tags::EDITION,
        ]]
        needs [NEEDED, &[tags::TITLE, tags::CONTEST_TIER, tags::CONTEST_GROUP, tags::AWARD, tags::EDITION]];
    Admission "admission" "admission" "录取" []
        has [COMMON, SCORED, &[
            tags::UNIT, tags::PARTS, tags::MAJOR, tags::PROGRAMME, tags::STUDY_MODE, tags::EXEMPT_GROUND,
            tags::ADMISSION_CLASS, tags::PATHWAY, tags::SEGMENT,
        ]]
        needs [NEEDED, &[tags::ADMISSION_CLASS]];
    EnrolmentEvent "enrolment_event" "enrolment event" "学籍异动" []
        has [COMMON, &[
            tags::RUN, tags::UNIT, tags::MAJOR, tags::PROGRAMME, tags::STUDY_MODE, tags::ENROLMENT_EVENT,
            tags::PATHWAY, tags::SEGMENT,
        ]]
        needs [NEEDED, &[tags::ENROLMENT_EVENT]];
    HomeSchoolTransfer "home_school_transfer" "home-school transfer" "学籍互转" ["学籍转移"]
        has [COMMON, &[tags::UNIT, tags::MAJOR, tags::STUDY_MODE, tags::FROM_SCHOOL, tags::TO_SCHOOL]]
        needs [NEEDED, &[tags::FROM_SCHOOL, tags::TO_SCHOOL]];
    EmploymentPeriod "employment_period" "employment period" "工作经历" []
        has [COMMON, &[
            tags::UNIT, tags::AGREEMENT_HASH, tags::POST, tags::START_ON, tags::END_ON, tags::OCCUPATION,
        ]]
        needs [NEEDED, &[tags::POST, tags::START_ON]];
    Title "title" "professional title" "职称" ["专业技术职务"]
        has [COMMON, &[
            tags::UNIT, tags::CERTIFICATE_NUMBER, tags::MAJOR, tags::TITLE, tags::TITLE_RANK, tags::OCCUPATION,
        ]]
        needs [NEEDED, &[tags::TITLE, tags::TITLE_RANK]];
    NonCreditActivity "non_credit_activity" "activity without credit" "无学分活动" ["综合评价活动"]
        has [COMMON, GRADED, &[
            tags::MINUTES, tags::RUN, tags::COMPETENCY, tags::UNIT, tags::VENUE, tags::TITLE, tags::ACTIVITY_KIND,
        ]]
        needs [NEEDED, &[tags::TITLE, tags::ACTIVITY_KIND]];
}

/// The row of a kind; `None` for kinds that cannot be recorded.
#[must_use]
pub fn of(kind: OutcomeKind) -> Option<&'static Outcome> {
    ALL.iter().find(|row| row.kind == kind)
}

/// The row of a kind by its stable name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Outcome> {
    ALL.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_ascend_and_hold_what_is_required() {
        for row in ALL {
            for table in [row.tags, row.required] {
                assert!(table.windows(2).all(|pair| pair[0].number < pair[1].number), "{}", row.name);
            }
            assert!(row.required.iter().all(|tag| row.has(*tag)), "{}", row.name);
        }
    }

    #[test]
    fn every_table_begins_with_nullifier_key_account_source_and_date() {
        for row in ALL {
            assert_eq!(row.tags[..4].iter().map(|tag| tag.number).collect::<Vec<_>>(), [1, 2, 3, 4], "{}", row.name);
        }
    }

    #[test]
    fn names_are_those_of_the_schema_and_no_word_stands_for_two_kinds() {
        let mut words = Vec::new();
        for row in ALL {
            assert_eq!(row.kind.as_str_name(), format!("OUTCOME_KIND_{}", row.name.to_uppercase()));
            words.extend([row.name, row.zh].into_iter().chain(row.also.iter().copied()));
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
        assert!(ALL.is_sorted_by_key(|row| row.kind as i32));
    }
}
