//! Bodies that the world begins with.

use super::zh;
use xuefen_core::key::SecretKey;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Algorithm, AuthoriseKey, CertificateFamily, CertificateLevel, Course, InstitutionKey, OutcomeKind, Policy,
    RecordingRule, institution_key,
};

/// An authority's authorisation of a key.
#[must_use]
pub fn authorise(institution: &str, key: &SecretKey) -> Body {
    let key = AuthoriseKey {
        algorithm: Algorithm::Ed25519 as i32,
        public_key: key.public().as_bytes().to_vec(),
        custodian: institution.to_owned(),
        valid_from: 0,
        valid_until: 0,
    };
    let action = Some(institution_key::Action::Authorise(key));
    Body::InstitutionKey(InstitutionKey { institution: institution.to_owned(), action })
}

/// 45 minutes an hour; 16 hours of theory or 32 of practice a credit; half credits.
#[must_use]
pub fn rule() -> RecordingRule {
    RecordingRule {
        code: "national".to_owned(),
        version: 1,
        effective_from: 0,
        parent_index: 0,
        hour_minutes: 45,
        theory_hours_per_credit: 16,
        practice_hours_per_credit: 32,
        step_millis: 500,
    }
}

/// 64 hours, half of them practice: 3 credits under [`rule`].
#[must_use]
pub fn course(rule: u64) -> Course {
    Course {
        code: "建工-01".to_owned(),
        version: 1,
        names: zh("建筑工程测量"),
        minutes: 2_880,
        practice_minutes: 1_440,
        credit_millis: 3_000,
        recording_rule_index: rule,
        category: "专业核心".to_owned(),
        scale: "percentage".to_owned(),
        level: None,
        majors: vec!["440301".to_owned()],
        competency: String::new(),
    }
}

fn levels(codes: &[&str]) -> Vec<CertificateLevel> {
    codes.iter().map(|code| CertificateLevel { code: (*code).to_owned(), names: zh(code), level: None }).collect()
}

/// An X certificate of three levels, valid for a thousand days.
#[must_use]
pub fn x_family() -> CertificateFamily {
    CertificateFamily {
        code: "x-bim".to_owned(),
        version: 1,
        names: zh("建筑信息模型（BIM）"),
        outcome_kind: OutcomeKind::XCertificate as i32,
        levels: levels(&["初级", "中级", "高级"]),
        occupation: String::new(),
        validity_days: 1_000,
    }
}

/// The eight levels of an occupation (新八级工).
#[must_use]
pub fn skill_family() -> CertificateFamily {
    CertificateFamily {
        code: "skill-cook".to_owned(),
        version: 1,
        names: zh("中式烹调师"),
        outcome_kind: OutcomeKind::SkillLevelCertificate as i32,
        levels: levels(&["学徒工", "初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师"]),
        occupation: "4-03-02-01".to_owned(),
        validity_days: 0,
    }
}

/// The nation's policy from a time on: what it does not say is as built in.
#[must_use]
pub fn policy(version: u32, effective_from: i64) -> Policy {
    Policy { code: "national".to_owned(), version, effective_from, ..Policy::default() }
}

/// The policy of 630000 from a time on.
#[must_use]
pub fn qinghai_policy(version: u32, effective_from: i64) -> Policy {
    Policy { code: "qinghai".to_owned(), region: "630000".to_owned(), ..policy(version, effective_from) }
}
