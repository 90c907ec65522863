//! Makes presentations (formats.md 5): the entry shown, the entries it rests on, proofs against one checkpoint, a fresh
//! status note.

use std::sync::Arc;
use std::time::Duration;

use tonic::Status;
use xuefen_core::commitment::Tag;
use xuefen_core::disclosure::Disclosure;
use xuefen_core::kinds::tags;
use xuefen_core::note;
use xuefen_core::payload::Payload;
use xuefen_core::presentation::{Item, Presentation};
use xuefen_core::status::{Status as StatusNote, StatusWord};
use xuefen_core::tree::{LeafIndex, TreeSize};
use xuefen_core::vkey::KeyName;
use xuefen_ledger::query::{self, EntryStatus};

use super::Api;
use super::status::{internal, invalid, not_found, not_witnessed_yet};
use crate::sequencer::{AsOf, LoggedEntry, View};
use crate::witness::feeder::Witnessed;

/// How long a call waits for the quorum over an entry that was just logged.
const QUORUM_PATIENCE: Duration = Duration::from_secs(10);

/// The status of an entry; with its payload also whether it has expired.
pub fn entry_status(
    state: &AsOf<'_>,
    index: u64,
    payload: Option<&Payload>,
    now: i64,
) -> Result<Option<EntryStatus>, Status> {
    let status = match payload {
        Some(payload) => query::status_with(state, index, payload, now),
        None => query::status(state, index, now),
    };
    status.map_err(|error| internal(&error))
}

/// A signed status note of entry `index` as of the view, at the ledger's clock.
pub fn status_note(api: &Api, view: &View, index: u64) -> Result<String, Status> {
    let word = status_word(api, view, index)?;
    let leaf_hash = view.index.leaf_hash(index).map_err(|error| internal(&error))?;
    let origin = api.ledger.origin().as_str();
    let text = StatusNote {
        origin: origin.to_owned(),
        size: TreeSize(view.tree.size),
        root: view.tree.root,
        index: LeafIndex(index),
        leaf_hash,
        word,
        time: api.ledger.now().unsigned_abs(),
    }
    .text();
    let name = KeyName::parse(&format!("{origin}/status")).expect("an origin with a suffix is a key name");
    Ok(note::assemble(&text, [note::sign(&text, &name, &api.status_key).as_str()]))
}

/// What a status note says of an entry now. Reads the entry: whether a certificate has expired stands in its payload.
pub fn status_word(api: &Api, view: &View, index: u64) -> Result<StatusWord, Status> {
    let logged = api.ledger.entry(view, index).map_err(|error| internal(&error))?;
    let payload = api.ledger.payload(&logged).map_err(|error| internal(&error))?;
    let state = AsOf::new(&view.index, view.tree.size);
    let status = entry_status(&state, index, payload.as_ref(), api.ledger.now())?;
    Ok(match status.ok_or_else(|| not_found("the entry"))? {
        // Erasing a payload takes nothing from what was shown of it before.
        EntryStatus::Valid | EntryStatus::Erased => StatusWord::Valid,
        // A note has no word for what still waits: a verifier must not take it for valid.
        EntryStatus::Pending | EntryStatus::NeedsReview { .. } => StatusWord::NeedsReview,
        EntryStatus::Suspended { .. } => StatusWord::Suspended,
        EntryStatus::Superseded { .. } => StatusWord::Superseded,
        // What nobody countersigned in time counts for nothing, for good.
        EntryStatus::Revoked { .. } | EntryStatus::Lapsed { .. } => StatusWord::Revoked,
        EntryStatus::Expired => StatusWord::Expired,
    })
}

/// What is shown of an outcome's payload with `tags` (ascending).
pub fn disclosure(api: &Api, logged: &LoggedEntry, tags: &[u32]) -> Result<Disclosure, Status> {
    let payload = api.ledger.payload(logged).map_err(|error| internal(&error))?;
    let payload = payload.ok_or_else(|| not_found("the outcome's payload"))?;
    let tags = tags.iter().map(|tag| Tag::new(*tag)).collect::<Option<Vec<_>>>();
    let tags = tags.ok_or_else(|| invalid("tags", "a tag is a number from 1".to_owned()))?;
    if tags.contains(&Tag::NULLIFIER_KEY) {
        // Shown once, it would link every use of the outcome for ever.
        return Err(invalid("tags", "tag 1 is never shown to a verifier; leave it out".to_owned()));
    }
    let nonce = logged.entry.statement().nonce();
    payload
        .disclose(&nonce, &tags)
        .map_err(|error| invalid("tags", format!("{error}; ask for tags that the outcome has")))
}

