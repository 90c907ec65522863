//! Bodies that the world begins with.

use super::{Party, World, zh};
use crate::state::Entries;
use xuefen_core::key::SecretKey;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, Algorithm, AuthoriseKey, CertificateFamily, CertificateLevel, Charter, CharterMinimum,
    CharterSeat, Course, DeclareHeadcount, Equivalence, EvaluateInstitution, ExamPart, ExamScheme, FiledMajors,
    Framework, FrameworkLevel, Inspection, InstitutionKey, InstitutionKind, Major, MajorCatalogue, MajorCategory,
    MajorClass, OutcomeKind, Pathway, PathwaySegment, Policy, Programme, ProgrammePart, RecordingRule, Run, Standing,
    institution_key,
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

/// Three levels, the last two linked to the European framework.
#[must_use]
pub fn framework() -> Framework {
    let level = |code: &str, eqf_level: u32| FrameworkLevel { code: code.to_owned(), names: zh(code), eqf_level };
    Framework {
        code: "levels".to_owned(),
        version: 1,
        effective_from: 0,
        levels: vec![level("1", 0), level("2", 4), level("3", 5)],
    }
}

/// Majors of higher vocational colleges, and one of vocational universities, in their classes and categories.
#[must_use]
pub fn catalogue() -> MajorCatalogue {
    let category = |code: &str, name: &str| MajorCategory { code: code.to_owned(), names: zh(name) };
    let class =
        |code: &str, name: &str| MajorClass { code: code.to_owned(), names: zh(name), category: code[..2].to_owned() };
    let major = |code: &str, name: &str, training_level: u32| Major {
        code: code.to_owned(),
        names: zh(name),
        major_class: code[..4].to_owned(),
        training_level,
    };
    MajorCatalogue {
        code: "vocational".to_owned(),
        version: 1,
        effective_from: 0,
        majors: vec![
            major("240301", "建筑工程", 3),
            major("440301", "建筑工程技术", 2),
            major("500112", "铁道交通运营管理", 2),
        ],
        categories: vec![
            category("24", "土木建筑大类"),
            category("44", "土木建筑大类"),
            category("50", "交通运输大类"),
        ],
        classes: vec![class("2403", "土建施工类"), class("4403", "土建施工类"), class("5001", "铁道运输类")],
    }
}

/// Majors filed for an institution's continuing education.
#[must_use]
pub fn filed(institution: &str, year: u32, catalogue_index: u64, majors: &[&str]) -> FiledMajors {
    FiledMajors {
        institution: institution.to_owned(),
        training_level: 4,
        year,
        majors: majors.iter().map(|code| (*code).to_owned()).collect(),
        catalogue_index,
    }
}

/// An examination of Jiangsu: a culture test of so many points and a skill test of so many, veterans exempt from the first.
#[must_use]
pub fn exam_scheme(culture: u32, skill: u32) -> ExamScheme {
    let part = |code: &str, top_score: u32, skill_test: bool| ExamPart { code: code.to_owned(), top_score, skill_test };
    ExamScheme {
        code: "职教高考".to_owned(),
        version: 1,
        effective_from: 0,
        region: "320000".to_owned(),
        parts: vec![part("文化素质", culture, false), part("职业技能", skill, true)],
        exempt_grounds: vec!["veteran".to_owned()],
        general: false,
    }
}

/// Three years at a secondary school and four at a university.
#[must_use]
pub fn through_training(first: &str, second: &str) -> Pathway {
    let segment = |training_level: u32, years: u32, institution: &str| PathwaySegment {
        training_level,
        years,
        institution: institution.to_owned(),
    };
    Pathway {
        code: "secondary-bachelor".to_owned(),
        version: 1,
        effective_from: 0,
        labels: zh("3+4"),
        segments: vec![segment(1, 3, first), segment(3, 4, second)],
        phased_out_from: 0,
        keeps_enrolment_rules: false,
    }
}

/// 高级工 of cooks counts as the professional title of assistant engineer (助理工程师).
#[must_use]
pub fn equivalence() -> Equivalence {
    let standing = |kind: OutcomeKind, code: &str, level: u32| {
        Some(Standing { outcome_kind: kind as i32, code: code.to_owned(), level })
    };
    Equivalence {
        code: "cook-title".to_owned(),
        version: 1,
        effective_from: 0,
        from: standing(OutcomeKind::SkillLevelCertificate, "4-03-02-01", 4),
        to: standing(OutcomeKind::Title, "助理工程师", 1),
    }
}

