//! The services on a real ledger in a directory of its own: what an institution and a learner do, and what they may not.

mod views;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::kinds::tags;
use xuefen_core::policy::Policy;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{START, World};

use super::access::{AccountId, Caller};
use super::proto::account_service_server::AccountService as _;
use super::proto::issuing_service_server::IssuingService as _;
use super::proto::registry_service_server::RegistryService as _;
use super::proto::transcript_service_server::TranscriptService as _;
use super::proto::*;
use super::*;
use crate::sequencer::{self, Home, OpenOptions, Verdict};

/// The account that the world opens.
const LEARNER: AccountId = AccountId([7; 16]);
/// A second account.
const OTHER: AccountId = AccountId([8; 16]);

/// A ledger on disk with the entries of a [`World`], and its services.
struct Bank {
    dir: TempDir,
    clock: Arc<AtomicI64>,
    world: World,
    posted: usize,
    api: Option<Arc<Api>>,
}

impl Bank {
    /// Institutions, offers and two accounts are in the log.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::furnished();
        sequencer::create(&Home::new(dir.path()), &world.context.origin).unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let mut bank = Self { dir, clock, world, posted: 0, api: None };
        let school = bank.world.school.id.clone();
        bank.world.open(&school, 4, OTHER.0, "110101199003070001");
        bank.open();
        bank.post().await;
        bank
    }

    fn open(&mut self) {
        let clock = Arc::clone(&self.clock);
        let options = OpenOptions {
            origin: self.world.context.origin.clone(),
            log_key: SecretKey::from_seed(&[90; 32]),
            genesis_keys: self.world.context.genesis_keys.clone(),
            clock: Arc::new(move || clock.load(Ordering::Relaxed)),
            progress: Box::new(|_, _| {}),
        };
        let ledger = Ledger::open(&Home::new(self.dir.path()), options).unwrap();
        self.api = Some(Arc::new(Api {
            tokens: LocalTokens::new(ledger.origin().as_str(), SecretKey::from_seed(&[91; 32])),
            ledger: Arc::new(ledger),
            pages: Pages::new(&[91; 32]),
            codes: Codes::new(&[91; 32]),
            status_key: SecretKey::from_seed(&[92; 32]),
            trust: ArcSwap::from_pointee(OwnTrust {
                policy: Policy::parse(include_str!("../../keys/policy/policy.txt")).unwrap(),
                authority: AuthorityFile::parse(include_str!("../../keys/policy/authority.txt")).unwrap(),
                policy_text: String::new(),
                authority_text: String::new(),
            }),
            operators: vec![SecretKey::from_seed(&[93; 32]).public().clone()],
            verifying: Semaphore::new(VERIFYING),
            reporting: Arc::new(Semaphore::new(REPORTING)),
            witnesses: None,
        }));
    }

    /// Closes the ledger and opens it again from what is on disk; `rebuild` makes the index anew.
    fn reopen(&mut self, rebuild: bool) {
        let api = self.api.take().unwrap();
        assert!(Arc::into_inner(api).is_some(), "nobody else may hold the ledger");
        if rebuild {
            std::fs::remove_dir_all(Home::new(self.dir.path()).index()).unwrap();
        }
        self.open();
    }

    fn api(&self) -> Arc<Api> {
        Arc::clone(self.api.as_ref().unwrap())
    }

    /// Posts what the world has accepted since the last time.
    async fn post(&mut self) {
        for (entry, payload) in self.world.entries.iter().skip(self.posted) {
            let posting = RawPosting {
                statement: entry.statement().bytes().clone(),
                attestations: entry.attestations().iter().map(|it| it.encode().into()).collect(),
                payload: payload.clone(),
            };
            let answer = self.api().ledger.post(vec![posting]).await.unwrap();
            assert!(matches!(answer.verdicts[0], Verdict::Receipt(_)), "{:?}", answer.verdicts);
        }
        self.posted = self.world.entries.len();
    }

    /// Records a course outcome: the attempt of that number, with a mark.
    async fn outcome(&mut self, attempt: u32, mark: &str) -> u64 {
        let (body, mut values) = self.world.course_outcome();
        values.push((tags::SOURCE_ID, format!("2026-{attempt:04}").into()));
        values.push((tags::ATTEMPT, attempt.to_string().into()));
        values.push((tags::GRADE, mark.into()));
        if mark < "60" {
            values.push((tags::CREDIT_MILLIS, b"0".to_vec()));
        }
        let school = self.world.school.id.clone();
        let posting = self.world.outcome(&school, body, &values, 4);
        let index = self.world.accept(posting);
        self.post().await;
        index
    }

    /// A request with a token of `caller`.
    fn from<T>(&self, caller: &Caller, message: T) -> Request<T> {
        let token = self.api().tokens.issue(caller, self.clock.load(Ordering::Relaxed));
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request
    }

    fn school(&self) -> Caller {
        Caller::Institution(self.world.school.id.clone())
    }

    async fn code(&self, caller: &Caller, account: AccountId) -> Result<String, Status> {
        let request = self.from(caller, CreateActivationCodeRequest { name: format!("accounts/{account}") });
        let made = Accounts(self.api()).create_activation_code(request).await?;
        Ok(made.into_inner().activation_code)
    }

    async fn activate(&self, code: &str) -> Result<ActivateResponse, Status> {
        let request = Request::new(ActivateRequest { activation_code: code.to_owned() });
        Accounts(self.api()).activate(request).await.map(tonic::Response::into_inner)
    }

    async fn transcript(&self, caller: &Caller, asked: GetTranscriptRequest) -> Result<Transcript, Status> {
        let transcript = Transcripts(self.api()).get_transcript(self.from(caller, asked)).await?;
        Ok(transcript.into_inner())
    }

    async fn accesses(&self, caller: &Caller, page_size: u32, page_token: &str) -> ListAccessesResponse {
        let asked =
            ListAccessesRequest { parent: format!("accounts/{LEARNER}"), page_size, page_token: page_token.to_owned() };
        Accounts(self.api()).list_accesses(self.from(caller, asked)).await.unwrap().into_inner()
    }

    /// The calls of the access log, once every look asked for so far is in it.
    async fn calls(&self) -> Vec<String> {
        // A record that is waited for comes after those that were not.
        self.code(&self.school(), OTHER).await.unwrap();
        let page = self.accesses(&Caller::Learner(LEARNER), 0, "").await;
        page.accesses.into_iter().map(|access| format!("{} {}", access.by, access.call)).collect()
    }
}

