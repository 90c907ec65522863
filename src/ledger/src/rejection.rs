//! Every reason to refuse an entry, in order of precedence (rules.md 2): of several faults the first in this list is the
//! answer. References are one step of that order and are looked at field by field. Codes are stable; every refusal names
//! the rule, the field and the fix.

use std::borrow::Cow;

/// A text in the two languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

macro_rules! rejections {
    ($($variant:ident $code:literal
        $rule_en:literal $rule_zh:literal
        $fix_en:literal $fix_zh:literal)*) => {
        /// Why an entry is refused. Ordered: the smaller one takes precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rejection {
            $(#[doc = $rule_en] $variant,)*
        }

        impl Rejection {
            /// Every rejection, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code, as in docs/spec/rejections.md.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What the rule asks.
            #[must_use]
            pub const fn rule(self) -> Text {
                match self { $(Self::$variant => Text { en: $rule_en, zh: $rule_zh },)* }
            }

            /// What to do.
            #[must_use]
            pub const fn fix(self) -> Text {
                match self { $(Self::$variant => Text { en: $fix_en, zh: $fix_zh },)* }
            }
        }
    };
}

rejections! {
    // Form of the bytes (formats.md 1 and 2).
    NonCanonical "NON_CANONICAL"
        "Signed bytes are in the one canonical protobuf encoding." "被签名的字节须为唯一的规范 protobuf 编码。"
        "Encode with fields ascending, defaults left out and no unknown field, and sign again." "请按字段升序、省略默认值、不含未知字段重新编码并签名。"
    TooLarge "TOO_LARGE"
        "An entry has at most 65,535 bytes, its signatures included." "一条记录连同签名不超过 65535 字节。"
        "Split the statement, or sign smaller batches." "请拆分声明，或减小签名批次。"
    VersionUnknown "VERSION_UNKNOWN"
        "A statement is of version 1." "声明的版本须为 1。"
        "Post to a ledger that knows this version, or issue the statement in version 1." "请提交到支持该版本的账本，或按版本 1 重新签发。"
    StatementMalformed "STATEMENT_MALFORMED"
        "A statement has a ledger, an issuer, a nonce of 16 bytes, a time, a body and, if private, a commitment of 32 bytes." "声明须有账本、签发者、16 字节随机数、时间和内容；私密内容须有 32 字节承诺。"
        "Fill in the field that is named." "请补正所指字段。"
    KindNotEnabled "KIND_NOT_ENABLED"
        "The ledger has rules for this kind of statement." "账本须已启用该类声明。"
        "Wait until the operator enables the kind." "请等待运营方启用该类声明。"
    WrongLedger "WRONG_LEDGER"
        "A statement names the ledger it is posted to." "声明须写明所提交的账本。"
        "Issue the statement for this ledger's origin, or post it to the ledger it names." "请按本账本名称重新签发，或提交到其所写的账本。"

    // Time window.
    IssuedInFuture "ISSUED_IN_FUTURE"
        "issued_at is at most 300 seconds ahead of the ledger's time." "签发时间不得超前账本时间 300 秒以上。"
        "Set the clock of the signing machine right and sign again." "请校准签名机时钟后重新签名。"
    StatementTooOld "STATEMENT_TOO_OLD"
        "A statement is posted soon enough after issued_at: within 30 days, or as policy says." "声明须在签发后规定期限内提交：30 天，或依政策规定。"
        "Sign the statement again with today's time." "请以当前时间重新签名。"

    // Issuer.
    IssuerUnknown "ISSUER_UNKNOWN"
        "The issuer is an authority of this ledger or an institution accredited in it." "签发者须为本账本的主管部门或已认定机构。"
        "Check the institution id; ask the province to accredit the institution." "请核对机构代码，或向省级主管部门申请认定。"
    IssuerNotInForce "ISSUER_NOT_IN_FORCE"
        "The issuer was accredited at issued_at and is so now." "签发时及入账时签发者的认定须均已生效。"
        "Issue the statement after the accreditation took force." "请在认定生效后重新签发。"
    IssuerSuspended "ISSUER_SUSPENDED"
        "The issuer was not suspended at issued_at and is not now." "签发时及入账时签发者均不得处于暂停状态。"
        "Wait for the end of the suspension, then issue the statement." "请待暂停结束后再签发。"
    IssuerEnded "ISSUER_ENDED"
        "The issuer was not ended or taken over, at issued_at or since." "签发者不得已被撤销或并入其他机构。"
        "Let the successor or an archive institution issue the statement." "请由承继机构或档案机构签发。"

    // Attestations.
    AttestationMalformed "ATTESTATION_MALFORMED"
        "An entry has 1 to 16 attestations, by ascending key id, each with its exact batch path." "一条记录须有 1 至 16 个签名，按密钥标识升序，并附准确的批次路径。"
        "Make the attestations again with `xuefen sign`." "请用 `xuefen sign` 重新生成签名。"
    KeyUnknown "KEY_UNKNOWN"
        "Every attesting key is registered in this ledger." "每个签名密钥都须在本账本登记。"
        "Ask the accrediting authority to authorise the key." "请由认定部门登记该密钥。"
    KeyNotIssuers "KEY_NOT_ISSUERS"
        "One attestation is by a key of the issuer that may sign this kind." "至少一个签名须出自签发者可用于此类声明的密钥。"
        "Sign with the issuer's own key of the right role." "请使用签发者相应用途的密钥签名。"
    KeyNotInForce "KEY_NOT_IN_FORCE"
        "Every attesting key was in force at issued_at and is so now." "每个签名密钥在签发时及入账时均须有效。"
        "Sign again with a key in force." "请用有效密钥重新签名。"
    BadSignature "BAD_SIGNATURE"
        "Every signature verifies under its key." "每个签名都须能用其密钥验证。"
        "Sign again; check that the statement was not changed after signing." "请重新签名，并确认签名后内容未被改动。"
    NonceReused "NONCE_REUSED"
        "An issuer uses a nonce for one statement only." "同一签发者的随机数只能用于一份声明。"
        "If the record changed, post a correction that supersedes the entry named; else use a fresh nonce." "若记录有变，请提交更正以取代所指记录；否则请更换随机数。"

    // Who must sign too.
    PossessionNotProven "POSSESSION_NOT_PROVEN"
        "A new institution key signs the statement that introduces it." "新机构密钥须亦签署登记它的声明。"
        "Let the new key attest the statement too." "请用新密钥一并签署。"
    CosignerMissing "COSIGNER_MISSING"
        "A kind that needs a co-signer names one; a transfer is signed by both schools at once." "须会签的类别应写明会签机构；学籍互转须由两校同时签署。"
        "Name the co-signer; where both must sign at once, let both attest the statement." "请写明会签机构；须同时签署的请由双方签名。"
    CharterNotMet "CHARTER_NOT_MET"
        "A consortium signs with as many of its seats, in all and of each kind, as its charter asks for." "联合体须按章程规定的席位数及各类席位数共同签署。"
        "Let more members attest the statement." "请由更多成员共同签署。"
    SeatConsentMissing "SEAT_CONSENT_MISSING"
        "Whoever takes a seat in a consortium signs its charter." "加入联合体的成员须签署章程。"
        "Let the member named attest the charter too." "请由所指成员一并签署章程。"

    // What this issuer may do.
    NotEntitled "NOT_ENTITLED"
        "Only who the rules name for this kind may issue it." "该类声明只能由规则指定的主体签发。"
        "Let the authority, owner, issuer or successor that the rule names issue it." "请由规则指定的主管部门、所有者、签发者或承继机构签发。"
    RegionNotAllowed "REGION_NOT_ALLOWED"
        "A province acts only in its own region." "省级主管部门只能在本行政区内行使职权。"
        "Let the province of the institution's region, or the nation, issue it." "请由机构所在省或国家主管部门签发。"
    OutcomeKindNotAllowed "OUTCOME_KIND_NOT_ALLOWED"
        "An institution records the outcome kinds it is accredited for." "机构只能登记其获准的成果类别。"
        "Ask the accrediting authority to extend the accreditation." "请向认定部门申请增加成果类别。"
    IssueRightMissing "ISSUE_RIGHT_MISSING"
        "Policy says which kinds of institution record an outcome, and at which levels." "由政策规定何类机构可登记何类成果及等级。"
        "Let an institution of the right kind record it, or ask the authority for another policy." "请由相应类别的机构登记，或向主管部门反映。"
    ImportNotAllowed "IMPORT_NOT_ALLOWED"
        "Only an institution with may_import records old paper records." "只有获准补录的机构才能补录历史记录。"
        "Ask the accrediting authority for may_import, or record it as a current outcome." "请申请补录资格，或作为当期成果登记。"
    FamilyNotAllowed "FAMILY_NOT_ALLOWED"
        "An institution issues certificates of the families in its accreditation." "机构只能颁发认定范围内的证书系列。"
        "Ask the accrediting authority to add the family." "请向认定部门申请增加证书系列。"
    LevelNotAllowed "LEVEL_NOT_ALLOWED"
        "A level is one of the family's and within what the institution may award." "等级须属该证书系列且在机构可授予范围内。"
        "Issue a level within the accreditation; the top levels need the full ladder of the occupation." "请在认定范围内授予等级；高等级须具备该职业完整等级资格。"
    NameNotAllowed "NAME_NOT_ALLOWED"
        "An outcome carries one of the accredited names of its issuer." "成果上的颁发机构名称须为已认定名称之一。"
        "Use a name from the accreditation, or ask the authority to rename." "请使用认定名称，或申请更名。"
    MajorNotFiled "MAJOR_NOT_FILED"
        "Degree continuing education and self-study keep to the majors filed for the issuer and the year." "学历继续教育和自学考试须在签发机构当年备案专业范围内。"
        "Ask the authority to file the major, or correct it." "请由主管部门备案该专业，或更正专业。"
    CustodianNotIssuer "CUSTODIAN_NOT_ISSUER"
        "What a university teaches outside of degrees it records with keys that it keeps itself." "高校非学历教育须自招自办自管，以自行保管的密钥签发。"
        "Sign with a key whose custodian is the issuer." "请使用由签发机构自行保管的密钥签名。"

    // References.
    ReferenceUnknown "REFERENCE_UNKNOWN"
        "What a statement refers to is in this ledger." "所引用的对象须已在本账本中。"
        "Post the entry, account or institution first, or correct the reference." "请先登记被引用的对象，或更正引用。"
    ReferenceMismatch "REFERENCE_MISMATCH"
        "The leaf hash of a reference is that of the entry at its index." "引用的散列须与该序号的记录一致。"
        "Read the entry's receipt again and correct index or hash." "请核对回执，更正序号或散列。"
    ReferenceWrongKind "REFERENCE_WRONG_KIND"
        "A reference names an entry of the kind, and owner, that the field asks for." "引用的记录须为该字段要求的类别和归属。"
        "Refer to an entry of the right kind." "请引用正确类别的记录。"
    ReferenceNotInForce "REFERENCE_NOT_IN_FORCE"
        "What a statement refers to is in force." "所引用的对象须处于有效状态。"
        "Refer to the version in force." "请引用有效版本。"

    // Payload.
    PayloadMissing "PAYLOAD_MISSING"
        "A private kind comes with its payload." "私密类声明须附内容。"
        "Send seed and fields beside the statement." "请随声明提交种子和字段。"
    PayloadUnexpected "PAYLOAD_UNEXPECTED"
        "A public kind has no payload." "公开类声明不得附内容。"
        "Leave the payload out." "请去掉所附内容。"
    CommitmentMismatch "COMMITMENT_MISMATCH"
        "The payload is what the statement commits to." "所附内容须与声明中的承诺一致。"
        "Send the seed and fields that the commitment was made from." "请提交生成承诺时的种子和字段。"
    TagsIncomplete "TAGS_INCOMPLETE"
        "A payload has exactly the tags of its kind, ascending." "内容须恰好包含该类的全部标签并按升序排列。"
        "Send every tag of the kind's table, empty where there is nothing to say." "请提交该类全部标签，无内容者留空。"
    ValueMissing "VALUE_MISSING"
        "The named value is required." "所指值为必填。"
        "Fill in the value." "请填写该值。"
    ValueMalformed "VALUE_MALFORMED"
        "A value is written as its tag asks: text in NFC, minimal decimals, dates as YYYY-MM-DD." "值须按标签要求书写：文本为 NFC，数字为最简十进制，日期为 YYYY-MM-DD。"
        "Correct the value." "请更正该值。"
    NullifierKeyWrong "NULLIFIER_KEY_WRONG"
        "Tag 1 of an outcome is derived from its own seed and nonce." "成果的标签 1 须由其种子和随机数导出。"
        "Derive tag 1 again." "请重新导出标签 1。"
    LearnerSignatureWrong "LEARNER_SIGNATURE_WRONG"
        "A learner's signature is by the key beside it, over this act on this ledger, within 30 days before the statement." "学习者签名须由所附公钥、就该行为和本账本在声明前 30 天内作出。"
        "Let the learner sign again." "请由学习者重新签名。"

    // Once only.
    DuplicateOutcome "DUPLICATE_OUTCOME"
        "An issuer records each of its own record numbers once per outcome kind." "签发者的每个原始记录号在每类成果中只登记一次。"
        "If the record changed, post a correction that supersedes the entry named." "若记录有变，请提交更正以取代所指记录。"

    // Recording.
    MinutesOutOfBounds "MINUTES_OUT_OF_BOUNDS"
        "Practice minutes are at most the total, and both at most those of the offer and of the run." "实践分钟数不超过总分钟数，二者均不超过课程和班次的分钟数。"
        "Correct the minutes." "请更正分钟数。"
    RecordingRuleWrong "RECORDING_RULE_WRONG"
        "An outcome names the recording rule of its offer." "成果须写明课程所用的学分记录规则。"
        "Name the rule that the course or module cites; none if it cites none." "请填写课程或模块所引规则；未引规则则留空。"
    CreditsExceedOffer "CREDITS_EXCEED_OFFER"
        "Claimed credits are at most the offer's." "所计学分不超过课程学分。"
        "Correct the credits." "请更正学分。"
    CreditsDisagree "CREDITS_DISAGREE"
        "Claimed credits are what the recording rule gives for the minutes; a fail earns none." "所计学分须与记录规则按分钟数计算的结果一致；不合格不计学分。"
        "Claim the credits that the rule gives." "请按规则计算结果填写学分。"

    // Rules of the kinds: form of public bodies.
    FieldMissing "FIELD_MISSING"
        "The named field is required." "所指字段为必填。"
        "Fill in the field." "请填写该字段。"
    FieldMalformed "FIELD_MALFORMED"
        "A field keeps the form and bounds that its kind asks for." "字段须符合该类要求的格式和范围。"
        "Correct the field." "请更正该字段。"
    InstitutionIdMalformed "INSTITUTION_ID_MALFORMED"
        "An institution id is a unified social credit code with a right check character, or x- and 3 to 40 of a-z, 0-9, '-'." "机构代码须为校验正确的统一社会信用代码，或 x- 加 3 至 40 位小写字母、数字或连字符。"
        "Correct the code; the check character finds slips." "请更正代码并核对校验位。"
    RegionMalformed "REGION_MALFORMED"
        "A region is a GB/T 2260 code of six digits." "行政区划须为 GB/T 2260 六位代码。"
        "Correct the code." "请更正代码。"

    // Rules of the kinds: trust.
    GenesisExists "GENESIS_EXISTS"
        "A ledger begins once." "账本只能创建一次。"
        "Use a new origin for a new ledger." "新账本请使用新名称。"
    GenesisUntrusted "GENESIS_UNTRUSTED"
        "Genesis names a national accredit key and the status key, and is signed by a key of authority.txt that it names." "创世声明须列出国家认定密钥和状态密钥，并由其所列且在 authority.txt 中的密钥签名。"
        "Sign genesis with the key that authority.txt names." "请用 authority.txt 所列密钥签署创世声明。"
    PublicKeyBad "PUBLIC_KEY_BAD"
        "A public key is a canonical Ed25519 point, not of small order." "公钥须为规范且非小阶的 Ed25519 点。"
        "Make a new key with `xuefen keys new`." "请用 `xuefen keys new` 生成新密钥。"
    KeyInUse "KEY_IN_USE"
        "A public key belongs to one institution for ever." "一个公钥永远只属于一个机构。"
        "Make a new key." "请生成新密钥。"
    KeyAlreadyEnded "KEY_ALREADY_ENDED"
        "A key that ended stays ended." "已停用的密钥不可再次变更。"
        "Nothing is to be done; authorise a new key." "无需处理；如需请登记新密钥。"
    CompromiseNeedsAuthority "COMPROMISE_NEEDS_AUTHORITY"
        "An institution dates a compromise at most 30 days back, or as policy says." "机构自报密钥泄露时间最早不超过 30 天前，或依政策规定。"
        "Ask the accrediting authority to end the key." "请由认定部门停用该密钥。"
    InstitutionState "INSTITUTION_STATE"
        "A change fits what the institution is: only the suspended or revoked are reinstated, the merged stay merged." "变更须与机构现状相符：仅暂停或撤销者可恢复，已并入者不可变更。"
        "Check the institution's state." "请核对机构状态。"
    GroundNotListed "GROUND_NOT_LISTED"
        "A ground or reason is on the policy's list." "事由或理由须列入政策清单。"
        "Give a ground or reason that the policy lists." "请填写政策清单中的事由或理由。"
    SuccessorWrong "SUCCESSOR_WRONG"
        "A successor is another institution, in force." "承继机构须为另一家有效机构。"
        "Name a successor in force." "请指定有效的承继机构。"

    // Rules of the kinds: standards and offers.
    VersionNotNext "VERSION_NOT_NEXT"
        "Versions of a code are 1, 2, 3 and so on." "同一代码的版本须依次为 1、2、3……"
        "Use the next version." "请使用下一个版本号。"
    EffectiveInPast "EFFECTIVE_IN_PAST"
        "A policy or conversion rule takes effect when it is logged or later." "政策和转换办法不得早于入账时间生效。"
        "Choose a time that has not come yet." "请选择尚未到来的生效时间。"
    VersionsOverlap "VERSIONS_OVERLAP"
        "A version of a conversion rule begins after the one before it began, and not before its stated end." "转换办法新版本的生效时间须晚于上一版本，且不早于其所载终止时间。"
        "Choose a later start." "请选择更晚的生效时间。"
    RunExists "RUN_EXISTS"
        "A run's code is used once by its owner." "同一机构的班次代码只能使用一次。"
        "Give the run a code of its own." "请为班次另编代码。"
    NoticeTooShort "NOTICE_TOO_SHORT"
        "A published programme is changed so many working days before its next run as policy asks, 20 if none says so." "已公布的项目须在开班前规定的工作日数之前报备变更，未规定者为 20 个工作日。"
        "Leave this run as published, or file the change earlier." "请按原方案实施本班次，或提前报备。"
    LooserThanParent "LOOSER_THAN_PARENT"
        "A rule below another is as strict or stricter." "下级规则须不低于上级规则。"
        "Ask at least what the parent asks." "请至少达到上级规则的要求。"
    OfferCredits "OFFER_CREDITS"
        "An offer has at most the credits that its rule gives for its minutes, and none without a rule." "课程学分不超过规则按其分钟数计算的结果；无规则则无学分。"
        "Correct minutes or credits." "请更正分钟数或学分。"

    // Rules of the kinds: accounts.
    AccountExists "ACCOUNT_EXISTS"
        "A person has one account for life." "一人一个终身学习账号。"
        "Let the learner show the account or activate it." "请由学习者本人出示或激活已有账号。"
    AccountMerged "ACCOUNT_MERGED"
        "Two different accounts are merged, neither of them an alias." "合并的须为两个不同且均非别名的账号。"
        "Name the kept account." "请填写保留的账号。"
    MergeNeedsSecondParty "MERGE_NEEDS_SECOND_PARTY"
        "Accounts with different documents are merged by two different parties." "证件不同的账号须由两个不同主体共同签署合并。"
        "Let a second institution attest the statement." "请由另一机构共同签署。"
    LearnerSignatureMissing "LEARNER_SIGNATURE_MISSING"
        "A learner signs with a key bound to the account: a merger once a key is bound, and a use beyond one programme unless an activation code was checked." "学习者须以账号已绑定的密钥签署：已绑定密钥者的账号合并，以及超出单一方案范围的使用（已核验激活码者除外）。"
        "Let the learner sign with a bound key." "请由学习者以已绑定的密钥签名。"
    DeviceKeyInUse "DEVICE_KEY_IN_USE"
        "A device key belongs to one account for ever; an account has at most 16." "一个设备密钥永远只属于一个账号；每个账号至多 16 个。"
        "Make a new key on the device, or let another one go." "请在设备上生成新密钥，或先解除其他密钥。"

    // Rules of the kinds: outcomes.
    AchievedInFuture "ACHIEVED_IN_FUTURE"
        "achieved_on is not after the day of issue." "取得日期不得晚于签发日期。"
        "Correct the date." "请更正日期。"
    AchievedTooLongAgo "ACHIEVED_TOO_LONG_AGO"
        "achieved_on is not longer before the day of issue than policy lets it be (400 days if none says so), unless imported." "取得日期不得早于签发日期超过政策期限（未规定者 400 天），补录除外。"
        "Record it as imported, or correct the date." "请作为补录登记，或更正日期。"
    ScaleUnknown "SCALE_UNKNOWN"
        "A grade names a scale of the policy, the offer's if there is one." "成绩须注明政策所列且与课程一致的成绩制。"
        "Use the course's scale; without a policy there are percentage, five_grade and pass_fail." "请按课程使用相应成绩制；无政策时为 percentage、five_grade、pass_fail。"
    GradeNotOnScale "GRADE_NOT_ON_SCALE"
        "A grade is a mark or word of its scale." "成绩须为该成绩制中的分数或等第。"
        "Correct the grade." "请更正成绩。"
    CertificateFailed "CERTIFICATE_FAILED"
        "A certificate carries no failing grade." "证书不得载有不合格成绩。"
        "Issue no certificate, or correct the grade." "请勿颁发证书，或更正成绩。"
    RouteWrong "ROUTE_WRONG"
        "A skill level states its route; a route other than standard cites its evidence." "技能等级须注明认定途径；非常规途径须引用依据。"
        "Use standard, full_ladder, outstanding_worker or exceptional, and cite the evidence." "请填写 standard、full_ladder、outstanding_worker 或 exceptional，并引用依据。"
    SourceErased "SOURCE_ERASED"
        "A rule that needs an outcome's payload cannot use an erased one." "规则需用到已删除的成果内容。"
        "Refer to an outcome whose payload is kept." "请引用内容仍保留的成果。"
    CitationWrong "CITATION_WRONG"
        "Cited outcomes and parts are valid outcomes of the same learner." "所引成果须为同一学习者的有效成果。"
        "Cite outcomes of this learner that are in force." "请引用该学习者的有效成果。"
    SupersedesNotNewest "SUPERSEDES_NOT_NEWEST"
        "A correction supersedes the newest version, which is not revoked." "更正须取代未撤销的最新版本。"
        "Supersede the entry named." "请取代所指记录。"
    SupersedesDiffers "SUPERSEDES_DIFFERS"
        "A correction keeps kind, account, offer, run, attempt and nullifier key." "更正须保留类别、账号、课程、班次、次数和作废密钥。"
        "For another learner or course: revoke, and record anew." "若学习者或课程有误，请撤销后重新登记。"
    AttemptExists "ATTEMPT_EXISTS"
        "An attempt is recorded once; a resit is the next attempt." "同一次考试只登记一次；补考为下一次。"
        "Use the next attempt, or supersede the entry named." "请使用下一次数，或取代所指记录。"
    ScoreWrong "SCORE_WRONG"
        "A score comes with its top score and is at most that; a part of an examination has a score or a grade." "得分须与满分同时填写且不超过满分；考试科目须有得分或成绩。"
        "Correct the score." "请更正得分。"
    SchemeWrong "SCHEME_WRONG"
        "An admission by classified examination or on a ground of exemption names its scheme, and has the score that the scheme makes of its parts; a part is one of its scheme, with that part's top score." "分类考试录取或依免试依据录取须写明考试方案，总分须为该方案各科目得分之和；科目及满分须与方案一致。"
        "Name the scheme, the results of its parts, and a ground that it lists." "请填写考试方案、各科目成绩及方案所列免试依据。"
    SegmentWrong "SEGMENT_WRONG"
        "A segment is one of the pathway's; an enrolment in it is recorded by the school that the pathway names for it." "培养阶段须为贯通培养方案所列；学籍异动须由方案为该阶段指定的学校登记。"
        "Name the pathway and the segment, or let the right school record it." "请填写贯通培养方案和阶段，或由指定学校登记。"
    PeriodWrong "PERIOD_WRONG"
        "A period begins before it ends, and ends by achieved_on." "时段须先开始后结束，且不晚于取得日期。"
        "Correct the dates." "请更正日期。"
    ResultExists "RESULT_EXISTS"
        "A learner has one result in a contest." "同一学习者在同一赛事中只有一项成绩。"
        "Post a correction that supersedes the entry named." "请提交更正以取代所指记录。"
    TeamDiffers "TEAM_DIFFERS"
        "Members of a team have the same result." "同一团队成员的成绩须一致。"
        "Correct the result or the team." "请更正成绩或团队编号。"
    AdmissionExcluded "ADMISSION_EXCLUDED"
        "Who is admitted by classified examination is not admitted by the ordinary one in the same year." "分类考试录取的学生当年不再参加普通高考录取。"
        "Keep one of the two admissions; revoke the other first." "两项录取只能保留一项，请先撤销另一项。"
    AssessorWrong "ASSESSOR_WRONG"
        "A part-time teacher who assesses shows own outcomes: the pre-service pass from before, and a senior worker's level or a middle title unless recorded as exempt." "兼职教师评定须附其本人的成果：此前的岗前培训合格，以及高级工以上等级或中级以上职称（特聘除外）。"
        "Cite the assessor's certificates, or name the kind of assessor right." "请引用评定人本人的证书，或更正评定人类型。"
    PartsTooMany "PARTS_TOO_MANY"
        "An outcome has at most 64 parts, parts of parts included, four deep." "成果的组成部分连同下级不超过 64 项、4 层。"
        "Leave out parts, or stack in fewer steps." "请减少组成部分或层级。"
    TransferPartiesWrong "TRANSFER_PARTIES_WRONG"
        "A transfer is between two schools, which are its issuer and its co-signer." "学籍互转的两校须分别为签发机构和会签机构。"
        "Let one of the two schools issue it and name the other as co-signer." "请由其中一校签发，另一校为会签机构。"
    CosignerWrong "COSIGNER_WRONG"
        "A co-signer is another institution; of practice, one of the two is a workplace." "会签机构须为另一机构；实习记录的双方须有一方为用人单位。"
        "Name the host enterprise, the home school or the other party." "请填写实习单位、学籍学校或另一方。"

    // Rules of the kinds: conversion, in the order in which a decision is looked at.
    ConsentMissing "CONSENT_MISSING"
        "A learner agrees to an application, an appeal or an undoing: by signature, by activation code through the operator, or on paper." "申请、申诉和撤回须经学习者同意：本人签名、经运营方核验激活码，或书面同意。"
        "Let the learner sign, or give number, date, scan hash and staff of the paper." "请由学习者签名，或填写同意书编号、日期、扫描件散列和经办人。"
    ApplicationState "APPLICATION_STATE"
        "An application is accepted, then decided once; it is withdrawn before the decision." "申请须先受理再决定，且只决定一次；撤回须在决定之前。"
        "Look at where the application stands." "请查看申请的当前状态。"
    ApplicationDiffers "APPLICATION_DIFFERS"
        "A decision, an appeal or an undoing is about the same learner, and a grant about the same outcomes, all of them." "决定、申诉和撤回须针对同一学习者；准予时须针对申请中的全部成果。"
        "Take account and sources from the application." "请采用申请中的账号和来源。"
    SourceNotConvertible "SOURCE_NOT_CONVERTIBLE"
        "What is converted is a valid original outcome of the learner, none a part of another; never what a conversion gave." "转换来源须为学习者本人有效的原始成果，互不为组成部分，且不得是转换所得。"
        "Choose other outcomes, or clear up the one named with its issuer." "请另选成果，或向签发机构处理所指成果。"
    ConditionNotMet "CONDITION_NOT_MET"
        "The outcomes meet every condition of the rule and of those above it, and none is left over." "成果须满足规则及其上级规则的全部条件，且无多余成果。"
        "See which condition is not met; refuse, or let the learner apply with other outcomes." "请查看未满足的条件；可不予批准，或由学习者改用其他成果申请。"
    UsesIncomplete "USES_INCOMPLETE"
        "A grant names all that is used up: parts of the outcomes, and the rest of a family of which only the highest counts." "准予时须列明全部占用：成果的组成部分，以及只取最高一级时同系列的其他证书。"
        "Draw up the decision again." "请重新生成决定。"
    NullifiersWrong "NULLIFIERS_WRONG"
        "A grant publishes, at the rule's scope, the nullifiers of everything it uses and no others, also under the ids of whom the institution took over." "准予时须按规则范围公布全部占用成果的作废标识，不多不少，并包括所并入机构代码下的标识。"
        "Draw up the decision again." "请重新生成决定。"
    ReplacesWrong "REPLACES_WRONG"
        "A conversion replaces a standing one of this learner in this programme, by using its outcomes again or after one of them fell." "只能取代同一学习者在同一方案中仍有效的转换，且须再次使用其成果，或其成果已失效。"
        "Name the conversion that is to be replaced, or none." "请填写须取代的转换，或留空。"
    AlreadyAllocated "ALREADY_ALLOCATED"
        "An outcome is used once within the wider of two scopes: programme, institution or bank." "一项成果在两次使用中较宽的范围内只能使用一次：方案、机构或全库。"
        "The earlier use is named; it would have to be undone first." "已注明先前的使用，须先将其撤销。"
    YieldWrong "YIELD_WRONG"
        "A grant gives what the rule gives for its sources, and records before and after." "准予的结果须与规则计算一致，并记录转换前后。"
        "Draw up the decision again." "请重新生成决定。"
    AlreadyExempt "ALREADY_EXEMPT"
        "A course or module is exempted once." "同一课程或模块只免修一次。"
        "The earlier conversion is named; convert into something else." "已注明先前的转换，请转换为其他课程。"
    CapExceeded "CAP_EXCEEDED"
        "What is converted stays within the caps of the programme." "转换所得不超过人才培养方案的上限。"
        "Refuse, or let the learner apply for less." "请不予批准，或由学习者减少申请。"
    WholeProgramme "WHOLE_PROGRAMME"
        "Conversions cover some courses or modules of a programme, never all of them or all its credits." "转换只能覆盖部分课程或模块，不得覆盖全部课程或全部学分。"
        "Refuse; something must be learned here." "请不予批准，须有部分课程在本机构修读。"
    AlreadyReversed "ALREADY_REVERSED"
        "A conversion is undone or replaced once." "一次转换只能撤销或取代一次。"
        "Nothing is to be done." "无需处理。"
    CoolingOffOver "COOLING_OFF_OVER"
        "A learner undoes a conversion within the cooling-off period of the policy, 30 days if none says so." "学习者只能在政策规定的冷静期内撤回转换，未规定者为 30 天。"
        "Ask the receiving institution, or appeal." "请联系接收机构，或提出申诉。"
    AppealNotDue "APPEAL_NOT_DUE"
        "Silence is appealed once the deadline has passed." "逾期未处理方可就此申诉。"
        "Wait for the deadline." "请等待期限届满。"
    AppealTooLate "APPEAL_TOO_LATE"
        "An appeal comes within the days of the policy." "申诉须在政策规定的天数内提出。"
        "Nothing is to be done here." "此处无法处理。"
    AppealExists "APPEAL_EXISTS"
        "What happened is appealed once." "同一事项只申诉一次。"
        "Wait for the decision on the appeal named." "请等待所指申诉的决定。"
    AppealDecided "APPEAL_DECIDED"
        "An appeal is decided once." "申诉只决定一次。"
        "Nothing is to be done." "无需处理。"

    // Rules of the kinds: life cycle.
    SuspensionTooLong "SUSPENSION_TOO_LONG"
        "A suspension ends in the future, at most 180 days after it is logged, or as policy says." "暂停须在未来结束，且不超过入账后 180 天，或依政策规定。"
        "Choose an earlier end." "请选择更早的结束时间。"
    NotSuspended "NOT_SUSPENDED"
        "Only what is suspended is reinstated." "只有处于暂停状态者可恢复。"
        "Nothing is to be done." "无需处理。"
    AlreadyRevoked "ALREADY_REVOKED"
        "A revocation is final." "撤销为最终决定。"
        "Record anew instead." "请重新登记。"
    AlreadyCountersigned "ALREADY_COUNTERSIGNED"
        "A party countersigns an entry once, and not its own unless a key was compromised." "每方对一条记录只会签一次；除密钥泄露外不会签自己的记录。"
        "Nothing is to be done." "无需处理。"
    PendingLapsed "PENDING_LAPSED"
        "What waits for a second signature lapses after the days of the policy." "待会签的记录超过政策规定的天数即失效。"
        "Record it anew under another record number." "请以新的记录号重新登记。"

    // Rules of the kinds: control.
    DayInFuture "DAY_IN_FUTURE"
        "A headcount is of a day that has come." "在校生数须为已到来的日期。"
        "Declare it on that day or later." "请在该日或之后申报。"
    SampleSeedWrong "SAMPLE_SEED_WRONG"
        "A sample is decided by the committed secret and by the root of a tree that holds more than the commitment." "抽样由事先承诺的秘密与含承诺之后记录的日志根散列共同确定。"
        "Use the scheme, number and secret of the commitment, and the root of a checkpoint signed after it." "请使用承诺中的方案、数量和秘密，以及其后签发的检查点的根散列。"
    InspectionReported "INSPECTION_REPORTED"
        "An inspection is reported on once." "一次检查只报告一次。"
        "Begin another inspection." "请另行开始一次检查。"

    // Thresholds of the policy, after everything else.
    ThresholdNotMet "THRESHOLD_NOT_MET"
        "What is measured keeps to the policy's hard thresholds." "测得的数值须达到政策的硬性门槛。"
        "Record what was really done; below the threshold it cannot be recorded as this." "请如实登记；未达门槛者不得以此类登记。"
}

