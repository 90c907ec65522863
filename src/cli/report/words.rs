//! What `xuefen report` says, in Chinese and English.

use crate::cli::messages::Text;

texts! {
    REPORT: "report", "报表";
    TITLE: "what it is", "名称";
    COLUMNS: "columns", "列";
    TOTAL: "total", "合计";
    SUPPRESSED: "*", "＊（不公布）";
    NOT_DECLARED: "not declared", "未申报";
    AS_OF: "{report}, as of tree size {size} of {origin} (last entry logged {time}); root {root}",
        "{report}：{origin}，日志大小 {size}（末条入账于 {time}）；根散列 {root}";
    DAYS: "Achieved {first} to {last}; headcount of {headcount}.", "取得日期 {first} 至 {last}；在校生数以 {headcount} 为准。";
    COUNTED: "Counted {counted} outcomes; left out: other period {other}, pending {pending}, out of force {out}, in review {review}.",
        "计入成果 {counted} 条；未计入：其他时段 {other}，待会签 {pending}，已失效 {out}，待复核 {review}。";
    ERASED: "{erased} outcomes are in no figure because their payloads were erased.", "另有 {erased} 条成果的载荷已删除，无法计入任何数字。";
    HIDDEN: "*: of fewer than {least} persons, or would give such a figure away.", "＊：人数不足 {least}，或可据以推出此类数字，故不公布。";
    READING: "reading", "读取中";
    INDEX: "leaf index", "日志序号";
    KIND: "kind", "类型";
    ISSUER: "issuer", "颁发机构";
    LEAF_HASH: "leaf hash", "叶散列";
    FOUND: "found", "检查结果";
    WANTING: "wanting, says the report", "检查报告：有问题";
    HOLDS: "holds", "符合规则";
    SAMPLE: "{drawn} of {population} drawn for {scheme}, by tree size {size}, root {root}; seed {seed}",
        "{scheme}：从 {population} 条中抽取 {drawn} 条；依据日志大小 {size}，根散列 {root}；种子 {seed}";
    TOLD: "Reported in entry {index}, {findings} found wanting.", "检查报告：记录 {index}，有问题 {findings} 条。";
    STRAY: "The report names entry {index}, which was not drawn.", "报告所列记录 {index} 不在抽样之内。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_values() {
        for (name, text) in ALL {
            let values = |text: &str| text.matches('{').count();
            assert_eq!(values(text.en), values(text.zh), "{name}");
            assert!(text.en.is_ascii() && !text.zh.is_ascii(), "{name}");
        }
    }
}
