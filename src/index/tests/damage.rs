//! Damaged files: the index says so or still answers rightly; it never answers wrongly.

use super::super::IndexError;
use super::*;
use std::fs;
use std::path::PathBuf;

fn keys() -> Vec<Bytes> {
    (0..60).map(|number| Bytes::from(format!("b/{}/{number}", number % 3))).collect()
}

/// An index on disk with runs, tiles and a mark short of the journal's end.
fn filled(parent: &Path) -> Model {
    let index = create(parent, tiny());
    let mut model = Model::new();
    for number in 0..60 {
        let rows = keys().into_iter().skip(number % 7).step_by(7);
        model.add(9, rows.map(|key| (key, 1, Bytes::from(vec![7; 20 + number]))).collect());
        model.apply(&index, model.frames.len() as u64);
    }
    index.settle().unwrap();
    drop(index);
    model
}

/// The database itself. sled's lock outlives it by a moment.
fn sled_db(path: &Path) -> sled::Db {
    let tries = (0..300).find_map(|_| {
        let db = sled::open(path).ok();
        if db.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        db
    });
    tries.unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

/// Opens, brings up to date and reads everything. Wrong answers panic.
fn use_it(parent: &Path, model: &Model) -> super::super::Result<()> {
    let (index, applied) = Index::open(parent, tiny())?;
    assert_eq!(applied, model.mark(applied.frame));
    for number in applied.frame + 1..=model.frames.len() as u64 {
        index.apply(model.frame_rows(number))?;
    }
    index.publish(model.size())?;
    let view = index.view();
    for below in [model.size() / 2, model.size()] {
        model.check_rows(&view, below, &keys())?;
    }
    for entry in (0..model.size()).step_by(50) {
        model.check_tree(&view, entry, entry, model.size())?;
    }
    index.settle()
}

#[test]
fn a_flipped_bit_is_found_or_does_no_harm() {
    let original = tempfile::tempdir().unwrap();
    let model = filled(original.path());
    let db = files(original.path()).into_iter().find(|path| path.ends_with("db")).unwrap();
    let db = db.strip_prefix(original.path()).unwrap();
    let len = fs::metadata(original.path().join(db)).unwrap().len();
    let (mut found, mut harmless) = (0, 0);
    for number in 0..40 {
        let damaged = tempfile::tempdir().unwrap();
        copy(original.path(), damaged.path());
        let mut bytes = fs::read(damaged.path().join(db)).unwrap();
        let at = usize::try_from((number * 0x9e37_79b9_7f4a) % len).unwrap();
        bytes[at] ^= 1 << (number % 8);
        fs::write(damaged.path().join(db), bytes).unwrap();
        match use_it(damaged.path(), &model) {
            Ok(()) => harmless += 1,
            Err(error) => {
                assert!(error.wants_rebuild(), "{error}");
                found += 1;
            }
        }
    }
    assert!(found > 0 && harmless > 0, "{found} found, {harmless} harmless");
}

#[test]
fn truncated_and_emptied_files_are_found_or_replayed() {
    let original = tempfile::tempdir().unwrap();
    let model = filled(original.path());
    for file in files(original.path()) {
        let len = fs::metadata(&file).unwrap().len();
        for keep in [0, 1, len / 3, len / 2, len.saturating_sub(4_096), len.saturating_sub(1)] {
            let damaged = tempfile::tempdir().unwrap();
            copy(original.path(), damaged.path());
            let target = damaged.path().join(file.strip_prefix(original.path()).unwrap());
            fs::write(&target, &fs::read(&file).unwrap()[..usize::try_from(keep.min(len)).unwrap()]).unwrap();
            if let Err(error) = use_it(damaged.path(), &model) {
                assert!(error.wants_rebuild(), "{error}");
            }
        }
    }
}

#[test]
fn stored_values_that_vanish_or_change_are_found() {
    let original = tempfile::tempdir().unwrap();
    let model = filled(original.path());
    let spoil = |choose: &dyn Fn(&[u8]) -> bool, change: &dyn Fn(&[u8]) -> Option<Vec<u8>>| {
        let damaged = tempfile::tempdir().unwrap();
        copy(original.path(), damaged.path());
        let db = sled_db(&super::super::dir::current(damaged.path()).unwrap());
        // The last: earlier runs may have been merged away and await removal.
        let (key, value) = db.iter().map(|row| row.unwrap()).filter(|(key, _)| choose(key)).last().unwrap();
        match change(&value) {
            Some(value) => drop(db.insert(&key, value).unwrap()),
            None => drop(db.remove(&key).unwrap()),
        }
        drop(db);
        let error = use_it(damaged.path(), &model).unwrap_err();
        assert!(matches!(error, IndexError::Damaged(_)), "{key:?}: {error}");
    };
    for kind in [b'm', b'r', b's', b'f', b't', b'p'] {
        let of_kind = |key: &[u8]| key[0] == kind;
        spoil(&of_kind, &|_| None);
        spoil(&of_kind, &|value| Some([value, b"x"].concat()));
        spoil(&of_kind, &|value| Some(value[..value.len() - 1].to_vec()));
        for part in [0, 1, 2, 3] {
            spoil(&of_kind, &|value| {
                let mut value = value.to_vec();
                let at = value.len() / 4 * part;
                value[at] ^= 1;
                Some(value)
            });
        }
    }
}

#[test]
fn strangers_are_removed_at_open() {
    let dir = tempfile::tempdir().unwrap();
    let model = filled(dir.path());
    let path = super::super::dir::current(dir.path()).unwrap();
    let keys = |path: &Path| {
        let db = sled_db(path);
        db.iter().keys().map(|key| key.unwrap().to_vec()).collect::<Vec<_>>()
    };
    drop(Index::open(dir.path(), tiny()).unwrap());
    let before = keys(&path);
    let db = sled_db(&path);
    for run in [0, 1_000, 1_001, u64::MAX - 1] {
        for kind in [b'r', b's', b'f'] {
            for piece in 0..600_u64 {
                let key = [&[kind][..], &run.to_be_bytes(), &(piece + 5_000).to_be_bytes()].concat();
                db.insert(key, b"left over").unwrap();
            }
        }
    }
    drop(db);
    use_it(dir.path(), &model).unwrap();
    drop(Index::open(dir.path(), tiny()).unwrap());
    let after = keys(&path);
    assert!(after.iter().all(|key| !key.ends_with(&5_000_u64.to_be_bytes())));
    assert!(after.len() <= before.len() + 40, "{} then {}", before.len(), after.len());
}

#[test]
fn missing_and_unfinished_indices_are_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("index");
    assert!(matches!(Index::open(&parent, tiny()), Err(IndexError::Missing(_))));
    let unfinished = Index::create(&parent, tiny(), start()).unwrap();
    drop(unfinished);
    assert!(matches!(Index::open(&parent, tiny()), Err(IndexError::Missing(_))));
    let first = create(&parent, tiny());
    drop(first);
    drop(Index::create(&parent, tiny(), start()).unwrap());
    assert_eq!(fs::read_dir(&parent).unwrap().count(), 3, "pointer, index, unfinished rebuild");
    drop(Index::open(&parent, tiny()).unwrap());
    assert_eq!(fs::read_dir(&parent).unwrap().count(), 2, "pointer, index");
    Index::drop_dir(&parent).unwrap();
    assert!(matches!(Index::open(&parent, tiny()), Err(IndexError::Missing(_))));
}

#[test]
fn an_index_in_use_is_not_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let index = create(dir.path(), tiny());
    let error = Index::open(dir.path(), tiny()).err().unwrap();
    assert!(matches!(error, IndexError::InUse(_)) && !error.wants_rebuild(), "{error}");
    drop(index);
    Index::open(dir.path(), tiny()).unwrap();
}
