//! Headcounts: who declares them, of which days, and that the later one counts.

use super::audits::assert_audited;
use crate::query;
use crate::testing::{World, headcount};
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::proto::DeclareHeadcount;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ChangeInstitution, MergeInstitution};

/// 2026-09-01, the day the world begins.
const TODAY: u32 = 20_697;

/// A posting that is refused for this reason.
pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    let school = world.school.id.clone();
    match rejection {
        Rejection::DayInFuture => {
            world.public(&school, Body::DeclareHeadcount(headcount(&school, TODAY + 1, 2_400)), &[4])
        }
        _ => super::inspections::case(rejection, world),
    }
}

fn refused(world: &World, posting: RawPosting) -> (Rejection, String) {
    match world.decide(posting) {
        Decision::Refuse(refusal) => (refusal.rejection, refusal.field.into_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_headcount_is_the_institutions_own_or_its_authoritys() {
    let mut world = World::furnished();
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let (qinghai, jiangsu) = (world.qinghai.id.clone(), world.jiangsu.id.clone());
    let good = || headcount(&school, TODAY, 2_400);
    let field = |name: &str| format!("statement.declare_headcount.{name}");
    for (issuer, seed, body, rejection, name) in [
        (&college, 5, good(), Rejection::NotEntitled, "institution"),
        (&jiangsu, 3, good(), Rejection::NotEntitled, "institution"),
        (&school, 4, headcount(&school, 0, 1), Rejection::FieldMissing, "day"),
        (&school, 4, headcount(&school, TODAY, 100_000_001), Rejection::FieldMalformed, "learners"),
        (&school, 4, DeclareHeadcount { staff: 1 << 40, ..good() }, Rejection::FieldMalformed, "staff"),
        (&school, 4, headcount(&school, TODAY + 1, 1), Rejection::DayInFuture, "day"),
    ] {
        let posting = world.public(issuer, Body::DeclareHeadcount(body), &[seed]);
        assert_eq!(refused(&world, posting), (rejection, field(name)), "{issuer}");
    }
    let ministry = world.ministry.id.clone();
    let unknown = world.public(&ministry, Body::DeclareHeadcount(headcount("x-nobody", TODAY, 1)), &[1]);
    assert_eq!(refused(&world, unknown).0, Rejection::ReferenceUnknown);

    let first = world.post(&school, Body::DeclareHeadcount(good()), &[4]);
    let second = world.post(&qinghai, Body::DeclareHeadcount(headcount(&school, TODAY, 2_388)), &[2]);
    world.post(&school, Body::DeclareHeadcount(headcount(&school, TODAY - 30, 2_000)), &[4]);
    let of = |size: u64, day| {
        let found = query::headcount(&world.state.as_of(size), &school, day).expect("memory");
        found.map(|(index, row)| (index, row.learners, row.declared_by))
    };
    assert_eq!(of(second, TODAY), Some((first, 2_400, school.clone())));
    assert_eq!(of(u64::MAX, TODAY), Some((second, 2_388, qinghai)));
    assert_eq!(of(u64::MAX, TODAY - 30).map(|(_, learners, _)| learners), Some(2_000));
    assert_eq!(of(u64::MAX, TODAY - 1), None);
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn who_took_an_institution_over_declares_for_it() {
    let mut world = World::furnished();
    let (ministry, school, college) = (world.ministry.id.clone(), world.school.id.clone(), world.college.id.clone());
    let change = Some(Change::Merge(MergeInstitution { successor: college.clone() }));
    let body = Body::ChangeInstitution(ChangeInstitution { institution: school.clone(), change });
    world.post(&ministry, body, &[1, 2]);
    world.post(&college, Body::DeclareHeadcount(headcount(&school, TODAY, 7)), &[5]);
    assert_audited(&world);
}
