//! Uses of outcomes: one row per nullifier, whoever uses (a conversion or an award), and whether a new use meets one that
//! still stands (rules.md 4, 2).

use crate::access::{Access, Writer};
use crate::rows::{self, UseRow};
use crate::state::{Read, ReadError};
use xuefen_core::nullifier::ScopeKind;
use xuefen_core::proto::NullifierTriple;

/// The nullifier of a triple at a scope.
fn at(triple: &NullifierTriple, scope: ScopeKind) -> &[u8] {
    match scope {
        ScopeKind::Programme => &triple.programme,
        ScopeKind::Institution => &triple.institution,
        ScopeKind::Bank => &triple.bank,
    }
}

const SCOPES: [ScopeKind; 3] = [ScopeKind::Programme, ScopeKind::Institution, ScopeKind::Bank];

/// Whether a use still stands: its decision was neither reversed nor replaced.
fn stands<S: Read + ?Sized>(state: &S, entry: u64) -> Result<bool, ReadError> {
    Ok(state.conversion(entry)?.is_some_and(|row| row.ended_by.is_none()))
}

/// The first use that a new one meets, in the order of the triples: the same nullifier at the wider of the two scopes.
/// Those of
/// `replaces` are about to end.
pub(super) fn conflict<S: Read + ?Sized>(
    state: &S,
    triples: &[NullifierTriple],
    scope: ScopeKind,
    replaces: Option<u64>,
) -> Result<Option<u64>, ReadError> {
    let mut first: Option<u64> = None;
    for triple in triples {
        for wider in SCOPES.into_iter().filter(|wider| *wider >= scope) {
            let used: Vec<UseRow> =
                state.value(&rows::use_of(at(triple, wider)))?.map(|(_, it)| it).unwrap_or_default();
            for UseRow { entry, scope: theirs } in used {
                let meets = wider.number() == theirs.max(scope.number());
                if meets && Some(entry) != replaces && stands(state, entry)? {
                    first = Some(first.map_or(entry, |first| first.min(entry)));
                }
            }
        }
    }
    Ok(first)
}

/// Writes the uses of an entry under all its nullifiers. Uses that ended are forgotten.
pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    triples: &[NullifierTriple],
    scope: u8,
) -> Result<(), ReadError> {
    let entry = writer.index();
    for triple in triples {
        for kind in SCOPES {
            let key = rows::use_of(at(triple, kind));
            let known: Vec<UseRow> = writer.value(&key)?.map(|(_, it)| it).unwrap_or_default();
            let mut uses = Vec::with_capacity(known.len() + 1);
            for known in known {
                if known.entry != entry && stands(writer, known.entry)? {
                    uses.push(known);
                }
            }
            uses.push(UseRow { entry, scope });
            writer.put(key, &uses);
        }
    }
    Ok(())
}
