//! Deeds of long histories: what authorities publish for everybody, and outcomes that rest on it.

use super::audit_histories::{Actors, Rolls};
use crate::RawPosting;
use crate::testing::{
    catalogue, charter, course, equivalence, evaluation, exam_scheme, filed, framework, through_training,
};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Course, Equivalence, ExamScheme, FiledMajors, Framework, LevelRef, MajorCatalogue, OutcomeKind,
};

pub(super) fn deed(actors: &mut Actors, r: Rolls) -> RawPosting {
    match r[1] % 11 {
        8 => chartered(actors, r),
        9 => by_park(actors, r),
        10 => evaluated(actors, r),
        0 => published(actors, r),
        6 => pathway(actors, r),
        7 => examined(actors, r),
        1 | 2 => filing(actors, r),
        3 => levelled(actors, r),
        _ => studied(actors, r),
    }
}

/// Mostly by an authority.
fn speaker(actors: &Actors, roll: u8) -> (String, u8) {
    if roll < 220 {
        let seed = 1 + roll % 3;
        return (actors.authority(seed), seed);
    }
    let institution = actors.institution(roll);
    let seed = actors.seed(&institution, 255);
    (institution, seed)
}

/// The newest entry that this is true of, else entry 0; sometimes another.
pub(super) fn newest(actors: &Actors, is: impl Fn(&Body) -> bool, roll: u8) -> u64 {
    if roll > 235 {
        return u64::from(roll) % actors.world.state.size();
    }
    let entries = actors.world.entries.iter().enumerate().rev();
    let found = entries.filter(|(_, (entry, _))| entry.statement().message().body.as_ref().is_some_and(&is));
    found.map(|(at, _)| at as u64).nth(usize::from(roll % 2)).unwrap_or(0)
}

fn published(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let (version, effective_from) = (1 + u32::from(r[3] % 3), if r[4] > 240 { i64::MAX >> 20 } else { 0 });
    let body = if r[5] & 1 == 0 {
        let mut body = Framework { version, effective_from, ..framework() };
        body.levels.truncate(usize::from(r[6] % 5));
        if r[7] > 235 {
            body.levels.reverse();
        }
        Body::Framework(body)
    } else {
        let mut body = MajorCatalogue { version, effective_from, ..catalogue() };
        match r[6] {
            0..8 => body.majors.reverse(),
            8..16 => body.classes.truncate(1),
            16..24 => body.categories.clear(),
            24..32 => body.majors.truncate(1),
            _ => {}
        }
        Body::MajorCatalogue(body)
    };
    actors.world.public(&issuer, body, &[seed])
}

fn pathway(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let schools = [actors.institution(r[3]), String::new(), "x-nobody".to_owned(), "bad".to_owned()];
    let mut body = through_training(&schools[usize::from(r[4] / 80)], &schools[usize::from(r[5] > 128)]);
    body.version = 1 + u32::from(r[6] % 3);
    body.effective_from = actors.world.now + i64::from(r[7]) - 128;
    match r[5] {
        0..10 => body.segments.reverse(),
        10..20 => body.labels.clear(),
        20..30 => body.segments[0].years = 0,
        _ => {}
    }
    actors.world.public(&issuer, Body::Pathway(body), &[seed])
}

fn examined(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let version = 1 + u32::from(r[3] % 3);
    let body = if r[4] & 1 == 0 {
        let mut body = ExamScheme { version, ..exam_scheme(300 + u32::from(r[7]), 400) };
        body.region = ["320000", "630000", "", "32"][usize::from(r[5] % 4)].to_owned();
        match r[6] {
            0..10 => body.parts[0].top_score = 0,
            10..20 => body.exempt_grounds.push("veteran".to_owned()),
            20..30 => body.general = true,
            30..40 => body.parts.truncate(1),
            _ => {}
        }
        Body::ExamScheme(body)
    } else {
        let mut body = Equivalence { version, ..equivalence() };
        let standing = body.to.as_mut().expect("it has both");
        match r[6] {
            0..10 => standing.outcome_kind = 1,
            10..20 => standing.code = String::new(),
            20..30 => standing.outcome_kind = OutcomeKind::SkillLevelCertificate as i32,
            30..40 => body.to = None,
            _ => {}
        }
        Body::Equivalence(body)
    };
    actors.world.public(&issuer, body, &[seed])
}

/// Keys of some of the members, ascending and each once.
fn members(actors: &Actors, roll: u8) -> Vec<u8> {
    let ids = [&actors.world.school.id, &actors.world.college.id, &actors.world.body.id];
    let of = |at: usize| actors.seed(ids[at], 255);
    (0..3).filter(|at| roll & (1 << at) != 0).map(of).collect()
}

