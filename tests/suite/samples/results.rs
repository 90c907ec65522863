//! A term of results: four to six courses a learner, some fails and resits, and rows that somebody got wrong.

use super::learners::Learner;
use super::random::Random;
use super::world::{COMMON, FAMILIES, MAJORS, credit_millis};

/// One row of an outcome sheet.
#[derive(Clone)]
pub struct Result {
    pub source_id: String,
    pub learner_no: String,
    pub name: String,
    pub major: &'static str,
    pub course_code: String,
    pub course: &'static str,
    pub run: String,
    /// Year, month, day.
    pub date: (u32, u32, u32),
    pub grade: String,
    pub scale: &'static str,
    pub credits: String,
    pub attempt: u32,
    pub issuer_name: &'static str,
}

/// One row of a certificate sheet.
#[derive(Clone)]
pub struct Certificate {
    pub number: String,
    pub learner_no: String,
    pub name: String,
    pub family: &'static str,
    pub level: String,
    pub date: (u32, u32, u32),
    pub major: &'static str,
}

/// Code, name, class hours, of these practice, scale.
pub type Course = (String, &'static str, &'static str, u32, u32, &'static str);

/// The courses of a major; the last one is practice without marks.
pub fn courses_of(major: usize) -> Vec<Course> {
    let major = &MAJORS[major];
    let own = major.courses.iter().enumerate().map(|(at, (name, name_en, hours, practice))| {
        let scale = if hours == practice { "pass_fail" } else { "percentage" };
        (format!("{}-{:02}", major.code, at + 1), *name, *name_en, *hours, *practice, scale)
    });
    own.collect()
}

/// The courses that everybody takes.
pub fn common_courses() -> Vec<Course> {
    COMMON
        .iter()
        .map(|(code, name, en, hours, practice, scale)| ((*code).to_owned(), *name, *en, *hours, *practice, *scale))
        .collect()
}

fn grade(scale: &str, random: &mut Random) -> (String, bool) {
    match scale {
        "percentage" => {
            let mark = (45 + (0..3).map(|_| random.below(21)).sum::<usize>()).min(100);
            let half = if random.percent(8) && mark < 100 { ".5" } else { "" };
            (format!("{mark}{half}"), mark >= 60)
        }
        "five_grade" => {
            let at = random.below(40).saturating_sub(8) / 8;
            (["良好", "优秀", "中等", "及格", "不及格"][at].to_owned(), at != 4)
        }
        _ => {
            let passed = !random.percent(3);
            ((if passed { "合格" } else { "不合格" }).to_owned(), passed)
        }
    }
}

fn text(millis: u32) -> String {
    if millis.is_multiple_of(1000) {
        (millis / 1000).to_string()
    } else {
        format!("{}.{}", millis / 1000, millis % 1000 / 100)
    }
}

/// The results of the learners of one host.
pub fn results(host: usize, learners: &[Learner], issuer_name: &'static str, random: &mut Random) -> Vec<Result> {
    let mut rows: Vec<Result> = Vec::new();
    for learner in learners.iter().filter(|learner| MAJORS[learner.major].host == host) {
        let mut courses = common_courses();
        courses.extend(courses_of(learner.major));
        // Four to six of the seven courses of the major run this term for each.
        for _ in 0..=random.below(3) {
            courses.remove(random.below(courses.len()));
        }
        for (course_code, course, _, hours, practice, scale) in courses {
            let (first, passed) = grade(scale, random);
            let mut result = Result {
                source_id: format!("CJ{}{:05}", host + 1, rows.len() + 1),
                learner_no: learner.number.clone(),
                name: learner.name.clone(),
                major: MAJORS[learner.major].code,
                // Each class of a major is a run of its own, so that a few resits are not taken for bought passes.
                run: format!(
                    "2025-2026-2-{}-{}",
                    MAJORS[learner.major].code,
                    course_code.rsplit('-').next().unwrap_or_default()
                ),
                course_code,
                course,
                date: (2026, 6, 22 + u32::try_from(random.below(5)).expect("small")),
                grade: first,
                scale,
                credits: if passed { text(credit_millis(hours, practice)) } else { "0".to_owned() },
                attempt: 1,
                issuer_name,
            };
            rows.push(result.clone());
            if !passed && random.percent(80) {
                let better = random.percent(85);
                result.source_id = format!("CJ{}{:05}", host + 1, rows.len() + 1);
                result.grade = match (scale, better) {
                    ("percentage", true) => (60 + random.below(12)).to_string(),
                    ("percentage", false) => (45 + random.below(14)).to_string(),
                    ("five_grade", true) => "及格".to_owned(),
                    ("five_grade", false) => "不及格".to_owned(),
                    (_, true) => "合格".to_owned(),
                    (_, false) => "不合格".to_owned(),
                };
                result.credits = if better { text(credit_millis(hours, practice)) } else { "0".to_owned() };
                result.attempt = 2;
                result.date = (2026, 7, 8);
                rows.push(result);
            }
        }
    }
    rows
}

/// The certificates of one owner of families.
pub fn certificates(owner: usize, learners: &[Learner], random: &mut Random) -> Vec<Certificate> {
    let mut rows = Vec::new();
    for family in FAMILIES.iter().filter(|family| family.owner == owner) {
        let count = if family.levels.is_empty() { 20 } else { 27 };
        let takers = learners.iter().filter(|learner| family.majors.contains(&learner.major)).take(count);
        for learner in takers {
            let level = usize::from(random.percent(30));
            rows.push(Certificate {
                number: format!("YL{}{:04}", family.code.replace('-', ""), rows.len() + 1),
                learner_no: learner.number.clone(),
                name: learner.name.clone(),
                family: family.code,
                level: family.levels.get(level).map_or_else(String::new, |level| (*level).to_owned()),
                date: (2026, 6, 18),
                major: MAJORS[learner.major].code,
            });
        }
    }
    rows
}
