//! A credit bank for a story: a server, a [`World`] that draws up and signs what its parties say, and what they ask.

use tonic::transport::Channel;
use tonic::{Request, Status};
use xuefen::api::access::AccountId;
use xuefen::api::proto::account_service_client::AccountServiceClient;
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;
use xuefen::api::proto::log_service_client::LogServiceClient;
use xuefen::api::proto::registry_service_client::RegistryServiceClient;
use xuefen::api::proto::report_service_client::ReportServiceClient;
use xuefen::api::proto::transcript_service_client::TranscriptServiceClient;
use xuefen::api::proto::verification_service_client::VerificationServiceClient;
use xuefen::api::proto::*;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, OutcomeKind, RecordOutcome};
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{Party, World, authorise};

use crate::support::{Server, key, postings, wire};

/// Postings in a message of the stream.
const CHUNK: usize = 500;

/// An institution or authority and the seed of its key.
#[derive(Clone, Debug)]
pub struct Who {
    pub id: String,
    pub seed: u8,
}

/// A learner who has activated the account.
pub struct Learner {
    account: AccountId,
    token: String,
}

/// See the module.
pub struct Bank {
    pub world: World,
    pub server: Server,
    channel: Channel,
}

macro_rules! client {
    ($name:ident, $client:ident) => {
        pub fn $name(&self) -> $client<Channel> {
            $client::new(self.channel.clone())
        }
    };
}

impl Bank {
    client!(issuing, IssuingServiceClient);
    client!(accounts, AccountServiceClient);
    client!(registry, RegistryServiceClient);
    client!(transcripts, TranscriptServiceClient);
    client!(verification, VerificationServiceClient);
    client!(log, LogServiceClient);
    client!(reports, ReportServiceClient);

    /// Authorities, 西宁市第一职业技术学校 (`school`), 常州铁道高等职业技术学校 (`college`) and an evaluation body (`body`)
    /// with their keys, a recording rule, courses, certificates, and a learner with the account `[7; 16]`.
    pub async fn new() -> Self {
        Self::of(World::furnished()).await
    }

