//! A process killed at any moment leaves an index that opens at an earlier mark, or one that says it must be rebuilt.

use super::*;
use std::process::{Command, Stdio};
use std::time::Duration;

const DIR: &str = "XUEFEN_INDEX_TO_BE_KILLED";

fn keys() -> Vec<Bytes> {
    (0..50).map(|number| Bytes::from(format!("b/{}/{number}", number % 3))).collect()
}

fn model() -> Model {
    let mut model = Model::new();
    for number in 0..9_000 {
        let rows = keys().into_iter().skip(number % 11).step_by(11);
        model.add(number as u64 % 4, rows.map(|key| (key, 1, Bytes::from(vec![7; number % 90]))).collect());
    }
    model
}

#[test]
#[ignore = "the process that the test below kills"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (index, applied) = Index::open(Path::new(&dir), tiny()).unwrap();
    model().replay(&index, applied.frame + 1);
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_killed_process_leaves_an_index_that_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path(), tiny()));
    let (model, mut frames) = (model(), Vec::new());
    for round in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "index::tests::kill::child", "--ignored"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(250 + 25 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        match Index::open(dir.path(), tiny()) {
            Ok((index, applied)) => {
                assert_eq!(applied, model.mark(applied.frame));
                let view = index.view();
                for below in [0, view.size() / 3, view.size()] {
                    // Records without a leaf that the mark does not reach yet may have replaced the last entry's rows.
                    model.check_rows(&view, below.min(view.size().saturating_sub(1)), &keys()).unwrap();
                    model.check_tree(&view, below / 2, below / 3, below).unwrap();
                }
                frames.push(applied.frame);
            }
            Err(error) => {
                assert!(error.wants_rebuild(), "{error}");
                create(dir.path(), tiny()).close().unwrap();
                frames.push(0);
            }
        }
    }
    assert!(frames.iter().any(|frame| *frame > 0), "{frames:?}");
}
