//! From a row to an outcome: codes to leaf indices, class hours to minutes, marks to their scale, credits by the rule.
//!
//! What is checked here is what a registrar can put right in the sheet. The ledger checks everything again, and more.

use std::collections::BTreeMap;

use xuefen_core::Hash;
use xuefen_core::kinds::tags::{self, Tag, ValueType};
use xuefen_core::proto::OutcomeKind;

use super::accounts_map::AccountsMap;
use super::draft::{Draft, DraftBody};
use super::offers::{self, Family, Offer, Offers};
use super::problem::{Problem, Refused};
use super::secret::Identity;
use super::sheet::Cells;
use super::value::{self, Date};

/// Reads the rows of one sheet of outcomes.
pub struct OutcomeReader<'a> {
    /// What the issuer has published.
    pub offers: &'a Offers,
    /// Accounts by learner number.
    pub accounts: &'a AccountsMap,
    /// Kind of rows that do not say theirs.
    pub default_kind: Option<OutcomeKind>,
    /// Origin of the ledger.
    pub ledger: &'a str,
    /// Institution id of the issuer.
    pub issuer: &'a str,
    /// The last day that has begun, in UTC+8.
    pub today: Date,
    seen: BTreeMap<(i32, String), u64>,
}

/// Values by tag number.
type Values = BTreeMap<u32, Vec<u8>>;

impl<'a> OutcomeReader<'a> {
    /// A reader that has seen no row yet.
    #[must_use]
    pub const fn new(
        offers: &'a Offers,
        accounts: &'a AccountsMap,
        default_kind: Option<OutcomeKind>,
        (ledger, issuer): (&'a str, &'a str),
        today: Date,
    ) -> Self {
        Self { offers, accounts, default_kind, ledger, issuer, today, seen: BTreeMap::new() }
    }

    /// Reads one row.
    pub fn read(&mut self, cells: Cells<'_>) -> Result<Draft, Refused> {
        let kind = self.kind(cells)?;
        let table = tags::of_outcome(kind).ok_or_else(|| cells.refuse("outcome_kind", Problem::Kind))?;
        let mut values = Values::new();
        set(&mut values, tags::ACCOUNT, self.accounts.account(cells)?.to_vec());
        let achieved_on = cells.required("achieved_on")?;
        let achieved_on = Date::parse(achieved_on).ok_or_else(|| cells.refuse("achieved_on", Problem::Date))?;
        if achieved_on > self.today {
            return Err(cells.refuse("achieved_on", Problem::FutureDate));
        }
        set(&mut values, tags::ACHIEVED_ON, achieved_on.to_string());
        set(&mut values, tags::ISSUER_NAME, self.issuer_name(cells)?);
        match kind {
            OutcomeKind::Course | OutcomeKind::Module => self.course(cells, kind, &mut values)?,
            _ => self.certificate(cells, kind, &mut values)?,
        }
        let imported = yes(cells, "imported")?;
        let supersedes = supersedes(cells)?;
        let source_id = source_id(cells, &values)?;
        if let Some(first_row) = self.seen.insert((kind.into(), source_id.clone()), cells.row()) {
            self.seen.insert((kind.into(), source_id), first_row);
            return Err(cells.refuse("source_id", Problem::DuplicateSourceId { first_row }));
        }
        set(&mut values, tags::SOURCE_ID, source_id.clone());
        let fields = table.iter().map(|tag| Ok((*tag, field(cells, *tag, &mut values)?))).collect::<Result<_, _>>()?;
        let attempt = cells.some("attempt").and_then(value::integer).unwrap_or(1);
        let (first, this) = self.identities(kind, &source_id, attempt, supersedes);
        let body = DraftBody::Outcome { kind, imported, supersedes };
        Ok(Draft { row: cells.row(), body, identity: this, first_identity: Some(first), fields })
    }

    /// Identity of the first version of the record and of this one; a correction is a statement of its own.
    fn identities(
        &self,
        kind: OutcomeKind,
        source_id: &str,
        attempt: u64,
        supersedes: Option<(u64, Hash)>,
    ) -> (Identity, Identity) {
        let (kind, attempt) = (i32::from(kind).to_be_bytes(), attempt.to_be_bytes());
        let mut parts: Vec<&[u8]> =
            vec![b"outcome", self.ledger.as_bytes(), self.issuer.as_bytes(), &kind, source_id.as_bytes(), &attempt];
        let first = Identity::new(&parts);
        match &supersedes {
            Some((_, hash)) => {
                parts.push(&hash.0);
                (first, Identity::new(&parts))
            }
            None => (first.clone(), first),
        }
    }

