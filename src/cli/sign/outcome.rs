//! From a row to an outcome: codes to leaf indices, class hours to minutes, marks to their scale, credits by the rule.
//!
//! What is checked here is what a registrar can put right in the sheet. The ledger checks everything again, and more.

use std::collections::BTreeMap;

use xuefen_core::Hash;
use xuefen_core::kinds::outcomes::{self, Outcome};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::OutcomeKind;

use super::accounts_map::AccountsMap;
use super::draft::{Draft, DraftBody};
use super::fields::{Values, field, level, set, source_id, supersedes, version, yes};
use super::offers::{self, Offer, Offers};
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
    /// First rows by kind and record number.
    seen: BTreeMap<(i32, String), u64>,
    /// First rows by what makes an attempt: account, offer, run and attempt.
    attempts: BTreeMap<Vec<Vec<u8>>, u64>,
}

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
        Self { offers, accounts, default_kind, ledger, issuer, today, seen: BTreeMap::new(), attempts: BTreeMap::new() }
    }

    /// Reads one row.
    pub fn read(&mut self, cells: Cells<'_>) -> Result<Draft, Refused> {
        let kind = self.kind(cells)?;
        let form = outcomes::of(kind).ok_or_else(|| cells.refuse("outcome_kind", Problem::Kind))?;
        let mut values = Values::new();
        set(&mut values, tags::ACCOUNT, self.accounts.account(cells)?.to_vec());
        let achieved_on = cells.required("achieved_on")?;
        let achieved_on = Date::parse(achieved_on).ok_or_else(|| cells.refuse("achieved_on", Problem::Date))?;
        if achieved_on > self.today {
            return Err(cells.refuse("achieved_on", Problem::FutureDate));
        }
        set(&mut values, tags::ACHIEVED_ON, achieved_on.to_string());
        set(&mut values, tags::ISSUER_NAME, self.issuer_name(cells)?);
        if form.required.contains(&tags::OFFER) || (form.has(tags::OFFER) && cells.some("offer_code").is_some()) {
            self.course(cells, kind, &mut values)?;
        }
        if form.is_certificate() {
            self.certificate(cells, form, &mut values)?;
        } else if !values.contains_key(&tags::OFFER.number) {
            self.record(cells, form, &mut values)?;
        }
        let imported = yes(cells, "imported")?;
        let supersedes = supersedes(cells)?;
        let source_id = source_id(cells, form, &values)?;
        if let Some(&first_row) = self.seen.get(&(kind.into(), source_id.clone())) {
            return Err(cells.refuse("source_id", Problem::DuplicateSourceId { first_row }));
        }
        set(&mut values, tags::SOURCE_ID, source_id.clone());
        let fields = form.tags.iter().map(|tag| Ok((*tag, field(cells, *tag, &mut values)?)));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        required(cells, form, &fields)?;
        let attempt = cells.some("attempt").and_then(value::integer).unwrap_or(1);
        self.note_attempt(cells, supersedes.is_some(), &fields)?;
        self.seen.insert((kind.into(), source_id.clone()), cells.row());
        let (first, this) = self.identities(kind, &source_id, attempt, supersedes);
        let cosigner = value::plain(cells.get("cosigner"));
        let body = DraftBody::Outcome { kind, imported, supersedes, cosigner };
        Ok(Draft { row: cells.row(), body, identity: this, first_identity: Some(first), fields })
    }

    /// Refuses a second row for one attempt; a correction is no attempt of its own, and a certificate is none at all.
    fn note_attempt(&mut self, cells: Cells<'_>, correction: bool, fields: &[(Tag, Vec<u8>)]) -> Result<(), Refused> {
        if correction || !fields.iter().any(|(tag, _)| *tag == tags::ATTEMPT) {
            return Ok(());
        }
        let of_attempt = [tags::ACCOUNT, tags::OFFER, tags::RUN, tags::ATTEMPT];
        let values = fields.iter().filter(|(tag, _)| of_attempt.contains(tag)).map(|(_, value)| value.clone());
        match *self.attempts.entry(values.collect()).or_insert(cells.row()) {
            first_row if first_row == cells.row() => Ok(()),
            first_row => Err(cells.refuse("attempt", Problem::DuplicateAttempt { first_row })),
        }
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
        let family = cells.some("family_code").and_then(|code| self.offers.family(&value::identifier(code), None));
        let of_family = family.and_then(|family| offers::kind_of(&family.outcome_kind));
        let kind = match cells.some("outcome_kind") {
            Some(name) => offers::kind_of(name).ok_or_else(|| cells.refuse("outcome_kind", Problem::Kind))?,
            None => match self.default_kind.or(of_family) {
                Some(kind) => kind,
                None if cells.some("offer_code").is_some() => OutcomeKind::Course,
                None => return Err(cells.refuse("outcome_kind", Problem::Missing)),
            },
        };
        let certificate = outcomes::of(kind).is_some_and(Outcome::is_certificate);
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
        let code = value::identifier(cells.required("offer_code")?);
        let version = version(cells, "offer_version")?;
        let offer = self.offers.offer(kind, &code, version);
        let offer = offer.or_else(|| match kind {
            // Practice is of a course or of a module.
            OutcomeKind::PracticeRecord => self.offers.offer(OutcomeKind::Module, &code, version),
            _ => None,
        });
        let offer = offer.ok_or_else(|| cells.refuse("offer_code", Problem::UnknownOffer))?;
        set(values, tags::OFFER, offer.index.to_string());
        if offer.recording_rule_index > 0 {
            set(values, tags::RECORDING_RULE, offer.recording_rule_index.to_string());
        }
        let (minutes, practice) = self.minutes(cells, offer)?;
        set(values, tags::MINUTES, minutes.to_string());
        set(values, tags::PRACTICE_MINUTES, practice.to_string());
        if cells.some("scale").is_some_and(|cell| value::text(cell) != offer.scale) {
            return Err(cells.refuse("scale", Problem::OtherScale { scale: offer.scale.clone() }));
        }
        let passed = if kind == OutcomeKind::PracticeRecord && cells.some("grade").is_none() {
            set(values, tags::SCALE, "");
            true
        } else {
            let (grade, passed) = self.grade(cells, &offer.scale, cells.required("grade")?)?;
            set(values, tags::GRADE, grade);
            set(values, tags::SCALE, offer.scale.clone());
            passed
        };
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
        let code = value::identifier(cells.get("run"));
        let run = self.offers.run(&code, offer.index);
        if run.is_none() && !code.is_empty() && self.offers.has_runs(offer.index) {
            return Err(cells.refuse("run", Problem::UnknownRun));
        }
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

    fn certificate(&self, cells: Cells<'_>, form: &Outcome, values: &mut Values) -> Result<(), Refused> {
        cells.required("certificate_number")?;
        match cells.some("family_code") {
            Some(code) => {
                let family = self.offers.family(&value::identifier(code), version(cells, "family_version")?);
                let family = family.ok_or_else(|| cells.refuse("family_code", Problem::UnknownOffer))?;
                set(values, tags::FAMILY, family.index.to_string());
                set(values, tags::LEVEL, level(cells, family)?);
                if cells.some("title").is_none() {
                    set(values, tags::TITLE, family.title.clone());
                }
            }
            // A degree belongs to a programme, not to a family.
            None if !form.required.contains(&tags::FAMILY) => {}
            None => return Err(cells.refuse("family_code", Problem::Missing)),
        }
        if let Some(code) = cells.some("programme_code") {
            let index = self.offers.programme(&value::identifier(code));
            let index = index.ok_or_else(|| cells.refuse("programme_code", Problem::UnknownOffer))?;
            set(values, tags::PROGRAMME, index.to_string());
        }
        match self.grade_if_any(cells, values)? {
            Some(false) => Err(cells.refuse("grade", Problem::CertificateFailed)),
            _ => Ok(()),
        }
    }

    /// What is neither taught nor certified: scores in points, and a grade if the sheet has one.
    fn record(&self, cells: Cells<'_>, form: &Outcome, values: &mut Values) -> Result<(), Refused> {
        for (tag, column) in [(tags::SCORE_MILLIS, "score"), (tags::TOP_SCORE_MILLIS, "top_score")] {
            if let Some(cell) = cells.some(column).filter(|_| form.has(tag)) {
                let millis = value::thousandths(cell).ok_or_else(|| cells.refuse(column, Problem::Number))?;
                set(values, tag, millis.to_string());
            }
        }
        if form.has(tags::GRADE) {
            self.grade_if_any(cells, values)?;
        }
        if form.has(tags::PRACTICE_KIND) {
            // All of it is practice unless the sheet says less, and outside a course it earns nothing.
            let minutes = value::integer(cells.required("minutes")?);
            let minutes = minutes.ok_or_else(|| cells.refuse("minutes", Problem::Number))?;
            if cells.some("practice_minutes").is_none() {
                set(values, tags::PRACTICE_MINUTES, minutes.to_string());
            }
            if cells.some("credit_millis").is_none() {
                set(values, tags::CREDIT_MILLIS, "0");
            }
        }
        Ok(())
    }

    /// The grade on its scale, if there is one, and whether it passes.
    fn grade_if_any(&self, cells: Cells<'_>, values: &mut Values) -> Result<Option<bool>, Refused> {
        let Some(grade) = cells.some("grade") else {
            // A scale without a grade says nothing and is refused by the ledger.
            set(values, tags::SCALE, "");
            return Ok(None);
        };
        let scale = value::text(cells.required("scale")?);
        let (grade, passed) = self.grade(cells, &scale, grade)?;
        set(values, tags::GRADE, grade);
        Ok(Some(passed))
    }
}

