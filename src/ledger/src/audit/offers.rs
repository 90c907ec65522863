//! Recording rules, courses, modules, certificate families (rules.md 1 "standards", "offers"; 2 "Recording").

use super::book::{Book, Offer, Teaching, What};
use super::judge::{Case, Change, Judge};
use super::registry::level;
use super::text::{are_names, covers};
use crate::rejection::Rejection;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{CertificateFamily, Course, Module, Name, OutcomeKind, RecordingRule};

/// Versions of a code are 1, 2, 3 and so on, each by the same issuer.
pub(super) fn version(
    case: &Case<'_>,
    code: &str,
    version: u32,
    names: Option<&[Name]>,
    book: &Book,
    judge: &mut Judge,
) {
    judge.unless(!code.is_empty(), Rejection::FieldMissing, || "code".to_owned());
    if let Some(names) = names {
        judge.unless(!names.is_empty(), Rejection::FieldMissing, || "names".to_owned());
        judge.unless(are_names(names), Rejection::FieldMalformed, || "names".to_owned());
    }
    let last = book.versions.get(&(case.issuer.to_owned(), case.kind, code.to_owned())).map_or(0, |it| it.0);
    judge.unless(last.checked_add(1) == Some(version), Rejection::VersionNotNext, || format!("{version} after {last}"));
}

pub(super) fn published(case: &Case<'_>, code: &str, version: u32, what: What) -> Change {
    let (index, kind, owner, code) = (case.index, case.kind, case.issuer.to_owned(), code.to_owned());
    Box::new(move |book| {
        let key = (owner.clone(), kind, code.clone());
        let previous = book.versions.get(&key).map(|(_, entry)| *entry);
        book.versions.insert(key, (version, index));
        book.offers.insert(index, Offer { owner, code, version, previous, what });
    })
}

/// The rule at an index, which must be one, and in force.
fn rule_at<'b>(case: &Case<'_>, index: u64, book: &'b Book, judge: &mut Judge) -> Option<&'b RecordingRule> {
    let known = book.entry(index).is_some_and(|entry| entry.good) && index < case.index;
    if !judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {index}")) {
        return None;
    }
    let rule = match book.offers.get(&index).map(|offer| &offer.what) {
        Some(What::Rule(rule)) => Some(rule),
        _ => None,
    };
    judge.unless(rule.is_some(), Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let holds = rule.is_some_and(|rule| rule.effective_from <= case.logged_at) && book.counts(index, case.logged_at);
    judge.unless(holds || rule.is_none(), Rejection::ReferenceNotInForce, || format!("entry {index}"));
    rule
}

/// The region of the authority that said an entry; none if it was no authority. Of several the widest.
pub(super) fn tier(index: u64, book: &Book) -> Option<String> {
    let entry = book.entry(index)?;
    let parties = book.accrediting(&entry.keys);
    parties.into_iter().filter(|(owner, _)| *owner == entry.issuer).map(|(_, region)| region).min()
}

pub(super) fn recording_rule(case: &Case<'_>, body: &RecordingRule, book: &Book, judge: &mut Judge) -> Option<Change> {
    version(case, &body.code, body.version, None, book, judge);
    for (field, value) in [
        ("hour_minutes", body.hour_minutes),
        ("theory_hours_per_credit", body.theory_hours_per_credit),
        ("practice_hours_per_credit", body.practice_hours_per_credit),
        ("step_millis", body.step_millis),
    ] {
        judge.unless(value > 0, Rejection::FieldMissing, || field.to_owned());
    }
    judge.unless(body.effective_from >= 0, Rejection::FieldMalformed, || "effective_from".to_owned());
    if body.parent_index == 0 {
        // Only the nation begins; everybody else is stricter than something.
        let nation = case.accredits_in().contains(&"");
        judge.unless(nation, Rejection::NotEntitled, || case.issuer.to_owned());
    } else if let Some(parent) = rule_at(case, body.parent_index, book, judge) {
        let per_credit = |it: &RecordingRule, hours: u32| u64::from(it.hour_minutes) * u64::from(hours);
        let strict = per_credit(body, body.theory_hours_per_credit)
            >= per_credit(parent, parent.theory_hours_per_credit)
            && per_credit(body, body.practice_hours_per_credit) >= per_credit(parent, parent.practice_hours_per_credit)
            && parent.step_millis > 0
            && body.step_millis.is_multiple_of(parent.step_millis);
        judge.unless(strict, Rejection::LooserThanParent, || format!("entry {}", body.parent_index));
        let place = book.institutions.get(case.issuer).filter(|_| case.signs_as_institution());
        let above = tier(body.parent_index, book)
            .is_some_and(|tier| tier.is_empty() || place.is_some_and(|it| covers(&tier, &it.rights.region)));
        judge.unless(above, Rejection::ReferenceWrongKind, || format!("entry {}", body.parent_index));
    }
    Some(published(case, &body.code, body.version, What::Rule(body.clone())))
}

