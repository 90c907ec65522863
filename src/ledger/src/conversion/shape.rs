//! What a rule must be for the rest of this folder to make sense of it, beyond the form of its fields.

use xuefen_core::proto::{ConversionRule, ConversionSource, ConversionStep, ConversionTarget};

/// Most sources of a rule.
pub const SOURCES: usize = 16;

/// How a target gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode<'a> {
    /// Courses and modules are exempted.
    Exempt(&'a [u64]),
    /// Credits: basis points of the sources' credits.
    Ratio(u32),
    /// Credits: by a table of levels or marks.
    Table(&'a [ConversionStep]),
    /// Credits: so many thousandths for all sources together.
    Fixed(u64),
}

impl<'a> Mode<'a> {
    /// The one way in which a target gives; `None` if it has none or several.
    #[must_use]
    pub fn of(target: &'a ConversionTarget) -> Option<Self> {
        let exempt = (!target.exempt.is_empty()).then_some(Self::Exempt(&target.exempt));
        let ratio = (target.ratio_basis_points > 0).then_some(Self::Ratio(target.ratio_basis_points));
        let table = (!target.table.is_empty()).then_some(Self::Table(&target.table));
        let fixed = (target.fixed_credit_millis > 0).then_some(Self::Fixed(target.fixed_credit_millis));
        let mut modes = [exempt, ratio, table, fixed].into_iter().flatten();
        modes.next().filter(|_| modes.next().is_none())
    }

    /// The way in which a rule gives.
    #[must_use]
    pub fn of_rule(rule: &'a ConversionRule) -> Option<Self> {
        rule.target.as_ref().and_then(Self::of)
    }
}

/// What the steps of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableBy {
    /// Levels of the families that the sources name.
    Level,
    /// Marks on the scales that the sources name.
    Mark,
}

impl TableBy {
    /// By level if every source names a family, else by mark if every source names a scale.
    #[must_use]
    pub fn of(rule: &ConversionRule) -> Option<Self> {
        let all = |names: fn(&ConversionSource) -> bool| rule.sources.iter().all(names) && !rule.sources.is_empty();
        if all(|source| !source.family.is_empty()) {
            Some(Self::Level)
        } else if all(|source| !source.scale.is_empty()) {
            Some(Self::Mark)
        } else {
            None
        }
    }
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Field of the rule.
    pub field: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

/// Everything that keeps a rule from being applied; empty if it can be.
#[must_use]
pub fn malformed(rule: &ConversionRule) -> Vec<Malformed> {
    let mut found = Vec::new();
    let mut ask = |good: bool, field, rule| {
        if !good {
            found.push(Malformed { field, rule });
        }
    };
    let each = |good: fn(&ConversionSource) -> bool| rule.sources.iter().all(good);
    ask((1..=SOURCES).contains(&rule.sources.len()), "sources", "1 to 16 sources");
    ask(each(names_something), "sources", "a source names kinds, issuers, a family, course codes or a class of majors");
    ask(each(|it| it.lowest_level == 0 || !it.family.is_empty()), "sources.lowest_level", "a level is one of a family");
    ask(
        each(|it| it.lowest_mark_millis == 0 || !it.scale.is_empty()),
        "sources.lowest_mark_millis",
        "a mark is on a scale",
    );
    let mode = Mode::of_rule(rule);
    ask(mode.is_some(), "target", "exactly one of exempt, ratio, table and fixed credits");
    if let Some(Mode::Table(steps)) = mode {
        let ascend =
            steps.windows(2).all(|pair| pair[0].from < pair[1].from && pair[0].credit_millis <= pair[1].credit_millis);
        ask(ascend, "target.table", "steps ascend, and a higher one gives no less");
        ask(TableBy::of(rule).is_some(), "target.table", "every source names a family, or every source a scale");
    }
    if let Some(Mode::Exempt(offers)) = mode {
        ask(offers.windows(2).all(|pair| pair[0] < pair[1]), "target.exempt", "ascending, none twice");
        ask(rule.cap_credit_millis == 0, "cap_credit_millis", "a cap bounds credits, not exemptions");
    }
    ask(!rule.highest_of_family || own_families(rule), "highest_of_family", "every source names a family of its own");
    found
}

fn names_something(source: &ConversionSource) -> bool {
    let lists = !source.outcome_kinds.is_empty() || !source.issuers.is_empty() || !source.course_codes.is_empty();
    lists || !source.family.is_empty() || !source.major_class.is_empty()
}

/// Whether every source names a family, and no two the same.
pub(super) fn own_families(rule: &ConversionRule) -> bool {
    let own = |(at, source): (usize, &ConversionSource)| {
        !source.family.is_empty() && rule.sources[..at].iter().all(|other| other.family != source.family)
    };
    rule.sources.iter().enumerate().all(own)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{by_family, rule};
    use super::*;

    fn fields(rule: &ConversionRule) -> Vec<&'static str> {
        malformed(rule).into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn one_line_for_each_thing_that_is_wrong() {
        type Change = fn(&mut ConversionRule);
        let step = |from, credit_millis| ConversionStep { from, credit_millis };
        let table = |steps| ConversionTarget { table: steps, ..ConversionTarget::default() };
        let good =
            rule(vec![by_family("bim", 2)], ConversionTarget { ratio_basis_points: 1, ..ConversionTarget::default() });
        assert_eq!(fields(&good), [""; 0]);
        let lines: &[(&str, Change)] = &[
            ("sources", |it| it.sources.clear()),
            ("sources", |it| it.sources = vec![by_family("bim", 1); 17]),
            ("sources", |it| it.sources = vec![ConversionSource { lowest_tier: 1, ..ConversionSource::default() }]),
            ("sources.lowest_level", |it| {
                it.sources = vec![ConversionSource { issuers: vec!["a".into()], ..by_family("", 1) }];
            }),
            ("sources.lowest_mark_millis", |it| it.sources[0].lowest_mark_millis = 1),
            ("target", |it| it.target = None),
            ("target", |it| it.target = Some(ConversionTarget::default())),
            ("target", |it| it.target.as_mut().expect("there").fixed_credit_millis = 1),
            ("highest_of_family", |it| {
                it.highest_of_family = true;
                it.sources.push(by_family("bim", 1));
            }),
            ("highest_of_family", |it| {
                it.highest_of_family = true;
                it.sources.push(ConversionSource { issuers: vec!["a".into()], ..ConversionSource::default() });
            }),
        ];
        for (at, (field, change)) in lines.iter().enumerate() {
            let mut bad = good.clone();
            change(&mut bad);
            assert_eq!(fields(&bad), [*field], "line {at}");
        }
        for steps in [vec![step(2, 5), step(2, 6)], vec![step(1, 5), step(2, 4)], vec![step(2, 5), step(1, 6)]] {
            assert_eq!(fields(&rule(vec![by_family("bim", 1)], table(steps))), ["target.table"]);
        }
        let by_course = ConversionSource { course_codes: vec!["a".into()], ..ConversionSource::default() };
        assert_eq!(fields(&rule(vec![by_course], table(vec![step(1, 5), step(2, 5)]))), ["target.table"]);
        let exempt = |exempt| ConversionTarget { exempt, ..ConversionTarget::default() };
        assert_eq!(fields(&rule(vec![by_family("bim", 1)], exempt(vec![1, 1]))), ["target.exempt"]);
        let mut capped = rule(vec![by_family("bim", 1)], exempt(vec![1, 2]));
        assert_eq!(fields(&capped), [""; 0]);
        capped.cap_credit_millis = 1;
        assert_eq!(fields(&capped), ["cap_credit_millis"]);
    }
}
