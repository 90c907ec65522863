//! `xuefen sign`: a spreadsheet in, one signed batch file out. Offline: it needs the key, not the server.
//!
//! Good rows are signed, the others go to a rejects file; never is a sheet refused as a whole for one of its rows. Signing
//! a sheet again gives the same statements (docs/adr/0010).

mod account;
mod accounts_map;
mod batch;
mod columns;
mod cosign;
mod document;
mod draft;
mod fields;
mod issued;
pub mod offers;
mod outcome;
pub mod problem;
mod rejects;
mod report;
mod secret;
mod sheet;
#[cfg(test)]
mod tests;
pub mod value;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use xuefen_core::origin::Origin;

use self::account::AccountReader;
use self::accounts_map::AccountsMap;
use self::batch::{Compared, Times};
use self::columns::Mapping;
use self::draft::Draft;
use self::issued::Issued;
use self::offers::Offers;
use self::outcome::OutcomeReader;
use self::problem::Refused;
use self::report::Report;
use self::secret::NonceSecret;
use self::sheet::{Cells, Sheet};
pub use self::value::Date;
use super::batch_file::BatchWriter;
use super::exit::Exit;
use super::output::Output;
use super::private_file::{IfExists, PrivateFile};
use super::progress;
use super::secret_key_file::{self, beside, issued_path, nonce_secret_path};
use super::table::ColumnsFile;

/// What to sign.
#[derive(Debug, Subcommand)]
pub enum Sign {
    /// Course results and certificates, one outcome a row.
    Outcomes(Outcomes),
    /// New learning accounts, one learner a row. Writes the map of learner numbers to accounts, too.
    Accounts(Accounts),
    /// Stand by what another institution signed, before it is posted: a host enterprise, a home school. Shows it first.
    Cosign(cosign::Cosign),
}

/// What both kinds of sheet need.
#[derive(Debug, Args)]
pub struct Common {
    /// Institution id of the issuer: its unified social credit code.
    #[arg(long, value_name = "ID")]
    pub(super) issuer: String,
    /// Key file of the issuer; <FILE>.nonce-secret and <FILE>.issued lie beside it.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// Origin of the ledger.
    #[arg(long, value_name = "ORIGIN")]
    pub(super) origin: String,
    /// The sheet: XLSX, CSV (UTF-8 or GB18030) or JSON lines, header in Chinese or English.
    #[arg(long, value_name = "FILE", alias = "csv")]
    pub(super) sheet: PathBuf,
    /// Worksheet of a workbook [default: the first with something in it].
    #[arg(long, value_name = "NAME")]
    pub(super) worksheet: Option<String>,
    /// TOML file of columns: [columns] header = field, [constants] field = cell, [values.FIELD] word = word.
    #[arg(long, value_name = "FILE")]
    pub(super) columns: Option<PathBuf>,
    /// Signed batch file to write.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// File for rows that are not signed [default: <OUT>.rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// Time of the statements: now, a day (2026-07-05) or Unix seconds. Without it, a row signed before keeps the time it
    /// had, and a new one gets the time of this signing.
    #[arg(long, value_name = "TIME")]
    pub(super) issued_at: Option<String>,
    /// Check everything, write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Replace files that exist.
    #[arg(long)]
    pub(super) force: bool,
}

/// Arguments of `sign outcomes`.
#[derive(Debug, Args)]
pub struct Outcomes {
    #[command(flatten)]
    pub(super) common: Common,
    /// What the issuer has published: the file that `xuefen registry offers` makes.
    #[arg(long, value_name = "FILE")]
    pub(super) offers: PathBuf,
    /// Map of learner numbers to accounts. Repeat for several.
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Vec<PathBuf>,
    /// Kind of outcome of rows that do not say theirs.
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<String>,
}

/// Arguments of `sign accounts`.
#[derive(Debug, Args)]
pub struct Accounts {
    #[command(flatten)]
    pub(super) common: Common,
    /// File for the map of learner numbers to accounts [default: <OUT>.accounts.csv].
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
}

/// Runs `sign`.
pub fn run(command: Sign, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        Sign::Outcomes(args) => outcomes(&args, output),
        Sign::Accounts(args) => accounts(&args, output),
        Sign::Cosign(args) => cosign::run(&args, output),
    }
}

fn outcomes(args: &Outcomes, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let signing = Signing::prepare(&args.common)?;
    let offers =
        std::fs::read_to_string(&args.offers).with_context(|| format!("cannot read {}", args.offers.display()))?;
    let offers = Offers::parse(&offers, signing.origin.as_str(), &args.common.issuer)
        .with_context(|| format!("{}", args.offers.display()))?;
    let mut map = AccountsMap::default();
    for path in &args.accounts {
        map.merge(AccountsMap::read(path)?).with_context(|| format!("{}", path.display()))?;
    }
    let kind = match &args.kind {
        Some(name) => Some(offers::kind_of(name).with_context(|| format!("--kind {name}: no such kind of outcome"))?),
        None => None,
    };
    signing.sheet.columns().require(&["achieved_on"])?;
    let today = Date::of_unix(signing.times.asked.unwrap_or(signing.times.now)).context("--issued-at is no time")?;
    let mut reader = OutcomeReader::new(&offers, &map, kind, (signing.origin.as_str(), &args.common.issuer), today);
    let (drafts, refused) = signing.read_rows(output, |cells| reader.read(cells));
    signing.sign(drafts, &refused, None, output)
}

