//! Deeds of long histories: parts of examinations, admissions by them, enrolments in programmes and pathways.

use super::audit_histories::{Actors, Rolls};
use super::deeds_registry::newest;
use crate::RawPosting;
use crate::testing::{exam_scheme, through_training};
use std::collections::BTreeSet;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ExamScheme, OutcomeKind, Pathway, RecordOutcome};

pub(super) fn deed(actors: &mut Actors, r: Rolls) -> RawPosting {
    match r[1] % 8 {
        0 => published(actors, r),
        1..=3 => sat(actors, r),
        4 | 5 => admitted(actors, r),
        _ => enrolled(actors, r),
    }
}

/// The next version of the one scheme or pathway of these histories, about now.
fn published(actors: &mut Actors, r: Rolls) -> RawPosting {
    let effective_from = actors.world.now + (i64::from(r[3]) - 200) * 3_600;
    let ministry = actors.authority(1);
    let scheme = r[2] & 1 == 0;
    let count = actors.world.entries.iter().filter(|(entry, _)| match &entry.statement().message().body {
        Some(Body::ExamScheme(it)) => scheme && it.code == "dice",
        Some(Body::Pathway(it)) => !scheme && it.code == "dice",
        _ => false,
    });
    let version = u32::try_from(count.count()).unwrap_or(0) + 1;
    let body = if scheme {
        let body = ExamScheme { code: "dice".to_owned(), version, effective_from, ..exam_scheme(300, 350) };
        Body::ExamScheme(ExamScheme { region: String::new(), ..body })
    } else {
        let (first, second) = (actors.institution(r[4]), actors.institution(r[5]));
        let phased_out_from = if r[6] & 1 == 0 { 0 } else { actors.world.now - i64::from(r[7]) * 600 };
        let body = through_training(&first, if r[5] < 100 { "" } else { &second });
        Body::Pathway(Pathway { code: "dice".to_owned(), version, effective_from, phased_out_from, ..body })
    };
    actors.world.public(&ministry, body, &[1])
}

/// An outcome of the account by an institution, with some of what all have.
fn record(actors: &mut Actors, kind: OutcomeKind, account: [u8; 16], r: Rolls, values: &[(Tag, String)]) -> RawPosting {
    let issuer = actors.institution(r[2]);
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, account.to_vec()),
        (tags::SOURCE_ID, format!("W-{}", actors.counter).into()),
        (tags::ACHIEVED_ON, actors.day(r[3])),
        (tags::ISSUER_NAME, actors.name(&issuer).into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.clone().into_bytes())));
    let seed = actors.seed(&issuer, r[4]);
    let body = RecordOutcome { outcome_kind: kind as i32, imported: r[4] > 235, ..RecordOutcome::default() };
    actors.world.outcome(&issuer, body, &all, seed)
}

/// Few learners, so that results come together.
fn learner(actors: &Actors, roll: u8) -> [u8; 16] {
    *Actors::pick(&actors.accounts[..actors.accounts.len().min(3)], roll)
}

fn scheme(actors: &Actors, roll: u8) -> u64 {
    newest(actors, |body| matches!(body, Body::ExamScheme(it) if it.code == "dice"), roll)
}

/// 100 and 200 points, or what is no part.
const RESULTS: [(&str, &str, &str); 6] = [
    ("文化素质", "100000", "300000"),
    ("职业技能", "200000", "350000"),
    ("文化素质", "100000", "300000"),
    ("职业技能", "200000", "350000"),
    ("职业技能", "200000", "300000"),
    ("英语", "1000", "300000"),
];

fn sat(actors: &mut Actors, r: Rolls) -> RawPosting {
    let account = learner(actors, r[5]);
    let (part, score, top) = RESULTS[usize::from(r[6] % 6)];
    let values = [
        (tags::SCHEME, if r[7] > 240 { String::new() } else { scheme(actors, r[7]).to_string() }),
        (tags::COMPONENT, part.to_owned()),
        (tags::SCORE_MILLIS, score.to_owned()),
        (tags::TOP_SCORE_MILLIS, top.to_owned()),
    ];
    actors.sat.push((account, actors.world.state.size()));
    record(actors, OutcomeKind::ExamComponent, account, r, &values)
}

fn admitted(actors: &mut Actors, r: Rolls) -> RawPosting {
    let account = learner(actors, r[5]);
    // The newest results of the learner.
    let newest: BTreeSet<u64> =
        actors.sat.iter().rev().filter(|(of, _)| *of == account).map(|(_, at)| *at).take(2).collect();
    let taken = usize::from(r[6] % 8 + 1).min(2);
    let parts: Vec<String> = newest.iter().rev().take(taken).rev().map(ToString::to_string).collect();
    let exempt = r[7].is_multiple_of(4);
    let (score, top) = if exempt { ("200000", "350000") } else { ("300000", "650000") };
    let classes = ["classified", "classified", "recommended", "ordinary"];
    let values = [
        (tags::ADMISSION_CLASS, (*Actors::pick(&classes, r[6])).to_owned()),
        (tags::SCHEME, if r[7] > 240 { String::new() } else { scheme(actors, r[7]).to_string() }),
        (tags::PARTS, parts.join(",")),
        (tags::EXEMPT_GROUND, if exempt { "veteran" } else { "" }.to_owned()),
        (tags::SCORE_MILLIS, score.to_owned()),
        (tags::TOP_SCORE_MILLIS, top.to_owned()),
    ];
    record(actors, OutcomeKind::Admission, account, r, &values)
}

fn enrolled(actors: &mut Actors, r: Rolls) -> RawPosting {
    let account = learner(actors, r[5]);
    let event = Actors::pick(&["enrol", "enrol", "transition", "leave"], r[6]);
    let pathway = newest(actors, |body| matches!(body, Body::Pathway(it) if it.code == "dice"), r[7]);
    let programme = match actors.programmes.last() {
        Some(programme) if r[6] > 128 => programme.to_string(),
        _ => String::new(),
    };
    let values = [
        (tags::ENROLMENT_EVENT, (*event).to_owned()),
        (tags::PATHWAY, if r[7] > 200 { String::new() } else { pathway.to_string() }),
        (tags::SEGMENT, if r[6] > 200 { String::new() } else { (r[7] % 4).to_string() }),
        (tags::PROGRAMME, programme),
    ];
    record(actors, OutcomeKind::EnrolmentEvent, account, r, &values)
}
