//! One row of each kind of outcome, good and wrong, and what a registrar is told of the wrong one in both languages
//! (`refusals.txt`; `UPDATE_GENERATED=1` writes it).

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};
use xuefen_core::kinds::outcomes;
use xuefen_core::proto::OutcomeKind;

use super::*;
use crate::cli::messages::Lang;

const OFFERS: &str = r#"{"format":"xuefen-offers/v1","origin":"x.example/a","issuer":"x-i","tree_size":9}
{"kind":"institution","names":["某职业学校"]}
{"kind":"scale","code":"percentage","pass_mark_millis":60000,"top_mark_millis":100000}
{"kind":"scale","code":"pass_fail","words":["合格","不合格"],"passing_words":1}
{"kind":"recording_rule","code":"r","version":1,"index":3,"hour_minutes":45,"theory_hours_per_credit":16,"practice_hours_per_credit":32,"step_millis":500}
{"kind":"course","code":"C1","version":1,"index":10,"minutes":720,"practice_minutes":0,"credit_millis":1000,"recording_rule_index":3,"scale":"percentage"}
{"kind":"module","code":"M1","version":1,"index":11,"minutes":90,"practice_minutes":0,"credit_millis":0,"recording_rule_index":0,"scale":"pass_fail"}
{"kind":"certificate_family","code":"S1","version":1,"index":20,"title":"接触网工","outcome_kind":"skill_level_certificate","levels":["五级","四级","三级"]}
{"kind":"certificate_family","code":"X1","version":1,"index":21,"title":"建筑信息模型","outcome_kind":"x_certificate","levels":["初级","中级"]}
{"kind":"certificate_family","code":"W1","version":1,"index":22,"title":"面点","outcome_kind":"micro_certificate"}
{"kind":"certificate_family","code":"T1","version":1,"index":23,"title":"结业","outcome_kind":"completion_certificate"}
"#;

/// What a good row of the kind says beside learner, record number and date; and the cell that makes it wrong.
type Case = (OutcomeKind, &'static [(&'static str, &'static str)], (&'static str, &'static str));

const HASH: &str = "abababababababababababababababababababababababababababababababab";

const CASES: &[Case] = &[
    (OutcomeKind::Course, &[("课程代码", "C1"), ("成绩", "60")], ("课程代码", "C9")),
    (OutcomeKind::Module, &[("模块代码", "M1"), ("成绩", "合格")], ("成绩", "优秀")),
    (OutcomeKind::ExamComponent, &[("科目代码", "skill"), ("得分", "300.5"), ("满分", "350")], ("得分", "三百")),
    (OutcomeKind::DegreeCertificate, &[("证书编号", "D1"), ("名称", "专科")], ("证书编号", "")),
    (OutcomeKind::SkillLevelCertificate, &[("证书代码", "S1"), ("等级", "四级"), ("证书编号", "S1")], ("等级", "十级")),
    (OutcomeKind::XCertificate, &[("证书代码", "X1"), ("等级", "中级"), ("证书编号", "X1")], ("证书代码", "X9")),
    (OutcomeKind::MicroCertificate, &[("证书代码", "W1"), ("证书编号", "W1")], ("证书编号", "")),
    (
        OutcomeKind::CompletionCertificate,
        &[("证书代码", "T1"), ("证书编号", "T1"), ("培训层次", "国家级"), ("项目类型", "企业技能培训")],
        ("培训层次", "村级"),
    ),
    (
        OutcomeKind::PracticeRecord,
        &[("实践类型", "岗位实习"), ("总分钟数", "2,400"), ("协议散列", HASH), ("会签机构", "x-host")],
        ("协议散列", "ab"),
    ),
    (
        OutcomeKind::ContestResult,
        &[("名称", "数控车工"), ("赛事级别", "国赛"), ("竞赛组别", "高职组"), ("奖项", "一等奖"), ("届次", "2026")],
        ("赛事级别", "市赛"),
    ),
    (OutcomeKind::Admission, &[("录取类别", "分类考试")], ("录取类别", "保送")),
    (OutcomeKind::EnrolmentEvent, &[("异动类型", "升段")], ("异动类型", "")),
    (
        OutcomeKind::HomeSchoolTransfer,
        &[("转出学校", "x-a"), ("转入学校", "x-b"), ("会签机构", "x-b")],
        ("转入学校", ""),
    ),
    (OutcomeKind::EmploymentPeriod, &[("岗位", "接触网工"), ("开始日期", "2024年7月1日")], ("开始日期", "去年")),
    (OutcomeKind::Title, &[("名称", "讲师"), ("职称级别", "中级")], ("职称级别", "顶级")),
    (OutcomeKind::NonCreditActivity, &[("名称", "社区课堂"), ("活动类型", "志愿服务")], ("活动类型", "聚餐")),
];

/// One row of a sheet with these cells.
fn read(kind: OutcomeKind, cells: &[(&str, &str)], wrong: Option<(&str, &str)>) -> Result<Draft, Refused> {
    let form = outcomes::of(kind).expect("every kind has a form");
    let common = [("原始记录号", "r1"), ("学号", "1"), ("成果类型", form.zh), ("取得日期", "2026/6/30")];
    let cells = common.iter().chain(cells).map(|(name, cell)| {
        let cell = wrong.filter(|(at, _)| at == name).map_or(*cell, |(_, cell)| cell);
        ((*name).to_owned(), Value::from(cell))
    });
    let line = Value::Object(cells.collect::<Map<_, _>>()).to_string();
    let sheet = Sheet::parse(line.as_bytes(), &Mapping::default()).expect("JSON lines");
    let offers = Offers::parse(OFFERS, "x.example/a", "x-i").expect("offers");
    let mut accounts = AccountsMap::default();
    assert!(accounts.insert("1", [1; 16]));
    let today = Date::parse("2026-07-05").expect("a day");
    OutcomeReader::new(&offers, &accounts, None, ("x.example/a", "x-i"), today).read(sheet.cells(&sheet.rows()[0])?)
}

#[test]
fn every_kind_of_outcome_is_signed_from_a_sheet() {
    let kinds: Vec<_> = CASES.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, outcomes::ALL.iter().map(|form| form.kind).collect::<Vec<_>>(), "a kind has no row here");
    for (kind, cells, _) in CASES {
        let draft = read(*kind, cells, None).unwrap_or_else(|refused| panic!("{kind:?}: {refused:?}"));
        let form = outcomes::of(*kind).expect("every kind has a form");
        assert_eq!(draft.fields.iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), form.tags);
        let empty = form
            .required
            .iter()
            .filter(|tag| tag.number != 1)
            .find(|tag| draft.fields.iter().any(|(other, value)| other == *tag && value.is_empty()));
        assert!(empty.is_none(), "{kind:?}: {empty:?} is empty");
    }
}

#[test]
fn a_wrong_row_of_each_kind_tells_the_registrar_what_to_do() {
    let mut said = String::new();
    for (kind, cells, wrong) in CASES {
        let refused = read(*kind, cells, Some(*wrong)).err().unwrap_or_else(|| panic!("{kind:?} is taken"));
        let form = outcomes::of(*kind).expect("every kind has a form");
        let cell = if refused.value.is_empty() { "–" } else { &refused.value };
        writeln!(said, "{} {}: {} = {cell}: {}", form.name, form.zh, refused.column, refused.problem.code())
            .expect("text");
        for lang in [Lang::En, Lang::Zh] {
            writeln!(said, "    {} → {}", refused.reason(lang), refused.fix(lang)).expect("text");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/sign/refusals.txt");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &said).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == said, "src/cli/sign/refusals.txt differs; read what is said now:\n{said}");
}
