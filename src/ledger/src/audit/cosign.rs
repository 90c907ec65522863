//! Second signatures under outcomes (rules.md 2, "Co-signing").

use super::book::{Book, Seen, Standing};
use super::judge::{Case, Judge};
use super::policies::COSIGN;
use super::text::is_institution;
use crate::rejection::Rejection;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{InstitutionKind, OutcomeKind, RecordOutcome};

/// Days that an internship waits for its host as long as no policy says otherwise.
const INTERNSHIP_DAYS: i64 = 90;

fn signs(case: &Case<'_>, party: &str) -> bool {
    case.signers.iter().any(|key| key.owner == party && key.role.is_none())
}

/// Judges the co-signer; until when the outcome waits, if it does.
pub(super) fn check(case: &Case<'_>, body: &RecordOutcome, book: &Book, judge: &mut Judge) -> Option<i64> {
    let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
    let internship = kind == OutcomeKind::PracticeRecord;
    let party = body.cosigner.as_str();
    let signed = signs(case, party);
    let policy = book.policy_for(case.issuer, case.logged_at);
    // (at entry, days until it lapses)
    let built_in = match kind {
        OutcomeKind::PracticeRecord => Some((false, INTERNSHIP_DAYS)),
        OutcomeKind::HomeSchoolTransfer => Some((true, 0)),
        _ => None,
    };
    let asked = policy.cosigning(kind as i32, built_in).filter(|_| !body.imported);
    if let Some((at_entry, _)) = asked {
        judge.unless(!party.is_empty(), Rejection::CosignerMissing, || "nobody".to_owned());
        judge.unless(!at_entry || signed, Rejection::CosignerMissing, || party.to_owned());
    }
    if party.is_empty() {
        return None;
    }
    judge.unless(is_institution(party), Rejection::InstitutionIdMalformed, || party.to_owned());
    let institution = book.institutions.get(party);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || party.to_owned());
    let acts = institution.is_none_or(|it| it.hindered(case.logged_at).is_none());
    judge.unless(acts, Rejection::ReferenceNotInForce, || party.to_owned());
    let other = !book.line_of(case.issuer).iter().any(|id| id == party);
    judge.unless(other, Rejection::CosignerWrong, || party.to_owned());
    let of_kind = institution.is_none_or(|it| body.imported || policy.takes_cosigner(kind as i32, it.rights.kind));
    judge.unless(of_kind, Rejection::CosignerWrong, || format!("{party} is of another kind"));
    if internship {
        let at_work = [case.issuer, party].into_iter().filter_map(|id| book.institutions.get(id)).any(|it| {
            let kind = InstitutionKind::try_from(it.rights.kind).unwrap_or_default();
            [InstitutionKind::Enterprise, InstitutionKind::TrainingBase, InstitutionKind::Consortium].contains(&kind)
        });
        judge.unless(at_work, Rejection::CosignerWrong, || "two schools".to_owned());
    }
    let (at_once, days) = asked.unwrap_or((false, policy.days(COSIGN)));
    (!signed && !at_once).then(|| case.logged_at + days * 86_400)
}

/// The two schools of a transfer are those that sign.
pub(super) fn transfer(case: &Case<'_>, body: &RecordOutcome, judge: &mut Judge) {
    let mut schools = [case.text(tags::FROM_SCHOOL), case.text(tags::TO_SCHOOL)];
    let mut parties = [case.issuer, body.cosigner.as_str()];
    schools.sort_unstable();
    parties.sort_unstable();
    let fits = schools[0] != schools[1] && (body.imported || schools == parties);
    judge.unless(fits, Rejection::TransferPartiesWrong, || format!("{} and {}", parties[0], parties[1]));
}

pub(super) fn has_lapsed(standing: &Standing, time: i64) -> bool {
    standing.pending && standing.lapses_at.is_some_and(|at| at <= time)
}

/// Whether a countersignature by the issuer of this entry is the one that the target waits for.
pub(super) fn completes(case: &Case<'_>, target: &Seen, book: &Book) -> bool {
    !target.cosigner.is_empty() && signs(case, case.issuer) && book.line_of(case.issuer).contains(&target.cosigner)
}