fn whole(account: AccountId) -> GetTranscriptRequest {
    GetTranscriptRequest { name: format!("accounts/{account}/transcript"), ..Default::default() }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test]
async fn an_activation_code_opens_its_account_once() {
    let bank = Bank::new().await;
    let code = bank.code(&bank.school(), LEARNER).await.unwrap();
    let used = bank.activate(&code.to_lowercase().replace('-', " ")).await.unwrap();
    assert_eq!(used.account, format!("accounts/{LEARNER}"));
    let mut request = Request::new(GetAccountRequest { name: used.account.clone() });
    request.metadata_mut().insert("authorization", format!("Bearer {}", used.access_token).parse().unwrap());
    let account = Accounts(bank.api()).get_account(request).await.unwrap().into_inner();
    assert_eq!((account.account, account.opened_by), (LEARNER.0.to_vec(), bank.world.school.id.clone()));
    assert_eq!((account.holder_name.as_str(), account.opened_at), ("示例学习者", START));
    let again = bank.activate(&code).await.unwrap_err();
    assert_eq!((again.code(), reason(&again)), (Code::Unauthenticated, "ACTIVATION_FAILED".to_owned()));
}

#[tokio::test]
async fn of_many_who_use_a_code_at_once_one_succeeds() {
    let bank = Bank::new().await;
    let code = bank.code(&bank.school(), LEARNER).await.unwrap();
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (api, activation_code) = (bank.api(), code.clone());
            tokio::spawn(async move { Accounts(api).activate(Request::new(ActivateRequest { activation_code })).await })
        })
        .collect();
    let mut good = 0;
    for one in tries {
        good += usize::from(one.await.unwrap().is_ok());
    }
    assert_eq!(good, 1);
}

