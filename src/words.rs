//! Sentences for people about the steps of a verification, in English and Chinese. Codes are core's; words are here, because
//! command line, services and pages say the same thing.

use xuefen_core::status::{StatusProblem, StatusWord};
use xuefen_core::verify::{AuthorityReason, Reason, Step};

/// A sentence in the two languages of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

fn say(en: impl Into<String>, zh: impl Into<String>) -> Sentence {
    Sentence { en: en.into(), zh: zh.into() }
}

/// What a step looks at.
#[must_use]
pub const fn step(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Parse => ("the file is a presentation and every entry in it is canonical", "文件格式正确，记录编码规范"),
        Step::Commitment => ("the fields shown are the ones that were logged", "所示字段与账本记录一致"),
        Step::Attestation => ("the signatures of the parties hold", "各方签名有效"),
        Step::Authority => ("the issuer was accredited and allowed to issue this", "颁发机构具备资质和权限"),
        Step::Inclusion => ("the entry is in the log", "记录在公开日志中"),
        Step::Checkpoint => ("the log's checkpoint is signed and witnessed", "日志检查点已签名并经见证"),
        Step::Status => ("it is still valid", "目前仍然有效"),
        Step::Holder => ("the person showing it holds its key", "出示人持有绑定密钥"),
    }
}

/// Why a step did not pass, and what to do about it.
#[must_use]
pub fn reason(reason: &Reason) -> Sentence {
    match reason {
        Reason::Depends(step) => say(
            format!("An earlier step ({}) did not pass, so this one could not be checked.", step.number()),
            format!("第 {} 步未通过，因此本步无法核验。", step.number()),
        ),
        Reason::Presentation(error) if !error.is_failure() => {
            say(format!("{error}. Use a newer program to check this file."), "文件采用更新的格式版本，请升级后再核验。")
        }
        Reason::Presentation(error) => say(
            format!("The file is damaged or not a presentation: {error}."),
            format!("文件已损坏或不是出示文件：{error}。"),
        ),
        Reason::Entry { error, .. } => {
            say(format!("An entry in the file cannot be read: {error}."), format!("文件中的记录无法读取：{error}。"))
        }
        Reason::CheckpointText(error) => {
            say(format!("The checkpoint cannot be read: {error}."), format!("检查点无法读取：{error}。"))
        }
        Reason::Commitment { .. } => say(
            "A field shown is not what was logged: it was altered, or a field was left out. Do not rely on it.",
            "所示字段与账本不符：内容被改动或缺失。请勿采信。",
        ),
        Reason::Attestation { key, error, .. } => say(
            format!("A signature by a known key ({key:?}) does not hold: {error}. Do not rely on it."),
            format!("已知密钥（{key:?}）的签名无效：{error}。请勿采信。"),
        ),
        Reason::NoKnownKey { .. } => say(
            "None of the signing keys is known. Check that authority.txt is the one of this ledger.",
            "签名密钥均不在信任范围内，请确认 authority.txt 属于该账本。",
        ),
        Reason::Authority(reason) => authority(reason),
        Reason::Inclusion { .. } => say(
            "The proof does not lead to the log's root: this entry is not in the log. Do not rely on it.",
            "证明与日志根不符：该记录不在日志中。请勿采信。",
        ),
        Reason::Ledger { ledger, .. } => {
            say(format!("An entry was made for another ledger, {ledger}."), format!("记录属于另一账本 {ledger}。"))
        }
        Reason::Checkpoint(error) => say(
            format!("The checkpoint is not accepted under policy.txt: {error}."),
            format!("检查点不符合 policy.txt 的信任策略：{error}。"),
        ),
        Reason::StatusAbsent => say(
            "The file has no status note. Ask the server for one, or ask the learner for a newer file.",
            "文件不含状态说明，请向服务器查询或请持有人提供新文件。",
        ),
        Reason::Status(problem) => status(problem),
        Reason::HolderAbsent => say("No holder proof was given. Ask for one.", "未提供持有人证明，请索取。"),
        Reason::HolderOther => say(
            "The holder proof answers someone else's question: it was made for another audience or challenge.",
            "持有人证明针对的是另一核验方或另一次提问。",
        ),
        Reason::HolderSignature => say("The holder's signature does not hold.", "持有人签名无效。"),
        Reason::HolderKey => say(
            "Nothing in the file ties the holder's key to this outcome.",
            "文件中没有内容将持有人密钥与该成果绑定。",
        ),
        Reason::HolderTime { .. } => say(
            "The holder proof is too old or ahead of this clock. Ask for a new one.",
            "持有人证明已过期或时间超前，请重新索取。",
        ),
    }
}

