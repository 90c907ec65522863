//! Small checks of public bodies that several kinds share.

use crate::ids;
use crate::rejection::{Refusal, Rejection};
use xuefen_core::key::PublicKey;
use xuefen_core::proto::{Algorithm, EndKey, KeyEndGround, Name};

/// Collects what is wrong with a body.
pub(super) struct Form<'a> {
    prefix: &'static str,
    faults: &'a mut Vec<Refusal>,
}

impl<'a> Form<'a> {
    /// `prefix` names the body, as `statement.course`.
    pub(super) const fn new(prefix: &'static str, faults: &'a mut Vec<Refusal>) -> Self {
        Self { prefix, faults }
    }

    /// Where faults are noted.
    pub(super) const fn faults(&mut self) -> &mut Vec<Refusal> {
        self.faults
    }

    /// Notes a fault unless `good`.
    pub(super) fn ask(&mut self, good: bool, rejection: Rejection, field: &str) {
        if !good {
            self.faults.push(Refusal::new(rejection, format!("{}.{field}", self.prefix)));
        }
    }

    /// A required field.
    pub(super) fn present(&mut self, there: bool, field: &str) {
        self.ask(there, Rejection::FieldMissing, field);
    }

    /// A field with bounds.
    pub(super) fn well_formed(&mut self, good: bool, field: &str) {
        self.ask(good, Rejection::FieldMalformed, field);
    }

    pub(super) fn institution(&mut self, id: &str, field: &str) {
        self.present(!id.is_empty(), field);
        self.ask(id.is_empty() || ids::is_institution(id), Rejection::InstitutionIdMalformed, field);
    }

    pub(super) fn region_or_empty(&mut self, region: &str, field: &str) {
        self.ask(region.is_empty() || ids::is_region(region), Rejection::RegionMalformed, field);
    }

    pub(super) fn names(&mut self, names: &[Name], field: &str) {
        self.present(!names.is_empty(), field);
        self.well_formed(ids::are_names(names), field);
    }

    pub(super) fn code(&mut self, code: &str, field: &str) {
        self.present(!code.is_empty(), field);
        self.well_formed(ids::is_code_or_empty(code), field);
    }

    pub(super) fn codes(&mut self, codes: &[String], field: &str) {
        let distinct = codes.iter().enumerate().all(|(at, code)| ids::is_code(code) && !codes[..at].contains(code));
        self.well_formed(codes.len() <= ids::LIST && distinct, field);
    }

    /// Unix seconds, 0 = not said.
    pub(super) fn time(&mut self, time: i64, field: &str) {
        self.well_formed((0..1 << 53).contains(&time), field);
    }

    pub(super) fn version(&mut self, version: u32) {
        self.present(version > 0, "version");
    }

    /// A key with its validity.
    pub(super) fn key(&mut self, algorithm: i32, public_key: &[u8], from: i64, until: i64) {
        self.present(algorithm != Algorithm::Unspecified as i32, "algorithm");
        self.ask(parse_key(algorithm, public_key).is_some(), Rejection::PublicKeyBad, "public_key");
        self.time(from, "valid_from");
        self.time(until, "valid_until");
        self.well_formed(until == 0 || from < until, "valid_until");
    }

    pub(super) fn end(&mut self, end: &EndKey) {
        self.well_formed(end.key_id.len() == 32, "end.key_id");
        let ground = KeyEndGround::try_from(end.ground);
        self.present(end.ground != 0, "end.ground");
        self.well_formed(ground.is_ok(), "end.ground");
        self.time(end.compromised_since, "end.compromised_since");
        let compromised = ground == Ok(KeyEndGround::Compromised);
        self.well_formed(compromised == (end.compromised_since > 0), "end.compromised_since");
    }
}

/// An Ed25519 key that may be registered.
pub(super) fn parse_key(algorithm: i32, public_key: &[u8]) -> Option<PublicKey> {
    (algorithm == Algorithm::Ed25519 as i32).then(|| PublicKey::parse(public_key).ok()).flatten()
}

/// Names as rows hold them.
pub(super) fn name_rows(names: &[Name]) -> Vec<crate::rows::NameRow> {
    let row = |name: &Name| crate::rows::NameRow { language: name.language.clone(), text: name.text.clone() };
    names.iter().map(row).collect()
}
