//! What the commands that look at a log from outside say, in Chinese and English: mirror, export, audit of a public log.

pub use super::messages::Text;

texts! {
    EXTENDED: "{entries} new entries: {from} to {size} entries of {origin} are in {dir}.",
        "新增 {entries} 条：{origin} 的记录由 {from} 条增至 {size} 条，存于 {dir}。";
    UNCHANGED: "Nothing new: all {size} entries of {origin} are in {dir}.",
        "没有新增：{origin} 的全部 {size} 条记录均已在 {dir}。";
    BEHIND: "{source} shows {size} entries, fewer than the {held} in {dir}; it does not contradict them. Nothing was changed.",
        "{source} 只有 {size} 条记录，少于 {dir} 中的 {held} 条；两者并不矛盾，未作改动。";
    ROOT: "root {root}", "树根 {root}";
    COSIGNED: "cosigned by {witnesses}", "见证方联署：{witnesses}";
    SIGNED_ALONE: "signed by the log alone: the policy asks for no witness", "仅有日志自身签名：信任策略未要求见证";
    KEPT_PROOF: "Both signed notes are in {dir}. Give them to the other parties: together they prove it.",
        "两份已签名的检查点存于 {dir}。请提供给其他各方：两者合在一起即为证据。";
    TRY_AGAIN: "{error} Looking again in {seconds} s.", "{error} {seconds} 秒后重试。";
    EXPORTED: "{files} files written: {from} to {size} entries of {origin} are in {dir}.",
        "写入 {files} 个文件：{origin} 的记录由 {from} 条增至 {size} 条，存于 {dir}。";
    AUDITED: "{size} entries of {origin} judged; {findings} findings", "已核查 {origin} 的 {size} 条记录；发现问题 {findings} 项";
    SIGNATURES: "{attestations} attestations by {signatures} signatures, all judged",
        "共 {attestations} 项签署、{signatures} 个签名，均已核查";
    WITHHELD: "{withheld} entries have a private part, which is not in the public log: its rules were not judged",
        "{withheld} 条记录含非公开内容，公开日志中没有：相关规则未核查";
    FINDING: "entry {index}: {code}: {rule} ({detail})", "第 {index} 条：{code}：{rule}（{detail}）";
    ALERT: "{code}: {place}: {meaning} ({detail})", "{code}：{place}：{meaning}（{detail}）";
    LOOKED: "{size} entries; {count} alerts stand", "日志共 {size} 条；未消除的警报 {count} 项";
    MEANS_CONTRADICTION: "the log has signed two histories; keep both notes and tell the other parties",
        "日志签署了两种历史；请保存两份检查点并告知其他各方";
    MEANS_SHRANK: "it shows fewer entries than before: rolled back, or an old copy is being served",
        "显示的记录少于此前：可能被回退，或在提供旧副本";
    MEANS_WRONG: "it does not have what its checkpoint vouches for", "缺少或改动了检查点所保证的内容";
    MEANS_NOT_ACCEPTED: "its checkpoint is not signed by the log that is watched", "检查点并非所监测日志的签名";
    MEANS_UNWITNESSED: "too few witnesses have cosigned", "联署的见证方不足";
    MEANS_STALE: "nothing new was signed for too long", "过久没有新的签名";
    MEANS_UNREADABLE: "it cannot be read, so nothing is known", "无法读取，情况不明";
    MEANS_UNKNOWN_STATEMENT: "an entry in your name that you do not know; if it is not yours, report the key as compromised",
        "以贵机构名义入账但非已知的记录；若非本机构所签，请立即报告密钥泄露";
    MEANS_ABOUT_ISSUER: "somebody else has changed your keys or your accreditation", "他方变更了贵机构的密钥或认定";
    NOT_FOLLOWED: "{code}: {error}", "{code}：{error}";
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
