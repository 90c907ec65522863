//! The command line: one file per command, and the pieces they share.
//!
//! What a command decides is decided elsewhere (core, ledger, server); here is what people type, read and get as exit code.
//! Nothing outside this module may import it.

// First: the macro in it is for the modules after it.
#[macro_use]
pub mod messages;

pub mod account;
pub mod audit;
pub mod batch_file;
pub mod bench;
pub mod client;
pub mod demo;
pub mod device;
pub mod exit;
pub mod export;
pub mod fsck;
pub mod grant;
pub mod hex;
pub mod init;
pub mod issued;
pub mod keys;
pub mod lifecycle;
pub mod log;
pub mod log_trust;
pub mod login;
pub mod mirror;
pub mod monitor;
pub mod online_messages;
pub mod output;
pub mod outside_messages;
pub mod post;
pub mod present;
pub mod private_file;
pub mod progress;
pub mod rebuild_index;
pub mod registry;
pub mod report;
pub mod secret_key_file;
pub mod serve;
pub mod sign;
pub mod speak;
pub mod table;
pub mod target;
pub mod transcript;
pub mod verify;
pub mod witness;

pub use crate::words::time_text;

use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

use self::exit::Exit;
use self::messages::Lang;
use self::output::Output;

/// Open credit bank (学分银行): keys, signing, posting, checking.
#[derive(Debug, Parser)]
#[command(name = "xuefen", version, after_help = exit::HELP)]
pub struct Cli {
    /// Print JSON for programs instead of tables for people.
    #[arg(long, global = true)]
    json: bool,
    /// Language of the output; without it LC_ALL, LC_MESSAGES or LANG decides.
    #[arg(long, global = true, value_parser = lang_parser())]
    lang: Option<Lang>,
    /// Most columns of a table, where the program runs its own commands to show them.
    #[arg(skip)]
    width: Option<u16>,
    #[command(subcommand)]
    command: Command,
}

/// What the program can do. One variant and one file per command.
#[derive(Debug, Subcommand)]
enum Command {
    /// Measure this machine: posts, transcripts, verifications, beside the limits of disk and signatures.
    Bench(bench::Bench),
    /// Show a whole credit bank on this machine, with invented people.
    Demo(demo::Demo),
    /// Make and show keys, write trust policies.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Turn a spreadsheet into a signed batch file. Needs no server.
    #[command(subcommand)]
    Sign(sign::Sign),
    /// Send a signed batch file to a server; resumes by itself, and may be run again.
    Post(post::Post),
    /// Who may speak and what is offered: say it as an authority or institution, and read it.
    #[command(subcommand)]
    Registry(registry::Registry),
    /// Figures for authorities, as of a tree size: aggregates only.
    Report(report::Report),
    /// End an entry for good.
    Revoke(lifecycle::Revoke),
    /// Put an entry out of force for a time.
    Suspend(lifecycle::Suspend),
    /// Put a suspended entry in force again.
    Reinstate(lifecycle::Reinstate),
    /// Learners' accounts: codes, access, who looked.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// What an institution issued, newest first: since a day, of a status, or by one key.
    Issued(issued::Issued),
    /// What a learner has, with credits and status.
    Transcript(transcript::TranscriptArgs),
    /// Make a file that shows one outcome, for whoever the learner gives it to.
    Present(present::Present),
    /// Let somebody see one outcome, once, by a code.
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    /// The public log: checkpoints, entries, proofs checked here.
    #[command(subcommand)]
    Log(log::Log),
    /// Make the directory of a new ledger.
    Init(init::Init),
    /// Open a ledger and answer until told to stop.
    Serve(serve::Serve),
    /// Read every byte of a journal and name the first damage.
    Fsck(fsck::Fsck),
    /// Judge every entry again, by code of its own: of a public log from outside, or of a ledger's directory.
    Audit(audit::Audit),
    /// Keep a checked copy of a public log, over HTTP or from a directory.
    Mirror(mirror::Mirror),
    /// Watch a public log and wake somebody: contradictions, missing witnesses, silence, entries in one's own name.
    Monitor(monitor::Monitor),
    /// Make the index anew from the journal.
    RebuildIndex(rebuild_index::RebuildIndex),
    /// Check a presentation offline: genuine, still in force, by whom. Trusts policy.txt and authority.txt only.
    Verify(verify::Verify),
    /// Cosign the checkpoints of logs, so that none of them can show two histories.
    Witness(witness::WitnessArgs),
}

fn lang_parser() -> impl TypedValueParser<Value = Lang> {
    PossibleValuesParser::new(["zh", "en"]).map(|word| Lang::of_locale(&word))
}

/// Parses the command line of this process, runs the command and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    main_with(std::env::args_os())
}

/// [`main`] with these words in place of the process's own.
#[must_use]
pub fn main_with(args: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let wrong = error.use_stderr();
            // If the terminal is gone there is nobody left to tell.
            let _ = error.print();
            return if wrong { Exit::Usage } else { Exit::Pass }.into();
        }
    };
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr());
    run(cli, &mut out, &mut err).into()
}

/// Runs one command, writing to `out` what was asked for and to `err` what went wrong.
pub fn run(cli: Cli, out: &mut dyn std::io::Write, err: &mut dyn std::io::Write) -> Exit {
    let lang = cli.lang.unwrap_or_else(Lang::of_environment);
    let mut output = Output::new(cli.json, lang, out, err);
    if let Some(width) = cli.width {
        output.set_width(width);
    }
    let result = match cli.command {
        Command::Bench(command) => bench::run(&command, &mut output),
        Command::Demo(command) => demo::run(&command, &mut output),
        Command::Keys(command) => keys::run(command, &mut output),
        Command::Sign(command) => sign::run(command, &mut output),
        Command::Post(args) => post::run(&args, &mut output),
        Command::Registry(command) => registry::run(&command, &mut output),
        Command::Report(args) => report::run(&args, &mut output),
        Command::Revoke(args) => lifecycle::revoke(&args, &mut output),
        Command::Suspend(args) => lifecycle::suspend(&args, &mut output),
        Command::Reinstate(args) => lifecycle::reinstate(&args, &mut output),
        Command::Account(command) => account::run(&command, &mut output),
        Command::Issued(args) => issued::run(&args, &mut output),
        Command::Transcript(args) => transcript::run(&args, &mut output),
        Command::Present(args) => present::run(&args, &mut output),
        Command::Grant(command) => grant::run(&command, &mut output),
        Command::Log(command) => log::run(command, &mut output),
        Command::Init(command) => init::run(&command, &mut output),
        Command::Serve(command) => serve::run(&command, &mut output),
        Command::Fsck(command) => fsck::run(&command, &mut output),
        Command::Audit(command) => audit::run(&command, &mut output),
        Command::Mirror(command) => mirror::run(&command, &mut output),
        Command::Monitor(command) => monitor::run(&command, &mut output),
        Command::RebuildIndex(command) => rebuild_index::run(&command, &mut output),
        Command::Verify(args) => verify::run(&args, &mut output),
        Command::Witness(args) => witness::run(&args, &mut output),
    };
    result.unwrap_or_else(|error| {
        output.error(&error);
        Exit::Usage
    })
}
