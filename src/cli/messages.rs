//! What the command line says, in Chinese and English, in one place.
//!
//! Sentences with values have `{names}`, filled by [`Text::fill`]. No command writes prose of its own, except errors that
//! only a programmer or an operator sees.

pub use crate::words::{Lang, Text};

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $zh:literal;)*) => {
        $($(#[$doc])* #[doc = $en] pub const $name: Text = Text { en: $en, zh: $zh };)*
        #[cfg(test)]
        const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

texts! {
    FIELD: "field", "项目";
    VALUE: "value", "值";
    ROW: "row", "行";
    COLUMN: "column", "列";
    REASON: "reason", "原因";
    FIX: "what to do", "处理办法";
    STEP: "step", "步骤";
    RESULT: "result", "结果";
    CHECKED: "what was checked", "核验内容";

    OUTCOME_KIND: "kind of outcome", "成果类型";
    ISSUER: "issuer", "颁发机构";
    LEDGER: "ledger", "账本";
    LEAF_INDEX: "leaf index", "日志序号";
    TREE_SIZE: "tree size", "日志大小";
    STATUS: "status", "状态";
    WITNESSES: "witnesses", "见证方";

    PUBLIC_KEY: "public key", "公钥";
    KEY_ID: "key id", "公钥标识";
    VKEY: "vkey (name, hash, key)", "验证公钥（名称、散列、公钥）";
    KEY_FILE: "key file, keep it secret", "密钥文件（须保密）";
    NONCE_SECRET_FILE: "nonce secret, keep it with the key", "随机数密钥文件（须与密钥同存）";
    KEYS_BACKUP: "Back up both files. Without the nonce secret a sheet signed again becomes a sheet of new records.",
        "请备份这两个文件。缺少随机数密钥文件时，同一表格再次签名会成为新的记录。";
    POLICY_WRITTEN: "Wrote {policy} and {authority}. Give both to whoever verifies; how they get them is what they trust.",
        "已写入 {policy} 和 {authority}。请将两个文件交给核验方；其获取途径即其信任的基础。";
    QUORUM_NONE: "No witness is asked for (quorum none): verifiers trust the operator not to show different logs.",
        "未要求见证（quorum none）：核验方只能相信运营方不会出示不同的日志。";

    SIGNED: "Signed {signed} of {rows} rows in {batches} batch(es): {file}", "已签名 {signed} 行（共 {rows} 行，{batches} 批）：{file}";
    WOULD_SIGN: "Dry run: {signed} of {rows} rows would be signed. Nothing was written.",
        "试运行：共 {rows} 行，可签名 {signed} 行。未写入任何文件。";
    AS_BEFORE: "{count} rows are as they were signed before and get the same bytes; those the ledger has are answered with their first receipt.",
        "{count} 行与以前签名时相同，签名内容逐字节一致；账本已有的记录将返回首次回执。";
    CHANGED: "{count} rows have changed since they were signed. If the ledger has accepted them, it answers NONCE_REUSED: record a correction (columns supersedes_index, supersedes_hash).",
        "{count} 行在签名后有改动。若账本已接受原记录，将返回 NONCE_REUSED：请录入更正记录（列 更正序号、更正散列）。";
    STALE: "{count} rows keep the time of a signing more than 30 days ago. Those the ledger has get their receipt; those never posted are refused as too old: sign them again with --issued-at now.",
        "{count} 行沿用 30 天以前的签名时间。账本已有的返回首次回执；从未提交的会因超时被拒：请用 --issued-at now 重新签名。";
    REJECTED: "{count} rows were not signed: {file}", "{count} 行未签名：{file}";
    WOULD_REJECT: "{count} rows would not be signed.", "{count} 行不能签名。";
    REJECTED_MORE: "… and {count} more", "……另有 {count} 行";
    IGNORED_COLUMNS: "Columns not used: {columns}", "未使用的列：{columns}";
    UNREAD_WORKSHEETS: "Read the worksheet {read}, not {others}; --worksheet NAME reads another.", "已读取工作表“{read}”，未读取：{others}；可用 --worksheet 指定。";
    ACCOUNTS_MAP: "Accounts by learner number: {file}", "学号与账号对照表：{file}";
    TO_BE_SIGNED: "what is signed", "签名内容";
    COSIGN_OTHERS: "{count} rows name somebody else or nobody and stay as they are.", "另有 {count} 行未指定本机构会签，保持不变。";
    COSIGN_QUESTION: "Stand by these {count} rows as {party}? [y/N]", "以 {party} 名义会签以上 {count} 行？[y/N]";
    COSIGNED: "Signed {count} rows as {party}: {file}", "已以 {party} 名义会签 {count} 行：{file}";
    COSIGN_IMPORTED: "an old paper record", "历史补录";
    COSIGN_CORRECTS: "corrects entry {index}", "更正第 {index} 号记录";
    NOT_COSIGNED: "Nothing was signed.", "未签名。";
    NOTHING_TO_SIGN: "No row can be signed.", "没有可签名的行。";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<_> = text.split('{').skip(1).map(|part| part.split_once('}').expect("closed").0).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn both_languages_say_the_same_names() {
        for (name, text) in ALL {
            assert_eq!(names(text.en), names(text.zh), "{name}");
            assert!(text.zh.chars().any(|c| c > '\u{2e7f}'), "{name} has no Chinese");
            assert!(text.en.is_ascii() || text.en.starts_with('…'), "{name}");
        }
    }

    #[test]
    fn values_fill_their_names_and_nothing_else() {
        let text = Text { en: "{a} of {b}", zh: "{b} 中 {a}" };
        assert_eq!(text.fill(Lang::En, &[("a", &"{b}"), ("b", &2)]), "{b} of 2");
        assert_eq!(text.fill(Lang::Zh, &[("a", &1), ("b", &2)]), "2 中 1");
    }

    #[test]
    fn the_locale_decides_the_language() {
        for (locale, lang) in [("zh_CN.UTF-8", Lang::Zh), ("ZH", Lang::Zh), ("C.UTF-8", Lang::En), ("", Lang::En)] {
            assert_eq!(Lang::of_locale(locale), lang, "{locale}");
        }
    }
}
