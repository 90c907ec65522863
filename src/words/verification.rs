//! The results of a verification in words, Chinese and English.
//!
//! A reason's code is stable; its sentence is for the person who must decide what to do with the paper in hand.

use std::fmt::Display;

use xuefen_core::kinds::outcomes;
use xuefen_core::note::NoteError;
use xuefen_core::policy::NotAccepted;
use xuefen_core::proto::OutcomeKind;
use xuefen_core::status::{StatusProblem, StatusWord};
use xuefen_core::verify::{Reason, Step, StepResult, Verdict};

use super::{Lang, Text, time_text};

/// What a step checks.
#[must_use]
pub const fn step(step: Step) -> Text {
    match step {
        Step::Parse => Text { en: "the file can be read", zh: "文件可读、格式规范" },
        Step::Commitment => Text { en: "what is shown is what was recorded", zh: "所示内容与记录一致" },
        Step::Attestation => Text { en: "the signatures hold", zh: "签名有效" },
        Step::Authority => Text { en: "the issuer had the right to issue it", zh: "颁发机构当时有权颁发" },
        Step::Inclusion => Text { en: "it is in the ledger's log", zh: "已记入账本日志" },
        Step::Checkpoint => {
            Text { en: "log and witnesses vouch for the checkpoint", zh: "检查点由日志和见证方签名" }
        }
        Step::Status => Text { en: "it still stands", zh: "目前仍有效" },
        Step::Holder => Text { en: "whoever shows it is its holder", zh: "出示者为持有人" },
    }
}

/// How a step came out.
#[must_use]
pub const fn result(result: &StepResult) -> Text {
    match result {
        StepResult::Pass => Text { en: "pass", zh: "通过" },
        StepResult::NotAsked => Text { en: "not asked", zh: "未要求" },
        StepResult::CouldNotCheck(_) => Text { en: "could not check", zh: "无法核验" },
        StepResult::Fail(_) => Text { en: "FAIL", zh: "不通过" },
    }
}

/// How all of them came out, and what that means.
#[must_use]
pub const fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pass => Text { en: "PASS: genuine and in force.", zh: "通过：真实且有效。" },
        Verdict::CouldNotCheck => Text {
            en: "COULD NOT CHECK: not shown to be genuine, and not shown to be false. Ask for what the table names.",
            zh: "无法核验：既未证明为真，也未证明为假。请索取表中所缺的内容。",
        },
        Verdict::Fail => Text { en: "FAIL: do not rely on it.", zh: "不通过：请勿采信。" },
    }
}

/// A status word.
#[must_use]
pub const fn status(word: StatusWord) -> Text {
    match word {
        StatusWord::Valid => Text { en: "valid", zh: "有效" },
        StatusWord::Revoked => Text { en: "revoked", zh: "已撤销" },
        StatusWord::Suspended => Text { en: "suspended", zh: "已暂停" },
        StatusWord::Superseded => Text { en: "superseded", zh: "已被更正记录取代" },
        StatusWord::Expired => Text { en: "expired", zh: "已过期" },
        StatusWord::NeedsReview => Text { en: "needs review", zh: "待复核" },
    }
}

/// A kind of outcome.
#[must_use]
pub fn outcome_kind(kind: OutcomeKind) -> Text {
    outcomes::of(kind).map_or(Text { en: "not stated", zh: "未注明" }, |row| Text { en: row.en, zh: row.zh })
}

