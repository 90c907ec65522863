//! The way every ledger goes: genesis, accreditation, key, rule, course, account, outcome.

use crate::testing::World;
use crate::{Decision, Rejection};
use xuefen_core::kinds::tags;

#[test]
fn from_genesis_to_a_course_outcome() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let (body, values) = world.course_outcome();
    let posting = world.outcome(&school, body.clone(), &values, 4);
    let (index, effects) = world.try_post(posting.clone()).expect("accepted");
    assert!(!effects.pending && effects.flags.is_empty());
    // The same bytes again, later, are the first receipt.
    world.now += 90 * 86_400;
    assert_eq!(world.decide(posting), Decision::Replay { index });
    world.now -= 90 * 86_400;
    // The same record under another nonce is told the first one.
    let again = world.outcome(&school, body, &values, 4);
    let Decision::Refuse(refusal) = world.decide(again) else { panic!("a duplicate") };
    assert_eq!((refusal.rejection, refusal.existing), (Rejection::DuplicateOutcome, Some(index)));
    assert_eq!(refusal.field, format!("payload.source_id ({})", tags::SOURCE_ID.number));
    assert_eq!(world.rebuilt(), world.state);
}
