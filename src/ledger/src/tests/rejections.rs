//! Every rejection is reached by a posting with that one fault. A new one does not compile before it has a case here.

use crate::testing::{
    World, authorise, charter, consortium, course, payload, policy, programme, rule, run, sign_with, x_family,
};
use crate::{Decision, RawPosting, Rejection};
use prost::bytes::Bytes;
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AnchorLedger, ChangeInstitution, EndKey, InstitutionKey, KeyEndGround, LifecycleReason, MergeInstitution,
    OutcomeKind, RecordOutcome, Reinstate, ReinstateInstitution, Revoke, Suspend, SuspendInstitution,
    change_institution, institution_key,
};

type Values = Vec<(Tag, Vec<u8>)>;

/// A posting of a good course outcome after a change to its values.
fn course_with(world: &mut World, change: impl FnOnce(&mut RecordOutcome, &mut Values)) -> RawPosting {
    let (mut body, mut values) = world.course_outcome();
    change(&mut body, &mut values);
    let school = world.school.id.clone();
    world.outcome(&school, body, &values, 4)
}

fn certificate_with(
    world: &mut World,
    kind: OutcomeKind,
    family: &str,
    change: impl FnOnce(&mut RecordOutcome, &mut Values),
) -> RawPosting {
    let (mut body, mut values) = world.certificate_outcome(kind, family);
    change(&mut body, &mut values);
    let issuer = world.body.id.clone();
    world.outcome(&issuer, body, &values, 6)
}

/// Sets a value; the last one of a tag counts.
fn set(tag: Tag, value: &str) -> impl FnOnce(&mut RecordOutcome, &mut Values) {
    move |_, values| values.push((tag, value.as_bytes().to_vec()))
}

fn skill(world: &mut World, level: &str, route: &str) -> RawPosting {
    certificate_with(world, OutcomeKind::SkillLevelCertificate, "skill", |_, values| {
        values.push((tags::LEVEL, level.into()));
        values.push((tags::ROUTE, route.into()));
    })
}

/// A course outcome that is in the log.
fn recorded(world: &mut World) -> u64 {
    let posting = course_with(world, |_, _| {});
    world.accept(posting)
}

fn change(world: &mut World, institution: &str, change: change_institution::Change, seeds: &[u8]) -> RawPosting {
    let ministry = world.ministry.id.clone();
    let body = ChangeInstitution { institution: institution.to_owned(), change: Some(change) };
    world.public(&ministry, Body::ChangeInstitution(body), seeds)
}

fn suspended(until: i64) -> change_institution::Change {
    change_institution::Change::Suspend(SuspendInstitution { ground: 2, until })
}

fn merged(successor: &str) -> change_institution::Change {
    change_institution::Change::Merge(MergeInstitution { successor: successor.to_owned() })
}

fn end_key(world: &mut World, seed: u8, since: i64) -> Body {
    let ground = if since > 0 { KeyEndGround::Compromised } else { KeyEndGround::Retired };
    let key_id = SecretKey::from_seed(&[seed; 32]).public().id().as_bytes().to_vec();
    let end = EndKey { key_id, ground: ground as i32, compromised_since: since };
    let action = Some(institution_key::Action::End(end));
    Body::InstitutionKey(InstitutionKey { institution: world.school.id.clone(), action })
}

/// Authorisation of an institution's key that another body keeps.
pub(super) fn kept_by(institution: &str, seed: u8, custodian: &str) -> Body {
    let mut body = authorise(institution, &SecretKey::from_seed(&[seed; 32]));
    if let Body::InstitutionKey(InstitutionKey { action: Some(institution_key::Action::Authorise(key)), .. }) =
        &mut body
    {
        key.custodian = custodian.to_owned();
    }
    body
}

/// Binds the device key of a seed.
pub(super) fn bound(world: &mut World, account: [u8; 16], seed: u8) -> u64 {
    let school = world.school.id.clone();
    bound_by(world, &school, 4, account, seed)
}

/// Binds the device key of a seed, posted by a party.
pub(super) fn bound_by(world: &mut World, issuer: &str, signs: u8, account: [u8; 16], seed: u8) -> u64 {
    let (body, payload) = world.binding(account, seed);
    let posting = world.private(issuer, body, &payload, &[signs]);
    world.accept(posting)
}