#[tokio::test]
async fn wrong_used_and_ended_codes_look_alike() {
    let bank = Bank::new().await;
    let [used, ended] =
        [bank.code(&bank.school(), LEARNER).await.unwrap(), bank.code(&bank.school(), LEARNER).await.unwrap()];
    bank.activate(&used).await.unwrap();
    bank.clock.store(START + codes::LIFETIME_SECONDS, Ordering::Relaxed);
    let mut answers = Vec::new();
    for code in [used.as_str(), &ended, "AAAAA-AAAAA-AAAAA-AAAAA", "no code"] {
        let refused = bank.activate(code).await.unwrap_err();
        answers.push((refused.code(), refused.message().to_owned(), reason(&refused)));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn who_guesses_all_day_keeps_out_only_those_who_guess() {
    let bank = Bank::new().await;
    let code = bank.code(&bank.school(), LEARNER).await.unwrap();
    let now = bank.clock.load(Ordering::Relaxed);
    while bank.api().codes.may_try(now).is_ok() {
        bank.api().codes.failed(now);
    }
    assert_eq!(reason(&bank.activate("AAAAA-AAAAA-AAAAA-AAAAA").await.unwrap_err()), "TOO_MANY_ATTEMPTS");
    bank.activate(&code).await.unwrap();
    assert_eq!(reason(&bank.activate(&code).await.unwrap_err()), "TOO_MANY_ATTEMPTS", "used");
}

#[tokio::test]
async fn only_who_opened_an_account_makes_codes_for_it() {
    let bank = Bank::new().await;
    let college = Caller::Institution(bank.world.college.id.clone());
    let stranger = AccountId([99; 16]);
    for (caller, account) in [
        (&college, LEARNER),
        (&Caller::Learner(LEARNER), LEARNER),
        (&bank.school(), stranger),
        (&Caller::Operator, stranger),
    ] {
        let refused = bank.code(caller, account).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused)),
            (Code::PermissionDenied, "ACCESS_DENIED".to_owned()),
            "{caller:?}"
        );
    }
    assert!(bank.code(&Caller::Operator, LEARNER).await.is_ok());
}

#[tokio::test]
async fn codes_and_the_access_log_survive_a_restart_and_a_rebuild() {
    let mut bank = Bank::new().await;
    let learner = Caller::Learner(LEARNER);
    let codes = [bank.code(&bank.school(), LEARNER).await.unwrap(), bank.code(&bank.school(), LEARNER).await.unwrap()];
    bank.activate(&codes[0]).await.unwrap();
    bank.transcript(&learner, whole(LEARNER)).await.unwrap();
    let before = bank.calls().await;
    assert_eq!(before, ["learner TranscriptService.GetTranscript", "learner AccountService.Activate"]);
    let mut looks = vec!["learner AccountService.ListAccesses".to_owned()];
    looks.extend(before);
    for rebuild in [false, true] {
        bank.reopen(rebuild);
        assert_eq!(bank.calls().await, looks, "rebuilt: {rebuild}");
        looks.insert(0, looks[0].clone());
        assert!(bank.activate(&codes[0]).await.is_err(), "a used code stays used");
    }
    bank.activate(&codes[1]).await.unwrap();
}

