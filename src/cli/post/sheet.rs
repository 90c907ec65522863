//! `post --sheet`: signs a sheet and posts what was signed, in one go, where the key is at hand.
//!
//! Nothing of its own: it fetches what the institution has published, calls `sign`, and hands the batch file to `post`. The
//! batch file stays, so that what has no verdict yet can be posted again by itself.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::cli::client::{self, ServerArgs};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::private_file::{IfExists, PrivateFile};
use crate::cli::registry::offers;
use crate::cli::secret_key_file::beside;
use crate::cli::sign::{self, Accounts, Common, Outcomes, Sign};

/// What to sign before posting.
#[derive(Debug, Args)]
pub struct SheetArgs {
    /// Sheet to sign and post in one go, in place of a batch file: XLSX, CSV or JSON lines.
    #[arg(long, value_name = "FILE", conflicts_with = "file", requires_all = ["issuer", "key"])]
    pub sheet: Option<PathBuf>,
    /// With --sheet: institution id of the issuer.
    #[arg(long, value_name = "ID", requires = "sheet")]
    issuer: Option<String>,
    /// With --sheet: key file of the issuer.
    #[arg(long, value_name = "FILE", requires = "sheet")]
    key: Option<PathBuf>,
    /// With --sheet: the rows are new accounts, not outcomes.
    #[arg(long, requires = "sheet")]
    learners: bool,
    /// With --sheet: map of learner numbers to accounts. Repeat for several.
    #[arg(long, value_name = "FILE", requires = "sheet")]
    accounts: Vec<PathBuf>,
    /// With --sheet: what the issuer has published [default: asked of the server].
    #[arg(long, value_name = "FILE", requires = "sheet")]
    offers: Option<PathBuf>,
    /// With --sheet: owner of certificate families or recording rules that the issuer uses too. Repeat for several.
    #[arg(long, value_name = "ID", requires = "sheet")]
    also: Vec<String>,
    /// With --sheet: kind of outcome of rows that do not say theirs.
    #[arg(long, value_name = "KIND", requires = "sheet")]
    kind: Option<String>,
    /// With --sheet: worksheet of a workbook [default: the first with something in it].
    #[arg(long, value_name = "NAME", requires = "sheet")]
    worksheet: Option<String>,
    /// With --sheet: TOML file of columns, as `xuefen sign` takes it.
    #[arg(long, value_name = "FILE", requires = "sheet")]
    columns: Option<PathBuf>,
    /// With --sheet: check every row, sign and post nothing.
    #[arg(long, requires = "sheet")]
    pub dry_run: bool,
}

/// What came of signing.
pub struct Signed {
    /// The batch file; `None` if no row was signed.
    pub file: Option<PathBuf>,
    /// How signing ended.
    pub exit: Exit,
    /// What signing printed, for programs.
    pub report: serde_json::Value,
}

/// Signs the sheet into `<SHEET>.signed`.
pub fn sign(args: &SheetArgs, server: &ServerArgs, output: &mut Output<'_>) -> anyhow::Result<Signed> {
    let (Some(sheet), Some(issuer), Some(key)) = (&args.sheet, &args.issuer, &args.key) else {
        anyhow::bail!("--sheet needs --issuer and --key");
    };
    let (origin, published) = client::block_on(async {
        let client = server.connect().await?;
        let origin = super::server_origin(&client).await?;
        let published = match (&args.offers, args.learners) {
            (None, false) => Some(offers::collect(&client, issuer, &args.also, 0).await?.text()?),
            _ => None,
        };
        anyhow::Ok((origin, published))
    })?;
    let out = beside(sheet, ".signed");
    let common = Common {
        issuer: issuer.clone(),
        key: key.clone(),
        origin,
        sheet: sheet.clone(),
        worksheet: args.worksheet.clone(),
        columns: args.columns.clone(),
        out: out.clone(),
        // `post` has a rejects file of its own: what the ledger refuses.
        rejects: Some(beside(sheet, ".unsigned.csv")),
        issued_at: None,
        dry_run: args.dry_run,
        // What was signed before is signed to the same bytes.
        force: true,
    };
    let command = if args.learners {
        Sign::Accounts(Accounts { common, map: None })
    } else {
        let offers = match (&args.offers, published) {
            (Some(path), _) => path.clone(),
            (None, text) => {
                let path = beside(sheet, ".offers.jsonl");
                let mut file = PrivateFile::create(&path, IfExists::Replace)?;
                file.write_all(text.unwrap_or_default().as_bytes())?;
                file.finish()?;
                path
            }
        };
        Sign::Outcomes(Outcomes { common, offers, accounts: args.accounts.clone(), kind: args.kind.clone() })
    };
    let (exit, report) = if output.is_json() {
        let mut said = Vec::new();
        let mut remarks = Vec::new();
        let exit = sign::run(command, &mut Output::new(true, output.lang(), &mut said, &mut remarks))?;
        for remark in String::from_utf8_lossy(&remarks).lines() {
            output.remark(remark);
        }
        (exit, serde_json::from_slice(&said).context("what sign says is JSON")?)
    } else {
        (sign::run(command, output)?, serde_json::Value::Null)
    };
    let file = (exit != Exit::Fail && !args.dry_run && out.exists()).then_some(out);
    Ok(Signed { file, exit, report })
}
