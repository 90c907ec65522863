//! What is asked, line by line. Each line takes of each slot the entry that serves it best, so no line pays for another.

use super::slot::Slot;
use super::{Asked, Candidate, OfferId};

/// One thing that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A required course or module.
    Part {
        /// Leaf index of the version that the programme lists.
        index: u64,
        /// Which one.
        offer: OfferId,
    },
    /// Credits in all.
    Total,
    /// Credits of a category, of courses at a level or above.
    Category {
        /// The category.
        category: String,
        /// 0 = any.
        lowest_level: u32,
    },
    /// Minutes of a competency or kind of activity.
    Hours {
        /// Its code.
        competency: String,
    },
    /// A dimension that something must show.
    Dimension {
        /// Its code.
        dimension: String,
    },
    /// Credits recorded by the receiving institution itself.
    Residency,
    /// At least one course that the receiving institution itself recorded, neither imported nor converted.
    Own,
    /// Minutes of practice.
    Practice,
}

/// What a line is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a credit.
    CreditMillis,
    /// Minutes.
    Minutes,
    /// Entries.
    Count,
}

impl Line {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Part { .. } => "PART",
            Self::Total => "TOTAL",
            Self::Category { .. } => "CATEGORY",
            Self::Hours { .. } => "HOURS",
            Self::Dimension { .. } => "DIMENSION",
            Self::Residency => "RESIDENCY",
            Self::Own => "OWN",
            Self::Practice => "PRACTICE",
        }
    }

    /// What it is counted in.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Part { .. } | Self::Dimension { .. } | Self::Own => Unit::Count,
            Self::Total | Self::Category { .. } | Self::Residency => Unit::CreditMillis,
            Self::Hours { .. } | Self::Practice => Unit::Minutes,
        }
    }
}

/// What an entry brings to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Leaf index.
    pub index: u64,
    /// The course or module.
    pub offer: Option<OfferId>,
    /// In the line's unit.
    pub amount: u64,
}

/// A line and what meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAudit {
    /// What is asked.
    pub line: Line,
    /// How much, in its unit.
    pub asked: u64,
    /// How much there is.
    pub found: u64,
    /// By what, ascending.
    pub by: Vec<Share>,
}

impl LineAudit {
    fn new(line: Line, asked: u64, by: Vec<Share>) -> Self {
        // At most a thousand slots and offers below 2^53 each.
        let found = by.iter().fold(0_u64, |sum, share| sum.saturating_add(share.amount));
        Self { line, asked, found, by }
    }

    /// Whether there is enough.
    #[must_use]
    pub const fn is_met(&self) -> bool {
        self.found >= self.asked
    }

    /// What is missing.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.asked.saturating_sub(self.found)
    }
}

/// Every line of a programme, in the order of rules.md 3.
pub(super) fn lines(asked: &Asked, slots: &[Slot<'_>], total: Vec<Share>) -> Vec<LineAudit> {
    let programme = &asked.programme;
    let mut lines = Vec::new();
    for part in asked.parts.iter().filter(|part| part.required) {
        let own: Vec<&Slot<'_>> = slots.iter().filter(|slot| slot.offer == Some(&part.offer)).collect();
        let line = Line::Part { index: part.index, offer: part.offer.clone() };
        lines.push(LineAudit::new(line, 1, one(&own, |_| true)));
    }
    if programme.total_credit_millis > 0 {
        lines.push(LineAudit::new(Line::Total, programme.total_credit_millis, total));
    }
    let all: Vec<&Slot<'_>> = slots.iter().collect();
    let credited: Vec<&Slot<'_>> = slots.iter().filter(|slot| slot.has_credits).collect();
    for it in &programme.category_minimums {
        let in_it = |c: &Candidate| c.category == it.category && c.level >= it.lowest_level;
        let by = best(&credited, |c| if in_it(c) { c.credit_millis } else { 0 });
        let line = Line::Category { category: it.category.clone(), lowest_level: it.lowest_level };
        lines.push(LineAudit::new(line, it.credit_millis, by));
    }
    for it in &programme.mandatory_hours {
        let by = best(&all, |c| if c.builds(&it.competency) { c.minutes } else { 0 });
        lines.push(LineAudit::new(Line::Hours { competency: it.competency.clone() }, it.minutes, by));
    }
    for it in &programme.dimensions {
        let by = one(&all, |c| c.builds(it));
        lines.push(LineAudit::new(Line::Dimension { dimension: it.clone() }, 1, by));
    }
    if programme.residency_credit_millis > 0 {
        let by = best(&credited, |c| if c.is_own() { c.credit_millis } else { 0 });
        lines.push(LineAudit::new(Line::Residency, programme.residency_credit_millis, by));
    }
    // Where nothing has credits, any course will do.
    let credits = asked.has_credits();
    let own = |c: &Candidate| c.is_own() && c.offer.is_some() && (c.credit_millis > 0 || !credits);
    lines.push(LineAudit::new(Line::Own, 1, one(&all, own)));
    if programme.practice_basis_points > 0 {
        let by = best(&all, |c| c.practice_minutes);
        lines.push(LineAudit::new(Line::Practice, asked.practice_minutes(), by));
    }
    lines
}

/// Of each slot the entry with most of something; of equals the earliest.
fn best(slots: &[&Slot<'_>], amount: impl Fn(&Candidate) -> u64) -> Vec<Share> {
    let mut by = Vec::new();
    for slot in slots {
        let found = slot.candidates.iter().map(|it| (amount(it), it.index));
        let found = found.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((amount, index)) = found.filter(|(amount, _)| *amount > 0) {
            by.push(Share { index, offer: slot.offer.cloned(), amount });
        }
    }
    by.sort_by(|a, b| (a.index, &a.offer).cmp(&(b.index, &b.offer)));
    by
}

/// The earliest entry that is something.
fn one(slots: &[&Slot<'_>], is: impl Fn(&Candidate) -> bool) -> Vec<Share> {
    let found = slots.iter().flat_map(|slot| slot.candidates.iter().map(|it| (it.index, slot.offer, *it)));
    let found = found.filter(|(_, _, candidate)| is(candidate)).min_by_key(|(index, offer, _)| (*index, *offer));
    found.map(|(index, offer, _)| Share { index, offer: offer.cloned(), amount: 1 }).into_iter().collect()
}
