//! Postings without end for a ledger that goes by the machine's clock: each learner is an account and a course outcome.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use xuefen::api::proto::Posting;
use xuefen::cli::time_text::local;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_ledger::testing::{World, authorise, course, rule, sign};

use crate::support::{init, postings, wire};

/// Unix seconds by the machine's clock.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

/// A school that opens accounts and records outcomes.
pub struct School {
    pub world: World,
    next: u64,
}

impl School {
    /// A new ledger in `dir` and a school in it; its first postings must be posted before any learner's.
    pub fn new(dir: &Path) -> (Self, Vec<Posting>) {
        let world = furnished(now());
        init(dir, &world);
        let first: Vec<_> = (0..).zip(postings(&world)).map(|(at, posting)| wire(at, &posting)).collect();
        let next = first.len() as u64;
        (Self { world, next }, first)
    }

    /// A new learner's account, and the outcome that needs it.
    pub fn learner(&mut self) -> [Posting; 2] {
        self.world.now = now();
        let (number, school) = (self.next, self.world.school.id.clone());
        let account = account(number);
        let (body, payload) = self.world.account(account, &format!("document-{number}"));
        let opened = self.world.private(&school, body, &payload, &[4]);
        let (body, mut values) = self.world.course_outcome();
        for (tag, value) in &mut values {
            match *tag {
                it if it == tags::ACCOUNT => *value = account.to_vec(),
                it if it == tags::SOURCE_ID => *value = format!("source-{number}").into(),
                it if it == tags::ACHIEVED_ON => *value = yesterday(self.world.now).into(),
                _ => {}
            }
        }
        let outcome = self.world.outcome(&school, body, &values, 4);
        self.next += 2;
        [wire(number, &opened), wire(number + 1, &outcome)]
    }
}

/// The account id of the learner whose first posting has this number.
pub fn account(number: u64) -> [u8; 16] {
    let mut account = [0xac; 16];
    account[8..].copy_from_slice(&number.to_be_bytes());
    account
}

fn yesterday(now: i64) -> String {
    let local = local(now - 86_400);
    local.split_once(' ').expect("day and time").0.to_owned()
}

/// Genesis, an accredited school with its key, a rule and a course.
fn furnished(now: i64) -> World {
    let mut world = World::empty();
    world.now = now;
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    let statement = world.statement(&ministry, world.genesis());
    let genesis = sign(&statement, &[&world.ministry.key], None);
    world.accept(genesis);
    // A key is in force from the second in which it was logged, which may be the next one already.
    world.now += 60;
    let accreditation = world.accreditation(&world.school, "630100", "西宁市第一职业技术学校");
    world.accredit(accreditation);
    let key = authorise(&school, &world.school.key);
    world.post(&ministry, key, &[1, 4]);
    let index = world.post(&ministry, Body::RecordingRule(rule()), &[1]);
    world.named.insert("rule", index);
    let index = world.post(&school, Body::Course(course(index)), &[4]);
    world.named.insert("course", index);
    world
}
