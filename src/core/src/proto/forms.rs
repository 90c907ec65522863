// Made by tests/suite/forms.rs from the schema.
pub static ACCEPT_APPLICATION: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static ACCREDIT_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Enum, repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 8, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 9, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 10, holds: Holds::Bool, repeated: false, oneof: false },
    Field { number: 11, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static AMEND_ACCOUNT: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static ANCHOR_LEDGER: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static APPEAL_DECISION: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static APPLY_CONVERSION: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static AUTHORISE_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static AUTHORITY_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&AUTHORITY_KEY_GRANT), repeated: false, oneof: true },
    Field { number: 2, holds: Holds::Message(&END_KEY), repeated: false, oneof: true },
]);
pub static AUTHORITY_KEY_GRANT: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Message(&NAME), repeated: true, oneof: false },
]);
pub static BIND_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static CALENDAR: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: true, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: true, oneof: false },
]);
pub static CATEGORY_MINIMUM: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static CERTIFICATE_FAMILY: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Message(&CERTIFICATE_LEVEL), repeated: true, oneof: false },
    Field { number: 6, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static CERTIFICATE_LEVEL: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Message(&LEVEL_REF), repeated: false, oneof: false },
]);
pub static CHANGE_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&RENAME_INSTITUTION), repeated: false, oneof: true },
    Field { number: 3, holds: Holds::Message(&MERGE_INSTITUTION), repeated: false, oneof: true },
    Field { number: 4, holds: Holds::Message(&SUSPEND_INSTITUTION), repeated: false, oneof: true },
    Field { number: 5, holds: Holds::Message(&REVOKE_INSTITUTION), repeated: false, oneof: true },
    Field { number: 6, holds: Holds::Message(&REINSTATE_INSTITUTION), repeated: false, oneof: true },
]);
pub static CHARTER: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&CHARTER_SEAT), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Message(&CHARTER_MINIMUM), repeated: true, oneof: false },
]);
pub static CHARTER_MINIMUM: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static CHARTER_SEAT: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
]);
pub static CONFER_AWARD: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NULLIFIER_TRIPLE), repeated: true, oneof: false },
]);
pub static CONVERSION_RULE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Message(&CONVERSION_SOURCE), repeated: true, oneof: false },
    Field { number: 9, holds: Holds::Message(&CONVERSION_TARGET), repeated: false, oneof: false },
    Field { number: 10, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 11, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 12, holds: Holds::Bool, repeated: false, oneof: false },
]);
pub static CONVERSION_SOURCE: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: true, oneof: false },
    Field { number: 2, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Enum, repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Enum, repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 8, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 9, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 10, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 11, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 12, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static CONVERSION_STEP: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static CONVERSION_TARGET: Form = Form(&[
    Field { number: 1, holds: Holds::Any64, repeated: true, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&CONVERSION_STEP), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static COSIGN_RULE: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static COUNTERSIGN: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static COURSE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 9, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 10, holds: Holds::Message(&LEVEL_REF), repeated: false, oneof: false },
    Field { number: 11, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 12, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static DEADLINES: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static DECIDE_APPEAL: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
]);
pub static DECIDE_CONVERSION: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Message(&NULLIFIER_TRIPLE), repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static DECLARE_HEADCOUNT: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static END_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static ENTRY_REF: Form = Form(&[
    Field { number: 1, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static EQUIVALENCE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&STANDING), repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Message(&STANDING), repeated: false, oneof: false },
]);
pub static ERASE_NOTICE: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
]);
pub static EVALUATE_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static EXAM_PART: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Bool, repeated: false, oneof: false },
]);
pub static EXAM_SCHEME: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Message(&EXAM_PART), repeated: true, oneof: false },
    Field { number: 6, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Bool, repeated: false, oneof: false },
]);
pub static FILED_MAJORS: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static FRAMEWORK: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&FRAMEWORK_LEVEL), repeated: true, oneof: false },
]);
pub static FRAMEWORK_LEVEL: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static GENESIS: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 2, holds: Holds::Message(&AUTHORITY_KEY_GRANT), repeated: true, oneof: false },
]);
pub static INSPECTION: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Message(&ENTRY_REF), repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 9, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 10, holds: Holds::Enum, repeated: false, oneof: false },
]);
pub static INSTITUTION_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&AUTHORISE_KEY), repeated: false, oneof: true },
    Field { number: 3, holds: Holds::Message(&ROTATE_KEY), repeated: false, oneof: true },
    Field { number: 4, holds: Holds::Message(&END_KEY), repeated: false, oneof: true },
]);
pub static ISSUE_RIGHT: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static LEVEL_REF: Form = Form(&[
    Field { number: 1, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static MAJOR: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static MAJOR_CATALOGUE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&MAJOR), repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Message(&MAJOR_CATEGORY), repeated: true, oneof: false },
    Field { number: 6, holds: Holds::Message(&MAJOR_CLASS), repeated: true, oneof: false },
]);
pub static MAJOR_CATEGORY: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
]);
pub static MAJOR_CLASS: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static MANDATORY_HOURS: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static MASS_PASS_RULE: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static MERGE_ACCOUNTS: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static MERGE_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static MODULE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 9, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 10, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static NAME: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static NULLIFIER_TRIPLE: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static OPEN_ACCOUNT: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static PATHWAY: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Message(&PATHWAY_SEGMENT), repeated: true, oneof: false },
    Field { number: 6, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Bool, repeated: false, oneof: false },
]);
pub static PATHWAY_SEGMENT: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static POLICY: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&ISSUE_RIGHT), repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Message(&COSIGN_RULE), repeated: true, oneof: false },
    Field { number: 6, holds: Holds::Message(&SCALE), repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Message(&REASON_CODE), repeated: true, oneof: false },
    Field { number: 8, holds: Holds::Message(&REASON_CODE), repeated: true, oneof: false },
    Field { number: 9, holds: Holds::Message(&THRESHOLD), repeated: true, oneof: false },
    Field { number: 10, holds: Holds::Message(&DEADLINES), repeated: false, oneof: false },
    Field { number: 11, holds: Holds::Message(&CALENDAR), repeated: false, oneof: false },
    Field { number: 12, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 13, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 14, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 15, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 16, holds: Holds::Message(&MASS_PASS_RULE), repeated: false, oneof: false },
    Field { number: 17, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 18, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 19, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 20, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 21, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 22, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 23, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 24, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 25, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 26, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static PROGRAMME: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Message(&LEVEL_REF), repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Message(&PROGRAMME_PART), repeated: true, oneof: false },
    Field { number: 7, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Message(&CATEGORY_MINIMUM), repeated: true, oneof: false },
    Field { number: 9, holds: Holds::Message(&MANDATORY_HOURS), repeated: true, oneof: false },
    Field { number: 10, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 11, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 12, holds: Holds::Message(&PROGRAMME_CAP), repeated: true, oneof: false },
    Field { number: 13, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 14, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 15, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 16, holds: Holds::Any64, repeated: true, oneof: false },
    Field { number: 17, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static PROGRAMME_CAP: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static PROGRAMME_PART: Form = Form(&[
    Field { number: 1, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Bool, repeated: false, oneof: false },
]);
pub static REASON_CODE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&NAME), repeated: true, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static RECORD_OUTCOME: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Bool, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static RECORDING_RULE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static REINSTATE: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static REINSTATE_INSTITUTION: Form = Form(&[
]);
pub static RENAME_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&NAME), repeated: true, oneof: false },
]);
pub static REVERSE_CONVERSION: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
pub static REVOKE: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
]);
pub static REVOKE_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static ROTATE_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static RUN: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 6, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 7, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 8, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static SCALE: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: true, oneof: false },
    Field { number: 5, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static STANDING: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Uint32, repeated: false, oneof: false },
]);
pub static STATEMENT: Form = Form(&[
    Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Bytes, repeated: false, oneof: false },
    Field { number: 5, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 16, holds: Holds::Message(&GENESIS), repeated: false, oneof: true },
    Field { number: 17, holds: Holds::Message(&AUTHORITY_KEY), repeated: false, oneof: true },
    Field { number: 18, holds: Holds::Message(&ACCREDIT_INSTITUTION), repeated: false, oneof: true },
    Field { number: 19, holds: Holds::Message(&CHANGE_INSTITUTION), repeated: false, oneof: true },
    Field { number: 20, holds: Holds::Message(&CHARTER), repeated: false, oneof: true },
    Field { number: 21, holds: Holds::Message(&INSTITUTION_KEY), repeated: false, oneof: true },
    Field { number: 22, holds: Holds::Message(&FILED_MAJORS), repeated: false, oneof: true },
    Field { number: 23, holds: Holds::Message(&EVALUATE_INSTITUTION), repeated: false, oneof: true },
    Field { number: 30, holds: Holds::Message(&POLICY), repeated: false, oneof: true },
    Field { number: 31, holds: Holds::Message(&FRAMEWORK), repeated: false, oneof: true },
    Field { number: 32, holds: Holds::Message(&MAJOR_CATALOGUE), repeated: false, oneof: true },
    Field { number: 33, holds: Holds::Message(&RECORDING_RULE), repeated: false, oneof: true },
    Field { number: 34, holds: Holds::Message(&EQUIVALENCE), repeated: false, oneof: true },
    Field { number: 35, holds: Holds::Message(&EXAM_SCHEME), repeated: false, oneof: true },
    Field { number: 36, holds: Holds::Message(&PATHWAY), repeated: false, oneof: true },
    Field { number: 45, holds: Holds::Message(&COURSE), repeated: false, oneof: true },
    Field { number: 46, holds: Holds::Message(&MODULE), repeated: false, oneof: true },
    Field { number: 47, holds: Holds::Message(&PROGRAMME), repeated: false, oneof: true },
    Field { number: 48, holds: Holds::Message(&RUN), repeated: false, oneof: true },
    Field { number: 49, holds: Holds::Message(&CERTIFICATE_FAMILY), repeated: false, oneof: true },
    Field { number: 50, holds: Holds::Message(&CONVERSION_RULE), repeated: false, oneof: true },
    Field { number: 60, holds: Holds::Message(&OPEN_ACCOUNT), repeated: false, oneof: true },
    Field { number: 61, holds: Holds::Message(&AMEND_ACCOUNT), repeated: false, oneof: true },
    Field { number: 62, holds: Holds::Message(&BIND_KEY), repeated: false, oneof: true },
    Field { number: 63, holds: Holds::Message(&UNBIND_KEY), repeated: false, oneof: true },
    Field { number: 64, holds: Holds::Message(&MERGE_ACCOUNTS), repeated: false, oneof: true },
    Field { number: 65, holds: Holds::Message(&ERASE_NOTICE), repeated: false, oneof: true },
    Field { number: 70, holds: Holds::Message(&RECORD_OUTCOME), repeated: false, oneof: true },
    Field { number: 80, holds: Holds::Message(&COUNTERSIGN), repeated: false, oneof: true },
    Field { number: 81, holds: Holds::Message(&SUSPEND), repeated: false, oneof: true },
    Field { number: 82, holds: Holds::Message(&REINSTATE), repeated: false, oneof: true },
    Field { number: 83, holds: Holds::Message(&REVOKE), repeated: false, oneof: true },
    Field { number: 90, holds: Holds::Message(&APPLY_CONVERSION), repeated: false, oneof: true },
    Field { number: 91, holds: Holds::Message(&ACCEPT_APPLICATION), repeated: false, oneof: true },
    Field { number: 92, holds: Holds::Message(&DECIDE_CONVERSION), repeated: false, oneof: true },
    Field { number: 93, holds: Holds::Message(&APPEAL_DECISION), repeated: false, oneof: true },
    Field { number: 94, holds: Holds::Message(&DECIDE_APPEAL), repeated: false, oneof: true },
    Field { number: 95, holds: Holds::Message(&REVERSE_CONVERSION), repeated: false, oneof: true },
    Field { number: 96, holds: Holds::Message(&WITHDRAW_APPLICATION), repeated: false, oneof: true },
    Field { number: 100, holds: Holds::Message(&CONFER_AWARD), repeated: false, oneof: true },
    Field { number: 110, holds: Holds::Message(&INSPECTION), repeated: false, oneof: true },
    Field { number: 111, holds: Holds::Message(&DECLARE_HEADCOUNT), repeated: false, oneof: true },
    Field { number: 112, holds: Holds::Message(&ANCHOR_LEDGER), repeated: false, oneof: true },
]);
pub static SUSPEND: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static SUSPEND_INSTITUTION: Form = Form(&[
    Field { number: 1, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
]);
pub static THRESHOLD: Form = Form(&[
    Field { number: 1, holds: Holds::Text, repeated: false, oneof: false },
    Field { number: 2, holds: Holds::Any64, repeated: false, oneof: false },
    Field { number: 3, holds: Holds::Enum, repeated: false, oneof: false },
    Field { number: 4, holds: Holds::Text, repeated: false, oneof: false },
]);
pub static UNBIND_KEY: Form = Form(&[
    Field { number: 1, holds: Holds::Bytes, repeated: false, oneof: false },
]);
pub static WITHDRAW_APPLICATION: Form = Form(&[
    Field { number: 1, holds: Holds::Message(&ENTRY_REF), repeated: false, oneof: false },
]);
