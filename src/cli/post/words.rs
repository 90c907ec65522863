//! Refusals in the reader's language: the ledger's own words, found by the stable code.

use xuefen_ledger::Rejection;

use crate::api::proto::Refusal;
use crate::cli::messages::Lang;

/// Rule and what to do. Servers say both in English; a code that this program does not know keeps the server's words.
#[must_use]
pub fn rule_and_fix(refusal: &Refusal, lang: Lang) -> (String, String) {
    let known = Rejection::ALL.iter().find(|rejection| rejection.code() == refusal.reason);
    let Some(known) = known.filter(|_| lang == Lang::Zh) else {
        return (refusal.rule.clone(), refusal.fix.clone());
    };
    // Behind the rule the server says what it saw: numbers, ids, another entry.
    let detail = refusal.rule.strip_prefix(known.rule().en).unwrap_or_default();
    (format!("{}{detail}", known.rule().zh), known.fix().zh.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_refusal_is_said_in_chinese_with_its_detail() {
        let known = Rejection::NonceReused;
        let refusal = Refusal {
            reason: known.code().to_owned(),
            rule: format!("{} (entry 7)", known.rule().en),
            fix: known.fix().en.to_owned(),
            ..Refusal::default()
        };
        assert_eq!(rule_and_fix(&refusal, Lang::En), (refusal.rule.clone(), refusal.fix.clone()));
        let (rule, fix) = rule_and_fix(&refusal, Lang::Zh);
        assert_eq!((rule, fix.as_str()), (format!("{} (entry 7)", known.rule().zh), known.fix().zh));
        let newer = Refusal { reason: "OF_A_LATER_VERSION".to_owned(), ..refusal };
        assert_eq!(rule_and_fix(&newer, Lang::Zh), (newer.rule.clone(), newer.fix.clone()));
    }
}
