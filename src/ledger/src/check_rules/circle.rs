//! Courses that exempt each other through rules of several programmes: A for B, B for C, C for A. A result of a conversion is
//! never a source, so nothing is minted; but nobody learns what all of them leave to the next.

use super::{Finding, FindingCode, Named, Registry};
use crate::explain::Published;
use crate::state::ReadError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xuefen_core::proto::ConversionSource;

/// More pairs of issuer and course than this are no exemption of one course by another.
const PAIRS: usize = 256;

/// Most rules of a circle that are named.
const NAMED: usize = 16;

/// Courses by owner and code, as numbers.
#[derive(Default)]
struct Graph {
    nodes: BTreeMap<(String, String), usize>,
    /// From a course, the courses that it exempts, and by which rule.
    edges: Vec<Vec<(usize, u64)>>,
}

impl Graph {
    fn node(&mut self, owner: &str, code: &str) -> usize {
        let next = self.edges.len();
        let node = *self.nodes.entry((owner.to_owned(), code.to_owned())).or_insert(next);
        if node == next {
            self.edges.push(Vec::new());
        }
        node
    }
}

pub(super) fn check<'a>(
    rules: impl Iterator<Item = &'a Arc<Published>>,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    let mut graph = Graph::default();
    let mut offers: BTreeMap<u64, Option<Named>> = BTreeMap::new();
    for rule in rules.filter(|rule| !rule.programme.1.is_empty()) {
        let Some(target) = &rule.rule.target else { continue };
        for index in &target.exempt {
            if !offers.contains_key(index) {
                offers.insert(*index, state.offer(*index)?);
            }
            let Some(Some(to)) = offers.get(index) else { continue };
            let to = graph.node(&to.owner, &to.code);
            for (issuer, code) in rule.rule.sources.iter().flat_map(courses) {
                let from = graph.node(issuer, code);
                graph.edges[from].push((to, rule.index));
            }
        }
    }
    for circle in components(&graph.edges) {
        let inside: BTreeSet<usize> = circle.iter().copied().collect();
        let edges = circle.iter().flat_map(|node| &graph.edges[*node]).filter(|(to, _)| inside.contains(to));
        let rules: BTreeSet<u64> = edges.map(|(_, rule)| *rule).collect();
        let mut rules = rules.into_iter();
        let Some(first) = rules.next() else { continue };
        let names: Vec<&str> =
            graph.nodes.iter().filter(|(_, node)| inside.contains(node)).map(|((_, code), _)| code.as_str()).collect();
        let finding = Finding::of(FindingCode::ExemptCircle, first, "target.exempt");
        let said = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(",");
        found.push(Finding { others: rules.take(NAMED).collect(), ..finding.numbers(&said, &"") });
    }
    Ok(())
}

/// Courses of named issuers that a source asks for.
fn courses(source: &ConversionSource) -> Vec<(&str, &str)> {
    if source.issuers.len() * source.course_codes.len() > PAIRS {
        return Vec::new();
    }
    source
        .issuers
        .iter()
        .flat_map(|issuer| source.course_codes.iter().map(move |code| (issuer.as_str(), code.as_str())))
        .collect()
}

/// Strongly connected components of more than one node (Tarjan), without recursion: chains are as long as registrars
/// make them.
fn components(edges: &[Vec<(usize, u64)>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let (mut order, mut low) = (vec![NEW; edges.len()], vec![0; edges.len()]);
    let (mut stack, mut on_stack) = (Vec::new(), vec![false; edges.len()]);
    let (mut next, mut found) = (0, Vec::new());
    for root in 0..edges.len() {
        if order[root] != NEW {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if edge == 0 {
                (order[node], low[node]) = (next, next);
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some((to, _)) = edges[node].get(edge) {
                path.push((node, edge + 1));
                if order[*to] == NEW {
                    path.push((*to, 0));
                } else if on_stack[*to] {
                    low[node] = low[node].min(order[*to]);
                }
                continue;
            }
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == order[node] {
                let at =
                    stack.iter().rposition(|it| *it == node).expect("a node is on the stack until its component is");
                let component = stack.split_off(at);
                for it in &component {
                    on_stack[*it] = false;
                }
                if component.len() > 1 {
                    found.push(component);
                }
            }
        }
    }
    found
}
