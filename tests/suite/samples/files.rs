//! The sample files: one writer for each, and the twelve rows that are wrong.

use std::collections::BTreeMap;

use super::learners::{Learner, institution_code, learners};
use super::random::Random;
use super::results::{Certificate, Course, Result, certificates, common_courses, courses_of, results};
use super::world::{
    EVALUATION, FAMILIES, HOME, HOSTS, HOUR_MINUTES, INSTITUTIONS, MAJORS, PRACTICE_HOURS, STEP_MILLIS, THEORY_HOURS,
    credit_millis,
};

/// Where chance starts.
const SEED: u64 = 951_016;

type Rows = Vec<Vec<String>>;

/// All files by name.
pub fn all(syllables: &str) -> BTreeMap<String, Vec<u8>> {
    let mut random = Random::new(SEED);
    let learners = learners(syllables, &mut random);
    let mut files = BTreeMap::new();
    let mut put = |name: &str, rows: Rows| files.insert(name.to_owned(), utf8(&rows));
    put("institutions.csv", institutions());
    put("majors.csv", majors());
    put("recording-rules.csv", recording_rules());
    put("accounts.csv", accounts(&learners));
    for (place, host) in HOSTS.into_iter().enumerate() {
        put(&format!("courses-{}.csv", INSTITUTIONS[host].slug), courses(place));
    }
    for owner in [HOSTS[0], EVALUATION] {
        put(&format!("families-{}.csv", INSTITUTIONS[owner].slug), families(owner));
    }
    let mut wrong = vec![row(&["file", "row", "code", "column", "right"])];
    for (place, host) in HOSTS.into_iter().enumerate() {
        let (slug, name) = (INSTITUTIONS[host].slug, INSTITUTIONS[host].name);
        let file = format!("outcomes-{slug}.csv");
        let rows = results(place, &learners, name, &mut random);
        let mut sheet = STYLES[place](&rows);
        spoil(place, &file, &rows, &mut sheet, &mut wrong);
        let bytes = match place {
            0 => [b"\xef\xbb\xbf".as_slice(), &utf8(&sheet)].concat(),
            2 => encoding_rs::GB18030.encode(std::str::from_utf8(&utf8(&sheet)).expect("text")).0.into_owned(),
            _ => utf8(&sheet),
        };
        files.insert(file, bytes);
    }
    files.insert(format!("columns-{}.toml", INSTITUTIONS[HOSTS[3]].slug), columns().into_bytes());
    for owner in [HOSTS[0], EVALUATION] {
        let file = format!("certificates-{}.csv", INSTITUTIONS[owner].slug);
        let mut sheet = certificate_sheet(&certificates(owner, &learners, &mut random));
        if owner == EVALUATION {
            let at = 30;
            wrong.push(row(&[&file, &(at + 1).to_string(), "UNKNOWN_LEVEL", "等级", &sheet[at][3]]));
            "特级".clone_into(&mut sheet[at][3]);
        }
        files.insert(file, utf8(&sheet));
    }
    files.insert("wrong-rows.csv".to_owned(), utf8(&wrong));
    files
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn utf8(rows: &Rows) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        out.write_record(row).expect("a Vec takes every byte");
    }
    out.into_inner().expect("a Vec takes every byte")
}

fn institutions() -> Rows {
    let header = ["institution", "slug", "name_zh", "name_en", "kind", "sector", "region", "outcome_kinds", "families"];
    let rows = INSTITUTIONS.iter().map(|one| {
        let id = institution_code(one.number);
        row(&[&id, one.slug, one.name, one.name_en, one.kind, one.sector, one.region, one.outcome_kinds, one.families])
    });
    [row(&header)].into_iter().chain(rows).collect()
}

fn majors() -> Rows {
    let header = ["code", "name_zh", "name_en", "major_class", "training_level", "host"];
    let rows = MAJORS.iter().map(|one| {
        let host = institution_code(INSTITUTIONS[HOSTS[one.host]].number);
        row(&[one.code, one.name, one.name_en, one.class, "1", &host])
    });
    let mut rows: Rows = rows.collect();
    rows.sort();
    [row(&header)].into_iter().chain(rows).collect()
}

fn recording_rules() -> Rows {
    let numbers = [HOUR_MINUTES, THEORY_HOURS, PRACTICE_HOURS, STEP_MILLIS].map(|number| number.to_string());
    let [hour, theory, practice, step] = &numbers;
    vec![
        row(&[
            "code",
            "version",
            "hour_minutes",
            "theory_hours_per_credit",
            "practice_hours_per_credit",
            "step_millis",
        ]),
        row(&["学分记录样例规则", "1", hour, theory, practice, step]),
    ]
}