fn suspend(world: &World, index: u64, days: i64) -> Body {
    let target = Some(world.reference(index));
    Body::Suspend(Suspend { target, reason: LifecycleReason::Investigation as i32, until: world.now + days * 86_400 })
}

fn revoke(world: &World, index: u64) -> Body {
    Body::Revoke(Revoke { target: Some(world.reference(index)), reason: LifecycleReason::Error as i32 })
}

fn supersede(world: &mut World, index: u64, change: impl FnOnce(&mut RecordOutcome, &mut Values)) -> RawPosting {
    let nk = world.nullifier_key(index);
    course_with(world, |body, values| {
        values.push((tags::NULLIFIER_KEY, nk));
        values.push((tags::GRADE, b"70".to_vec()));
        change(body, values);
    })
}

/// A world and a posting that is refused for this reason.
pub(crate) fn case(rejection: Rejection) -> (World, RawPosting) {
    let mut world = World::furnished();
    let posting = match group(rejection) {
        Group::Control => super::control::case(rejection, &mut world),
        Group::Form => form(rejection, &mut world),
        Group::Trust => trust(rejection, &mut world),
        Group::Private => private(rejection, &mut world),
        Group::Evidence => super::evidence::case(rejection, &mut world),
        Group::Ways => super::ways::case(rejection, &mut world),
        Group::Cosigned => super::cosigned::case(rejection, &mut world),
        Group::Records => super::records::case(rejection, &mut world),
        Group::Rules => rules(rejection, &mut world),
        Group::Conversion => return super::conversion_cases::case(rejection),
    };
    (world, posting)
}

enum Group {
    Control,
    Form,
    Trust,
    Private,
    Records,
    Cosigned,
    Evidence,
    Ways,
    Rules,
    Conversion,
}

/// Which function below has the case. No wildcard: a new rejection must be put somewhere.
#[allow(clippy::too_many_lines)]
fn group(rejection: Rejection) -> Group {
    use Rejection as R;
    match rejection {
        R::NonCanonical
        | R::TooLarge
        | R::VersionUnknown
        | R::StatementMalformed
        | R::KindNotEnabled
        | R::WrongLedger
        | R::IssuedInFuture
        | R::StatementTooOld
        | R::IssuerUnknown
        | R::IssuerNotInForce
        | R::IssuerSuspended
        | R::IssuerEnded
        | R::AttestationMalformed
        | R::KeyUnknown
        | R::KeyNotIssuers
        | R::KeyNotInForce
        | R::BadSignature
        | R::NonceReused => Group::Form,
        R::PossessionNotProven
        | R::CharterNotMet
        | R::SeatConsentMissing
        | R::NotEntitled
        | R::RegionNotAllowed
        | R::ReferenceUnknown
        | R::ReferenceMismatch
        | R::ReferenceWrongKind
        | R::ReferenceNotInForce
        | R::FieldMissing
        | R::FieldMalformed
        | R::InstitutionIdMalformed
        | R::RegionMalformed
        | R::GenesisExists
        | R::GenesisUntrusted
        | R::PublicKeyBad
        | R::KeyInUse
        | R::KeyAlreadyEnded
        | R::CompromiseNeedsAuthority
        | R::InstitutionState
        | R::SuccessorWrong
        | R::VersionNotNext
        | R::EffectiveInPast
        | R::RunExists
        | R::NoticeTooShort
        | R::GroundNotListed
        | R::LooserThanParent
        | R::OfferCredits => Group::Trust,
        R::OutcomeKindNotAllowed
        | R::ImportNotAllowed
        | R::IssueRightMissing
        | R::FamilyNotAllowed
        | R::LevelNotAllowed
        | R::NameNotAllowed
        | R::PayloadMissing
        | R::PayloadUnexpected
        | R::CommitmentMismatch
        | R::TagsIncomplete
        | R::ValueMissing
        | R::ValueMalformed
        | R::NullifierKeyWrong
        | R::DuplicateOutcome
        | R::MinutesOutOfBounds
        | R::RecordingRuleWrong
        | R::CreditsExceedOffer
        | R::CreditsDisagree
        | R::MajorNotFiled
        | R::CustodianNotIssuer => Group::Private,
        R::ScoreWrong | R::PeriodWrong | R::ResultExists | R::TeamDiffers | R::AdmissionExcluded => Group::Records,
        R::SchemeWrong | R::SegmentWrong => Group::Ways,
        R::CosignerMissing | R::CosignerWrong | R::TransferPartiesWrong | R::PendingLapsed => Group::Cosigned,
        R::AssessorWrong | R::PartsTooMany => Group::Evidence,
        R::DayInFuture | R::SampleSeedWrong | R::InspectionReported => Group::Control,
        R::AccountExists
        | R::AccountMerged
        | R::MergeNeedsSecondParty
        | R::LearnerSignatureWrong
        | R::LearnerSignatureMissing
        | R::DeviceKeyInUse
        | R::AchievedInFuture
        | R::AchievedTooLongAgo
        | R::ScaleUnknown
        | R::GradeNotOnScale
        | R::CertificateFailed
        | R::RouteWrong
        | R::SourceErased
        | R::CitationWrong
        | R::SupersedesNotNewest
        | R::SupersedesDiffers
        | R::AttemptExists
        | R::SuspensionTooLong
        | R::NotSuspended
        | R::AlreadyRevoked
        | R::AlreadyCountersigned
        | R::ThresholdNotMet => Group::Rules,
        R::VersionsOverlap
        | R::ConsentMissing
        | R::ApplicationState
        | R::ApplicationDiffers
        | R::SourceNotConvertible
        | R::ConditionNotMet
        | R::UsesIncomplete
        | R::NullifiersWrong
        | R::ReplacesWrong
        | R::AlreadyAllocated
        | R::YieldWrong
        | R::AlreadyExempt
        | R::CapExceeded
        | R::WholeProgramme
        | R::AlreadyReversed
        | R::CoolingOffOver
        | R::AppealNotDue
        | R::AppealTooLate
        | R::AppealExists
        | R::AppealDecided => Group::Conversion,
    }
}

