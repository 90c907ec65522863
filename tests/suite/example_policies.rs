//! The example trust files of keys/policy are what core reads as such.

use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::policy::Policy;

#[test]
fn the_example_policy_can_be_read() {
    let policy = Policy::parse(include_str!("../../keys/policy/policy.txt")).expect("policy.txt is a policy");
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 3));
    assert!(!policy.quorum_is_none());

    let authority =
        AuthorityFile::parse(include_str!("../../keys/policy/authority.txt")).expect("authority.txt is one");
    let names: Vec<_> = authority.keys().iter().map(|key| key.name().as_str()).collect();
    let origin = policy.logs()[0].key.name().as_str();
    assert_eq!(names, ["x-ministry".to_owned(), format!("{origin}/status")]);
}