/// Refuses a row without a value that its kind does not do without; tag 1 is made when the row is signed.
fn required(cells: Cells<'_>, form: &Outcome, fields: &[(Tag, Vec<u8>)]) -> Result<(), Refused> {
    let missing = |tag: &&Tag| {
        **tag != tags::NULLIFIER_KEY && fields.iter().any(|(other, value)| other == *tag && value.is_empty())
    };
    match form.required.iter().find(missing) {
        Some(tag) => Err(cells.refuse(tag.name, Problem::Missing)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sign::columns::Mapping;
    use crate::cli::sign::sheet::Sheet;

    const OFFERS: &str = r#"{"format":"xuefen-offers/v1","origin":"x.example/a","issuer":"x-i","tree_size":9}
{"kind":"institution","names":["某职业学校","某校"]}
{"kind":"scale","code":"percentage","pass_mark_millis":60000,"top_mark_millis":100000}
{"kind":"scale","code":"pass_fail","words":["合格","不合格"],"passing_words":1}
{"kind":"recording_rule","code":"r","version":1,"index":3,"hour_minutes":45,"theory_hours_per_credit":16,"practice_hours_per_credit":32,"step_millis":500}
{"kind":"course","code":"C1","version":1,"index":10,"minutes":2160,"practice_minutes":720,"credit_millis":2500,"recording_rule_index":3,"scale":"percentage","majors":["710201"],"competency":"k"}
{"kind":"course","code":"C2","version":1,"index":11,"minutes":720,"practice_minutes":0,"credit_millis":1000,"recording_rule_index":3,"scale":"pass_fail"}
{"kind":"run","code":"2026-1","offer_index":11,"minutes":720,"practice_minutes":0}
{"kind":"certificate_family","code":"F1","version":1,"index":20,"title":"某证书","outcome_kind":"x_certificate","levels":["初级","中级"]}
{"kind":"certificate_family","code":"F2","version":1,"index":21,"title":"某结业证书","outcome_kind":"completion_certificate"}
"#;

    fn read(header: &str, rows: &str) -> Vec<Result<Draft, Refused>> {
        let offers = Offers::parse(OFFERS, "x.example/a", "x-i").unwrap();
        let mut accounts = AccountsMap::default();
        assert!(accounts.insert("1", [1; 16]) && accounts.insert("2", [2; 16]));
        let text = format!("{header}\n{rows}\n");
        let sheet = Sheet::parse(text.as_bytes(), &Mapping::default()).unwrap();
        let today = Date::parse("2026-07-05").unwrap();
        let mut reader = OutcomeReader::new(&offers, &accounts, None, ("x.example/a", "x-i"), today);
        sheet.rows().iter().map(|row| reader.read(sheet.cells(row)?)).collect()
    }

    fn value(draft: &Draft, tag: Tag) -> &str {
        let value = &draft.fields.iter().find(|(other, _)| *other == tag).unwrap().1;
        std::str::from_utf8(value).unwrap()
    }

    const COURSE: &str = "学号,课程代码,取得日期,成绩,学分,学时,实践学时,班次,颁发机构";

    fn course(row: &str) -> Result<Draft, Refused> {
        read(COURSE, row).pop().unwrap()
    }

    #[test]
    fn a_course_row_is_completed_from_what_was_published() {
        let draft = course("1,C1,2026年6月30日,６６．５０,,,,,").unwrap();
        let tags = [tags::ACHIEVED_ON, tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS, tags::GRADE];
        assert_eq!(tags.map(|tag| value(&draft, tag)), ["2026-06-30", "2160", "720", "2500", "66.5"]);
        let tags = [tags::SCALE, tags::OFFER, tags::RECORDING_RULE, tags::ATTEMPT, tags::ISSUER_NAME, tags::MAJOR];
        assert_eq!(tags.map(|tag| value(&draft, tag)), ["percentage", "10", "3", "1", "某职业学校", "710201"]);
        assert_eq!(value(&draft, tags::SOURCE_ID), "1/C1//1");
        assert!(draft.fields.windows(2).all(|pair| pair[0].0.number < pair[1].0.number));
        assert_eq!(draft.fields.len(), tags::of_outcome(OutcomeKind::Course).unwrap().len());
    }

    #[test]
    fn full_width_codes_are_the_same_codes() {
        let draft = course("１,Ｃ１,２０２６-06-30,６０,,,,,").unwrap();
        let plain = course("1,C1,2026-06-30,60,,,,,").unwrap();
        assert_eq!((draft.fields, draft.identity), (plain.fields, plain.identity));
    }

    #[test]
    fn a_fail_earns_nothing_whatever_the_sheet_says_beside_it() {
        for credits in ["", "0", "2.5"] {
            let draft = course(&format!("1,C1,2026-06-30,59.9,{credits},,,,")).unwrap();
            assert_eq!(value(&draft, tags::CREDIT_MILLIS), "0", "{credits}");
        }
    }

    #[test]
    fn shorter_records_earn_what_the_rule_gives() {
        // 32 class hours of 45 minutes, 16 of them practice: 1 + 0.5 credits.
        let draft = course("1,C1,2026-06-30,60,1.5,32,16,,").unwrap();
        let tags = [tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS];
        assert_eq!(tags.map(|tag| value(&draft, tag)), ["1440", "720", "1500"]);
    }

    #[test]
    fn wrong_rows_name_the_column_and_the_rule() {
        let cases = [
            ("3,C1,2026-06-30,60,,,,,", "学号", Problem::UnknownAccount),
            ("1,C9,2026-06-30,60,,,,,", "课程代码", Problem::UnknownOffer),
            ("1,C1,30.6.2026,60,,,,,", "取得日期", Problem::Date),
            ("1,C1,2026-07-06,60,,,,,", "取得日期", Problem::FutureDate),
            ("1,C1,2026-06-30,101,,,,,", "成绩", Problem::Grade { scale: "percentage".to_owned() }),
            ("1,C2,2026-06-30,60,,,,,", "成绩", Problem::Grade { scale: "pass_fail".to_owned() }),
            ("1,C1,2026-06-30,60,3,,,,", "学分", Problem::Credits { expected: "2.5".to_owned() }),
            ("1,C1,2026-06-30,60,x,,,,", "学分", Problem::Number),
            ("1,C1,2026-06-30,60,,49,,,", "学时", Problem::Minutes { at_most: 2160 }),
            ("1,C1,2026-06-30,60,,10,,,", "实践学时", Problem::Minutes { at_most: 450 }),
            ("1,C1,2026-06-30,60,,48,17,,", "实践学时", Problem::Minutes { at_most: 720 }),
            ("1,C2,2026-06-30,合格,,,,2026-2,", "班次", Problem::UnknownRun),
            ("1,C1,2026-06-30,60,,,,,别的学校", "颁发机构", Problem::IssuerName),
            ("1,C1,2026-06-30,,,,,,", "成绩", Problem::Missing),
            ("1,,2026-06-30,60,,,,,", "outcome_kind", Problem::Missing),
            (",C1,2026-06-30,60,,,,,", "学号", Problem::Missing),
        ];
        for (row, column, problem) in cases {
            let refused = course(row).unwrap_err();
            assert_eq!((refused.column.as_str(), refused.problem), (column, problem), "{row}");
        }
    }

    #[test]
    fn certificates_have_family_level_and_number() {
        let header = "学号,证书代码,等级,证书编号,发证日期,成果类型";
        let draft = read(header, "1,F1,中级,N1,2026-06-30,").pop().unwrap().unwrap();
        let tags = [tags::FAMILY, tags::LEVEL, tags::TITLE, tags::SOURCE_ID, tags::CERTIFICATE_NUMBER];
        assert_eq!(tags.map(|tag| value(&draft, tag)), ["20", "2", "某证书", "N1", "N1"]);
        assert!(matches!(draft.body, DraftBody::Outcome { kind: OutcomeKind::XCertificate, .. }));
        let completion = read(header, "1,F2,,N2,2026-06-30,结业证书").pop().unwrap().unwrap();
        assert_eq!(value(&completion, tags::LEVEL), "");
        let cases = [
            ("1,F1,高级,N1,2026-06-30,", Problem::UnknownLevel),
            ("1,F1,3,N1,2026-06-30,", Problem::UnknownLevel),
            ("1,F1,,N1,2026-06-30,", Problem::Missing),
            ("1,F9,中级,N1,2026-06-30,X证书", Problem::UnknownOffer),
            ("1,F2,,N1,2026-06-30,X证书", Problem::Kind),
            ("1,F1,中级,,2026-06-30,", Problem::Missing),
            ("1,F1,中级,N1,2026-06-30,奖状", Problem::Kind),
        ];
        for (row, problem) in cases {
            assert_eq!(read(header, row).pop().unwrap().unwrap_err().problem, problem, "{row}");
        }
    }

    #[test]
    fn records_take_words_in_both_languages_scores_in_points_and_need_their_own_number() {
        let header = "原始记录号,学号,成果类型,取得日期,名称,赛事级别,竞赛组别,奖项,届次,科目代码,得分,满分";
        let contest =
            read(header, "r1,1,技能大赛成绩,2026-06-30,数控车工,国赛,higher,三等奖,2026,,,").pop().unwrap().unwrap();
        let tags = [tags::CONTEST_TIER, tags::CONTEST_GROUP, tags::AWARD, tags::EDITION, tags::TITLE];
        assert_eq!(tags.map(|tag| value(&contest, tag)), ["nation", "higher", "third", "2026", "数控车工"]);
        let exam = read(header, "r2,1,考试科目,2026-06-30,,,,,,skill,３００.5,350").pop().unwrap().unwrap();
        let tags = [tags::COMPONENT, tags::SCORE_MILLIS, tags::TOP_SCORE_MILLIS];
        assert_eq!(tags.map(|tag| value(&exam, tag)), ["skill", "300500", "350000"]);
        let cases = [
            ("r1,1,技能大赛,2026-06-30,数控车工,市赛,higher,三等奖,2026,,,", "赛事级别"),
            ("r1,1,技能大赛,2026-06-30,数控车工,国赛,higher,,2026,,,", "奖项"),
            ("r1,1,考试科目,2026-06-30,,,,,,skill,三百,350", "得分"),
            (",1,技能大赛,2026-06-30,数控车工,国赛,higher,三等奖,2026,,,", "原始记录号"),
        ];
        for (row, column) in cases {
            assert_eq!(read(header, row).pop().unwrap().unwrap_err().column, column, "{row}");
        }
        let without = header.replace("原始记录号", "备注");
        let refused =
            read(&without, "r1,1,技能大赛,2026-06-30,数控车工,国赛,higher,三等奖,2026,,,").pop().unwrap().unwrap_err();
        assert_eq!((refused.column.as_str(), refused.problem), ("source_id", Problem::Missing));
    }

    #[test]
    fn practice_stands_alone_or_is_of_a_course_and_names_its_co_signer() {
        let header = "原始记录号,学号,成果类型,取得日期,实践类型,总分钟数,协议散列,会签机构,课程代码";
        let hash = "ab".repeat(32);
        let alone = read(header, &format!("r1,1,实习,2026-06-30,岗位实习,2400,{hash},91630100440000791X,"));
        let alone = alone.into_iter().next().unwrap().unwrap();
        let tags = [tags::MINUTES, tags::PRACTICE_MINUTES, tags::CREDIT_MILLIS, tags::OFFER];
        assert_eq!(tags.map(|tag| value(&alone, tag)), ["2400", "2400", "0", ""]);
        assert!(matches!(&alone.body, DraftBody::Outcome { cosigner, .. } if cosigner == "91630100440000791X"));
        let of_course = read(header, &format!("r1,1,实习,2026-06-30,岗位实习,720,{hash},x-host,C1"));
        let of_course = of_course.into_iter().next().unwrap().unwrap();
        assert_eq!(tags.map(|tag| value(&of_course, tag)), ["720", "720", "500", "10"]);
        let missing = read(header, "r1,1,实习,2026-06-30,岗位实习,2400,,x-host,").pop().unwrap().unwrap_err();
        assert_eq!((missing.column.as_str(), missing.problem), ("协议散列", Problem::Missing));
    }

    #[test]
    fn a_record_number_stands_once_and_the_first_row_is_the_good_one() {
        let header = "原始记录号,学号,课程代码,取得日期,成绩";
        let rows =
            read(header, "r1,1,C1,2026-06-30,60\nr1,2,C1,2026-06-30,70\nr1,2,C1,2026-06-30,80\n,2,C1,2026-06-30,1");
        let problems: Vec<_> = rows.into_iter().map(|row| row.err().map(|refused| refused.problem)).collect();
        let duplicate = Some(Problem::DuplicateSourceId { first_row: 2 });
        assert_eq!(problems, [None, duplicate.clone(), duplicate, Some(Problem::Missing)]);
    }

    #[test]
    fn one_attempt_stands_once_whatever_its_record_number() {
        let header = "原始记录号,学号,课程代码,取得日期,成绩,考试次数";
        let rows = "r1,1,C1,2026-06-29,50,1\nr2,1,C1,2026-06-30,60,1\nr3,1,C1,2026-06-30,60,2\nr4,2,C1,2026-06-30,60,";
        let problems = read(header, rows).into_iter().map(|row| row.err().map(|refused| refused.problem));
        let twice = Some(Problem::DuplicateAttempt { first_row: 2 });
        assert_eq!(problems.collect::<Vec<_>>(), [None, twice, None, None]);
    }

    #[test]
    fn scales_are_those_of_the_course_and_certificates_carry_no_fail() {
        let header = "学号,课程代码,取得日期,成绩,成绩制";
        let other = read(header, "1,C1,2026-06-30,合格,pass_fail").pop().unwrap().unwrap_err();
        assert_eq!(other.problem, Problem::OtherScale { scale: "percentage".to_owned() });
        let header = "学号,证书代码,证书编号,发证日期,成绩,成绩制";
        let failed = read(header, "1,F2,N1,2026-06-30,不合格,pass_fail").pop().unwrap().unwrap_err();
        assert_eq!(failed.problem, Problem::CertificateFailed);
        let passed = read(header, "1,F2,N1,2026-06-30,合格,pass_fail").pop().unwrap().unwrap();
        assert_eq!([value(&passed, tags::GRADE), value(&passed, tags::SCALE)], ["合格", "pass_fail"]);
        let without = read(header, "1,F2,N1,2026-06-30,,pass_fail").pop().unwrap().unwrap();
        assert_eq!([value(&without, tags::GRADE), value(&without, tags::SCALE)], ["", ""]);
    }

    #[test]
    fn a_correction_has_its_own_nonce_and_the_nullifier_key_of_the_first() {
        let header = "原始记录号,学号,课程代码,取得日期,成绩,更正序号,更正散列";
        let first = read(header, "r1,1,C1,2026-06-30,60,,").pop().unwrap().unwrap();
        let hash = "ab".repeat(32);
        let second = read(header, &format!("r1,1,C1,2026-06-30,61,7,{hash}")).pop().unwrap().unwrap();
        assert_eq!(first.first_identity, second.first_identity);
        assert_ne!(first.identity, second.identity);
        assert_eq!(first.first_identity.as_ref(), Some(&first.identity));
        let half = read(header, "r1,1,C1,2026-06-30,61,7,").pop().unwrap().unwrap_err();
        assert_eq!((half.column.as_str(), half.problem), ("更正散列", Problem::Missing));
    }

    #[test]
    fn the_identity_has_kind_record_and_attempt_and_not_the_content() {
        let header = "原始记录号,学号,课程代码,取得日期,成绩,考试次数";
        let identity = |row| read(header, row).pop().unwrap().unwrap().identity;
        let first = identity("r1,1,C1,2026-06-30,60,1");
        assert_eq!(first, identity("r1,2,C1,2026-06-29,99,"));
        assert_ne!(first, identity("r2,1,C1,2026-06-30,60,1"));
        assert_ne!(first, identity("r1,1,C1,2026-06-30,60,2"));
        assert!(read(header, "r1,1,C1,2026-06-30,60,0").pop().unwrap().is_err());
    }
}
