//! Consent (rules.md 4, 8): a learner's device key, an activation code that the operator checked, or paper.

use crate::access::Access;
use crate::case::{Case, Check, Stop, ensure};
use crate::facts::{Consent, Facts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::AccountKey;
use crate::rules::device::is_bound;
use crate::state::Read;
use xuefen_core::Hash;
use xuefen_core::consent::{Asked, verify};
use xuefen_core::key::{PublicKey, Signature};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AuthorityRole, EntryRef};

/// What a signature is over: what is asked for, the rule or entry it is about, leaf hashes.
type Signed<'a> = (&'a Consent, Asked, u64, Vec<Hash>);

/// What the learner agreed to, and the signed form of it.
fn asked<'a, S: Read + ?Sized>(case: &Case<'a, S>, body: &Body) -> Result<Option<Signed<'a>>, Stop> {
    let about = |target: Option<&EntryRef>| {
        let target = target?;
        Some((target.index, vec![Hash::from_slice(&target.leaf_hash)?]))
    };
    Ok(match (&case.prepared.facts, body) {
        (Facts::Apply(facts), Body::ApplyConversion(body)) => {
            let mut hashes = Vec::with_capacity(facts.sources.len());
            for index in &facts.sources {
                hashes.extend(case.entries.leaf_hash(*index)?);
            }
            Some((&facts.consent, Asked::Conversion, body.rule_index, hashes))
        }
        (Facts::Ask(facts), Body::AppealDecision(body)) => {
            about(body.decision.as_ref()).map(|(index, hashes)| (&facts.consent, Asked::Appeal, index, hashes))
        }
        (Facts::Ask(facts), Body::ReverseConversion(body)) => {
            about(body.conversion.as_ref()).map(|(index, hashes)| (&facts.consent, Asked::Reversal, index, hashes))
        }
        _ => None,
    })
}

/// A signature that is there is good, and was made at most 30 days before the statement.
pub(super) fn signature<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    let Some((consent, asked, rule, hashes)) = asked(case, body)? else { return Ok(()) };
    let Some((key, signature, time)) = &consent.signed else { return Ok(()) };
    let ledger = case.prepared.statement().map(xuefen_core::statement::Statement::ledger).unwrap_or_default();
    let recent = i64::try_from(*time).is_ok_and(|time| {
        let age = case.issued_at.saturating_sub(time);
        (-300..=xuefen_core::time::DEFAULT_MAX_AGE_SECONDS).contains(&age)
    });
    let good = recent
        && PublicKey::parse(key)
            .is_ok_and(|key| verify(&key, &Signature(*signature), ledger, (asked, rule, &hashes), *time));
    ensure(good, Rejection::LearnerSignatureWrong, field(tags::LEARNER_SIGNATURE))
}

/// The learner agreed, in a way that is enough: where a use reaches beyond one programme, not on paper alone.
pub(super) fn given<S: Read + ?Sized>(
    case: &Case<'_, S>,
    account: AccountKey,
    consent: &Consent,
    reaches_far: bool,
) -> Check {
    if let Some((key, _, _)) = &consent.signed {
        let bound = is_bound(case.state, key, account)?;
        return ensure(bound, Rejection::LearnerSignatureMissing, field(tags::HOLDER_KEY));
    }
    // Only the operator knows activation codes.
    let activated = consent.activated && case.acts_as(AuthorityRole::Intake);
    let there = activated || consent.on_paper;
    if !there {
        return Err(Refusal::new(Rejection::ConsentMissing, field(tags::CONSENT)).into());
    }
    let enough = activated || !reaches_far;
    ensure(enough, Rejection::LearnerSignatureMissing, field(tags::LEARNER_SIGNATURE))
}

/// The account that a payload names is known.
pub(super) fn known<S: Read + ?Sized>(case: &Case<'_, S>, account: Option<AccountKey>) -> Check {
    let Some(account) = account else { return Ok(()) };
    case.state.account(account)?.ok_or_else(crate::rules::account::unknown)?;
    Ok(())
}
