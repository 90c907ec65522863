//! Deeds of long histories: device keys, amendments and signed mergers of learners.

use super::audit_histories::{Actors, Rolls};
use crate::RawPosting;
use crate::testing::payload;
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AmendAccount, UnbindKey};

pub(super) fn deed(actors: &mut Actors, r: Rolls) -> RawPosting {
    let account = *Actors::pick(&actors.accounts, r[2]);
    let other = *Actors::pick(&actors.accounts, r[3]);
    // Few keys, so that they are bound, let go and used again.
    let device = 200 + r[4] % 6;
    let (body, payload) = match r[5] % 8 {
        0..=2 => actors.world.binding(account, device),
        3 => {
            let values = [
                (tags::ACCOUNT, account.to_vec()),
                (tags::HOLDER_KEY, SecretKey::from_seed(&[device; 32]).public().as_bytes().to_vec()),
                (tags::CONSENT, if r[6] < 240 { "挂失单-1" } else { "" }.into()),
            ];
            (Body::UnbindKey(UnbindKey::default()), payload(tags::UNBIND_KEY, &values))
        }
        4 | 5 => actors.world.signed_merger(account, other, device),
        _ => {
            let carrier = r[6] & 1 == 0;
            let values = [
                (tags::ACCOUNT, account.to_vec()),
                (tags::CARRIER_KIND, if carrier { "social_security_card" } else { "" }.into()),
                (
                    tags::CARRIER_NUMBER,
                    if carrier || r[6] > 250 { format!("K-{}", r[7] % 8) } else { String::new() }.into(),
                ),
                (tags::CATEGORY, if r[6] & 2 == 0 { "在职员工" } else { "" }.into()),
                (tags::CATEGORY_FROM, if r[6] & 2 == 0 { "2026-09-01" } else { "" }.into()),
            ];
            (Body::AmendAccount(AmendAccount::default()), payload(tags::AMEND_ACCOUNT, &values))
        }
    };
    let issuer = actors.institution(r[7]);
    let seed = actors.seed(&issuer, 255);
    let mut seeds = vec![seed];
    if r[6] < 128 {
        let second = actors.institution(r[6]);
        seeds.push(actors.seed(&second, 255));
        seeds.dedup();
    }
    actors.world.private(&issuer, body, &payload, &seeds)
}