fn form(rejection: Rejection, world: &mut World) -> RawPosting {
    use Rejection as R;
    let school = world.school.id.clone();
    let good = |world: &mut World| {
        let body = xuefen_core::proto::Course { version: 2, ..course(world.named["rule"]) };
        world.statement(&school, Body::Course(body))
    };
    let mut statement = good(world);
    let mut seeds = vec![4];
    match rejection {
        R::NonCanonical => {
            let mut posting = sign_with(&statement, &seeds, None);
            let mut bytes = posting.statement.to_vec();
            bytes.extend_from_slice(&[0xf8, 0x7f, 0x01]);
            posting.statement = bytes.into();
            return posting;
        }
        R::VersionUnknown => statement.version = 2,
        R::TooLarge => {
            let mut large = course(world.named["rule"]);
            large.category = "x".repeat(65_536);
            statement.body = Some(Body::Course(large));
        }
        R::StatementMalformed => statement.nonce = Bytes::from_static(b"short"),
        R::KindNotEnabled => statement.body = Some(Body::AnchorLedger(AnchorLedger::default())),
        R::WrongLedger => statement.ledger = "ledger.example/other".to_owned(),
        R::IssuedInFuture => statement.issued_at += 301,
        R::StatementTooOld => world.now += 30 * 86_400 + 1,
        R::IssuerUnknown => statement.issuer = "x-nobody".to_owned(),
        R::IssuerNotInForce => statement.issued_at -= 1,
        R::IssuerSuspended => {
            let posting = change(world, &school, suspended(0), &[1]);
            world.accept(posting);
        }
        R::IssuerEnded => {
            let posting = change(world, &school, merged(&world.college.id.clone()), &[1, 2]);
            world.accept(posting);
        }
        R::AttestationMalformed => seeds.clear(),
        R::KeyUnknown => seeds = vec![4, 77],
        R::KeyNotIssuers => seeds = vec![5],
        R::KeyNotInForce => {
            let body = end_key(world, 4, 0);
            let ministry = world.ministry.id.clone();
            world.post(&ministry, body, &[1]);
        }
        R::BadSignature => {
            let mut other = good(world);
            other.issued_at += 1;
            let posting = sign_with(&statement, &seeds, None);
            return RawPosting { attestations: sign_with(&other, &seeds, None).attestations, ..posting };
        }
        R::NonceReused => {
            let posting = sign_with(&statement, &seeds, None);
            world.accept(posting);
            statement.issued_at += 1;
        }
        _ => unreachable!("not of this group"),
    }
    sign_with(&statement, &seeds, None)
}