/// The checkpoint that all items of a presentation are proven against.
pub struct Against {
    /// Its tree's size; a view that is loaded later has at least so many entries.
    size: TreeSize,
    /// The signed note.
    note: Arc<str>,
}

/// What a presentation of the entry `index` is proven against: the newest checkpoint, or, where a quorum is asked for, the
/// newest that has it.
pub fn against(api: &Api, index: u64) -> Result<Against, Status> {
    let Some(witnesses) = api.quorum() else {
        let view = api.ledger.view();
        return Ok(Against { size: TreeSize(view.tree.size), note: Arc::clone(&view.checkpoint) });
    };
    let covers = |newest: &Witnessed| newest.size.0 > index;
    let newest = witnesses.newest().filter(covers).ok_or_else(not_witnessed_yet)?;
    Ok(Against { size: newest.size, note: newest.note })
}

/// [`against`], where the quorum over an entry that was just logged is waited for.
pub async fn against_soon(api: &Api, index: u64) -> Result<Against, Status> {
    if let Some(witnesses) = api.quorum() {
        let covering = tokio::time::timeout(QUORUM_PATIENCE, witnesses.covering(index.saturating_add(1)));
        covering.await.ok().flatten().ok_or_else(not_witnessed_yet)?;
    }
    against(api, index)
}

/// What is shown of an entry that binds a device key: whose it is, and the key.
const BINDING_TAGS: [u32; 2] = [tags::ACCOUNT.number, tags::HOLDER_KEY.number];

/// The entry that binds a device key of the learner, and the tags to show of an outcome with it.
pub fn binding(
    api: &Api,
    view: &View,
    account: &[u8; 16],
    key: &[u8],
    mut tags: Vec<u32>,
) -> Result<(u64, Vec<u32>), Status> {
    let key = key.try_into().map_err(|_| invalid("holder_key", "a device key has 32 bytes".to_owned()))?;
    let found = api.ledger.binding_of(view, key, account).map_err(|error| internal(&error))?;
    let entry = found.ok_or_else(|| not_found("the device key, bound to this account,"))?;
    if let Err(at) = tags.binary_search(&BINDING_TAGS[0]) {
        tags.insert(at, BINDING_TAGS[0]);
    }
    Ok((entry, tags))
}

/// The presentation file of an outcome, showing `tags` (ascending) of its payload; `bound` is the entry that binds the key of
/// its holder. The view is not older than `against`.
pub fn presentation(
    api: &Api,
    view: &View,
    logged: &LoggedEntry,
    (index, bound): (u64, Option<u64>),
    tags: &[u32],
    against: &Against,
) -> Result<String, Status> {
    let disclosure = disclosure(api, logged, tags)?;
    // As of the tree that is shown: what came after it cannot be proven against its root.
    let state = AsOf::new(&view.index, against.size.0);
    let also: Vec<_> = bound.into_iter().collect();
    let chain = query::authority_chain(&state, index, &also).map_err(|error| internal(&error))?;
    let authority = chain.into_iter().map(|index| {
        let logged = api.ledger.entry(view, index).map_err(|error| internal(&error))?;
        let shown = if bound == Some(index) { Some(self::disclosure(api, &logged, &BINDING_TAGS)?) } else { None };
        item(api, view, &logged, index, shown, against.size)
    });
    let authority = authority.collect::<Result<Vec<_>, _>>()?;
    let subject = item(api, view, logged, index, Some(disclosure), against.size)?;
    let status = Some(status_note(api, view, index)?);
    let checkpoint = against.note.to_string();
    Ok(Presentation { subject, authority, checkpoint, status, holder: None }.to_json())
}

fn item(
    api: &Api,
    view: &View,
    logged: &LoggedEntry,
    index: u64,
    disclosure: Option<Disclosure>,
    size: TreeSize,
) -> Result<Item, Status> {
    let path = view.index.inclusion_proof(LeafIndex(index), size);
    let path = path.map_err(|error| internal(&error))?;
    let disclosure = match disclosure {
        Some(disclosure) => disclosure,
        // Of a private entry that only supports the subject nothing is shown, but everything is committed to.
        None => match api.ledger.payload(logged).map_err(|error| internal(&error))? {
            Some(payload) => payload.disclose(&logged.entry.statement().nonce(), &[]).unwrap_or_default(),
            None => Disclosure::default(),
        },
    };
    Ok(Item { entry: logged.bytes.clone(), index: LeafIndex(index), path, disclosure, tag_too_large: None })
}
