//! A learner is erased by the operator: nobody can open the data any more, and every proof still holds.

use super::learner::graduate;
use super::{Office, SCHOOL, text};

/// What is in the ledger's files, as bytes.
fn count(office: &Office, place: &str, needle: &[u8]) -> usize {
    let mut open = vec![office.path(place)];
    let mut found = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("a directory").map(|entry| entry.expect("an entry").path()));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            found += bytes.windows(needle.len()).filter(|window| *window == needle).count();
        }
    }
    found
}

#[test]
fn an_erased_learner_is_gone_from_everywhere_and_the_ledger_is_whole() {
    let mut office = Office::new();
    let account = graduate(&office);
    let by_school = ["--issuer", SCHOOL, "--key", "school"];
    let (_, made) = office.online(&[&["account", "activation-code", &account][..], &by_school].concat());
    let (code, _) = office.online(&["account", "activate", &text(&made["activation_code"]), "--out", "token"]);
    assert_eq!(code, 0);
    let (_, transcript) = office.online(&["transcript", "--token", "token"]);
    let index = transcript["outcomes"][0]["index"].to_string();
    let present = ["present", &index, "--out", "shown.xuefen.json", "--show", "grade", "--token", "token"];
    assert_eq!(office.online(&present).0, 0);
    let (_, before) = office.online(&["log", "checkpoint"]);

    let erase = ["account", "erase", &account, "--key"];
    let (code, refused) = office.online(&[&erase[..], &["school", "--confirm", &account]].concat());
    assert_eq!(code, 2);
    assert!(text(&refused).contains("AUTHENTICATION_FAILED"), "{refused}");
    let operator = "ledger/keys/operator.key";
    let (code, asked) = office.online(&[&erase[..], &[operator]].concat());
    assert_eq!((code, &asked["erased"], &asked["entries"]), (0, &false.into(), &3.into()), "{asked}");
    assert_eq!(office.online(&["transcript", "--token", "token"]).0, 0, "only asked");
    let (code, done) = office.online(&[&erase[..], &[operator, "--confirm", &account]].concat());
    assert_eq!((code, &done["erased"], &done["entries"]), (0, &true.into(), &3.into()), "{done}");

    let id: Vec<u8> = (0..16).map(|at| u8::from_str_radix(&account[2 * at..2 * at + 2], 16).expect("hex")).collect();
    for (place, needle) in [("ledger", &id[..]), ("ledger", account.as_bytes()), ("ledger", "示例一".as_bytes())] {
        assert_eq!(count(&office, place, needle), 0, "{place}");
    }
    assert_eq!(office.online(&["transcript", "--token", "token"]).0, 2);
    let (_, after) = office.online(&["log", "checkpoint"]);
    assert_eq!(before["root"], after["root"], "no entry was added or changed");
    let trust = ["--policy", "ledger/policy.txt", "--authority", "ledger/authority.txt"];
    let (code, checked) = office.run(&[&["verify", "shown.xuefen.json"][..], &trust].concat());
    assert_eq!((code, &checked["result"]), (0, &"pass".into()), "what was shown before stays good: {checked}");

    let mut server = office.server.take().expect("a server");
    server.kill().expect("SIGKILL");
    server.wait().expect("gone");
    for words in [["audit", "--dir", "ledger"], ["fsck", "--dir", "ledger"], ["audit", "--dir", "ledger"]] {
        let (code, said) = office.run(&words);
        assert_eq!(code, 0, "{words:?}: {said}");
        if words[0] == "audit" {
            assert_eq!(said["erased"], 3, "{said}");
        }
        // The second audit judges an index that was made from the journal alone.
        std::fs::remove_dir_all(office.path("ledger/index")).ok();
        office.serve();
        assert_eq!(office.online(&["transcript", "--token", "token"]).0, 2, "after {words:?}");
        let mut server = office.server.take().expect("a server");
        server.kill().expect("SIGKILL");
        server.wait().expect("gone");
    }
}
