//! Pages of docs/spec that are made from tables in the code: tags, rejections, flags, numbers of policy. This makes them
//! again and compares;
//! `UPDATE_GENERATED=1` writes them.

use std::fmt::Write as _;
use std::path::Path;

use xuefen_core::kinds::conversions;
use xuefen_core::kinds::tags::{self, Tag, ValueType};
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::policy::InForce;
use xuefen_ledger::{FlagCode, Rejection, Threshold, policy};

const MADE: &str = "This page is made from the code; `tests/suite/pages.rs` says how.";

fn compare_or_write(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec").join(name);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, fresh).expect("the page can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "docs/spec/{name} is not what the code gives. Run: UPDATE_GENERATED=1 cargo test --test suite pages"
    );
}

fn written(value: ValueType) -> String {
    match value {
        ValueType::Text => "text, UTF-8 in NFC".to_owned(),
        ValueType::Integer => "integer, minimal ASCII decimal".to_owned(),
        ValueType::Date => "day in UTC+8, `YYYY-MM-DD`".to_owned(),
        ValueType::Bytes(length) => format!("{length} raw bytes"),
        ValueType::Index => "leaf index, minimal ASCII decimal".to_owned(),
        ValueType::Indices => "leaf indices, ascending, a comma between".to_owned(),
        ValueType::Word(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{}` {}", word.code, word.zh)).collect();
            format!("one of {}", words.join(", "))
        }
        ValueType::Grade => "mark with at most three decimals, or a word of the scale".to_owned(),
    }
}

fn table_of(page: &mut String, title: &str, tags: &[Tag]) {
    let names: Vec<_> = tags.iter().map(|tag| format!("{} `{}`", tag.number, tag.name)).collect();
    writeln!(page, "- **{title}**: {}", names.join(", ")).expect("a String takes text");
}

#[test]
fn the_page_of_tags_is_the_table_of_core() {
    let mut page = format!(
        "# Tags of private payloads\n\nThe fields of a payload (formats.md 3), by number. A number means the same in every kind \
         and is never reused.\nEvery record of a kind has all tags of its table; what does not apply is empty. {MADE}\n\n\
         | tag | name | 中文 | written as |\n|---|---|---|---|\n"
    );
    for tag in tags::ALL {
        writeln!(page, "| {} | `{}` | {} | {} |", tag.number, tag.name, tag.name_zh, written(tag.value)).expect("text");
    }
    page.push_str("\n## Tables\n\n");
    table_of(&mut page, "account (`OpenAccount`)", tags::OPEN_ACCOUNT);
    table_of(&mut page, "amendment (`AmendAccount`)", tags::AMEND_ACCOUNT);
    table_of(&mut page, "device key (`BindKey`)", tags::BIND_KEY);
    table_of(&mut page, "device key let go (`UnbindKey`)", tags::UNBIND_KEY);
    table_of(&mut page, "merge (`MergeAccounts`)", tags::MERGE_ACCOUNTS);
    table_of(&mut page, "application (`ApplyConversion`)", conversions::APPLY);
    table_of(&mut page, "decision (`DecideConversion`)", conversions::DECIDE);
    table_of(&mut page, "appeal or undoing (`AppealDecision`, `ReverseConversion`)", conversions::ASK);
    let mut without = Vec::new();
    for kind in (1..).map_while(|number| OutcomeKind::try_from(number).ok()) {
        let name = kind.as_str_name().trim_start_matches("OUTCOME_KIND_").to_lowercase();
        match tags::of_outcome(kind) {
            Some(table) => table_of(&mut page, &format!("outcome {name}"), table),
            None => without.push(name),
        }
    }
    if !without.is_empty() {
        writeln!(page, "\nOutcomes without a table yet: {}.", without.join(", ")).expect("text");
    }
    compare_or_write("tags.md", &page);
}

#[test]
fn the_page_of_rejections_is_the_list_of_the_ledger() {
    let mut page = format!(
        "# Rejections\n\nWhy an entry is refused, in order of precedence (rules.md 2): of several faults the first here is the \
         answer.\nCodes are stable. {MADE}\n\n| code | the rule | what to do |\n|---|---|---|\n"
    );
    for rejection in Rejection::ALL {
        let (rule, fix) = (rejection.rule(), rejection.fix());
        writeln!(page, "| `{}` | {} {} | {} {} |", rejection.code(), rule.en, rule.zh, fix.en, fix.zh).expect("text");
    }
    compare_or_write("rejections.md", &page);
}

#[test]
fn the_page_of_flags_is_the_list_of_the_ledger() {
    let mut page = format!(
        "# Flags\n\nRemarks on accepted entries (rules.md 2, \"Severity\"): in the verdict, in the receipt of the same entry \
         posted again,\nin the learner's transcript and, with `GetEntry`, for the issuer; on public kinds for everybody. A remark \
         names its\nseverity, the field, the policy whose number was broken, and that policy's reason code. Codes are stable. \
         {MADE}\n\n| code | what it means |\n|---|---|\n"
    );
    for flag in FlagCode::ALL {
        let text = flag.message();
        writeln!(page, "| `{}` | {} {} |", flag.code(), text.en, text.zh).expect("text");
    }
    page.push_str(
        "\n## Thresholds\n\nWhat a policy may bound from below, and what holds where none says otherwise. A hard breach is \
         refused\n(`THRESHOLD_NOT_MET`), a soft or advisory one leaves the flag.\n\n\
         | threshold | what is measured | flag | built in |\n|---|---|---|---|\n",
    );
    let policy = InForce::built_in();
    for threshold in Threshold::ALL {
        let bound = policy.threshold(*threshold).map_or_else(String::new, |bound| {
            let severity = bound.severity.as_str_name().trim_start_matches("SEVERITY_").to_lowercase();
            format!("{}, {severity}", bound.least)
        });
        let (code, meaning, flag) = (threshold.code(), threshold.meaning(), threshold.flag().code());
        writeln!(page, "| `{code}` | {meaning} | `{flag}` | {bound} |").expect("text");
    }
    compare_or_write("flags.md", &page);
}

#[test]
fn the_page_of_policy_is_the_list_of_the_ledger() {
    let mut page = format!(
        "# Policy\n\nThe numbers of a `Policy` statement (standards.proto; docs/adr/0024), by their fields, and what holds where \
         none says otherwise.\n0, or an empty list, is not said: then the tier above counts, and above the nation what is built \
         in. A province\nmay say what is stricter: smaller (`<`) or larger (`>`). Thresholds stand in [flags.md](flags.md). \
         {MADE}\n\n| field | what it bounds | built in | may be | stricter |\n|---|---|---|---|---|\n"
    );
    for number in policy::number::ALL {
        let built_in = number.built_in.map_or_else(String::new, |value| value.to_string());
        let (least, most) = number.range;
        let stricter = if number.less_is_stricter { "<" } else { ">" };
        let (field, meaning) = (number.field, number.meaning);
        writeln!(page, "| `{field}` | {meaning} | {built_in} | {least} to {most} | {stricter} |").expect("text");
    }
    page.push_str("\n## Scales of grades, built in\n\n| code | passes |\n|---|---|\n");
    for scale in InForce::built_in().scales() {
        let passes = match scale.words.len() {
            0 => format!("from {} of {} thousandths", scale.pass_mark_millis, scale.top_mark_millis),
            _ => format!("the first {} of {}", scale.passing_words, scale.words.join("、")),
        };
        writeln!(page, "| `{}` | {passes} |", scale.code).expect("text");
    }
    compare_or_write("policy.md", &page);
}
