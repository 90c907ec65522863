//! Rows of policies, programmes and runs for `registry import`. Only how a cell is written is judged here.

use anyhow::{Context as _, bail, ensure};
use xuefen_core::proto::{
    Calendar, CosignRule, CosignTime, Deadlines, DeclareHeadcount, IssueRight, MassPassRule, Policy, Programme,
    ProgrammePart, Run, Scale, Severity, Threshold,
};
use xuefen_ledger::day::Day;

use super::enums;
use super::import::outcome_kind;
use super::rows::Row;
use crate::cli::hex::from_hex;
use crate::cli::sign::Date;

/// Columns of policies: docs/spec/policy.md has the numbers.
pub const POLICY: &[&str] = &[
    "code",
    "version",
    "effective_from",
    "region",
    "issue_rights",
    "cosign_rules",
    "scales",
    "thresholds",
    "holidays",
    "make_up_days",
    "appeal_body",
    "statement_age_seconds",
    "achieved_age_days",
    "suspension_days",
    "rotation_seconds",
    "compromise_days",
    "full_ladder_level",
    "notice_working_days",
    "cosign_days",
    "step_level",
    "assessor_level",
    "minor_age_years",
    "mass_pass.learners",
    "mass_pass.share_basis_points",
    "mass_pass.window_days",
    "max_yield_millis",
    "deadlines.accept_days",
    "deadlines.decide_days",
    "deadlines.appeal_days",
    "deadlines.decide_appeal_days",
    "deadlines.review_days",
    "deadlines.cooling_off_days",
];

/// Columns of programmes.
pub const PROGRAMME: &[&str] = &[
    "code",
    "version",
    "name",
    "major",
    "majors",
    "required",
    "elective",
    "credits",
    "practice_basis_points",
    "effective_from",
    "opinions_hash",
];

/// Columns of runs.
pub const RUN: &[&str] = &["code", "offer_index", "start", "end", "minutes", "practice_minutes", "venue", "place"];

/// Columns of headcounts.
pub const HEADCOUNT: &[&str] = &["institution", "day", "learners", "staff"];

/// A day as people and spreadsheets write it.
fn day(text: &str) -> anyhow::Result<u32> {
    let day = Date::parse(text).and_then(|date| Day::parse(date.to_string().as_bytes()));
    let day = day.and_then(|day| u32::try_from(day.0).ok());
    day.with_context(|| format!("{text:?} is no day written 2026-09-01"))
}

/// A time: Unix seconds, or the beginning of a day in UTC+8.
fn time(row: &Row, column: &str) -> anyhow::Result<i64> {
    let Some(cell) = row.get(column).filter(|cell| cell.contains(['-', '/', '年'])) else {
        return row.number(column, 0);
    };
    let day = day(cell).with_context(|| column.to_owned())?;
    Ok(Day(i32::try_from(day).unwrap_or(i32::MAX) - 1).end())
}

