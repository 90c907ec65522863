//! A connection to a server, and what its errors mean to whoever typed the command.
//!
//! How a connection is made and how an error reads; what is asked over it stands in the command.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::api::proto::account_service_client::AccountServiceClient;
use crate::api::proto::issuing_service_client::IssuingServiceClient;
use crate::api::proto::log_service_client::LogServiceClient;
use crate::api::proto::registry_service_client::RegistryServiceClient;
use crate::api::proto::report_service_client::ReportServiceClient;
use crate::api::proto::transcript_service_client::TranscriptServiceClient;
use crate::api::proto::verification_service_client::VerificationServiceClient;
use crate::sequencer::Home;

/// Where a server on the same machine listens.
pub const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8443";

/// Bytes a server may send on a stream before it hears from us. With the usual 64 KiB a bulk stream waits for a round trip
/// every few hundred verdicts.
const WINDOW_BYTES: u32 = 4 << 20;
/// Largest answer taken, bytes: 1,000 entries of 64 KiB do not come in one, a presentation of 4 MiB does.
const MESSAGE_BYTES: usize = 64 << 20;
const CONNECT: Duration = Duration::from_secs(10);

/// Which server, and how to know that it is the right one.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
    /// Address of the server, as https://host:port [default: XUEFEN_SERVER, else https://127.0.0.1:8443].
    #[arg(long, value_name = "ADDRESS")]
    pub server: Option<String>,
    /// Certificate (PEM) that vouches for the server [default: XUEFEN_CA, else that of --dir].
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Directory of a ledger on this machine: its tls/cert.pem vouches for the server.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Talk in clear. Postings carry personal data: for tests on one machine only.
    #[arg(long, conflicts_with = "ca")]
    pub plaintext: bool,
}

impl ServerArgs {
    /// Connects to the server that arguments and environment name.
    pub async fn connect(&self) -> Result<Client, ClientError> {
        let (address, ca) = self.resolve(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        connect(&address, ca, self.plaintext).await
    }

    fn resolve(&self, env: impl Fn(&str) -> Option<String>) -> (String, Option<PathBuf>) {
        let address = self.server.clone().or_else(|| env("XUEFEN_SERVER"));
        let of_dir = || self.dir.as_ref().map(|dir| Home::new(dir).tls_certificate());
        let ca = self.ca.clone().or_else(of_dir).or_else(|| env("XUEFEN_CA").map(PathBuf::from));
        (address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()), ca)
    }
}

/// Why a call did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none, or asks for another way of talking than the arguments.
    #[error("{address} is not an address of a server: {fix}")]
    Address {
        /// As typed.
        address: String,
        /// What to type.
        fix: &'static str,
    },
    /// Nothing vouches for the server.
    #[error(
        "no certificate to know the server by: name it with --ca FILE or XUEFEN_CA, or the ledger's directory with --dir"
    )]
    NoCa,
    /// The certificate file cannot be read.
    #[error("cannot read the certificate {path}; name the right one with --ca FILE or --dir DIR")]
    Ca {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The certificate file holds no certificate.
    #[error("{path} holds no usable certificate (PEM)")]
    BadCa {
        /// Which file.
        path: PathBuf,
        /// What TLS said.
        #[source]
        source: tonic::transport::Error,
    },
    /// Nobody answers there, or not the one that was expected.
    #[error(
        "cannot reach {address}; is the server up and is it this server's certificate? Try 'xuefen serve' there, or name \
         another server with --server"
    )]
    Unreachable {
        /// Address.
        address: String,
        /// What the transport said.
        #[source]
        source: tonic::transport::Error,
    },
    /// The server answered no.
    #[error("{0}")]
    Refused(Box<Refused>),
}

/// An error of the server, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// gRPC code.
    pub code: Code,
    /// Stable reason (`google.rpc.ErrorInfo`); empty if the error is not the server's own, such as a cut connection.
    pub reason: String,
    /// What happened, in a sentence.
    pub message: String,
    /// The field at fault; may be empty.
    pub field: String,
    /// What the rule asks; may be empty.
    pub rule: String,
    /// What to do; may be empty.
    pub fix: String,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
}

impl From<&Status> for Refused {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let member = |name: &str| info.and_then(|info| info.metadata.get(name)).cloned().unwrap_or_default();
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            field: member("field"),
            rule: member("rule"),
            fix: member("fix"),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }
}

impl Refused {
    /// Whether the same call may succeed in a while: the server is away or busy, or the connection was cut.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self.code {
            Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded => true,
            // With a reason it is the server's own answer; without, the transport's name for a cut.
            Code::Unknown | Code::Internal | Code::Cancelled => self.reason.is_empty(),
            _ => false,
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.reason.is_empty() {
            return write!(f, "the call failed ({:?}): {}", self.code, self.message);
        }
        write!(f, "{}: ", self.reason)?;
        if self.rule.is_empty() {
            return f.write_str(&self.message);
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}", self.rule)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, " What to do: {}", self.fix) }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(Refused::from(&status)))
    }
}

impl ClientError {
    /// The server's own answer, if it was one.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        if let Self::Refused(refused) = self { Some(refused) } else { None }
    }
}

/// A connection to one server. It connects again by itself when a call is made after a cut. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    token: Option<MetadataValue<tonic::metadata::Ascii>>,
}

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Client {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> $client<Channel> {
                $client::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
            })*
        }
    };
}

services! {
    /// Posting, logging in, what was issued.
    issuing: IssuingServiceClient;
    /// Institutions, keys, offers.
    registry: RegistryServiceClient;
    /// Accounts of learners.
    account: AccountServiceClient;
    /// Transcripts.
    transcript: TranscriptServiceClient;
    /// Verification and presentations.
    verification: VerificationServiceClient;
    /// The public log.
    log: LogServiceClient;
    /// Figures for authorities.
    report: ReportServiceClient;
}

