//! What a transcript adds up to: credits and minutes, the share of practice, the school that the learner is enrolled at, and
//! the same by competency, stage or programme. Only valid, passed outcomes count (rules.md 2, "Co-signing", "Recording").

use std::collections::BTreeMap;

use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{InstitutionKind, OutcomeKind, PayloadField};

use super::proto::{Transcript, TranscriptGroup, TranscriptGrouping, TranscriptOutcome, TranscriptView};

/// Kinds of outcome in a view; `None` = all.
pub const fn kinds_of(view: TranscriptView) -> Option<&'static [OutcomeKind]> {
    match view {
        TranscriptView::Unspecified => None,
        TranscriptView::TrainingFile => {
            Some(&[OutcomeKind::MicroCertificate, OutcomeKind::CompletionCertificate, OutcomeKind::PracticeRecord])
        }
        TranscriptView::WorkArchive => Some(&[
            OutcomeKind::SkillLevelCertificate,
            OutcomeKind::XCertificate,
            OutcomeKind::MicroCertificate,
            OutcomeKind::CompletionCertificate,
            OutcomeKind::PracticeRecord,
            OutcomeKind::ContestResult,
            OutcomeKind::EmploymentPeriod,
            OutcomeKind::Title,
        ]),
    }
}

/// The stage of education that a kind of body stands for.
pub fn stage(kind: i32) -> &'static str {
    match InstitutionKind::try_from(kind) {
        Ok(InstitutionKind::SecondaryVocational | InstitutionKind::GeneralHighSchool) => "secondary",
        Ok(InstitutionKind::HigherVocational) => "higher_vocational",
        Ok(InstitutionKind::University) => "undergraduate",
        Ok(InstitutionKind::OpenUniversity | InstitutionKind::CommunityProvider) => "continuing",
        Ok(InstitutionKind::Enterprise | InstitutionKind::EvaluationBody | InstitutionKind::TrainingBase) => "work",
        _ => "other",
    }
}

fn value(outcome: &TranscriptOutcome, tag: Tag) -> &str {
    let field = outcome.fields.iter().find(|field| field.tag == tag.number);
    field.and_then(|field: &PayloadField| std::str::from_utf8(&field.value).ok()).unwrap_or_default()
}

fn counts(outcome: &TranscriptOutcome) -> bool {
    outcome.status == "valid" && outcome.passed
}

/// Fills in the sums of a page.
pub fn sum(transcript: &mut Transcript) {
    let counted = || transcript.outcomes.iter().filter(|outcome| counts(outcome));
    let add = |of: fn(&TranscriptOutcome) -> u64| counted().map(of).fold(0, u64::saturating_add);
    let credits = add(|outcome| outcome.credit_millis);
    let (minutes, practice) = (add(|outcome| outcome.minutes), add(|outcome| outcome.practice_minutes));
    let share = (u128::from(practice) * 10_000).checked_div(u128::from(minutes)).unwrap_or(0);
    let home =
        transcript.outcomes.iter().filter(|outcome| outcome.status == "valid").filter_map(home_after).next_back();
    transcript.home_school = home.unwrap_or_default();
    transcript.credit_millis = credits;
    transcript.minutes = minutes;
    transcript.practice_minutes = practice;
    transcript.practice_basis_points = u32::try_from(share).unwrap_or(u32::MAX);
}

/// The school that an outcome enrols the learner at, if it is about that; empty = at none any more.
fn home_after(outcome: &TranscriptOutcome) -> Option<String> {
    match outcome.outcome_kind() {
        OutcomeKind::HomeSchoolTransfer => Some(value(outcome, tags::TO_SCHOOL).to_owned()),
        OutcomeKind::EnrolmentEvent => match value(outcome, tags::ENROLMENT_EVENT) {
            "withdraw" | "graduate" | "complete" => Some(String::new()),
            _ => Some(outcome.issuer.clone()),
        },
        _ => None,
    }
}

