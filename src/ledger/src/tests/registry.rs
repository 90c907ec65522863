//! What authorities publish for everybody: forms, references, and what outcomes may rest on it.

use super::audits::assert_audited;
use crate::testing::{World, catalogue, course, filed, framework};
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, Course, FiledMajors, Framework, InstitutionKind, LevelRef, MajorCatalogue, OutcomeKind, Revoke,
};

/// What is done to a good statement, and what that is refused for.
type Spoilt<T, W> = (fn(&mut T), W);

pub(super) fn refused(world: &World, posting: RawPosting) -> (Rejection, String) {
    match world.decide(posting) {
        Decision::Refuse(refusal) => (refusal.rejection, refusal.field.into_owned()),
        other => panic!("{other:?}"),
    }
}

fn by_ministry(world: &mut World, body: Body) -> RawPosting {
    let ministry = world.ministry.id.clone();
    world.public(&ministry, body, &[1])
}

#[test]
fn a_framework_is_ordered_and_its_links_do_not_go_down() {
    let mut world = World::furnished();
    let cases: [fn(&mut Framework); 5] = [
        |it| it.levels.clear(),
        |it| it.levels[1].code = "1".to_owned(),
        |it| it.levels[1].eqf_level = 6,
        |it| it.levels[2].eqf_level = 9,
        |it| it.levels[0].names[0].text = String::new(),
    ];
    for (number, spoil) in cases.iter().enumerate() {
        let mut body = framework();
        spoil(&mut body);
        let posting = by_ministry(&mut world, Body::Framework(body));
        let expected = if number == 0 { Rejection::FieldMissing } else { Rejection::FieldMalformed };
        assert_eq!(refused(&world, posting).0, expected, "case {number}");
    }
    let school = world.school.id.clone();
    let posting = world.public(&school, Body::Framework(framework()), &[4]);
    assert_eq!(refused(&world, posting).0, Rejection::NotEntitled);
    let posting = by_ministry(&mut world, Body::Framework(framework()));
    world.accept(posting);
    let posting = by_ministry(&mut world, Body::Framework(Framework { version: 3, ..framework() }));
    assert_eq!(refused(&world, posting).0, Rejection::VersionNotNext);
}

#[test]
fn a_level_is_one_of_a_framework_in_force() {
    let mut world = World::furnished();
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    let index = world.post(&ministry, Body::Framework(framework()), &[1]);
    let late = Framework { code: "late".to_owned(), effective_from: world.now + 100, ..framework() };
    let late = world.post(&ministry, Body::Framework(late), &[1]);
    let with = |world: &mut World, framework_index, level| {
        let level = Some(LevelRef { framework_index, level });
        let body = Course { version: 2, level, ..course(world.named["rule"]) };
        world.public(&school, Body::Course(body), &[4])
    };
    for (framework, level, rejection) in [
        (index, 0, Rejection::ReferenceUnknown),
        (index, 4, Rejection::ReferenceUnknown),
        (world.named["rule"], 1, Rejection::ReferenceWrongKind),
        (late, 1, Rejection::ReferenceNotInForce),
    ] {
        let posting = with(&mut world, framework, level);
        assert_eq!(refused(&world, posting).0, rejection, "{framework} {level}");
    }
    let posting = with(&mut world, index, 3);
    world.accept(posting);
    let target = Some(world.reference(index));
    world.post(&ministry, Body::Revoke(Revoke { target, reason: 1 }), &[1]);
    let level = Some(LevelRef { framework_index: index, level: 3 });
    let body = Course { version: 3, level, ..course(world.named["rule"]) };
    let posting = world.public(&school, Body::Course(body), &[4]);
    assert_eq!(refused(&world, posting).0, Rejection::ReferenceNotInForce);
}

