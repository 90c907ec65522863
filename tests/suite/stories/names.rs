//! Story 10: a training base issues under its accredited name and no other.

use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, CertificateFamily, InstitutionKind, OutcomeKind};
use xuefen_ledger::testing::{Party, zh};

use super::bank::{Bank, Who};

/// What the base is accredited as: the enterprise that runs it.
pub const NAME: &str = "青海样例建筑有限公司";

/// A training base that may issue completion certificates of the family `base-project`, at the index given with it.
pub async fn base(bank: &mut Bank) -> (Who, u64) {
    let party = Party::with_code("91630000990000111", 21);
    let accreditation = AccreditInstitution {
        kind: InstitutionKind::TrainingBase as i32,
        outcome_kinds: vec![OutcomeKind::CompletionCertificate as i32],
        families: vec!["base-project".to_owned()],
        highest_skill_level: 0,
        ..bank.world.accreditation(&party, "630100", NAME)
    };
    let base = bank.admit(&party, 21, accreditation).await;
    let family = CertificateFamily {
        code: "base-project".to_owned(),
        version: 1,
        names: zh("立项证书"),
        outcome_kind: OutcomeKind::CompletionCertificate as i32,
        ..CertificateFamily::default()
    };
    let family = bank.say(&base, Body::CertificateFamily(family), &[base.seed]).await;
    (base, family)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_10_a_base_may_not_issue_under_the_name_of_the_base() {
    let mut bank = Bank::new().await;
    let (base, family) = base(&mut bank).await;
    let family = family.to_string();
    let kind = OutcomeKind::CompletionCertificate;
    // Neither its own trade name, nor one nearly accredited, nor that of a school.
    for name in ["国家级建筑实训基地", "青海样例建筑有限公司实训基地", "西宁市第一职业技术学校", "青海样例建筑"]
    {
        let values = [(tags::FAMILY, family.as_str()), (tags::TITLE, "立项证书"), (tags::ISSUER_NAME, name)];
        let refusal = {
            let posting = bank.certificate(&base, kind, &values);
            bank.refuse(&posting).await
        };
        assert_eq!(refusal.reason, "NAME_NOT_ALLOWED", "{name}: {refusal:?}");
        assert_eq!(refusal.field, "payload.issuer_name (26)");
        assert!(!refusal.fix.is_empty());
    }
    // The same certificate under the accredited name.
    let values = [(tags::FAMILY, family.as_str()), (tags::TITLE, "立项证书"), (tags::ISSUER_NAME, NAME)];
    let posting = bank.certificate(&base, kind, &values);
    let receipt = bank.accept(posting).await;
    assert!(!receipt.pending && receipt.flags.is_empty(), "{receipt:?}");
}
