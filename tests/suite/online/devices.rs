//! Device keys by the program: a key is bound, proves its holder to whoever asks, signs a merger, and is let go.

use serde_json::json;

use super::learner::graduate;
use super::{ORIGIN, Office, SCHOOL, text};

const BY_SCHOOL: [&str; 4] = ["--issuer", SCHOOL, "--key", "school"];

/// A token of the account's learner, in the file `token`.
fn activate(office: &Office, account: &str) {
    let (code, made) = office.online(&[&["account", "activation-code", account][..], &BY_SCHOOL].concat());
    assert_eq!(code, 0, "{made}");
    let activation = text(&made["activation_code"]);
    assert_eq!(office.online(&["account", "activate", &activation, "--out", "token"]).0, 0);
}

fn accepted(office: &Office, words: &[&str]) {
    let (code, said) = office.online(&[words, &BY_SCHOOL].concat());
    assert!(code == 0 && said["receipts"][0]["index"].is_u64(), "{words:?}: {said}");
}

fn refused(office: &Office, words: &[&str]) -> String {
    let (code, said) = office.online(&[words, &BY_SCHOOL].concat());
    assert_eq!(code, 1, "{words:?}: {said}");
    text(&said["refusals"][0]["reason"])
}

#[test]
fn a_bound_key_proves_its_holder_and_no_other_does() {
    let office = Office::new();
    let account = graduate(&office);
    for key in ["device", "stranger"] {
        office.json(&["keys", "new", key, "--name", "x-learner"]);
        let sign = ["account", "sign-binding", &account, "--device-key", key, "--origin", ORIGIN, "--out"];
        office.json(&[&sign[..], &[&format!("{key}.binding")]].concat());
    }
    accepted(&office, &["account", "bind-key", "device.binding"]);
    // Once and for ever.
    assert_eq!(refused(&office, &["account", "bind-key", "device.binding"]), "DEVICE_KEY_IN_USE");
    // Only what the key itself signed is bound.
    let forged = std::fs::read_to_string(office.path("stranger.binding")).expect("read");
    let forged = forged.replace(&account, &"0".repeat(32));
    office.put("forged.binding", &forged);
    assert_ne!(refused(&office, &["account", "bind-key", "forged.binding"]), "");

    activate(&office, &account);
    let (_, transcript) = office.online(&["transcript", "--token", "token"]);
    let index = transcript["outcomes"][0]["index"].to_string();
    let trust = ["--policy", "ledger/policy.txt", "--authority", "ledger/authority.txt"];
    let challenge = text(&office.json(&["verify", "--new-challenge"])["challenge"]);
    let other = text(&office.json(&["verify", "--new-challenge"])["challenge"]);
    assert_ne!(challenge, other);
    let asked = ["--audience", "示例企业", "--challenge", &challenge];
    let present = ["present", &index, "--token", "token", "--show", "grade"];
    let proof = [&present[..], &["--device-key", "device", "--out", "held.xuefen.json"], &asked].concat();
    let (code, made) = office.online(&proof);
    assert_eq!(code, 0, "{made}");

    let verify = |file: &str, asked: &[&str]| office.run(&[&["verify", file][..], &trust, asked].concat());
    let (code, checked) = verify("held.xuefen.json", &asked);
    assert_eq!((code, &checked["result"]), (0, &"pass".into()), "{checked}");
    assert_eq!(checked["steps"][7]["result"], "pass", "{checked}");
    // Another challenge, another audience, a file without the proof.
    let (code, _) = verify("held.xuefen.json", &["--audience", "示例企业", "--challenge", &other]);
    assert_eq!(code, 1);
    let (code, _) = verify("held.xuefen.json", &["--audience", "别的企业", "--challenge", &challenge]);
    assert_eq!(code, 1);
    assert_eq!(office.online(&[&present[..], &["--out", "bare.xuefen.json"]].concat()).0, 0);
    let (code, _) = verify("bare.xuefen.json", &asked);
    assert_eq!(code, 3, "nobody proved anything");

    // A key that is not the learner's proves nothing, nor does one that was let go.
    let stranger = [&present[..], &["--device-key", "stranger", "--out", "no.xuefen.json"], &asked].concat();
    let (code, said) = office.online(&stranger);
    assert!(code == 2 && text(&said).contains("NOT_FOUND"), "{said}");
    let device = std::fs::read_to_string(office.path("device.binding")).expect("read");
    let device: serde_json::Value = serde_json::from_str(&device).expect("JSON");
    let key = text(&device["device_key"]);
    let unbind = ["account", "unbind-key", &account, "--device", &key, "--consent", "挂失-1"];
    accepted(&office, &unbind);
    assert_ne!(refused(&office, &unbind), "");
    let again = [&present[..], &["--device-key", "device", "--out", "late.xuefen.json"], &asked].concat();
    assert_eq!(office.online(&again).0, 2);
}

#[test]
fn an_account_is_amended_and_merged_with_the_learners_signature() {
    let office = Office::new();
    let account = graduate(&office);
    accepted(
        &office,
        &["account", "amend", &account, "--category", "在职员工", "--from", "2026/9/1", "--until", "2027-08-31"],
    );
    let card = ["--carrier-kind", "social_security_card", "--carrier-number", "SS9900000001", "--consent", "同意书-1"];
    accepted(&office, &[&["account", "amend", &account][..], &card].concat());
    let (code, said) = office.online(&[&["account", "amend", &account, "--from", "x"][..], &BY_SCHOOL].concat());
    assert_eq!(code, 2, "{said}");
    assert_eq!(refused(&office, &["account", "amend", &account]), "VALUE_MISSING", "an amendment says something");

    // A second account of the same learner, opened under a passport.
    office.put("second.csv", "学号,姓名,证件类型,证件号码\n7,示例一,护照,E99000001\n");
    let (code, said) = office.online(&[&["post", "--sheet", "second.csv", "--learners"][..], &BY_SCHOOL].concat());
    assert_eq!(code, 0, "{said}");
    let map = std::fs::read_to_string(office.path("second.csv.signed.accounts.csv")).expect("the map");
    let second = map.lines().nth(1).and_then(|row| row.split(',').nth(1)).expect("an account").to_owned();

    office.json(&["keys", "new", "device", "--name", "x-learner"]);
    let device = ["--device-key", "device", "--origin", ORIGIN];
    office.json(&[&["account", "sign-binding", &second, "--out", "b"][..], &device].concat());
    accepted(&office, &["account", "bind-key", "b"]);
    let plain = ["account", "merge", "--account", &account, "--other", &second, "--consent", "同意书-2"];
    let alone = refused(&office, &plain);
    assert!(["MERGE_NEEDS_SECOND_PARTY", "LEARNER_SIGNATURE_MISSING"].contains(&alone.as_str()), "{alone}");
    let both = [&plain[..], &["--key", "province"]].concat();
    assert_eq!(refused(&office, &both), "LEARNER_SIGNATURE_MISSING");
    office.json(&[&["account", "sign-merger", &account, "--other", &second, "--out", "m"][..], &device].concat());
    let (code, said) = office.online(&[&["account", "bind-key", "m"][..], &BY_SCHOOL].concat());
    assert!(code == 2 && text(&said).contains("account merge"), "{said}");
    accepted(&office, &["account", "merge", "--signed", "m", "--consent", "同意书-2", "--key", "province"]);
    activate(&office, &account);
    let (_, shown) = office.online(&["account", "show", "--token", "token"]);
    assert_eq!(shown["aliases"], json!([second]), "{shown}");
}
