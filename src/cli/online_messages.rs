//! What the commands that talk to a server say, in Chinese and English; the others' words stand in `messages`.

use super::messages::Text;

texts! {
    REASON: "reason", "原因";
    COUNT: "count", "数量";
    FIRST_ROW: "first row", "首个行号";
    FIELD: "field", "项目";
    RULE_AND_FIX: "rule, and what to do", "规则与处理办法";
    POSTED: "Accepted {accepted}, in the ledger before {replayed}, refused {refused}.",
        "新接收 {accepted} 条，账本已有 {replayed} 条，被拒 {refused} 条。";
    PENDING: "{count} count for nothing until someone countersigns.", "{count} 条须经会签后方为有效。";
    FLAGGED: "{count} carry remarks; the receipts file has them.", "{count} 条带有备注，详见回执文件。";
    RECEIPTS_FILE: "Receipts: {file}", "回执文件：{file}";
    REJECTS_FILE: "Refused, with what to do: {file}", "被拒记录及处理办法：{file}";
    CUT: "The connection was cut ({why}). Trying again in {seconds} s.", "连接中断（{why}）。{seconds} 秒后重试。";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::messages::Lang;

    #[test]
    fn both_languages_fill_the_same_names() {
        for (name, text) in ALL {
            let names: Vec<_> =
                text.en.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(n, _)| n).collect();
            for language in [Lang::En, Lang::Zh] {
                let said = names.iter().fold(text.in_lang(language).to_owned(), |said, name| {
                    assert!(said.contains(&format!("{{{name}}}")), "{name}");
                    said.replace(&format!("{{{name}}}"), "")
                });
                assert!(!said.contains('{'), "{name}");
            }
            assert!(text.zh.chars().any(|c| c > '\u{2e7f}'), "{name} has no Chinese");
        }
    }
}
