//! Readers beside the writer, while memtables are frozen, flushed and merged under them.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Entry `i` writes `row/i`, the counter, and a new version of one of seven shared keys.
fn rows(entry: u64, within: u64) -> [(Bytes, u64, Bytes); 3] {
    let value = Bytes::copy_from_slice(&entry.to_be_bytes());
    [
        (Bytes::from(format!("row/{entry:08}")), within, value.clone()),
        (Bytes::from_static(b"count"), within, value.clone()),
        (Bytes::from(format!("shared/{}", entry % 7)), within, value),
    ]
}

fn check(view: &View, roots: &[Hash], round: u64) {
    let size = view.size();
    let Some(last) = size.checked_sub(1) else { return };
    let value = |entry: u64| Bytes::copy_from_slice(&entry.to_be_bytes());
    assert_eq!(view.newest(b"count", u64::MAX).unwrap(), Some((last, value(last))));
    let some = round.wrapping_mul(0x9e37_79b9) % size;
    assert_eq!(view.newest(b"count", some + 1).unwrap(), Some((some, value(some))));
    assert_eq!(view.newest(format!("row/{some:08}").as_bytes(), size).unwrap(), Some((some, value(some))));
    assert_eq!(view.newest(format!("row/{size:08}").as_bytes(), u64::MAX).unwrap(), None);
    let scanned = view.scan_prefix(b"row/", size, Some(format!("row/{some:08}").as_bytes()));
    let scanned: Vec<_> = scanned.take(40).map(|row| row.unwrap().index).collect();
    assert_eq!(scanned, (some + 1..size.min(some + 41)).collect::<Vec<_>>());
    let history = view.history(format!("shared/{}", some % 7).as_bytes(), size, Some(some), Direction::Descending);
    let history: Vec<_> = history.take(30).map(|row| row.unwrap().0).collect();
    assert_eq!(history, (0..some).rev().filter(|entry| entry % 7 == some % 7).take(30).collect::<Vec<_>>());
    assert_eq!(view.root(TreeSize(size)).unwrap(), roots[usize::try_from(size).unwrap()]);
    assert_eq!(view.position(some).unwrap() & 0xffff_ffff, some * 411);
    assert_eq!(view.leaf_hash(some).unwrap(), sha256(&[&some.to_be_bytes()]));
}

#[test]
fn readers_see_whole_sizes_during_flushes_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::new();
    for number in 0..400 {
        let (entries, first) = (number % 23, model.size());
        model.add(entries, (0..entries).flat_map(|within| rows(first + within, within)).collect());
    }
    let index = create(dir.path(), IndexOptions { memtable_rows: 200, ..tiny() });
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (index, stop, roots) = (&index, &stop, &model.roots);
            scope.spawn(move || {
                let mut held = index.view();
                for round in reader.. {
                    let view = index.view();
                    check(&view, roots, round);
                    check(&held, roots, round);
                    if round % 50 == 0 {
                        held = view;
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        // The readers must end whatever happens here.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 1..=model.frames.len() as u64 {
                model.apply(&index, number);
                index.publish(model.mark(number).tree_size).unwrap();
            }
            index.settle().unwrap();
        }));
        stop.store(true, Ordering::Relaxed);
        result.unwrap();
    });
    let stats = index.stats();
    assert!(stats.runs < 10 && stats.run_rows == model.rows.len() as u64, "{stats:?}");
}
