//! Random histories with flushes, merges, crashes and clean closes, compared with the model at every size.

use super::super::{Hidden, IndexError};
use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Entries, and rows as (key number, entry, length of the value).
    Frame(u64, Vec<(u8, u64, u16)>),
    Publish,
    Flush,
    Settle,
    /// Drop without flushing, open, apply what is missing.
    Crash,
    Close,
    /// Rebuild beside it and swap.
    Rebuild,
}

fn key(number: u8) -> Bytes {
    match number % 4 {
        0 => Bytes::from(format!("a/{number:03}")),
        1 => Bytes::from(format!("b/{}/{}", number % 3, number)),
        2 => Bytes::from([b"c".repeat(usize::from(number)), vec![0, number]].concat()),
        _ => Bytes::from(vec![255, 255, number]),
    }
}

fn keys() -> Vec<Bytes> {
    (0..40).map(key).chain([Bytes::from_static(b"b/1"), Bytes::from_static(b"absent")]).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let row = (0..40_u8, 0..8_u64, prop_oneof![0..40_u16, 0..40_u16, 0..3_400_u16]);
    prop_oneof![
        12 => (0..8_u64, prop::collection::vec(row, 0..30)).prop_map(|(entries, rows)| Step::Frame(entries, rows)),
        2 => (200..700_u64).prop_map(|entries| Step::Frame(entries, vec![])),
        2 => Just(Step::Publish),
        1 => Just(Step::Flush),
        1 => Just(Step::Settle),
        1 => Just(Step::Crash),
        1 => Just(Step::Close),
        1 => Just(Step::Rebuild),
    ]
}

fn reopen(model: &Model, parent: &Path) -> Index {
    let (index, applied) = Index::open(parent, tiny()).unwrap();
    assert_eq!(applied, model.mark(applied.frame));
    assert_eq!(index.view().size(), applied.tree_size);
    // Frames that it has are skipped, whatever is sent again.
    for number in 1..=applied.frame {
        assert_eq!(model.apply(&index, number), Outcome::Skipped);
    }
    model.replay(&index, applied.frame + 1);
    index
}

fn run(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("index");
    let mut model = Model::new();
    let mut index = create(&parent, tiny());
    for step in steps {
        match step {
            Step::Frame(entries, rows) => {
                let value = |len: u16| Bytes::from(vec![u8::try_from(len % 251).unwrap(); usize::from(len)]);
                let before = model.size();
                let shown = index.view().size();
                let rows = rows.into_iter().map(|(number, entry, len)| (key(number), entry, value(len)));
                model.add(entries, if before + entries == 0 { Vec::new() } else { rows.collect() });
                assert_eq!(model.apply(&index, model.frames.len() as u64), Outcome::Applied);
                assert_eq!(index.view().size(), shown, "nothing is shown before it is published");
                continue;
            }
            Step::Publish => index.publish(model.size()).unwrap(),
            Step::Flush => index.flush().unwrap(),
            Step::Settle => index.settle().unwrap(),
            Step::Crash => {
                drop(index);
                index = reopen(&model, &parent);
            }
            Step::Close => {
                index.close().unwrap();
                index = reopen(&model, &parent);
                assert_eq!(index.stats().durable, model.mark(model.frames.len() as u64), "close wrote everything");
            }
            Step::Rebuild => {
                drop(index);
                index = Index::create(&parent, tiny(), start()).unwrap();
                model.replay(&index, 1);
                index.install().unwrap();
            }
        }
        let view = index.view();
        let size = view.size();
        for below in [0, 1, size / 2, size.saturating_sub(1), size, size + 7] {
            model.check_rows(&view, below, &keys()).unwrap();
        }
        for index in [0, size / 3, size.saturating_sub(1)] {
            model.check_tree(&view, index, size / 2, size).unwrap();
            model.check_tree(&view, index, size / 5, size - size / 4).unwrap();
        }
    }
    index.publish(model.size()).unwrap();
    let view = index.view();
    for below in (0..=model.size()).step_by(1 + usize::try_from(model.size()).unwrap() / 60) {
        model.check_rows(&view, below, &keys()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_map_at_every_size(steps in prop::collection::vec(step(), 1..40)) {
        run(steps);
    }
}

#[test]
fn proofs_hold_for_every_entry_and_size_across_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let index = create(dir.path(), tiny());
    let mut model = Model::new();
    for entries in [1, 70, 185, 1, 255, 300, 2_000, 63_000] {
        model.add(entries, vec![]);
        model.apply(&index, model.frames.len() as u64);
        index.flush().unwrap();
    }
    model.add(900, vec![]);
    model.apply(&index, model.frames.len() as u64);
    index.publish(model.size()).unwrap();
    drop(index.view());
    let view = index.view();
    for size in (1..600).step_by(7).chain([65_535, 65_536, 65_537, 66_000, model.size()]) {
        for entry in (0..size).step_by(1 + usize::try_from(size).unwrap() / 50) {
            model.check_tree(&view, entry, entry, size).unwrap();
        }
    }
    assert!(matches!(view.root(TreeSize(model.size() + 1)), Err(IndexError::Beyond { .. })));
    assert!(matches!(view.leaf_hash(model.size()), Err(IndexError::Beyond { .. })));
    assert!(matches!(view.inclusion_proof(LeafIndex(9), TreeSize(9)), Err(IndexError::Beyond { .. })));
}

#[test]
fn frames_out_of_order_or_contradictory_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = create(dir.path(), tiny());
    let mut model = Model::new();
    model.add(2, vec![(Bytes::from_static(b"a/1"), 0, Bytes::from_static(b"one"))]);
    model.add(2, vec![(Bytes::from_static(b"a/1"), 1, Bytes::from_static(b"two"))]);
    let gap = index.apply(model.frame_rows(2));
    assert!(matches!(gap, Err(IndexError::OutOfOrder { expected: 1, got: 2 })));
    let mut refused = 0;
    let mut refuse = |spoil: &dyn Fn(&mut FrameRows<'_>)| {
        let mut frame = model.frame_rows(1);
        spoil(&mut frame);
        assert!(matches!(index.apply(frame), Err(IndexError::BadFrame { frame: 1, .. })), "spoilt {refused}");
        assert_eq!(index.applied(), start());
        refused += 1;
    };
    refuse(&|frame| frame.first_index = 1);
    refuse(&|frame| frame.positions = &[]);
    refuse(&|frame| frame.rows[0].index = 2);
    refuse(&|frame| frame.rows[0].key = Bytes::new());
    refuse(&|frame| frame.rows[0].key = vec![0; super::super::MAX_KEY + 1].into());
    refuse(&|frame| frame.rows[0].value = vec![0; super::super::MAX_VALUE + 1].into());
    assert!(matches!(index.publish(1), Err(IndexError::Beyond { .. })));
    model.replay(&index, 1);
    assert_eq!(index.view().newest(b"a/1", 9).unwrap(), Some((3, Bytes::from_static(b"two"))));
    assert_eq!(index.view().newest(b"a/1", 3).unwrap(), Some((0, Bytes::from_static(b"one"))));
    index.publish(1).unwrap();
    assert_eq!(index.view().size(), 4, "what was shown is never hidden again");
}

