//! `xuefen registry institutions | institution | keys`: what the registry says, now or as of a tree size.

use clap::Args;
use serde_json::{Value, json};
use xuefen_core::Hash;
use xuefen_core::proto::{AuthorityRole, InstitutionGround, InstitutionKind, Name, OutcomeKind, Sector};

use super::enums;
use crate::api::proto::{
    GetInstitutionRequest, Institution, Key, ListInstitutionsRequest, ListKeysRequest, ListKeysResponse,
};
use crate::cli::client::{self, Client, ClientError, ServerArgs};
use crate::cli::exit::Exit;
use crate::cli::messages::Lang;
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::time_text::local_or_empty;

/// Arguments of `registry institutions`.
#[derive(Debug, Args)]
pub struct Institutions {
    /// As of this tree size; without it, now.
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    tree_size: u64,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `registry institution` and `registry keys`.
#[derive(Debug, Args)]
pub struct One {
    /// Institution id.
    #[arg(value_name = "ID")]
    institution: String,
    /// As of this tree size; without it, now.
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    tree_size: u64,
    #[command(flatten)]
    server: ServerArgs,
}

/// All institutions, and the tree size of the answer.
pub async fn list(client: &Client, tree_size: u64) -> Result<(Vec<Institution>, u64), ClientError> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListInstitutionsRequest { page_size: 1_000, page_token, tree_size };
        let page = client.registry().list_institutions(request).await?.into_inner();
        found.extend(page.institutions);
        if page.next_page_token.is_empty() {
            return Ok((found, page.tree_size));
        }
        page_token = page.next_page_token;
    }
}

/// One institution.
pub async fn institution(client: &Client, id: &str, tree_size: u64) -> Result<Institution, ClientError> {
    let request = GetInstitutionRequest { name: format!("institutions/{id}"), tree_size };
    Ok(client.registry().get_institution(request).await?.into_inner())
}

/// The keys of an institution or authority.
pub async fn list_keys(client: &Client, id: &str, tree_size: u64) -> Result<ListKeysResponse, ClientError> {
    let request = ListKeysRequest { parent: format!("institutions/{id}"), tree_size };
    Ok(client.registry().list_keys(request).await?.into_inner())
}

/// The name in the language of the output, else the first there is.
#[must_use]
pub fn name(names: &[Name], lang: Lang) -> &str {
    let wanted = if lang == Lang::Zh { "zh" } else { "en" };
    let name = names.iter().find(|name| name.language.starts_with(wanted)).or_else(|| names.first());
    name.map_or("", |name| &name.text)
}

fn kinds(institution: &Institution) -> Vec<String> {
    institution.outcome_kinds().map(|kind: OutcomeKind| enums::name(&kind)).collect()
}

fn as_json(institution: &Institution) -> Value {
    let names: Vec<_> = institution.names.iter().map(|name| json!({ &name.language: name.text })).collect();
    let ground = institution.ground();
    json!({
        "institution": institution.institution,
        "kind": enums::name::<InstitutionKind>(&institution.kind()),
        "sector": enums::name::<Sector>(&institution.sector()),
        "region": institution.region,
        "names": names,
        "status": institution.status,
        "ground": (ground != InstitutionGround::Unspecified).then(|| enums::name(&ground)),
        "successor": institution.successor,
        "outcome_kinds": kinds(institution),
        "families": institution.families,
        "index": institution.index,
    })
}

/// Runs `registry institutions`.
pub fn institutions(args: &Institutions, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (found, tree_size) =
        client::block_on(async { Ok(list(&args.server.connect().await?, args.tree_size).await?) })?;
    if output.is_json() {
        let found: Vec<_> = found.iter().map(as_json).collect();
        output.json(&json!({ "institutions": found, "tree_size": tree_size }))?;
        return Ok(Exit::Pass);
    }
    let lang = output.lang();
    let rows = found.iter().map(|one| {
        let kind = enums::name::<InstitutionKind>(&one.kind());
        vec![one.institution.clone(), name(&one.names, lang).to_owned(), kind, one.region.clone(), one.status.clone()]
    });
    let rows: Vec<_> = rows.collect();
    output.table(&[m::INSTITUTION, m::NAME, m::KIND, m::REGION, m::STATUS], rows)?;
    output.line(&m::AS_OF.fill(lang, &[("count", &found.len()), ("size", &tree_size)]))?;
    Ok(Exit::Pass)
}

