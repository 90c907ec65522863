//! Every conversion rule there is, found by what it selects: an index in memory over statements that never change
//! (docs/adr/0037). Which version holds and whether it still stands is asked of the state.

use std::collections::BTreeMap;
use std::sync::Arc;
use xuefen_core::proto::{ConversionRule, ConversionSource};

use crate::conversion::Candidate;

/// More pairs of issuer and course than this are kept by course alone.
const PAIRS: usize = 256;

/// A rule as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Leaf index.
    pub index: u64,
    /// The receiving institution, or the authority above it.
    pub owner: String,
    /// Owner and code of the programme it converts into; empty for a rule that only bounds others.
    pub programme: (String, String),
    /// What it says.
    pub rule: ConversionRule,
}

/// The one thing by which a source of a rule is looked up: the narrowest that it asks for. An outcome that lacks it does not
/// meet the source, so nothing is overlooked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Selector {
    /// (issuer, course code)
    CourseOf(String, String),
    Course(String),
    Family(String),
    Issuer(String),
    MajorClass(String),
    Kind(i32),
}

/// Places in the list of rules.
type Places = Vec<u32>;

/// All rules up to a tree size. Older sizes are a prefix of it: what came later is left out by its index.
#[derive(Clone, Debug, Default)]
pub struct Book {
    rules: Vec<Arc<Published>>,
    /// Ascending within each.
    by_selector: BTreeMap<Selector, Places>,
    /// (owner, code) → versions, oldest first.
    lines: BTreeMap<(String, String), Places>,
    /// Programme → rules of all versions.
    by_programme: BTreeMap<(String, String), Places>,
    by_owner: BTreeMap<String, Places>,
}

/// Where a source is found.
fn selectors(source: &ConversionSource) -> Vec<Selector> {
    let texts = |list: &[String], of: fn(String) -> Selector| list.iter().cloned().map(of).collect();
    let pairs = source.issuers.len() * source.course_codes.len();
    if (1..=PAIRS).contains(&pairs) {
        let of = |issuer: &String| {
            let pair = |code: &String| Selector::CourseOf(issuer.clone(), code.clone());
            source.course_codes.iter().map(pair).collect::<Vec<_>>()
        };
        source.issuers.iter().flat_map(of).collect()
    } else if !source.course_codes.is_empty() {
        texts(&source.course_codes, Selector::Course)
    } else if !source.family.is_empty() {
        vec![Selector::Family(source.family.clone())]
    } else if !source.issuers.is_empty() {
        texts(&source.issuers, Selector::Issuer)
    } else if !source.major_class.is_empty() {
        vec![Selector::MajorClass(source.major_class.clone())]
    } else {
        source.outcome_kinds.iter().map(|kind| Selector::Kind(*kind)).collect()
    }
}

/// Everything under which a source that an outcome may meet can stand.
fn selectors_of(candidate: &Candidate) -> Vec<Selector> {
    let mut found = vec![Selector::Kind(candidate.kind)];
    if !candidate.course_code.is_empty() {
        found.push(Selector::Course(candidate.course_code.clone()));
    }
    if !candidate.family.is_empty() {
        found.push(Selector::Family(candidate.family.clone()));
    }
    if !candidate.major_class.is_empty() {
        found.push(Selector::MajorClass(candidate.major_class.clone()));
    }
    for issuer in &candidate.issuers {
        found.push(Selector::Issuer(issuer.clone()));
        if !candidate.course_code.is_empty() {
            found.push(Selector::CourseOf(issuer.clone(), candidate.course_code.clone()));
        }
    }
    found
}

impl Book {
    /// Adds the next rule of the log.
    ///
    /// # Panics
    /// If a later rule was added before.
    pub fn add(&mut self, published: Published) {
        assert!(
            self.rules.last().is_none_or(|last| last.index < published.index),
            "rules come in the order of the log"
        );
        let place = u32::try_from(self.rules.len()).expect("a log of 2^32 rules is larger than any disk");
        let mut found: Vec<Selector> = published.rule.sources.iter().flat_map(selectors).collect();
        found.sort_unstable();
        found.dedup();
        // A rule without a programme converts nothing: it is asked for by the rules below it only.
        if !published.programme.1.is_empty() {
            for selector in found {
                self.by_selector.entry(selector).or_default().push(place);
            }
            self.by_programme.entry(published.programme.clone()).or_default().push(place);
        }
        let line = (published.owner.clone(), published.rule.code.clone());
        self.lines.entry(line).or_default().push(place);
        self.by_owner.entry(published.owner.clone()).or_default().push(place);
        self.rules.push(Arc::new(published));
    }

