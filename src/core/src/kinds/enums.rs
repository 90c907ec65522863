//! Whether an enum is negative anywhere in a body. Such values encode to themselves again, so comparing encodings does not
//! find them (formats.md 1); a test holds this page against every enum field of the schema.

use crate::proto::statement::Body;
use crate::proto::{
    AccreditInstitution, AuthorityKey, AuthorityKeyGrant, ChangeInstitution, Charter, ConversionRule, DecideConversion,
    Equivalence, InstitutionKey, Policy, authority_key, change_institution, institution_key,
};

/// No enum of the body is negative, at any level.
pub(super) fn non_negative(body: &Body) -> bool {
    match body {
        Body::Genesis(body) => body.keys.iter().all(grant),
        Body::AuthorityKey(body) => authority_key(body),
        Body::AccreditInstitution(body) => accredit(body),
        Body::ChangeInstitution(body) => change(body),
        Body::Charter(body) => charter(body),
        Body::InstitutionKey(body) => institution_key(body),
        Body::Policy(body) => policy(body),
        Body::Equivalence(body) => equivalence(body),
        Body::CertificateFamily(body) => body.outcome_kind >= 0,
        Body::ConversionRule(body) => conversion_rule(body),
        Body::EraseNotice(body) => body.ground >= 0,
        Body::RecordOutcome(body) => body.outcome_kind >= 0,
        Body::Suspend(body) => body.reason >= 0,
        Body::Revoke(body) => body.reason >= 0,
        Body::DecideConversion(DecideConversion { verdict, scope, .. }) => all(&[*verdict, *scope]),
        Body::DecideAppeal(body) => body.verdict >= 0,
        Body::Inspection(body) => body.population_outcome_kind >= 0,
        Body::FiledMajors(_)
        | Body::EvaluateInstitution(_)
        | Body::Framework(_)
        | Body::MajorCatalogue(_)
        | Body::RecordingRule(_)
        | Body::ExamScheme(_)
        | Body::Pathway(_)
        | Body::Course(_)
        | Body::Module(_)
        | Body::Programme(_)
        | Body::Run(_)
        | Body::OpenAccount(_)
        | Body::AmendAccount(_)
        | Body::BindKey(_)
        | Body::UnbindKey(_)
        | Body::MergeAccounts(_)
        | Body::Countersign(_)
        | Body::Reinstate(_)
        | Body::ApplyConversion(_)
        | Body::AcceptApplication(_)
        | Body::AppealDecision(_)
        | Body::ReverseConversion(_)
        | Body::WithdrawApplication(_)
        | Body::ConferAward(_)
        | Body::DeclareHeadcount(_)
        | Body::AnchorLedger(_) => true,
    }
}

fn all(values: &[i32]) -> bool {
    values.iter().all(|value| *value >= 0)
}

fn grant(AuthorityKeyGrant { role, algorithm, .. }: &AuthorityKeyGrant) -> bool {
    all(&[*role, *algorithm])
}

fn authority_key(body: &AuthorityKey) -> bool {
    match &body.action {
        None => true,
        Some(authority_key::Action::Grant(key)) => grant(key),
        Some(authority_key::Action::End(end)) => end.ground >= 0,
    }
}

fn accredit(AccreditInstitution { kind, sector, outcome_kinds, .. }: &AccreditInstitution) -> bool {
    all(&[*kind, *sector]) && all(outcome_kinds)
}

fn change(body: &ChangeInstitution) -> bool {
    use change_institution::Change;
    match &body.change {
        None | Some(Change::Rename(_) | Change::Merge(_) | Change::Reinstate(_)) => true,
        Some(Change::Suspend(suspend)) => suspend.ground >= 0,
        Some(Change::Revoke(revoke)) => all(&[revoke.ground, revoke.effect]),
    }
}

fn charter(Charter { seats, minimums, .. }: &Charter) -> bool {
    seats.iter().all(|seat| seat.kind >= 0) && minimums.iter().all(|minimum| minimum.kind >= 0)
}

