//! Figures of fewer than [`LEAST_PERSONS`] persons are not shown, and none that would give one away.
//!
//! A row of 1 to 9 persons is hidden. So many others under the same sum are hidden with it, smallest first, that what the sum
//! leaves over is of two rows and [`LEAST_PERSONS`] persons at least; if there are not enough, the sum is hidden too. Parts
//! are looked at first, under the total; a part that is hidden hides its groups. A row of nobody is shown: it tells of no
//! record.

use super::shape::{Cell, Column, Figures, Row};
use crate::api::proto::ReportAbsence;

/// Fewest persons that a figure may tell of.
pub const LEAST_PERSONS: u64 = 10;

/// Hides what may not be shown.
pub fn suppress(figures: &mut Figures, columns: &[Column]) {
    let parts: Vec<u64> = figures.parts.iter().map(|part| part.row.persons).collect();
    let mut parts_hidden = hidden(&parts);
    let mut total_hidden = is_small(figures.total.persons) || sum_gives_away(&parts, &parts_hidden);
    for (part, hide) in figures.parts.iter_mut().zip(&mut parts_hidden) {
        let groups: Vec<u64> = part.groups.iter().map(|group| group.persons).collect();
        let groups_hidden = hidden(&groups);
        // The sum of a part that its groups cannot hide behind is hidden itself.
        let give_away = sum_gives_away(&groups, &groups_hidden);
        if give_away && !*hide {
            *hide = true;
        }
        for (group, group_hidden) in part.groups.iter_mut().zip(groups_hidden) {
            if group_hidden || *hide {
                blank(group, columns);
            }
        }
    }
    // Parts that were hidden for their groups' sake must not stand alone under the total either.
    total_hidden |= widen(&parts, &mut parts_hidden);
    for (part, hide) in figures.parts.iter_mut().zip(parts_hidden) {
        if hide {
            blank(&mut part.row, columns);
            for group in &mut part.groups {
                blank(group, columns);
            }
        }
    }
    if total_hidden {
        blank(&mut figures.total, columns);
    }
}

const fn is_small(persons: u64) -> bool {
    persons > 0 && persons < LEAST_PERSONS
}

/// Which of these rows under one sum are hidden.
fn hidden(persons: &[u64]) -> Vec<bool> {
    let mut hide: Vec<bool> = persons.iter().map(|persons| is_small(*persons)).collect();
    widen(persons, &mut hide);
    hide
}

/// Hides more rows until those hidden are two and of enough persons; whether that was not possible.
fn widen(persons: &[u64], hide: &mut [bool]) -> bool {
    while sum_gives_away(persons, hide) {
        let next = (0..persons.len()).filter(|at| !hide[*at] && persons[*at] > 0).min_by_key(|at| (persons[*at], *at));
        match next {
            Some(at) => hide[at] = true,
            None => return true,
        }
    }
    false
}

/// Whether the sum less what is shown would tell of too few.
fn sum_gives_away(persons: &[u64], hide: &[bool]) -> bool {
    let behind = persons.iter().zip(hide).filter(|(persons, hide)| **hide && **persons > 0);
    let (rows, sum) = behind.fold((0, 0_u64), |(rows, sum), (persons, _)| (rows + 1, sum.saturating_add(*persons)));
    rows == 1 || (rows > 1 && sum < LEAST_PERSONS)
}

