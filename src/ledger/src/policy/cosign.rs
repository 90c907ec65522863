//! Second signatures under outcomes: what is built in, and what policies make of it (docs/adr/0029).

use super::{InForce, number};
use xuefen_core::proto::{self, OutcomeKind};

/// When a co-signer signs (rules.md 2, "Co-signing").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CosignTime {
    /// With the entry, or it is refused.
    AtEntry,
    /// Later, within so many days; until then the entry counts for nothing.
    MayFollow {
        /// Days after the entry is logged until it lapses.
        lapse_days: u32,
    },
}

/// Kinds of outcome that need a co-signer: an internship counts with school and host, a transfer with both schools.
const BUILT_IN: &[(OutcomeKind, CosignTime)] = &[
    (OutcomeKind::PracticeRecord, CosignTime::MayFollow { lapse_days: 90 }),
    (OutcomeKind::HomeSchoolTransfer, CosignTime::AtEntry),
];

/// What waits for ever, waits for this: a hundred years.
const FOR_EVER: u32 = 36_500;

/// The stricter of two.
fn stricter(a: CosignTime, b: CosignTime) -> CosignTime {
    match (a, b) {
        (CosignTime::MayFollow { lapse_days: a }, CosignTime::MayFollow { lapse_days: b }) => {
            CosignTime::MayFollow { lapse_days: a.min(b) }
        }
        _ => CosignTime::AtEntry,
    }
}

impl InForce {
    /// When a co-signer signs whom an issuer names where no rule asks for one: a host names the home school.
    pub(crate) fn named_cosign_time(&self) -> CosignTime {
        let days = self.number(&number::COSIGN_DAYS).and_then(|days| u32::try_from(days).ok());
        CosignTime::MayFollow { lapse_days: days.unwrap_or(FOR_EVER) }
    }

    /// When the co-signer of an outcome kind signs; `None` if none is asked for. What is built in counts until the nation has
    /// a rule for the kind.
    pub(crate) fn cosign_time(&self, kind: OutcomeKind) -> Option<CosignTime> {
        let built_in = BUILT_IN.iter().find(|(of, _)| *of == kind).map(|(_, time)| *time);
        let nation = self
            .nation
            .as_ref()
            .is_some_and(|tier| tier.policy.cosign_rules.iter().any(|rule| rule.outcome_kind == kind as i32));
        let said = self.cosigners(kind).into_iter().map(|rule| {
            if rule.time == proto::CosignTime::AtEntry as i32 {
                return CosignTime::AtEntry;
            }
            CosignTime::MayFollow { lapse_days: if rule.lapse_days == 0 { FOR_EVER } else { rule.lapse_days } }
        });
        built_in.filter(|_| !nation).into_iter().chain(said).reduce(stricter)
    }
}
