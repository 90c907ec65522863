//! Access tokens: an institution proves a key, a learner trades an activation code. Tokens rest in files of mode 0600.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use xuefen_core::key::SecretKey;

use super::client::{Client, ClientError};
use super::post::server_origin;
use super::private_file::{self, IfExists};
use crate::api::proto::{ActivateRequest, ActivateResponse, AuthenticateRequest, CreateChallengeRequest};

/// First line of a token file.
const FORMAT: &str = "xuefen-access-token/v1";

/// A learner's way in.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct LearnerArgs {
    /// Activation code: good once, from the institution that opened the account.
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Token file that `xuefen account activate` wrote.
    #[arg(long, value_name = "FILE")]
    pub token: Option<PathBuf>,
}

/// A connection that may speak for a learner.
#[derive(Clone, Debug)]
pub struct Learner {
    /// Sends the access token.
    pub client: Client,
    /// accounts/{id in hex}.
    pub account: String,
}

impl LearnerArgs {
    /// Logs in.
    pub async fn login(&self, client: Client) -> anyhow::Result<Learner> {
        match (&self.code, &self.token) {
            (Some(code), _) => {
                let token = activate(&client, code).await?;
                Learner::new(client, &token.access_token, token.account)
            }
            (None, Some(path)) => {
                let (account, token) = read_token(path)?;
                Learner::new(client, &token, account)
            }
            (None, None) => anyhow::bail!("give --code or --token"),
        }
    }
}

impl Learner {
    /// The connection with its token.
    pub fn new(client: Client, access_token: &str, account: String) -> anyhow::Result<Self> {
        Ok(Self { client: client.with_token(access_token)?, account })
    }
}

/// Trades an activation code for an access token.
pub async fn activate(client: &Client, code: &str) -> Result<ActivateResponse, ClientError> {
    let request = ActivateRequest { activation_code: code.to_owned() };
    Ok(client.account().activate(request).await?.into_inner())
}

/// Logs an institution in with one of its keys.
pub async fn authenticate(client: Client, institution: &str, key: &SecretKey) -> anyhow::Result<Client> {
    let origin = server_origin(&client).await?;
    let asked = CreateChallengeRequest { institution: institution.to_owned() };
    let challenge = client.issuing().create_challenge(asked).await.map_err(ClientError::from)?.into_inner().challenge;
    let signature = key.sign(&signed_message(&origin, institution, &challenge)?);
    let request = AuthenticateRequest {
        institution: institution.to_owned(),
        key_id: key.public().id().as_bytes().to_vec(),
        challenge,
        signature: signature.as_bytes().to_vec(),
    };
    let token = client.issuing().authenticate(request).await.map_err(ClientError::from)?.into_inner();
    client.with_token(&token.access_token)
}

/// "xuefen/v1/authenticate" || 0x00 || u16be length || origin || u16be length || institution || challenge
/// (`issuing_service.proto`).
fn signed_message(origin: &str, institution: &str, challenge: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut message = b"xuefen/v1/authenticate\0".to_vec();
    for part in [origin, institution] {
        let length = u16::try_from(part.len()).context("the origin or institution id is too long")?;
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    message.extend_from_slice(challenge);
    Ok(message)
}

/// Keeps an access token for later commands.
pub fn write_token(path: &Path, account: &str, token: &str) -> anyhow::Result<()> {
    private_file::write(path, format!("{FORMAT}\n{account}\n{token}\n").as_bytes(), IfExists::Replace)
}

fn read_token(path: &Path) -> anyhow::Result<(String, String)> {
    private_file::check_mode(path)?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(FORMAT), "{} is not a token file", path.display());
    let (account, token) = lines.next().zip(lines.next()).with_context(|| format!("{} is damaged", path.display()))?;
    Ok((account.to_owned(), token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        write_token(&path, "accounts/ab", "a.b.c").unwrap();
        assert_eq!(read_token(&path).unwrap(), ("accounts/ab".to_owned(), "a.b.c".to_owned()));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(read_token(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn what_is_signed_names_ledger_and_institution_with_their_lengths() {
        let message = signed_message("a.b", "x-c", b"!").unwrap();
        assert_eq!(message, b"xuefen/v1/authenticate\0\0\x03a.b\0\x03x-c!");
    }
}
