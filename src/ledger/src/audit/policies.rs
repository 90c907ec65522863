//! Policies (rules.md 1 "standards", docs/adr/0024): who may post one, and what holds of the nation's and the province's
//! together. What is built in stands here once more.

use super::book::{Book, Offer, What};
use super::judge::{Case, Change, Judge};
use super::text::{covers, is_institution, is_region};
use crate::rejection::Rejection;
use xuefen_core::proto::{CosignTime, OutcomeKind, Policy, Scale, Severity};

/// The policies of the nation or a province: whose, what they are called, and (effective from, entry) of each version.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) owner: String,
    pub(super) code: String,
    pub(super) versions: Vec<(i64, u64)>,
}

/// What is said for somebody at a time: the nation's policy and the province's.
#[derive(Clone, Copy, Default)]
pub(super) struct InForce<'b> {
    nation: Option<(u64, &'b Policy)>,
    province: Option<(u64, &'b Policy)>,
}

/// A number of a policy; 0 = not said.
type Of = fn(&Policy) -> u64;

/// Numbers with what is built in, whether the smaller is stricter, and the bounds of what may be said.
#[rustfmt::skip]
const NUMBERS: [(Of, u64, bool, u64, u64); 21] = [
    (|it| it.statement_age_seconds, 2_592_000, true, 3_600, 31_622_400),
    (|it| it.achieved_age_days.into(), 400, true, 1, 36_500),
    (|it| it.suspension_days.into(), 180, true, 1, 3_650),
    (|it| it.rotation_seconds.into(), 259_200, false, 259_200, 31_622_400),
    (|it| it.compromise_days.into(), 30, true, 1, 3_650),
    (|it| it.full_ladder_level.into(), 7, true, 1, 8),
    (|it| it.notice_working_days.into(), 20, false, 1, 366),
    (|it| it.minor_age_years.into(), 0, false, 1, 100),
    (|it| it.mass_pass.map_or(0, |rule| rule.learners).into(), 10, true, 1, 1_000_000),
    (|it| it.mass_pass.map_or(0, |rule| rule.share_basis_points).into(), 3_000, true, 1, 10_000),
    (|it| it.mass_pass.map_or(0, |rule| rule.window_days).into(), 30, false, 1, 3_650),
    (|it| it.max_yield_millis, 0, true, 1, 1 << 40),
    (|it| it.deadlines.map_or(0, |days| days.accept_days).into(), 0, true, 1, 3_650),
    (|it| it.deadlines.map_or(0, |days| days.decide_days).into(), 0, true, 1, 3_650),
    (|it| it.deadlines.map_or(0, |days| days.appeal_days).into(), 0, false, 1, 3_650),
    (|it| it.deadlines.map_or(0, |days| days.decide_appeal_days).into(), 0, true, 1, 3_650),
    (|it| it.deadlines.map_or(0, |days| days.review_days).into(), 0, true, 1, 3_650),
    (|it| it.deadlines.map_or(0, |days| days.cooling_off_days).into(), 30, false, 1, 3_650),
    (|it| it.cosign_days.into(), 60, true, 1, 3_650),
    (|it| it.step_level.into(), 5, true, 1, 8),
    (|it| it.assessor_level.into(), 4, false, 1, 8),
];

pub(super) const STATEMENT_AGE: usize = 0;
pub(super) const ACHIEVED_AGE: usize = 1;
pub(super) const SUSPENSION: usize = 2;
pub(super) const ROTATION: usize = 3;
pub(super) const COMPROMISE: usize = 4;
pub(super) const FULL_LADDER: usize = 5;
pub(super) const NOTICE: usize = 6;
pub(super) const LEARNERS: usize = 8;
pub(super) const SHARE: usize = 9;
pub(super) const WINDOW: usize = 10;
pub(super) const MAX_YIELD: usize = 11;
pub(super) const ACCEPT_DAYS: usize = 12;
pub(super) const DECIDE_DAYS: usize = 13;
pub(super) const APPEAL_DAYS: usize = 14;
pub(super) const COOLING_OFF: usize = 17;
pub(super) const COSIGN: usize = 18;
pub(super) const STEP: usize = 19;
pub(super) const ASSESSOR: usize = 20;

const THRESHOLDS: [(&str, u64, Severity); 5] = [
    ("skill_test_share", 5_000, Severity::Hard),
    ("practice_share_enterprise", 5_000, Severity::Hard),
    ("practice_share_teacher", 5_000, Severity::Soft),
    ("practice_share_programme", 5_000, Severity::Advisory),
    ("training_per_learner", 200, Severity::Advisory),
];

/// A threshold: least, severity, reason, policy.
pub(super) type Bound = (u64, Severity, String, u64);

fn two(region: &str) -> String {
    region.chars().take(2).collect()
}

impl Book {
    /// What holds at a time for an institution; for whoever is none, the nation's alone.
    pub(super) fn policy_for(&self, id: &str, time: i64) -> InForce<'_> {
        let region = self.institutions.get(id).map(|it| it.rights.region.as_str()).unwrap_or_default();
        self.policy_in(region, time)
    }

    pub(super) fn policy_in(&self, region: &str, time: i64) -> InForce<'_> {
        let newest = |province: &str| {
            let line = self.policies.get(province)?;
            let (_, index) = line.versions.iter().rfind(|(from, _)| *from <= time)?;
            match &self.offers.get(index)?.what {
                What::Policy(policy) => Some((*index, &**policy)),
                _ => None,
            }
        };
        let province = if region.is_empty() { None } else { newest(&two(region)) };
        InForce { nation: newest(""), province }
    }
}

