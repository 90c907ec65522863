//! `xuefen monitor`: watch a log from outside and wake somebody. What is found, and how, is [`crate::monitor`]'s; here is
//! whom it wakes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::exit::Exit;
use super::log_trust::LogTrust;
use super::output::Output;
use super::outside_messages as m;
use super::speak::now;
use crate::http_client::HttpClient;
use crate::mirror::Store;
use crate::monitor::{Alert, Code, Known, Monitor as Watcher, Seen, Watch};

/// Time that a webhook has, and most bytes taken of its answer.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
const WEBHOOK_ANSWER: usize = 64 << 10;

/// Arguments of `monitor`.
#[derive(Debug, Args)]
pub struct Monitor {
    /// The log, by URL prefix or directory; then other views of it that must agree: mirrors, or the same URL by another way.
    #[arg(value_name = "URL|DIR", required = true)]
    sources: Vec<String>,
    /// Directory for what the monitor remembers; made if it is not there.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    trust: LogTrust,
    /// Alert if nothing new was signed for so many seconds.
    #[arg(long, value_name = "SECONDS")]
    stale_after: Option<u64>,
    /// Alert on entries in the name of this institution, and about its keys and accreditation.
    #[arg(long, value_name = "ID")]
    issuer: Option<String>,
    /// What the institution itself has signed: a key's .issued file, receipts, or a list of leaf hashes. Repeat for several.
    #[arg(long, value_name = "FILE", requires = "issuer")]
    known: Vec<PathBuf>,
    /// Run this command (by sh) for each new alert, with the alert as JSON on its standard input.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// POST each new alert to this address, as JSON.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Keep figures in this file, in the text format of Prometheus.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Look every so many seconds, until stopped; without it, once.
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
}

/// Runs the command.
pub fn run(args: &Monitor, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let sources = args.sources.iter().map(|name| args.trust.open(name)).collect::<Result<_, _>>()?;
    let watch =
        Watch { sources, policy: args.trust.policy()?, stale_after: args.stale_after, issuer: args.issuer.clone() };
    let mut watcher = Watcher::new(watch, Store::open(&args.dir)?)?;
    let webhook = args.webhook.as_deref().map(|url| Webhook::new(url, args.trust.ca.as_deref())).transpose()?;
    loop {
        let time = u64::try_from(now()?).context("the clock is before 1970")?;
        // Read each time: what is signed meanwhile is known from then on.
        let known = known(&args.known)?;
        let seen = watcher.look(&known, time)?;
        for alert in &seen.new {
            print(alert, output)?;
        }
        // Each is tried, whatever became of the one before.
        let posted = |alert: &Alert| webhook.as_ref().map_or(Ok(()), |webhook| webhook.post(&value(alert)));
        let delivered = seen.new.iter().flat_map(|alert| [deliver(args.exec.as_deref(), alert), posted(alert)]);
        let failures: Vec<_> = delivered.filter_map(Result::err).collect();
        if failures.is_empty() {
            watcher.remember()?;
        } else {
            // All that is new is told again at the next look: twice is better than never.
            watcher.forget()?;
        }
        for error in failures {
            output.remark(&format!("xuefen: an alert was not delivered: {error:#}"));
        }
        if let Some(path) = &args.metrics {
            write_metrics(path, &seen, time)?;
        }
        let Some(seconds) = args.every else {
            summary(&seen, output)?;
            return Ok(exit(&seen));
        };
        std::thread::sleep(Duration::from_secs(seconds.max(1)));
    }
}

fn known(files: &[PathBuf]) -> anyhow::Result<Known> {
    let mut known = Known::default();
    for path in files {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        known.add(&text).with_context(|| path.display().to_string())?;
    }
    Ok(known)
}

/// What could not be read is neither good nor bad.
fn exit(seen: &Seen) -> Exit {
    match () {
        () if seen.standing.is_empty() => Exit::Pass,
        () if seen.standing.iter().all(|alert| alert.code == Code::SourceUnreadable) => Exit::CouldNotCheck,
        () => Exit::Fail,
    }
}

fn value(alert: &Alert) -> Value {
    json!({ "code": alert.code.as_str(), "source": alert.source, "detail": alert.detail, "index": alert.index,
            "leaf_hash": alert.leaf_hash })
}

/// One line an alert, in both forms: it may be hours until the next.
fn print(alert: &Alert, output: &mut Output<'_>) -> anyhow::Result<()> {
    if output.is_json() {
        return output.line(&value(alert).to_string());
    }
    let place = alert.index.map_or_else(|| alert.source.clone(), |index| format!("{} {index}", alert.source));
    let values: [(&str, &dyn std::fmt::Display); 4] = [
        ("code", &alert.code.as_str()),
        ("place", &place),
        ("meaning", &output.text(meaning(alert.code))),
        ("detail", &alert.detail),
    ];
    output.line(&m::ALERT.fill(output.lang(), &values))
}

const fn meaning(code: Code) -> m::Text {
    match code {
        Code::LogContradictsItself => m::MEANS_CONTRADICTION,
        Code::LogShrank => m::MEANS_SHRANK,
        Code::ResourceWrong => m::MEANS_WRONG,
        Code::CheckpointNotAccepted => m::MEANS_NOT_ACCEPTED,
        Code::Unwitnessed => m::MEANS_UNWITNESSED,
        Code::Stale => m::MEANS_STALE,
        Code::SourceUnreadable => m::MEANS_UNREADABLE,
        Code::UnknownStatement => m::MEANS_UNKNOWN_STATEMENT,
        Code::AboutIssuer => m::MEANS_ABOUT_ISSUER,
    }
}

