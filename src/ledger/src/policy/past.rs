//! Which policy bound an entry when it was judged, for answers about many entries: each line and each statement is read once.

use super::known::version;
use super::{InForce, Tier, read};
use crate::access::Access;
use crate::ids::province;
use crate::rows::PolicyLineRow;
use crate::state::{Read, ReadError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The policies of a state, read as they are asked for.
pub struct Past<R> {
    state: R,
    lines: BTreeMap<String, Option<PolicyLineRow>>,
    statements: BTreeMap<u64, Arc<Tier>>,
}

impl<R: Read> Past<R> {
    /// Of a state that holds every entry that will be asked about.
    pub const fn new(state: R) -> Self {
        Self { state, lines: BTreeMap::new(), statements: BTreeMap::new() }
    }

    /// The policy in force for whoever sits in a region, before entry `index`, which was logged at a time.
    pub fn before(&mut self, index: u64, region: &str, time: i64) -> Result<InForce, ReadError> {
        let province = province(region);
        let nation = self.tier("", index, time)?;
        let province = if province.is_empty() { None } else { self.tier(province, index, time)? };
        Ok(InForce { nation, province })
    }

    fn tier(&mut self, province: &str, size: u64, time: i64) -> Result<Option<Arc<Tier>>, ReadError> {
        if !self.lines.contains_key(province) {
            self.lines.insert(province.to_owned(), self.state.policies(province)?);
        }
        let Some(Some(line)) = self.lines.get(province) else { return Ok(None) };
        let (Some(index), _) = version(line, size, time) else { return Ok(None) };
        if let Some(tier) = self.statements.get(&index) {
            return Ok(Some(Arc::clone(tier)));
        }
        let tier = read(&self.state, index)?;
        self.statements.insert(index, Arc::clone(&tier));
        Ok(Some(tier))
    }
}