fn accounts(args: &Accounts, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let signing = Signing::prepare(&args.common)?;
    signing.sheet.columns().require(&["learner_no", "holder_name", "document_number"])?;
    let mut reader = AccountReader::new(&signing.secret, (signing.origin.as_str(), &args.common.issuer));
    let (drafts, refused) = signing.read_rows(output, |cells| reader.read(cells));
    let map = reader.into_map();
    let path = args.map.clone().unwrap_or_else(|| beside(&args.common.out, ".accounts.csv"));
    signing.sign(drafts, &refused, Some((&map, &path)), output)
}

/// One signing: everything that is read before the rows are.
struct Signing<'a> {
    args: &'a Common,
    origin: Origin,
    sheet: Sheet,
    secret: NonceSecret,
    times: Times,
    if_exists: IfExists,
}

impl<'a> Signing<'a> {
    fn prepare(args: &'a Common) -> anyhow::Result<Self> {
        let origin = Origin::parse(&args.origin).with_context(|| format!("--origin {}", args.origin))?;
        let mapping = match &args.columns {
            Some(path) => Mapping::new(ColumnsFile::read(path)?).with_context(|| format!("{}", path.display()))?,
            None => Mapping::default(),
        };
        let sheet = Sheet::read(&args.sheet, args.worksheet.as_deref(), &mapping)?;
        let secret = NonceSecret::read(&nonce_secret_path(&args.key))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
        let now = i64::try_from(now).context("the clock is wrong")?;
        let asked = args.issued_at.as_deref().map(|time| parse_time(time, now)).transpose()?;
        let if_exists = if args.force { IfExists::Replace } else { IfExists::Refuse };
        Ok(Self { args, origin, sheet, secret, times: Times { now, asked }, if_exists })
    }

    fn read_rows(
        &self,
        output: &Output<'_>,
        mut read: impl FnMut(Cells<'_>) -> Result<Draft, Refused>,
    ) -> (Vec<Draft>, Vec<Refused>) {
        let (mut drafts, mut refused) = (Vec::new(), Vec::new());
        let bar = progress::bar(self.sheet.rows().len() as u64, "rows", output.is_json());
        for row in self.sheet.rows() {
            match self.sheet.cells(row).and_then(&mut read).and_then(Draft::check_length) {
                Ok(draft) => drafts.push(draft),
                Err(one) => refused.push(one),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        (drafts, refused)
    }

    fn sign(
        &self,
        drafts: Vec<Draft>,
        refused: &[Refused],
        map: Option<(&AccountsMap, &Path)>,
        output: &mut Output<'_>,
    ) -> anyhow::Result<Exit> {
        let signed = drafts.len() as u64;
        let rejects = self.args.rejects.clone().unwrap_or_else(|| beside(&self.args.out, ".rejects.csv"));
        let mut report = Report {
            sheet: &self.sheet,
            refused,
            signed,
            batches: 0,
            compared: Compared::default(),
            out: &self.args.out,
            rejects: &rejects,
            map: map.map(|(_, path)| path).filter(|_| signed > 0),
            dry_run: self.args.dry_run,
        };
        if !self.args.dry_run {
            // Rows first, so that a failure below does not leave them without an explanation.
            if !refused.is_empty() {
                rejects::write(&rejects, &self.sheet, refused, output.lang(), self.if_exists)?;
            }
            if signed > 0 {
                (report.batches, report.compared) = self.write(drafts)?;
                if let Some((map, path)) = map {
                    map.write(path, self.if_exists)?;
                }
            }
        }
        report.print(output)?;
        Ok(match (signed, refused.len()) {
            (_, 0) => Exit::Pass,
            (0, _) => Exit::Fail,
            _ => Exit::Partial,
        })
    }

    /// Writes the batch file and the memory of what was signed.
    fn write(&self, drafts: Vec<Draft>) -> anyhow::Result<(u64, Compared)> {
        let key = secret_key_file::read_key(&self.args.key)?;
        let lock = File::open(&self.args.key).with_context(|| format!("cannot read {}", self.args.key.display()))?;
        // Two signings at a time would each forget what the other one did. Held until the end of this function.
        lock.lock().context("cannot lock the key file")?;
        let issued_path = issued_path(&self.args.key);
        let mut issued = Issued::load(&issued_path)?;
        let seal = |draft: Draft| draft.seal(&self.secret, self.origin.as_str(), &self.args.issuer);
        let mut sealed: Vec<_> = drafts.into_iter().map(seal).collect();
        let compared = batch::set_times(&mut sealed, self.times, &mut issued);

        let file = PrivateFile::create(&self.args.out, self.if_exists)?;
        let mut writer = BatchWriter::new(file, &self.origin, sealed.len() as u64)?;
        let batches = batch::sign(sealed, &key, &self.secret, |posting| writer.write(&posting))?;
        let file = writer.finish()?;
        // The memory before the name: a batch that somebody can post must be one that is remembered.
        issued.save(&issued_path)?;
        file.finish()?;
        Ok((batches, compared))
    }
}

/// `now`, a day (its first second in UTC+8) or Unix seconds.
fn parse_time(text: &str, now: i64) -> anyhow::Result<i64> {
    if text == "now" {
        return Ok(now);
    }
    let seconds = match Date::parse(text).filter(|_| text.contains('-')) {
        Some(date) => Some(date.unix_start()),
        None => text.parse().ok(),
    };
    let seconds = seconds.filter(|seconds| (0..1 << 53).contains(seconds));
    seconds.with_context(|| format!("--issued-at {text}: not now, a day as 2026-07-05, or Unix seconds"))
}
