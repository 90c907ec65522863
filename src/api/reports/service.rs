//! The calls of `ReportService`: who asks, a place to work in, a thread of its own, and the answer in messages.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use xuefen_core::tree::TreeSize;
use xuefen_ledger::day::Day;

use super::list::{self, Kind};
use super::period::Period;
use super::scan::Scan;
use super::scope::Scope;
use super::suppress::{LEAST_PERSONS, suppress};
use crate::api::proto::report_service_server::ReportService;
use crate::api::proto::run_report_response::Part;
use crate::api::proto::{
    ListReportsRequest, ListReportsResponse, ReportHead, ReportRow, ReportRows, RunReportRequest, RunReportResponse,
};
use crate::api::status::{internal, invalid, reporter_busy};
use crate::api::{Api, blocking};
use crate::sequencer::View;

/// Reports computed at once: each keeps one core busy, and posting comes first.
pub const REPORTING: usize = 1;

/// Rows of a message, at most: far below the usual 4 MiB.
const ROWS: usize = 1_000;

/// Messages that wait for a slow reader.
const AHEAD: usize = 16;

/// See the module.
pub struct Reports(pub Arc<Api>);

type Answers = mpsc::Sender<Result<RunReportResponse, Status>>;

#[tonic::async_trait]
impl ReportService for Reports {
    async fn list_reports(&self, _: Request<ListReportsRequest>) -> Result<Response<ListReportsResponse>, Status> {
        Ok(Response::new(ListReportsResponse { reports: list::ALL.iter().map(Into::into).collect() }))
    }

    type RunReportStream = Pin<Box<dyn Stream<Item = Result<RunReportResponse, Status>> + Send>>;

    async fn run_report(&self, request: Request<RunReportRequest>) -> Result<Response<Self::RunReportStream>, Status> {
        let caller = self.0.caller(&request)?;
        let asked = request.into_inner();
        let view = self.0.ledger.view();
        let scope = Scope::asked(&self.0, &view, &caller, &asked.region, &asked.institution)?;
        let kind = list::by_name(&asked.report).ok_or_else(no_such_report)?;
        let period = Period::asked(&asked)?;
        let newest = view.tree.size;
        let size = if asked.tree_size == 0 { newest } else { asked.tree_size };
        if size > newest {
            return Err(invalid("tree_size", format!("the log has {newest} entries; ask for that or fewer")));
        }
        let place = Arc::clone(&self.0.reporting).try_acquire_owned().map_err(|_| reporter_busy())?;
        // Figures tell of no one person, so the operator's log is where this is kept.
        tracing::info!(report = kind.name, size, region = scope.region, institution = scope.institution, by = %caller, "a report");
        let (answers, stream) = mpsc::channel(AHEAD);
        let work = Work { api: Arc::clone(&self.0), view, size, kind, period, scope };
        tokio::spawn(answer(work, answers, place));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

/// Makes a report away from the threads that move the network, then sends it. The place is free before that: whoever reads
/// slowly keeps nobody waiting.
async fn answer(work: Work, answers: Answers, place: OwnedSemaphorePermit) {
    let told = answers.clone();
    let made = blocking(move || {
        let made = work.make(&told);
        drop(place);
        made
    })
    .await;
    match made {
        Ok(parts) => {
            for part in parts {
                if answers.send(Ok(RunReportResponse { part: Some(part) })).await.is_err() {
                    return;
                }
            }
        }
        // The peer may be gone already.
        Err(status) => drop(answers.send(Err(status)).await),
    }
}

fn no_such_report() -> Status {
    let names: Vec<_> = list::ALL.iter().map(|kind| kind.name).collect();
    invalid("report", format!("there are these: {}", names.join(", ")))
}

/// A report to be made.
struct Work {
    api: Arc<Api>,
    view: Arc<View>,
    size: u64,
    kind: &'static Kind,
    period: Period,
    scope: Scope,
}

impl Work {
    fn make(&self, answers: &Answers) -> Result<Vec<Part>, Status> {
        let mut tell = |progress| {
            // One that finds no room is left out; the next says more.
            match answers.try_send(Ok(RunReportResponse { part: Some(Part::Progress(progress)) })) {
                Err(TrySendError::Closed(_)) => Err(Status::cancelled("the caller has gone")),
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            }
        };
        let scan = Scan::new(&self.api, &self.view, self.size, self.period)?;
        let institutions = scan.institutions(&self.scope)?;
        let mut gather = (self.kind.begin)();
        let counts = scan.run(&institutions, &mut *gather, &mut tell)?;
        let mut figures = gather.finish();
        suppress(&mut figures, self.kind.columns);
        let mut parts = vec![Part::Head(ReportHead { counts: Some(counts), ..self.head(&scan)? })];
        let mut rows = figures.rows().map(ReportRow::from).peekable();
        while rows.peek().is_some() {
            parts.push(Part::Rows(ReportRows { rows: rows.by_ref().take(ROWS).collect() }));
        }
        Ok(parts)
    }

    fn head(&self, scan: &Scan<'_>) -> Result<ReportHead, Status> {
        let root = self.view.index.root(TreeSize(self.size)).map_err(|error| internal(&error))?;
        let day = |day: Option<Day>| day.and_then(|day| u32::try_from(day.0).ok()).unwrap_or(0);
        Ok(ReportHead {
            report: self.kind.name.to_owned(),
            origin: self.api.ledger.origin().to_string(),
            tree_size: self.size,
            root: root.as_ref().to_vec(),
            as_of: scan.as_of,
            period: self.period.kind.into(),
            year: self.period.year,
            first_day: day(self.period.days.map(|(first, _)| first)),
            last_day: day(self.period.days.map(|(_, last)| last)),
            headcount_day: day(self.period.headcount_day),
            region: self.scope.region.clone(),
            institution: self.scope.institution.clone(),
            least_persons: u32::try_from(LEAST_PERSONS).unwrap_or(u32::MAX),
            columns: self.kind.columns.iter().map(Into::into).collect(),
            counts: None,
        })
    }
}
