//! From a row to an account: one person, one account, whose id the issuer derives and nobody else can.

use std::collections::BTreeMap;

use xuefen_core::kinds::tags::{self, OPEN_ACCOUNT, ValueType};

use super::accounts_map::AccountsMap;
use super::document;
use super::draft::{Draft, DraftBody};
use super::problem::{Problem, Refused};
use super::secret::{Identity, NonceSecret};
use super::sheet::Cells;
use super::value::{self, Date};
use crate::vault::normalise_document_number;

/// Reads the rows of one sheet of learners.
pub struct AccountReader<'a> {
    secret: &'a NonceSecret,
    ledger: &'a str,
    issuer: &'a str,
    /// First rows by document and by record number.
    persons: BTreeMap<(&'static str, String), u64>,
    numbers: BTreeMap<String, u64>,
    map: AccountsMap,
}

impl<'a> AccountReader<'a> {
    /// A reader that has seen no row yet.
    #[must_use]
    pub fn new(secret: &'a NonceSecret, (ledger, issuer): (&'a str, &'a str)) -> Self {
        let (persons, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { secret, ledger, issuer, persons, numbers, map: AccountsMap::default() }
    }

    /// The accounts of all rows that were good.
    #[must_use]
    pub fn into_map(self) -> AccountsMap {
        self.map
    }

    /// Reads one row.
    pub fn read(&mut self, cells: Cells<'_>) -> Result<Draft, Refused> {
        let learner_no = value::plain(cells.required("learner_no")?);
        let kind = document::kind(cells.get("document_kind"));
        let kind = kind.ok_or_else(|| cells.refuse("document_kind", Problem::DocumentKind))?;
        let number = normalise_document_number(cells.required("document_number")?);
        let birth_date = birth_date(cells, kind, &number)?;
        let holder_name = value::text(cells.required("holder_name")?);
        if let Some(first_row) = self.persons.get(&(kind, number.clone())).copied() {
            return Err(cells.refuse("document_number", Problem::DuplicatePerson { first_row }));
        }
        if let Some(first_row) = self.numbers.get(&learner_no).copied() {
            return Err(cells.refuse("learner_no", Problem::DuplicateSourceId { first_row }));
        }
        self.persons.insert((kind, number.clone()), cells.row());
        self.numbers.insert(learner_no.clone(), cells.row());

        let identity = |what: &[u8]| {
            Identity::new(&[what, self.ledger.as_bytes(), self.issuer.as_bytes(), kind.as_bytes(), number.as_bytes()])
        };
        let account = self.secret.account(&identity(b"account"));
        self.map.insert(&learner_no, account);
        let fields = OPEN_ACCOUNT.iter().map(|tag| {
            let value = match *tag {
                tags::ACCOUNT => account.to_vec(),
                tags::SOURCE_ID => learner_no.clone().into_bytes(),
                tags::HOLDER_NAME => holder_name.clone().into_bytes(),
                tags::DOCUMENT_KIND => kind.into(),
                tags::DOCUMENT_NUMBER => number.clone().into_bytes(),
                tags::BIRTH_DATE => birth_date.map(|date| date.to_string()).unwrap_or_default().into_bytes(),
                tag => {
                    debug_assert_eq!(tag.value, ValueType::Text, "other types need reading");
                    value::text(cells.get(tag.name)).into_bytes()
                }
            };
            (*tag, value)
        });
        Ok(Draft {
            row: cells.row(),
            body: DraftBody::OpenAccount,
            identity: identity(b"open-account"),
            first_identity: None,
            fields: fields.collect(),
        })
    }
}

/// The birth date of the sheet, else of a resident id, which must agree.
fn birth_date(cells: Cells<'_>, kind: &str, number: &str) -> Result<Option<Date>, Refused> {
    let written = match cells.some("birth_date") {
        Some(cell) => Some(Date::parse(cell).ok_or_else(|| cells.refuse("birth_date", Problem::Date))?),
        None => None,
    };
    if kind != "resident_id" {
        return Ok(written);
    }
    let in_number = document::resident_id_birth_date(number);
    let in_number = in_number.ok_or_else(|| cells.refuse("document_number", Problem::DocumentNumber))?;
    match written {
        Some(date) if date != in_number => Err(cells.refuse("birth_date", Problem::BirthDate)),
        _ => Ok(Some(in_number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sign::columns::Mapping;
    use crate::cli::sign::sheet::Sheet;
    use zeroize::Zeroizing;

    fn read(rows: &str) -> Vec<Result<Draft, Problem>> {
        let text = format!("学号,姓名,证件类型,证件号码,出生日期\n{rows}");
        let sheet = Sheet::parse(text.as_bytes(), &Mapping::default()).unwrap();
        let secret = NonceSecret::new(Zeroizing::new([1; 32]));
        let mut reader = AccountReader::new(&secret, ("x.example/a", "x-i"));
        let read = |row| reader.read(sheet.cells(row).unwrap()).map_err(|refused| refused.problem);
        sheet.rows().iter().map(read).collect()
    }

    #[test]
    fn the_account_depends_on_the_person_and_nothing_else() {
        let one = read("1,甲,,11010519491231002X,\n").remove(0).unwrap();
        let renamed = read("9,乙,身份证,１１０１０５19491231002x,1949/12/31\n").remove(0).unwrap();
        assert_eq!(one.fields[0], renamed.fields[0]);
        assert_eq!(one.identity, renamed.identity);
        let passport = read("1,甲,护照,11010519491231002X,\n").remove(0).unwrap();
        assert_ne!(one.fields[0], passport.fields[0]);
    }

    #[test]
    fn wrong_rows_are_refused_one_by_one() {
        let cases = [
            ("1,甲,,110105194912310021,\n", Problem::DocumentNumber),
            ("1,甲,,11010519491231002X,1949-12-30\n", Problem::BirthDate),
            ("1,甲,学生证,1,\n", Problem::DocumentKind),
            ("1,,,11010519491231002X,\n", Problem::Missing),
            ("2,乙,,11010519491231002X,\n1,甲,,11010519491231002X,\n", Problem::DuplicatePerson { first_row: 2 }),
            ("1,乙,护照,A1,\n1,甲,护照,A2,\n", Problem::DuplicateSourceId { first_row: 2 }),
        ];
        for (rows, problem) in cases {
            assert_eq!(read(rows).pop().unwrap().unwrap_err(), problem, "{rows}");
        }
    }
}
