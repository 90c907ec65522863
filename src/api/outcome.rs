//! One outcome as its learner sees it: the entry, its opened payload, what it is of, who recorded it and what it is worth.
//!
//! Of a transcript, the same course, school and keys come again and again: all are read once per call.

use std::collections::BTreeMap;

use tonic::Status;
use xuefen_core::commitment::Tag;
use xuefen_core::kinds::tags;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Name, PayloadField};
use xuefen_ledger::policy::{InForce, Past};
use xuefen_ledger::query::{self, EntryStatus};
use xuefen_ledger::rows::InstitutionRow;
use xuefen_ledger::{Remembered, grade};

use super::people::{number, text, value};
use super::proto::TranscriptOutcome;
use super::status::{internal, not_found};
use super::{Api, convert, registry, words};
use crate::sequencer::{AsOf, View};

/// Reads outcomes of one call as of one size.
pub struct Outcomes<'a> {
    api: &'a Api,
    view: &'a View,
    state: Remembered<AsOf<'a>>,
    /// Statuses are those of this time.
    now: i64,
    titles: BTreeMap<u64, Vec<Name>>,
    institutions: BTreeMap<String, Option<InstitutionRow>>,
    policies: Past<AsOf<'a>>,
}

impl<'a> Outcomes<'a> {
    /// Reads as of `size`, which the view covers, and a time.
    pub fn new(api: &'a Api, view: &'a View, size: u64, now: i64) -> Self {
        let state = Remembered::new(AsOf::new(&view.index, size));
        let policies = Past::new(AsOf::new(&view.index, size));
        Self { api, view, state, now, titles: BTreeMap::new(), institutions: BTreeMap::new(), policies }
    }

    /// The outcome at `index`.
    pub fn read(&mut self, index: u64) -> Result<TranscriptOutcome, Status> {
        let row = query::entry(&self.state, index).map_err(|error| internal(&error))?;
        let row = row.ok_or_else(|| not_found("the outcome"))?;
        let logged = self.api.ledger.entry(self.view, index).map_err(|error| internal(&error))?;
        let payload = self.api.ledger.payload(&logged).map_err(|error| internal(&error))?;
        let status = match &payload {
            Some(payload) => query::status_with(&self.state, index, payload, self.now),
            None => Ok(Some(EntryStatus::Erased)),
        };
        let status = status.map_err(|error| internal(&error))?;
        let now = self.now;
        let institution = self.institution(&row.issuer)?;
        let mut outcome = TranscriptOutcome {
            index,
            leaf_hash: logged.entry.leaf_hash().as_ref().to_vec(),
            outcome_kind: row.outcome_kind.into(),
            issuer_names: institution.map(|it| words::names(it.names_at(row.logged_at))).unwrap_or_default(),
            issuer_status: institution.map_or("", |it| registry::status_word(it.status_at(now))).to_owned(),
            cosigner: row.cosigner,
            issuer: row.issuer,
            logged_at: row.logged_at,
            status: status.as_ref().map_or("", words::entry_status).to_owned(),
            ..TranscriptOutcome::default()
        };
        if let Some(payload) = &payload {
            let policy = self.policy(index, &outcome.issuer, outcome.logged_at)?;
            fill(&mut outcome, payload, &policy);
            let offer = Some(number(payload, tags::OFFER)).filter(|offer| *offer > 0);
            let tier = query::assurance_tier(&self.state, index, offer).map_err(|error| internal(&error))?;
            outcome.assurance_tier = tier.unwrap_or(0);
            let flags = query::flags(&self.state, index).map_err(|error| internal(&error))?;
            outcome.flags = flags.into_iter().map(convert::flag).collect();
            outcome.titles = self.titles(payload)?;
        }
        Ok(outcome)
    }

    /// The policy by which an outcome was judged: that of its time, as the log stood before it.
    fn policy(&mut self, index: u64, issuer: &str, logged_at: i64) -> Result<InForce, Status> {
        let region = match self.institution(issuer)? {
            // Accredited anew since, maybe elsewhere.
            Some(row) if row.accredited_at().is_none_or(|at| at >= index) => {
                let before = query::institution(&AsOf::new(&self.view.index, index), issuer);
                before.map_err(|error| internal(&error))?.map_or_else(String::new, |row| row.region)
            }
            row => row.map_or_else(String::new, |row| row.region.clone()),
        };
        self.policies.before(index, &region, logged_at).map_err(|error| internal(&error))
    }

    /// Kind of body that an institution is; 0 = unknown.
    pub fn kind_of(&mut self, id: &str) -> Result<i32, Status> {
        Ok(self.institution(id)?.map_or(0, |row| row.kind))
    }

