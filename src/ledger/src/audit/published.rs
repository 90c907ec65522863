//! What authorities publish, as rows.

use super::book::{Book, What};
use super::dump::Dump;
use crate::rows;
use xuefen_core::proto::{ExamPart, PathwaySegment, Standing};

/// The row of what was published, for the kinds of this file.
pub(super) fn body(what: &What) -> Option<rows::OfferBody> {
    Some(match what {
        What::Programme(it) => rows::OfferBody::Programme(rows::ProgrammeRow {
            effective_from: it.effective_from,
            body: prost::Message::encode_to_vec(&**it),
        }),
        What::Run(it) => rows::OfferBody::Run(rows::RunOfferRow {
            offer: it.offer_index,
            start_day: it.start_day,
            end_day: it.end_day,
            minutes: it.minutes,
            practice_minutes: it.practice_minutes,
        }),
        What::Policy(policy) => {
            let body = prost::Message::encode_to_vec(&**policy);
            rows::OfferBody::Policy(rows::PolicyRow { effective_from: policy.effective_from, body })
        }
        What::Framework(it) => rows::OfferBody::Framework(rows::FrameworkRow {
            effective_from: it.effective_from,
            levels: u32::try_from(it.levels.len()).ok()?,
        }),
        What::Catalogue(it) => rows::OfferBody::Catalogue(rows::CatalogueRow {
            effective_from: it.effective_from,
            classes: it.classes.iter().map(|class| (class.code.clone(), class.category.clone())).collect(),
            majors: it
                .majors
                .iter()
                .map(|major| rows::MajorRow {
                    code: major.code.clone(),
                    class: major.major_class.clone(),
                    training_level: major.training_level,
                })
                .collect(),
        }),
        What::ExamScheme(it) => {
            let part = |part: &ExamPart| rows::ExamPartRow {
                code: part.code.clone(),
                top_score: part.top_score,
                skill_test: part.skill_test,
            };
            rows::OfferBody::ExamScheme(rows::ExamSchemeRow {
                effective_from: it.effective_from,
                region: it.region.clone(),
                parts: it.parts.iter().map(part).collect(),
                exempt_grounds: it.exempt_grounds.clone(),
                general: it.general,
            })
        }
        What::Pathway(it) => {
            let segment = |segment: &PathwaySegment| rows::SegmentRow {
                training_level: segment.training_level,
                years: segment.years,
                institution: segment.institution.clone(),
            };
            rows::OfferBody::Pathway(rows::PathwayRow {
                effective_from: it.effective_from,
                segments: it.segments.iter().map(segment).collect(),
                phased_out_from: it.phased_out_from,
                keeps_enrolment_rules: it.keeps_enrolment_rules,
            })
        }
        What::Conversion(it) => rows::OfferBody::ConversionRule(rows::ConversionRuleRow {
            effective_from: it.effective_from,
            effective_until: it.effective_until,
            body: prost::Message::encode_to_vec(&**it),
        }),
        What::Equivalence(it) => rows::OfferBody::Equivalence(rows::EquivalenceRow {
            effective_from: it.effective_from,
            from: standing(it.from.as_ref()?),
            to: standing(it.to.as_ref()?),
        }),
        What::Rule(_) | What::Course(_) | What::Module(_) | What::Family(_) => return None,
    })
}

fn standing(it: &Standing) -> rows::StandingOf {
    rows::StandingOf { outcome_kind: it.outcome_kind, code: it.code.clone(), level: it.level }
}

/// What has a table of its own.
pub(super) fn tables(book: &mut Book, dump: &mut Dump<'_>) {
    for ((institution, level, year), it) in book.filed.changes() {
        let row = rows::FiledRow { entry: it.entry, catalogue: it.catalogue, majors: it.majors.clone() };
        dump.put(rows::filed(&institution, level, year), &row);
    }
    for (consortium, (charter, from, entries)) in book.charters.changes() {
        let row = rows::CharterRow {
            version: charter.version,
            from: *from,
            seats: charter.seats.iter().map(|seat| (seat.institution.clone(), seat.kind)).collect(),
            threshold: charter.threshold,
            minimums: charter.minimums.iter().map(|minimum| (minimum.kind, minimum.count)).collect(),
            entries: entries.clone(),
        };
        dump.put(rows::charter(&consortium), &row);
    }
    for (institution, (it, evaluator)) in book.evaluations.changes() {
        let row = rows::EvaluationRow {
            scheme: it.scheme.clone(),
            year: it.year,
            grade: it.grade.clone(),
            evaluator: evaluator.clone(),
        };
        dump.put(rows::evaluations(&institution), &row);
    }
    for ((institution, day), (it, declarer)) in book.headcounts.changes() {
        let row = rows::HeadcountRow { learners: it.learners, staff: it.staff, declared_by: declarer.clone() };
        dump.put(rows::headcount(&institution, day), &row);
    }
    for (index, it) in book.inspections.changes() {
        let mut secret_commitment = [0; 32];
        secret_commitment.copy_from_slice(&it.body.secret_commitment);
        let row = rows::InspectionRow {
            owner: it.owner.clone(),
            scheme: it.body.scheme.clone(),
            secret_commitment,
            drawn: it.body.drawn,
            checkpoint_size: it.body.checkpoint_size,
            population_issuer: it.body.population_issuer.clone(),
            population_outcome_kind: it.body.population_outcome_kind,
            reported_by: it.reported_by,
        };
        dump.put(rows::inspection(index), &row);
    }
    for (label, ()) in book.labels.changes() {
        dump.put_bytes(rows::label(&label), &[]);
    }
    for ((outcome_kind, code, level), entries) in book.equivalents.changes() {
        dump.put(rows::equivalent(&rows::StandingOf { outcome_kind, code, level }), entries);
    }
}
