//! One sentence for the person with a paper in hand: what is the matter with it, if anything.
//!
//! Of several reasons the one that decides: the first failure, else the first thing that could not be checked. The steps
//! beneath say the rest.

use xuefen_core::note::NoteError;
use xuefen_core::policy::NotAccepted;
use xuefen_core::status::{StatusProblem, StatusWord};
use xuefen_core::verify::{AuthorityReason, Reason, Report, StepResult};

use super::{Text, verification};

/// What an employer should take from a report.
#[must_use]
pub fn headline<M>(report: &Report<M>) -> Text {
    let reasons = || report.steps().map(|(_, result)| result);
    let failed = reasons().find_map(|result| if let StepResult::Fail(reason) = result { Some(reason) } else { None });
    let unchecked = || {
        reasons().find_map(|result| if let StepResult::CouldNotCheck(reason) = result { Some(reason) } else { None })
    };
    failed.or_else(unchecked).map_or_else(|| verification::verdict(report.verdict()), of)
}

/// What a reason means for whoever must decide.
#[must_use]
pub fn of(reason: &Reason) -> Text {
    match reason {
        Reason::Presentation(error) if error.is_failure() => NOT_A_FILE,
        Reason::Presentation(_) => NEWER,
        Reason::Entry { .. } if !reason.is_failure() => NEWER,
        Reason::Entry { .. } | Reason::CheckpointText(_) | Reason::Commitment { .. } => ALTERED,
        Reason::Attestation { .. } => FAKE,
        Reason::NoKnownKey { .. } => UNKNOWN_ISSUER,
        Reason::Authority(reason) => authority(reason),
        Reason::Inclusion { .. } => NOT_LOGGED,
        Reason::Ledger { .. } => OTHER_LEDGER,
        Reason::Checkpoint(error) => checkpoint(error),
        Reason::Status(problem) => status(problem),
        Reason::HolderAbsent | Reason::HolderKey | Reason::HolderTime { .. } => HOLDER_UNKNOWN,
        Reason::HolderOther | Reason::HolderSignature => NOT_THE_HOLDER,
        // What a step depends on stands before it, so that is never the first reason.
        Reason::StatusAbsent | Reason::Depends(_) => NO_STATUS,
    }
}

fn authority(reason: &AuthorityReason) -> Text {
    match reason {
        AuthorityReason::NotByIssuer { .. } => FAKE,
        AuthorityReason::NotAllowed { .. } => NOT_ALLOWED,
        AuthorityReason::CoSignerMissing { .. } => INCOMPLETE,
        AuthorityReason::ItemMissing { .. } => MISSING,
        AuthorityReason::IssuerKeyUnknown { .. } | AuthorityReason::NotAccredited { .. } => UNKNOWN_ISSUER,
    }
}

fn checkpoint(error: &NotAccepted) -> Text {
    match error {
        NotAccepted::Quorum { .. } => UNWITNESSED,
        NotAccepted::NotByItsLog | NotAccepted::Note(NoteError::NoKnownKey) => OTHER_LEDGER,
        NotAccepted::Note(_) | NotAccepted::Checkpoint(_) => NOT_LOGGED,
    }
}

fn status(problem: &StatusProblem) -> Text {
    match problem {
        StatusProblem::Word(StatusWord::Revoked) => REVOKED,
        StatusProblem::Word(StatusWord::Suspended) => SUSPENDED,
        StatusProblem::Word(StatusWord::Superseded) => SUPERSEDED,
        StatusProblem::Word(StatusWord::Expired) => EXPIRED,
        StatusProblem::Word(StatusWord::NeedsReview) => IN_REVIEW,
        StatusProblem::Word(StatusWord::Valid) | StatusProblem::NoKey => NO_STATUS,
        StatusProblem::Age { .. } => OLD_STATUS,
        _ => BAD_STATUS,
    }
}

macro_rules! headlines {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(const $name: Text = Text { en: $en, zh: $zh };)*
        #[cfg(test)]
        const ALL: &[Text] = &[$($name),*];
    };
}