#[test]
fn a_catalogue_has_three_tiers_in_order() {
    let mut world = World::furnished();
    let cases: [Spoilt<MajorCatalogue, &str>; 5] = [
        (|it| it.majors.swap(0, 1), "majors.code"),
        (|it| it.classes[0].category = "99".to_owned(), "classes.category"),
        (|it| it.majors[0].major_class = "9999".to_owned(), "majors.major_class"),
        (|it| it.majors[0].training_level = 4, "majors.training_level"),
        (|it| it.categories[1].code = "24".to_owned(), "categories.code"),
    ];
    for (spoil, field) in cases {
        let mut body = catalogue();
        spoil(&mut body);
        let posting = by_ministry(&mut world, Body::MajorCatalogue(body));
        let expected = (Rejection::FieldMalformed, format!("statement.major_catalogue.{field}"));
        assert_eq!(refused(&world, posting), expected);
    }
    let posting = by_ministry(&mut world, Body::MajorCatalogue(catalogue()));
    let index = world.accept(posting);
    let row = crate::query::offer(&world.state, index).expect("memory").expect("published");
    let crate::rows::OfferBody::Catalogue(row) = row.body else { panic!("a catalogue") };
    let major = row.major("440301").expect("it is there");
    assert_eq!((major.class.as_str(), row.category(&major.class)), ("4403", Some("44")));
    assert_eq!(row.major("440302"), None);
}

#[test]
fn majors_are_filed_by_the_authority_over_the_institution_from_the_catalogue() {
    let mut world = World::furnished();
    let (college, jiangsu, qinghai) = (world.college.id.clone(), world.jiangsu.id.clone(), world.qinghai.id.clone());
    let posting = by_ministry(&mut world, Body::MajorCatalogue(catalogue()));
    let index = world.accept(posting);
    let good = filed(&college, 2026, index, &["440301", "500112"]);
    for (issuer, seed, body, rejection) in [
        (&college, 5, good.clone(), Rejection::NotEntitled),
        (&qinghai, 2, good.clone(), Rejection::RegionNotAllowed),
        (&jiangsu, 3, filed("x-nobody", 2026, index, &["440301"]), Rejection::ReferenceUnknown),
        (&jiangsu, 3, filed(&college, 2026, index, &["440309"]), Rejection::ReferenceUnknown),
        (&jiangsu, 3, FiledMajors { training_level: 3, ..good.clone() }, Rejection::ReferenceUnknown),
        (&jiangsu, 3, filed(&college, 2026, 0, &["440301"]), Rejection::FieldMissing),
        (&jiangsu, 3, filed(&college, 2026, index, &["500112", "440301"]), Rejection::FieldMalformed),
        (&jiangsu, 3, filed(&college, 26, index, &["440301"]), Rejection::FieldMalformed),
        (&jiangsu, 3, filed(&college, 2026, world.named["rule"], &["440301"]), Rejection::ReferenceWrongKind),
    ] {
        let posting = world.public(issuer, Body::FiledMajors(body.clone()), &[seed]);
        assert_eq!(refused(&world, posting).0, rejection, "{body:?}");
    }
    let posting = world.public(&jiangsu, Body::FiledMajors(FiledMajors { training_level: 2, ..good }), &[3]);
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
}

/// A course outcome of the school with a mode and a major.
fn studied(world: &mut World, number: u32, mode: &str, major: &str, imported: bool) -> RawPosting {
    let (mut body, mut values) = world.course_outcome();
    body.imported = imported;
    values.extend([
        (tags::SOURCE_ID, format!("S-{number}").into()),
        (tags::RUN, format!("run-{number}").into()),
        (tags::STUDY_MODE, mode.into()),
        (tags::MAJOR, major.into()),
    ]);
    let school = world.school.id.clone();
    world.outcome(&school, body, &values, 4)
}

#[test]
fn an_open_university_is_held_to_the_filing_whatever_it_leaves_out() {
    let mut world = World::furnished();
    let (school, ministry) = (world.school.id.clone(), world.ministry.id.clone());
    let index = world.post(&ministry, Body::MajorCatalogue(catalogue()), &[1]);
    // Not filed, and no open university: nothing is said.
    let posting = studied(&mut world, 1, "", "440301", false);
    world.accept(posting);
    let accreditation = AccreditInstitution {
        kind: InstitutionKind::OpenUniversity as i32,
        may_import: true,
        ..world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
    };
    world.accredit(accreditation);
    for (major, rejection) in [("440301", Rejection::MajorNotFiled), ("", Rejection::ValueMissing)] {
        let posting = studied(&mut world, 2, "", major, false);
        assert_eq!(refused(&world, posting).0, rejection, "{major}");
    }
    let posting = studied(&mut world, 3, "", "", true);
    world.accept(posting);
    world.post(&ministry, Body::FiledMajors(filed(&school, 2026, index, &["440301"])), &[1]);
    let posting = studied(&mut world, 4, "", "440301", false);
    world.accept(posting);
    assert_audited(&world);
}

