//! Members of the schema's enums by their names in small letters: `course`, `national_authority`, `fraud`.

use anyhow::Context as _;
use xuefen_core::proto::{
    AuthorityRole, EndEffect, InstitutionGround, InstitutionKind, LifecycleReason, OutcomeKind, Sector, Severity,
};

/// An enum of the schema.
pub trait Named: Sized {
    /// What its members begin with.
    const PREFIX: &'static str;
    /// The member of a whole name.
    fn by_name(name: &str) -> Option<Self>;
    /// The whole name.
    fn whole_name(&self) -> &'static str;
}

macro_rules! named {
    ($($type:ty: $prefix:literal;)*) => {
        $(impl Named for $type {
            const PREFIX: &'static str = $prefix;
            fn by_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
            fn whole_name(&self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

named! {
    AuthorityRole: "AUTHORITY_ROLE_";
    EndEffect: "END_EFFECT_";
    InstitutionGround: "INSTITUTION_GROUND_";
    InstitutionKind: "INSTITUTION_KIND_";
    LifecycleReason: "LIFECYCLE_REASON_";
    OutcomeKind: "OUTCOME_KIND_";
    Sector: "SECTOR_";
    Severity: "SEVERITY_";
}

/// The member that people write as `text`.
pub fn parse<E: Named>(text: &str) -> anyhow::Result<E> {
    let name = text.trim().to_uppercase().replace([' ', '-'], "_");
    let what = E::PREFIX.trim_end_matches('_').to_lowercase().replace('_', " ");
    Some(name)
        .filter(|name| name != "UNSPECIFIED")
        .and_then(|name| E::by_name(&format!("{}{name}", E::PREFIX)))
        .with_context(|| format!("{text:?} is no {what}"))
}

/// How people write the member.
#[must_use]
pub fn name<E: Named>(member: &E) -> String {
    member.whole_name().trim_start_matches(E::PREFIX).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_read_as_they_are_written() {
        for kind in [InstitutionKind::HigherVocational, InstitutionKind::Operator] {
            assert_eq!(parse::<InstitutionKind>(&name(&kind)).unwrap(), kind);
        }
        assert_eq!(parse::<LifecycleReason>("wrong-learner").unwrap(), LifecycleReason::WrongLearner);
        assert_eq!(parse::<Sector>("nothing").unwrap_err().to_string(), "\"nothing\" is no sector");
        assert!(parse::<Sector>("unspecified").is_err());
    }
}