headlines! {
    NOT_A_FILE: "Not a file of this kind: not a presentation, or damaged. Do not rely on it.",
        "不是出示文件，或文件已损坏。请勿采信。";
    NEWER: "Could not check: the file is of a later version than this checker. Use a newer one.",
        "无法核验：该文件的版本高于本核验程序。请使用新版程序。";
    ALTERED: "Altered: what is shown is not what was recorded. Do not rely on it.", "已被改动：所示内容与记录不符。请勿采信。";
    FAKE: "Fake: it does not carry the signature of the issuer it names. Do not rely on it.",
        "伪造：没有所称颁发机构的有效签名。请勿采信。";
    UNKNOWN_ISSUER: "Unknown issuer: nothing shows who accredited it. Not shown to be genuine.",
        "颁发机构不明：没有内容证明其经过批准。尚未证明为真。";
    NOT_ALLOWED: "Not theirs to issue: the institution had no right to issue this. Do not rely on it.",
        "越权颁发：该机构无权颁发此类成果。请勿采信。";
    INCOMPLETE: "Incomplete: a party that must sign too did not. Do not rely on it.", "手续不全：缺少必须的共同签名。请勿采信。";
    MISSING: "Could not check: the file lacks a record that it rests on. Ask the learner for a new file.",
        "无法核验：文件缺少其依据的记录。请学习者重新生成文件。";
    NOT_LOGGED: "Not recorded: the public log does not contain it. Do not rely on it.", "未入账：公开日志中没有该记录。请勿采信。";
    OTHER_LEDGER: "Wrong ledger: it is not of a ledger that you trust. Do not rely on it.",
        "账本不符：不属于您信任的账本。请勿采信。";
    UNWITNESSED: "Unwitnessed: too few independent witnesses vouch for the log. Do not rely on it.",
        "见证不足：独立见证方数量不够。请勿采信。";
    REVOKED: "Revoked: it was taken back for good. Do not rely on it.", "已撤销：已被收回，不可恢复。请勿采信。";
    SUSPENDED: "Suspended: it is out of force for now. Ask its issuer.", "已暂停：目前不生效。请向颁发机构询问。";
    SUPERSEDED: "Superseded: a corrected record took its place. Ask the learner for that one.",
        "已被取代：已有更正后的记录。请学习者出示更正后的记录。";
    EXPIRED: "Expired: its time has run out.", "已过期：有效期已过。";
    IN_REVIEW: "In review: it may or may not stand. Ask its issuer.", "待复核：是否有效尚待决定。请向颁发机构询问。";
    NO_STATUS: "Status not known: everything else holds; whether it still stands could not be checked.",
        "状态不明：其他各项均成立，但无法核验目前是否仍有效。";
    OLD_STATUS: "Status out of date: whether it still stands could not be checked. Ask for a fresh status.",
        "状态已过时：无法核验目前是否仍有效。请索取最新状态。";
    BAD_STATUS: "Its status is false: the note that comes with it does not hold. Do not rely on it.",
        "状态不实：所附状态注记不成立。请勿采信。";
    HOLDER_UNKNOWN: "Holder not shown: whether it belongs to whoever shows it could not be checked.",
        "持有人未证实：无法核验出示者是否为持有人。";
    NOT_THE_HOLDER: "Not by its holder: the holder proof does not hold. Do not rely on it.",
        "非持有人出示：持有人证明不成立。请勿采信。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_headline_is_its_own_and_in_both_languages() {
        for (at, text) in ALL.iter().enumerate() {
            assert!(text.en.is_ascii() && text.zh.chars().any(|c| c > '\u{2e7f}'), "{text:?}");
            assert!(ALL[..at].iter().all(|other| other.en != text.en && other.zh != text.zh), "{text:?}");
        }
    }

    #[test]
    fn a_failure_is_told_apart_from_what_could_not_be_checked() {
        let age = of(&Reason::Status(StatusProblem::Age { time: 7 }));
        let revoked = of(&Reason::Status(StatusProblem::Word(StatusWord::Revoked)));
        assert!(age.en.contains("could not be checked") && revoked.en.contains("Do not rely on it"));
        assert!(of(&Reason::Checkpoint(NotAccepted::Quorum { cosigned: 0 })).en.starts_with("Unwitnessed"));
    }
}
