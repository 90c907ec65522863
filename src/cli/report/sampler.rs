//! What an inspection draws, found from the entries of a log alone: for `report sample`, which asks a server, and for `audit
//! --sample`, which replays a log from genesis. Whoever has the log and the secret finds the same.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use xuefen_core::Hash;
use xuefen_core::bytes::Bytes;
use xuefen_core::entry::Entry;
use xuefen_core::kinds::{Kind, outcomes};
use xuefen_core::merkle::leaf_hash;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Inspection, OutcomeKind, Statement};
use xuefen_core::tree::Frontier;
use xuefen_ledger::sample::{self, Draw, Population};

use crate::cli::hex::to_hex;

/// What is needed of an entry to draw it.
#[derive(Clone, Debug)]
struct Seen {
    leaf_hash: Hash,
    issuer: String,
    kind: &'static str,
    outcome_kind: OutcomeKind,
}

/// Takes a log, entry by entry.
#[derive(Debug)]
pub struct Sampler {
    commitment_index: u64,
    seen: Vec<Seen>,
    said: Option<Inspection>,
    told: Option<(u64, Inspection)>,
}

/// An entry that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Leaf index.
    pub index: u64,
    /// Leaf hash.
    pub leaf_hash: Hash,
    /// Who said it.
    pub issuer: String,
    /// Its kind; of an outcome, that of the outcome.
    pub kind: &'static str,
}

/// A sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Programme of inspection.
    pub scheme: String,
    /// Entry that the auditor was bound by.
    pub commitment_index: u64,
    /// Size of the tree whose root decided.
    pub size: u64,
    /// That root.
    pub root: Hash,
    /// SHA-256(root || secret).
    pub seed: Hash,
    /// Entries to be drawn.
    pub asked: u32,
    /// Entries that could have been drawn.
    pub population: u64,
    /// Those that were.
    pub drawn: Vec<Drawn>,
    /// The entry that reports on it, and the entries found wanting.
    pub told: Option<(u64, Vec<u64>)>,
}

impl Sampler {
    /// For the inspection that an entry began.
    #[must_use]
    pub const fn new(commitment_index: u64) -> Self {
        Self { commitment_index, seen: Vec::new(), said: None, told: None }
    }

    /// Takes the next entry, from 0 on.
    pub fn push(&mut self, bytes: &Bytes) {
        let index = self.seen.len() as u64;
        let entry = Entry::<Statement>::parse(bytes.clone()).ok();
        let body = entry.as_ref().and_then(|entry| entry.statement().message().body.as_ref());
        if let Some(Body::Inspection(body)) = body {
            if index == self.commitment_index && body.commitment_index == 0 {
                self.said = Some(body.clone());
            } else if body.commitment_index == self.commitment_index && self.told.is_none() {
                self.told = Some((index, body.clone()));
            }
        }
        let outcome_kind = match body {
            Some(Body::RecordOutcome(body)) => OutcomeKind::try_from(body.outcome_kind).unwrap_or_default(),
            _ => OutcomeKind::Unspecified,
        };
        self.seen.push(Seen {
            leaf_hash: leaf_hash(bytes),
            issuer: entry.as_ref().map(|entry| entry.statement().issuer().to_owned()).unwrap_or_default(),
            kind: body.map_or("", |body| Kind::of(body).name()),
            outcome_kind,
        });
    }

    /// Entries taken.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Draws. Secret and size come from the report on the inspection if it is in the log, else from whoever has them; a size
    /// that the commitment named counts before any other. Without one, the tree of everything taken decides.
    pub fn draw(&self, secret: Option<&[u8]>, size: Option<u64>) -> anyhow::Result<Sample> {
        let index = self.commitment_index;
        let said = self.said.as_ref().with_context(|| format!("entry {index} does not begin an inspection"))?;
        let told = self.told.as_ref().map(|(_, body)| body);
        let secret = told.map(|body| &body.secret[..]).or(secret);
        let secret = secret.context("the inspection is not reported on yet; give its --secret")?;
        let bound = sample::commitment(secret).0[..] == said.secret_commitment[..];
        ensure!(bound, "this is not the secret that entry {index} is bound to");
        let named = Some(said.checkpoint_size).filter(|size| *size > 0);
        let size = named.or(told.map(|body| body.checkpoint_size)).or(size).unwrap_or(self.size());
        if size <= index + 1 || size > self.size() {
            bail!(
                "a tree that goes on after entry {index} decides the sample, and the log has {} entries",
                self.size()
            );
        }
        let first = usize::try_from(size).ok().and_then(|size| self.seen.get(..size)).unwrap_or_default();
        let mut tree = Frontier::new();
        for seen in first {
            tree.append(seen.leaf_hash);
        }
        let root = tree.root();
        if let Some(told) = told {
            ensure!(root.0 == told.root[..], "the report on the inspection names another root than the log has");
        }
        let seed = sample::seed(&root, secret);
        let of = Population::of(said);
        let (mut draw, mut population) = (Draw::new(seed, said.drawn), 0);
        for (index, seen) in (0_u64..).zip(first) {
            if of.takes(&seen.issuer, seen.outcome_kind) {
                draw.push(index);
                population += 1;
            }
        }
        let drawn = draw.finish().into_iter().filter_map(|index| self.drawn(index)).collect();
        let findings = |body: &Inspection| body.findings.iter().map(|finding| finding.index).collect();
        Ok(Sample {
            scheme: said.scheme.clone(),
            commitment_index: index,
            size,
            root,
            seed,
            asked: said.drawn,
            population,
            drawn,
            told: self.told.as_ref().map(|(at, body)| (*at, findings(body))),
        })
    }

