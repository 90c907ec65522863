//! Story 20: the report of 15 December: person-times of training over the headcount of 30 September, practice by major, one
//! tree size; and who may not see it.

use prost::Message as _;
use tonic::Code;
use xuefen::api::access::{AccountId, Caller};
use xuefen::api::proto::report_cell::Value;
use xuefen::api::proto::run_report_response::Part;
use xuefen::api::proto::{
    EraseAccountRequest, ReportAbsence, ReportHead, ReportPeriod, ReportRow, ReportRowKind, RunReportRequest,
    RunReportResponse,
};
use xuefen::sequencer::Home;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{OutcomeKind, RecordOutcome};
use xuefen_ledger::day::Day;
use xuefen_ledger::testing::headcount;

use super::bank::{Bank, Who, bearer};
use crate::support::Server;

const SCHOOL: &str = "西宁市第一职业技术学校";
const COLLEGE: &str = "常州铁道高等职业技术学校";

/// Learners of the school; one of them has two accounts.
const LEARNERS: u8 = 12;

fn day(text: &str) -> u32 {
    Day::parse(text.as_bytes()).and_then(|day| u32::try_from(day.0).ok()).expect("a day")
}

/// An answer: head, rows and their bytes. Progress tells of the way, not of the figures.
pub struct Report {
    pub head: ReportHead,
    rows: Vec<ReportRow>,
    bytes: Vec<u8>,
}

pub async fn report(bank: &Bank, token: &str, asked: RunReportRequest) -> Result<Report, tonic::Status> {
    let mut answers = bank.reports().run_report(bearer(token, asked)).await?.into_inner();
    let (mut head, mut rows, mut bytes) = (None, Vec::new(), Vec::new());
    while let Some(RunReportResponse { part }) = answers.message().await? {
        match part.expect("a part") {
            Part::Progress(_) => {}
            Part::Head(part) => {
                part.encode(&mut bytes).expect("room");
                head = Some(part);
            }
            Part::Rows(part) => {
                part.encode(&mut bytes).expect("room");
                rows.extend(part.rows);
            }
        }
    }
    Ok(Report { head: head.expect("a head"), rows, bytes })
}

impl Report {
    /// A cell: text, number, or what it lacks.
    fn cell(&self, row: &ReportRow, column: &str) -> String {
        let at = self.head.columns.iter().position(|it| it.name == column).expect("a column");
        match row.cells[at].value.as_ref().expect("a value") {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Absent(why) => ReportAbsence::try_from(*why).expect("known").as_str_name()[15..].to_lowercase(),
        }
    }

    /// Columns of the rows of a kind.
    pub fn of<const N: usize>(&self, kind: ReportRowKind, columns: [&str; N]) -> Vec<[String; N]> {
        let rows = self.rows.iter().filter(|row| row.kind() == kind);
        rows.map(|row| columns.map(|column| self.cell(row, column))).collect()
    }
}

fn training(year: u32) -> RunReportRequest {
    RunReportRequest {
        report: "training".into(),
        period: ReportPeriod::CalendarYear.into(),
        year,
        ..RunReportRequest::default()
    }
}

const fn account(learner: u8) -> [u8; 16] {
    [100 + learner; 16]
}

/// Accounts of the learners, the last one a second of the first learner's, and merged into it.
async fn learners(bank: &mut Bank) {
    let school = bank.school();
    for learner in 0..=LEARNERS {
        let (body, payload) = bank.world.account(account(learner), &format!("99000020080101{learner:04}"));
        let posting = bank.world.private(&school.id, body, &payload, &[school.seed]);
        bank.accept(posting).await;
    }
    let (body, payload) = bank.world.merger(account(0), account(LEARNERS));
    let posting = bank.world.private(&school.id, body, &payload, &[school.seed, 5]);
    bank.accept(posting).await;
}

/// A course result of a learner.
fn result(bank: &mut Bank, issuer: &Who, learner: u8, changes: &[(Tag, &str)]) -> xuefen_ledger::RawPosting {
    let (body, mut values): (RecordOutcome, _) = bank.world.course_outcome();
    assert_eq!(body.outcome_kind, OutcomeKind::Course as i32);
    values.push((tags::ACCOUNT, account(learner).to_vec()));
    let offer = if issuer.id == bank.school().id { "course" } else { "other_course" };
    let offer = bank.world.index(offer);
    let name = if issuer.id == bank.school().id { SCHOOL } else { COLLEGE };
    let source = format!("R-{}", bank.world.entries.len());
    let mut all = vec![(tags::SOURCE_ID, source.as_str()), (tags::OFFER, &offer), (tags::ISSUER_NAME, name)];
    all.extend(changes);
    bank.outcome(issuer, (body, values), &all)
}

/// A result of a training outside of degrees.
async fn trained(bank: &mut Bank, issuer: &Who, learner: u8, run: &str) {
    let posting = result(bank, issuer, learner, &[(tags::RUN, run), (tags::STUDY_MODE, "non_degree")]);
    bank.accept(posting).await;
}