#[test]
fn a_certificate_of_a_degree_says_how_it_was_studied() {
    let mut world = World::furnished();
    let (mut body, values) = world.certificate_outcome(OutcomeKind::DegreeCertificate, "family");
    body.outcome_kind = OutcomeKind::DegreeCertificate as i32;
    let issuer = world.body.id.clone();
    for (mode, expected) in [("", Some(Rejection::ValueMissing)), ("regular", None)] {
        let mut values = values.clone();
        values.retain(|(tag, _)| ![tags::FAMILY, tags::LEVEL].contains(tag));
        values.push((tags::STUDY_MODE, mode.into()));
        let posting = world.outcome(&issuer, body.clone(), &values, 6);
        let told = match world.decide(posting) {
            crate::Decision::Refuse(refusal) => Some(refusal.rejection),
            _ => None,
        };
        assert_eq!(told, expected, "{mode:?}");
    }
}

#[test]
fn continuing_education_keeps_to_the_filing_of_the_year() {
    let mut world = World::furnished();
    let (school, ministry) = (world.school.id.clone(), world.ministry.id.clone());
    let index = world.post(&ministry, Body::MajorCatalogue(catalogue()), &[1]);
    world.post(&ministry, Body::FiledMajors(filed(&school, 2025, index, &["440301"])), &[1]);
    let posting = studied(&mut world, 1, "continuing", "440301", false);
    assert_eq!(refused(&world, posting).0, Rejection::MajorNotFiled, "filed for another year");
    world.post(&ministry, Body::FiledMajors(filed(&school, 2026, index, &["440301"])), &[1]);
    let posting = studied(&mut world, 2, "continuing", "440301", false);
    world.accept(posting);
    for (mode, major, rejection) in [
        ("continuing", "500112", Rejection::MajorNotFiled),
        ("continuing", "", Rejection::ValueMissing),
        ("self_study", "440301", Rejection::NotEntitled),
        ("full_time", "440301", Rejection::ValueMalformed),
    ] {
        let posting = studied(&mut world, 3, mode, major, false);
        assert_eq!(refused(&world, posting).0, rejection, "{mode} {major}");
    }
    for (number, mode) in [(4, "regular"), (5, "non_degree")] {
        let posting = studied(&mut world, number, mode, "500112", false);
        world.accept(posting);
    }
    // Silence is no way around the filing of the year.
    for major in ["500112", ""] {
        let posting = studied(&mut world, 6, "", major, false);
        assert_eq!(refused(&world, posting), (Rejection::ValueMissing, "payload.study_mode (30)".to_owned()));
    }
    // A later filing replaces the earlier one, a revoked one is none.
    let filing = world.post(&ministry, Body::FiledMajors(filed(&school, 2026, index, &["500112"])), &[1]);
    let posting = studied(&mut world, 7, "continuing", "440301", false);
    assert_eq!(refused(&world, posting).0, Rejection::MajorNotFiled);
    let posting = studied(&mut world, 8, "continuing", "500112", false);
    world.accept(posting);
    let target = Some(world.reference(filing));
    world.post(&ministry, Body::Revoke(Revoke { target, reason: 1 }), &[1]);
    let posting = studied(&mut world, 9, "continuing", "500112", false);
    assert_eq!(refused(&world, posting).0, Rejection::MajorNotFiled);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn old_records_are_older_than_filings_and_an_exam_body_keeps_its_own() {
    let mut world = World::furnished();
    let (school, ministry) = (world.school.id.clone(), world.ministry.id.clone());
    let index = world.post(&ministry, Body::MajorCatalogue(catalogue()), &[1]);
    let accreditation = AccreditInstitution {
        kind: InstitutionKind::ExamBody as i32,
        may_import: true,
        ..world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
    };
    world.accredit(accreditation);
    let posting = studied(&mut world, 1, "self_study", "440301", true);
    world.accept(posting);
    let posting = studied(&mut world, 2, "self_study", "440301", false);
    assert_eq!(refused(&world, posting).0, Rejection::MajorNotFiled);
    world.post(&ministry, Body::FiledMajors(filed(&school, 2026, index, &["440301"])), &[1]);
    let posting = studied(&mut world, 3, "self_study", "440301", false);
    world.accept(posting);
}