impl<'b> InForce<'b> {
    pub(super) fn number(&self, which: usize) -> u64 {
        let (of, mut value, less_is_stricter, _, _) = NUMBERS[which];
        if let Some((_, nation)) = self.nation.filter(|(_, it)| of(it) > 0) {
            value = of(nation);
        }
        match self.province.map_or(0, |(_, it)| of(it)) {
            0 => value,
            own if value == 0 => own,
            own if less_is_stricter => value.min(own),
            own => value.max(own),
        }
    }

    pub(super) fn days(&self, which: usize) -> i64 {
        i64::try_from(self.number(which)).unwrap_or(i64::MAX)
    }

    /// The scale of a code.
    pub(super) fn scale(&self, code: &str) -> Option<Scale> {
        let in_list = |list: &[Scale]| list.iter().find(|scale| scale.code == code).cloned();
        let nation = match self.nation {
            Some((_, it)) if !it.scales.is_empty() => in_list(&it.scales),
            _ => in_list(&built_in_scales()),
        };
        let province = self.province.and_then(|(_, it)| in_list(&it.scales));
        match (nation, province) {
            (Some(nation), Some(province)) => Some(if is_looser(&province, &nation) { nation } else { province }),
            (nation, province) => nation.or(province),
        }
    }

    pub(super) fn threshold(&self, code: &str) -> Option<Bound> {
        let of = |(index, it): (u64, &Policy)| {
            let found = it.thresholds.iter().find(|threshold| threshold.code == code)?;
            let severity = Severity::try_from(found.severity).ok()?;
            Some((found.bound, severity, found.reason.clone(), index))
        };
        let built_in = THRESHOLDS.iter().find(|(name, _, _)| *name == code);
        let built_in = built_in.map(|(_, least, severity)| (*least, *severity, String::new(), 0));
        let nation = self.nation.and_then(of).or(built_in);
        match (nation, self.province.and_then(of)) {
            (Some(nation), Some(mut own)) => {
                own.0 = own.0.max(nation.0);
                if nation.1 as i32 <= own.1 as i32 {
                    own.1 = nation.1;
                }
                Some(own)
            }
            (nation, own) => nation.or(own),
        }
    }

