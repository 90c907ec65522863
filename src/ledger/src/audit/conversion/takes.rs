//! What outcomes say to a rule, whether they meet it, and what it gives for them.

use crate::audit::book::{Book, Outcome, Seen, What};
use crate::audit::judge::Case;
use crate::audit::text::{Verdict, day, graded, indices, millis};
use xuefen_core::kinds::tags;
use xuefen_core::proto::{ConversionRule, ConversionSource};

/// What an outcome says that conversions ask for.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct Said {
    pub(super) credit_millis: u64,
    pub(super) grade: String,
    pub(super) scale: String,
    pub(super) family: u64,
    pub(super) level: u64,
    pub(super) offer: u64,
    pub(super) major: String,
    pub(super) achieved: String,
    pub(super) parts: Vec<u64>,
}

pub(in crate::audit) fn said(case: &Case<'_>) -> Said {
    let number = |tag| case.number(tag).unwrap_or(0);
    let text = |tag| case.text(tag).to_owned();
    Said {
        credit_millis: number(tags::CREDIT_MILLIS),
        grade: text(tags::GRADE),
        scale: text(tags::SCALE),
        family: number(tags::FAMILY),
        level: number(tags::LEVEL),
        offer: number(tags::OFFER),
        major: text(tags::MAJOR),
        achieved: text(tags::ACHIEVED_ON),
        parts: indices(case.value(tags::PARTS)).unwrap_or_default(),
    }
}

/// An outcome with what was said of it.
pub(super) struct Known<'b> {
    pub(super) index: u64,
    pub(super) entry: &'b Seen,
    pub(super) outcome: &'b Outcome,
}

impl<'b> Known<'b> {
    pub(super) fn at(book: &'b Book, index: u64) -> Option<Self> {
        Some(Self { index, entry: book.entry(index)?, outcome: book.outcomes.get(&index)? })
    }

    pub(super) fn family(&self, book: &Book) -> String {
        let offer = book.offers.get(&self.outcome.converts.family);
        offer.filter(|it| matches!(it.what, What::Family(_))).map(|it| it.code.clone()).unwrap_or_default()
    }

    fn course(&self, book: &Book) -> String {
        book.offers.get(&self.outcome.converts.offer).map(|it| it.code.clone()).unwrap_or_default()
    }

    /// Whether it passes, and how good it is in thousandths; words count from the worst.
    fn mark(&self, book: &Book) -> (bool, Option<u64>) {
        let said = &self.outcome.converts;
        if said.grade.is_empty() {
            return (true, None);
        }
        let scale = book.policy_for(&self.entry.issuer, self.entry.logged_at).scale(&said.scale);
        let passed = !matches!(graded(scale.as_ref(), &said.grade), Verdict::Failed);
        let Some(scale) = scale else { return (passed, None) };
        let mark = if scale.words.is_empty() {
            millis(&said.grade)
        } else {
            let at = scale.words.iter().position(|word| *word == said.grade);
            at.map(|at| (scale.words.len() - at) as u64 * 1_000)
        };
        (passed, mark)
    }

    /// 1 old paper, 2 its issuer alone, 3 a second party, 4 an authority, of it or of its offer.
    fn tier(&self, book: &Book) -> u32 {
        if self.entry.imported {
            return 1;
        }
        let stand = |index: u64| book.standings.get(&index).map(|it| it.countersigned.clone()).unwrap_or_default();
        let (own, offer) = (stand(self.index), stand(self.outcome.converts.offer));
        let of_offer = self.outcome.converts.offer > 0 && offer.iter().any(|it| it.by_authority);
        if of_offer || own.iter().any(|it| it.by_authority) {
            return 4;
        }
        let keys = self.entry.keys.iter().filter_map(|id| book.keys.get(id));
        let second = keys.into_iter().any(|key| key.owner != self.entry.issuer)
            || own.iter().any(|it| it.party != self.entry.issuer);
        if second { 3 } else { 2 }
    }

    /// In force, beyond doubt, not run out.
    pub(super) fn is_valid(&self, book: &Book, now: i64) -> bool {
        let validity = match book.offers.get(&self.outcome.converts.family).map(|it| &it.what) {
            Some(What::Family(family)) => i64::from(family.validity_days),
            _ => 0,
        };
        let achieved = day(self.outcome.converts.achieved.as_bytes()).unwrap_or(0);
        let expired = validity > 0 && (achieved + validity + 1) * 86_400 - 28_800 <= now;
        book.counts(self.index, now) && !crate::audit::lifecycle::in_doubt(self.index, self.entry, book) && !expired
    }

