//! Accounts by learner number: what `sign accounts` writes and `sign outcomes` reads. Says who is who, so mode 0600.
//!
//! CSV with the header `learner_no,account`; the account is 16 bytes in hexadecimal.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};

use super::columns::Mapping;
use super::problem::{Problem, Refused};
use super::sheet::{Cells, Sheet};
use super::value;
use crate::cli::output::hex;
use crate::cli::private_file::{self, IfExists};

/// Accounts of the learners of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsMap(BTreeMap<String, [u8; 16]>);

impl AccountsMap {
    /// Reads a file of this form. A number may stand in it twice if its account is the same.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let sheet = Sheet::read(path, None, &Mapping::default())?;
        sheet.columns().require(&["learner_no", "account"])?;
        let mut map = Self::default();
        for row in sheet.rows() {
            let place = || format!("{}, row {}", path.display(), row.number);
            let cells = sheet.cells(row).ok().with_context(place)?;
            let number = value::plain(cells.get("learner_no"));
            let account = value::hex(cells.get("account")).with_context(place)?;
            ensure!(map.insert(&number, account), "{}: the learner number has another account above", place());
        }
        Ok(map)
    }

    /// Adds a learner; false if the number has another account.
    pub fn insert(&mut self, learner_no: &str, account: [u8; 16]) -> bool {
        *self.0.entry(learner_no.to_owned()).or_insert(account) == account
    }

    /// Adds all of another map.
    pub fn merge(&mut self, other: Self) -> anyhow::Result<()> {
        for (number, account) in other.0 {
            ensure!(self.insert(&number, account), "a learner number has another account in an earlier file");
        }
        Ok(())
    }

    /// Writes the file.
    pub fn write(&self, path: &Path, if_exists: IfExists) -> anyhow::Result<()> {
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(["learner_no", "account"])?;
        for (number, account) in &self.0 {
            out.write_record([number, &hex(account)])?;
        }
        private_file::write(path, &out.into_inner().context("a Vec takes every byte")?, if_exists)
    }

    /// The account of a row: in its own column, else by learner number.
    pub fn account(&self, cells: Cells<'_>) -> Result<[u8; 16], Refused> {
        if let Some(account) = cells.some("account") {
            return value::hex(account).ok_or_else(|| cells.refuse("account", Problem::Hex));
        }
        let number = value::plain(cells.required("learner_no")?);
        self.0.get(&number).copied().ok_or_else(|| cells.refuse("learner_no", Problem::UnknownAccount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_as_it_was_written_and_nobody_else_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("map.csv");
        let mut map = AccountsMap::default();
        assert!(map.insert("2024001", [7; 16]) && map.insert("2024001", [7; 16]));
        assert!(!map.insert("2024001", [8; 16]));
        map.write(&path, IfExists::Refuse).unwrap();
        private_file::check_mode(&path).unwrap();
        assert_eq!(AccountsMap::read(&path).unwrap(), map);
        std::fs::write(&path, "学号,学习账号\n1,00\n").unwrap();
        assert!(AccountsMap::read(&path).unwrap_err().to_string().contains("row 2"));
    }
}
