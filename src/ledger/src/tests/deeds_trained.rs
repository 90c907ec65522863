//! Deeds of long histories: trainings, stacks, degrees and activities; keys of authorities, and a second beginning.

use super::audit_histories::{Actors, Rolls};
use crate::RawPosting;
use crate::testing::{World, headcount, x_family};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::authority_key::Action;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AuthorityKey, AuthorityKeyGrant, CertificateFamily, EndKey, OutcomeKind, RecordOutcome};

/// Families that these deeds issue certificates of.
pub(super) const FAMILIES: [&str; 4] = ["x-bim", "skill-cook", "m-noodle", "t-base"];

/// Publishes the two that a furnished world has not.
pub(super) fn furnish(world: &mut World) {
    let ministry = world.ministry.id.clone();
    for (name, kind) in [("m-noodle", OutcomeKind::MicroCertificate), ("t-base", OutcomeKind::CompletionCertificate)] {
        let family =
            CertificateFamily { code: name.to_owned(), outcome_kind: kind as i32, levels: Vec::new(), ..x_family() };
        let index = world.post(&ministry, Body::CertificateFamily(family), &[1]);
        world.named.insert(name, index);
    }
    let body = world.accreditation(&world.body, "320000", "示例评价组织");
    let families = FAMILIES.map(str::to_owned).to_vec();
    world.accredit(xuefen_core::proto::AccreditInstitution { families, ..body });
}

pub(super) fn deed(actors: &mut Actors, r: Rolls) -> RawPosting {
    match r[1] % 8 {
        0 => authority(actors, r),
        1..=4 => trained(actors, r),
        5 if r[2] & 1 == 0 => headcounted(actors, r),
        5 => degree(actors, r),
        6 if r[2] < 20 => {
            let (ministry, body) = (actors.authority(1), actors.world.genesis());
            actors.world.public(&ministry, body, &[1])
        }
        _ => activity(actors, r),
    }
}

/// A key for a province, by the nation or itself; and its end. Never the keys that everything else rests on.
fn authority(actors: &mut Actors, r: Rolls) -> RawPosting {
    let (authority, region) =
        if r[2] & 1 == 0 { (actors.authority(2), "630000") } else { (actors.authority(3), "320000") };
    // Few keys, so that they are granted twice, end, and end twice.
    let secret = SecretKey::from_seed(&[220 + r[3] % 4; 32]);
    let key = secret.public();
    let action = if r[4] & 1 == 0 {
        Action::Grant(AuthorityKeyGrant {
            authority: authority.clone(),
            role: if r[5] < 128 { 1 } else { 1 + i32::from(r[5] % 6) },
            region: region.to_owned(),
            algorithm: 1,
            public_key: key.as_bytes().to_vec(),
            valid_from: if r[6] < 40 { actors.world.now + (i64::from(r[6]) - 20) * 3_600 } else { 0 },
            ..AuthorityKeyGrant::default()
        })
    } else {
        let (ground, back) = if r[5] & 1 == 0 { (1, 0) } else { (2, i64::from(r[6]) * 20_000) };
        let compromised_since = if ground == 2 { actors.world.now - back } else { 0 };
        Action::End(EndKey { key_id: key.id().as_bytes().to_vec(), ground, compromised_since })
    };
    let body = Body::AuthorityKey(AuthorityKey { action: Some(action) });
    let (issuer, seed) = match r[7] % 8 {
        0 => (actors.world.school.id.clone(), 4),
        1 | 2 => (authority, if r[2] & 1 == 0 { 2 } else { 3 }),
        _ => (actors.authority(1), 1),
    };
    actors.world.public(&issuer, body, &[seed])
}

fn record(
    actors: &mut Actors,
    issuer: &str,
    kind: OutcomeKind,
    account: [u8; 16],
    r: Rolls,
    values: &[(Tag, String)],
) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, account.to_vec()),
        (tags::SOURCE_ID, format!("T-{}", actors.counter).into()),
        (tags::ACHIEVED_ON, actors.day(r[3])),
        (tags::ISSUER_NAME, actors.name(issuer).into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.clone().into_bytes())));
    let seed = actors.seed(issuer, r[4]);
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    actors.world.outcome(issuer, body, &all, seed)
}

