//! What the demo says beside the commands that it runs, in Chinese and English. What those say is theirs.

pub use crate::cli::messages::Text;

texts! {
    ENVIRONMENT: "Every line after $ can be typed. First, so that commands find the server and know it:",
        "以 $ 开头的每一行都可以自己输入。先让各命令找到服务器并认得它：";
    FURNISH: "1. Genesis, two provinces, eight institutions and their keys, a recording rule, courses, certificates.",
        "1. 创世记录、两个省、八家机构及其公钥、学分记录规则、课程与证书。";
    FURNISHED: "1. This is the ledger of an earlier demo; --fresh begins a new one.",
        "1. 沿用先前演示的账本；如需重新开始，请加 --fresh。";
    ACCOUNTS: "2. The home school opens 951 accounts: one sheet, one signature.",
        "2. 学籍学校为 951 名学习者开户：一张表格，一次签名。";
    TERM: "3. Four hosts and an evaluation body sign the term: results, resits, certificates. Twelve rows are wrong on purpose; each is left out by itself.",
        "3. 四所承办学校和一家评价组织签名并提交本学期成绩、补考与证书。其中十二行故意有误，逐行剔除，不影响其余各行。";
    AGAIN: "4. The same sheet signed and posted again: the first receipts, nothing new.",
        "4. 同一表格再次签名、再次提交：返回首次回执，没有新增。";
    SIZES: "Tree size {before} before and {after} after.", "日志大小：提交前 {before}，提交后 {after}。";
    FIXED: "5. A registrar corrects three of the wrong rows in the rejects file and signs that. The demo does not post it.",
        "5. 教务人员在未签名行文件中改正三行并签名。演示程序不提交此文件。";
    LEARNER: "6. A learner activates the account, reads the transcript, and makes a file that shows one certificate.",
        "6. 学习者激活账号，查看成绩单，并生成出示一份证书的文件。";
    EMPLOYER: "7. An employer checks it with two text files and no server ...", "7. 用人单位凭两个文本文件核验，不需要服务器……";
    CHANGED: "... and the same file with one byte changed:", "……再核验改动了一个字节的同一文件：";
    SUMMARY: "{origin}: {size} entries; {accepted} new, {replayed} answered again, {refused} refused. Files: {files}",
        "{origin}：共 {size} 条；新增 {accepted} 条，重复应答 {replayed} 条，被拒 {refused} 条。文件：{files}";
    FAILED: "FAILED: {what}", "未通过：{what}";
    NEXT: "Try next, in another terminal:", "接下来可在另一个终端中尝试：";
    NEXT_OFFLINE: "Try next:", "接下来可以尝试：";
    TRY_POST: "three corrected rows: 3 new, and nothing new the second time", "提交改正后的三行：新增 3 条；再次提交则无新增";
    TRY_TRANSCRIPT: "a learner's transcript; the code is good once", "学习者的成绩单；激活码只能用一次";
    TRY_VERIFY: "the employer's check, offline", "用人单位的离线核验";
    TRY_GRPC: "the same service from any gRPC client (docs/api.md has Python)", "用任意 gRPC 客户端调用同一服务（Python 用法见 docs/api.md）";
    TRY_SERVE: "the same demo, and the server stays", "再次演示，服务器保持运行";

    SIGNED_ALL: "the home school's accounts are signed", "学籍学校的账号已全部签名";
    ALL_KNOWN: "every row of {file} is in the log", "{file} 的每一行都在日志中";
    TWELVE: "twelve rows were refused", "被拒的恰为十二行";
    FIRST_RECEIPTS: "a sheet signed again is answered with its first receipts", "再次签名的表格返回首次回执";
    NOTHING_NEW: "posting again logs nothing", "再次提交没有新增";
    THREE_FIXED: "three corrected rows are signed", "改正后的三行均已签名";
    OPENS: "the learner's transcript opens", "学习者能打开成绩单";
    PRESENTS: "a presentation is made", "已生成出示文件";
    GENUINE: "the presentation verifies offline", "出示文件离线核验通过";
    CAUGHT: "the changed presentation fails", "改动过的出示文件核验不通过";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_in_both_languages() {
        for (name, text) in ALL {
            assert_eq!(text.en.matches('{').count(), text.zh.matches('{').count(), "{name}");
            assert!(text.zh.chars().any(|c| c > '\u{2e7f}') && text.en.is_ascii(), "{name}");
        }
    }
}