/// The charter of a consortium: school, college and enterprise, two of them, one an enterprise.
#[must_use]
pub fn charter(world: &World, consortium: &str) -> Charter {
    let seat = |party: &Party, kind: InstitutionKind| CharterSeat { institution: party.id.clone(), kind: kind as i32 };
    Charter {
        consortium: consortium.to_owned(),
        version: 1,
        seats: vec![
            seat(&world.school, InstitutionKind::HigherVocational),
            seat(&world.college, InstitutionKind::HigherVocational),
            seat(&world.body, InstitutionKind::Enterprise),
        ],
        threshold: 2,
        minimums: vec![CharterMinimum { kind: InstitutionKind::Enterprise as i32, count: 1 }],
    }
}

/// Makes the evaluation body of a furnished world an enterprise, and a consortium of 320000 with [`charter`]; its id.
pub fn consortium(world: &mut World) -> String {
    let party = Party::with_code("52320000500000777", 7);
    let enterprise = AccreditInstitution {
        kind: InstitutionKind::Enterprise as i32,
        ..world.accreditation(&world.body, "320000", "示例评价组织")
    };
    world.accredit(enterprise);
    let consortium = AccreditInstitution {
        kind: InstitutionKind::Consortium as i32,
        ..world.accreditation(&party, "320000", "样例产教联合体")
    };
    world.accredit(consortium);
    let body = Body::Charter(charter(world, &party.id));
    let jiangsu = world.jiangsu.id.clone();
    world.post(&jiangsu, body, &[3, 4, 5, 6]);
    party.id
}

/// A grade of an institution for a year.
#[must_use]
pub fn evaluation(institution: &str, year: u32, grade: &str) -> EvaluateInstitution {
    EvaluateInstitution {
        institution: institution.to_owned(),
        scheme: "国培基地".to_owned(),
        year,
        grade: grade.to_owned(),
    }
}

/// A headcount of an institution on a day, with a member of staff for twelve learners.
#[must_use]
pub fn headcount(institution: &str, day: u32, learners: u64) -> DeclareHeadcount {
    DeclareHeadcount { institution: institution.to_owned(), day, learners, staff: learners / 12 }
}

/// Begins an inspection of five entries.
#[must_use]
pub fn inspection(secret: &[u8]) -> Inspection {
    Inspection {
        scheme: "2026-抽查".to_owned(),
        secret_commitment: crate::sample::commitment(secret).0.to_vec(),
        drawn: 5,
        ..Inspection::default()
    }
}

/// The report on the inspection that an entry began with [`inspection`], as of everything so far; nothing found wanting.
#[must_use]
pub fn inspection_report(world: &World, commitment: u64, secret: &[u8]) -> Inspection {
    let size = world.state.size();
    let root = Entries::root(&world.whole(), size).ok().flatten().unwrap_or_default();
    Inspection {
        scheme: "2026-抽查".to_owned(),
        checkpoint_size: size,
        secret: secret.to_vec(),
        drawn: 5,
        commitment_index: commitment,
        root: root.0.to_vec(),
        ..Inspection::default()
    }
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

/// A programme of these courses and modules.
#[must_use]
pub fn programme(offers: &[u64]) -> Programme {
    let part = |offer_index: &u64| ProgrammePart { offer_index: *offer_index, required: true };
    Programme {
        code: "440301-2026".to_owned(),
        version: 1,
        names: zh("建筑工程技术人才培养方案"),
        major: "440301".to_owned(),
        parts: offers.iter().map(part).collect(),
        total_credit_millis: 3_000,
        ..Programme::default()
    }
}

/// A run of 64 hours, half of them practice, in the whole of September 2026.
#[must_use]
pub fn run(code: &str, offer: u64) -> Run {
    Run {
        code: code.to_owned(),
        offer_index: offer,
        start_day: 20_697,
        end_day: 20_726,
        minutes: 2_880,
        practice_minutes: 1_440,
        venue: String::new(),
        place: "630100".to_owned(),
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