#[allow(clippy::too_many_lines)]
fn trust(rejection: Rejection, world: &mut World) -> RawPosting {
    use Rejection as R;
    let (ministry, school, college) = (world.ministry.id.clone(), world.school.id.clone(), world.college.id.clone());
    let rule_index = world.named["rule"];
    let accreditation = world.accreditation(&world.school, "630100", "西宁市第一职业技术学校");
    let course = |change: fn(&mut xuefen_core::proto::Course)| {
        let mut course = course(rule_index);
        course.version = 2;
        change(&mut course);
        Body::Course(course)
    };
    let new_key = SecretKey::from_seed(&[50; 32]);
    match rejection {
        R::CharterNotMet => {
            let park = consortium(world);
            world.public(&park, course(|course| course.version = 1), &[4, 5])
        }
        R::SeatConsentMissing => {
            let park = consortium(world);
            let mut body = charter(world, &park);
            body.version = 2;
            body.seats.pop();
            body.minimums.clear();
            let jiangsu = world.jiangsu.id.clone();
            world.post(&jiangsu, Body::Charter(body), &[3]);
            let body = xuefen_core::proto::Charter { version: 3, ..charter(world, &park) };
            world.public(&jiangsu, Body::Charter(body), &[3, 4, 5])
        }
        R::PossessionNotProven => world.public(&ministry, authorise(&school, &new_key), &[1]),
        R::NotEntitled => world.public(&school, authorise(&school, &new_key), &[4, 50]),
        R::RegionNotAllowed => {
            let jiangsu = world.jiangsu.id.clone();
            world.public(&jiangsu, Body::AccreditInstitution(accreditation), &[3])
        }
        R::ReferenceUnknown => {
            let body = Body::Course(crate::testing::course(9_999));
            world.public(&school, body, &[4])
        }
        R::ReferenceMismatch => {
            let mut body = Revoke { target: Some(world.reference(world.named["course"])), reason: 1 };
            body.target.as_mut().expect("set above").leaf_hash[0] ^= 1;
            world.public(&school, Body::Revoke(body), &[4])
        }
        R::ReferenceWrongKind => {
            let body = Body::Course(crate::testing::course(world.named["family"]));
            world.public(&school, body, &[4])
        }
        R::ReferenceNotInForce => {
            let body = revoke(world, rule_index);
            world.post(&ministry, body, &[1]);
            world.public(&school, course(|_| {}), &[4])
        }
        R::FieldMissing => world.public(&school, course(|course| course.names.clear()), &[4]),
        R::FieldMalformed => world.public(&school, course(|course| course.practice_minutes = 9_999), &[4]),
        R::InstitutionIdMalformed => {
            let body = xuefen_core::proto::AccreditInstitution { institution: "x-".to_owned(), ..accreditation };
            world.public(&ministry, Body::AccreditInstitution(body), &[1])
        }
        R::RegionMalformed => {
            let body = xuefen_core::proto::AccreditInstitution { region: "63010".to_owned(), ..accreditation };
            world.public(&ministry, Body::AccreditInstitution(body), &[1])
        }
        R::GenesisExists => {
            let body = world.genesis();
            world.public(&ministry, body, &[1])
        }
        R::GenesisUntrusted => {
            *world = World::empty();
            let body = world.genesis();
            world.public(&ministry, body, &[2])
        }
        R::PublicKeyBad => {
            let mut body = authorise(&school, &new_key);
            if let Body::InstitutionKey(InstitutionKey {
                action: Some(institution_key::Action::Authorise(key)), ..
            }) = &mut body
            {
                key.public_key = vec![0; 32];
            }
            world.public(&ministry, body, &[1])
        }
        R::KeyInUse => {
            let key = SecretKey::from_seed(&[5; 32]);
            world.public(&ministry, authorise(&school, &key), &[1, 5])
        }
        R::KeyAlreadyEnded => {
            let body = end_key(world, 4, 0);
            world.post(&ministry, body.clone(), &[1]);
            world.public(&ministry, body, &[1])
        }
        R::CompromiseNeedsAuthority => {
            world.now += 40 * 86_400;
            let body = end_key(world, 4, world.now - 31 * 86_400);
            world.public(&school, body, &[4])
        }
        R::InstitutionState => {
            let change_to = change_institution::Change::Reinstate(ReinstateInstitution {});
            change(world, &school, change_to, &[1, 2])
        }
        R::SuccessorWrong => change(world, &school, merged(&school), &[1, 2]),
        R::VersionNotNext => world.public(&school, course(|course| course.version = 3), &[4]),
        R::RunExists => {
            world.post(&school, Body::Run(run("B", world.named["course"])), &[4]);
            world.public(&school, Body::Run(run("B", world.named["course"])), &[4])
        }
        R::NoticeTooShort => {
            let index = world.post(&school, Body::Programme(programme(&[world.named["course"]])), &[4]);
            let announced = xuefen_core::proto::Run { start_day: 20_700, ..run("B", index) };
            world.post(&school, Body::Run(announced), &[4]);
            let change = xuefen_core::proto::Programme { version: 2, opinions_hash: vec![1; 32], ..programme(&[]) };
            world.public(&school, Body::Programme(change), &[4])
        }
        R::EffectiveInPast => world.public(&ministry, Body::Policy(policy(1, world.now - 1)), &[1]),
        R::GroundNotListed => {
            let reasons = vec![xuefen_core::proto::ReasonCode { code: "fraud".to_owned(), ..Default::default() }];
            let body = xuefen_core::proto::Policy { reasons, ..policy(1, world.now) };
            world.post(&ministry, Body::Policy(body), &[1]);
            let body = revoke(world, world.named["course"]);
            world.public(&school, body, &[4])
        }
        R::LooserThanParent => {
            let body =
                xuefen_core::proto::RecordingRule { parent_index: rule_index, theory_hours_per_credit: 15, ..rule() };
            world.public(&college, Body::RecordingRule(body), &[5])
        }
        R::OfferCredits => world.public(&school, course(|course| course.credit_millis = 3_500), &[4]),
        _ => unreachable!("not of this group"),
    }
}