/// Milli-credits for minutes: theory and practice on one denominator, rounded down once, to a multiple of the step.
pub(super) fn credits(rule: &RecordingRule, minutes: u64, practice: u64) -> u64 {
    let theory = u128::from(minutes.saturating_sub(practice));
    let (per_theory, per_practice) =
        (u128::from(rule.theory_hours_per_credit), u128::from(rule.practice_hours_per_credit));
    let step = u128::from(rule.step_millis);
    let over = u128::from(rule.hour_minutes) * per_theory * per_practice * step;
    let under = (theory * per_practice + u128::from(practice) * per_theory) * 1_000;
    under.checked_div(over).and_then(|steps| u64::try_from(steps * step).ok()).unwrap_or(0)
}

fn teaching(case: &Case<'_>, it: &Teaching, book: &Book, judge: &mut Judge) {
    judge.unless(it.practice_minutes <= it.minutes, Rejection::FieldMalformed, || "practice_minutes".to_owned());
    let scale = book.policy_for(case.issuer, case.logged_at).scale(&it.scale).is_some();
    judge.unless(scale, Rejection::ScaleUnknown, || it.scale.clone());
    let most = if it.rule == 0 {
        Some(0)
    } else {
        rule_at(case, it.rule, book, judge)
            .map(|rule| credits(rule, u64::from(it.minutes), u64::from(it.practice_minutes)))
    };
    if let Some(most) = most {
        let within = u64::from(it.credit_millis) <= most;
        judge.unless(within, Rejection::OfferCredits, || format!("{} of {most}", it.credit_millis));
    }
}

pub(super) fn course(case: &Case<'_>, body: &Course, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    version(case, &body.code, body.version, Some(&body.names), book, judge);
    let it = Teaching {
        minutes: body.minutes,
        practice_minutes: body.practice_minutes,
        credit_millis: body.credit_millis,
        rule: body.recording_rule_index,
        scale: body.scale.clone(),
    };
    teaching(case, &it, book, judge);
    level(case, body.level.as_ref(), book, judge);
    Some(published(case, &body.code, body.version, What::Course(it)))
}

pub(super) fn module(case: &Case<'_>, body: &Module, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    version(case, &body.code, body.version, Some(&body.names), book, judge);
    if body.course_index != 0 {
        let offer = book.offers.get(&body.course_index);
        let known = book.entry(body.course_index).is_some_and(|entry| entry.good) && body.course_index < case.index;
        judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {}", body.course_index));
        let course = offer.is_some_and(|offer| {
            matches!(offer.what, What::Course(_)) && book.line_of(case.issuer).contains(&offer.owner)
        });
        let holds = book.counts(body.course_index, case.logged_at);
        judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {}", body.course_index));
        judge.unless(course || !known, Rejection::ReferenceWrongKind, || format!("entry {}", body.course_index));
    }
    let it = Teaching {
        minutes: body.minutes,
        practice_minutes: body.practice_minutes,
        credit_millis: body.credit_millis,
        rule: body.recording_rule_index,
        scale: body.scale.clone(),
    };
    teaching(case, &it, book, judge);
    Some(published(case, &body.code, body.version, What::Module(it)))
}

pub(super) fn family(case: &Case<'_>, body: &CertificateFamily, book: &Book, judge: &mut Judge) -> Option<Change> {
    version(case, &body.code, body.version, Some(&body.names), book, judge);
    let rights = book.institutions.get(case.issuer).filter(|_| case.signs_as_institution());
    let allowed = rights.is_none_or(|it| it.rights.families.contains(&body.code));
    judge.unless(allowed, Rejection::FamilyNotAllowed, || body.code.clone());
    let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
    judge.unless(body.outcome_kind != 0, Rejection::FieldMissing, || "outcome_kind".to_owned());
    let certificate = tags::of_outcome(kind).is_some_and(|table| table.contains(&tags::FAMILY));
    judge.unless(certificate || body.outcome_kind == 0, Rejection::FieldMalformed, || "outcome_kind".to_owned());
    let levels = body.levels.iter().all(|level| !level.code.is_empty() && are_names(&level.names));
    judge.unless(levels, Rejection::FieldMalformed, || "levels".to_owned());
    body.levels.iter().for_each(|it| level(case, it.level.as_ref(), book, judge));
    Some(published(case, &body.code, body.version, What::Family(body.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_round_down_once_and_last() {
        let rule = RecordingRule {
            hour_minutes: 45,
            theory_hours_per_credit: 16,
            practice_hours_per_credit: 32,
            step_millis: 500,
            ..RecordingRule::default()
        };
        // 32 h of theory are 2 credits, 32 h of practice 1.
        assert_eq!(credits(&rule, 2_880, 1_440), 3_000);
        assert_eq!(credits(&rule, 2_879, 1_440), 2_500);
        // 15 h of each: 0.9375 + 0.46875 = 1.40625; each alone rounded would give 500.
        assert_eq!(credits(&rule, 1_350, 675), 1_000);
        assert_eq!(credits(&RecordingRule::default(), 100, 0), 0);
    }
}
