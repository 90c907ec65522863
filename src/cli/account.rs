//! `xuefen account`: a learner's way in, the account, and who looked.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::client::{self, Client, ClientError, ServerArgs};
use super::device;
use super::exit::Exit;
use super::hex::to_hex;
use super::login::{self, Learner, LearnerArgs};
use super::online_messages as m;
use super::output::Output;
use super::secret_key_file;
use super::time_text::local;
use crate::api::OPERATOR;
use crate::api::proto::{
    Access, Account, CreateActivationCodeRequest, CreateActivationCodeResponse, EraseAccountRequest, GetAccountRequest,
    ListAccessesRequest,
};

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make a one-time activation code for a learner. By the institution that opened the account.
    ActivationCode(ActivationCode),
    /// Trade an activation code for access for at most 15 minutes.
    Activate(Activate),
    /// Show the account.
    Show(Show),
    /// Who looked, newest first.
    Accesses(Show),
    /// Destroy the keys of an account, for good. By the operator. Without --confirm: say what would be destroyed.
    Erase(Erase),
    /// On the learner's device: sign that its key is the account's.
    SignBinding(device::SignArgs),
    /// Bind a device key that the learner signed for. By an institution or intake.
    BindKey(device::Bind),
    /// Let a device key go, as when the device is lost.
    UnbindKey(device::Unbind),
    /// Add a carrier, a dated category or a restricted class.
    Amend(device::Amend),
    /// On the learner's device: sign that two accounts become one.
    SignMerger(device::SignMerger),
    /// Make one account of two of one person.
    Merge(device::Merge),
}