/// Why a step did not pass, in a sentence.
#[must_use]
pub fn reason(reason: &Reason, lang: Lang) -> String {
    // Details below come from core in English: they name members and lines of files, which have no Chinese names.
    let nothing: &dyn Display = &"";
    let (text, detail): (Text, &dyn Display) = match reason {
        Reason::Depends(step) => return depends(*step, lang),
        Reason::Presentation(error) => (UNREADABLE, error),
        Reason::Entry { error, .. } => (UNREADABLE, error),
        Reason::CheckpointText(error) => (UNREADABLE, error),
        Reason::Commitment { .. } => (
            Text {
                en: "fields were changed or do not belong to the record", zh: "内容被改动或不属于该记录"
            },
            nothing,
        ),
        Reason::Attestation { error, .. } => {
            (Text { en: "a signature is wrong: {detail}", zh: "签名有误：{detail}" }, error)
        }
        Reason::NoKnownKey { .. } => {
            (Text { en: "none of the signing keys is known", zh: "没有已知的签名公钥" }, nothing)
        }
        Reason::Authority(_) => (authority(reason), nothing),
        Reason::Inclusion { .. } => (
            Text {
                en: "it is not in the log that the checkpoint names", zh: "检查点所指的日志中没有该记录"
            },
            nothing,
        ),
        Reason::Ledger { ledger, .. } => {
            (Text { en: "it was made for another ledger, {detail}", zh: "该记录属于另一账本 {detail}" }, ledger)
        }
        Reason::Checkpoint(error) => return checkpoint(error, lang),
        Reason::StatusAbsent => {
            (Text { en: "no status comes with it; ask for a fresh one", zh: "未附状态；请索取最新状态" }, nothing)
        }
        Reason::Status(problem) => return status_problem(problem, lang),
        Reason::HolderAbsent => (Text { en: "no holder proof comes with it", zh: "未附持有人证明" }, nothing),
        Reason::HolderOther => (
            Text {
                en: "the holder proof answers another audience or challenge",
                zh: "持有人证明针对其他核验方或其他挑战",
            },
            nothing,
        ),
        Reason::HolderSignature => (Text { en: "the holder's signature is wrong", zh: "持有人签名有误" }, nothing),
        Reason::HolderKey => {
            (Text { en: "nothing binds the holder's key to the record", zh: "持有人公钥未与该记录绑定" }, nothing)
        }
        Reason::HolderTime { time } => {
            let text = Text {
                en: "the holder proof is of {time}, too old or ahead",
                zh: "持有人证明的时间 {time} 过旧或超前",
            };
            return text.fill(lang, &[("time", &moment(*time))]);
        }
    };
    text.fill(lang, &[("detail", detail)])
}

const UNREADABLE: Text = Text { en: "the file cannot be used: {detail}", zh: "文件无法使用：{detail}" };

fn depends(on: Step, lang: Lang) -> String {
    let text = Text { en: "step {number} did not pass", zh: "步骤 {number} 未通过" };
    text.fill(lang, &[("number", &on.number())])
}

/// Unix seconds as people read them.
fn moment(time: u64) -> String {
    i64::try_from(time).map_or_else(|_| time.to_string(), time_text::local)
}

/// Step 4: who said it.
fn authority(reason: &Reason) -> Text {
    match reason.as_str() {
        "ISSUER_KEY" => {
            Text { en: "no key of the issuer is among what is shown", zh: "所附内容中没有颁发机构的公钥" }
        }
        "ISSUER" => Text { en: "no valid key of the issuer signed it", zh: "没有颁发机构的有效公钥签名" },
        "ACCREDITATION" => Text {
            en: "no accreditation of the issuer is among what is shown",
            zh: "所附内容中没有颁发机构的批准记录",
        },
        "NOT_ALLOWED" => {
            Text { en: "the issuer had no right to issue this", zh: "颁发机构无权颁发此类成果" }
        }
        "CO_SIGNER" => Text { en: "someone who had to sign too did not", zh: "缺少必须的共同签名" },
        _ => Text {
            en: "an entry that it rests on is not among what is shown", zh: "所附内容缺少其依据的记录"
        },
    }
}