/// The parts of each member of a list, which are separated by colons.
fn members<T>(row: &Row, column: &str, one: impl Fn(&[&str]) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    let list = row.list(column);
    let parse = |member: &String| {
        let parts: Vec<&str> = member.split(':').map(str::trim).collect();
        one(&parts).with_context(|| format!("{column}: {member:?}"))
    };
    list.iter().map(parse).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> anyhow::Result<T> {
    text.parse().ok().with_context(|| format!("{text:?} is no whole number of the right size"))
}

/// A policy of one row.
pub fn policy(row: &Row) -> anyhow::Result<Policy> {
    let small = |column: &str| row.number::<u32>(column, 0);
    let days = |column: &str| {
        let mut days = row.list(column).iter().map(|text| day(text)).collect::<anyhow::Result<Vec<_>>>()?;
        days.sort_unstable();
        anyhow::Ok(days)
    };
    let (holidays, make_up_days) = (days("holidays")?, days("make_up_days")?);
    let mass_pass = MassPassRule {
        learners: small("mass_pass.learners")?,
        share_basis_points: small("mass_pass.share_basis_points")?,
        window_days: small("mass_pass.window_days")?,
    };
    let deadlines = Deadlines {
        accept_days: small("deadlines.accept_days")?,
        decide_days: small("deadlines.decide_days")?,
        appeal_days: small("deadlines.appeal_days")?,
        decide_appeal_days: small("deadlines.decide_appeal_days")?,
        review_days: small("deadlines.review_days")?,
        cooling_off_days: small("deadlines.cooling_off_days")?,
    };
    let any = !holidays.is_empty() || !make_up_days.is_empty();
    Ok(Policy {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        effective_from: time(row, "effective_from")?,
        region: row.get("region").unwrap_or_default().to_owned(),
        issue_rights: members(row, "issue_rights", right)?,
        cosign_rules: members(row, "cosign_rules", cosigner)?,
        scales: members(row, "scales", scale)?,
        thresholds: members(row, "thresholds", threshold)?,
        calendar: any.then_some(Calendar { holidays, make_up_days }),
        mass_pass: (mass_pass != MassPassRule::default()).then_some(mass_pass),
        deadlines: (deadlines != Deadlines::default()).then_some(deadlines),
        appeal_body: row.get("appeal_body").unwrap_or_default().to_owned(),
        statement_age_seconds: row.number("statement_age_seconds", 0)?,
        achieved_age_days: small("achieved_age_days")?,
        suspension_days: small("suspension_days")?,
        rotation_seconds: small("rotation_seconds")?,
        compromise_days: small("compromise_days")?,
        full_ladder_level: small("full_ladder_level")?,
        notice_working_days: small("notice_working_days")?,
        cosign_days: small("cosign_days")?,
        step_level: small("step_level")?,
        assessor_level: small("assessor_level")?,
        minor_age_years: small("minor_age_years")?,
        max_yield_millis: row.number("max_yield_millis", 0)?,
        ..Policy::default()
    })
}

fn right(parts: &[&str]) -> anyhow::Result<IssueRight> {
    let (kind, kinds, levels) = match parts {
        [kind] => (kind, "", ""),
        [kind, kinds] => (kind, *kinds, ""),
        [kind, kinds, levels] => (kind, *kinds, *levels),
        _ => bail!("write outcome_kind:institution_kind/institution_kind:lowest-highest"),
    };
    let kinds = kinds.split('/').filter(|kind| !kind.is_empty());
    let (lowest, highest) = levels.split_once('-').unwrap_or((levels, levels));
    let level = |text: &str| if text.is_empty() { Ok(0) } else { number(text) };
    Ok(IssueRight {
        outcome_kind: outcome_kind(kind)?.into(),
        institution_kinds: kinds
            .map(|kind| enums::parse::<xuefen_core::proto::InstitutionKind>(kind).map(i32::from))
            .collect::<anyhow::Result<_>>()?,
        lowest_level: level(lowest)?,
        highest_level: level(highest)?,
    })
}

fn cosigner(parts: &[&str]) -> anyhow::Result<CosignRule> {
    let [kind, by, when] = parts else { bail!("write outcome_kind:institution_kind:at_entry or :days") };
    let (time, lapse_days) =
        if *when == "at_entry" { (CosignTime::AtEntry, 0) } else { (CosignTime::MayFollow, number(when)?) };
    Ok(CosignRule {
        outcome_kind: outcome_kind(kind)?.into(),
        time: time.into(),
        cosigner_kind: enums::parse::<xuefen_core::proto::InstitutionKind>(by)?.into(),
        lapse_days,
    })
}

fn scale(parts: &[&str]) -> anyhow::Result<Scale> {
    let [code, first, second] = parts else { bail!("write code:pass:top in thousandths, or code:word/word:passing") };
    let code = (*code).to_owned();
    if first.contains('/') {
        let words = first.split('/').map(|word| word.trim().to_owned()).collect();
        return Ok(Scale { code, words, passing_words: number(second)?, ..Scale::default() });
    }
    Ok(Scale { code, pass_mark_millis: number(first)?, top_mark_millis: number(second)?, ..Scale::default() })
}

fn threshold(parts: &[&str]) -> anyhow::Result<Threshold> {
    let (code, bound, severity, reason) = match parts {
        [code, bound, severity] => (code, bound, severity, ""),
        [code, bound, severity, reason] => (code, bound, severity, *reason),
        _ => bail!("write code:bound:hard, soft or advisory, and maybe :reason"),
    };
    ensure!(xuefen_ledger::Threshold::by_code(code).is_some(), "{code:?} is no threshold (docs/spec/flags.md)");
    Ok(Threshold {
        code: (*code).to_owned(),
        bound: number(bound)?,
        severity: enums::parse::<Severity>(severity)?.into(),
        reason: reason.to_owned(),
    })
}

/// A programme of one row.
pub fn programme(row: &Row) -> anyhow::Result<Programme> {
    let part = |column: &'static str, required: bool| {
        let part = move |index: &String| {
            let offer_index = number(index).with_context(|| column.to_owned())?;
            anyhow::Ok(ProgrammePart { offer_index, required })
        };
        row.list(column).iter().map(part).collect::<anyhow::Result<Vec<_>>>()
    };
    let opinions = row.get("opinions_hash").unwrap_or_default();
    let hash = |hex: &str| from_hex(hex).context("opinions_hash is no SHA-256 of 64 hexadecimal digits");
    let opinions_hash = if opinions.is_empty() { Vec::new() } else { hash(opinions)?.to_vec() };
    let mut parts = part("required", true)?;
    parts.extend(part("elective", false)?);
    let major = row.get("major").or_else(|| row.get("majors")).unwrap_or_default();
    Ok(Programme {
        code: row.text("code")?.to_owned(),
        version: row.number("version", 1)?,
        names: row.names()?,
        major: major.to_owned(),
        parts,
        total_credit_millis: row.thousandths("credits")?.unwrap_or_default().into(),
        practice_basis_points: row.number("practice_basis_points", 0)?,
        effective_from: time(row, "effective_from")?,
        opinions_hash,
        ..Programme::default()
    })
}

/// A run of one row.
pub fn run(row: &Row) -> anyhow::Result<Run> {
    row.text("minutes")?;
    Ok(Run {
        code: row.text("code")?.to_owned(),
        offer_index: number(row.text("offer_index")?).context("offer_index")?,
        start_day: day(row.text("start")?).context("start")?,
        end_day: day(row.text("end")?).context("end")?,
        minutes: row.number("minutes", 0)?,
        practice_minutes: row.number("practice_minutes", 0)?,
        venue: row.get("venue").unwrap_or_default().to_owned(),
        place: row.get("place").unwrap_or_default().to_owned(),
    })
}

/// A headcount.
pub fn headcount(row: &Row) -> anyhow::Result<DeclareHeadcount> {
    row.text("learners")?;
    Ok(DeclareHeadcount {
        institution: row.text("institution")?.to_owned(),
        day: day(row.text("day")?)?,
        learners: row.number("learners", 0)?,
        staff: row.number("staff", 0)?,
    })
}
