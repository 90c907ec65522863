//! `xuefen registry change` and `countersign`: what happens to an accredited institution, and who stands by it.

use clap::{Args, Subcommand};
use xuefen_core::proto::change_institution::Change as Kind;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    EndEffect, InstitutionGround, MergeInstitution, ReinstateInstitution, RenameInstitution, RevokeInstitution,
    SuspendInstitution,
};

use super::{enums, statements};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::speak::{SpeakArgs, speak};
use crate::cli::target::Target;

/// What changes.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// It has other names from now on; the old ones stay in the history.
    Rename(Rename),
    /// Another institution takes over and speaks for its records. By province and ministry.
    Merge(Merge),
    /// It may not issue for a time.
    Suspend(SuspendArgs),
    /// It may not issue any more. By province and ministry.
    Revoke(RevokeArgs),
    /// It may issue again. By province and ministry.
    Reinstate(Plain),
}

/// Arguments of `registry change reinstate`.
#[derive(Debug, Args)]
pub struct Plain {
    /// Institution id.
    #[arg(value_name = "ID")]
    institution: String,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `registry change rename`.
#[derive(Debug, Args)]
pub struct Rename {
    /// A name; all names from now on. Repeat for other languages.
    #[arg(long, value_name = "NAME", required = true)]
    name: Vec<String>,
    #[command(flatten)]
    plain: Plain,
}

/// Arguments of `registry change merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Institution id of the successor.
    #[arg(long, value_name = "ID")]
    successor: String,
    #[command(flatten)]
    plain: Plain,
}

/// Arguments of `registry change suspend`.
#[derive(Debug, Args)]
pub struct SuspendArgs {
    /// Why: false_materials, idle, failed_evaluation, fraud or closed.
    #[arg(long, value_name = "GROUND", value_parser = enums::parse::<InstitutionGround>)]
    ground: InstitutionGround,
    /// Ends by itself at, Unix seconds; without it, when reinstated.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    until: i64,
    #[command(flatten)]
    plain: Plain,
}

/// Arguments of `registry change revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Why: false_materials, idle, failed_evaluation, fraud or closed.
    #[arg(long, value_name = "GROUND", value_parser = enums::parse::<InstitutionGround>)]
    ground: InstitutionGround,
    /// Entries logged at or after this time (Unix seconds) need review; without it, earlier entries stay valid.
    #[arg(long, value_name = "SECONDS")]
    since: Option<i64>,
    #[command(flatten)]
    plain: Plain,
}

/// Arguments of `registry countersign`.
#[derive(Debug, Args)]
pub struct Countersign {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    speak: SpeakArgs,
}

fn parts(change: &Change) -> (&Plain, Kind) {
    match change {
        Change::Rename(args) => {
            let names = args.name.iter().map(|name| statements::name(name)).collect();
            (&args.plain, Kind::Rename(RenameInstitution { names }))
        }
        Change::Merge(args) => (&args.plain, Kind::Merge(MergeInstitution { successor: args.successor.clone() })),
        Change::Suspend(args) => {
            (&args.plain, Kind::Suspend(SuspendInstitution { ground: args.ground.into(), until: args.until }))
        }
        Change::Revoke(args) => {
            let effect = if args.since.is_some() { EndEffect::Retroactive } else { EndEffect::Prospective };
            let since = args.since.unwrap_or_default();
            (&args.plain, Kind::Revoke(RevokeInstitution { ground: args.ground.into(), effect: effect.into(), since }))
        }
        Change::Reinstate(plain) => (plain, Kind::Reinstate(ReinstateInstitution {})),
    }
}

/// Runs `registry change`.
pub fn run(change: &Change, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (plain, kind) = parts(change);
    let body: Body = statements::change(&plain.institution, kind);
    speak(&plain.speak, output, async |_, signer| Ok(vec![signer.posting(body)?]))
}

/// Runs `registry countersign`.
pub fn countersign(args: &Countersign, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    speak(&args.speak, output, async |client, signer| {
        let target = args.target.resolve(client).await?;
        Ok(vec![signer.posting(statements::countersign(target))?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(subcommand)]
        change: Change,
    }

    fn typed(words: &str) -> Change {
        let tail = " x-school --issuer x-m --key k";
        Typed::try_parse_from(format!("x {words}{tail}").split(' ')).unwrap_or_else(|error| panic!("{error}")).change
    }

    #[test]
    fn a_time_makes_the_end_of_an_institution_reach_back() {
        for (words, effect) in [("", EndEffect::Prospective), (" --since 5", EndEffect::Retroactive)] {
            let change = typed(&format!("revoke --ground false-materials{words}"));
            let (plain, Kind::Revoke(revoke)) = parts(&change) else { panic!("a revocation") };
            assert_eq!((plain.institution.as_str(), revoke.effect()), ("x-school", effect));
            assert_eq!(revoke.ground(), InstitutionGround::FalseMaterials);
        }
    }

    #[test]
    fn every_change_has_its_body() {
        assert!(matches!(parts(&typed("rename --name 甲")).1, Kind::Rename(it) if it.names[0].language == "zh"));
        assert!(matches!(parts(&typed("merge --successor x-b")).1, Kind::Merge(it) if it.successor == "x-b"));
        assert!(matches!(parts(&typed("suspend --ground idle --until 9")).1, Kind::Suspend(it) if it.until == 9));
        assert!(matches!(parts(&typed("reinstate")).1, Kind::Reinstate(_)));
    }
}
