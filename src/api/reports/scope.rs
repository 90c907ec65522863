//! Who may see figures of whom: an authority of its region, by a key that accredits or audits; an institution of itself and
//! of whom it took over. Nobody else.

use tonic::Status;
use xuefen_core::proto::AuthorityRole;
use xuefen_ledger::query;

use crate::api::access::{AccessError, Caller};
use crate::api::status::{internal, invalid};
use crate::api::{Api, people, resource};
use crate::sequencer::{AsOf, View};

/// What a report is of, after it was seen that the caller may ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// GB/T 2260; empty = the whole country.
    pub region: String,
    /// One institution; empty = all of the region.
    pub institution: String,
}

impl Scope {
    /// What a caller asks for, if it may.
    pub fn asked(api: &Api, view: &View, caller: &Caller, region: &str, institution: &str) -> Result<Self, Status> {
        let form = region.is_empty() || (region.len() == 6 && region.bytes().all(|byte| byte.is_ascii_digit()));
        if !form {
            return Err(invalid("region", "send six digits of GB/T 2260, or nothing"));
        }
        if !institution.is_empty() && !resource::is_institution_id(institution) {
            return Err(invalid("institution", "send an institution id, or nothing"));
        }
        match caller {
            Caller::Authority { .. } => Self::of_authority(api, view, caller, region, institution),
            Caller::Institution(own) => Self::of_institution(api, view, own, region, institution),
            Caller::Learner(_) | Caller::Operator => Err(AccessError::Denied.into()),
        }
    }

    fn of_authority(api: &Api, view: &View, caller: &Caller, region: &str, institution: &str) -> Result<Self, Status> {
        let own = authority_region(api, view, caller)?;
        let region = if region.is_empty() { own.as_str() } else { region };
        if !covers(&own, region) {
            return Err(AccessError::Denied.into());
        }
        let state = AsOf::new(&view.index, view.tree.size);
        if !institution.is_empty() {
            let row = query::institution(&state, institution).map_err(|error| internal(&error))?;
            // One that is not there and one of another region get the same answer.
            if !row.is_some_and(|row| covers(region, &row.region)) {
                return Err(AccessError::Denied.into());
            }
        }
        Ok(Self { region: region.to_owned(), institution: institution.to_owned() })
    }

    fn of_institution(api: &Api, view: &View, own: &str, region: &str, institution: &str) -> Result<Self, Status> {
        let state = AsOf::new(&view.index, view.tree.size);
        let institution = if institution.is_empty() { own } else { institution };
        if !region.is_empty() || !people::speaks_for(&state, own, institution, api.ledger.now())? {
            return Err(AccessError::Denied.into());
        }
        Ok(Self { region: String::new(), institution: institution.to_owned() })
    }
}

/// The region of an authority that may see figures: by its key, as that is now. Empty = the whole country.
pub fn authority_region(api: &Api, view: &View, caller: &Caller) -> Result<String, Status> {
    let Caller::Authority { id, key } = caller else { return Err(AccessError::Denied.into()) };
    let state = AsOf::new(&view.index, view.tree.size);
    let now = api.ledger.now();
    let row = query::key(&state, key).map_err(|error| internal(&error))?;
    let row = row.filter(|row| row.owner == *id && row.valid_at(now) && !row.compromised_at(now));
    let sees = |role: i32| [AuthorityRole::Accredit as i32, AuthorityRole::Audit as i32].contains(&role);
    match row.and_then(|row| row.role).filter(|role| sees(role.role)) {
        Some(role) => Ok(role.region),
        None => Err(AccessError::Denied.into()),
    }
}

/// Whether a region lies in another: `630000` is a province, `630100` a city, what does not end in 00 a county.
pub fn covers(region: &str, place: &str) -> bool {
    let prefix = match region {
        "" => "",
        region if region.ends_with("0000") => &region[..2],
        region if region.ends_with("00") => &region[..4],
        region => region,
    };
    place.starts_with(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_covers_what_is_below_it() {
        for (region, place, does) in [
            ("", "", true),
            ("", "630100", true),
            ("630000", "630100", true),
            ("630100", "630104", true),
            ("630104", "630104", true),
            ("630104", "630100", false),
            ("630100", "630200", false),
            ("630000", "320000", false),
            ("630000", "", false),
        ] {
            assert_eq!(covers(region, place), does, "{region} {place}");
        }
    }
}
