//! A world in which certificates convert into modules of a programme, and what its parties post about it.

use super::{World, payload, zh};
use crate::RawPosting;
use crate::query::conversions::{Grant, grant};
use crate::rejection::Refusal;
use xuefen_core::Hash;
use xuefen_core::consent::{self, Asked};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::conversions;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AcceptApplication, AppealDecision, ApplyConversion, ConversionRule, ConversionSource, ConversionTarget,
    DecideConversion, Module, OutcomeKind, Programme, ReverseConversion, ScopeKind, Verdict,
};

/// How a learner agrees, in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// Not at all.
    No,
    /// On paper.
    OnPaper,
    /// By the device key of a seed.
    Signed(u8),
    /// By an activation code.
    Activated,
}

/// A module of 24 hours, half of them practice: a credit and a half under the rule of the world.
#[must_use]
pub fn module(code: &str, rule: u64) -> Module {
    Module {
        code: code.to_owned(),
        version: 1,
        names: zh(code),
        course_index: 0,
        minutes: 1_440,
        practice_minutes: 720,
        credit_millis: 1_000,
        recording_rule_index: rule,
        scale: "percentage".to_owned(),
        competency: String::new(),
    }
}

/// X certificates of a family, from a level on.
#[must_use]
pub fn of_family(family: &str, lowest_level: u32) -> ConversionSource {
    ConversionSource {
        outcome_kinds: vec![OutcomeKind::XCertificate as i32],
        family: family.to_owned(),
        lowest_level,
        ..ConversionSource::default()
    }
}

/// A BIM certificate exempts offers of a programme, once in it.
#[must_use]
pub fn conversion_rule(programme: u64, exempt: &[u64], effective_from: i64) -> ConversionRule {
    ConversionRule {
        code: "bim".to_owned(),
        version: 1,
        names: zh("BIM 证书免修办法"),
        effective_from,
        programme_index: programme,
        sources: vec![of_family("x-bim", 1)],
        target: Some(ConversionTarget { exempt: exempt.to_vec(), ..ConversionTarget::default() }),
        scope: ScopeKind::Programme as i32,
        ..ConversionRule::default()
    }
}

impl World {
    /// Furnished, with modules `m1` to `m3` in a `programme` of the school, and a rule `convert` by which a BIM certificate
    /// exempts `m1`.
    #[must_use]
    pub fn converting() -> Self {
        Self::converting_at(super::START)
    }

    /// [`Self::converting`], begun at another time.
    #[must_use]
    pub fn converting_at(now: i64) -> Self {
        let mut world = Self::furnished_at(now);
        let school = world.school.id.clone();
        for name in ["m1", "m2", "m3"] {
            let body = module(name, world.named["rule"]);
            let index = world.post(&school, Body::Module(body), &[4]);
            world.named.insert(name, index);
        }
        let parts = ["course", "m1", "m2", "m3"].map(|name| world.named[name]);
        let body = Programme { total_credit_millis: 6_000, ..super::programme(&parts) };
        let index = world.post(&school, Body::Programme(body), &[4]);
        world.named.insert("programme", index);
        let rule = conversion_rule(index, &[world.named["m1"]], world.now);
        let index = world.post(&school, Body::ConversionRule(rule), &[4]);
        world.named.insert("convert", index);
        world
    }

    /// An X certificate of account `[7; 16]` in the log.
    pub fn certificate(&mut self, number: &str, level: &str) -> u64 {
        let (body, mut values) = self.certificate_outcome(OutcomeKind::XCertificate, "family");
        values.push((tags::SOURCE_ID, number.into()));
        values.push((tags::CERTIFICATE_NUMBER, number.into()));
        values.push((tags::LEVEL, level.into()));
        let issuer = self.body.id.clone();
        let posting = self.outcome(&issuer, body, &values, 6);
        self.accept(posting)
    }

    fn leaf_hashes(&self, indices: &[u64]) -> Vec<Hash> {
        indices.iter().filter_map(|index| Hash::from_slice(&self.reference(*index).leaf_hash)).collect()
    }

    /// Values by which a learner agrees to something about entries, `rule` the first of them or a rule.
    #[must_use]
    pub fn agreed(&self, how: Agreed, asked: Asked, rule: u64, about: &[u64]) -> Vec<(Tag, Vec<u8>)> {
        match how {
            Agreed::No => Vec::new(),
            Agreed::Activated => vec![(tags::ACTIVATION, "A-1".into())],
            Agreed::OnPaper => vec![
                (tags::CONSENT, "同意书-2".into()),
                (tags::CONSENT_ON, "2026-08-31".into()),
                (tags::CONSENT_HASH, vec![5; 32]),
                (tags::CONSENT_STAFF, "样例教务员".into()),
            ],
            Agreed::Signed(seed) => {
                let key = SecretKey::from_seed(&[seed; 32]);
                let time = self.now.unsigned_abs();
                let hashes = self.leaf_hashes(about);
                let signature = consent::sign(&key, super::ORIGIN, asked, rule, &hashes, time);
                vec![
                    (tags::HOLDER_KEY, key.public().as_bytes().to_vec()),
                    (tags::LEARNER_SIGNATURE, signature.0.to_vec()),
                    (tags::SIGNED_AT, time.to_string().into()),
                ]
            }
        }
    }