fn private(rejection: Rejection, world: &mut World) -> RawPosting {
    use Rejection as R;
    match rejection {
        R::OutcomeKindNotAllowed => {
            let body = xuefen_core::proto::AccreditInstitution {
                outcome_kinds: vec![OutcomeKind::Module as i32],
                ..world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
            };
            world.accredit(body);
            course_with(world, |_, _| {})
        }
        R::IssueRightMissing => {
            let ministry = world.ministry.id.clone();
            let right =
                xuefen_core::proto::IssueRight { outcome_kind: 1, institution_kinds: vec![10], ..Default::default() };
            let body = xuefen_core::proto::Policy { issue_rights: vec![right], ..policy(1, world.now) };
            world.post(&ministry, Body::Policy(body), &[1]);
            course_with(world, |_, _| {})
        }
        R::ImportNotAllowed => course_with(world, |body, _| body.imported = true),
        R::FamilyNotAllowed => {
            let body = xuefen_core::proto::AccreditInstitution {
                families: Vec::new(),
                ..world.accreditation(&world.body, "320000", "示例评价组织")
            };
            world.accredit(body);
            certificate_with(world, OutcomeKind::XCertificate, "family", |_, _| {})
        }
        R::LevelNotAllowed => certificate_with(world, OutcomeKind::XCertificate, "family", set(tags::LEVEL, "4")),
        R::NameNotAllowed => course_with(world, set(tags::ISSUER_NAME, "某实训基地")),
        R::PayloadMissing => {
            let posting = course_with(world, |_, _| {});
            RawPosting { payload: None, ..posting }
        }
        R::PayloadUnexpected => {
            let body = Body::CertificateFamily(xuefen_core::proto::CertificateFamily { version: 2, ..x_family() });
            let issuer = world.body.id.clone();
            let posting = world.public(&issuer, body, &[6]);
            RawPosting { payload: Some(payload(tags::MERGE_ACCOUNTS, &[])), ..posting }
        }
        R::CommitmentMismatch => {
            let posting = course_with(world, |_, _| {});
            let other = course_with(world, |_, _| {});
            RawPosting { payload: other.payload, ..posting }
        }
        R::TagsIncomplete => {
            let (body, values) = world.course_outcome();
            let school = world.school.id.clone();
            let table: Vec<Tag> = tags::of_outcome(OutcomeKind::Course).expect("has a table").to_vec();
            world.private(&school, Body::RecordOutcome(body), &payload(&table[..table.len() - 1], &values), &[4])
        }
        R::ValueMissing => course_with(world, set(tags::SOURCE_ID, "")),
        R::ValueMalformed => course_with(world, set(tags::ACHIEVED_ON, "2026-02-30")),
        R::NullifierKeyWrong => course_with(world, |_, values| values.push((tags::NULLIFIER_KEY, vec![3; 32]))),
        R::DuplicateOutcome => {
            recorded(world);
            course_with(world, |_, _| {})
        }
        R::MinutesOutOfBounds => course_with(world, set(tags::MINUTES, "2881")),
        R::RecordingRuleWrong => course_with(world, set(tags::RECORDING_RULE, "")),
        R::CreditsExceedOffer => course_with(world, set(tags::CREDIT_MILLIS, "3500")),
        R::CreditsDisagree => course_with(world, set(tags::CREDIT_MILLIS, "2500")),
        R::MajorNotFiled => course_with(world, |_, values| {
            values.push((tags::STUDY_MODE, b"continuing".to_vec()));
            values.push((tags::MAJOR, b"440301".to_vec()));
        }),
        R::CustodianNotIssuer => {
            let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
            let body = kept_by(&school, 50, &world.college.id);
            world.post(&ministry, body, &[1, 50]);
            let (body, mut values) = world.course_outcome();
            values.push((tags::STUDY_MODE, b"non_degree".to_vec()));
            world.outcome(&school, body, &values, 50)
        }
        _ => unreachable!("not of this group"),
    }
}