    fn meets(&self, source: &ConversionSource, book: &Book, on: i64) -> bool {
        let institution = book.institutions.get(&self.entry.issuer).map(|it| &it.rights);
        let said = &self.outcome.converts;
        let line = book.line_of(&self.entry.issuer);
        let (passed, mark) = self.mark(book);
        let age = on - day(said.achieved.as_bytes()).unwrap_or(0);
        let class = said.major.get(..4).unwrap_or_default();
        (source.outcome_kinds.is_empty() || source.outcome_kinds.contains(&self.entry.outcome_kind))
            && (source.issuers.is_empty() || line.iter().any(|id| source.issuers.contains(id)))
            && (source.issuer_kinds.is_empty() || institution.is_some_and(|it| source.issuer_kinds.contains(&it.kind)))
            && (source.issuer_sectors.is_empty()
                || institution.is_some_and(|it| source.issuer_sectors.contains(&it.sector)))
            && (source.family.is_empty() || self.family(book) == source.family)
            && (source.lowest_level == 0 || said.level >= u64::from(source.lowest_level))
            && (source.course_codes.is_empty() || source.course_codes.contains(&self.course(book)))
            && (source.major_class.is_empty() || class == source.major_class)
            && (source.scale.is_empty() || said.scale == source.scale)
            && (source.lowest_mark_millis == 0 || mark.is_some_and(|mark| mark >= u64::from(source.lowest_mark_millis)))
            && passed
            && self.tier(book) >= source.lowest_tier
            && (source.maximum_age_days == 0 || age <= i64::from(source.maximum_age_days))
    }
}

/// Whether every row can have a column of its own among those that fit it.
pub(super) fn each_its_own(fits: &[Vec<bool>]) -> bool {
    fn from(row: usize, fits: &[Vec<bool>], used: &mut Vec<usize>) -> bool {
        let Some(columns) = fits.get(row) else { return true };
        for (column, fit) in columns.iter().enumerate() {
            if *fit && !used.contains(&column) {
                used.push(column);
                if from(row + 1, fits, used) {
                    return true;
                }
                used.pop();
            }
        }
        false
    }
    from(0, fits, &mut Vec::new())
}

/// Whether outcomes meet all sources of a rule, each by one of its own.
pub(super) fn met(rule: &ConversionRule, outcomes: &[Known<'_>], book: &Book, on: i64) -> bool {
    let fits = |source| outcomes.iter().map(|it| it.meets(source, book, on)).collect();
    each_its_own(&rule.sources.iter().map(fits).collect::<Vec<_>>())
}

/// What one outcome is worth under a rule that gives by the outcome, in ten-thousandths of a milli-credit.
fn worth(rule: &ConversionRule, it: &Known<'_>, book: &Book) -> u128 {
    let Some(target) = &rule.target else { return 0 };
    if target.ratio_basis_points > 0 {
        return u128::from(it.outcome.converts.credit_millis) * u128::from(target.ratio_basis_points);
    }
    let by_level = rule.sources.iter().all(|source| !source.family.is_empty());
    let reached = if by_level { Some(it.outcome.converts.level) } else { it.mark(book).1 };
    let Some(reached) = reached else { return 0 };
    let steps = target.table.iter().filter(|step| u64::from(step.from) <= reached);
    u128::from(steps.map(|step| step.credit_millis).max().unwrap_or(0)) * 10_000
}

/// Credits that a rule gives, thousandths: within the bound of each source and the cap, rounded down once.
pub(super) fn credits(
    rule: &ConversionRule,
    parent: Option<&ConversionRule>,
    most: u64,
    outcomes: &[Known<'_>],
    book: &Book,
) -> u64 {
    let Some(target) = rule.target.as_ref().filter(|it| it.exempt.is_empty()) else { return 0 };
    let whole = |millis: u64| u128::from(millis) * 10_000;
    let bound = |it: &Known<'_>| {
        let above = parent.and_then(|parent| {
            let theirs = parent.target.clone().unwrap_or_default();
            let cap = Some(parent.cap_credit_millis).filter(|cap| *cap > 0).map(whole);
            let gives = if theirs.fixed_credit_millis > 0 {
                Some(whole(theirs.fixed_credit_millis))
            } else if theirs.ratio_basis_points > 0 || !theirs.table.is_empty() {
                Some(worth(parent, it, book))
            } else {
                None
            };
            [cap, gives].into_iter().flatten().min()
        });
        above.or((most > 0).then(|| whole(most)))
    };
    let sum = if target.fixed_credit_millis > 0 {
        let fixed = whole(target.fixed_credit_millis);
        let bounds: Option<u128> = outcomes.iter().map(bound).sum();
        bounds.map_or(fixed, |bounds| fixed.min(bounds))
    } else {
        outcomes.iter().map(|it| worth(rule, it, book).min(bound(it).unwrap_or(u128::MAX))).sum()
    };
    let capped = if rule.cap_credit_millis > 0 { sum.min(whole(rule.cap_credit_millis)) } else { sum };
    u64::try_from(capped / 10_000).unwrap_or(u64::MAX)
}