    fn kind(&self, cells: Cells<'_>) -> Result<OutcomeKind, Refused> {
        let family = cells.some("family_code").and_then(|code| self.offers.family(code, None));
        let of_family = family.and_then(|family| offers::kind_of(&family.outcome_kind));
        let kind = match cells.some("outcome_kind") {
            Some(name) => offers::kind_of(name).ok_or_else(|| cells.refuse("outcome_kind", Problem::Kind))?,
            None => match self.default_kind.or(of_family) {
                Some(kind) => kind,
                None if cells.some("offer_code").is_some() => OutcomeKind::Course,
                None => return Err(cells.refuse("outcome_kind", Problem::Missing)),
            },
        };
        let certificate = !matches!(kind, OutcomeKind::Course | OutcomeKind::Module);
        if certificate && of_family.is_some_and(|of_family| of_family != kind) {
            return Err(cells.refuse("outcome_kind", Problem::Kind));
        }
        Ok(kind)
    }

    fn issuer_name(&self, cells: Cells<'_>) -> Result<String, Refused> {
        let names = self.offers.names();
        match cells.some("issuer_name").map(value::text) {
            Some(name) if names.is_empty() || names.contains(&name) => Ok(name),
            Some(_) => Err(cells.refuse("issuer_name", Problem::IssuerName)),
            None => Ok(names.first().cloned().unwrap_or_default()),
        }
    }

    fn course(&self, cells: Cells<'_>, kind: OutcomeKind, values: &mut Values) -> Result<(), Refused> {
        let code = value::text(cells.required("offer_code")?);
        let version = version(cells, "offer_version")?;
        let offer = self.offers.offer(kind, &code, version);
        let offer = offer.ok_or_else(|| cells.refuse("offer_code", Problem::UnknownOffer))?;
        set(values, tags::OFFER, offer.index.to_string());
        if offer.recording_rule_index > 0 {
            set(values, tags::RECORDING_RULE, offer.recording_rule_index.to_string());
        }
        let (minutes, practice) = self.minutes(cells, offer)?;
        set(values, tags::MINUTES, minutes.to_string());
        set(values, tags::PRACTICE_MINUTES, practice.to_string());
        let scale = cells.some("scale").map_or_else(|| offer.scale.clone(), value::text);
        let (grade, passed) = self.grade(cells, &scale, cells.required("grade")?)?;
        set(values, tags::GRADE, grade);
        set(values, tags::SCALE, scale);
        let credits = self.credits(cells, offer, (minutes, practice), passed)?;
        set(values, tags::CREDIT_MILLIS, credits.to_string());
        if cells.some("level").is_none() && offer.level > 0 {
            set(values, tags::LEVEL, offer.level.to_string());
        }
        if cells.some("attempt").is_none() {
            set(values, tags::ATTEMPT, "1");
        }
        if cells.some("competency").is_none() {
            set(values, tags::COMPETENCY, offer.competency.clone());
        }
        if let ([major], None) = (offer.majors.as_slice(), cells.some("major")) {
            set(values, tags::MAJOR, major.clone());
        }
        Ok(())
    }

