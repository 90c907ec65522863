//! The ledger's statements as the envelope sees them: head, private or public body, and the kinds by name.
//!
//! What a kind may say is not here.

use crate::canonical::NonCanonical;
use crate::proto::Statement;
use crate::proto::statement::Body as Kinds;
use crate::statement::{Body, Head, StatementMessage, Writable, read_writable};
use prost::bytes::Bytes;

impl StatementMessage for Statement {
    fn read(bytes: &Bytes) -> Result<Self, NonCanonical> {
        read_writable(bytes)
    }

    fn head(&self) -> Head<'_> {
        let Self { version, ledger, issuer, nonce, issued_at, body: _ } = self;
        Head { version: *version, ledger, issuer, nonce, issued_at: *issued_at }
    }

    fn body(&self) -> Body<'_> {
        match self.body.as_ref() {
            None => Body::Absent,
            Some(body) => commitment(body).map_or(Body::Public, |commitment| Body::Private { commitment }),
        }
    }
}

impl Writable for Statement {
    fn enums_non_negative(&self) -> bool {
        self.body.as_ref().is_none_or(super::enums::non_negative)
    }
}

macro_rules! kinds {
    ($($kind:ident $name:literal $($private:ident)?;)*) => {
        /// The kinds of version 1, in the order of their field numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($kind), "`")] $kind,)*
        }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind of a body.
            #[must_use]
            pub const fn of(body: &Kinds) -> Self {
                match body {
                    $(Kinds::$kind(_) => Self::$kind,)*
                }
            }

            /// The name of the field in `Statement`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// Whether the content is a payload, and the body carries a commitment to it.
            #[must_use]
            pub const fn is_private(self) -> bool {
                match self {
                    $(Self::$kind => kinds!(@private $($private)?),)*
                }
            }
        }

        /// Field 1 of a private body.
        fn commitment(body: &Kinds) -> Option<&[u8]> {
            match body {
                $(kinds!(@pattern $kind body $($private)?) => kinds!(@value body $($private)?),)*
            }
        }
    };
    (@private) => { false };
    (@private private) => { true };
    (@pattern $kind:ident $body:ident) => { Kinds::$kind(_) };
    (@pattern $kind:ident $body:ident private) => { Kinds::$kind($body) };
    (@value $body:ident) => { None };
    (@value $body:ident private) => { Some(&$body.commitment) };
}

kinds! {
    Genesis "genesis";
    AuthorityKey "authority_key";
    AccreditInstitution "accredit_institution";
    ChangeInstitution "change_institution";
    Charter "charter";
    InstitutionKey "institution_key";
    FiledMajors "filed_majors";
    EvaluateInstitution "evaluate_institution";
    Policy "policy";
    Framework "framework";
    MajorCatalogue "major_catalogue";
    RecordingRule "recording_rule";
    Equivalence "equivalence";
    ExamScheme "exam_scheme";
    Pathway "pathway";
    Course "course";
    Module "module";
    Programme "programme";
    Run "run";
    CertificateFamily "certificate_family";
    ConversionRule "conversion_rule";
    OpenAccount "open_account" private;
    AmendAccount "amend_account" private;
    BindKey "bind_key" private;
    UnbindKey "unbind_key" private;
    MergeAccounts "merge_accounts" private;
    EraseNotice "erase_notice";
    RecordOutcome "record_outcome" private;
    Countersign "countersign";
    Suspend "suspend";
    Reinstate "reinstate";
    Revoke "revoke";
    ApplyConversion "apply_conversion" private;
    AcceptApplication "accept_application";
    DecideConversion "decide_conversion" private;
    AppealDecision "appeal_decision" private;
    DecideAppeal "decide_appeal";
    ReverseConversion "reverse_conversion" private;
    WithdrawApplication "withdraw_application";
    ConferAward "confer_award" private;
    Inspection "inspection";
    DeclareHeadcount "declare_headcount";
    AnchorLedger "anchor_ledger";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use crate::statement::{Statement as Parsed, StatementError, StatementRule};

    fn with(body: Kinds) -> Statement {
        Statement {
            version: 1,
            ledger: "x.example/a".to_owned(),
            issuer: "x-school".to_owned(),
            nonce: vec![7; 16].into(),
            issued_at: 1_780_446_011,
            body: Some(body),
        }
    }

    #[test]
    fn kinds_and_their_names_are_those_of_the_schema() {
        let source = include_str!("../proto/xuefen.v1.rs");
        let names = source.split("pub enum Body {").nth(1).expect("the oneof of Statement").split("\n    }").next();
        let members: Vec<&str> =
            names.expect("its end").split("super::").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert_eq!(members, Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>());
        for kind in Kind::ALL {
            let body = source.split(&format!("pub struct {kind:?} {{")).nth(1).expect("the message of the kind");
            let body = body.split("\n}").next().expect("its end");
            assert_eq!(body.contains("pub commitment:"), kind.is_private(), "{kind:?}");
            assert_eq!(kind.name().replace('_', ""), format!("{kind:?}").to_lowercase());
        }
    }

    #[test]
    fn a_private_body_carries_its_commitment_and_a_public_one_does_not() {
        let account = |commitment| Kinds::OpenAccount(proto::OpenAccount { commitment });
        let private = Parsed::from_message(with(account(vec![9; 32]))).expect("a good statement");
        assert_eq!(private.commitment().map(|hash| hash.0), Some([9; 32]));
        let short = Parsed::from_message(with(account(vec![9; 31])));
        assert_eq!(short.err(), Some(StatementError::Rule(StatementRule::Commitment)));
        let public = Parsed::from_message(with(Kinds::Course(proto::Course::default()))).expect("a good statement");
        assert_eq!(public.commitment(), None);
    }
}