impl Client {
    /// A connection that is there already.
    #[must_use]
    pub const fn of_channel(channel: Channel) -> Self {
        Self { channel, token: None }
    }

    /// The connection itself, for calls that the generated clients do not make.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The same connection with a bearer token for [`Client::request`].
    pub fn with_token(mut self, token: &str) -> anyhow::Result<Self> {
        let mut value = MetadataValue::try_from(format!("Bearer {token}")).context("this is not an access token")?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    /// A request that carries the bearer token, if there is one.
    #[must_use]
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }
}

/// Connects to `address` (`https://host:port` or `host:port`), which `ca` (PEM) must vouch for unless it is to be in clear.
pub async fn connect(address: &str, ca: Option<PathBuf>, plaintext: bool) -> Result<Client, ClientError> {
    let address = normalise(address, plaintext)?;
    let bad = || ClientError::Address { address: address.clone(), fix: "write https://host:port" };
    let mut endpoint = Endpoint::from_shared(address.clone())
        .map_err(|_| bad())?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .http2_keep_alive_interval(Duration::from_secs(30));
    if !plaintext {
        let path = ca.ok_or(ClientError::NoCa)?;
        endpoint = with_tls(endpoint, &path)?;
    }
    let channel = endpoint.connect().await.map_err(|source| ClientError::Unreachable { address, source })?;
    Ok(Client::of_channel(channel))
}

fn with_tls(endpoint: Endpoint, path: &Path) -> Result<Endpoint, ClientError> {
    let pem = std::fs::read(path).map_err(|source| ClientError::Ca { path: path.to_owned(), source })?;
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    endpoint.tls_config(tls).map_err(|source| ClientError::BadCa { path: path.to_owned(), source })
}

fn normalise(address: &str, plaintext: bool) -> Result<String, ClientError> {
    let wrong = |fix| Err(ClientError::Address { address: address.to_owned(), fix });
    match (address.split_once("://"), plaintext) {
        (None, false) => Ok(format!("https://{address}")),
        (None, true) => Ok(format!("http://{address}")),
        (Some(("https", _)), false) | (Some(("http", _)), true) => Ok(address.to_owned()),
        // The default is meant, and clear text asked for.
        (Some(("https", rest)), true) if address == DEFAULT_ADDRESS => Ok(format!("http://{rest}")),
        (Some(("http", _)), false) => wrong("http:// talks in clear; write https://, or add --plaintext for a test"),
        (Some(("https", _)), true) => wrong("--plaintext is for http:// addresses"),
        _ => wrong("write https://host:port"),
    }
}

/// Runs `work` to its end on a runtime of its own: commands are plain functions.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn address(text: &str, plaintext: bool) -> Option<String> {
        normalise(text, plaintext).ok()
    }

    #[test]
    fn clear_text_is_only_spoken_when_asked_for() {
        assert_eq!(address("a.example:1", false).unwrap(), "https://a.example:1");
        assert_eq!(address("a.example:1", true).unwrap(), "http://a.example:1");
        assert_eq!(address(DEFAULT_ADDRESS, true).unwrap(), "http://127.0.0.1:8443");
        for (text, plaintext) in [("http://a.example", false), ("https://a.example", true), ("ftp://a.example", false)]
        {
            assert_eq!(address(text, plaintext), None, "{text}");
        }
    }

    #[test]
    fn arguments_come_before_the_environment() {
        let env = |name: &str| Some(format!("env {name}"));
        let typed = ServerArgs { server: Some("s".into()), dir: Some("d".into()), ..ServerArgs::default() };
        assert_eq!(typed.resolve(env), ("s".to_owned(), Some(PathBuf::from("d/tls/cert.pem"))));
        let (address, ca) = ServerArgs::default().resolve(env);
        assert_eq!((address.as_str(), ca), ("env XUEFEN_SERVER", Some(PathBuf::from("env XUEFEN_CA"))));
        assert_eq!(ServerArgs::default().resolve(|_| None), (DEFAULT_ADDRESS.to_owned(), None));
    }

    #[test]
    fn an_error_says_reason_field_rule_and_what_to_do() {
        let mut details = ErrorDetails::new();
        let members = [("field", "statement.nonce"), ("rule", "A nonce is used once."), ("fix", "Take another.")];
        details.set_error_info(
            "NONCE_REUSED",
            "xuefen",
            members.map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let status = Status::with_error_details(Code::FailedPrecondition, "long", details);
        let error = ClientError::from(status);
        let said = "NONCE_REUSED: statement.nonce: A nonce is used once. What to do: Take another.";
        assert_eq!(error.to_string(), said);
        assert!(!error.refused().unwrap().is_passing());
    }

    #[test]
    fn a_cut_is_passing_and_the_servers_own_failure_is_not() {
        let cut = Refused::from(&Status::unknown("transport error"));
        assert!(cut.is_passing());
        let mut details = ErrorDetails::new();
        details.set_error_info("INTERNAL", "xuefen", [("a".to_owned(), String::new())]);
        let own = Refused::from(&Status::with_error_details(Code::Internal, "no", details));
        assert!(!own.is_passing());
        assert_eq!(own.to_string(), "INTERNAL: no");
    }

    #[tokio::test]
    async fn nobody_there_and_no_certificate_say_what_to_do() {
        let error = connect("127.0.0.1:1", None, true).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot reach http://127.0.0.1:1; is the server up"), "{error}");
        assert!(connect("127.0.0.1:1", None, false).await.unwrap_err().to_string().contains("--ca FILE"));
        let missing = connect("127.0.0.1:1", Some("/nowhere".into()), false).await.unwrap_err();
        assert!(missing.to_string().contains("/nowhere"));
    }
}
