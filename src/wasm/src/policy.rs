//! Whom two trust files name: shown to the user before anything is verified under them.

use serde::Serialize;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::policy::Policy;

use crate::request::{Bad, Request};

/// The two files of a request, `policy` then `authority`.
pub fn read(request: &mut Request<'_>) -> Result<(Policy, AuthorityFile), Bad> {
    let policy = Policy::parse(request.text("policy")?).map_err(|error| Bad::new("policy", error))?;
    let authority = AuthorityFile::parse(request.text("authority")?).map_err(|error| Bad::new("authority", error))?;
    Ok((policy, authority))
}

/// The names in the two files.
#[derive(Serialize)]
pub struct Named {
    logs: Vec<String>,
    witnesses: Vec<String>,
    authorities: Vec<String>,
    quorum_none: bool,
}

/// `policy`: arguments policy.txt, authority.txt.
pub fn describe(request: &mut Request<'_>) -> Result<Named, Bad> {
    let (policy, authority) = read(request)?;
    Ok(Named {
        logs: policy.logs().iter().map(|log| log.key.name().to_string()).collect(),
        witnesses: policy.witnesses().iter().map(|witness| witness.name.clone()).collect(),
        authorities: authority.keys().iter().map(|key| key.name().to_string()).collect(),
        quorum_none: policy.quorum_is_none(),
    })
}
