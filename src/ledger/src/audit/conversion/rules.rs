//! Conversion rules: form, interval, versions, and that none is looser than the rule above it.

use super::{rule_of, takes};
use crate::audit::book::{Book, What};
use crate::audit::judge::{Case, Change, Judge};
use crate::audit::lifecycle::reference;
use crate::audit::offers::{published, version};
use crate::audit::text::is_institution;
use crate::rejection::Rejection;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{ConversionRule, ConversionSource};

pub(in crate::audit) fn rule(case: &Case<'_>, body: &ConversionRule, book: &Book, judge: &mut Judge) -> Option<Change> {
    let authority = !case.accredits_in().is_empty();
    judge.unless(authority || case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    version(case, &body.code, body.version, Some(&body.names), book, judge);
    judge.unless(body.version > 0, Rejection::FieldMissing, || "version".to_owned());
    form(body, judge);
    programme(case, body, book, judge);
    judge.unless(body.effective_from >= case.logged_at, Rejection::EffectiveInPast, || body.effective_from.to_string());
    let last = book.versions.get(&(case.issuer.to_owned(), Kind::ConversionRule, body.code.clone()));
    if let Some((_, before)) = last.and_then(|(_, index)| rule_of(book, *index)) {
        let ended = before.effective_until == 0 || before.effective_until <= body.effective_from;
        let after = ended && before.effective_from < body.effective_from;
        judge.unless(after, Rejection::VersionsOverlap, || format!("after {}", before.effective_from));
    }
    if body.parent_index > 0 {
        let parent = reference(case, body.parent_index, book, judge);
        let itself =
            book.offers.get(&body.parent_index).is_some_and(|it| it.owner == case.issuer && it.code == body.code);
        match parent {
            Some(What::Conversion(parent)) if !itself => {
                judge.unless(strict(body, parent), Rejection::LooserThanParent, || body.code.clone());
            }
            Some(_) => {
                judge.unless(false, Rejection::ReferenceWrongKind, || format!("entry {}", body.parent_index));
            }
            None => {}
        }
    }
    Some(published(case, &body.code, body.version, What::Conversion(Box::new(body.clone()))))
}

fn programme(case: &Case<'_>, body: &ConversionRule, book: &Book, judge: &mut Judge) {
    let exempt = body.target.as_ref().map(|it| it.exempt.clone()).unwrap_or_default();
    if body.programme_index == 0 {
        for index in &exempt {
            let known = *index < case.index && book.entry(*index).is_some_and(|entry| entry.good);
            judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {index}"));
            let what = book.offers.get(index).map(|offer| &offer.what);
            let taught = matches!(what, Some(What::Course(_) | What::Module(_)));
            judge.unless(taught || !known, Rejection::ReferenceWrongKind, || format!("entry {index}"));
        }
        return;
    }
    let Some(what) = reference(case, body.programme_index, book, judge) else { return };
    let owner = book.offers.get(&body.programme_index).map(|it| it.owner.clone()).unwrap_or_default();
    let own = case.signs_as_institution() && book.line_of(case.issuer).contains(&owner);
    let parts = match what {
        What::Programme(it) if own => exempt.iter().all(|at| it.parts.iter().any(|part| part.offer_index == *at)),
        _ => false,
    };
    judge.unless(parts, Rejection::ReferenceWrongKind, || format!("entry {}", body.programme_index));
}

fn form(body: &ConversionRule, judge: &mut Judge) {
    judge.unless(body.effective_from > 0 && body.scope != 0, Rejection::FieldMissing, || "from, scope".to_owned());
    let ids = body.sources.iter().flat_map(|it| &it.issuers).all(|id| is_institution(id));
    judge.unless(ids, Rejection::InstitutionIdMalformed, || "sources.issuers".to_owned());
    let ends = body.effective_until == 0 || body.effective_until > body.effective_from;
    let sources = !body.sources.is_empty() && body.sources.len() <= 16 && body.sources.iter().all(asks_soundly);
    let target = body.target.as_ref();
    let ways = target.map_or(0, |it| {
        [!it.exempt.is_empty(), it.ratio_basis_points > 0, !it.table.is_empty(), it.fixed_credit_millis > 0]
            .into_iter()
            .filter(|way| *way)
            .count()
    });
    let bounds_only = body.programme_index == 0 && target.is_none();
    let exempt = target.is_none_or(|it| {
        it.exempt.windows(2).all(|pair| pair[0] < pair[1]) && (it.exempt.is_empty() || body.cap_credit_millis == 0)
    });
    let table = target.is_none_or(|it| {
        let rises = it
            .table
            .windows(2)
            .all(|pair| pair[0].from < pair[1].from && pair[0].credit_millis <= pair[1].credit_millis);
        let by_something =
            body.sources.iter().all(|it| !it.family.is_empty()) || body.sources.iter().all(|it| !it.scale.is_empty());
        it.table.is_empty() || (rises && by_something)
    });
    let families: Vec<&String> = body.sources.iter().map(|it| &it.family).collect();
    let apart = families.iter().enumerate().all(|(at, it)| !it.is_empty() && !families[..at].contains(it));
    let highest = !body.highest_of_family || apart;
    let good = ends && (1..=3).contains(&body.scope) && sources && exempt && table && highest;
    judge.unless(good && (ways == 1 || bounds_only), Rejection::FieldMalformed, || {
        format!("{ends} {sources} {ways} {exempt} {table} {highest}")
    });
}

fn asks_soundly(it: &ConversionSource) -> bool {
    let names = !it.outcome_kinds.is_empty()
        || !it.issuers.is_empty()
        || !it.family.is_empty()
        || !it.course_codes.is_empty()
        || !it.major_class.is_empty();
    let level = it.lowest_level == 0 || !it.family.is_empty();
    let mark = it.lowest_mark_millis == 0 || !it.scale.is_empty();
    let kinds = it.outcome_kinds.iter().all(|kind| (1..=16).contains(kind));
    names && level && mark && kinds && it.lowest_tier <= 4
}

/// Each source of the parent is asked for by a source of its own; nothing more is given, no use reaches less far.
fn strict(own: &ConversionRule, parent: &ConversionRule) -> bool {
    let pairs: Vec<Vec<bool>> =
        parent.sources.iter().map(|theirs| own.sources.iter().map(|own| narrower(own, theirs)).collect()).collect();
    takes::each_its_own(&pairs)
        && gives_no_more(own, parent)
        && own.scope >= parent.scope
        && (own.highest_of_family || !parent.highest_of_family)
}

fn narrower(own: &ConversionSource, theirs: &ConversionSource) -> bool {
    fn among<T: PartialEq>(own: &[T], theirs: &[T]) -> bool {
        theirs.is_empty() || (!own.is_empty() && own.iter().all(|it| theirs.contains(it)))
    }
    let same = |own: &String, theirs: &String| theirs.is_empty() || own == theirs;
    let young =
        theirs.maximum_age_days == 0 || (own.maximum_age_days > 0 && own.maximum_age_days <= theirs.maximum_age_days);
    among(&own.outcome_kinds, &theirs.outcome_kinds)
        && among(&own.issuers, &theirs.issuers)
        && among(&own.issuer_kinds, &theirs.issuer_kinds)
        && among(&own.issuer_sectors, &theirs.issuer_sectors)
        && among(&own.course_codes, &theirs.course_codes)
        && same(&own.family, &theirs.family)
        && same(&own.major_class, &theirs.major_class)
        && same(&own.scale, &theirs.scale)
        && own.lowest_level >= theirs.lowest_level
        && own.lowest_mark_millis >= theirs.lowest_mark_millis
        && own.lowest_tier >= theirs.lowest_tier
        && young
}

fn gives_no_more(own: &ConversionRule, parent: &ConversionRule) -> bool {
    let Some(theirs) = &parent.target else { return below_cap(own, parent) };
    let Some(target) = &own.target else { return false };
    let by_level = |rule: &ConversionRule| rule.sources.iter().all(|it| !it.family.is_empty());
    let at = |steps: &[xuefen_core::proto::ConversionStep], from: u32| {
        steps.iter().filter(|step| step.from <= from).map(|step| step.credit_millis).max().unwrap_or(0)
    };
    let less = if !theirs.exempt.is_empty() {
        !target.exempt.is_empty() && target.exempt.iter().all(|it| theirs.exempt.contains(it))
    } else if theirs.ratio_basis_points > 0 {
        (1..=theirs.ratio_basis_points).contains(&target.ratio_basis_points)
    } else if theirs.fixed_credit_millis > 0 {
        (1..=theirs.fixed_credit_millis).contains(&target.fixed_credit_millis)
    } else {
        let rises = target.table.iter().any(|step| step.credit_millis > at(&theirs.table, step.from));
        !target.table.is_empty() && !rises && by_level(own) == by_level(parent)
    };
    less && below_cap(own, parent)
}

fn below_cap(own: &ConversionRule, parent: &ConversionRule) -> bool {
    let cap = parent.cap_credit_millis;
    if cap == 0 {
        return true;
    }
    let target = own.target.clone().unwrap_or_default();
    let sources = u64::try_from(own.sources.len()).unwrap_or(u64::MAX);
    let top = target.table.iter().map(|step| step.credit_millis).max().unwrap_or(0);
    let capped = own.cap_credit_millis > 0 && own.cap_credit_millis <= cap;
    let fixed = target.fixed_credit_millis > 0 && target.fixed_credit_millis <= cap;
    let table = !target.table.is_empty() && top.checked_mul(sources).is_some_and(|most| most <= cap);
    capped || fixed || table || !target.exempt.is_empty()
}
