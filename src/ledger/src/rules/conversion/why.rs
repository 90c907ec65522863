//! Why outcomes do not meet a rule, as the numbers of a refusal: reason codes with what was found and what is asked.

use crate::conversion::{Candidate, Finding, Value, select};
use crate::day::Day;
use xuefen_core::proto::ConversionRule;

/// The first source that no outcome meets, and what the nearest outcome lacks.
pub(super) fn unmet(rule: &ConversionRule, candidates: &[Candidate], on: Day) -> String {
    for (at, source) in rule.sources.iter().enumerate() {
        let selections: Vec<_> = candidates.iter().map(|it| (it.index, select(source, it, on))).collect();
        if selections.iter().any(|(_, selection)| selection.is_met()) {
            continue;
        }
        let nearest = selections.iter().min_by_key(|(_, selection)| selection.unmet().count());
        let Some((index, selection)) = nearest else { break };
        let lacks: Vec<String> = selection.unmet().map(finding).collect();
        return format!("source {} of entry {index}: {}", at + 1, lacks.join(", "));
    }
    format!("{} outcomes for {} sources", candidates.len(), rule.sources.len())
}

fn finding(finding: &Finding<'_>) -> String {
    format!("{} {} of {}", finding.reason.code(), value(finding.found), value(finding.asked))
}

fn value(value: Value<'_>) -> String {
    match value {
        Value::Nothing => "-".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Mark(mark) => format!("{}.{:03}", mark / 1_000, mark % 1_000),
        Value::Text(text) => text.to_owned(),
        Value::Texts(texts) => texts.join("/"),
        Value::Kinds(numbers) | Value::InstitutionKinds(numbers) | Value::Sectors(numbers) => {
            numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
        }
        Value::Status(_) => "status".to_owned(),
    }
}
