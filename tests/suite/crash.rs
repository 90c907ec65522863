//! What power cuts, failing disks and wrong clocks leave of a ledger: the program itself, killed and faulted from outside,
//! looked at through its public API.
//!
//! Torn and reordered writes of single files are the matter of the unit tests of journal, vault and index; here the whole
//! path must keep the one promise that counts: what was acknowledged is there.

mod clock;
mod faults;
mod kills;
mod learners;
mod memory;
mod order;
mod process;
mod restart;