fn accounts(learners: &[Learner]) -> Rows {
    let header = [
        "学号",
        "姓名",
        "证件类型",
        "证件号码",
        "出生日期",
        "学习者类别",
        "专业代码",
        "专业名称",
        "学籍学校",
        "承办学校",
    ];
    let rows = learners.iter().map(|one| {
        let major = &MAJORS[one.major];
        let (home, host) = (INSTITUTIONS[HOME].name, INSTITUTIONS[HOSTS[major.host]].name);
        let document = ["居民身份证", &one.document, &one.birth_date];
        row(&[
            &one.number,
            &one.name,
            document[0],
            document[1],
            document[2],
            "在校学生",
            major.code,
            major.name,
            home,
            host,
        ])
    });
    [row(&header)].into_iter().chain(rows).collect()
}

fn courses(host: usize) -> Rows {
    let header = [
        "code",
        "version",
        "name_zh",
        "name_en",
        "minutes",
        "practice_minutes",
        "credit_millis",
        "recording_rule",
        "category",
        "scale",
        "majors",
        "competency",
    ];
    let of_host = |(_, major): &(usize, &super::world::Major)| major.host == host;
    let codes: Vec<_> = MAJORS.iter().filter(|major| major.host == host).map(|major| major.code).collect();
    let line = |(code, name, name_en, hours, practice, scale): Course, category: &str, majors: &str| {
        let millis = credit_millis(hours, practice).to_string();
        let minutes = [hours, practice].map(|hours| (hours * HOUR_MINUTES).to_string());
        let [minutes, practice] = &minutes;
        let rule = "学分记录样例规则";
        row(&[&code, "1", name, name_en, minutes, practice, &millis, rule, category, scale, majors, ""])
    };
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    let mut rows = vec![row(&header)];
    rows.extend(common_courses().into_iter().map(|course| line(course, "公共基础", &sorted.join(";"))));
    for (at, major) in MAJORS.iter().enumerate().filter(of_host) {
        rows.extend(courses_of(at).into_iter().map(|course| line(course, "专业技能", major.code)));
    }
    rows
}

fn families(owner: usize) -> Rows {
    let header = ["code", "version", "name_zh", "name_en", "outcome_kind", "levels", "validity_days"];
    let rows = FAMILIES
        .iter()
        .filter(|family| family.owner == owner)
        .map(|one| row(&[one.code, "1", one.name, one.name_en, one.kind, &one.levels.join(";"), "0"]));
    [row(&header)].into_iter().chain(rows).collect()
}

/// How each host writes its sheet.
const STYLES: [fn(&[Result]) -> Rows; 4] = [chinese, english, spreadsheet, own_words];

fn chinese(rows: &[Result]) -> Rows {
    let header = [
        "原始记录号",
        "学号",
        "姓名",
        "专业代码",
        "课程代码",
        "课程名称",
        "班次",
        "考试日期",
        "成绩",
        "成绩制",
        "学分",
        "考试次数",
        "颁发机构",
        "备注",
    ];
    let line = |one: &Result| {
        let (year, month, day) = one.date;
        let (date, attempt) = (format!("{year}/{month}/{day}"), one.attempt.to_string());
        let remark = if one.attempt > 1 { "补考" } else { "" };
        row(&[
            &one.source_id,
            &one.learner_no,
            &one.name,
            one.major,
            &one.course_code,
            one.course,
            &one.run,
            &date,
            &one.grade,
            one.scale,
            &one.credits,
            &attempt,
            one.issuer_name,
            remark,
        ])
    };
    [row(&header)].into_iter().chain(rows.iter().map(line)).collect()
}

fn english(rows: &[Result]) -> Rows {
    let header = [
        "source_id",
        "learner_no",
        "name",
        "major",
        "course_code",
        "run",
        "achieved_on",
        "grade",
        "scale",
        "credits",
        "attempt",
    ];
    let line = |one: &Result| {
        let (year, month, day) = one.date;
        let (date, attempt) = (format!("{year}-{month:02}-{day:02}"), one.attempt.to_string());
        row(&[
            &one.source_id,
            &one.learner_no,
            &one.name,
            one.major,
            &one.course_code,
            &one.run,
            &date,
            &one.grade,
            one.scale,
            &one.credits,
            &attempt,
        ])
    };
    [row(&header)].into_iter().chain(rows.iter().map(line)).collect()
}

/// As a spreadsheet exports it that somebody filled in with a Chinese keyboard.
fn spreadsheet(rows: &[Result]) -> Rows {
    let header = [
        "成绩编号",
        "学号",
        "姓名",
        "专业代码",
        "课程编号",
        "教学班",
        "完成日期",
        "总评成绩",
        "成绩制",
        "学分",
        "修读次数",
        "发证单位",
    ];
    let line = |one: &Result| {
        let full_width = |text: &str| {
            let wide =
                |c: char| if c.is_ascii_digit() || c == '.' { char::from_u32(u32::from(c) + 0xfee0) } else { Some(c) };
            text.chars().filter_map(wide).collect::<String>()
        };
        let attempt = one.attempt.to_string();
        let (date, grade) = (serial(one.date).to_string(), full_width(&one.grade));
        row(&[
            &one.source_id,
            &one.learner_no,
            &one.name,
            one.major,
            &one.course_code,
            &one.run,
            &date,
            &grade,
            one.scale,
            &one.credits,
            &attempt,
            one.issuer_name,
        ])
    };
    [row(&header)].into_iter().chain(rows.iter().map(line)).collect()
}

