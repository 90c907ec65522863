//! `xuefen log checkpoint`: what the server says of its witnesses, and waiting for their quorum.
//!
//! Only for people to look at: whether a checkpoint has its quorum is checked against policy.txt.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::proto::{WatchCheckpointsRequest, Witnessing};
use crate::cli::client::{Client, ClientError};
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::time_text;

/// The note of the first checkpoint as asked; nothing if none came in that time.
pub async fn wait(
    client: &Client,
    asked: WatchCheckpointsRequest,
    longest: Duration,
) -> anyhow::Result<Option<String>> {
    let first = async {
        let mut checkpoints = client.log().watch_checkpoints(asked).await?.into_inner();
        checkpoints.message().await
    };
    match tokio::time::timeout(longest, first).await {
        Ok(answer) => Ok(answer.map_err(ClientError::from)?.map(|checkpoint| checkpoint.note)),
        Err(_) => Ok(None),
    }
}

/// The same as in the answer, for programs.
pub fn json(witnessing: &Witnessing) -> Value {
    let witnesses = witnessing.witnesses.iter().map(|it| {
        json!({ "name": it.name, "vkey": it.vkey, "tree_size": it.tree_size, "cosigned_at": it.cosigned_at,
                "lag": it.lag, "problem": it.problem, "alarm": it.alarm, "problem_since": it.problem_since })
    });
    json!({ "has_quorum": witnessing.has_quorum, "witnessed_size": witnessing.witnessed_size,
            "witnessed_note": witnessing.witnessed_note, "witnesses": witnesses.collect::<Vec<_>>() })
}

/// A line for each witness.
pub fn print(witnessing: &Witnessing, output: &mut Output<'_>) -> anyhow::Result<()> {
    let rows = witnessing.witnesses.iter().map(|it| {
        let at = if it.cosigned_at == 0 { String::new() } else { time_text::local(it.cosigned_at) };
        let problem = if it.alarm { format!("{} !", it.problem) } else { it.problem.clone() };
        vec![it.name.clone(), it.tree_size.to_string(), at, it.lag.to_string(), problem]
    });
    let rows: Vec<_> = rows.collect();
    output.table(&[m::WITNESS, m::COSIGNED_SIZE, m::AT, m::LAG, m::PROBLEM], rows)?;
    if witnessing.has_quorum {
        output.line(&m::WITNESSED_SIZE.fill(output.lang(), &[("size", &witnessing.witnessed_size)]))?;
    }
    Ok(())
}