#[tokio::test]
async fn the_access_log_goes_on_page_by_page() {
    let bank = Bank::new().await;
    let learner = Caller::Learner(LEARNER);
    for _ in 0..5 {
        bank.transcript(&learner, whole(LEARNER)).await.unwrap();
        bank.clock.fetch_add(1, Ordering::Relaxed);
    }
    bank.calls().await;
    let (mut times, mut token) = (Vec::new(), String::new());
    loop {
        let page = bank.accesses(&learner, 2, &token).await;
        times.extend(page.accesses.iter().filter(|it| it.call.ends_with("GetTranscript")).map(|it| it.at - START));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(times, [4, 3, 2, 1, 0]);
}

#[tokio::test]
async fn nobody_reads_what_is_somebody_elses() {
    let bank = Bank::new().await;
    let institution = bank.school();
    for (caller, account) in [
        (&Caller::Learner(OTHER), LEARNER),
        (&Caller::Learner(LEARNER), AccountId([99; 16])),
        (&Caller::Learner(AccountId([99; 16])), LEARNER),
        (&institution, LEARNER),
        (&Caller::Operator, LEARNER),
    ] {
        let refused = bank.transcript(caller, whole(account)).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused)),
            (Code::PermissionDenied, "ACCESS_DENIED".to_owned()),
            "{caller:?}"
        );
        let asked = GetAccountRequest { name: format!("accounts/{account}") };
        assert!(Accounts(bank.api()).get_account(bank.from(caller, asked)).await.is_err());
        let asked = ListAccessesRequest { parent: format!("accounts/{account}"), ..Default::default() };
        assert!(Accounts(bank.api()).list_accesses(bank.from(caller, asked)).await.is_err());
        let asked = WatchTranscriptRequest { name: format!("accounts/{account}/transcript") };
        assert!(Transcripts(bank.api()).watch_transcript(bank.from(caller, asked)).await.is_err());
    }
    let missing = Transcripts(bank.api()).get_transcript(Request::new(whole(LEARNER))).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing)), (Code::Unauthenticated, "ACCESS_TOKEN_MISSING".to_owned()));
    assert_eq!(bank.calls().await, Vec::<String>::new(), "what was denied was not seen");
}

#[tokio::test]
async fn a_learner_reads_marks_credits_and_titles() {
    let mut bank = Bank::new().await;
    let learner = Caller::Learner(LEARNER);
    let before = bank.api().ledger.view().tree.size;
    let failed = bank.outcome(1, "52").await;
    let passed = bank.outcome(2, "66").await;
    let transcript = bank.transcript(&learner, whole(LEARNER)).await.unwrap();
    assert_eq!(transcript.outcomes.iter().map(|it| it.index).collect::<Vec<_>>(), [failed, passed]);
    let [first, second] = [&transcript.outcomes[0], &transcript.outcomes[1]];
    assert_eq!((first.passed, first.credit_millis, first.grade.as_str(), first.attempt), (false, 0, "52", 1));
    assert_eq!((second.passed, second.credit_millis, second.minutes, second.attempt), (true, 3_000, 2_880, 2));
    assert_eq!((second.status.as_str(), second.issuer_status.as_str()), ("valid", "active"));
    assert_eq!(second.titles[0].text, "建筑工程测量");
    assert_eq!(second.issuer_names[0].text, "西宁市第一职业技术学校");
    assert_eq!((second.achieved_on.as_str(), second.logged_at), ("2026-08-30", START));
    assert!(second.fields.iter().all(|field| field.tag != 1));
    assert_eq!((transcript.credit_millis, transcript.next_page_token.as_str()), (3_000, ""));
    let then = bank.transcript(&learner, GetTranscriptRequest { tree_size: before, ..whole(LEARNER) }).await.unwrap();
    assert_eq!((then.outcomes.len(), then.tree_size), (0, before));
    let kind = OutcomeKind::XCertificate as i32;
    let none = bank.transcript(&learner, GetTranscriptRequest { outcome_kind: kind, ..whole(LEARNER) }).await.unwrap();
    assert!(none.outcomes.is_empty());
    let page = bank.transcript(&learner, GetTranscriptRequest { page_size: 1, ..whole(LEARNER) }).await.unwrap();
    let page_token = page.next_page_token;
    let page = bank.transcript(&learner, GetTranscriptRequest { page_token, ..whole(LEARNER) }).await.unwrap();
    assert_eq!(page.outcomes.iter().map(|it| it.index).collect::<Vec<_>>(), [passed]);
}

