//! What the commands that talk to a server say, in Chinese and English; the others' words stand in `messages`.

pub use super::messages::Text;

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
    ROW: "row", "行";
    INDEX: "leaf index", "日志序号";
    LEAF_HASH: "leaf hash", "叶散列";
    STATUS: "status", "状态";
    STATE_PENDING: "waits for a countersignature", "待会签";
    STATE_LOGGED: "in the ledger", "已入账";
    WRITTEN: "Wrote {file}. Post it with: xuefen post {file}", "已写入 {file}。提交：xuefen post {file}";
    ROWS_LEFT_OUT: "{count} rows were left out; the others go on.", "{count} 行有误，已跳过；其余继续处理。";
    WOULD_SAY: "{count} statements could be signed. Nothing was signed or posted.", "可签名 {count} 条声明；未签名，未提交。";
    VALUE: "value", "值";
    CHECKED: "what was checked", "核验内容";
    RESULT: "result", "结果";
    HOLDS: "holds", "成立";
    DOES_NOT_HOLD: "does not hold", "不成立";
    NOT_CHECKED: "not checked: no policy.txt was given", "未核验：未提供 policy.txt";
    SIGNED_AS_TRUSTED: "the newest checkpoint is signed as policy.txt asks", "最新检查点的签名符合 policy.txt";
    OLD_SIGNED: "the older checkpoint is signed as policy.txt asks", "旧检查点的签名符合 policy.txt";
    IN_THE_LOG: "the entry is in the log", "该记录在日志中";
    NOTHING_CHANGED: "the older log is the beginning of the newer one", "新日志完整包含旧日志";
    KIND: "kind", "类型";
    ISSUER: "issuer", "颁发机构";
    LOGGED_AT: "logged at (UTC+8)", "入账时间（UTC+8）";
    INSTITUTION: "institution", "机构代码";
    NAME: "name", "名称";
    REGION: "region", "行政区划";
    SECTOR: "sector", "领域";
    GROUND: "ground", "事由";
    SUCCESSOR: "successor", "承继机构";
    MAY_RECORD: "may record", "可记录成果";
    FAMILIES: "certificate families", "可颁发证书";
    KEY_ID: "key id", "公钥标识";
    ROLE: "role", "职责";
    VALID_FROM: "in force from", "生效时间";
    VALID_UNTIL: "until", "截止时间";
    COMPROMISED: "compromised since", "泄露起始时间";
    CODE: "code", "代码";
    VERSION: "version", "版本";
    AS_OF: "{count} in all, as of tree size {size}.", "共 {count} 项（日志大小 {size}）。";
    OFFERS_WRITTEN: "Wrote {file}, {count} lines. Use it with: xuefen sign outcomes --offers {file}",
        "已写入 {file}，共 {count} 行。用法：xuefen sign outcomes --offers {file}";
    CODE_ONCE: "Good once, until {until}. It is not kept anywhere: give it to the learner in person.",
        "仅可使用一次，有效期至 {until}。本码不留存，请当面交给学习者。";
    TOKEN_KEPT: "Access for {minutes} minutes: use --token {file}", "访问有效期 {minutes} 分钟：使用 --token {file}";
    ACCOUNT: "account", "学习账号";
    HOLDER: "learner", "学习者";
    OPENED_BY: "opened by", "开户机构";
    OPENED_AT: "opened at (UTC+8)", "开户时间（UTC+8）";
    ALIASES: "merged accounts", "已合并账号";
    AT: "when (UTC+8)", "时间（UTC+8）";
    BY: "who", "访问者";
    CALL: "what", "操作";
    WHAT: "outcome", "学习成果";
    ACHIEVED_ON: "achieved on", "取得日期";
    GRADE: "grade", "成绩";
    CREDITS: "credits", "学分";
    TRANSCRIPT_TOTAL: "{count} outcomes, {credits} credits, as of tree size {size}.",
        "共 {count} 项成果，{credits} 学分（日志大小 {size}）。";
    TRANSCRIPT_PRACTICE: "Of {minutes} minutes, {practice} are practice ({share} %).",
        "共 {minutes} 分钟，其中实践 {practice} 分钟（{share}%）。";
    TRANSCRIPT_HOME: "Enrolled at {school}.", "学籍所在学校：{school}。";
    GROUP: "group", "分组";
    MINUTES: "minutes", "分钟数";
    PRACTICE: "of these, practice", "其中实践";
    ISSUED_TOTAL: "{count} in all ({counts}), as of tree size {size}.", "共 {count} 条（{counts}），日志大小 {size}。";
    VALID: "valid", "有效";
    STATUS_PENDING: "pending", "待会签";
    LAPSED: "lapsed", "会签逾期失效";
    SUSPENDED: "suspended", "暂停";
    SUPERSEDED: "superseded", "已更正";
    REVOKED: "revoked", "已撤销";
    EXPIRED: "expired", "已过期";
    NEEDS_REVIEW: "needs review", "待复核";
    ERASED: "erased", "已删除";
    PRESENTED: "Wrote {file}. Whoever has it can check it with: xuefen verify {file}",
        "已写入 {file}。持有者可用以下命令核验：xuefen verify {file}";
    WITNESS: "witness", "见证方";
    COSIGNED_SIZE: "has cosigned", "已见证大小";
    LAG: "entries behind", "落后条数";
    PROBLEM: "problem", "问题";
    WITNESSED_SIZE: "Newest tree size with a quorum: {size}.", "已达法定见证数的最新日志大小：{size}。";
    NOT_YET_COVERED: "No such checkpoint within {seconds} s.", "{seconds} 秒内没有符合条件的检查点。";
    WITNESS_STARTS: "Witness {vkey}, for {logs} log(s).", "见证方 {vkey}，见证 {logs} 个日志。";
    GRANT: "grant", "授权";
    LABEL: "label", "备注";
    GRANT_ONCE: "Good for one look, until {until}. The code is not kept anywhere; withdraw it with: xuefen grant withdraw",
        "仅供查看一次，有效期至 {until}。本码不留存；如需收回：xuefen grant withdraw";
    GRANT_OPEN: "open", "可用";
    GRANT_USED: "used", "已使用";
    GRANT_WITHDRAWN: "withdrawn", "已收回";
    WOULD_ERASE: "This would erase {accounts} account(s) of one person: {entries} entries could be opened by nobody any more.",
        "将删除同一人的 {accounts} 个账号：{entries} 条记录的内容将无人能再打开。";
    ERASE_CONFIRM: "Nothing was done. To do it, for good: the same command with --confirm and the account id.",
        "尚未执行。如确定永久删除：在同一命令后加 --confirm 和账号。";
    ERASED_NOW: "Erased {accounts} account(s): {entries} entries can be opened by nobody any more. Their proofs stay.",
        "已删除 {accounts} 个账号：{entries} 条记录的内容已无人能打开，存证仍然有效。";
    ERASED_BACKUPS: "Complete once the last backup of the key ring made before now is gone, too.",
        "此前的密钥环备份全部销毁后，删除即告完成。";
    CUT: "The connection was cut ({why}). Trying again in {seconds} s.", "连接中断（{why}）。{seconds} 秒后重试。";
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
            assert!(text.en.is_ascii(), "{name}");
        }
    }
}