/// [`reason`] in English.
#[must_use]
pub fn reason_en(reason: &Reason) -> String {
    self::reason(reason).en
}

fn authority(reason: &AuthorityReason) -> Sentence {
    match reason {
        AuthorityReason::IssuerKeyUnknown { issuer } => say(
            format!(
                "It is signed by a key that is not known to be {issuer}'s. Ask for a file with the issuer's key entry."
            ),
            format!("签名密钥无法确认属于 {issuer}，请索取包含其密钥记录的文件。"),
        ),
        AuthorityReason::NotByIssuer { issuer } => say(
            format!("No key of {issuer} that was valid at the time signed it. Do not rely on it."),
            format!("没有 {issuer} 当时有效的密钥签名。请勿采信。"),
        ),
        AuthorityReason::NotAccredited { issuer } => say(
            format!("Nothing in the file shows that {issuer} was accredited. Ask for a complete file."),
            format!("文件未能证明 {issuer} 当时已获认可，请索取完整文件。"),
        ),
        AuthorityReason::NotAllowed { issuer, .. } => say(
            format!("{issuer} was not allowed to issue this. Do not rely on it."),
            format!("{issuer} 无权颁发此类成果。请勿采信。"),
        ),
        AuthorityReason::CoSignerMissing { party } => {
            say(format!("{party} had to sign too and did not."), format!("缺少 {party} 的共同签名。"))
        }
        AuthorityReason::ItemMissing { kind } => say(
            format!("The file lacks an entry that the answer depends on ({kind}). Ask for a complete file."),
            format!("文件缺少所依据的记录（{kind}），请索取完整文件。"),
        ),
    }
}

fn status(problem: &StatusProblem) -> Sentence {
    match problem {
        StatusProblem::Word(StatusWord::Revoked) => {
            say("It was revoked by its issuer or authority. It is not valid.", "已被颁发机构或主管部门撤销，无效。")
        }
        StatusProblem::Word(StatusWord::Suspended) => {
            say("It is suspended at this time. Ask the issuer.", "目前处于暂停状态，请咨询颁发机构。")
        }
        StatusProblem::Word(StatusWord::Superseded) => {
            say("It was replaced by a correction. Ask the learner for the new one.", "已被更正记录取代，请索取新文件。")
        }
        StatusProblem::Word(StatusWord::Expired) => say("Its validity has ended.", "有效期已过。"),
        StatusProblem::Word(StatusWord::NeedsReview) => say(
            "It needs review: a right or key that it rests on is in doubt, or a party has yet to sign. Ask the issuer.",
            "有待复核：所依据的资质或密钥存疑，或尚缺一方签名。请咨询颁发机构。",
        ),
        StatusProblem::Age { .. } => say(
            "The status note is too old or ahead of this clock. Get a fresh one.",
            "状态说明已过期或时间超前，请重新获取。",
        ),
        StatusProblem::NoKey => {
            say("No key is known that signs status notes of this ledger.", "没有可用于核验该账本状态说明的密钥。")
        }
        other => say(format!("The status note does not stand: {other}."), format!("状态说明不成立：{other}。")),
    }
}