/// The answer to an entry that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub rejection: Rejection,
    /// The field at fault, such as `statement.nonce` or `payload.credit_millis (8)`.
    pub field: Cow<'static, str>,
    /// The entry it collides with, where there is one and the caller may know.
    pub existing: Option<u64>,
    /// The numbers: what was found and what was asked. Never a payload value of someone else; may be empty.
    pub detail: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(rejection: Rejection, field: impl Into<Cow<'static, str>>) -> Self {
        Self { rejection, field: field.into(), existing: None, detail: Cow::Borrowed("") }
    }

    /// It fits into no frame of the journal.
    #[must_use]
    pub fn too_large(field: &'static str, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Rejection::TooLarge, field).detail(why)
    }

    pub(crate) fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub(crate) fn existing(self, index: u64) -> Self {
        Self { existing: Some(index), ..self }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {}", self.rejection.code(), self.field, self.rejection.rule().en)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_names_and_texts_are_whole() {
        for rejection in Rejection::ALL {
            let code = rejection.code();
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
            assert_eq!(code.replace('_', "").to_lowercase(), format!("{rejection:?}").to_lowercase());
            for text in [rejection.rule(), rejection.fix()] {
                assert!(text.en.ends_with('.') && text.zh.ends_with(['。', '…']), "{code}: {text:?}");
            }
        }
    }
}