/// Runs `registry institution`.
pub fn one(args: &One, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let found = client::block_on(async {
        Ok(institution(&args.server.connect().await?, &args.institution, args.tree_size).await?)
    })?;
    if output.is_json() {
        output.json(&as_json(&found))?;
        return Ok(Exit::Pass);
    }
    let names: Vec<_> = found.names.iter().map(|name| format!("{} ({})", name.text, name.language)).collect();
    let ground = found.ground();
    let ended = if ground == InstitutionGround::Unspecified { String::new() } else { enums::name(&ground) };
    let rows = [
        (m::INSTITUTION, found.institution.clone()),
        (m::NAME, names.join("\n")),
        (m::KIND, enums::name::<InstitutionKind>(&found.kind())),
        (m::SECTOR, enums::name::<Sector>(&found.sector())),
        (m::REGION, found.region.clone()),
        (m::STATUS, found.status.clone()),
        (m::GROUND, ended),
        (m::SUCCESSOR, found.successor.clone()),
        (m::MAY_RECORD, kinds(&found).join(", ")),
        (m::FAMILIES, found.families.join(", ")),
        (m::INDEX, found.index.to_string()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<_> = rows.map(|(text, value)| vec![output.text(text).to_owned(), value]).collect();
    output.table(&[m::FIELD, m::VALUE], rows)?;
    Ok(Exit::Pass)
}

/// Runs `registry keys`.
pub fn keys(args: &One, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let found = client::block_on(async {
        Ok(list_keys(&args.server.connect().await?, &args.institution, args.tree_size).await?)
    })?;
    let hex = |bytes: &[u8]| Hash::from_slice(bytes).map(|hash| hash.to_string()).unwrap_or_default();
    let role = |key: &Key| match key.role() {
        AuthorityRole::Unspecified => String::new(),
        role => enums::name(&role),
    };
    if output.is_json() {
        let keys = found.keys.iter().map(|key| {
            json!({ "key_id": hex(&key.key_id), "public_key": hex(&key.public_key), "role": role(key),
                    "valid_from": key.valid_from, "valid_until": key.valid_until,
                    "compromised_since": key.compromised_since, "index": key.index })
        });
        output.json(&json!({ "keys": keys.collect::<Vec<_>>(), "tree_size": found.tree_size }))?;
        return Ok(Exit::Pass);
    }
    let rows = found.keys.iter().map(|key| {
        let (from, until) = (local_or_empty(key.valid_from), local_or_empty(key.valid_until));
        vec![hex(&key.key_id), role(key), from, until, local_or_empty(key.compromised_since), key.index.to_string()]
    });
    let rows: Vec<_> = rows.collect();
    output.table(&[m::KEY_ID, m::ROLE, m::VALID_FROM, m::VALID_UNTIL, m::COMPROMISED, m::INDEX], rows)?;
    output.line(&m::AS_OF.fill(output.lang(), &[("count", &found.keys.len()), ("size", &found.tree_size)]))?;
    Ok(Exit::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::registry::statements;

    #[test]
    fn a_name_is_shown_in_the_language_if_there_is_one() {
        let names = [statements::name("甲"), statements::name("One")];
        assert_eq!([name(&names, Lang::En), name(&names, Lang::Zh)], ["One", "甲"]);
        assert_eq!([name(&names[..1], Lang::En), name(&[], Lang::En)], ["甲", ""]);
    }

    #[test]
    fn an_institution_has_its_words_in_json() {
        let one = Institution { kind: 4, outcome_kinds: vec![1, 7], ground: 4, ..Institution::default() };
        let value = as_json(&one);
        assert_eq!(value["kind"], "higher_vocational");
        assert_eq!(value["outcome_kinds"], json!(["course", "micro_certificate"]));
        assert_eq!(value["ground"], "fraud");
    }
}
