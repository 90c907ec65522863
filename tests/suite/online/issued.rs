//! What a registrar asks of a term that is posted: what did we issue, since when, by which key, and what of it is revoked?

use serde_json::Value;

use super::learner::graduate;
use super::{MINISTRY, Office, PROVINCE, SCHOOL, text, today};

/// Lists what the school issued, narrowed by `narrow`.
fn issued(office: &Office, narrow: &[&str]) -> Vec<Value> {
    let (code, said) = office.online(&[&["issued", "--issuer", SCHOOL, "--key", "school"], narrow].concat());
    assert_eq!(code, 0, "{narrow:?}: {said}");
    said["entries"].as_array().expect("a list").clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().expect("a kind")).collect()
}

#[test]
fn a_registrar_lists_what_was_issued_and_what_of_it_is_revoked() {
    let office = Office::new();
    graduate(&office);
    let all = issued(&office, &[]);
    assert_eq!(kinds(&all), ["record_outcome", "record_outcome", "open_account", "course"], "newest first");
    assert!(all.iter().all(|entry| entry["status"] == "valid"), "{all:?}");
    assert_eq!((&all[0]["outcome_kind"], &all[3]["outcome_kind"]), (&"course".into(), &Value::Null));
    let (_, logged) = office.online(&["log", "entries", "--from", &all[1]["index"].to_string(), "--count", "1"]);
    assert_eq!(all[1]["leaf_hash"], logged[0]["leaf_hash"], "{logged}");

    let target = all[1]["index"].to_string();
    office.say(&["revoke", &target, "--reason", "error"], SCHOOL, &["school"]);
    assert_eq!(kinds(&issued(&office, &[]))[0], "revoke");
    let revoked = issued(&office, &["--status", "revoked"]);
    assert_eq!(revoked.iter().map(|entry| entry["index"].to_string()).collect::<Vec<_>>(), [target]);
    assert_eq!(issued(&office, &["--status", "revoked", "--status", "valid"]).len(), 5);
    assert_eq!(issued(&office, &["--since", &today()]).len(), 5);
    assert_eq!(issued(&office, &["--since", "9999-01-01"]), Vec::<Value>::new());

    let key = text(&all[0]["key_ids"][0]);
    assert_eq!(issued(&office, &["--key-id", &key]).len(), 5);
    assert_eq!(issued(&office, &["--key-id", &"0".repeat(64)]), Vec::<Value>::new());
}

#[test]
fn a_list_is_for_its_institution() {
    let office = Office::new();
    office.furnish();
    let by = |issuer: &str, key: &str, narrow: &[&str]| {
        let (code, said) = office.online(&[&["issued", "--issuer", issuer, "--key", key], narrow].concat());
        assert_eq!(code, 2, "{said}");
        text(&said)
    };
    let refused = by(SCHOOL, "province", &[]);
    assert!(refused.contains("AUTHENTICATION_FAILED"), "{refused}");
    // An authority logs in for its reports; lists are for institutions.
    let refused = by(PROVINCE, "province", &[]);
    assert!(refused.contains("ACCESS_DENIED"), "{refused}");
    let refused = by(SCHOOL, "school", &["--of", MINISTRY]);
    assert!(refused.contains("ACCESS_DENIED"), "{refused}");
    let refused = by(SCHOOL, "school", &["--of", "no/id"]);
    assert!(refused.contains("institution"), "{refused}");
}