fn institution_key(body: &InstitutionKey) -> bool {
    use institution_key::Action;
    match &body.action {
        None => true,
        Some(Action::Authorise(key)) => key.algorithm >= 0,
        Some(Action::Rotate(key)) => key.algorithm >= 0,
        Some(Action::End(end)) => end.ground >= 0,
    }
}

fn policy(Policy { issue_rights, cosign_rules, thresholds, .. }: &Policy) -> bool {
    issue_rights.iter().all(|right| right.outcome_kind >= 0 && all(&right.institution_kinds))
        && cosign_rules.iter().all(|rule| all(&[rule.outcome_kind, rule.time, rule.cosigner_kind]))
        && thresholds.iter().all(|threshold| threshold.severity >= 0)
}

fn equivalence(Equivalence { from, to, .. }: &Equivalence) -> bool {
    [from, to].into_iter().flatten().all(|standing| standing.outcome_kind >= 0)
}

fn conversion_rule(ConversionRule { sources, scope, .. }: &ConversionRule) -> bool {
    *scope >= 0
        && sources
            .iter()
            .all(|source| all(&source.outcome_kinds) && all(&source.issuer_kinds) && all(&source.issuer_sectors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{
        AuthoriseKey, CertificateFamily, CharterMinimum, CharterSeat, ConversionSource, CosignRule, DecideAppeal,
        EndKey, EraseNotice, Genesis, Inspection, IssueRight, RecordOutcome, Revoke, RevokeInstitution, RotateKey,
        Standing, Suspend, SuspendInstitution, Threshold,
    };
    use std::collections::BTreeSet;

    fn of_grant(grant: AuthorityKeyGrant) -> [Body; 2] {
        let action = authority_key::Action::Grant(grant.clone());
        [
            Body::Genesis(Genesis { keys: vec![grant], ..Genesis::default() }),
            Body::AuthorityKey(AuthorityKey { action: Some(action) }),
        ]
    }

    fn of_key(action: institution_key::Action) -> Body {
        Body::InstitutionKey(InstitutionKey { action: Some(action), ..InstitutionKey::default() })
    }

    fn of_change(change: change_institution::Change) -> Body {
        Body::ChangeInstitution(ChangeInstitution { change: Some(change), ..ChangeInstitution::default() })
    }

    fn of_source(source: ConversionSource) -> Body {
        Body::ConversionRule(ConversionRule { sources: vec![source], ..ConversionRule::default() })
    }

    fn of_policy(rule: CosignRule) -> Body {
        Body::Policy(Policy { cosign_rules: vec![rule], ..Policy::default() })
    }

    fn of_right(right: IssueRight) -> Body {
        Body::Policy(Policy { issue_rights: vec![right], ..Policy::default() })
    }

    macro_rules! cases {
        ($($message:ident.$field:ident = $value:expr => $wrap:expr;)*) => {
            vec![$({
                let message = $message { $field: $value, ..$message::default() };
                #[allow(clippy::redundant_closure_call)]
                let body: Vec<Body> = Vec::from($wrap(message));
                (concat!(stringify!($message), ".", stringify!($field)), body)
            }),*]
        };
    }

    fn negative() -> Vec<(&'static str, Vec<Body>)> {
        use change_institution::Change;
        use institution_key::Action;
        cases! {
            AuthorityKeyGrant.role = -1 => of_grant;
            AuthorityKeyGrant.algorithm = -1 => of_grant;
            EndKey.ground = -1 => |end: EndKey| [
                of_key(Action::End(end.clone())),
                Body::AuthorityKey(AuthorityKey { action: Some(authority_key::Action::End(end)) }),
            ];
            AccreditInstitution.kind = -1 => |body| [Body::AccreditInstitution(body)];
            AccreditInstitution.sector = -1 => |body| [Body::AccreditInstitution(body)];
            AccreditInstitution.outcome_kinds = vec![1, -1] => |body| [Body::AccreditInstitution(body)];
            SuspendInstitution.ground = -1 => |body| [of_change(Change::Suspend(body))];
            RevokeInstitution.ground = -1 => |body| [of_change(Change::Revoke(body))];
            RevokeInstitution.effect = -1 => |body| [of_change(Change::Revoke(body))];
            CharterSeat.kind = -1 => |seat| [Body::Charter(Charter { seats: vec![seat], ..Charter::default() })];
            CharterMinimum.kind = -1 => |seat| [Body::Charter(Charter { minimums: vec![seat], ..Charter::default() })];
            AuthoriseKey.algorithm = -1 => |key| [of_key(Action::Authorise(key))];
            RotateKey.algorithm = -1 => |key| [of_key(Action::Rotate(key))];
            IssueRight.outcome_kind = -1 => |right| [of_right(right)];
            IssueRight.institution_kinds = vec![-1] => |right| [of_right(right)];
            CosignRule.outcome_kind = -1 => |rule| [of_policy(rule)];
            CosignRule.time = -1 => |rule| [of_policy(rule)];
            CosignRule.cosigner_kind = -1 => |rule| [of_policy(rule)];
            Threshold.severity = -1 => |it| [Body::Policy(Policy { thresholds: vec![it], ..Policy::default() })];
            Standing.outcome_kind = -1 => |it: Standing| [
                Body::Equivalence(Equivalence { from: Some(it.clone()), ..Equivalence::default() }),
                Body::Equivalence(Equivalence { to: Some(it), ..Equivalence::default() }),
            ];
            CertificateFamily.outcome_kind = -1 => |body| [Body::CertificateFamily(body)];
            ConversionSource.outcome_kinds = vec![-1] => |source| [of_source(source)];
            ConversionSource.issuer_kinds = vec![-1] => |source| [of_source(source)];
            ConversionSource.issuer_sectors = vec![-1] => |source| [of_source(source)];
            ConversionRule.scope = -1 => |body| [Body::ConversionRule(body)];
            EraseNotice.ground = -1 => |body| [Body::EraseNotice(body)];
            RecordOutcome.outcome_kind = -1 => |body| [Body::RecordOutcome(body)];
            Suspend.reason = -1 => |body| [Body::Suspend(body)];
            Revoke.reason = -1 => |body| [Body::Revoke(body)];
            DecideConversion.verdict = -1 => |body| [Body::DecideConversion(body)];
            DecideConversion.scope = -1 => |body| [Body::DecideConversion(body)];
            DecideAppeal.verdict = -1 => |body| [Body::DecideAppeal(body)];
            Inspection.population_outcome_kind = -1 => |body| [Body::Inspection(body)];
        }
    }

    #[test]
    fn a_negative_enum_is_found_in_every_enum_field() {
        for (field, bodies) in negative() {
            assert!(bodies.iter().all(|body| !non_negative(body)), "{field}");
        }
    }

    #[test]
    fn every_enum_field_of_the_schema_has_a_case() {
        let mut fields = BTreeSet::new();
        let mut message = "";
        let mut enumeration = false;
        for line in include_str!("../proto/xuefen.v1.rs").lines() {
            if let Some(rest) = line.strip_prefix("pub struct ") {
                message = rest.trim_end_matches(" {");
            }
            if enumeration && let Some((field, _)) = line.trim().strip_prefix("pub ").and_then(|it| it.split_once(':'))
            {
                fields.insert(format!("{message}.{field}"));
            }
            enumeration = line.contains("prost(enumeration");
        }
        // Attestations are read by `attestation`, not as part of a statement.
        assert!(fields.remove("Attestation.algorithm"));
        assert_eq!(fields, negative().into_iter().map(|(field, _)| field.to_owned()).collect());
    }

    #[test]
    fn known_and_later_numbers_pass() {
        assert!(non_negative(&Body::Suspend(Suspend { reason: 99, ..Suspend::default() })));
        assert!(non_negative(&Body::AuthorityKey(AuthorityKey::default())));
    }
}
