//! The required total under caps. What lies in fewest caps counts first, then in order of decision; a slot counts no
//! more than the most that one of its entries brings, and a cap bounds every entry that it is about.

use super::slot::Slot;
use super::{Asked, Candidate, Share};

/// What a cap lets count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapAudit {
    /// Its class.
    pub class: String,
    /// At most, thousandths: basis points of the required total, rounded down.
    pub most_millis: u64,
    /// What counts, thousandths.
    pub counted_millis: u64,
    /// What it keeps from counting, thousandths.
    pub cut_millis: u64,
}

pub(super) struct Total {
    pub(super) by: Vec<Share>,
    pub(super) caps: Vec<CapAudit>,
}

/// Credits in all.
pub(super) fn total(asked: &Asked, slots: &[Slot<'_>]) -> Total {
    let cap = |cap: &xuefen_core::proto::ProgrammeCap| CapAudit {
        class: cap.source_class.clone(),
        most_millis: asked.of_total(cap.basis_points),
        counted_millis: 0,
        cut_millis: 0,
    };
    let mut caps: Vec<CapAudit> = asked.programme.caps.iter().map(cap).collect();
    let most = |slot: &Slot<'_>| slot.candidates.iter().map(|it| it.credit_millis).max().unwrap_or(0);
    let mut rooms: Vec<u64> = slots.iter().map(most).collect();
    let mut order: Vec<(usize, &Candidate, Vec<usize>)> = Vec::new();
    for (slot, at) in slots.iter().zip(0..).filter(|(slot, _)| slot.has_credits) {
        for candidate in slot.candidates.iter().copied() {
            let of = |at: &usize| candidate.is_of_class(asked, &caps[*at].class);
            order.push((at, candidate, (0..caps.len()).filter(of).collect()));
        }
    }
    order.sort_by_key(|(slot, candidate, of)| (of.len(), candidate.index, *slot));
    let mut by = Vec::new();
    for (slot, candidate, of) in order {
        let whole = candidate.credit_millis.min(rooms[slot]);
        let room = |at: &usize| caps[*at].most_millis.saturating_sub(caps[*at].counted_millis);
        let tightest = of.iter().min_by_key(|at| room(at)).copied();
        let amount = tightest.map_or(whole, |at| whole.min(room(&at)));
        rooms[slot] -= amount;
        for at in of {
            caps[at].counted_millis += amount;
        }
        if let Some(at) = tightest {
            caps[at].cut_millis += whole - amount;
        }
        if amount > 0 {
            by.push(Share { index: candidate.index, offer: slots[slot].offer.cloned(), amount });
        }
    }
    by.sort_by(|a, b| (a.index, &a.offer).cmp(&(b.index, &b.offer)));
    Total { by, caps }
}
