//! Whether a rule asks less or gives more than the rule above it, and in which clause (rules.md 4: both must allow).

use super::{Mode, SOURCES, TableBy};
use xuefen_core::proto::{ConversionRule, ConversionSource, ConversionStep};

/// A part of a rule that can be looser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clause {
    /// There are fewer sources than the parent asks together.
    Sources,
    /// Kinds of outcome.
    OutcomeKinds,
    /// Issuers by id.
    Issuers,
    /// Issuers by kind.
    IssuerKinds,
    /// Issuers by sector.
    IssuerSectors,
    /// Certificate family.
    Family,
    /// Lowest level.
    LowestLevel,
    /// Course codes.
    CourseCodes,
    /// Class of majors.
    MajorClass,
    /// Scale of the mark.
    Scale,
    /// Lowest mark.
    LowestMark,
    /// Lowest tier.
    LowestTier,
    /// Oldest outcome.
    MaximumAge,
    /// It gives in another way: exemption, ratio, table, fixed.
    Mode,
    /// Exempted offers.
    Exempt,
    /// Ratio.
    Ratio,
    /// Table of credits.
    Table,
    /// Fixed credits.
    Fixed,
    /// Most in all.
    Cap,
    /// How far a use reaches.
    Scope,
    /// The highest of a family only.
    HighestOfFamily,
}

impl Clause {
    /// Field of the rule.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::OutcomeKinds => "sources.outcome_kinds",
            Self::Issuers => "sources.issuers",
            Self::IssuerKinds => "sources.issuer_kinds",
            Self::IssuerSectors => "sources.issuer_sectors",
            Self::Family => "sources.family",
            Self::LowestLevel => "sources.lowest_level",
            Self::CourseCodes => "sources.course_codes",
            Self::MajorClass => "sources.major_class",
            Self::Scale => "sources.scale",
            Self::LowestMark => "sources.lowest_mark_millis",
            Self::LowestTier => "sources.lowest_tier",
            Self::MaximumAge => "sources.maximum_age_days",
            Self::Mode => "target",
            Self::Exempt => "target.exempt",
            Self::Ratio => "target.ratio_basis_points",
            Self::Table => "target.table",
            Self::Fixed => "target.fixed_credit_millis",
            Self::Cap => "cap_credit_millis",
            Self::Scope => "scope",
            Self::HighestOfFamily => "highest_of_family",
        }
    }
}

/// A clause in which a rule is looser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Looser {
    /// Source of the parent that is asked less of, by its place; `None` for what is no source's.
    pub source: Option<usize>,
    /// Which clause.
    pub clause: Clause,
    /// What the rule says, where that is a number.
    pub said: u64,
    /// What the parent says, where that is a number; 0 = it bounds what the rule leaves open.
    pub asked: u64,
}

/// Every clause in which a rule is looser than its parent. Each source of the parent must be asked for by a source of the
/// rule's own that takes no more; the rule may ask for others beside.
#[must_use]
pub fn looser(rule: &ConversionRule, parent: &ConversionRule) -> Vec<Looser> {
    let mut found = sources(rule, parent);
    let mut note = |(clause, said, asked)| found.push(Looser { source: None, clause, said, asked });
    given(rule, parent).into_iter().for_each(&mut note);
    let most = most(rule);
    if parent.cap_credit_millis > 0 && most.is_none_or(|most| most > parent.cap_credit_millis) {
        note((Clause::Cap, most.unwrap_or(0), parent.cap_credit_millis));
    }
    if rule.scope < parent.scope {
        let number = |scope: i32| u64::try_from(scope).unwrap_or(0);
        note((Clause::Scope, number(rule.scope), number(parent.scope)));
    }
    if parent.highest_of_family && !rule.highest_of_family {
        note((Clause::HighestOfFamily, 0, 1));
    }
    found
}

/// Whether a rule gives more than its parent, or in a way that cannot be compared. A parent may leave it open.
fn given(rule: &ConversionRule, parent: &ConversionRule) -> Option<(Clause, u64, u64)> {
    let theirs = Mode::of_rule(parent)?;
    match (Mode::of_rule(rule), theirs) {
        (Some(Mode::Exempt(own)), Mode::Exempt(theirs)) => {
            own.iter().find(|offer| !theirs.contains(offer)).map(|offer| (Clause::Exempt, *offer, 0))
        }
        (Some(Mode::Ratio(own)), Mode::Ratio(theirs)) => {
            (own > theirs).then(|| (Clause::Ratio, own.into(), theirs.into()))
        }
        (Some(Mode::Fixed(own)), Mode::Fixed(theirs)) => (own > theirs).then_some((Clause::Fixed, own, theirs)),
        (Some(Mode::Table(own)), Mode::Table(theirs)) if TableBy::of(rule) == TableBy::of(parent) => {
            table(own, theirs).map(|(said, asked)| (Clause::Table, said, asked))
        }
        _ => Some((Clause::Mode, 0, 0)),
    }
}

