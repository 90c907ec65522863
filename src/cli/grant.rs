//! `xuefen grant`: let somebody see one outcome, once, by a code or a QR code that fits on a phone's screen.

use clap::{Args, Subcommand};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::{Value, json};

use super::client::{self, ClientError, ServerArgs};
use super::exit::Exit;
use super::login::{Learner, LearnerArgs};
use super::messages::Text;
use super::online_messages as m;
use super::output::Output;
use super::present::tag;
use super::time_text::local;
use crate::api::proto::{CreateGrantRequest, Grant, GrantState, ListGrantsRequest, WithdrawGrantRequest};

const DAY: u32 = 86_400;

/// What to do with grants.
#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// Make a code that shows one outcome, once, to whoever has it.
    Create(Create),
    /// Grants, newest first: which are open, which were used, when.
    List(List),
    /// End a grant before anybody uses it.
    Withdraw(Withdraw),
}

/// Arguments of `grant create`.
#[derive(Debug, Args)]
pub struct Create {
    /// Leaf index of the outcome, as the transcript shows it.
    #[arg(value_name = "INDEX")]
    index: u64,
    /// What to show: tags by name (title, grade, …) or number, with commas between; without it, what an employer asks for.
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', value_parser = tag)]
    show: Vec<u32>,
    /// For whom or what, in your own words: to know it again in the list of who looked. Shown to nobody else.
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
    /// Days until it ends.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
    #[command(flatten)]
    learner: LearnerArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `grant list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    learner: LearnerArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `grant withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// Name of the grant, as the list shows it.
    #[arg(value_name = "GRANT")]
    name: String,
    #[command(flatten)]
    learner: LearnerArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Grants of the learner, newest first.
pub async fn list(learner: &Learner) -> Result<Vec<Grant>, ClientError> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListGrantsRequest { parent: learner.account.clone(), page_size: 1_000, page_token };
        let page = learner.client.account().list_grants(learner.client.request(request)).await?.into_inner();
        found.extend(page.grants);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        page_token = page.next_page_token;
    }
}

/// Runs `grant`.
pub fn run(command: &GrantCommand, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        GrantCommand::Create(args) => create(args, output)?,
        GrantCommand::List(args) => show_list(args, output)?,
        GrantCommand::Withdraw(args) => withdraw(args, output)?,
    }
    Ok(Exit::Pass)
}

fn create(args: &Create, output: &mut Output<'_>) -> anyhow::Result<()> {
    let mut tags = args.show.clone();
    tags.sort_unstable();
    tags.dedup();
    let made = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        let request = CreateGrantRequest {
            parent: learner.account.clone(),
            index: args.index,
            tags,
            label: args.label.clone(),
            lifetime_seconds: args.days * DAY,
        };
        let request = learner.client.request(request);
        let made = learner.client.account().create_grant(request).await.map_err(ClientError::from)?;
        Ok(made.into_inner())
    })?;
    let grant = made.grant.unwrap_or_default();
    if output.is_json() {
        return output.json(&json!({ "grant": as_json(&grant), "code": made.code, "link": made.link }));
    }
    output.line(&made.code)?;
    if !made.link.is_empty() {
        output.line(&made.link)?;
        // A link that is too long for any QR code is still a link.
        if let Ok(code) = QrCode::new(&made.link) {
            output.line(&code.render::<Dense1x2>().build())?;
        }
    }
    output.remark(&m::GRANT_ONCE.fill(output.lang(), &[("until", &local(grant.expires_at))]));
    Ok(())
}

fn show_list(args: &List, output: &mut Output<'_>) -> anyhow::Result<()> {
    let found = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(list(&learner).await?)
    })?;
    if output.is_json() {
        return output.json(&json!({ "grants": found.iter().map(as_json).collect::<Vec<_>>() }));
    }
    let lang = output.lang();
    let rows = found.into_iter().map(|grant| {
        let state = state_text(grant.state()).in_lang(lang).to_owned();
        let state = if grant.ended_at == 0 { state } else { format!("{state} {}", local(grant.ended_at)) };
        vec![grant.index.to_string(), grant.label, state, local(grant.expires_at), grant.name]
    });
    output.table(&[m::INDEX, m::LABEL, m::STATUS, m::VALID_UNTIL, m::GRANT], rows)
}

fn withdraw(args: &Withdraw, output: &mut Output<'_>) -> anyhow::Result<()> {
    let grant = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        let request = learner.client.request(WithdrawGrantRequest { name: args.name.clone() });
        let grant = learner.client.account().withdraw_grant(request).await.map_err(ClientError::from)?;
        Ok(grant.into_inner())
    })?;
    if output.is_json() {
        return output.json(&as_json(&grant));
    }
    output.line(output.text(state_text(grant.state())))
}

fn as_json(grant: &Grant) -> Value {
    json!({
        "name": grant.name,
        "index": grant.index,
        "tags": grant.tags,
        "label": grant.label,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "state": state_word(grant.state()),
        "ended_at": grant.ended_at,
    })
}

const fn state_word(state: GrantState) -> &'static str {
    match state {
        GrantState::Open => "open",
        GrantState::Used => "used",
        GrantState::Withdrawn => "withdrawn",
        GrantState::Expired => "expired",
        GrantState::Unspecified => "",
    }
}

const fn state_text(state: GrantState) -> Text {
    match state {
        GrantState::Open | GrantState::Unspecified => m::GRANT_OPEN,
        GrantState::Used => m::GRANT_USED,
        GrantState::Withdrawn => m::GRANT_WITHDRAWN,
        GrantState::Expired => m::EXPIRED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_a_code_that_a_phone_reads() {
        let link = "https://xuefen.province.example:8443/verify#grant=ABCDE-FGHJK-MNPQR-STVWX";
        let code = QrCode::new(link).unwrap();
        // Version 5 has 37 modules: read from a screen at arm's length.
        assert!(code.width() <= 37, "{}", code.width());
    }
}