/// Step 6: who vouches for the log.
fn checkpoint(error: &NotAccepted, lang: Lang) -> String {
    let text = match error {
        NotAccepted::Note(NoteError::Signature { .. }) => Text {
            en: "a signature under the checkpoint is wrong: {detail}",
            zh: "检查点的签名有误：{detail}",
        },
        NotAccepted::Note(NoteError::NoKnownKey) | NotAccepted::NotByItsLog => Text {
            en: "no log that you trust signed the checkpoint: it is of another ledger, or made up",
            zh: "检查点不是由您信任的日志签名：属于另一账本，或系伪造",
        },
        NotAccepted::Quorum { cosigned } => {
            let text = Text {
                en: "too few witnesses saw this log: {cosigned} of those that you ask for",
                zh: "见证不足：您要求的见证方中仅有 {cosigned} 家签名",
            };
            return text.fill(lang, &[("cosigned", cosigned)]);
        }
        _ => Text { en: "the checkpoint cannot be used: {detail}", zh: "检查点无法使用：{detail}" },
    };
    match error {
        NotAccepted::Note(note) => text.fill(lang, &[("detail", note)]),
        other => text.fill(lang, &[("detail", other)]),
    }
}

/// Step 7: whether it still stands.
fn status_problem(problem: &StatusProblem, lang: Lang) -> String {
    let text = match problem {
        StatusProblem::Word(StatusWord::Revoked) => Text {
            en: "it was revoked for good by its issuer or an authority",
            zh: "已被颁发机构或主管部门撤销，不可恢复",
        },
        StatusProblem::Word(StatusWord::Suspended) => Text {
            en: "it is suspended for now; ask its issuer why",
            zh: "目前处于暂停状态；请向颁发机构询问原因",
        },
        StatusProblem::Word(StatusWord::Superseded) => Text {
            en: "a corrected record took its place; ask the learner for that one",
            zh: "已被更正后的记录取代；请索取更正后的记录",
        },
        StatusProblem::Word(StatusWord::Expired) => Text { en: "its time has run out", zh: "已超过有效期" },
        StatusProblem::Word(StatusWord::NeedsReview) => Text {
            en: "it is under review: neither confirmed nor taken back",
            zh: "正在复核：尚未确认，也未撤销",
        },
        StatusProblem::Age { time } => {
            let text = Text {
                en: "its status is of {time}, older than you accept or ahead of your clock; ask for a fresh one",
                zh: "状态时间为 {time}，早于您接受的期限或晚于您的时钟；请索取最新状态",
            };
            return text.fill(lang, &[("time", &moment(*time))]);
        }
        StatusProblem::NoKey => Text {
            en: "no key is known that may sign the status of this ledger's records",
            zh: "没有可为该账本状态签名的已知公钥",
        },
        StatusProblem::Subject => Text {
            en: "the status that comes with it is about another record",
            zh: "所附状态属于另一条记录",
        },
        StatusProblem::Note(_) => Text {
            en: "the status that comes with it is not signed as it must be: {detail}",
            zh: "所附状态的签名不符合要求：{detail}",
        },
        _ => Text { en: "the status that comes with it is wrong: {detail}", zh: "所附状态有误：{detail}" },
    };
    match problem {
        StatusProblem::Note(note) => text.fill(lang, &[("detail", note)]),
        other => text.fill(lang, &[("detail", other)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_speak_both_languages_with_their_details() {
        let cases = [
            (Reason::Depends(Step::Attestation), "step 3 did not pass", "步骤 3 未通过"),
            (
                Reason::HolderTime { time: 7 },
                "the holder proof is of 1970-01-01 08:00:07, too old or ahead",
                "持有人证明的时间 1970-01-01 08:00:07 过旧或超前",
            ),
            (Reason::StatusAbsent, "no status comes with it; ask for a fresh one", "未附状态；请索取最新状态"),
        ];
        for (case, en, zh) in cases {
            assert_eq!((reason(&case, Lang::En), reason(&case, Lang::Zh)), (en.to_owned(), zh.to_owned()));
        }
    }
}