#[test]
fn an_old_view_reads_on_while_its_runs_are_merged_away() {
    let dir = tempfile::tempdir().unwrap();
    let index = create(dir.path(), tiny());
    let mut model = Model::new();
    let grow = |model: &mut Model, index: &Index| {
        for number in 0..40 {
            model.add(1, (0..5).map(|i| (key(number), 0, Bytes::from(vec![i; 9]))).collect());
            model.apply(index, model.frames.len() as u64);
        }
        index.publish(model.size()).unwrap();
        index.flush().unwrap();
    };
    grow(&mut model, &index);
    let (old, then) = (index.view(), model.clone());
    for _ in 0..8 {
        grow(&mut model, &index);
        index.settle().unwrap();
    }
    assert!(index.stats().runs < 9, "{:?}", index.stats());
    for below in 0..=old.size() {
        then.check_rows(&old, below, &keys()).unwrap();
    }
    drop(old);
    model.check_rows(&index.view(), model.size(), &keys()).unwrap();
}

#[test]
fn hidden_rows_are_seen_nowhere_and_the_next_older_one_stands_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let index = create(dir.path(), tiny());
    let mut model = Model::new();
    for number in 0..60_u8 {
        let rows = keys().into_iter().skip(usize::from(number % 3)).step_by(2);
        model.add(1, rows.map(|key| (key, 0, Bytes::from(vec![number]))).collect());
        model.apply(&index, model.frames.len() as u64);
        if number == 30 {
            index.publish(model.size()).unwrap();
            index.flush().unwrap();
        }
    }
    index.publish(model.size()).unwrap();
    let before = index.view();
    let all = model.clone();
    // The newest rows of all keys, some in the middle, and the oldest.
    let gone: Vec<u64> = [0, 1, 2, 20, 21, 30, 40, 57, 58, 59].into();
    let is_hidden = |key: &Bytes, index: u64| key.first() == Some(&b'b') && gone.contains(&index);
    model.rows.retain(|(key, index), _| !is_hidden(key, *index));
    assert!(model.rows.len() < all.rows.len());
    index.hide(Hidden::new([b'b', b'z'], gone.iter().copied()));
    for below in 0..=model.size() {
        model.check_rows(&index.view(), below, &keys()).unwrap();
        all.check_rows(&before, below, &keys()).unwrap();
    }
    // What is applied and merged afterwards hides no less.
    model.add(1, vec![(keys()[0].clone(), 0, Bytes::from_static(b"later"))]);
    model.apply(&index, model.frames.len() as u64);
    index.publish(model.size()).unwrap();
    index.settle().unwrap();
    model.check_rows(&index.view(), model.size(), &keys()).unwrap();
}
