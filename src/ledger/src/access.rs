//! Typed reading and writing of rows: decoding, long values, and writes that later reads of the same entry see.

use crate::policy::KnownPolicies;
use crate::rows::{
    self, AccountKey, AccountRow, AuthorityRow, CharterRow, DisplayRow, EntryRow, InstitutionRow, KeyRow, LineRow,
    OfferRow, OutcomeRow, RunRow, Short, StandingRow,
};
use crate::state::{Key, MAX_VALUE, Read, ReadError, Row, Table};
use prost::bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A row as it was read: its index, and what it holds.
pub(crate) type Found<T> = Option<(u64, T)>;

/// Tables whose values can be long. Their first byte tells how many continuations follow. No private table is among them:
/// continuations would have to be dropped with their rows.
const fn may_be_long(table: Table) -> bool {
    matches!(
        table,
        Table::Institution
            | Table::Waiting
            | Table::Offer
            | Table::Standing
            | Table::Policies
            | Table::RunsOf
            | Table::Filed
            | Table::Charter
            | Table::Use
    )
}

fn part_key(of: &Key, number: u8) -> Key {
    let mut key = vec![Table::Part.byte(), number];
    key.extend_from_slice(of.as_bytes());
    Key::from_bytes(key)
}

/// Typed reads over any [`Read`].
pub(crate) trait Access: Read {
    /// The bytes of a value, put together.
    fn bytes(&self, key: &Key) -> Result<Found<Bytes>, ReadError> {
        let Some((index, value)) = self.newest(key)? else { return Ok(None) };
        if !key.table().is_some_and(may_be_long) {
            return Ok(Some((index, value)));
        }
        let damaged = || ReadError::Damaged { key: key.clone(), index };
        let parts = *value.first().ok_or_else(damaged)?;
        if parts == 0 {
            return Ok(Some((index, value.slice(1..))));
        }
        let mut whole = value[1..].to_vec();
        for number in 0..parts {
            let (at, part) = self.newest(&part_key(key, number))?.ok_or_else(damaged)?;
            if at != index {
                return Err(damaged());
            }
            whole.extend_from_slice(&part);
        }
        Ok(Some((index, whole.into())))
    }

    /// A value of a table.
    fn value<T: DeserializeOwned>(&self, key: &Key) -> Result<Found<T>, ReadError> {
        let Some((index, bytes)) = self.bytes(key)? else { return Ok(None) };
        match postcard::from_bytes(&bytes) {
            Ok(value) => Ok(Some((index, value))),
            Err(_) => Err(ReadError::Damaged { key: key.clone(), index }),
        }
    }

    fn entry(&self, index: u64) -> Result<Option<EntryRow>, ReadError> {
        Ok(self.value(&rows::entry(index))?.map(|(_, row)| row))
    }

    fn standing(&self, index: u64) -> Result<StandingRow, ReadError> {
        Ok(self.value(&rows::standing(index))?.map(|(_, row)| row).unwrap_or_default())
    }

    fn key_row(&self, id: Short) -> Result<Option<KeyRow>, ReadError> {
        Ok(self.value(&rows::key(id))?.map(|(_, row)| row))
    }

    fn authority(&self, id: &str) -> Result<Option<AuthorityRow>, ReadError> {
        Ok(self.value(&rows::authority(id))?.map(|(_, row)| row))
    }

    fn institution(&self, id: &str) -> Result<Option<InstitutionRow>, ReadError> {
        Ok(self.value(&rows::institution(id))?.map(|(_, row)| row))
    }

    fn charter(&self, consortium: &str) -> Result<Option<CharterRow>, ReadError> {
        Ok(self.value(&rows::charter(consortium))?.map(|(_, row)| row))
    }

    fn display(&self, key: &Key) -> Result<Found<DisplayRow>, ReadError> {
        self.value(key)
    }

    fn offer(&self, index: u64) -> Result<Option<OfferRow>, ReadError> {
        Ok(self.value(&rows::offer(index))?.map(|(_, row)| row))
    }

    fn inspection(&self, commitment: u64) -> Result<Option<rows::InspectionRow>, ReadError> {
        Ok(self.value(&rows::inspection(commitment))?.map(|(_, row)| row))
    }

    /// The policies of the nation (empty) or of a province.
    fn policies(&self, province: &str) -> Result<Option<rows::PolicyLineRow>, ReadError> {
        Ok(self.value(&rows::policies(province))?.map(|(_, row)| row))
    }

    /// The runs of a programme that are still to be thought of.
    fn runs_of(&self, key: &Key) -> Result<rows::RunsRow, ReadError> {
        Ok(self.value(key)?.map(|(_, row)| row).unwrap_or_default())
    }

    fn account(&self, account: AccountKey) -> Result<Option<AccountRow>, ReadError> {
        Ok(self.value(&rows::account(account))?.map(|(_, row)| row))
    }

    /// The account that an id stands for: the kept one if it is an alias.
    fn kept(&self, account: AccountKey) -> Result<Option<AccountKey>, ReadError> {
        Ok(self.account(account)?.map(|row| row.alias_of.unwrap_or(account)))
    }

    fn outcome(&self, index: u64) -> Result<Option<OutcomeRow>, ReadError> {
        Ok(self.value(&rows::outcome(index))?.map(|(_, row)| row))
    }

    fn application(&self, index: u64) -> Result<Option<rows::ApplicationRow>, ReadError> {
        Ok(self.value(&rows::application(index))?.map(|(_, row)| row))
    }