    fn institution(&mut self, id: &str) -> Result<Option<&InstitutionRow>, Status> {
        if !self.institutions.contains_key(id) {
            let row = query::institution(&self.state, id).map_err(|error| internal(&error))?;
            self.institutions.insert(id.to_owned(), row);
        }
        Ok(self.institutions.get(id).and_then(Option::as_ref))
    }

    /// What the outcome is of: its course or module, its certificate family, or the title that it carries itself.
    fn titles(&mut self, payload: &Payload) -> Result<Vec<Name>, Status> {
        for tag in [tags::OFFER, tags::FAMILY] {
            let index = number(payload, tag);
            if index == 0 || index >= self.view.tree.size {
                continue;
            }
            if !self.titles.contains_key(&index) {
                let logged = self.api.ledger.entry(self.view, index).map_err(|error| internal(&error))?;
                self.titles.insert(index, names(logged.entry.statement().message().body.as_ref()));
            }
            return Ok(self.titles.get(&index).cloned().unwrap_or_default());
        }
        // Its language is not recorded.
        let name = |_| Name { language: "und".to_owned(), text: text(payload, tags::TITLE) };
        Ok(value(payload, tags::TITLE).map(name).into_iter().collect())
    }
}

fn names(offer: Option<&Body>) -> Vec<Name> {
    match offer {
        Some(Body::Course(course)) => course.names.clone(),
        Some(Body::Module(module)) => module.names.clone(),
        Some(Body::CertificateFamily(family)) => family.names.clone(),
        _ => Vec::new(),
    }
}

/// What stands in the payload itself.
fn fill(outcome: &mut TranscriptOutcome, payload: &Payload, policy: &InForce) {
    outcome.achieved_on = text(payload, tags::ACHIEVED_ON);
    outcome.minutes = number(payload, tags::MINUTES);
    outcome.practice_minutes = number(payload, tags::PRACTICE_MINUTES);
    outcome.grade = text(payload, tags::GRADE);
    outcome.scale = text(payload, tags::SCALE);
    outcome.passed = passed(policy, &outcome.scale, &outcome.grade);
    outcome.credit_millis = if outcome.passed { number(payload, tags::CREDIT_MILLIS) } else { 0 };
    outcome.attempt = u32::try_from(number(payload, tags::ATTEMPT)).unwrap_or(u32::MAX);
    outcome.certificate_number = text(payload, tags::CERTIFICATE_NUMBER);
    // Tag 1 would link every use of the outcome; not even its learner needs it.
    let shown = payload.fields().iter().filter(|field| field.tag != Tag::NULLIFIER_KEY);
    outcome.fields = shown.map(|field| PayloadField { tag: field.tag.get(), value: field.value.clone() }).collect();
}

/// Whether a grade passes on its scale. No grade at all passes; one that its scale does not know does not.
fn passed(policy: &InForce, scale: &str, mark: &str) -> bool {
    if mark.is_empty() && scale.is_empty() {
        return true;
    }
    policy.scale(scale).and_then(|scale| grade::passes(scale, mark)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_core::commitment::Seed;
    use xuefen_core::payload::Field;

    fn payload(values: &[(tags::Tag, &str)]) -> Payload {
        let field = |(tag, value): &(tags::Tag, &str)| Field {
            tag: Tag::new(tag.number).unwrap(),
            value: value.as_bytes().to_vec().into(),
        };
        Payload::new(Seed::new([1; 32]), values.iter().map(field).collect()).unwrap()
    }

    fn filled(grade: &str, scale: &str) -> TranscriptOutcome {
        let mut outcome = TranscriptOutcome::default();
        let values = [
            (tags::NULLIFIER_KEY, "secret"),
            (tags::ACHIEVED_ON, "2026-06-30"),
            (tags::CREDIT_MILLIS, "4000"),
            (tags::GRADE, grade),
            (tags::SCALE, scale),
            (tags::ATTEMPT, "2"),
        ];
        fill(&mut outcome, &payload(&values), &InForce::built_in());
        outcome
    }

    #[test]
    fn a_pass_has_its_credits_and_a_fail_none() {
        for (grade, scale, passed) in [
            ("60", "percentage", true),
            ("59.9", "percentage", false),
            ("合格", "pass_fail", true),
            ("不合格", "pass_fail", false),
            ("", "", true),
            ("", "percentage", false),
            ("60", "unknown", false),
        ] {
            let outcome = filled(grade, scale);
            assert_eq!(outcome.passed, passed, "{grade} {scale}");
            assert_eq!(outcome.credit_millis, if passed { 4_000 } else { 0 }, "{grade} {scale}");
            assert_eq!((outcome.attempt, outcome.achieved_on.as_str()), (2, "2026-06-30"));
        }
    }

    #[test]
    fn the_nullifier_key_is_not_shown() {
        let tags: Vec<u32> = filled("60", "percentage").fields.iter().map(|field| field.tag).collect();
        assert_eq!(tags, [4, 8, 9, 10, 21]);
    }
}