#[allow(clippy::too_many_lines)]
fn rules(rejection: Rejection, world: &mut World) -> RawPosting {
    use Rejection as R;
    let (school, body) = (world.school.id.clone(), world.body.id.clone());
    match rejection {
        R::AccountExists => {
            let (body, payload) = world.account([8; 16], "110101199003070000");
            world.private(&school, body, &payload, &[4])
        }
        R::AccountMerged => {
            let (body, payload) = world.merger([7; 16], [7; 16]);
            world.private(&school, body, &payload, &[4, 5])
        }
        R::MergeNeedsSecondParty => {
            world.open(&school, 4, [8; 16], "110101199003070001");
            let (body, payload) = world.merger([7; 16], [8; 16]);
            world.private(&school, body, &payload, &[4])
        }
        R::LearnerSignatureWrong => {
            let (body, payload) = world.binding([7; 16], 90);
            world.now += 30 * 86_400 + 1;
            world.private(&school, body, &payload, &[4])
        }
        R::LearnerSignatureMissing => {
            bound(world, [7; 16], 90);
            world.open(&school, 4, [8; 16], "110101199003070001");
            let (body, payload) = world.merger([7; 16], [8; 16]);
            world.private(&school, body, &payload, &[4, 5])
        }
        R::DeviceKeyInUse => {
            bound(world, [7; 16], 90);
            let (body, payload) = world.binding([7; 16], 90);
            world.private(&school, body, &payload, &[4])
        }
        R::AchievedInFuture => course_with(world, set(tags::ACHIEVED_ON, "2026-09-02")),
        R::AchievedTooLongAgo => course_with(world, set(tags::ACHIEVED_ON, "2025-07-27")),
        R::ScaleUnknown => course_with(world, |_, values| {
            values.push((tags::SCALE, "five_grade".into()));
            values.push((tags::GRADE, "优秀".into()));
        }),
        R::GradeNotOnScale => course_with(world, set(tags::GRADE, "101")),
        R::CertificateFailed => certificate_with(world, OutcomeKind::XCertificate, "family", |_, values| {
            values.push((tags::SCALE, "pass_fail".into()));
            values.push((tags::GRADE, "不合格".into()));
        }),
        R::RouteWrong => skill(world, "4", "exceptional"),
        R::SourceErased => {
            let index = recorded(world);
            world.state.erase(index);
            supersede_of(world, index)
        }
        R::CitationWrong => {
            let index = recorded(world);
            let body = revoke(world, index);
            world.post(&school, body, &[4]);
            course_with(world, |_, values| {
                values.push((tags::SOURCE_ID, b"other".to_vec()));
                values.push((tags::CITES, index.to_string().into()));
            })
        }
        R::SupersedesNotNewest => {
            let index = recorded(world);
            let posting = supersede_of(world, index);
            world.accept(posting);
            supersede_of(world, index)
        }
        R::SupersedesDiffers => {
            let index = recorded(world);
            let target = world.reference(index);
            supersede(world, index, |body, values| {
                body.supersedes = Some(target);
                values.push((tags::ATTEMPT, b"2".to_vec()));
            })
        }
        R::AttemptExists => {
            recorded(world);
            course_with(world, set(tags::SOURCE_ID, "2026-0002"))
        }
        R::SuspensionTooLong => {
            let body = suspend(world, world.named["course"], 181);
            world.public(&school, body, &[4])
        }
        R::NotSuspended => {
            let target = Some(world.reference(world.named["course"]));
            world.public(&school, Body::Reinstate(Reinstate { target }), &[4])
        }
        R::AlreadyRevoked => {
            let body = revoke(world, world.named["course"]);
            world.post(&school, body.clone(), &[4]);
            world.public(&school, body, &[4])
        }
        R::AlreadyCountersigned => {
            let statement = world.countersign(world.named["course"]);
            world.post(&body, statement.clone(), &[6]);
            world.public(&body, statement, &[6])
        }
        R::ThresholdNotMet => training(world, "enterprise_skills", "2339"),
        _ => unreachable!("not of this group"),
    }
}