    fn conversion(&self, index: u64) -> Result<Option<rows::ConversionRow>, ReadError> {
        Ok(self.value(&rows::conversion(index))?.map(|(_, row)| row))
    }

    fn appeal(&self, index: u64) -> Result<Option<rows::AppealRow>, ReadError> {
        Ok(self.value(&rows::appeal(index))?.map(|(_, row)| row))
    }

    fn applied(&self, index: u64) -> Result<Option<rows::AppliedRow>, ReadError> {
        Ok(self.value(&rows::applied(index))?.map(|(_, row)| row))
    }

    fn converted(&self, index: u64) -> Result<Option<rows::ConvertedRow>, ReadError> {
        Ok(self.value(&rows::converted(index))?.map(|(_, row)| row))
    }

    /// Indices in a row of them.
    fn list(&self, key: &Key) -> Result<Vec<u64>, ReadError> {
        Ok(self.value(key)?.map(|(_, list)| list).unwrap_or_default())
    }

    fn line(&self, key: &Key) -> Result<LineRow, ReadError> {
        Ok(self.value(key)?.map(|(_, row)| row).unwrap_or_default())
    }

    fn run(&self, key: &Key) -> Result<Option<RunRow>, ReadError> {
        Ok(self.value(key)?.map(|(_, row)| row))
    }
}

impl<R: Read + ?Sized> Access for R {}

/// Remembers what was read: the checks of one posting ask for the same few rows again and again.
pub(crate) struct Memo<'a, R: ?Sized> {
    state: &'a R,
    // A dozen keys: a scan is faster than a map.
    seen: RefCell<Vec<(Key, Found<Bytes>)>>,
}

impl<'a, R: Read + ?Sized> Memo<'a, R> {
    pub(crate) const fn new(state: &'a R) -> Self {
        Self { state, seen: RefCell::new(Vec::new()) }
    }
}

impl<R: Read + ?Sized> Read for Memo<'_, R> {
    fn newest(&self, key: &Key) -> Result<Found<Bytes>, ReadError> {
        if let Some((_, found)) = self.seen.borrow().iter().find(|(seen, _)| seen == key) {
            return Ok(found.clone());
        }
        let found = self.state.newest(key)?;
        self.seen.borrow_mut().push((key.clone(), found.clone()));
        Ok(found)
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        self.state.known_policies()
    }
}

/// Rows of a state that does not change, read once each: of many entries of one issuer, keys, accreditations and offers are
/// the same.
pub struct Remembered<R> {
    state: R,
    seen: RefCell<BTreeMap<Key, Found<Bytes>>>,
}

impl<R: Read> Remembered<R> {
    /// Over a state as of one size.
    pub const fn new(state: R) -> Self {
        Self { state, seen: RefCell::new(BTreeMap::new()) }
    }
}

impl<R: Read> Read for Remembered<R> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        if let Some(found) = self.seen.borrow().get(key) {
            return Ok(found.clone());
        }
        let found = self.state.newest(key)?;
        self.seen.borrow_mut().insert(key.clone(), found.clone());
        Ok(found)
    }
}

/// Room for a value at first, bytes: enough for those that every outcome writes.
const USUAL_VALUE: usize = 192;

/// The rows of one entry while they are being made. Reads see them.
pub(crate) struct Writer<'a, R: ?Sized> {
    state: &'a R,
    index: u64,
    rows: BTreeMap<Key, Vec<u8>>,
}

impl<'a, R: Read + ?Sized> Writer<'a, R> {
    pub(crate) const fn new(state: &'a R, index: u64) -> Self {
        Self { state, index, rows: BTreeMap::new() }
    }

    /// Leaf index of the entry.
    pub(crate) const fn index(&self) -> u64 {
        self.index
    }

    /// Writes a value, in as many rows as it needs.
    pub(crate) fn put<T: Serialize>(&mut self, key: Key, value: &T) {
        let bytes = postcard::to_extend(value, Vec::with_capacity(USUAL_VALUE));
        self.put_bytes(key, bytes.expect("rows are plain structs, which postcard always encodes"));
    }

    /// Writes raw bytes.
    pub(crate) fn put_bytes(&mut self, key: Key, bytes: Vec<u8>) {
        if !key.table().is_some_and(may_be_long) {
            self.rows.insert(key, bytes);
            return;
        }
        let mut chunks = bytes.chunks(MAX_VALUE - 1);
        let first = chunks.next().unwrap_or_default();
        let parts = u8::try_from(chunks.len()).expect("an entry of 64 KiB makes no value of 255 rows");
        let mut value = Vec::with_capacity(1 + first.len());
        value.push(parts);
        value.extend_from_slice(first);
        for (number, chunk) in (0..parts).zip(chunks) {
            self.rows.insert(part_key(&key, number), chunk.to_vec());
        }
        self.rows.insert(key, value);
    }

    /// A row that only says that it is there.
    pub(crate) fn mark(&mut self, key: Key) {
        self.rows.insert(key, Vec::new());
    }

    /// The rows, by ascending key.
    pub(crate) fn finish(self) -> Vec<Row> {
        let index = self.index;
        self.rows.into_iter().map(|(key, value)| Row { key, index, value }).collect()
    }
}

impl<R: Read + ?Sized> Read for Writer<'_, R> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        match self.rows.get(key) {
            Some(value) => Ok(Some((self.index, Bytes::copy_from_slice(value)))),
            None => self.state.newest(key),
        }
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        self.state.known_policies()
    }
}