/// A completion certificate of a training, or a micro-certificate stacked from some.
fn trained(actors: &mut Actors, r: Rolls) -> RawPosting {
    let issuer = actors.world.body.id.clone();
    let account = *Actors::pick(&actors.accounts[..actors.accounts.len().min(2)], r[2]);
    let number = |index: u64| index.to_string();
    let certificate = (tags::CERTIFICATE_NUMBER, format!("N-{}", actors.counter));
    let own: Vec<u64> = actors.stacked.iter().filter(|(of, _)| *of == account).map(|(_, index)| *index).collect();
    actors.stacked.push((account, actors.world.state.size()));
    if r[5] & 1 == 0 && !own.is_empty() {
        let mut parts = vec![*Actors::pick(&own, r[6]), *Actors::pick(&own, r[7])];
        parts.sort_unstable();
        parts.dedup();
        let parts: Vec<String> = parts.into_iter().map(number).collect();
        let values = [certificate, (tags::FAMILY, actors.world.index("m-noodle")), (tags::PARTS, parts.join(","))];
        return record(actors, &issuer, OutcomeKind::MicroCertificate, account, r, &values);
    }
    let project = Actors::pick(&["enterprise_skills", "dual_qualified_teacher", "pre_service", "other"], r[6]);
    let (minutes, practice) = *Actors::pick(&[(3_600, 1_800), (3_600, 1_755), (3_600, 3_600), (10, 11)], r[7]);
    let values = [
        certificate,
        (tags::FAMILY, actors.world.index("t-base")),
        (tags::PROJECT_TYPE, (*project).to_owned()),
        (tags::MINUTES, minutes.to_string()),
        (tags::PRACTICE_MINUTES, practice.to_string()),
        (tags::RUN, if r[5] > 128 { "run-1" } else { "" }.to_owned()),
    ];
    actors.records.push(actors.world.state.size());
    record(actors, &issuer, OutcomeKind::CompletionCertificate, account, r, &values)
}

fn degree(actors: &mut Actors, r: Rolls) -> RawPosting {
    let issuer = actors.institution(r[2]);
    let account = *Actors::pick(&actors.accounts, r[5]);
    let programme = actors.programmes.last().map(ToString::to_string).unwrap_or_default();
    let values = [
        (tags::CERTIFICATE_NUMBER, format!("N-{}", actors.counter)),
        (tags::STUDY_MODE, (*Actors::pick(&["", "regular", "continuing", "regular"], r[6])).to_owned()),
        (tags::MAJOR, if r[7] > 20 { "440301" } else { "" }.to_owned()),
        (tags::PROGRAMME, if r[7] & 1 == 0 { programme } else { String::new() }),
    ];
    record(actors, &issuer, OutcomeKind::DegreeCertificate, account, r, &values)
}

fn headcounted(actors: &mut Actors, r: Rolls) -> RawPosting {
    let institution = if r[3] < 240 { actors.institution(r[3]) } else { "x-nobody".to_owned() };
    let today = u32::try_from((actors.world.now + 28_800).div_euclid(86_400)).unwrap_or(0);
    let body = headcount(&institution, today - 2 + u32::from(r[4] % 4), u64::from(r[5]) * 500_000);
    let (issuer, seed) = if r[6] < 160 {
        let issuer = actors.institution(r[3] ^ (r[6] & 1));
        let seed = actors.seed(&issuer, r[7]);
        (issuer, seed)
    } else {
        let seed = 1 + r[7] % 3;
        (actors.authority(seed), seed)
    };
    actors.world.public(&issuer, Body::DeclareHeadcount(body), &[seed])
}

fn activity(actors: &mut Actors, r: Rolls) -> RawPosting {
    let issuer = actors.institution(r[2]);
    let account = *Actors::pick(&actors.accounts, r[5]);
    let kind = Actors::pick(&["labour", "innovation", "other"], r[6]);
    let values = [
        (tags::TITLE, "志愿服务".to_owned()),
        (tags::ACTIVITY_KIND, (*kind).to_owned()),
        (tags::MINUTES, r[7].to_string()),
    ];
    record(actors, &issuer, OutcomeKind::NonCreditActivity, account, r, &values)
}