/// Everything that the year brought, and the headcounts.
async fn year(bank: &mut Bank) {
    let (school, college) = (bank.school(), bank.college());
    learners(bank).await;
    // Two trainings for everybody, and a third for the first learner, under the second account: one person, three times.
    for learner in 0..LEARNERS {
        for run in ["网格员培训", "家政培训"] {
            trained(bank, &school, learner, run).await;
        }
    }
    trained(bank, &school, LEARNERS, "电商培训").await;
    // Another's course of the same label is another run; a resit is none.
    trained(bank, &college, 1, "网格员培训").await;
    let resit = [(tags::RUN, "家政培训"), (tags::STUDY_MODE, "non_degree"), (tags::ATTEMPT, "2")];
    let posting = result(bank, &school, 3, &resit);
    bank.accept(posting).await;
    // Teaching in two majors.
    for learner in 0..LEARNERS {
        let major = if learner < 10 { "440301" } else { "500112" };
        let posting = result(bank, &school, learner, &[(tags::RUN, "2026-春"), (tags::MAJOR, major)]);
        bank.accept(posting).await;
    }
    // Who sits the examination again is not taught again.
    let again = [(tags::RUN, "2026-春"), (tags::MAJOR, "440301"), (tags::ATTEMPT, "2")];
    let posting = result(bank, &school, 4, &again);
    bank.accept(posting).await;
    let declared = headcount(&school.id, day("2026-09-01"), 4_000);
    bank.say(&school, Body::DeclareHeadcount(declared), &[school.seed]).await;
    // 30 September, then 15 December.
    bank.advance(29 * 86_400);
    for (who, learners) in [(&school, 12), (&college, 900)] {
        let body = headcount(&who.id, day("2026-09-30"), learners);
        bank.say(who, Body::DeclareHeadcount(body), &[who.seed]).await;
    }
    bank.advance(76 * 86_400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_person_times_over_headcount_and_practice_by_major_at_one_tree_size() {
    let mut bank = Bank::new().await;
    year(&mut bank).await;
    let province = Who { id: bank.world.qinghai.id.clone(), seed: 2 };
    let token = bank.login(&province).await;
    let size = bank.tree_size().await;
    let times = report(&bank, &token, training(2026)).await.expect("a report");
    assert_eq!((times.head.tree_size, times.head.headcount_day), (size, day("2026-09-30")));
    let part = ["institution", "persons", "person_times", "headcount", "per_learner", "remark"];
    let expected = [bank.school().id, "12".into(), "25".into(), "12".into(), "208".into(), String::new()];
    assert_eq!(times.of(ReportRowKind::Part, part), [expected]);
    let counts = times.head.counts.expect("counts");
    // 25 trainings, 12 results of teaching, a resit of each.
    assert_eq!((counts.counted, counts.erased, counts.pending), (39, 0, 0));

    // Of the same tree: half of the minutes are practice; two learners of a major are too few to be told of, and with ten
    // others they are everybody, so that neither shows.
    let asked = RunReportRequest { report: "practice".into(), tree_size: size, ..training(2026) };
    let practice = report(&bank, &token, asked).await.expect("a report");
    assert_eq!((&practice.head.root, practice.head.tree_size), (&times.head.root, size));
    let shown = practice.of(ReportRowKind::Part, ["persons", "minutes", "practice_basis_points", "bound"]);
    assert_eq!(shown, [["12", "34560", "5000", "5000"].map(str::to_owned)]);
    let groups = practice.of(ReportRowKind::Group, ["major", "persons", "practice_basis_points"]);
    let hidden = |major: &str| [major, "suppressed", "suppressed"].map(str::to_owned);
    assert_eq!(groups, [hidden("440301"), hidden("500112")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_the_same_size_gives_the_same_bytes_whatever_came_after() {
    let mut bank = Bank::new().await;
    year(&mut bank).await;
    let province = Who { id: bank.world.qinghai.id.clone(), seed: 2 };
    let token = bank.login(&province).await;
    let size = bank.tree_size().await;
    let names = ["training", "practice", "cohort", "certificates"];
    let asked = |name: &str| RunReportRequest { report: name.into(), tree_size: size, ..training(2026) };
    let mut before = Vec::new();
    for name in names {
        before.push(report(&bank, &token, asked(name)).await.expect("a report").bytes);
    }
    // More trainings, a revocation, a merger and another headcount.
    let (school, college) = (bank.school(), bank.college());
    bank.advance(600);
    trained(&mut bank, &school, 5, "新班").await;
    let revoked = bank.world.entries.len() as u64 - 20;
    let target = Some(bank.world.reference(revoked));
    let body = xuefen_core::proto::Revoke { target, reason: xuefen_core::proto::LifecycleReason::Error as i32 };
    bank.say(&school, Body::Revoke(body), &[school.seed]).await;
    let (body, payload) = bank.world.merger(account(1), account(2));
    let posting = bank.world.private(&school.id, body, &payload, &[school.seed, college.seed]);
    bank.accept(posting).await;
    bank.say(&school, Body::DeclareHeadcount(headcount(&school.id, day("2026-09-30"), 99)), &[school.seed]).await;
    let after = report(&bank, &token, training(2026)).await.expect("a report");
    assert_eq!(after.of(ReportRowKind::Part, ["persons", "headcount"]), [["11", "99"].map(str::to_owned)]);
    for (name, before) in names.iter().zip(&before) {
        assert_eq!(&report(&bank, &token, asked(name)).await.expect("a report").bytes, before, "{name}");
    }

    // After a restart, and with an index made anew.
    let Bank { world, server, .. } = bank;
    let dir = server.stop().await.expect("a directory");
    std::fs::remove_dir_all(Home::new(dir.path()).index()).expect("an index");
    let server = Server::open(dir.path(), world.now).await;
    let bank = Bank::on(world, server).await;
    let token = bank.login(&province).await;
    for (name, before) in names.iter().zip(&before) {
        assert_eq!(&report(&bank, &token, asked(name)).await.expect("a report").bytes, before, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_nobody_sees_figures_of_others() {
    let mut bank = Bank::new().await;
    year(&mut bank).await;
    let (school, college) = (bank.school(), bank.college());
    let (province, other) = (bank.world.qinghai.id.clone(), bank.world.jiangsu.id.clone());
    let code = async |token: &str, change: &dyn Fn(&mut RunReportRequest)| {
        let mut asked = training(2026);
        change(&mut asked);
        report(&bank, token, asked).await.map(|report| report.rows.len()).map_err(|status| status.code())
    };
    let learner = bank.learner(&school, account(1)).await;
    let nobody = bank.reports().run_report(tonic::Request::new(training(2026))).await.map(|_| ());
    assert_eq!(nobody.expect_err("no token").code(), Code::Unauthenticated);
    let by_learner = bank.reports().run_report(learner.asks(training(2026))).await.map(|_| ());
    assert_eq!(by_learner.expect_err("a learner").code(), Code::PermissionDenied);

    // A province: its own region, whatever it says; nothing elsewhere.
    let token = bank.login(&Who { id: province, seed: 2 }).await;
    let denied = Err(Code::PermissionDenied);
    assert_eq!(code(&token, &|_| {}).await, Ok(2));
    assert_eq!(code(&token, &|asked| asked.region = "630100".into()).await, Ok(2));
    assert_eq!(code(&token, &|asked| asked.region = "320000".into()).await, denied);
    assert_eq!(code(&token, &|asked| asked.institution = college.id.clone()).await, denied);
    assert_eq!(code(&token, &|asked| asked.institution = "x-nobody".into()).await, denied);
    let token = bank.login(&Who { id: other, seed: 3 }).await;
    assert_eq!(code(&token, &|asked| asked.institution = school.id.clone()).await, denied);
    // The ministry: everywhere; but not with a key for something else.
    let token = bank.login(&bank.ministry()).await;
    assert_eq!(code(&token, &|_| {}).await, Ok(3));
    assert_eq!(code(&token, &|asked| asked.region = "320000".into()).await, Ok(2));
    for seed in [101, 102] {
        let token = bank.login(&Who { seed, ..bank.ministry() }).await;
        assert_eq!(code(&token, &|_| {}).await, denied);
    }
    // An institution: itself.
    let token = bank.login(&school).await;
    assert_eq!(code(&token, &|_| {}).await, Ok(2));
    assert_eq!(code(&token, &|asked| asked.institution = college.id.clone()).await, denied);
    assert_eq!(code(&token, &|asked| asked.region = "630000".into()).await, denied);

    // The operator serves figures and sees none.
    let operator = bank.server.api.tokens.issue(&Caller::Operator, bank.world.now);
    assert_eq!(code(&operator, &|_| {}).await, denied);

    // What is asked for wrongly is told apart.
    let invalid = Err(Code::InvalidArgument);
    assert_eq!(code(&token, &|asked| asked.report = "salaries".into()).await, invalid);
    assert_eq!(code(&token, &|asked| asked.year = 0).await, invalid);
    assert_eq!(code(&token, &|asked| asked.tree_size = 9_999).await, invalid);
    let token = bank.login(&bank.ministry()).await;
    assert_eq!(code(&token, &|asked| asked.region = "63".into()).await, invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_what_was_erased_is_counted_as_erased() {
    let mut bank = Bank::new().await;
    year(&mut bank).await;
    let token = bank.login(&Who { id: bank.world.qinghai.id.clone(), seed: 2 }).await;
    let asked = RunReportRequest { tree_size: bank.tree_size().await, ..training(2026) };
    let operator = bank.server.api.tokens.issue(&Caller::Operator, bank.world.now);
    let name = format!("accounts/{}", AccountId(account(4)));
    let erase = EraseAccountRequest { name: name.clone(), confirm: name, validate_only: false };
    bank.accounts().erase_account(bearer(&operator, erase)).await.expect("erased");
    let after = report(&bank, &token, asked).await.expect("a report");
    let counts = after.head.counts.expect("counts");
    // Two trainings, a result of teaching and its resit.
    assert_eq!((counts.counted, counts.erased), (35, 4));
    let figures = after.of(ReportRowKind::Part, ["persons", "person_times", "per_learner", "remark"]);
    assert_eq!(figures, [["11", "23", "191", "TRAINING_LOW"].map(str::to_owned)]);
}