#[tokio::test]
async fn an_alias_opens_the_kept_account() {
    let mut bank = Bank::new().await;
    let index = bank.outcome(1, "66").await;
    let (body, payload) = bank.world.merger(LEARNER.0, OTHER.0);
    let school = bank.world.school.id.clone();
    let posting = bank.world.private(&school, body, &payload, &[4, 1]);
    bank.world.accept(posting);
    bank.post().await;
    let alias = Caller::Learner(OTHER);
    for (caller, account) in [(&alias, LEARNER), (&alias, OTHER), (&Caller::Learner(LEARNER), OTHER)] {
        let transcript = bank.transcript(caller, whole(account)).await.unwrap();
        assert_eq!(transcript.outcomes.iter().map(|it| it.index).collect::<Vec<_>>(), [index]);
    }
    let asked = GetAccountRequest { name: format!("accounts/{OTHER}") };
    let account = Accounts(bank.api()).get_account(bank.from(&alias, asked)).await.unwrap().into_inner();
    assert_eq!((account.name, account.aliases), (format!("accounts/{LEARNER}"), vec![OTHER.0.to_vec()]));
    let documents = vec![DocumentQuery { kind: "resident_id".into(), number: "110101199003070001".into() }];
    let asked = ResolveAccountsRequest { documents };
    let resolved = Issuing(bank.api()).resolve_accounts(bank.from(&bank.school(), asked)).await.unwrap().into_inner();
    assert_eq!(resolved.accounts[0].account, OTHER.0, "the id that its opener knows");
    let code = bank.code(&bank.school(), OTHER).await.unwrap();
    assert_eq!(bank.activate(&code).await.unwrap().account, format!("accounts/{LEARNER}"));
    let looks = bank.calls().await;
    assert_eq!(looks.iter().filter(|look| look.ends_with("GetTranscript")).count(), 3, "{looks:?}");
}