/// The outcomes of a page in groups, by key. `stage_of` tells the stage of an issuer.
pub fn groups(
    outcomes: &[TranscriptOutcome],
    grouping: TranscriptGrouping,
    stage_of: impl Fn(&str) -> &'static str,
) -> Vec<TranscriptGroup> {
    let key = |outcome: &TranscriptOutcome| match grouping {
        TranscriptGrouping::Unspecified => None,
        TranscriptGrouping::Competency => Some(value(outcome, tags::COMPETENCY).to_owned()),
        TranscriptGrouping::Stage => Some(stage_of(&outcome.issuer).to_owned()),
        TranscriptGrouping::Programme => {
            let programme = value(outcome, tags::PROGRAMME);
            Some(if programme.is_empty() { value(outcome, tags::MAJOR) } else { programme }.to_owned())
        }
    };
    let mut groups: BTreeMap<String, TranscriptGroup> = BTreeMap::new();
    for outcome in outcomes {
        let Some(key) = key(outcome) else { continue };
        let group = groups.entry(key.clone()).or_insert_with(|| TranscriptGroup { key, ..TranscriptGroup::default() });
        group.outcomes.push(outcome.index);
        if counts(outcome) {
            group.credit_millis = group.credit_millis.saturating_add(outcome.credit_millis);
            group.minutes = group.minutes.saturating_add(outcome.minutes);
            group.practice_minutes = group.practice_minutes.saturating_add(outcome.practice_minutes);
        }
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(index: u64, kind: OutcomeKind, status: &str, fields: &[(Tag, &str)]) -> TranscriptOutcome {
        let field =
            |(tag, value): &(Tag, &str)| PayloadField { tag: tag.number, value: value.as_bytes().to_vec().into() };
        TranscriptOutcome {
            index,
            outcome_kind: kind.into(),
            issuer: format!("x-{index}"),
            status: status.to_owned(),
            passed: true,
            credit_millis: 1_000,
            minutes: 90,
            practice_minutes: 60,
            fields: fields.iter().map(field).collect(),
            ..TranscriptOutcome::default()
        }
    }

    #[test]
    fn only_what_is_valid_and_passed_counts() {
        let failed = TranscriptOutcome { passed: false, ..outcome(3, OutcomeKind::Course, "valid", &[]) };
        let outcomes = vec![
            outcome(1, OutcomeKind::Course, "valid", &[]),
            outcome(2, OutcomeKind::Course, "pending", &[]),
            failed,
        ];
        let mut transcript = Transcript { outcomes, ..Transcript::default() };
        sum(&mut transcript);
        assert_eq!(
            (transcript.credit_millis, transcript.minutes, transcript.practice_basis_points),
            (1_000, 90, 6_666)
        );
        sum(&mut Transcript::default());
    }

    #[test]
    fn the_newest_valid_enrolment_or_transfer_is_the_home() {
        let to = |school| [(tags::TO_SCHOOL, school)];
        let enrolled = outcome(1, OutcomeKind::EnrolmentEvent, "valid", &[(tags::ENROLMENT_EVENT, "enrol")]);
        let moved = outcome(2, OutcomeKind::HomeSchoolTransfer, "valid", &to("x-new"));
        let revoked = outcome(3, OutcomeKind::HomeSchoolTransfer, "revoked", &to("x-other"));
        let left = outcome(4, OutcomeKind::EnrolmentEvent, "valid", &[(tags::ENROLMENT_EVENT, "graduate")]);
        let home = |outcomes: &[&TranscriptOutcome]| {
            let outcomes = outcomes.iter().map(|outcome| (*outcome).clone()).collect();
            let mut transcript = Transcript { outcomes, ..Transcript::default() };
            sum(&mut transcript);
            transcript.home_school
        };
        assert_eq!(home(&[&enrolled]), "x-1");
        assert_eq!(home(&[&enrolled, &moved, &revoked]), "x-new");
        assert_eq!(home(&[&enrolled, &moved, &revoked, &left]), "");
    }

    #[test]
    fn groups_hold_every_outcome_once_and_add_up_what_counts() {
        let fields = [(tags::COMPETENCY, "k1"), (tags::MAJOR, "440301")];
        let outcomes = [
            outcome(1, OutcomeKind::Course, "valid", &fields),
            outcome(2, OutcomeKind::Course, "revoked", &fields),
            outcome(3, OutcomeKind::Course, "valid", &[(tags::PROGRAMME, "12"), (tags::MAJOR, "440301")]),
        ];
        let by = |grouping| {
            let groups = groups(&outcomes, grouping, |id| if id == "x-1" { "secondary" } else { "work" });
            groups.into_iter().map(|group| (group.key, group.outcomes, group.credit_millis)).collect::<Vec<_>>()
        };
        let one = |key: &str, outcomes: &[u64], credits| (key.to_owned(), outcomes.to_vec(), credits);
        assert_eq!(by(TranscriptGrouping::Competency), [one("", &[3], 1_000), one("k1", &[1, 2], 1_000)]);
        assert_eq!(by(TranscriptGrouping::Stage), [one("secondary", &[1], 1_000), one("work", &[2, 3], 1_000)]);
        assert_eq!(by(TranscriptGrouping::Programme), [one("12", &[3], 1_000), one("440301", &[1, 2], 1_000)]);
        assert_eq!(by(TranscriptGrouping::Unspecified), []);
    }
}
