//! The audit of a log from outside: everything that its public bytes say, judged again; what only payloads say is counted.
//! Needs no key of the operator and nothing of its server but the tiles.

use std::collections::BTreeSet;

use anyhow::Context as _;
use indicatif::ProgressBar;
use serde_json::json;
use xuefen_core::Hash;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::bytes::Bytes;
use xuefen_core::policy::Policy;
use xuefen_ledger::audit::{Auditor, Counts, Finding, NoPayloads};

use super::report::SHOWN;
use super::{Audit, genesis_keys};
use crate::cli::exit::Exit;
use crate::cli::log_trust::{backing, backing_json, not_followed};
use crate::cli::output::Output;
use crate::cli::outside_messages as m;
use crate::cli::progress;
use crate::cli::report::read_secret;
use crate::cli::report::sample::show;
use crate::cli::report::sampler::{Sample, Sampler};
use crate::mirror::{LogAt, MirrorError, Noted, Source};
use crate::words::Lang;

/// Bundles read ahead while their entries are judged.
const AHEAD: u64 = 32;

/// What was found.
struct Report {
    noted: Noted,
    root: Hash,
    counts: Counts,
    findings: u64,
    /// The first of them.
    shown: Vec<Finding>,
    /// What an inspection drew, and which entries are not good.
    sample: Option<(Sampler, BTreeSet<u64>)>,
}

/// Runs the command for the log at `name`.
pub(super) fn run(args: &Audit, name: &str, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let policy = args.trust.policy()?;
    let text = std::fs::read_to_string(&args.authority)
        .with_context(|| format!("cannot read {}; name the log's with --authority", args.authority.display()))?;
    let authority = AuthorityFile::parse(&text).with_context(|| args.authority.display().to_string())?;
    let source = args.trust.open(name)?;
    let bar = progress::bar(0, "entries", output.is_json());
    let sampler = args.sample.map(|index| (Sampler::new(index), BTreeSet::new()));
    let report = audit(&*source, &policy, &authority, &bar, sampler);
    bar.finish_and_clear();
    match report {
        Ok(report) => {
            let sample = drawn(args, &report)?;
            print(&report, sample.as_ref(), output)?;
            let kept_to = sample.is_none_or(|(sample, _)| sample.strays().is_empty());
            Ok(if report.findings == 0 && kept_to { Exit::Pass } else { Exit::Fail })
        }
        Err(error) => not_followed(error, output),
    }
}

fn audit(
    source: &dyn Source,
    policy: &Policy,
    authority: &AuthorityFile,
    bar: &ProgressBar,
    mut sample: Option<(Sampler, BTreeSet<u64>)>,
) -> Result<Report, MirrorError> {
    let noted = Noted::newest(source, policy)?;
    let log = LogAt::open(source, None, noted.clone())?;
    bar.set_length(log.size());
    let mut auditor = Auditor::new(noted.checkpoint.origin.clone(), genesis_keys(authority), NoPayloads);
    let (mut findings, mut shown) = (0, Vec::new());
    let mut next = 0;
    while next < log.bundles() {
        let end = (next + AHEAD).min(log.bundles());
        for bundle in log.bundles_in(next..end)? {
            for (index, entry) in (bundle.first()..).zip(bundle.entries()) {
                let entry = Bytes::copy_from_slice(entry);
                if let Some((sampler, _)) = &mut sample {
                    sampler.push(&entry);
                }
                if let Err(finding) = auditor.push_public(index, entry) {
                    findings += 1;
                    if let Some((_, wrong)) = &mut sample {
                        wrong.insert(index);
                    }
                    if shown.len() < SHOWN {
                        shown.push(finding);
                    }
                }
            }
            bar.inc(bundle.tile.width().into());
        }
        next = end;
    }
    // The bundles were proven against the checkpoint one by one; this is the same by the audit's own tree.
    if auditor.root() != noted.checkpoint.root {
        let why = "its entries do not have the signed root";
        return Err(MirrorError::Wrong { name: source.name(), path: "checkpoint".to_owned(), why });
    }
    Ok(Report { noted, root: auditor.root(), counts: auditor.counts(), findings, shown, sample })
}

/// The sample of the inspection that was asked for, with the entries that are not good.
fn drawn<'a>(args: &Audit, report: &'a Report) -> anyhow::Result<Option<(Sample, &'a BTreeSet<u64>)>> {
    let Some((sampler, wrong)) = &report.sample else { return Ok(None) };
    let secret = args.secret.as_deref().map(read_secret).transpose()?;
    let sample = sampler.draw(secret.as_ref().map(|secret| &secret[..]), args.sample_size)?;
    Ok(Some((sample, wrong)))
}

fn rule(finding: &Finding, lang: Lang) -> &'static str {
    let text = finding.fault.text();
    if lang == Lang::Zh { text.zh } else { text.en }
}

fn print(report: &Report, sample: Option<&(Sample, &BTreeSet<u64>)>, output: &mut Output<'_>) -> anyhow::Result<()> {
    let (lang, checkpoint, counts) = (output.lang(), &report.noted.checkpoint, &report.counts);
    if output.is_json() {
        let item = |it: &Finding| json!({ "index": it.index, "code": it.fault.code(), "rule": rule(it, lang), "detail": it.detail });
        let sample =
            sample.map(|(sample, wrong)| sample.as_json(|drawn| vec![("holds", json!(!wrong.contains(&drawn.index)))]));
        return output.json(&json!({
            "sample": sample,
            "origin": checkpoint.origin.to_string(), "entries": checkpoint.size.0, "root": report.root.to_string(),
            "attestations": counts.attestations, "signatures": counts.signatures, "withheld": counts.erased,
            "cosigned": backing_json(&report.noted), "holds": report.findings == 0, "findings": report.findings,
            "items": report.shown.iter().map(item).collect::<Vec<_>>(),
        }));
    }
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("size", &checkpoint.size), ("origin", &checkpoint.origin), ("findings", &report.findings)];
    output.line(&m::AUDITED.fill(lang, &values))?;
    output.line(&m::ROOT.fill(lang, &[("root", &report.root)]))?;
    output.line(&backing(&report.noted, output))?;
    let values: [(&str, &dyn std::fmt::Display); 2] =
        [("attestations", &counts.attestations), ("signatures", &counts.signatures)];
    output.line(&m::SIGNATURES.fill(lang, &values))?;
    if counts.erased > 0 {
        output.line(&m::WITHHELD.fill(lang, &[("withheld", &counts.erased)]))?;
    }
    for it in &report.shown {
        let values: [(&str, &dyn std::fmt::Display); 4] =
            [("index", &it.index), ("code", &it.fault.code()), ("rule", &rule(it, lang)), ("detail", &it.detail)];
        output.line(&m::FINDING.fill(lang, &values))?;
    }
    if let Some((sample, wrong)) = sample {
        let good = crate::cli::report::holds(lang);
        show(sample, output, |index| if wrong.contains(&index) { String::new() } else { good.to_owned() })?;
    }
    Ok(())
}