    /// Length and practice in minutes: as given in minutes or class hours, else as the run or course has them.
    fn minutes(&self, cells: Cells<'_>, offer: &Offer) -> Result<(u64, u64), Refused> {
        let run = value::text(cells.get("run"));
        let run = if run.is_empty() { Ok(None) } else { self.offers.run(&run, offer.index) };
        let run = run.map_err(|()| cells.refuse("run", Problem::UnknownRun))?;
        let whole = run.map_or((offer.minutes, offer.practice_minutes), |run| (run.minutes, run.practice_minutes));
        let hour = self.offers.rule(offer.recording_rule_index).map(|rule| u64::from(rule.hour_minutes));
        let read = |minutes: &str, hours: &str| -> Result<Option<u64>, Refused> {
            if let Some(cell) = cells.some(minutes) {
                return value::integer(cell).map(Some).ok_or_else(|| cells.refuse(minutes, Problem::Number));
            }
            let Some(cell) = cells.some(hours) else { return Ok(None) };
            // Halves of class hours occur; a part of a minute does not.
            let minutes = value::thousandths(cell).zip(hour).and_then(|(millis, hour)| millis.checked_mul(hour));
            let minutes = minutes.filter(|millis| millis.is_multiple_of(1000)).map(|millis| millis / 1000);
            minutes.map(Some).ok_or_else(|| cells.refuse(hours, Problem::Number))
        };
        let minutes = read("minutes", "class_hours")?.unwrap_or(whole.0);
        let practice = read("practice_minutes", "practice_class_hours")?;
        let column = |minutes, hours| if cells.some(minutes).is_some() { minutes } else { hours };
        if minutes > whole.0 {
            return Err(cells.refuse(column("minutes", "class_hours"), Problem::Minutes { at_most: whole.0 }));
        }
        // A shortened record must say how much of it was practice, unless all of it could have been.
        let practice = practice.unwrap_or(whole.1);
        let at_most = minutes.min(whole.1);
        if practice > at_most {
            return Err(cells.refuse(column("practice_minutes", "practice_class_hours"), Problem::Minutes { at_most }));
        }
        Ok((minutes, practice))
    }

    fn grade(&self, cells: Cells<'_>, scale: &str, cell: &str) -> Result<(String, bool), Refused> {
        let known = self.offers.scale(scale).ok_or_else(|| cells.refuse("scale", Problem::UnknownScale))?;
        known.grade(cell).ok_or_else(|| cells.refuse("grade", Problem::Grade { scale: scale.to_owned() }))
    }

    /// Credits by the recording rule; none for a fail. Credits in the sheet must agree, except that many sheets name the
    /// credits of the course beside a failing mark too.
    fn credits(
        &self,
        cells: Cells<'_>,
        offer: &Offer,
        (minutes, practice): (u64, u64),
        passed: bool,
    ) -> Result<u64, Refused> {
        let by_rule = match self.offers.rule(offer.recording_rule_index) {
            Some(rule) => rule.credit_millis(minutes, practice).unwrap_or(0).min(offer.credit_millis),
            None => 0,
        };
        let credits = if passed { by_rule } else { 0 };
        let (column, given) = match (cells.some("credit_millis"), cells.some("credits")) {
            (Some(cell), _) => ("credit_millis", value::integer(cell)),
            (None, Some(cell)) => ("credits", value::thousandths(cell)),
            (None, None) => return Ok(credits),
        };
        let given = given.ok_or_else(|| cells.refuse(column, Problem::Number))?;
        if given == credits || (!passed && given == by_rule) {
            return Ok(credits);
        }
        Err(cells.refuse(column, Problem::Credits { expected: value::decimal(credits) }))
    }

    fn certificate(&self, cells: Cells<'_>, kind: OutcomeKind, values: &mut Values) -> Result<(), Refused> {
        cells.required("certificate_number")?;
        match cells.some("family_code") {
            Some(code) => {
                let family = self.offers.family(&value::text(code), version(cells, "family_version")?);
                let family = family.ok_or_else(|| cells.refuse("family_code", Problem::UnknownOffer))?;
                set(values, tags::FAMILY, family.index.to_string());
                set(values, tags::LEVEL, level(cells, family)?);
                if cells.some("title").is_none() {
                    set(values, tags::TITLE, family.title.clone());
                }
            }
            // A degree belongs to a programme, not to a family.
            None if kind == OutcomeKind::DegreeCertificate => {}
            None => return Err(cells.refuse("family_code", Problem::Missing)),
        }
        if let Some(code) = cells.some("programme_code") {
            let index = self.offers.programme(&value::text(code));
            let index = index.ok_or_else(|| cells.refuse("programme_code", Problem::UnknownOffer))?;
            set(values, tags::PROGRAMME, index.to_string());
        }
        if let Some(grade) = cells.some("grade") {
            let scale = value::text(cells.required("scale")?);
            set(values, tags::GRADE, self.grade(cells, &scale, grade)?.0);
        }
        Ok(())
    }
}

fn set(values: &mut Values, tag: Tag, value: impl Into<Vec<u8>>) {
    values.insert(tag.number, value.into());
}

