//! Where a witness stands, for whoever looks: the API, metrics, the operator's log.

use std::fmt::Write as _;

use crate::witness::client::{Cosignature, Trouble, WitnessClient};
use crate::witness::records::Cosigned;

/// One witness, as this ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Name in the policy.
    pub name: String,
    /// Its key.
    pub vkey: String,
    /// Size of the newest tree that it cosigned; `None` if it never did.
    pub size: Option<u64>,
    /// Time of that cosignature, Unix seconds.
    pub time: u64,
    /// What is wrong since when; nothing if the last answer was good.
    pub problem: Option<Problem>,
    /// Cosignatures and troubles since the start.
    pub(super) counts: (u64, u64),
}

/// What is wrong with a witness, or with this ledger in its eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable word: [`Trouble::code`].
    pub code: &'static str,
    /// In a sentence, to be read behind the witness's name.
    pub text: String,
    /// Whether somebody has to look now.
    pub alarm: bool,
    /// Unix seconds of the first of these answers in a row.
    pub since: u64,
}

impl Standing {
    pub(super) fn new(client: &WitnessClient, known: Option<Cosigned>) -> Self {
        Self {
            name: client.name().to_owned(),
            vkey: client.key().to_string(),
            size: known.as_ref().map(|known| known.size.0),
            time: known.map_or(0, |known| known.time),
            problem: None,
            counts: (0, 0),
        }
    }

    pub(super) fn cosigned(&mut self, size: u64, cosignature: &Cosignature) {
        if let Some(problem) = self.problem.take() {
            tracing::info!(witness = self.name, code = problem.code, "the witness cosigns again");
        }
        self.size = Some(size);
        self.time = cosignature.time;
        self.counts.0 += 1;
    }

    pub(super) fn failed(&mut self, trouble: &Trouble, now: u64) {
        self.counts.1 += 1;
        let (code, alarm, text) = (trouble.code(), trouble.is_alarm(), trouble.text());
        let (witness, size) = (self.name.as_str(), self.size.unwrap_or(0));
        if alarm {
            tracing::error!(witness, code, last = size, "ALARM: the witness {witness} {text}");
        } else {
            tracing::warn!(witness, code, last = size, "the witness {witness} {text}");
        }
        let since = self.problem.as_ref().filter(|problem| problem.code == code).map_or(now, |problem| problem.since);
        self.problem = Some(Problem { code, text, alarm, since });
    }
}

/// What a metric shows of a witness.
type Value = fn(&Standing) -> u64;

/// All of it in the text format of Prometheus.
pub(super) fn metrics(standings: &[Standing], witnessed: Option<u64>, signed: u64) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut line = |line: std::fmt::Arguments<'_>| {
        let _ = writeln!(text, "{line}");
    };
    line(format_args!("# TYPE xuefen_signed_tree_size gauge\nxuefen_signed_tree_size {signed}"));
    line(format_args!(
        "# TYPE xuefen_witnessed_tree_size gauge\nxuefen_witnessed_tree_size {}",
        witnessed.unwrap_or(0)
    ));
    let families: [(&str, &str, Value); 5] = [
        ("tree_size", "gauge", |it| it.size.unwrap_or(0)),
        ("cosigned_time_seconds", "gauge", |it| it.time),
        ("cosignatures_total", "counter", |it| it.counts.0),
        ("troubles_total", "counter", |it| it.counts.1),
        ("alarm", "gauge", |it| u64::from(it.problem.as_ref().is_some_and(|problem| problem.alarm))),
    ];
    for (family, kind, value) in families {
        line(format_args!("# TYPE xuefen_witness_{family} {kind}"));
        for standing in standings {
            line(format_args!("xuefen_witness_{family}{{witness=\"{}\"}} {}", standing.name, value(standing)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_show_lag_and_alarm() {
        let mut standing = Standing {
            name: "w1".to_owned(),
            vkey: String::new(),
            size: Some(7),
            time: 9,
            problem: None,
            counts: (1, 0),
        };
        standing.failed(&Trouble::Busy { status: 503 }, 20);
        assert!(metrics(&[standing.clone()], None, 8).contains("xuefen_witness_alarm{witness=\"w1\"} 0\n"));
        standing.failed(&Trouble::UnknownLog, 30);
        standing.failed(&Trouble::UnknownLog, 40);
        assert_eq!(standing.problem.as_ref().map(|problem| (problem.code, problem.since)), Some(("UNKNOWN_LOG", 30)));
        let text = metrics(&[standing], Some(6), 8);
        for line in [
            "xuefen_signed_tree_size 8",
            "xuefen_witnessed_tree_size 6",
            "xuefen_witness_tree_size{witness=\"w1\"} 7",
            "xuefen_witness_cosigned_time_seconds{witness=\"w1\"} 9",
            "xuefen_witness_troubles_total{witness=\"w1\"} 3",
            "xuefen_witness_alarm{witness=\"w1\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
