//! How a payload is written before it is sealed: the protobuf message `Payload` that clients send it in.

use prost::Message as _;
use xuefen_core::commitment::{Seed, Tag};
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto;
use zeroize::Zeroizing;

/// The bytes to seal; wiped when dropped.
pub(super) fn encode(payload: &Payload) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(to_message(payload).encode_to_vec())
}

/// Reads what [`encode`] wrote. `None` if it did not: the AEAD tag held, so the writer was at fault.
pub(super) fn decode(bytes: &[u8]) -> Option<Payload> {
    from_message(&proto::Payload::decode(bytes).ok()?)
}

/// A payload as it travels.
pub fn to_message(payload: &Payload) -> proto::Payload {
    let field = |field: &Field| proto::PayloadField { tag: field.tag.get(), value: field.value.clone().into() };
    proto::Payload {
        seed: payload.seed().as_bytes().to_vec().into(),
        fields: payload.fields().iter().map(field).collect(),
    }
}

/// A payload as it arrived; `None` if its seed is not 32 bytes or its tags do not ascend from 1.
pub fn from_message(message: &proto::Payload) -> Option<Payload> {
    let seed = Seed::from_slice(&message.seed)?;
    let field = |field: &proto::PayloadField| Some(Field { tag: Tag::new(field.tag)?, value: field.value.to_vec() });
    Payload::new(seed, message.fields.iter().map(field).collect::<Option<_>>()?).ok()
}