    fn drawn(&self, index: u64) -> Option<Drawn> {
        let seen = self.seen.get(usize::try_from(index).ok()?)?;
        let kind = outcomes::of(seen.outcome_kind).map_or(seen.kind, |outcome| outcome.name);
        Some(Drawn { index, leaf_hash: seen.leaf_hash, issuer: seen.issuer.clone(), kind })
    }
}

impl Sample {
    /// Findings of the report that were never drawn: the sample was not kept to.
    #[must_use]
    pub fn strays(&self) -> Vec<u64> {
        let drawn = |index: &u64| self.drawn.iter().any(|drawn| drawn.index == *index);
        let findings = self.told.iter().flat_map(|(_, findings)| findings);
        findings.filter(|index| !drawn(index)).copied().collect()
    }

    /// For programs; `more` adds members to an entry.
    pub fn as_json(&self, more: impl Fn(&Drawn) -> Vec<(&'static str, Value)>) -> Value {
        let entry = |drawn: &Drawn| {
            let mut entry = json!({ "index": drawn.index, "leaf_hash": drawn.leaf_hash.to_string(),
                                    "issuer": drawn.issuer, "kind": drawn.kind });
            for (name, value) in more(drawn) {
                entry[name] = value;
            }
            entry
        };
        json!({
            "scheme": self.scheme,
            "commitment_index": self.commitment_index,
            "checkpoint_size": self.size,
            "root": to_hex(&self.root.0),
            "seed": to_hex(&self.seed.0),
            "asked": self.asked,
            "population": self.population,
            "drawn": self.drawn.iter().map(entry).collect::<Vec<_>>(),
            "reported_by": self.told.as_ref().map(|(index, _)| index),
            "findings": self.told.as_ref().map(|(_, findings)| findings),
            "strays": self.strays(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_core::proto::Course;
    use xuefen_ledger::testing::{World, course, inspection, inspection_report};

    const SECRET: &[u8] = b"0123456789abcdef";

    fn world() -> (World, u64) {
        let mut world = World::furnished();
        let ministry = world.ministry.id.clone();
        let index = world.post(&ministry, Body::Inspection(inspection(SECRET)), &[1]);
        let school = world.school.id.clone();
        let body = Course { version: 2, ..course(world.named["rule"]) };
        world.post(&school, Body::Course(body), &[4]);
        (world, index)
    }

    fn sampler(world: &World, index: u64) -> Sampler {
        let mut sampler = Sampler::new(index);
        for (entry, _) in &world.entries {
            sampler.push(entry.bytes());
        }
        sampler
    }

    #[test]
    fn the_secret_draws_before_the_report_and_the_report_after() {
        let (mut world, index) = world();
        let size = world.state.size();
        let before = sampler(&world, index).draw(Some(SECRET), None).unwrap();
        assert_eq!((before.size, before.population, before.drawn.len(), &before.told), (size, size, 5, &None));
        // More entries, then the report: nobody needs the secret any more, and the sample is the same.
        let body = inspection_report(&world, index, SECRET);
        let ministry = world.ministry.id.clone();
        let finding = world.reference(before.drawn[1].index);
        let told = world.post(&ministry, Body::Inspection(Inspection { findings: vec![finding], ..body }), &[1]);
        let after = sampler(&world, index).draw(None, None).unwrap();
        assert_eq!((&after.drawn, after.seed, after.root), (&before.drawn, before.seed, before.root));
        assert_eq!(after.told, Some((told, vec![before.drawn[1].index])));
        assert_eq!(after.strays(), Vec::<u64>::new());
    }

    #[test]
    fn a_finding_that_was_not_drawn_is_told() {
        let (mut world, index) = world();
        let sample = sampler(&world, index).draw(Some(SECRET), None).unwrap();
        let stray = (0..sample.size).find(|at| sample.drawn.iter().all(|drawn| drawn.index != *at)).unwrap();
        let body = inspection_report(&world, index, SECRET);
        let ministry = world.ministry.id.clone();
        let findings = vec![world.reference(stray)];
        world.post(&ministry, Body::Inspection(Inspection { findings, ..body }), &[1]);
        assert_eq!(sampler(&world, index).draw(None, None).unwrap().strays(), [stray]);
    }

    #[test]
    fn another_secret_another_entry_and_a_size_without_the_commitment_draw_nothing() {
        let (world, index) = world();
        let sampler = sampler(&world, index);
        assert!(sampler.draw(None, None).is_err());
        assert!(sampler.draw(Some(b"fedcba9876543210"), None).unwrap_err().to_string().contains("bound to"));
        assert!(sampler.draw(Some(SECRET), Some(index + 1)).unwrap_err().to_string().contains("goes on"));
        assert!(sampler.draw(Some(SECRET), Some(index + 3)).is_err());
        assert!(Sampler::new(0).draw(Some(SECRET), None).is_err());
    }
}