/// Most credits that a rule gives; `None` if it has no bound of its own.
fn most(rule: &ConversionRule) -> Option<u64> {
    let cap = (rule.cap_credit_millis > 0).then_some(rule.cap_credit_millis);
    let given = match Mode::of_rule(rule) {
        Some(Mode::Exempt(_)) => Some(0),
        Some(Mode::Fixed(sum)) => Some(sum),
        Some(Mode::Table(steps)) => {
            let top = steps.iter().map(|step| step.credit_millis).max().unwrap_or(0);
            top.checked_mul(u64::try_from(rule.sources.len()).unwrap_or(u64::MAX))
        }
        Some(Mode::Ratio(_)) | None => None,
    };
    [cap, given].into_iter().flatten().min()
}

/// The first level or mark at which a table gives more, and what both give there.
fn table(own: &[ConversionStep], theirs: &[ConversionStep]) -> Option<(u64, u64)> {
    let at = |steps: &[ConversionStep], from: u32| {
        steps.iter().filter(|step| step.from <= from).map(|step| step.credit_millis).max().unwrap_or(0)
    };
    // Both change only where one of them has a step, and only at its own does the first of them rise.
    own.iter().map(|step| (step.credit_millis, at(theirs, step.from))).find(|(own, theirs)| own > theirs)
}

/// Pairs each source of the parent with one of the rule's own that asks as much; for those without, the clauses in which the
/// nearest one asks less.
fn sources(rule: &ConversionRule, parent: &ConversionRule) -> Vec<Looser> {
    let (own, theirs) = (&rule.sources, &parent.sources);
    if own.len() > SOURCES || theirs.len() > SOURCES {
        return vec![Looser { source: None, clause: Clause::Sources, said: len(own), asked: len(theirs) }];
    }
    let differences: Vec<Vec<Vec<Looser>>> =
        theirs.iter().enumerate().map(|(at, parent)| own.iter().map(|own| source(own, parent, at)).collect()).collect();
    let mut taken: Vec<Option<usize>> = vec![None; own.len()];
    let mut found = Vec::new();
    for at in 0..theirs.len() {
        if pair(at, &differences, &mut taken, &mut vec![false; own.len()]) {
            continue;
        }
        match differences[at].iter().min_by_key(|clauses| clauses.len()) {
            Some(clauses) if !clauses.is_empty() => found.extend(clauses),
            _ => found.push(Looser { source: Some(at), clause: Clause::Sources, said: len(own), asked: len(theirs) }),
        }
    }
    found
}

fn len(sources: &[ConversionSource]) -> u64 {
    u64::try_from(sources.len()).unwrap_or(u64::MAX)
}

