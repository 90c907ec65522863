//! Deeds of long histories: headcounts, and seeded inspections begun and reported on, mostly right.

use super::audit_histories::{Actors, Rolls};
use crate::RawPosting;
use crate::testing::{headcount, inspection, inspection_report};
use xuefen_core::proto::Inspection;
use xuefen_core::proto::statement::Body;

/// 2026-09-01, the day the world begins.
const TODAY: u32 = 20_697;

const SECRETS: [&[u8]; 2] = [b"0123456789abcdef", b"fedcba9876543210"];

pub(super) fn deed(actors: &mut Actors, r: Rolls) -> RawPosting {
    match r[1] % 3 {
        0 => declared(actors, r),
        1 => begun(actors, r),
        _ => reported(actors, r),
    }
}

fn declared(actors: &mut Actors, r: Rolls) -> RawPosting {
    let institution = if r[2] > 245 { "x-nobody".to_owned() } else { actors.institution(r[2]) };
    let (issuer, seed) = if r[3] < 120 {
        let seed = 1 + r[3] % 3;
        (actors.authority(seed), seed)
    } else {
        let issuer = actors.institution(if r[3] < 240 { r[2] } else { r[4] });
        let seed = actors.seed(&issuer, r[5]);
        (issuer, seed)
    };
    // Days that have come, and some that have not; the history's clock goes on for months.
    let mut body = headcount(&institution, TODAY + u32::from(r[6] % 40), u64::from(r[7]) * 10);
    if r[6] > 250 {
        body.staff = 1 << 40;
    }
    actors.world.public(&issuer, Body::DeclareHeadcount(body), &[seed])
}

fn speaker(actors: &Actors, roll: u8) -> (String, u8) {
    if roll > 235 {
        let issuer = actors.institution(roll);
        let seed = actors.seed(&issuer, 255);
        return (issuer, seed);
    }
    let seed = 1 + roll % 2;
    (actors.authority(seed), seed)
}

fn begun(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let mut body = inspection(SECRETS[usize::from(r[3] > 200)]);
    match r[4] {
        0..40 => body.checkpoint_size = actors.world.state.size() + u64::from(r[5] % 6),
        40..50 => body.secret_commitment.clear(),
        50..60 => body.root = vec![0; 32],
        60..70 => body.population_issuer = "bad".to_owned(),
        70..80 => body.drawn = 0,
        80..120 => body.population_outcome_kind = i32::from(r[5] % 20),
        _ => {}
    }
    actors.world.public(&issuer, Body::Inspection(body), &[seed])
}

fn reported(actors: &mut Actors, r: Rolls) -> RawPosting {
    let begins = |body: &Option<Body>| matches!(body, Some(Body::Inspection(it)) if it.commitment_index == 0);
    let entries = actors.world.entries.iter().enumerate().rev();
    let newest = entries.filter(|(_, (entry, _))| begins(&entry.statement().message().body));
    let index = newest.map(|(at, _)| at as u64).nth(usize::from(r[2] % 2)).unwrap_or(u64::from(r[2]));
    let (issuer, seed) = match actors.world.entries.get(usize::try_from(index).unwrap_or_default()) {
        Some((entry, _)) if r[3] < 230 && entry.statement().issuer() == actors.world.ministry.id => {
            (actors.world.ministry.id.clone(), 1)
        }
        _ => speaker(actors, 1 + r[3] % 2 * 2),
    };
    let body = inspection_report(&actors.world, index, SECRETS[usize::from(r[4] > 230)]);
    let finding = |at: u64| actors.world.reference(at);
    let body = match r[5] {
        0..15 => Inspection { checkpoint_size: body.checkpoint_size - 1, ..body },
        15..30 => Inspection { root: vec![0; 32], ..body },
        30..40 => Inspection { drawn: 6, ..body },
        40..80 => Inspection { findings: vec![finding(1), finding(u64::from(r[6] % 9))], ..body },
        80..90 => Inspection { scheme: String::new(), ..body },
        _ => body,
    };
    actors.world.public(&issuer, Body::Inspection(body), &[seed])
}
