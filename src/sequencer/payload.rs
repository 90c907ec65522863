//! How a payload is written before it is sealed: the protobuf message `Payload` that clients send it in.

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use prost::{Message as _, length_delimiter_len};
use xuefen_core::commitment::{Seed, Tag};
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto;

/// Length of what [`encode`] writes.
pub(super) fn encoded_len(payload: &Payload) -> usize {
    let field = |field: &Field| 1 + length_delimiter_len(field_len(field)) + field_len(field);
    2 + payload.seed().as_bytes().len() + payload.fields().iter().map(field).sum::<usize>()
}

/// Appends the bytes to seal. Written field by field: this runs for every entry, and copying some 25 values into a message
/// first costs more than sealing them.
pub(super) fn encode(payload: &Payload, out: &mut Vec<u8>) {
    put_bytes(SEED, payload.seed().as_bytes(), out);
    for field in payload.fields() {
        encode_key(FIELDS, WireType::LengthDelimited, out);
        encode_varint(field_len(field) as u64, out);
        encode_key(TAG, WireType::Varint, out);
        encode_varint(u64::from(field.tag.get()), out);
        if !field.value.is_empty() {
            put_bytes(VALUE, &field.value, out);
        }
    }
}

/// Length of a field's message, without the key and length before it.
fn field_len(Field { tag, value }: &Field) -> usize {
    let value = if value.is_empty() { 0 } else { 1 + length_delimiter_len(value.len()) + value.len() };
    1 + encoded_len_varint(u64::from(tag.get())) + value
}

/// Field numbers of `Payload` and `PayloadField` (proto/xuefen/v1/payload.proto).
const SEED: u32 = 1;
const FIELDS: u32 = 2;
const TAG: u32 = 1;
const VALUE: u32 = 2;

fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Reads what [`encode`] wrote. `None` if it did not: the AEAD tag held, so the writer was at fault.
pub(super) fn decode(bytes: &[u8]) -> Option<Payload> {
    from_message(proto::Payload::decode(bytes).ok()?)
}

/// A payload as it travels.
pub fn to_message(payload: &Payload) -> proto::Payload {
    let field = |field: &Field| proto::PayloadField { tag: field.tag.get(), value: field.value.clone() };
    proto::Payload {
        seed: payload.seed().as_bytes().to_vec().into(),
        fields: payload.fields().iter().map(field).collect(),
    }
}

/// A payload as it arrived; `None` if its seed is not 32 bytes or its tags do not ascend from 1.
pub fn from_message(message: proto::Payload) -> Option<Payload> {
    let seed = Seed::from_slice(&message.seed)?;
    let field = |field: proto::PayloadField| Some(Field { tag: Tag::new(field.tag)?, value: field.value });
    Payload::new(seed, message.fields.into_iter().map(field).collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_message() {
        let field = |tag, value: &[u8]| Field { tag: Tag::new(tag).expect("above 0"), value: value.to_vec().into() };
        let fields = vec![field(1, &[7; 32]), field(2, b""), field(300, &[1; 200]), field(u32::MAX, b"x")];
        let payload = Payload::new(Seed::new([9; 32]), fields).expect("tags ascend");
        let mut written = Vec::new();
        encode(&payload, &mut written);
        assert_eq!(written, to_message(&payload).encode_to_vec());
        assert_eq!(written.len(), encoded_len(&payload));
        assert_eq!(decode(&written), Some(payload));
    }
}