fn chartered(actors: &mut Actors, r: Rolls) -> RawPosting {
    let now = crate::query::charter(&actors.world.state, &actors.park).expect("memory");
    let mut body = charter(&actors.world, &actors.park);
    body.version = now.map_or(1, |row| row.version + u32::from(r[2] < 240));
    match r[3] % 8 {
        0 => body.seats.truncate(2),
        1 => drop(body.seats.remove(usize::from(r[4] % 3))),
        2 if r[4] > 200 => {
            body.seats.clear();
            body.minimums.clear();
            body.threshold = 0;
        }
        3 => body.threshold = u32::from(r[4] % 5),
        4 => body.seats[0].kind = 10,
        _ => {}
    }
    if !body.seats.iter().any(|seat| seat.kind == 10) && r[5] < 220 {
        body.minimums.clear();
    }
    let mut seeds = members(actors, r[6]);
    let issuer = match r[7] % 3 {
        0 => actors.park.clone(),
        1 => actors.institution(r[5]),
        _ => {
            seeds.push(3);
            actors.authority(3)
        }
    };
    if seeds.is_empty() {
        seeds.push(1);
    }
    actors.world.public(&issuer, Body::Charter(body), &seeds)
}

fn by_park(actors: &mut Actors, r: Rolls) -> RawPosting {
    let mut seeds = members(actors, r[3] | 1 << (r[3] % 3));
    if r[4] > 240 {
        seeds.push(1);
    }
    let park = actors.park.clone();
    let body = Course { code: format!("park-{}", actors.counter), ..course(actors.world.named["rule"]) };
    actors.world.public(&park, Body::Course(body), &seeds)
}

fn evaluated(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let institution = if r[3] < 240 { actors.institution(r[3]) } else { actors.park.clone() };
    let body = evaluation(&institution, 2023 + u32::from(r[4] % 2), ["优秀", "合格", ""][usize::from(r[5] / 100)]);
    actors.world.public(&issuer, Body::EvaluateInstitution(body), &[seed])
}

fn filing(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (issuer, seed) = speaker(actors, r[2]);
    let institution = if r[3] < 250 { actors.institution(r[3]) } else { "x-nobody".to_owned() };
    let index = newest(actors, |body| matches!(body, Body::MajorCatalogue(_)), r[4]);
    let majors: &[&str] = match r[5] % 6 {
        0 => &["500112"],
        1 => &["500112", "440301"],
        2 => &["440309"],
        _ => &["440301", "500112"],
    };
    let body = filed(&institution, 2025 + u32::from(r[6] % 2), index, majors);
    let training_level = if r[7] < 200 { 4 } else { u32::from(r[7] % 6) };
    actors.world.public(&issuer, Body::FiledMajors(FiledMajors { training_level, ..body }), &[seed])
}

fn levelled(actors: &mut Actors, r: Rolls) -> RawPosting {
    let issuer = actors.institution(r[2]);
    let seed = actors.seed(&issuer, r[3]);
    let framework_index = newest(actors, |body| matches!(body, Body::Framework(_)), r[4]);
    let level = Some(LevelRef { framework_index, level: u32::from(r[5] % 5) });
    let body = Course { code: format!("level-{}", actors.counter), level, ..course(actors.world.named["rule"]) };
    actors.world.public(&issuer, Body::Course(body), &[seed])
}

fn studied(actors: &mut Actors, r: Rolls) -> RawPosting {
    let issuer = if r[2] & 1 == 0 { actors.world.college.id.clone() } else { actors.world.school.id.clone() };
    let offer = if issuer == actors.world.school.id { "course" } else { "other_course" };
    let (mut body, mut values) = actors.world.course_outcome();
    let modes = ["continuing", "continuing", "continuing", "self_study", "non_degree", "regular", "", "full_time"];
    values.extend([
        (tags::OFFER, actors.world.index(offer).into()),
        (tags::ACCOUNT, Actors::pick(&actors.accounts, r[3]).to_vec()),
        (tags::SOURCE_ID, format!("M-{}", actors.counter).into()),
        (tags::RUN, format!("m-{}", actors.counter).into()),
        (tags::ACHIEVED_ON, actors.day(r[4])),
        (tags::ISSUER_NAME, actors.name(&issuer).into()),
        (tags::STUDY_MODE, (*Actors::pick(&modes, r[5])).into()),
        (tags::MAJOR, if r[6] < 230 { "500112" } else { "" }.into()),
    ]);
    body.imported = r[7] > 240;
    let seed = actors.seed(&issuer, r[7]);
    actors.world.outcome(&issuer, body, &values, seed)
}
