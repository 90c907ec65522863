//! Cosignatures of witnesses: cosignature/v1, Ed25519, signature type 0x04 (C2SP tlog-cosignature, formats.md 4).

use crate::key::{PublicKey, SecretKey, Signature};
use crate::note;
use crate::vkey::{KeyName, KeyType, VerifierKey};

/// The bytes a witness signs: two lines of its own, then the whole text of the checkpoint.
#[must_use]
pub fn message(checkpoint_text: &str, unix_seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {unix_seconds}\n{checkpoint_text}").into_bytes()
}

/// A witness's signature line (newline included) for a checkpoint's text. The time is at most 2^63-1.
#[must_use]
pub fn sign(checkpoint_text: &str, name: &KeyName, key: &SecretKey, unix_seconds: u64) -> String {
    let vkey = VerifierKey::new(name.clone(), KeyType::Cosignature, key.public().clone());
    let signature = key.sign(&message(checkpoint_text, unix_seconds));
    note::line(&vkey, &[&unix_seconds.to_be_bytes(), signature.as_bytes()])
}

/// The time of a cosignature, in Unix seconds; `None` if it is wrong or its time is 2^63 or later. `blob` is what stands
/// behind the key hash: 8 bytes of time, 64 of signature.
#[must_use]
pub(crate) fn verify(checkpoint_text: &str, key: &PublicKey, blob: &[u8]) -> Option<u64> {
    let (time, signature) = blob.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    let signature = Signature::from_slice(signature)?;
    (i64::try_from(time).is_ok() && key.verify(&message(checkpoint_text, time), &signature)).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{Note, NoteError, assemble};

    #[test]
    fn times_stay_below_2_to_63() {
        let (name, key) = (KeyName::parse("w.example").expect("a name"), SecretKey::from_seed(&[1; 32]));
        let vkey = VerifierKey::new(name.clone(), KeyType::Cosignature, key.public().clone());
        let time = |seconds| {
            let note = assemble("a\n", [sign("a\n", &name, &key, seconds).as_str()]);
            Ok(Note::parse(&note)?.verify(&[&vkey])?[0].time)
        };
        assert_eq!(time(0), Ok(Some(0)));
        assert_eq!(time((1 << 63) - 1), Ok(Some((1 << 63) - 1)));
        assert_eq!(time(1 << 63), Err(NoteError::Signature { key: "w.example".into() }));
    }

    #[test]
    fn a_cosignature_is_for_its_text_and_time() {
        let key = SecretKey::from_seed(&[1; 32]);
        let blob = |time: u64| [&time.to_be_bytes()[..], key.sign(&message("a\n", 7)).as_bytes()].concat();
        assert_eq!(verify("a\n", key.public(), &blob(7)), Some(7));
        assert_eq!(verify("a\n", key.public(), &blob(8)), None);
        assert_eq!(verify("b\n", key.public(), &blob(7)), None);
        assert_eq!(verify("a\n", key.public(), &blob(7)[..71]), None);
        assert_eq!(verify("a\n", key.public(), &[&blob(7)[..], &[0]].concat()), None);
        assert_eq!(verify("a\n", key.public(), &[]), None);
    }
}
