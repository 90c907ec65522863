//! How a payload is written before it is sealed: the same protobuf message that clients send it in.

use prost::Message as _;
use prost::bytes::Bytes;
use xuefen_core::commitment::{Seed, Tag};
use xuefen_core::payload::{Field, Payload};
use zeroize::Zeroizing;

use crate::api::proto;

/// The bytes to seal; wiped when dropped.
pub(super) fn encode(payload: &Payload) -> Zeroizing<Vec<u8>> {
    let message = crate::api::convert::payload_to_proto(payload);
    Zeroizing::new(message.encode_to_vec())
}
