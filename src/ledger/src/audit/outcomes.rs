//! Learning outcomes (rules.md 2: what this issuer may record, once only, recording, dates, grades, levels, attempts).

use super::PayloadOf;
use super::accounts::named;
use super::book::{Account, Book, Institution, Outcome, Teaching, What};
use super::cosign;
use super::evidence;
use super::judge::{Case, Change, Judge};
use super::lifecycle::target;
use super::offers::credits;
use super::policies;
use super::programmes;
use super::records;
use super::remarks::{self, Graded, Remark};
use super::study;
use super::text::{Verdict, day, day_of, graded, indices};
use super::ways;
use crate::posting::Secrets;
use crate::rejection::Rejection;
use xuefen_core::commitment::Nonce;
use xuefen_core::kinds::outcomes;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::proto::{CertificateFamily, OutcomeKind, RecordOutcome};

pub(super) fn record(
    case: &Case<'_>,
    body: &RecordOutcome,
    book: &Book,
    secrets: &dyn Secrets,
    judge: &mut Judge,
) -> Option<Change> {
    let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
    let Some(form) = outcomes::of(kind) else {
        judge.unless(false, Rejection::KindNotEnabled, || kind.as_str_name().to_owned());
        return None;
    };
    judge.unless(case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    let rights = book.institutions.get(case.issuer);
    if let Some(rights) = rights {
        let allowed = rights.rights.outcome_kinds.contains(&body.outcome_kind);
        judge.unless(allowed, Rejection::OutcomeKindNotAllowed, || kind.as_str_name().to_owned());
        judge.unless(!body.imported || rights.rights.may_import, Rejection::ImportNotAllowed, String::new);
    }
    superseded_entry(case, body, book, judge);
    let waits = cosign::check(case, body, book, judge);
    if matches!(case.payload, PayloadOf::Erased) {
        let (index, corrects) = (case.index, body.supersedes.as_ref().map(|target| target.index));
        return Some(Box::new(move |book| {
            correct(book, corrects, index);
            wait(book, index, waits);
        }));
    }
    let account = account(case, book, secrets, judge);
    if let Some(rights) = rights {
        name(case, rights, judge);
        study::check(case, body, rights, book, judge);
    }
    dates(case, body, book, judge);
    if let Some(rights) = rights {
        let level = case.number(tags::LEVEL).unwrap_or(0);
        let lets = book.policy_for(case.issuer, case.logged_at).lets(kind, rights.rights.kind, level);
        judge.unless(lets, Rejection::IssueRightMissing, || format!("level {level}"));
    }
    let fitted = if form.has(tags::OFFER) {
        taught(case, kind, book, judge)
    } else if form.is_certificate() {
        certified(case, kind, rights, book, judge)
    } else {
        grade(case, "", book, judge);
        Fitted::default()
    };
    programmes::in_run(case, book, judge);
    let own: Vec<Remark> = [
        remarks::training(case, kind, book, judge),
        remarks::assessor(case),
        ways::check(case, body, kind, book, judge),
    ]
    .into_iter()
    .flatten()
    .collect();
    cited(case, account, book, secrets, judge);
    nullifier_key(case, body, judge);
    if kind == OutcomeKind::HomeSchoolTransfer {
        cosign::transfer(case, body, judge);
    }
    evidence::assessor(case, account?, book, judge);
    evidence::parts(case, book, judge);
    let marks = records::marks(case, kind, secrets);
    records::check(case, body, kind, (&marks, account?), book, judge);
    let outcome = Outcome {
        issuer: case.issuer.to_owned(),
        kind,
        account: account?,
        // Without the issuer, so that it can be asked for of predecessors too.
        source: secrets.source_hmac("", u32::try_from(body.outcome_kind).ok()?, case.text(tags::SOURCE_ID)),
        offer: fitted.offer,
        run: case.text(tags::RUN).to_owned(),
        attempt: fitted.attempt,
        says: evidence::says(case, book),
        converts: super::conversion::said(case),
        holds: marks.holds,
        nullifier_key: case.bytes(tags::NULLIFIER_KEY)?,
    };
    once_only(case, body, &outcome, book, judge);
    let (index, corrects) = (case.index, body.supersedes.as_ref().map(|target| target.index));
    let graded = graded_in_run(case, &outcome, fitted.passed, corrects.is_some(), book);
    Some(Box::new(move |book| {
        correct(book, corrects, index);
        wait(book, index, waits);
        let run = (outcome.offer, outcome.run.clone());
        let counted = graded.and_then(|graded| remarks::in_run(book, run, graded));
        if !own.is_empty() || counted.is_some() {
            book.remarks.insert(index, (own, counted.into_iter().collect()));
        }
        book.sources.insert((outcome.issuer.clone(), outcome.source), index);
        if outcome.attempt > 0 {
            let line = (outcome.account, outcome.offer, outcome.run.clone(), outcome.attempt);
            book.attempts.insert(line, index);
        }
        if let Some(once) = marks.holds {
            book.held.insert((outcome.account, once), index);
        }
        if let Some((team, result)) = marks.team {
            book.teams.insert((outcome.issuer.clone(), team), (result, index));
        }
        book.outcomes.insert(index, outcome);
    }))
}

/// Course, run and attempt; or what can be had once only.
fn same_place(old: &Outcome, new: &Outcome) -> bool {
    match (old.holds, new.holds) {
        (None, None) => (old.offer, &old.run, old.attempt) == (new.offer, &new.run, new.attempt),
        (old, new) => old == new,
    }
}

/// What an outcome is to its run; nothing if it has no grade there.
fn graded_in_run(
    case: &Case<'_>,
    outcome: &Outcome,
    passed: Option<bool>,
    corrects: bool,
    book: &Book,
) -> Option<Graded> {
    let policy = book.policy_for(case.issuer, case.logged_at);
    Some(Graded {
        account: outcome.account,
        first: outcome.attempt == 1,
        passed: passed?,
        achieved: day(case.value(tags::ACHIEVED_ON))?,
        corrected: corrects.then(|| day_of(case.logged_at)),
        end: programmes::named(case, book).map(|(_, run)| i64::from(run.end_day)),
        window: policy.days(policies::WINDOW),
        many: (policy.number(policies::LEARNERS), policy.number(policies::SHARE)),
    })
}

fn correct(book: &mut Book, corrects: Option<u64>, by: u64) {
    if let Some(corrects) = corrects {
        book.standing(corrects).superseded_by = Some(by);
    }
}

fn wait(book: &mut Book, index: u64, until: Option<i64>) {
    if until.is_some() {
        let standing = book.standing(index);
        standing.pending = true;
        standing.lapses_at = until;
    }
}

fn account(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Account> {
    let given = named(secrets, &case.bytes(tags::ACCOUNT)?);
    let kept = book.kept(given);
    judge.unless(kept.is_some() || book.accounts_unknown, Rejection::ReferenceUnknown, || "payload.account".to_owned());
    kept.or(book.accounts_unknown.then_some(given))
}

fn name(case: &Case<'_>, rights: &Institution, judge: &mut Judge) {
    let given = case.text(tags::ISSUER_NAME);
    let current = |time: i64| rights.names.iter().rfind(|(from, _, _)| *from <= time);
    let periods = [current(case.issued_at), current(case.logged_at)];
    let known = periods.iter().flatten().flat_map(|(_, _, names)| names).any(|name| name.text == given);
    judge.unless(known || given.is_empty(), Rejection::NameNotAllowed, || given.to_owned());
}

fn dates(case: &Case<'_>, body: &RecordOutcome, book: &Book, judge: &mut Judge) {
    let Some(achieved) = day(case.value(tags::ACHIEVED_ON)) else { return };
    let age = day_of(case.issued_at) - achieved;
    judge.unless(age >= 0, Rejection::AchievedInFuture, || format!("{} days ahead", -age));
    let oldest = book.policy_for(case.issuer, case.logged_at).days(policies::ACHIEVED_AGE);
    let recent = body.imported || age <= oldest;
    judge.unless(recent, Rejection::AchievedTooLongAgo, || format!("{age} days ago"));
}

/// What the references of an outcome come to.
#[derive(Default)]
struct Fitted {
    offer: u64,
    attempt: u32,
    /// Of courses and modules.
    passed: Option<bool>,
}

/// An offer that a tag names, and whether it is the issuer's own (or a predecessor's).
fn offer_at<'b>(case: &Case<'_>, tag: Tag, book: &'b Book, judge: &mut Judge) -> Option<(u64, &'b What, bool)> {
    let index = case.number(tag)?;
    let known = index < case.index && book.entry(index).is_some_and(|entry| entry.good);
    judge.unless(known, Rejection::ReferenceUnknown, || format!("payload.{}", tag.name));
    let offer = book.offers.get(&index);
    judge.unless(offer.is_some() || !known, Rejection::ReferenceWrongKind, || format!("payload.{}", tag.name));
    let offer = offer?;
    let holds = book.counts(index, case.logged_at);
    judge.unless(holds, Rejection::ReferenceNotInForce, || format!("payload.{}", tag.name));
    Some((index, &offer.what, book.line_of(case.issuer).contains(&offer.owner)))
}

/// Courses and modules: minutes, credits by the rule, grade, attempt.
fn taught(case: &Case<'_>, kind: OutcomeKind, book: &Book, judge: &mut Judge) -> Fitted {
    let attempt = case.number(tags::ATTEMPT).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    judge.unless(attempt > 0 || case.value(tags::ATTEMPT).is_empty(), Rejection::ValueMalformed, || {
        "payload.attempt".to_owned()
    });
    let internship = kind == OutcomeKind::PracticeRecord;
    if internship && case.value(tags::OFFER).is_empty() {
        grade(case, "", book, judge);
        outside_courses(case, judge);
    }
    let Some((index, what, own)) = offer_at(case, tags::OFFER, book, judge) else { return Fitted::default() };
    let teaching = match (kind, what) {
        (OutcomeKind::Course, What::Course(it)) | (OutcomeKind::Module, What::Module(it)) if own => it,
        (OutcomeKind::PracticeRecord, What::Course(it) | What::Module(it)) if own => it,
        _ => {
            judge.unless(false, Rejection::ReferenceWrongKind, || "payload.offer".to_owned());
            return Fitted::default();
        }
    };
    let ungraded = case.value(tags::GRADE).is_empty() && case.value(tags::SCALE).is_empty();
    let passed = if internship && ungraded { Some(true) } else { grade(case, &teaching.scale, book, judge) };
    recording(case, teaching, passed, book, judge);
    // Only attempts make a run.
    Fitted { offer: index, attempt, passed: passed.filter(|_| attempt > 0) }
}

/// Practice that no course counts.
fn outside_courses(case: &Case<'_>, judge: &mut Judge) {
    let number = |tag| case.number(tag).unwrap_or(0);
    let bounded = number(tags::PRACTICE_MINUTES) <= number(tags::MINUTES);
    judge.unless(bounded, Rejection::MinutesOutOfBounds, || "practice".to_owned());
    judge.unless(number(tags::RECORDING_RULE) == 0, Rejection::RecordingRuleWrong, || "no course".to_owned());
    judge.unless(number(tags::CREDIT_MILLIS) == 0, Rejection::CreditsExceedOffer, || "no course".to_owned());
}

/// Whether the grade passes; none if that cannot be said.
fn grade(case: &Case<'_>, scale: &str, book: &Book, judge: &mut Judge) -> Option<bool> {
    let named = case.text(tags::SCALE);
    if named.is_empty() && case.value(tags::GRADE).is_empty() && scale.is_empty() {
        return None;
    }
    let fits = scale.is_empty() || named == scale;
    let of = book.policy_for(case.issuer, case.logged_at).scale(named);
    match graded(of.as_ref(), case.text(tags::GRADE)) {
        Verdict::Passed if fits => Some(true),
        Verdict::Failed if fits => Some(false),
        Verdict::NotOnIt if fits => {
            judge.unless(false, Rejection::GradeNotOnScale, || named.to_owned());
            None
        }
        _ => {
            judge.unless(false, Rejection::ScaleUnknown, || format!("{named:?} for {scale:?}"));
            None
        }
    }
}

fn recording(case: &Case<'_>, offer: &Teaching, passed: Option<bool>, book: &Book, judge: &mut Judge) {
    let number = |tag| case.number(tag).unwrap_or(0);
    let (minutes, practice) = (number(tags::MINUTES), number(tags::PRACTICE_MINUTES));
    let claimed = number(tags::CREDIT_MILLIS);
    let bounded =
        practice <= minutes && minutes <= u64::from(offer.minutes) && practice <= u64::from(offer.practice_minutes);
    judge.unless(bounded, Rejection::MinutesOutOfBounds, || format!("{practice} of {minutes} of {}", offer.minutes));
    let most = u64::from(offer.credit_millis);
    judge.unless(claimed <= most, Rejection::CreditsExceedOffer, || format!("{claimed} of {most}"));
    let named = number(tags::RECORDING_RULE);
    judge.unless(named == offer.rule, Rejection::RecordingRuleWrong, || format!("{named} for {}", offer.rule));
    let rule = match book.offers.get(&offer.rule).map(|offer| &offer.what) {
        Some(What::Rule(rule)) => Some(rule),
        _ => None,
    };
    let earned = match (rule, passed) {
        // Without a grade nothing can be said.
        (_, None) => return,
        (_, Some(false)) | (None, _) => 0,
        (Some(rule), Some(true)) => credits(rule, minutes, practice).min(most),
    };
    judge.unless(claimed == earned, Rejection::CreditsDisagree, || format!("{claimed} for {earned}"));
}

/// Certificates: family, level, route, no failing grade.
fn certified(
    case: &Case<'_>,
    kind: OutcomeKind,
    rights: Option<&Institution>,
    book: &Book,
    judge: &mut Judge,
) -> Fitted {
    if grade(case, "", book, judge) == Some(false) {
        judge.unless(false, Rejection::CertificateFailed, String::new);
    }
    let Some((_, what, _)) = offer_at(case, tags::FAMILY, book, judge) else { return Fitted::default() };
    let family = match what {
        What::Family(family) if family.outcome_kind == kind as i32 => family,
        _ => {
            judge.unless(false, Rejection::ReferenceWrongKind, || "payload.family".to_owned());
            return Fitted::default();
        }
    };
    if let Some(rights) = rights {
        let allowed = rights.rights.families.contains(&family.code);
        judge.unless(allowed, Rejection::FamilyNotAllowed, || family.code.clone());
        level(case, kind, family, rights, book, judge);
    }
    if kind == OutcomeKind::SkillLevelCertificate {
        route(case, family, rights, book, judge);
        evidence::route(case, family, book, judge);
    }
    // No course, run or attempt: a correction is held against kind, account and nullifier key alone.
    Fitted::default()
}

fn level(
    case: &Case<'_>,
    kind: OutcomeKind,
    family: &CertificateFamily,
    rights: &Institution,
    book: &Book,
    judge: &mut Judge,
) {
    let level = case.number(tags::LEVEL).unwrap_or(0);
    let levels = family.levels.len() as u64;
    let of_family = if levels == 0 { level == 0 } else { (1..=levels).contains(&level) };
    judge.unless(of_family, Rejection::LevelNotAllowed, || format!("level {level} of {levels}"));
    if kind == OutcomeKind::SkillLevelCertificate {
        let ladder = rights.rights.full_ladder.contains(&family.occupation) && !family.occupation.is_empty();
        let reach = u64::from(rights.rights.highest_skill_level);
        let within = ladder || (level <= reach && level < ladder_level(case, book));
        judge.unless(within, Rejection::LevelNotAllowed, || format!("level {level} of at most {reach}"));
    }
}

/// From this skill level on an occupation's full ladder is asked for.
fn ladder_level(case: &Case<'_>, book: &Book) -> u64 {
    book.policy_for(case.issuer, case.logged_at).number(policies::FULL_LADDER)
}

fn route(case: &Case<'_>, family: &CertificateFamily, rights: Option<&Institution>, book: &Book, judge: &mut Judge) {
    let route = case.text(tags::ROUTE);
    let known = ["standard", "full_ladder", "outstanding_worker", "exceptional"].contains(&route);
    judge.unless(known, Rejection::RouteWrong, || format!("{route:?}"));
    let ladder = rights.is_some_and(|it| it.rights.full_ladder.contains(&family.occupation));
    judge.unless(ladder || route != "full_ladder", Rejection::RouteWrong, || "no full ladder".to_owned());
    // The top levels are no standard ones.
    let top = case.number(tags::LEVEL).is_some_and(|level| level >= ladder_level(case, book));
    judge.unless(!top || route != "standard", Rejection::RouteWrong, || "a top level by the standard route".to_owned());
    // The evidence of the full ladder is the accreditation itself.
    let evident = ["standard", "full_ladder"].contains(&route) || !case.value(tags::CITES).is_empty();
    judge.unless(evident, Rejection::RouteWrong, || format!("{route} without evidence"));
}

/// Cited outcomes and parts are valid outcomes of the same learner.
fn cited(case: &Case<'_>, account: Option<Account>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) {
    let _ = secrets;
    for tag in [tags::CITES, tags::PARTS] {
        for index in indices(case.value(tag)).unwrap_or_default() {
            let entry = book.entry(index).filter(|entry| entry.good && index < case.index);
            if !judge.unless(entry.is_some(), Rejection::ReferenceUnknown, || format!("entry {index}")) {
                continue;
            }
            let outcome = entry.is_some_and(|entry| entry.kind == xuefen_core::kinds::Kind::RecordOutcome);
            let valid = book.counts(index, case.logged_at);
            // Of an erased one nothing more can be said.
            let theirs = book.outcomes.get(&index).is_none_or(|it| book.kept(it.account) == account);
            judge.unless(outcome && valid && theirs, Rejection::CitationWrong, || format!("entry {index}"));
        }
    }
}

/// What a correction may correct.
fn superseded_entry(case: &Case<'_>, body: &RecordOutcome, book: &Book, judge: &mut Judge) {
    if body.supersedes.is_none() {
        return;
    }
    let Some((index, entry)) = target(case, body.supersedes.as_ref(), book, judge) else { return };
    let outcome = entry.kind == xuefen_core::kinds::Kind::RecordOutcome;
    judge.unless(outcome, Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let own = book.line_of(case.issuer).contains(&entry.issuer);
    judge.unless(own, Rejection::NotEntitled, || format!("entry {index} is of {}", entry.issuer));
    // "The newest unrevoked version": a correction that was revoked is none.
    let versions = book.versions_from(index);
    let newest = !book.is_revoked(index) && versions[1..].iter().all(|later| book.is_revoked(*later));
    judge.unless(newest, Rejection::SupersedesNotNewest, || format!("entry {index}"));
}

/// Tag 1 derives from seed and nonce, unless it is a predecessor version's.
fn nullifier_key(case: &Case<'_>, body: &RecordOutcome, judge: &mut Judge) {
    let (Some(payload), None) = (case.present(), &body.supersedes) else { return };
    let nonce: Nonce = case.entry.statement().nonce();
    let derived = NullifierKey::derive(payload.seed(), &nonce);
    let good = case.value(tags::NULLIFIER_KEY) == derived.as_bytes();
    judge.unless(good, Rejection::NullifierKeyWrong, String::new);
}

/// No record number twice, no attempt twice; a correction keeps what identifies the outcome.
fn once_only(case: &Case<'_>, body: &RecordOutcome, outcome: &Outcome, book: &Book, judge: &mut Judge) {
    let corrects = body.supersedes.as_ref().map(|target| target.index);
    let versions = corrects.map(|index| book.versions_from(index)).unwrap_or_default();
    for issuer in book.line_of(case.issuer) {
        let Some(before) = book.sources.get(&(issuer, outcome.source)) else { continue };
        // A revoked record keeps its number: recorded anew, it gets another.
        judge.unless(versions.contains(before), Rejection::DuplicateOutcome, || format!("entry {before}"));
    }
    if let Some(old) = corrects.and_then(|index| book.outcomes.get(&index)) {
        let same = old.kind == outcome.kind
            && book.kept(old.account) == book.kept(outcome.account)
            && same_place(old, outcome)
            && old.nullifier_key == outcome.nullifier_key;
        judge.unless(same, Rejection::SupersedesDiffers, || format!("entry {corrects:?}"));
    }
    // A correction has the attempt of what it corrects. Another outcome may have it, too, since two accounts were merged.
    if corrects.is_none() && outcome.attempt > 0 {
        let line = (outcome.account, outcome.offer, outcome.run.clone(), outcome.attempt);
        if let Some(before) = book.attempts.get(&line) {
            judge.unless(book.all_out(*before, case.logged_at), Rejection::AttemptExists, || format!("entry {before}"));
        }
    }
}