#[tokio::test]
async fn a_watcher_sees_the_transcript_and_then_its_change() {
    use tokio_stream::StreamExt as _;
    let mut bank = Bank::new().await;
    let asked = WatchTranscriptRequest { name: format!("accounts/{LEARNER}/transcript") };
    let watched = Transcripts(bank.api()).watch_transcript(bank.from(&Caller::Learner(LEARNER), asked)).await;
    let mut stream = watched.unwrap().into_inner();
    assert!(stream.next().await.unwrap().unwrap().outcomes.is_empty());
    let index = bank.outcome(1, "66").await;
    assert_eq!(stream.next().await.unwrap().unwrap().outcomes[0].index, index);
    bank.clock.fetch_add(15 * 60, Ordering::Relaxed);
    bank.outcome(2, "70").await;
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn an_institution_logs_in_with_its_key_and_nobody_else_does() {
    let bank = Bank::new().await;
    let issuing = Issuing(bank.api());
    let school = bank.world.school.id.clone();
    let challenge = issuing.create_challenge(Request::new(CreateChallengeRequest { institution: school.clone() }));
    let challenge = challenge.await.unwrap().into_inner().challenge;
    let sign = |key: &SecretKey, institution: &str, challenge: &[u8]| {
        let mut message = b"xuefen/v1/authenticate\0".to_vec();
        for part in [bank.world.context.origin.as_str(), institution] {
            message.extend_from_slice(&u16::try_from(part.len()).unwrap().to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        message.extend_from_slice(challenge);
        AuthenticateRequest {
            institution: institution.to_owned(),
            key_id: key.public().id().0.0.to_vec(),
            challenge: challenge.to_vec(),
            signature: key.sign(&message).0.to_vec(),
        }
    };
    let good = sign(&bank.world.school.key, &school, &challenge);
    let answer = issuing.authenticate(Request::new(good.clone())).await.unwrap().into_inner();
    let mut request = Request::new(ResolveAccountsRequest::default());
    request.metadata_mut().insert("authorization", format!("Bearer {}", answer.access_token).parse().unwrap());
    assert!(issuing.resolve_accounts(request).await.is_ok());
    let mut changed = good.clone();
    changed.signature[0] ^= 1;
    let college = &bank.world.college;
    for bad in [
        changed,
        sign(&college.key, &school, &challenge),
        sign(&college.key, &college.id, &challenge),
        sign(&bank.world.school.key, &school, &challenge[1..]),
        sign(&bank.world.ministry.key, &bank.world.ministry.id, &challenge),
    ] {
        let refused = issuing.authenticate(Request::new(bad)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused)), (Code::Unauthenticated, "AUTHENTICATION_FAILED".to_owned()));
    }
    bank.clock.fetch_add(120, Ordering::Relaxed);
    assert!(issuing.authenticate(Request::new(good)).await.is_err(), "the challenge has run out");
}

#[tokio::test]
async fn documents_lead_to_accounts_for_their_opener_only() {
    let bank = Bank::new().await;
    let document = |number: &str| DocumentQuery { kind: "resident_id".into(), number: number.into() };
    let asked = || ResolveAccountsRequest {
        documents: vec![document("110101199003070001"), document("110101199003079999"), document("110101199003070000")],
    };
    let answer = Issuing(bank.api()).resolve_accounts(bank.from(&bank.school(), asked())).await.unwrap().into_inner();
    let found: Vec<_> = answer.accounts.into_iter().map(|it| it.account).collect();
    assert_eq!(found, [OTHER.0.to_vec(), Vec::new(), LEARNER.0.to_vec()]);
    let college = Caller::Institution(bank.world.college.id.clone());
    let answer = Issuing(bank.api()).resolve_accounts(bank.from(&college, asked())).await.unwrap().into_inner();
    assert!(answer.accounts.iter().all(|it| it.account.is_empty()));
    let many = ResolveAccountsRequest { documents: vec![document("1"); 1_001] };
    let refused = Issuing(bank.api()).resolve_accounts(bank.from(&bank.school(), many)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn an_entry_is_public_and_its_payload_its_issuers() {
    let mut bank = Bank::new().await;
    let index = bank.outcome(1, "66").await;
    let college = Caller::Institution(bank.world.college.id.clone());
    let issuing = Issuing(bank.api());
    let get = GetEntryRequest { index };
    let open = issuing.get_entry(Request::new(get)).await.unwrap().into_inner();
    assert_eq!((open.status.as_str(), open.payload.is_none()), ("valid", true));
    assert!(issuing.get_entry(bank.from(&college, get)).await.unwrap().into_inner().payload.is_none());
    assert_eq!(bank.calls().await, Vec::<String>::new());
    let own = issuing.get_entry(bank.from(&bank.school(), get)).await.unwrap().into_inner();
    assert_eq!(own.entry, open.entry);
    assert!(own.payload.is_some());
    let looks = bank.calls().await;
    assert_eq!(looks[0], format!("{} IssuingService.GetEntry", bank.world.school.id));
    let beyond = issuing.get_entry(Request::new(GetEntryRequest { index: 1_000 })).await.unwrap_err();
    assert_eq!(beyond.code(), Code::NotFound);
}

#[tokio::test]
async fn the_registry_is_open_and_as_of_any_size() {
    let bank = Bank::new().await;
    let registry = Registry(bank.api());
    let name = format!("institutions/{}", bank.world.school.id);
    let asked = |tree_size| Request::new(GetInstitutionRequest { name: name.clone(), tree_size });
    let school = registry.get_institution(asked(0)).await.unwrap().into_inner();
    assert_eq!((school.status.as_str(), school.names[0].text.as_str()), ("active", "西宁市第一职业技术学校"));
    assert_eq!(registry.get_institution(asked(1)).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(registry.get_institution(asked(1_000)).await.unwrap_err().code(), Code::InvalidArgument);
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListInstitutionsRequest { page_size: 2, page_token, tree_size: 0 };
        let page = registry.list_institutions(Request::new(asked)).await.unwrap().into_inner();
        ids.extend(page.institutions.into_iter().map(|it| it.institution));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut all = [&bank.world.school, &bank.world.college, &bank.world.body].map(|party| party.id.clone());
    all.sort();
    assert_eq!(ids, all);
    let asked = ListKeysRequest { parent: name.clone(), tree_size: 0 };
    let keys = registry.list_keys(Request::new(asked)).await.unwrap().into_inner().keys;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].public_key, bank.world.school.key.public().as_bytes());
    let asked = ListOffersRequest { parent: name.clone(), ..Default::default() };
    let offers = registry.list_offers(Request::new(asked)).await.unwrap().into_inner().offers;
    assert_eq!(offers.iter().map(|it| it.name.clone()).collect::<Vec<_>>(), [format!("{name}/course/建工-01@1")]);
}

#[tokio::test]
async fn the_operator_erases_an_account_and_nobody_else_does() {
    let mut bank = Bank::new().await;
    let outcome = bank.outcome(1, "88").await;
    let ask = |confirm: &str, validate_only| EraseAccountRequest {
        name: format!("accounts/{LEARNER}"),
        confirm: confirm.to_owned(),
        validate_only,
    };
    let name = format!("accounts/{LEARNER}");
    let erase = async |caller: &Caller, asked| {
        Accounts(bank.api()).erase_account(bank.from(caller, asked)).await.map(tonic::Response::into_inner)
    };
    for caller in [bank.school(), Caller::Learner(LEARNER)] {
        let refused = erase(&caller, ask(&name, false)).await.unwrap_err();
        assert_eq!(reason(&refused), "ACCESS_DENIED", "{caller}");
    }
    for wrong in ["", &format!("accounts/{OTHER}")] {
        let refused = erase(&Caller::Operator, ask(wrong, false)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong}");
    }
    let would = erase(&Caller::Operator, ask("", true)).await.unwrap();
    assert_eq!((would.keys, would.entries, &would.accounts[..]), (1, 2, &[name.clone()][..]));
    assert_eq!(bank.transcript(&Caller::Learner(LEARNER), whole(LEARNER)).await.unwrap().outcomes.len(), 1);
    let code = bank.code(&bank.school(), LEARNER).await.unwrap();
    let tree = bank.api().ledger.view().tree;
    assert_eq!(erase(&Caller::Operator, ask(&name, false)).await.unwrap(), would);
    assert_eq!(bank.api().ledger.view().tree, tree, "the log is as it was");
    assert!(bank.transcript(&Caller::Learner(LEARNER), whole(LEARNER)).await.is_err());
    assert_eq!(reason(&bank.activate(&code).await.unwrap_err()), "ACTIVATION_FAILED");
    assert!(bank.code(&bank.school(), LEARNER).await.is_err());
    assert_eq!(erase(&Caller::Operator, ask(&name, false)).await.unwrap_err().code(), Code::NotFound);
    let issuing = Issuing(bank.api());
    let asked = GetEntryRequest { index: outcome };
    let entry = issuing.get_entry(bank.from(&bank.school(), asked)).await.unwrap().into_inner();
    assert!(entry.payload.is_none(), "{entry:?}");
    assert!(bank.code(&bank.school(), OTHER).await.is_ok(), "others stay");
}

#[tokio::test]
async fn an_operator_logs_in_with_a_key_that_the_server_was_told_of() {
    let bank = Bank::new().await;
    let issuing = Issuing(bank.api());
    let asked = CreateChallengeRequest { institution: "operator".to_owned() };
    let challenge = issuing.create_challenge(Request::new(asked)).await.unwrap().into_inner().challenge;
    for (seed, known) in [(93, true), (4, false)] {
        let key = SecretKey::from_seed(&[seed; 32]);
        let mut message = b"xuefen/v1/authenticate\0".to_vec();
        for part in [bank.world.context.origin.as_str(), "operator"] {
            message.extend_from_slice(&u16::try_from(part.len()).unwrap().to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        message.extend_from_slice(&challenge);
        let answer = issuing.authenticate(Request::new(AuthenticateRequest {
            institution: "operator".to_owned(),
            key_id: key.public().id().0.0.to_vec(),
            challenge: challenge.clone(),
            signature: key.sign(&message).0.to_vec(),
        }));
        assert_eq!(answer.await.is_ok(), known, "key {seed}");
    }
}