    /// An application of account `[7; 16]` that a party posts, its values changed.
    pub fn apply_with(
        &mut self,
        (issuer, seed): (&str, u8),
        rule: u64,
        sources: &[u64],
        how: Agreed,
        changes: &[(Tag, Vec<u8>)],
    ) -> RawPosting {
        let list: Vec<String> = sources.iter().map(ToString::to_string).collect();
        let mut values = vec![(tags::ACCOUNT, vec![7; 16]), (tags::SOURCES, list.join(",").into())];
        values.extend(self.agreed(how, Asked::Conversion, rule, sources));
        values.extend_from_slice(changes);
        let body = Body::ApplyConversion(ApplyConversion { rule_index: rule, ..ApplyConversion::default() });
        self.private(issuer, body, &payload(conversions::APPLY, &values), &[seed])
    }

    /// An application on paper in the log, posted by the school.
    pub fn apply(&mut self, rule: u64, sources: &[u64]) -> u64 {
        let school = self.school.id.clone();
        let posting = self.apply_with((&school, 4), rule, sources, Agreed::OnPaper, &[]);
        self.accept(posting)
    }

    /// The school takes an application up.
    pub fn take_up(&mut self, application: u64) -> u64 {
        let school = self.school.id.clone();
        let body = AcceptApplication { application: Some(self.reference(application)) };
        self.post(&school, Body::AcceptApplication(body), &[4])
    }

    /// What a grant by the school would have to say, or why it may not be made.
    pub fn drawn_up(&self, application: u64, replaces: Option<u64>) -> Result<Grant, Refusal> {
        let open = |index| crate::Sources::payload(&self.payloads(), index);
        let by = (super::ORIGIN, self.school.id.as_str());
        grant(&self.state, by, application, replaces, self.now, &open).expect("memory is readable")
    }

    /// Body and payload values of a grant.
    #[must_use]
    pub fn granting(
        &self,
        application: u64,
        grant: &Grant,
        replaces: Option<u64>,
    ) -> (DecideConversion, Vec<(Tag, Vec<u8>)>) {
        let list = |indices: &[u64]| -> Vec<u8> {
            indices.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into()
        };
        let row = crate::query::conversions::application(&self.state, application).expect("memory is readable");
        let rule_index = row.map_or(0, |row| row.rule);
        let rule = crate::query::conversions::conversion_rule(&self.state, rule_index).expect("memory is readable");
        let body = DecideConversion {
            application: Some(self.reference(application)),
            rule_index,
            verdict: Verdict::Granted as i32,
            scope: rule.map_or(0, |rule| rule.rule.scope),
            nullifiers: grant.nullifiers.clone(),
            replaces: replaces.map(|index| self.reference(index)),
            ..DecideConversion::default()
        };
        let values = vec![
            (tags::ACCOUNT, vec![7; 16]),
            (tags::CREDIT_MILLIS, grant.credit_millis.to_string().into()),
            (tags::PARTS, list(&grant.parts)),
            (tags::SOURCES, list(&grant.sources)),
            (tags::MEMBERS, list(&grant.members)),
            (tags::EXEMPTS, list(&grant.exempts)),
            (tags::BEFORE, grant.before.clone().into()),
            (tags::AFTER, grant.after.clone().into()),
        ];
        (body, values)
    }

    /// A decision that the school signs.
    pub fn decision(&mut self, body: DecideConversion, values: &[(Tag, Vec<u8>)]) -> RawPosting {
        let school = self.school.id.clone();
        self.private(&school, Body::DecideConversion(body), &payload(conversions::DECIDE, values), &[4])
    }

    /// The school grants what it may.
    pub fn granted(&mut self, application: u64) -> u64 {
        let grant = self.drawn_up(application, None).unwrap_or_else(|refusal| panic!("refused: {refusal}"));
        let (body, values) = self.granting(application, &grant, None);
        let posting = self.decision(body, &values);
        self.accept(posting)
    }

    /// A certificate is applied with, taken up and granted under a rule; the decision.
    pub fn converted(&mut self, rule: u64, sources: &[u64]) -> u64 {
        let application = self.apply(rule, sources);
        self.take_up(application);
        self.granted(application)
    }

    /// The school refuses.
    pub fn refused(&mut self, application: u64) -> u64 {
        let row = crate::query::conversions::application(&self.state, application).expect("memory is readable");
        let body = DecideConversion {
            application: Some(self.reference(application)),
            rule_index: row.map_or(0, |row| row.rule),
            verdict: Verdict::Refused as i32,
            ..DecideConversion::default()
        };
        let values = [(tags::ACCOUNT, vec![7; 16]), (tags::REASON, "证书系列不符".into())];
        let posting = self.decision(body, &values);
        self.accept(posting)
    }

    /// That a conversion be undone.
    pub fn reversal(&mut self, (issuer, seed): (&str, u8), conversion: u64, how: Agreed) -> RawPosting {
        let body = ReverseConversion { conversion: Some(self.reference(conversion)), ..ReverseConversion::default() };
        let payload = self.asking(Asked::Reversal, conversion, how);
        self.private(issuer, Body::ReverseConversion(body), &payload, &[seed])
    }

    /// An appeal that a party posts.
    pub fn appealing(&mut self, (issuer, seed): (&str, u8), target: u64, how: Agreed) -> RawPosting {
        let body = AppealDecision { decision: Some(self.reference(target)), ..AppealDecision::default() };
        let payload = self.asking(Asked::Appeal, target, how);
        self.private(issuer, Body::AppealDecision(body), &payload, &[seed])
    }

    fn asking(&self, asked: Asked, target: u64, how: Agreed) -> Payload {
        let mut values = vec![(tags::ACCOUNT, vec![7; 16]), (tags::REASON, "本人申请".into())];
        values.extend(self.agreed(how, asked, target, &[target]));
        payload(conversions::ASK, &values)
    }
}