    /// [`Self::new`] by the machine's clock, for what is signed by the program without a time.
    pub async fn now() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
        Self::of(World::furnished_at(i64::try_from(now.as_secs()).expect("a time"))).await
    }

    /// A bank whose ledger begins with what a world has said.
    pub async fn of(world: World) -> Self {
        let server = Server::new(&world).await;
        let channel = server.channel().await;
        let bank = Self { world, server, channel };
        for verdict in bank.post(&postings(&bank.world)).await {
            assert!(matches!(verdict, Verdict::Receipt(_)), "{verdict:?}");
        }
        bank
    }

    /// What `world` has posted, or will post, on a server that is there already.
    pub async fn on(world: World, server: Server) -> Self {
        let channel = server.channel().await;
        Self { world, server, channel }
    }

    pub fn ministry(&self) -> Who {
        Who { id: self.world.ministry.id.clone(), seed: 1 }
    }

    pub fn school(&self) -> Who {
        Who { id: self.world.school.id.clone(), seed: 4 }
    }

    pub fn college(&self) -> Who {
        Who { id: self.world.college.id.clone(), seed: 5 }
    }

    pub fn body(&self) -> Who {
        Who { id: self.world.body.id.clone(), seed: 6 }
    }

    /// Lets time pass, seconds.
    pub fn advance(&mut self, seconds: i64) {
        self.world.now += seconds;
        self.server.set_clock(self.world.now);
    }

    /// Posts in one stream; a verdict for each, in order.
    pub async fn post(&self, postings: &[RawPosting]) -> Vec<Verdict> {
        self.post_wire(postings.iter().zip(0..).map(|(posting, at)| wire(at, posting)).collect()).await
    }

    /// [`Self::post`] of what a batch file holds.
    pub async fn post_wire(&self, postings: Vec<Posting>) -> Vec<Verdict> {
        let sequences: Vec<u64> = postings.iter().map(|posting| posting.sequence).collect();
        let requests: Vec<_> =
            postings.chunks(CHUNK).map(|chunk| PostEntriesRequest { postings: chunk.to_vec() }).collect();
        let answers = self.issuing().post_entries(tokio_stream::iter(requests)).await.expect("a stream");
        let mut answers = answers.into_inner();
        let (mut answered, mut verdicts) = (Vec::new(), Vec::new());
        while let Some(answer) = answers.message().await.expect("an answer") {
            for verdict in answer.verdicts {
                answered.push(verdict.sequence);
                verdicts.push(verdict.result.expect("a result"));
            }
        }
        assert_eq!(answered, sequences, "a verdict for each posting, in order");
        verdicts
    }

    /// Posts what must be accepted.
    pub async fn accept(&mut self, posting: RawPosting) -> Receipt {
        let verdict = self.post(std::slice::from_ref(&posting)).await.remove(0);
        let Verdict::Receipt(receipt) = verdict else { panic!("{verdict:?}") };
        assert_eq!(self.world.accept(posting), receipt.index, "rules and server agree");
        receipt
    }

    /// Posts what must be refused; nothing of it is logged.
    pub async fn refuse(&self, posting: &RawPosting) -> Refusal {
        let before = self.tree_size().await;
        let verdict = self.post(std::slice::from_ref(posting)).await.remove(0);
        let Verdict::Refusal(refusal) = verdict else { panic!("{verdict:?}") };
        assert_eq!(self.tree_size().await, before);
        refusal
    }

    /// Posts a public statement; its index.
    pub async fn say(&mut self, issuer: &Who, body: Body, seeds: &[u8]) -> u64 {
        let posting = self.world.public(&issuer.id, body, seeds);
        self.accept(posting).await.index
    }

    /// The nation and its province accredit `party`, and its key comes into force.
    pub async fn admit(&mut self, party: &Party, seed: u8, accreditation: AccreditInstitution) -> Who {
        let (ministry, who) = (self.ministry(), Who { id: party.id.clone(), seed });
        let province = if accreditation.region.starts_with("63") { 2 } else { 3 };
        self.say(&ministry, Body::AccreditInstitution(accreditation), &[1, province]).await;
        self.say(&ministry, authorise(&party.id, &party.key), &[1, seed]).await;
        who
    }

    /// An outcome signed by `issuer`: `values` with `changes` in their place.
    pub fn outcome(
        &mut self,
        issuer: &Who,
        (body, mut values): (RecordOutcome, Vec<(Tag, Vec<u8>)>),
        changes: &[(Tag, &str)],
    ) -> RawPosting {
        values.extend(changes.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
        self.world.outcome(&issuer.id, body, &values, issuer.seed)
    }

    /// A certificate of `family` by `issuer`, for the account `[7; 16]`.
    pub fn certificate(&mut self, issuer: &Who, kind: OutcomeKind, changes: &[(Tag, &str)]) -> RawPosting {
        let (body, mut values) = self.world.certificate_outcome(kind, "family");
        if kind != OutcomeKind::XCertificate {
            values.retain(|(tag, _)| *tag != tags::LEVEL);
        }
        self.outcome(issuer, (body, values), changes)
    }

    pub async fn tree_size(&self) -> u64 {
        self.log().get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner().tree_size
    }

    /// A bearer token of an institution, for the signature over a challenge.
    pub async fn login(&self, who: &Who) -> String {
        let asked = CreateChallengeRequest { institution: who.id.clone() };
        let challenge = self.issuing().create_challenge(asked).await.expect("a challenge").into_inner().challenge;
        let mut message = b"xuefen/v1/authenticate\0".to_vec();
        for part in [self.world.context.origin.as_str(), &who.id] {
            message.extend_from_slice(&u16::try_from(part.len()).expect("short").to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        message.extend_from_slice(&challenge);
        let key = key(who.seed);
        let proof = AuthenticateRequest {
            institution: who.id.clone(),
            key_id: key.public().id().0.0.to_vec(),
            challenge,
            signature: key.sign(&message).0.to_vec(),
        };
        self.issuing().authenticate(proof).await.expect("a token").into_inner().access_token
    }

    /// A learner with a token, by an activation code of whoever opened the account.
    pub async fn learner(&self, opener: &Who, account: [u8; 16]) -> Learner {
        let token = self.login(opener).await;
        let asked = CreateActivationCodeRequest { name: format!("accounts/{}", AccountId(account)) };
        let made = self.accounts().create_activation_code(bearer(&token, asked)).await.expect("a code").into_inner();
        let used = self.accounts().activate(ActivateRequest { activation_code: made.activation_code }).await;
        Learner { account: AccountId(account), token: used.expect("a token").into_inner().access_token }
    }

    /// The account as its learner sees it.
    pub async fn account(&self, learner: &Learner) -> Account {
        let asked = GetAccountRequest { name: learner.name() };
        self.accounts().get_account(learner.asks(asked)).await.expect("an account").into_inner()
    }

    /// The transcript as of a tree size; 0 = now.
    pub async fn transcript(&self, learner: &Learner, tree_size: u64) -> Transcript {
        let name = format!("{}/transcript", learner.name());
        let asked = GetTranscriptRequest { name, tree_size, ..Default::default() };
        self.transcripts().get_transcript(learner.asks(asked)).await.expect("a transcript").into_inner()
    }

    /// A presentation of an outcome, with what an employer asks for.
    pub async fn present(&self, learner: &Learner, index: u64) -> Vec<u8> {
        self.present_tags(learner, index, &[]).await
    }

    /// A presentation that shows these fields; without any, what an employer asks for.
    pub async fn present_tags(&self, learner: &Learner, index: u64, tags: &[Tag]) -> Vec<u8> {
        let tags = tags.iter().map(|tag| tag.number).collect();
        let asked = CreatePresentationRequest { parent: learner.name(), index, tags, holder_key: Vec::new() };
        let made = self.verification().create_presentation(learner.asks(asked)).await;
        made.expect("a presentation").into_inner().presentation
    }

    /// What an employer is answered.
    pub async fn verify(&self, presentation: &[u8]) -> VerifyResponse {
        let asked = VerifyRequest { presentation: presentation.to_vec(), ..Default::default() };
        self.verification().verify(asked).await.expect("an answer").into_inner()
    }

    /// An entry; with a token of its issuer also its payload.
    pub async fn entry(&self, token: Option<&str>, index: u64) -> Result<GetEntryResponse, Status> {
        let asked = GetEntryRequest { index };
        let request = token.map_or_else(|| Request::new(asked), |token| bearer(token, asked));
        Ok(self.issuing().get_entry(request).await?.into_inner())
    }

    /// The word of a fresh status note.
    pub async fn status_word(&self, index: u64) -> String {
        let leaf_hash = self.world.reference(index).leaf_hash;
        let answer = self.verification().get_status(GetStatusRequest { index, leaf_hash }).await;
        let note = answer.expect("a note").into_inner().status_note;
        note.lines().nth(6).expect("the seventh line of a note is the word").to_owned()
    }
}

impl Learner {
    /// `accounts/{id}`.
    pub fn name(&self) -> String {
        format!("accounts/{}", self.account)
    }

    /// A request with the learner's token.
    pub fn asks<T>(&self, message: T) -> Request<T> {
        bearer(&self.token, message)
    }
}

/// A request with a token.
pub fn bearer<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
    request
}

/// Result and reason of the step that says whether an entry still stands.
pub fn status_step(answer: &VerifyResponse) -> (StepResult, &str) {
    let step = answer.steps.iter().find(|step| step.number == 7).expect("eight steps");
    (step.result(), &step.reason)
}

/// Runs the program: exit code and JSON, or what it said instead.
pub fn xuefen(args: &[&str]) -> (i32, serde_json::Value) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xuefen"));
    command.arg("--json").args(args).env_remove("XUEFEN_SERVER");
    // The server runs on the other thread.
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = serde_json::from_slice(&output.stdout).unwrap_or(serde_json::Value::String(errors));
    (output.status.code().expect("it was not killed"), said)
}