    /// The province's appeal body, else the nation's.
    pub(super) fn appeal_body(&self) -> Option<&'b str> {
        let bodies = [self.province, self.nation].into_iter().flatten().map(|(_, it)| it.appeal_body.as_str());
        bodies.into_iter().find(|body| !body.is_empty())
    }

    fn both(&self) -> impl Iterator<Item = &'b Policy> {
        self.nation.into_iter().chain(self.province).map(|(_, it)| it)
    }

    /// Whether everyone who says who may record such an outcome names this kind of institution, and this level.
    pub(super) fn lets(&self, kind: OutcomeKind, institution: i32, level: u64) -> bool {
        self.both().all(|it| {
            let rights: Vec<_> = it.issue_rights.iter().filter(|it| it.outcome_kind == kind as i32).collect();
            rights.is_empty()
                || rights.iter().any(|it| {
                    let named = it.institution_kinds.is_empty() || it.institution_kinds.contains(&institution);
                    let top = if it.highest_level == 0 { u64::MAX } else { it.highest_level.into() };
                    named && (u64::from(it.lowest_level)..=top).contains(&level)
                })
        })
    }

    /// Whether a ground is on every list of grounds, and the strictest effect given there; 0 = none.
    pub(super) fn ground(&self, code: &str) -> Option<u32> {
        let lists: Vec<_> = self.both().map(|it| &it.grounds).filter(|list| !list.is_empty()).collect();
        let found: Vec<_> = lists.iter().filter_map(|list| list.iter().find(|it| it.code == code)).collect();
        (found.len() == lists.len()).then(|| found.iter().map(|it| it.default_effect).max().unwrap_or(0))
    }

    pub(super) fn lists_reason(&self, code: &str) -> bool {
        self.both().filter(|it| !it.reasons.is_empty()).all(|it| it.reasons.iter().any(|it| it.code == code))
    }

    fn cosigned(&self, kind: i32, by: i32) -> Option<(bool, u32)> {
        let rules = self.both().flat_map(|it| &it.cosign_rules);
        let rules: Vec<_> = rules.filter(|it| (it.outcome_kind, it.cosigner_kind) == (kind, by)).collect();
        let at_entry = rules.iter().any(|it| it.time == CosignTime::AtEntry as i32);
        let lapse = rules.iter().map(|it| it.lapse_days).filter(|days| *days > 0).min().unwrap_or(0);
        (!rules.is_empty()).then_some((at_entry, lapse))
    }

    /// Whether the second party signs at entry, and else how many days it may take; a nation's rule replaces what is built
    /// in.
    pub(super) fn cosigning(&self, kind: i32, built_in: Option<(bool, i64)>) -> Option<(bool, i64)> {
        let rules: Vec<_> = self.both().flat_map(|it| &it.cosign_rules).filter(|it| it.outcome_kind == kind).collect();
        let national = self.nation.is_some_and(|(_, it)| it.cosign_rules.iter().any(|it| it.outcome_kind == kind));
        let built_in = built_in.filter(|_| !national);
        if rules.is_empty() {
            return built_in;
        }
        let at_entry = rules.iter().any(|it| it.time == CosignTime::AtEntry as i32) || built_in.is_some_and(|it| it.0);
        let lapse = |days: u32| if days == 0 { 36_500 } else { i64::from(days) };
        let days = rules.iter().map(|it| lapse(it.lapse_days)).chain(built_in.map(|it| it.1)).min();
        Some((at_entry, days.unwrap_or(0)))
    }

    /// Whether a party of this kind may sign second.
    pub(super) fn takes_cosigner(&self, kind: i32, party: i32) -> bool {
        let rules: Vec<_> = self.both().flat_map(|it| &it.cosign_rules).filter(|it| it.outcome_kind == kind).collect();
        rules.is_empty() || rules.iter().any(|it| it.cosigner_kind == party)
    }

    /// Whether a day, counted from 1970-01-01, is worked.
    pub(super) fn works(&self, day: i64) -> bool {
        let calendars: Vec<_> = self.both().filter_map(|it| it.calendar.as_ref()).collect();
        let on = |list: &[u32]| list.iter().any(|it| i64::from(*it) == day);
        if calendars.iter().any(|it| on(&it.holidays)) {
            return false;
        }
        // The first Saturday was 1970-01-03.
        let weekend = matches!((day - 2).rem_euclid(7), 0 | 1);
        !weekend || calendars.iter().any(|it| on(&it.make_up_days))
    }
}

fn built_in_scales() -> Vec<Scale> {
    let words = |code: &str, words: &str, passing_words: u32| Scale {
        code: code.to_owned(),
        words: words.split(' ').map(str::to_owned).collect(),
        passing_words,
        ..Scale::default()
    };
    let percentage = Scale { pass_mark_millis: 60_000, top_mark_millis: 100_000, ..words("percentage", "", 0) };
    vec![
        Scale { words: Vec::new(), ..percentage },
        words("five_grade", "优秀 良好 中等 及格 不及格", 4),
        words("pass_fail", "合格 不合格", 1),
    ]
}

/// Another scale, or one on which more passes.
fn is_looser(scale: &Scale, than: &Scale) -> bool {
    let same = scale.top_mark_millis == than.top_mark_millis && scale.words == than.words;
    !same || scale.pass_mark_millis < than.pass_mark_millis || scale.passing_words > than.passing_words
}