/// The day number of a spreadsheet; 46,174 is 2026-06-01.
fn serial((year, month, day): (u32, u32, u32)) -> u32 {
    assert_eq!(year, 2026, "this term");
    46_174 + [0, 30][month as usize - 6] + day - 1
}

fn own_words(rows: &[Result]) -> Rows {
    let header =
        ["序列", "学生证", "称呼", "专业", "科目", "开班", "考试日", "得分", "制", "得学分", "第几次", "单位", "说明"];
    let line = |one: &Result| {
        let (year, month, day) = one.date;
        let (date, attempt) = (format!("{year}年{month}月{day}日"), one.attempt.to_string());
        row(&[
            &one.source_id,
            &one.learner_no,
            &one.name,
            one.major,
            &one.course_code,
            &one.run,
            &date,
            &one.grade,
            one.scale,
            &one.credits,
            &attempt,
            one.issuer_name,
            "",
        ])
    };
    [row(&header)].into_iter().chain(rows.iter().map(line)).collect()
}

/// What the headers of that school mean.
fn columns() -> String {
    let lines = [
        ("序列", "source_id"),
        ("学生证", "learner_no"),
        ("称呼", "holder_name"),
        ("专业", "major"),
        ("科目", "offer_code"),
        ("开班", "run"),
        ("考试日", "achieved_on"),
        ("得分", "grade"),
        ("制", "scale"),
        ("得学分", "credits"),
        ("第几次", "attempt"),
        ("单位", "issuer_name"),
    ];
    let lines = lines.map(|(header, field)| format!("\"{header}\" = \"{field}\"\n"));
    format!("# 样例：列名对照 (sample: what the headers mean)\n[columns]\n{}", lines.concat())
}

fn certificate_sheet(rows: &[Certificate]) -> Rows {
    let header = ["学号", "姓名", "证书代码", "等级", "证书编号", "发证日期", "专业代码"];
    let line = |one: &Certificate| {
        let (year, month, day) = one.date;
        let date = format!("{year}-{month:02}-{day:02}");
        row(&[&one.learner_no, &one.name, one.family, &one.level, &one.number, &date, one.major])
    };
    [row(&header)].into_iter().chain(rows.iter().map(line)).collect()
}

/// Rule, header of the column and what somebody wrote there; nothing = what the row above has.
type Slip = (&'static str, &'static str, Option<&'static str>);

const SLIPS: [&[Slip]; 4] = [
    &[
        ("DATE", "考试日期", Some("2026/6/31")),
        ("UNKNOWN_OFFER", "课程代码", Some("GG0I")),
        ("CREDITS_DISAGREE", "学分", Some("9")),
    ],
    &[
        ("DUPLICATE_SOURCE_ID", "source_id", None),
        ("UNKNOWN_ACCOUNT", "learner_no", Some("20249999")),
        ("GRADE_OFF_SCALE", "grade", Some("780")),
    ],
    &[
        ("ISSUER_NAME", "发证单位", Some("江苏样例职业学校")),
        ("DATE_IN_FUTURE", "完成日期", Some("59322")),
        ("NUMBER", "学分", Some("两分")),
    ],
    &[("MISSING", "得分", Some("")), ("CELLS", "", Some("加，"))],
];

/// Puts the slips of a host into its sheet, far from one another, on first attempts that passed with a mark.
fn spoil(host: usize, file: &str, rows: &[Result], sheet: &mut Rows, wrong: &mut Rows) {
    let fit = |one: &Result| one.attempt == 1 && one.scale == "percentage" && one.credits != "0";
    for (number, (code, column, slip)) in SLIPS[host].iter().enumerate() {
        let from = (number + 1) * rows.len() / (SLIPS[host].len() + 1);
        let at = 1 + (from..rows.len()).find(|at| fit(&rows[*at])).expect("most rows are such");
        let place = sheet[0].iter().position(|header| header == column);
        let right = place.map_or_else(String::new, |place| sheet[at][place].clone());
        // Sheets number their rows from 1, the header.
        wrong.push(row(&[file, &(at + 1).to_string(), code, column, &right]));
        match place {
            Some(place) => sheet[at][place] = slip.map_or_else(|| sheet[at - 1][place].clone(), str::to_owned),
            // A comma that nobody put in quotation marks makes a cell of its own.
            None => sheet[at].insert(3, slip.unwrap_or_default().to_owned()),
        }
    }
}