/// A completion certificate of 78 hours with so many minutes of practice.
pub(crate) fn training(world: &mut World, project: &str, practice: &str) -> RawPosting {
    if !world.named.contains_key("training") {
        let ministry = world.ministry.id.clone();
        let family = xuefen_core::proto::CertificateFamily {
            outcome_kind: OutcomeKind::CompletionCertificate as i32,
            levels: Vec::new(),
            ..x_family()
        };
        let index = world.post(&ministry, Body::CertificateFamily(family), &[1]);
        world.named.insert("training", index);
    }
    certificate_with(world, OutcomeKind::CompletionCertificate, "training", |_, values| {
        values.extend([
            (tags::LEVEL, Vec::new()),
            (tags::MINUTES, b"4680".to_vec()),
            (tags::PRACTICE_MINUTES, practice.into()),
            (tags::PROJECT_TYPE, project.into()),
        ]);
    })
}

fn supersede_of(world: &mut World, index: u64) -> RawPosting {
    let target = world.reference(index);
    supersede(world, index, |body, _| body.supersedes = Some(target))
}

#[test]
fn every_rejection_is_reached() {
    for rejection in Rejection::ALL {
        let (world, posting) = case(*rejection);
        match world.decide(posting) {
            Decision::Refuse(refusal) => {
                assert_eq!(refusal.rejection, *rejection, "{refusal}");
                assert!(!refusal.field.is_empty());
            }
            other => panic!("{rejection:?}: {other:?}"),
        }
    }
}

#[test]
fn the_same_postings_without_the_fault_are_accepted() {
    let mut world = World::furnished();
    let index = recorded(&mut world);
    let posting = supersede_of(&mut world, index);
    world.accept(posting);
    let posting = certificate_with(&mut world, OutcomeKind::XCertificate, "family", |_, _| {});
    world.accept(posting);
    let posting = skill(&mut world, "4", "standard");
    world.accept(posting);
}