pub(super) fn policy(case: &Case<'_>, body: &Policy, book: &Book, judge: &mut Judge) -> Option<Change> {
    let regions = case.accredits_in();
    judge.unless(!regions.is_empty(), Rejection::NotEntitled, || case.issuer.to_owned());
    let province = two(&body.region);
    let own = |of: &&str| if province.is_empty() { of.is_empty() } else { !of.is_empty() && covers(of, &body.region) };
    judge.unless(regions.iter().any(own), Rejection::RegionNotAllowed, || format!("{regions:?}"));
    if let Some(line) = book.policies.get(&province) {
        judge.unless(line.owner == case.issuer, Rejection::NotEntitled, || line.owner.clone());
        judge.unless(line.code == body.code, Rejection::FieldMalformed, || line.code.clone());
    }
    let last = book.versions.get(&(case.issuer.to_owned(), case.kind, body.code.clone())).map_or(0, |it| it.0);
    judge.unless(body.version == last + 1, Rejection::VersionNotNext, || format!("{} after {last}", body.version));
    let late = body.effective_from < case.logged_at;
    judge.unless(!late, Rejection::EffectiveInPast, || body.effective_from.to_string());
    form(body, judge);
    if !body.region.is_empty() {
        let above = book.policy_in("", body.effective_from);
        judge.unless(!looser(body, &above), Rejection::LooserThanParent, || body.code.clone());
    }
    let (index, kind, owner, body) = (case.index, case.kind, case.issuer.to_owned(), body.clone());
    Some(Box::new(move |book| {
        let (code, version) = (body.code.clone(), body.version);
        let new = || Line { owner: owner.clone(), code: code.clone(), versions: Vec::new() };
        book.policies.get_or(province, new).versions.push((body.effective_from, index));
        let key = (owner.clone(), kind, code.clone());
        let previous = book.versions.get(&key).map(|(_, entry)| *entry);
        book.versions.insert(key, (version, index));
        book.offers.insert(index, Offer { owner, code, version, previous, what: What::Policy(Box::new(body)) });
    }))
}

fn form(body: &Policy, judge: &mut Judge) {
    let there = !body.code.is_empty() && body.version > 0;
    judge.unless(there, Rejection::FieldMissing, || format!("{:?} {}", body.code, body.version));
    let region = body.region.is_empty() || is_region(&body.region);
    judge.unless(region, Rejection::RegionMalformed, || body.region.clone());
    let body_of = body.appeal_body.is_empty() || is_institution(&body.appeal_body);
    judge.unless(body_of, Rejection::InstitutionIdMalformed, || body.appeal_body.clone());
    let province = body.region.is_empty() || body.region.ends_with("0000");
    let numbers = NUMBERS.iter().all(|(of, _, _, least, most)| of(body) == 0 || (*least..=*most).contains(&of(body)));
    let scales = body.scales.iter().all(|scale| match scale.words.len() {
        0 => scale.pass_mark_millis > 0 && scale.pass_mark_millis <= scale.top_mark_millis && scale.passing_words == 0,
        words => scale.passing_words as usize <= words && scale.passing_words > 0 && scale.top_mark_millis == 0,
    });
    let thresholds = body.thresholds.iter().all(|it| {
        let known = THRESHOLDS.iter().any(|(code, _, _)| *code == it.code);
        known && (1..=3).contains(&it.severity) && it.bound <= 10_000
    });
    let ascend = |days: &[u32]| days.windows(2).all(|pair| pair[0] < pair[1]);
    let calendar = body.calendar.as_ref().is_none_or(|it| {
        let both = it.holidays.iter().any(|day| it.make_up_days.contains(day));
        ascend(&it.holidays) && ascend(&it.make_up_days) && !both
    });
    let good = province && numbers && scales && thresholds && calendar;
    judge.unless(good, Rejection::FieldMalformed, || format!("{numbers} {scales} {thresholds} {calendar}"));
}

/// Whether a province asks for less than the nation somewhere.
fn looser(body: &Policy, above: &InForce<'_>) -> bool {
    let numbers = (0..NUMBERS.len()).any(|at| {
        let (of, _, less_is_stricter, _, _) = NUMBERS[at];
        let (own, theirs) = (of(body), above.number(at));
        own > 0 && theirs > 0 && if less_is_stricter { own > theirs } else { own < theirs }
    });
    let scales = body.scales.iter().any(|it| above.scale(&it.code).is_some_and(|than| is_looser(it, &than)));
    let thresholds = body.thresholds.iter().any(|it| {
        let theirs = above.threshold(&it.code);
        theirs.is_some_and(|(least, severity, _, _)| it.bound < least || it.severity > severity as i32)
    });
    let cosigners = body.cosign_rules.iter().any(|it| {
        let theirs = above.cosigned(it.outcome_kind, it.cosigner_kind);
        theirs.is_some_and(|(at_entry, lapse)| {
            let may_follow = it.time != CosignTime::AtEntry as i32;
            let longer = lapse > 0 && (it.lapse_days == 0 || it.lapse_days > lapse);
            may_follow && (at_entry || longer)
        })
    });
    let made_up = body.calendar.iter().flat_map(|it| &it.make_up_days).any(|day| !above.works(i64::from(*day)));
    numbers || scales || thresholds || cosigners || made_up
}