fn pair(at: usize, differences: &[Vec<Vec<Looser>>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for own in 0..taken.len() {
        if !differences[at][own].is_empty() || std::mem::replace(&mut tried[own], true) {
            continue;
        }
        if taken[own].is_none_or(|holder| pair(holder, differences, taken, tried)) {
            taken[own] = Some(at);
            return true;
        }
    }
    false
}

/// The clauses in which a source takes more than one of the parent.
fn source(own: &ConversionSource, parent: &ConversionSource, at: usize) -> Vec<Looser> {
    fn within<T: PartialEq>(own: &[T], theirs: &[T]) -> bool {
        theirs.is_empty() || (!own.is_empty() && own.iter().all(|it| theirs.contains(it)))
    }
    let named = |own: &str, theirs: &str| theirs.is_empty() || own == theirs;
    let age = parent.maximum_age_days == 0 || (1..=parent.maximum_age_days).contains(&own.maximum_age_days);
    let clauses = [
        (Clause::OutcomeKinds, within(&own.outcome_kinds, &parent.outcome_kinds), 0, 0),
        (Clause::Issuers, within(&own.issuers, &parent.issuers), 0, 0),
        (Clause::IssuerKinds, within(&own.issuer_kinds, &parent.issuer_kinds), 0, 0),
        (Clause::IssuerSectors, within(&own.issuer_sectors, &parent.issuer_sectors), 0, 0),
        (Clause::Family, named(&own.family, &parent.family), 0, 0),
        (Clause::LowestLevel, own.lowest_level >= parent.lowest_level, own.lowest_level, parent.lowest_level),
        (Clause::CourseCodes, within(&own.course_codes, &parent.course_codes), 0, 0),
        (Clause::MajorClass, named(&own.major_class, &parent.major_class), 0, 0),
        (Clause::Scale, named(&own.scale, &parent.scale), 0, 0),
        (
            Clause::LowestMark,
            own.lowest_mark_millis >= parent.lowest_mark_millis,
            own.lowest_mark_millis,
            parent.lowest_mark_millis,
        ),
        (Clause::LowestTier, own.lowest_tier >= parent.lowest_tier, own.lowest_tier, parent.lowest_tier),
        (Clause::MaximumAge, age, own.maximum_age_days, parent.maximum_age_days),
    ];
    let told = |(clause, _, said, asked): (Clause, bool, u32, u32)| Looser {
        source: Some(at),
        clause,
        said: said.into(),
        asked: asked.into(),
    };
    clauses.into_iter().filter(|(_, kept, _, _)| !kept).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{by_family, rule};
    use super::*;
    use xuefen_core::proto::{ConversionTarget, ScopeKind};

    type Change = fn(&mut ConversionRule);

    fn clauses(own: &ConversionRule, parent: &ConversionRule) -> Vec<(Clause, u64, u64)> {
        looser(own, parent).into_iter().map(|it| (it.clause, it.said, it.asked)).collect()
    }

    fn ratio() -> ConversionRule {
        let source = ConversionSource {
            outcome_kinds: vec![6],
            issuers: vec!["a".into()],
            issuer_kinds: vec![8],
            issuer_sectors: vec![1],
            course_codes: vec!["c".into()],
            major_class: "4403".into(),
            lowest_mark_millis: 60_000,
            scale: "percentage".into(),
            lowest_tier: 2,
            maximum_age_days: 100,
            ..by_family("bim", 2)
        };
        let target = ConversionTarget { ratio_basis_points: 5_000, ..ConversionTarget::default() };
        let scope = ScopeKind::Institution as i32;
        ConversionRule { cap_credit_millis: 4_000, scope, highest_of_family: true, ..rule(vec![source], target) }
    }

    /// One line for each clause: the child differs from the parent in it alone.
    #[test]
    fn every_clause_can_be_looser_and_is_named() {
        let lines: &[(Change, Clause, u64, u64)] = &[
            (|it| it.sources.clear(), Clause::Sources, 0, 1),
            (|it| it.sources[0].outcome_kinds.clear(), Clause::OutcomeKinds, 0, 0),
            (|it| it.sources[0].outcome_kinds.push(5), Clause::OutcomeKinds, 0, 0),
            (|it| it.sources[0].issuers.push("b".into()), Clause::Issuers, 0, 0),
            (|it| it.sources[0].issuer_kinds = vec![4], Clause::IssuerKinds, 0, 0),
            (|it| it.sources[0].issuer_sectors.clear(), Clause::IssuerSectors, 0, 0),
            (|it| it.sources[0].family = "nc".into(), Clause::Family, 0, 0),
            (|it| it.sources[0].lowest_level = 1, Clause::LowestLevel, 1, 2),
            (|it| it.sources[0].course_codes.clear(), Clause::CourseCodes, 0, 0),
            (|it| it.sources[0].major_class.clear(), Clause::MajorClass, 0, 0),
            (|it| it.sources[0].scale.clear(), Clause::Scale, 0, 0),
            (|it| it.sources[0].lowest_mark_millis = 59_999, Clause::LowestMark, 59_999, 60_000),
            (|it| it.sources[0].lowest_tier = 1, Clause::LowestTier, 1, 2),
            (|it| it.sources[0].maximum_age_days = 101, Clause::MaximumAge, 101, 100),
            (|it| it.sources[0].maximum_age_days = 0, Clause::MaximumAge, 0, 100),
            (|it| it.target.as_mut().expect("there").ratio_basis_points = 5_001, Clause::Ratio, 5_001, 5_000),
            (|it| it.cap_credit_millis = 4_001, Clause::Cap, 4_001, 4_000),
            (|it| it.cap_credit_millis = 0, Clause::Cap, 0, 4_000),
            (|it| it.scope = ScopeKind::Programme as i32, Clause::Scope, 1, 2),
            (|it| it.highest_of_family = false, Clause::HighestOfFamily, 0, 1),
        ];
        for (change, clause, said, asked) in lines {
            let mut own = ratio();
            change(&mut own);
            assert_eq!(clauses(&own, &ratio()), [(*clause, *said, *asked)]);
        }
    }

    #[test]
    fn asking_more_and_giving_less_is_no_looser() {
        let lines: &[Change] = &[
            |_| (),
            |it| it.sources.push(by_family("nc", 1)),
            |it| it.sources.insert(0, by_family("nc", 1)),
            |it| it.sources[0].lowest_level = 3,
            |it| it.sources[0].lowest_mark_millis = 60_001,
            |it| it.sources[0].maximum_age_days = 1,
            |it| it.target.as_mut().expect("there").ratio_basis_points = 1,
            |it| it.cap_credit_millis = 3_999,
            |it| it.scope = ScopeKind::Bank as i32,
        ];
        for change in lines {
            let mut own = ratio();
            change(&mut own);
            assert_eq!(clauses(&own, &ratio()), []);
        }
        assert_eq!(clauses(&ratio(), &ConversionRule::default()), []);
    }

    #[test]
    fn ways_of_giving_are_compared_with_their_like() {
        let of = |target| rule(vec![by_family("bim", 1)], target);
        let step = |from, credit_millis| ConversionStep { from, credit_millis };
        let table = |steps| of(ConversionTarget { table: steps, ..ConversionTarget::default() });
        let fixed = |fixed_credit_millis| of(ConversionTarget { fixed_credit_millis, ..ConversionTarget::default() });
        let exempt = |exempt| of(ConversionTarget { exempt, ..ConversionTarget::default() });
        assert_eq!(clauses(&fixed(2), &fixed(1)), [(Clause::Fixed, 2, 1)]);
        assert_eq!(clauses(&fixed(1), &fixed(1)), []);
        assert_eq!(clauses(&exempt(vec![1, 2]), &exempt(vec![1])), [(Clause::Exempt, 2, 0)]);
        assert_eq!(clauses(&exempt(vec![1]), &exempt(vec![1, 2])), []);
        assert_eq!(clauses(&fixed(1), &exempt(vec![1])), [(Clause::Mode, 0, 0)]);
        let parent = table(vec![step(1, 1_000), step(3, 3_000)]);
        assert_eq!(clauses(&parent, &parent), []);
        assert_eq!(clauses(&table(vec![step(2, 1_000), step(4, 3_000)]), &parent), []);
        assert_eq!(clauses(&table(vec![step(2, 1_001)]), &parent), [(Clause::Table, 1_001, 1_000)]);
        assert_eq!(clauses(&table(vec![step(1, 1_000), step(2, 2_000)]), &parent), [(Clause::Table, 2_000, 1_000)]);
        // A cap of the parent's is kept by a fixed sum below it.
        let capped = ConversionRule { cap_credit_millis: 2_000, ..ConversionRule::default() };
        assert_eq!(clauses(&fixed(2_000), &capped), []);
        assert_eq!(clauses(&fixed(2_001), &capped), [(Clause::Cap, 2_001, 2_000)]);
        assert_eq!(clauses(&table(vec![step(1, 2_001)]), &capped), [(Clause::Cap, 2_001, 2_000)]);
    }

    #[test]
    fn sources_are_paired_whatever_their_order() {
        let target = || ConversionTarget { fixed_credit_millis: 1, ..ConversionTarget::default() };
        let parent = rule(vec![by_family("bim", 1), by_family("bim", 2)], target());
        let own = rule(vec![by_family("bim", 2), by_family("bim", 1)], target());
        assert_eq!(clauses(&own, &parent), []);
        // Two sources of the parent are not met by one of the rule's own.
        let one = rule(vec![by_family("bim", 2)], target());
        assert_eq!(clauses(&one, &parent), [(Clause::Sources, 1, 2)]);
        let weak = rule(vec![by_family("bim", 1), by_family("bim", 1)], target());
        let found = looser(&weak, &parent);
        let expected = Looser { source: Some(1), clause: Clause::LowestLevel, said: 1, asked: 2 };
        assert_eq!(found, [expected]);
    }
}
