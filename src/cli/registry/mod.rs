//! `xuefen registry`: who may speak and what is offered. What authorities and institutions say, and what is read of it.
//!
//! Nothing about learners is here.

mod change;
pub mod enums;
pub mod genesis;
pub mod import;
pub mod offers;
mod published;
pub mod read;
pub mod rows;
mod standards;
pub mod statements;

use clap::Subcommand;

use super::exit::Exit;
use super::output::Output;

/// What to say or read.
#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Say the first entry of a ledger, by the national authority.
    Genesis(genesis::Genesis),
    /// Say the rows of a file: accreditations, keys, courses, …
    Import(import::Import),
    /// Let another party sign what one has signed, before it is posted: ministry and province, or a new key.
    Attest(genesis::Attest),
    /// Stand by an entry of someone else, such as the second of two authorities.
    Countersign(change::Countersign),
    /// Change what an institution is.
    #[command(subcommand)]
    Change(change::Change),
    /// All institutions.
    Institutions(read::Institutions),
    /// One institution.
    Institution(read::One),
    /// The keys of an institution or authority.
    Keys(read::One),
    /// What an institution offers; with --out, the file that `xuefen sign` reads.
    Offers(offers::OffersArgs),
}

/// Runs `registry`.
pub fn run(command: &Registry, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        Registry::Genesis(args) => genesis::run(args, output),
        Registry::Import(args) => import::run(args, output),
        Registry::Attest(args) => genesis::attest(args, output),
        Registry::Countersign(args) => change::countersign(args, output),
        Registry::Change(args) => change::run(args, output),
        Registry::Institutions(args) => read::institutions(args, output),
        Registry::Institution(args) => read::one(args, output),
        Registry::Keys(args) => read::keys(args, output),
        Registry::Offers(args) => offers::run(args, output),
    }
}