/// The value of a tag: what was worked out, else what the column of that name says.
fn field(cells: Cells<'_>, tag: Tag, values: &mut Values) -> Result<Vec<u8>, Refused> {
    if let Some(value) = values.remove(&tag.number) {
        return Ok(value);
    }
    let Some(cell) = cells.some(tag.name) else { return Ok(Vec::new()) };
    let number = || value::integer(cell).ok_or(Problem::Number);
    let read = match tag.value {
        ValueType::Text | ValueType::Grade => Ok(value::text(cell).into_bytes()),
        ValueType::Integer => number().map(|number| number.to_string().into_bytes()),
        ValueType::Date => Date::parse(cell).map(|date| date.to_string().into_bytes()).ok_or(Problem::Date),
        ValueType::Bytes(16) => value::hex::<16>(cell).map(|bytes| bytes.to_vec()).ok_or(Problem::Hex),
        ValueType::Bytes(_) => value::hex::<32>(cell).map(|bytes| bytes.to_vec()).ok_or(Problem::Hex),
        ValueType::Index => match number() {
            Ok(0) | Err(_) => Err(Problem::Indices),
            Ok(number) => Ok(number.to_string().into_bytes()),
        },
        ValueType::Indices => value::indices(cell).map(String::into_bytes).ok_or(Problem::Indices),
    };
    read.map_err(|problem| cells.refuse(tag.name, problem))
}

/// The level of a certificate by its code or its place in the family, from 1; empty if the family has none.
fn level(cells: Cells<'_>, family: &Family) -> Result<String, Refused> {
    if family.levels.is_empty() && cells.some("level").is_none() {
        return Ok(String::new());
    }
    let cell = cells.required("level")?;
    let word = value::text(cell);
    let by_word = family.levels.iter().position(|level| *level == word).map(|at| at as u64 + 1);
    let place =
        by_word.or_else(|| value::integer(cell)).filter(|place| (1..=family.levels.len() as u64).contains(place));
    place.map(|place| place.to_string()).ok_or_else(|| cells.refuse("level", Problem::UnknownLevel))
}

/// The record number of the sheet; a sheet without that column gets one made of what makes the record unique.
fn source_id(cells: Cells<'_>, values: &Values) -> Result<String, Refused> {
    if cells.has("source_id") {
        return cells.required("source_id").map(value::text);
    }
    if let Some(number) = cells.some("certificate_number") {
        return Ok(value::text(number));
    }
    let attempt = cells.some("attempt").and_then(value::integer).unwrap_or(1);
    let learner = cells.some("learner_no").map(value::plain);
    let learner = learner.or_else(|| cells.some("account").map(value::plain));
    debug_assert!(values.contains_key(&tags::ACCOUNT.number), "the account was read before");
    let parts = [learner.unwrap_or_default(), value::text(cells.get("offer_code")), value::text(cells.get("run"))];
    Ok(format!("{}/{attempt}", parts.join("/")))
}

fn version(cells: Cells<'_>, field: &str) -> Result<Option<u32>, Refused> {
    let Some(cell) = cells.some(field) else { return Ok(None) };
    let version = value::integer(cell).and_then(|number| u32::try_from(number).ok());
    version.map(Some).ok_or_else(|| cells.refuse(field, Problem::Number))
}

fn supersedes(cells: Cells<'_>) -> Result<Option<(u64, Hash)>, Refused> {
    if cells.some("supersedes_index").is_none() && cells.some("supersedes_hash").is_none() {
        return Ok(None);
    }
    let index = value::integer(cells.required("supersedes_index")?).filter(|index| *index > 0);
    let index = index.ok_or_else(|| cells.refuse("supersedes_index", Problem::Indices))?;
    let hash = value::hex(cells.required("supersedes_hash")?);
    Ok(Some((index, Hash(hash.ok_or_else(|| cells.refuse("supersedes_hash", Problem::Hex))?))))
}

fn yes(cells: Cells<'_>, field: &str) -> Result<bool, Refused> {
    match value::plain(cells.get(field)).to_lowercase().as_str() {
        "" | "0" | "no" | "n" | "false" | "否" => Ok(false),
        "1" | "yes" | "y" | "true" | "是" => Ok(true),
        _ => Err(cells.refuse(field, Problem::YesNo)),
    }
}