    /// Number of rules, all versions counted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Every version of every rule, in the order of the log.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Published>> {
        self.rules.iter()
    }

    /// The rule of a leaf index.
    #[must_use]
    pub fn at(&self, index: u64) -> Option<&Arc<Published>> {
        let place = self.rules.binary_search_by_key(&index, |rule| rule.index).ok()?;
        self.rules.get(place)
    }

    fn places<'a>(&'a self, places: Option<&'a Places>) -> impl DoubleEndedIterator<Item = &'a Arc<Published>> {
        places.into_iter().flatten().filter_map(|place| self.rules.get(*place as usize))
    }

    /// The versions of a rule, newest first.
    pub fn versions(&self, owner: &str, code: &str) -> impl Iterator<Item = &Arc<Published>> {
        self.places(self.lines.get(&(owner.to_owned(), code.to_owned()))).rev()
    }

    /// Rules into a programme, all versions, in the order of the log.
    pub fn into_programme(&self, owner: &str, code: &str) -> impl Iterator<Item = &Arc<Published>> {
        self.places(self.by_programme.get(&(owner.to_owned(), code.to_owned())))
    }

    /// Rules of an owner, all versions, in the order of the log.
    pub fn of_owner(&self, owner: &str) -> impl Iterator<Item = &Arc<Published>> {
        self.places(self.by_owner.get(owner))
    }

    /// Owner and code of every rule, in their order.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.keys().map(|(owner, code)| (owner.as_str(), code.as_str()))
    }

    /// Rules that may take one of some outcomes, with the places of those outcomes, in the order of the log. Every rule that
    /// an outcome meets a source of is among them.
    #[must_use]
    pub fn that_may_take(&self, candidates: &[&Candidate]) -> Vec<(&Arc<Published>, Vec<usize>)> {
        let mut found: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (at, candidate) in candidates.iter().enumerate() {
            for place in selectors_of(candidate).iter().filter_map(|selector| self.by_selector.get(selector)).flatten()
            {
                let outcomes = found.entry(*place).or_default();
                if outcomes.last() != Some(&at) {
                    outcomes.push(at);
                }
            }
        }
        let rule = |(place, outcomes): (u32, Vec<usize>)| Some((self.rules.get(place as usize)?, outcomes));
        found.into_iter().filter_map(rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::tests::{ON, a_rule, candidate, candidates};
    use crate::conversion::{malformed, select};
    use proptest::prelude::*;

    fn published(index: u64, rule: ConversionRule) -> Published {
        Published { index, owner: "a".to_owned(), programme: ("a".to_owned(), "p".to_owned()), rule }
    }

    fn source(change: fn(&mut ConversionSource)) -> ConversionSource {
        let mut source = ConversionSource::default();
        change(&mut source);
        source
    }

    fn found(source: ConversionSource, outcome: &Candidate) -> bool {
        let mut book = Book::default();
        book.add(published(7, ConversionRule { sources: vec![source], ..ConversionRule::default() }));
        !book.that_may_take(&[outcome]).is_empty()
    }

    #[test]
    fn a_source_is_found_by_the_narrowest_thing_it_asks_for() {
        type Line = (fn(&mut ConversionSource), fn(&mut Candidate));
        let kind = |it: &mut ConversionSource| it.outcome_kinds = vec![1, 6];
        let lines: &[Line] = &[
            (kind, |it| it.kind = 5),
            (|it| it.family = "bim".into(), |it| it.family = "nc".into()),
            (|it| it.course_codes = vec!["a".into(), "b".into()], |it| it.course_code = "c".into()),
            (|it| it.major_class = "4403".into(), |it| it.major_class = "4604".into()),
            (|it| it.issuers = vec!["a".into()], |it| it.issuers = vec!["b".into()]),
            (
                |it| (it.issuers, it.course_codes) = (vec!["a".into()], vec!["a".into()]),
                |it| it.issuers = vec!["b".into()],
            ),
            (|it| (it.issuers, it.family) = (vec!["b".into()], "bim".into()), |it| it.family = "nc".into()),
        ];
        for (at, (change, spoil)) in lines.iter().enumerate() {
            assert!(found(source(*change), &candidate()), "line {at}");
            let mut other = candidate();
            spoil(&mut other);
            assert!(!found(source(*change), &other), "line {at}");
        }
        // Whoever took over the issuer is found too.
        let heir = Candidate { issuers: vec!["b".into(), "a".into()], ..candidate() };
        assert!(found(source(|it| it.issuers = vec!["a".into()]), &heir));
        let many = source(|it| {
            it.issuers = (0..20).map(|id| id.to_string()).collect();
            it.course_codes = (0..20).map(|code| code.to_string()).collect();
        });
        assert!(found(many, &Candidate { course_code: "7".into(), ..candidate() }));
    }

    #[test]
    fn versions_and_programmes_are_listed() {
        let mut book = Book::default();
        let rule = |code: &str, version| ConversionRule {
            code: code.to_owned(),
            version,
            sources: vec![source(|it| it.family = "bim".into())],
            ..ConversionRule::default()
        };
        book.add(published(3, rule("r", 1)));
        book.add(published(5, rule("r", 2)));
        book.add(Published { programme: Default::default(), ..published(8, rule("above", 1)) });
        let versions: Vec<u32> = book.versions("a", "r").map(|it| it.rule.version).collect();
        assert_eq!(versions, [2, 1]);
        assert_eq!(book.into_programme("a", "p").map(|it| it.index).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(book.of_owner("a").count(), 3);
        assert_eq!(book.at(8).map(|it| it.rule.code.as_str()), Some("above"));
        assert_eq!(book.at(4), None);
        // What only bounds others converts nothing.
        let taken: Vec<u64> = book.that_may_take(&[&candidate()]).iter().map(|(it, _)| it.index).collect();
        assert_eq!(taken, [3, 5]);
        assert_eq!(book.lines().collect::<Vec<_>>(), [("a", "above"), ("a", "r")]);
    }

    proptest! {
        /// The index overlooks nothing that a walk over all rules finds.
        #[test]
        fn nothing_is_overlooked(rules in proptest::collection::vec(a_rule(), 0..20), all in candidates()) {
            let mut book = Book::default();
            for (index, rule) in (1..).zip(&rules) {
                prop_assert!(malformed(rule).is_empty());
                book.add(published(index, rule.clone()));
            }
            let refs: Vec<&Candidate> = all.iter().collect();
            let found = book.that_may_take(&refs);
            for (index, rule) in (1..).zip(&rules) {
                for (at, outcome) in all.iter().enumerate() {
                    if rule.sources.iter().any(|source| select(source, outcome, ON).is_met()) {
                        prop_assert!(found.iter().any(|(it, places)| it.index == index && places.contains(&at)));
                    }
                }
            }
        }
    }
}
