//! From the registry to an employer's screen, every step by the program: offers, a signed sheet, an activation code, the
//! transcript, a presentation, and its check without the server.

use super::{MINISTRY, ORIGIN, Office, SCHOOL, text, today};

/// A furnished ledger with one learner who has a pass and a fail; the learner's account id.
pub fn graduate(office: &Office) -> String {
    office.furnish();
    office.put("learners.csv", "学号,姓名,证件号码\n1,示例一,110101199003074733\n");
    let by_school = ["--issuer", SCHOOL, "--key", "school", "--origin", ORIGIN];
    let accounts = ["sign", "accounts", "--sheet", "learners.csv", "--out", "a.signed"];
    office.json(&[&accounts[..], &by_school].concat());
    assert_eq!(office.online(&["post", "a.signed"]).0, 0);
    let (code, made) = office.online(&["registry", "offers", SCHOOL, "--out", "offers.json"]);
    assert_eq!(code, 0, "{made}");
    let day = today();
    office.put(
        "results.csv",
        &format!("原始记录号,学号,姓名,课程代码,取得日期,成绩,考试次数\nr1,1,示例一,C1,{day},52,1\nr2,1,示例一,C1,{day},66,2\n"),
    );
    let outcomes = ["sign", "outcomes", "--sheet", "results.csv", "--offers", "offers.json", "--out", "r.signed"];
    office.json(&[&outcomes[..], &by_school, &["--accounts", "a.signed.accounts.csv"]].concat());
    let (code, posted) = office.online(&["post", "r.signed"]);
    assert_eq!(code, 0, "{posted}");
    let map = std::fs::read_to_string(office.path("a.signed.accounts.csv")).expect("the map");
    map.lines().nth(1).and_then(|row| row.split(',').nth(1)).expect("an account").to_owned()
}

#[test]
fn the_registry_says_who_may_issue_what() {
    let office = Office::new();
    office.furnish();
    let (code, list) = office.online(&["registry", "institutions"]);
    assert_eq!((code, &list["institutions"][0]["institution"]), (0, &SCHOOL.into()), "{list}");
    let (_, one) = office.online(&["registry", "institution", SCHOOL]);
    assert_eq!((&one["status"], &one["kind"]), (&"active".into(), &"secondary_vocational".into()), "{one}");
    let (_, keys) = office.online(&["registry", "keys", MINISTRY]);
    let roles: Vec<_> = keys["keys"].as_array().expect("keys").iter().map(|key| text(&key["role"])).collect();
    assert_eq!(roles, ["accredit", "status"]);
    let (_, before) = office.online(&["registry", "institutions", "--tree-size", "2"]);
    assert_eq!(before["institutions"], serde_json::json!([]), "before it was accredited");
    let (code, unknown) = office.online(&["registry", "institution", "x-nobody"]);
    assert_eq!(code, 2);
    assert!(text(&unknown).contains("NOT_FOUND"), "{unknown}");
    let (_, offers) = office.online(&["registry", "offers", SCHOOL]);
    assert_eq!((&offers["offers"][0]["code"], &offers["offers"][0]["index"]), (&"C1".into(), &5.into()), "{offers}");
}

#[test]
fn a_learner_sees_the_transcript_and_shows_one_outcome() {
    let office = Office::new();
    let account = graduate(&office);
    let code_for = ["account", "activation-code", &account, "--issuer", SCHOOL, "--key"];
    let (code, refused) = office.online(&[&code_for[..], &["province"]].concat());
    assert_eq!(code, 2);
    assert!(text(&refused).contains("AUTHENTICATION_FAILED"), "{refused}");
    let (code, made) = office.online(&[&code_for[..], &["school"]].concat());
    assert_eq!(code, 0, "{made}");
    let activation = text(&made["activation_code"]);
    let (code, token) = office.online(&["account", "activate", &activation, "--out", "token"]);
    assert_eq!((code, &token["access_token"]), (0, &serde_json::Value::Null), "kept in the file only: {token}");
    let (code, used) = office.online(&["account", "activate", &activation]);
    assert_eq!(code, 2, "good once: {used}");

    let (code, shown) = office.online(&["account", "show", "--token", "token"]);
    assert_eq!((code, &shown["holder_name"]), (0, &"示例一".into()), "{shown}");
    let (code, transcript) = office.online(&["transcript", "--token", "token"]);
    assert_eq!(code, 0, "{transcript}");
    let mut grades: Vec<_> =
        transcript["outcomes"].as_array().expect("outcomes").iter().map(|one| text(&one["grade"])).collect();
    grades.sort();
    assert_eq!(grades, ["52", "66"], "both attempts stay");
    assert_eq!(transcript["credits"], "1", "only the pass earns");
    let (_, before) = office.online(&["transcript", "--token", "token", "--tree-size", "7"]);
    assert_eq!(before["outcomes"], serde_json::json!([]), "{before}");

    let passed = transcript["outcomes"].as_array().expect("outcomes").iter().find(|one| one["grade"] == "66");
    let index = passed.expect("the pass")["index"].to_string();
    let present = ["present", &index, "--out", "shown.xuefen.json", "--show", "achieved-on,grade"];
    let (code, file) = office.online(&[&present[..], &["--token", "token"]].concat());
    assert_eq!(code, 0, "{file}");
    let trust = ["--policy", "ledger/policy.txt", "--authority", "ledger/authority.txt"];
    let (code, checked) = office.run(&[&["verify", "shown.xuefen.json"][..], &trust].concat());
    assert_eq!((code, &checked["result"]), (0, &"pass".into()), "{checked}");
    let (_, accesses) = office.online(&["account", "accesses", "--token", "token"]);
    assert!(!accesses["accesses"].as_array().expect("a list").is_empty(), "{accesses}");
}