fn summary(seen: &Seen, output: &mut Output<'_>) -> anyhow::Result<()> {
    let size = seen.held.as_ref().map(|held| held.checkpoint.size.0);
    if output.is_json() {
        let held = seen.held.as_ref().map(|held| held.note.as_str());
        let codes: Vec<&str> = seen.standing.iter().map(|alert| alert.code.as_str()).collect();
        return output.line(&json!({ "tree_size": size, "checkpoint": held, "standing": codes }).to_string());
    }
    let values: [(&str, &dyn std::fmt::Display); 2] = [("size", &size.unwrap_or(0)), ("count", &seen.standing.len())];
    output.line(&m::LOOKED.fill(output.lang(), &values))
}

/// An address that alerts are posted to.
struct Webhook {
    url: String,
    http: HttpClient,
}

impl Webhook {
    fn new(url: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self { url: url.to_owned(), http: HttpClient::new(ca, WEBHOOK_TIMEOUT)? })
    }

    fn post(&self, alert: &Value) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let answer = runtime.block_on(self.http.post_json(&self.url, alert.to_string(), WEBHOOK_ANSWER))?;
        ensure!((200..300).contains(&answer.status), "{} answered with status {}", self.url, answer.status);
        Ok(())
    }
}

fn deliver(command: Option<&str>, alert: &Alert) -> anyhow::Result<()> {
    let Some(command) = command else { return Ok(()) };
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("XUEFEN_ALERT", alert.code.as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {command:?}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read has what it needs from its environment.
        let _ = writeln!(input, "{}", value(alert));
    }
    let status = child.wait().with_context(|| format!("cannot wait for {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Figures for whoever draws curves. Written aside and renamed: a reader sees a whole file.
fn write_metrics(path: &Path, seen: &Seen, time: u64) -> anyhow::Result<()> {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, lines: Vec<(String, u64)>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP xuefen_monitor_{name} {help}\n# TYPE xuefen_monitor_{name} gauge");
        for (labels, value) in lines {
            let _ = writeln!(text, "xuefen_monitor_{name}{labels} {value}");
        }
    };
    let size = seen.held.as_ref().map_or(0, |held| held.checkpoint.size.0);
    gauge("tree_size", "Entries of the largest checkpoint seen.", vec![(String::new(), size)]);
    gauge("looked_seconds", "When the log was last looked at, Unix seconds.", vec![(String::new(), time)]);
    let changed = vec![(String::new(), seen.changed_at)];
    gauge("changed_seconds", "When its checkpoint last changed, Unix seconds.", changed);
    let standing = |code: &Code| seen.standing.iter().filter(|alert| alert.code == *code).count() as u64;
    let alerts = Code::ALL.iter().map(|code| (format!("{{code=\"{}\"}}", code.as_str()), standing(code))).collect();
    gauge("alerts", "Alerts that stand, by code.", alerts);
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, text).with_context(|| format!("cannot write {}", path.display()))?;
    std::fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(codes: &[Code]) -> Seen {
        let standing = codes.iter().map(|code| Alert::of(*code, "log", "")).collect();
        Seen { new: Vec::new(), standing, held: None, changed_at: 7 }
    }

    #[test]
    fn what_cannot_be_read_is_not_called_wrong() {
        let exits =
            [&[][..], &[Code::SourceUnreadable], &[Code::SourceUnreadable, Code::Stale]].map(|it| exit(&seen(it)));
        assert_eq!(exits, [Exit::Pass, Exit::CouldNotCheck, Exit::Fail]);
    }

    #[test]
    fn an_alert_reaches_its_command() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("alert");
        let alert = Alert::of(Code::Stale, "log", "since '\"$(x)");
        deliver(Some(&format!("(echo $XUEFEN_ALERT; cat) > {}", file.display())), &alert).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let (code, json) = text.split_once('\n').unwrap();
        assert_eq!(code, "STALE");
        assert_eq!(serde_json::from_str::<Value>(json).unwrap()["detail"], "since '\"$(x)");
        assert!(deliver(Some("exit 3"), &alert).unwrap_err().to_string().contains("exit 3"));
        deliver(None, &alert).unwrap();
    }

    #[test]
    fn an_alert_reaches_its_address() {
        use std::io::Read as _;
        let posted = |status: &'static str| {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/hook", listener.local_addr().unwrap());
            let peer = std::thread::spawn(move || {
                let (mut socket, _) = listener.accept().unwrap();
                let mut heard = Vec::new();
                let mut bytes = [0; 4_096];
                while !heard.ends_with(b"}") {
                    let read = socket.read(&mut bytes).unwrap();
                    heard.extend_from_slice(&bytes[..read]);
                }
                write!(socket, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
                String::from_utf8(heard).unwrap()
            });
            let done = Webhook::new(&url, None).unwrap().post(&value(&Alert::of(Code::Stale, "log", "x")));
            (done, peer.join().unwrap())
        };
        let (done, heard) = posted("204 No Content");
        done.unwrap();
        assert!(heard.starts_with("POST /hook ") && heard.contains("content-type: application/json"), "{heard}");
        let (_, json) = heard.split_once("\r\n\r\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(json).unwrap()["code"], "STALE");
        assert!(posted("500 Broken").0.unwrap_err().to_string().contains("status 500"));
    }

    #[test]
    fn figures_name_every_code() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("xuefen.prom");
        write_metrics(&path, &seen(&[Code::Stale, Code::Stale]), 9).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("xuefen_monitor_alerts{code=\"STALE\"} 2\n"), "{text}");
        assert!(text.contains("xuefen_monitor_changed_seconds 7\n"), "{text}");
        assert_eq!(text.matches("xuefen_monitor_alerts{").count(), Code::ALL.len());
    }
}
