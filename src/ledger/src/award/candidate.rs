//! What a learner brings: an outcome, an exemption or converted credits, as programmes see it. Filled in by whoever has read
//! payloads and state.

use super::{Asked, OfferId, Rank};
use crate::day::Day;
use crate::status::EntryStatus;

/// Where credits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An outcome of the learner.
    Recorded {
        /// The receiving institution, or whom it took over, recorded it.
        here: bool,
        /// It is an old paper record.
        imported: bool,
    },
    /// A conversion exempts from a course or module.
    Exempted,
    /// A conversion gives credits.
    Converted,
}

/// An award that counts an outcome already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The ConferAward entry.
    pub award: u64,
    /// Level of the award.
    pub rank: Rank,
    /// Its programme and this one name each other.
    pub shared: bool,
}

/// What one entry brings for one course or module, or for none. An exemption from several is several of these. Texts
/// are empty and numbers 0 where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Leaf index: of the outcome, or of the decision on the conversion.
    pub index: u64,
    /// Where it comes from.
    pub origin: Origin,
    /// The course or module it is of, or exempts from.
    pub offer: Option<OfferId>,
    /// Its credits, thousandths: of an exemption, those of what it exempts from.
    pub credit_millis: u64,
    /// Its length: of an exemption, that of what it exempts from.
    pub minutes: u64,
    /// Of these, practice.
    pub practice_minutes: u64,
    /// Category of its credits.
    pub category: String,
    /// Level of its course.
    pub level: u32,
    /// Competencies it builds: its own, its course's, and the kind of activity it is.
    pub competencies: Vec<String>,
    /// It was studied online.
    pub online: bool,
    /// Of a conversion: names of the kinds of its sources.
    pub source_classes: Vec<String>,
    /// When it was achieved; of a conversion, its oldest source.
    pub achieved_on: Day,
    /// Its grade passes, or it has none.
    pub passed: bool,
    /// What it is worth now.
    pub status: EntryStatus,
    /// Entries that it uses up, ascending: parts of an outcome and theirs, sources of a conversion with all that they absorb.
    pub uses: Vec<u64>,
    /// A use elsewhere that reaches as far as this programme.
    pub used_by: Option<u64>,
    /// Standing awards that count it.
    pub awards: Vec<Earlier>,
}

/// Class of all that was converted, in caps.
pub(super) const CONVERTED: &str = "converted";

/// Class of what was studied online.
pub(super) const ONLINE: &str = "online";

/// Class of what counts in another award of the level too.
pub(super) const SHARED: &str = "shared";

impl Candidate {
    pub(super) const fn is_converted(&self) -> bool {
        matches!(self.origin, Origin::Exempted | Origin::Converted)
    }

    /// Recorded by the receiving institution itself, neither imported nor converted.
    pub(super) const fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Recorded { here: true, imported: false })
    }

    /// The award of the same level that counts it already; of several, one that it may not be shared with first.
    pub(super) fn awarded(&self, asked: &Asked) -> Option<&Earlier> {
        let level = self.awards.iter().filter(|earlier| earlier.rank == asked.rank);
        level.min_by_key(|earlier| (earlier.shared, earlier.award))
    }

    /// Whether it lies in a class of sources.
    pub(super) fn is_of_class(&self, asked: &Asked, class: &str) -> bool {
        match class {
            CONVERTED => self.is_converted(),
            ONLINE => self.online,
            SHARED => self.awarded(asked).is_some(),
            class => self.source_classes.iter().any(|it| it == class),
        }
    }

    /// Whether it builds a competency: by its code, or one below it (`labour.farm` is of `labour`).
    pub(super) fn builds(&self, competency: &str) -> bool {
        let below = |code: &String| code.strip_prefix(competency).is_some_and(|rest| rest.starts_with('.'));
        self.competencies.iter().any(|code| code == competency || below(code))
    }
}