fn blank(row: &mut Row, columns: &[Column]) {
    for (cell, column) in row.cells.iter_mut().zip(columns) {
        if !column.open && matches!(cell, Cell::Number(_) | Cell::Text(_)) {
            *cell = Cell::Absent(ReportAbsence::Suppressed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Part;
    use super::*;
    use crate::api::proto::ReportRowKind;

    const COLUMNS: &[Column] =
        &[Column::key("key", "key", "键"), Column::figure("persons", "persons", "persons", "人数")];

    fn row(persons: u64) -> Row {
        let cells = vec![Cell::Text("k".into()), Cell::Number(persons)];
        Row { kind: ReportRowKind::Group, persons, cells }
    }

    /// A part and its groups.
    type Shown = (Option<u64>, Vec<Option<u64>>);

    /// The figures after suppression, `None` = hidden: total, then parts with their groups.
    fn shown(parts: &[&[u64]]) -> (Option<u64>, Vec<Shown>) {
        let part = |groups: &&[u64]| Part {
            row: row(groups.iter().sum()),
            groups: groups.iter().map(|persons| row(*persons)).collect(),
        };
        let total = parts.iter().flat_map(|groups| groups.iter()).sum();
        let mut figures = Figures { total: row(total), parts: parts.iter().map(part).collect() };
        suppress(&mut figures, COLUMNS);
        let number = |row: &Row| if let Cell::Number(number) = row.cells[1] { Some(number) } else { None };
        let parts = figures.parts.iter().map(|part| (number(&part.row), part.groups.iter().map(number).collect()));
        (number(&figures.total), parts.collect())
    }

    #[test]
    fn one_small_row_takes_the_next_smallest_with_it() {
        let (total, parts) = shown(&[&[30, 9, 12, 40]]);
        assert_eq!((total, parts), (Some(91), vec![(Some(91), vec![Some(30), None, None, Some(40)])]));
        let (_, parts) = shown(&[&[30, 10, 12]]);
        assert_eq!(parts, [(Some(52), vec![Some(30), Some(10), Some(12)])]);
    }

    #[test]
    fn small_rows_that_are_few_together_take_another_with_them() {
        let (_, parts) = shown(&[&[3, 4, 20, 30]]);
        assert_eq!(parts, [(Some(57), vec![None, None, None, Some(30)])]);
        let (_, parts) = shown(&[&[3, 7, 20]]);
        assert_eq!(parts, [(Some(30), vec![None, None, Some(20)])]);
    }

    #[test]
    fn a_sum_over_one_small_row_alone_is_hidden_and_so_is_everything_it_is_part_of() {
        assert_eq!(shown(&[&[4]]), (None, vec![(None, vec![None])]));
        assert_eq!(shown(&[&[4, 0]]), (None, vec![(None, vec![None, None])]));
        // The part falls; under the total it takes the next smallest part with it.
        let (total, parts) = shown(&[&[4], &[50, 60], &[15, 16]]);
        assert_eq!(total, Some(145));
        assert_eq!(parts, [(None, vec![None]), (Some(110), vec![Some(50), Some(60)]), (None, vec![None, None])]);
    }

    #[test]
    fn nobody_is_shown() {
        assert_eq!(shown(&[&[0, 0], &[12, 30]]).1[0], (Some(0), vec![Some(0), Some(0)]));
        assert_eq!(shown(&[]), (Some(0), vec![]));
    }

    #[test]
    fn what_is_hidden_cannot_be_worked_out_from_what_is_shown() {
        // Every small table: what a sum less its shown parts leaves is nobody, or of two rows and ten persons at least.
        let sizes = [0_u64, 1, 5, 9, 10, 11, 25];
        for a in sizes {
            for b in sizes {
                for c in sizes {
                    for d in sizes {
                        let parts: [&[u64]; 2] = [&[a, b], &[c, d]];
                        let (total, shown) = shown(&parts);
                        let sums: Vec<u64> = parts.iter().map(|groups| groups.iter().sum()).collect();
                        let tops: Vec<Option<u64>> = shown.iter().map(|(sum, _)| *sum).collect();
                        left_over(total, &sums, &tops);
                        for ((sum, groups), persons) in shown.iter().zip(parts) {
                            left_over(*sum, persons, groups);
                            assert!(sum.is_some() || groups.iter().all(|group| group.is_none_or(|it| it == 0)));
                        }
                    }
                }
            }
        }
    }

    fn left_over(sum: Option<u64>, persons: &[u64], shown: &[Option<u64>]) {
        assert!(shown.iter().flatten().chain(&sum).all(|figure| !is_small(*figure)), "{persons:?}");
        let behind: Vec<u64> =
            persons.iter().zip(shown).filter(|(_, shown)| shown.is_none()).map(|(it, _)| *it).collect();
        let rows = behind.iter().filter(|persons| **persons > 0).count();
        let enough = rows == 0 || (rows > 1 && behind.iter().sum::<u64>() >= LEAST_PERSONS);
        assert!(sum.is_none() || enough, "{sum:?} over {persons:?} shown as {shown:?}");
    }
}
