//! Story 9: a published programme is changed 20 working days before its run begins, not 19.

use xuefen::api::proto::GetPolicyRequest;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Calendar, Policy, Programme, Run};
use xuefen_ledger::testing::{policy, programme, run};

use super::bank::Bank;

/// Thursday 1 October 2026, days since 1970-01-01: the first of two days off, for which Sunday 27 September is worked.
const NATIONAL_DAY: u32 = 20_727;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_9_a_programme_is_shortened_twenty_working_days_before_or_not_at_all() {
    // Filing is on Tuesday 1 September 2026.
    let mut bank = Bank::new().await;
    let (ministry, school) = (bank.ministry(), bank.school());
    let calendar = Calendar { holidays: vec![NATIONAL_DAY, NATIONAL_DAY + 1], make_up_days: vec![NATIONAL_DAY - 4] };
    let body = Policy { calendar: Some(calendar), ..policy(1, bank.world.now) };
    let index = bank.say(&ministry, Body::Policy(body), &[1]).await;
    let asked = GetPolicyRequest { name: format!("institutions/{}", school.id), ..Default::default() };
    let told = bank.registry().get_policy(asked).await.expect("a policy").into_inner();
    let notice = told.numbers.iter().find(|it| it.field == "notice_working_days").map(|it| it.value);
    assert_eq!((told.indices, notice), (vec![index], Some(20)), "what it does not say is as built in");

    let course = bank.world.named["course"];
    let body = Body::Programme(programme(&[course]));
    let published = bank.say(&school, body, &[school.seed]).await;
    // Monday 28 September: 18 working days of September lie between, and the Sunday that is worked.
    let monday = NATIONAL_DAY - 3;
    let announced = Run { start_day: monday, end_day: monday + 11, ..run("2026-秋", published) };
    let announced = bank.say(&school, Body::Run(announced), &[school.seed]).await;
    let shortened = |opinions: &[u8]| {
        let opinions_hash = opinions.to_vec();
        Body::Programme(Programme { version: 2, opinions_hash, total_credit_millis: 2_000, ..programme(&[course]) })
    };
    let posting = bank.world.public(&school.id, shortened(&[5; 32]), &[school.seed]);
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.existing_index), ("NOTICE_TOO_SHORT", announced));
    assert!(refusal.rule.contains("19 working days before the run"), "{}", refusal.rule);

    // Another school's run begins a day later: 20, neither the day of filing nor that of the start counted.
    let college = bank.college();
    let theirs = bank.world.named["other_course"];
    let published = bank.say(&college, Body::Programme(programme(&[theirs])), &[college.seed]).await;
    let later = Run { start_day: monday + 1, end_day: monday + 11, ..run("2026-秋", published) };
    bank.say(&college, Body::Run(later), &[college.seed]).await;
    let change =
        |opinions: Vec<u8>| Body::Programme(Programme { version: 2, opinions_hash: opinions, ..programme(&[theirs]) });
    let posting = bank.world.public(&college.id, change(Vec::new()), &[college.seed]);
    let refusal = bank.refuse(&posting).await;
    assert_eq!(refusal.field, "statement.programme.opinions_hash", "the trainees are heard first");
    bank.say(&college, change(vec![5; 32]), &[college.seed]).await;
}