/// Arguments of `account erase`.
#[derive(Debug, Args)]
pub struct Erase {
    /// Account id, 32 hexadecimal digits.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Key file of an operator; of the ledger's own directory: keys/operator.key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The account id once more: then it is done.
    #[arg(long, value_name = "ACCOUNT")]
    confirm: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `account activation-code`.
#[derive(Debug, Args)]
pub struct ActivationCode {
    /// Account id, 32 hexadecimal digits.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Institution id of who opened the account.
    #[arg(long, value_name = "ID")]
    issuer: String,
    /// Key file of the institution.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `account activate`.
#[derive(Debug, Args)]
pub struct Activate {
    /// The activation code; spaces and hyphens do not matter.
    #[arg(value_name = "CODE")]
    code: String,
    /// Keep the access token in this file, mode 0600, for --token; without it, print it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `account show` and `account accesses`.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    learner: LearnerArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// The name of an account as calls take it: from an id or a name.
#[must_use]
pub fn account_name(account: &str) -> String {
    if account.starts_with("accounts/") { account.to_owned() } else { format!("accounts/{account}") }
}

/// A one-time code for the learner of an account. The client is logged in as the institution that opened it.
pub async fn activation_code(client: &Client, account: &str) -> Result<CreateActivationCodeResponse, ClientError> {
    let request = client.request(CreateActivationCodeRequest { name: account_name(account) });
    Ok(client.account().create_activation_code(request).await?.into_inner())
}

/// The learner's account.
pub async fn get(learner: &Learner) -> Result<Account, ClientError> {
    let request = learner.client.request(GetAccountRequest { name: learner.account.clone() });
    Ok(learner.client.account().get_account(request).await?.into_inner())
}

/// Who looked, newest first.
pub async fn accesses(learner: &Learner) -> Result<Vec<Access>, ClientError> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListAccessesRequest { parent: learner.account.clone(), page_size: 1_000, page_token };
        let request = learner.client.request(request);
        let page = learner.client.account().list_accesses(request).await?.into_inner();
        found.extend(page.accesses);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

/// Runs `account`.
pub fn run(command: &AccountCommand, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        AccountCommand::ActivationCode(args) => make_code(args, output)?,
        AccountCommand::Activate(args) => activate(args, output)?,
        AccountCommand::Show(args) => show(args, output)?,
        AccountCommand::Accesses(args) => show_accesses(args, output)?,
        AccountCommand::Erase(args) => erase(args, output)?,
        AccountCommand::SignBinding(args) => return device::sign_binding(args, output),
        AccountCommand::BindKey(args) => return device::bind(args, output),
        AccountCommand::UnbindKey(args) => return device::unbind(args, output),
        AccountCommand::Amend(args) => return device::amend(args, output),
        AccountCommand::SignMerger(args) => return device::sign_merger(args, output),
        AccountCommand::Merge(args) => return device::merge(args, output),
    }
    Ok(Exit::Pass)
}

fn make_code(args: &ActivationCode, output: &mut Output<'_>) -> anyhow::Result<()> {
    let key = secret_key_file::read_key(&args.key)?;
    let made = client::block_on(async {
        let client = login::authenticate(args.server.connect().await?, &args.issuer, &key).await?;
        Ok(activation_code(&client, &args.account).await?)
    })?;
    if output.is_json() {
        return output.json(&json!({ "activation_code": made.activation_code, "expires_at": made.expires_at }));
    }
    output.line(&made.activation_code)?;
    output.remark(&m::CODE_ONCE.fill(output.lang(), &[("until", &local(made.expires_at))]));
    Ok(())
}

fn activate(args: &Activate, output: &mut Output<'_>) -> anyhow::Result<()> {
    let token = client::block_on(async { Ok(login::activate(&args.server.connect().await?, &args.code).await?) })?;
    if let Some(path) = &args.out {
        login::write_token(path, &token.account, &token.access_token)?;
    }
    let file = args.out.as_ref().map(|path| path.display().to_string());
    if output.is_json() {
        let shown = file.is_none().then_some(token.access_token.as_str());
        return output.json(&json!({ "account": token.account, "access_token": shown, "token_file": file,
                                    "expires_in_seconds": token.expires_in_seconds }));
    }
    let minutes = token.expires_in_seconds / 60;
    match file {
        Some(file) => output.line(&m::TOKEN_KEPT.fill(output.lang(), &[("file", &file), ("minutes", &minutes)])),
        None => output.line(&token.access_token),
    }
}

fn show(args: &Show, output: &mut Output<'_>) -> anyhow::Result<()> {
    let account = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(get(&learner).await?)
    })?;
    let aliases: Vec<_> = account.aliases.iter().map(|alias| to_hex(alias)).collect();
    if output.is_json() {
        return output.json(&json!({
            "account": account.name, "holder_name": account.holder_name, "opened_by": account.opened_by,
            "opened_at": account.opened_at, "aliases": aliases, "tree_size": account.tree_size,
        }));
    }
    let rows = [
        (m::ACCOUNT, to_hex(&account.account)),
        (m::HOLDER, account.holder_name.clone()),
        (m::OPENED_BY, account.opened_by.clone()),
        (m::OPENED_AT, local(account.opened_at)),
        (m::ALIASES, aliases.join("\n")),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<_> = rows.map(|(text, value)| vec![output.text(text).to_owned(), value]).collect();
    output.table(&[m::FIELD, m::VALUE], rows)
}

fn show_accesses(args: &Show, output: &mut Output<'_>) -> anyhow::Result<()> {
    let found = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(accesses(&learner).await?)
    })?;
    if output.is_json() {
        let found = found.iter().map(|one| json!({ "at": one.at, "by": one.by, "call": one.call }));
        return output.json(&json!({ "accesses": found.collect::<Vec<_>>() }));
    }
    let rows = found.into_iter().map(|one| vec![local(one.at), one.by, one.call]);
    output.table(&[m::AT, m::BY, m::CALL], rows)
}

fn erase(args: &Erase, output: &mut Output<'_>) -> anyhow::Result<()> {
    let key = secret_key_file::read_key(&args.key)?;
    let request = EraseAccountRequest {
        name: account_name(&args.account),
        confirm: args.confirm.as_deref().map(account_name).unwrap_or_default(),
        validate_only: args.confirm.is_none(),
    };
    let done = client::block_on(async {
        let client = login::authenticate(args.server.connect().await?, OPERATOR, &key).await?;
        Ok(client.account().erase_account(client.request(request)).await.map_err(ClientError::from)?.into_inner())
    })?;
    let is_erased = args.confirm.is_some();
    if output.is_json() {
        return output.json(&json!({ "accounts": done.accounts, "keys": done.keys, "entries": done.entries,
                                    "erased": is_erased }));
    }
    let text = if is_erased { m::ERASED_NOW } else { m::WOULD_ERASE };
    output.line(&text.fill(output.lang(), &[("accounts", &done.accounts.len()), ("entries", &done.entries)]))?;
    output.remark(output.text(if is_erased { m::ERASED_BACKUPS } else { m::ERASE_CONFIRM }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_id_or_its_name() {
        assert_eq!([account_name("ab"), account_name("accounts/ab")], ["accounts/ab", "accounts/ab"]);
    }
}
