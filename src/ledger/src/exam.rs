//! What the scores of an entrance examination come to under its scheme: which parts were sat, which ground exempts from the
//! culture test, the total. Pure; who may be admitted is not here.

use crate::rows::{ExamPartRow, ExamSchemeRow};

/// The score of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score<'a> {
    /// Code of the part.
    pub part: &'a str,
    /// Thousandths of a point.
    pub millis: u64,
}

/// What the scores come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Result {
    /// Thousandths of a point.
    pub total_millis: u64,
    /// Highest total that the parts asked for give, thousandths of a point.
    pub top_millis: u64,
    /// Of the total, from tests of skill, thousandths of a point.
    pub skill_millis: u64,
    /// The culture test was not asked for.
    pub exempt: bool,
}

/// Why scores are not a result of the scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The scheme has no such part.
    #[error("the scheme has no part {0:?}")]
    UnknownPart(String),
    /// A part has two scores.
    #[error("part {0:?} has two scores")]
    Twice(String),
    /// A score is above the part's highest.
    #[error("the score of part {0:?} is above its highest")]
    TooHigh(String),
    /// A part that is asked for has no score.
    #[error("part {0:?} has no score")]
    Missing(String),
    /// The scheme exempts nobody on this ground.
    #[error("the scheme exempts nobody on the ground {0:?}")]
    UnknownGround(String),
    /// Who is exempt from the culture test has no score of it.
    #[error("part {0:?} has a score, though the ground exempts from it")]
    Exempt(String),
}

impl ExamSchemeRow {
    /// The part of a code.
    #[must_use]
    pub fn part(&self, code: &str) -> Option<&ExamPartRow> {
        self.parts.iter().find(|part| part.code == code)
    }

    /// Tests of skill of the highest total: (part, whole), points.
    #[must_use]
    pub fn skill_of_whole(&self) -> (u64, u64) {
        let sum = |skill: bool| {
            self.parts.iter().filter(|part| part.skill_test || !skill).map(|part| u64::from(part.top_score)).sum()
        };
        (sum(true), sum(false))
    }

    /// What scores come to. With a ground of the scheme the tests of skill are asked for and nothing else; without one,
    /// every part is.
    pub fn result(&self, scores: &[Score<'_>], ground: Option<&str>) -> std::result::Result<Result, Fault> {
        if let Some(ground) = ground.filter(|ground| !self.exempt_grounds.iter().any(|known| known == ground)) {
            return Err(Fault::UnknownGround(ground.to_owned()));
        }
        for (at, score) in scores.iter().enumerate() {
            let name = || score.part.to_owned();
            let part = self.part(score.part).ok_or_else(|| Fault::UnknownPart(name()))?;
            if scores[..at].iter().any(|earlier| earlier.part == score.part) {
                return Err(Fault::Twice(name()));
            }
            if score.millis > u64::from(part.top_score) * 1_000 {
                return Err(Fault::TooHigh(name()));
            }
            if ground.is_some() && !part.skill_test {
                return Err(Fault::Exempt(name()));
            }
        }
        let mut result = Result { total_millis: 0, top_millis: 0, skill_millis: 0, exempt: ground.is_some() };
        for part in self.parts.iter().filter(|part| part.skill_test || ground.is_none()) {
            let score = scores.iter().find(|score| score.part == part.code);
            let score = score.ok_or_else(|| Fault::Missing(part.code.clone()))?;
            // At most 64 parts of at most 10,000 points: far below 64 bits.
            result.total_millis += score.millis;
            result.top_millis += u64::from(part.top_score) * 1_000;
            result.skill_millis += if part.skill_test { score.millis } else { 0 };
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme() -> ExamSchemeRow {
        let part = |code: &str, top_score, skill_test| ExamPartRow { code: code.to_owned(), top_score, skill_test };
        ExamSchemeRow {
            effective_from: 0,
            region: "320000".to_owned(),
            parts: vec![part("语文", 150, false), part("数学", 150, false), part("技能", 350, true)],
            exempt_grounds: vec!["veteran".to_owned()],
            general: false,
        }
    }

    fn scores<'a>(list: &[(&'a str, u64)]) -> Vec<Score<'a>> {
        list.iter().map(|(part, millis)| Score { part, millis: *millis }).collect()
    }

    #[test]
    fn every_part_counts_once_and_to_its_top() {
        let all = scores(&[("技能", 300_500), ("语文", 100_000), ("数学", 150_000)]);
        let result = scheme().result(&all, None).expect("a result");
        assert_eq!((result.total_millis, result.top_millis, result.skill_millis), (550_500, 650_000, 300_500));
        assert_eq!(scheme().skill_of_whole(), (350, 650));
        let fault = |list: &[(&str, u64)]| scheme().result(&scores(list), None).expect_err("a fault");
        assert_eq!(fault(&[("技能", 1), ("语文", 1)]), Fault::Missing("数学".to_owned()));
        assert_eq!(fault(&[("技能", 1), ("技能", 1)]), Fault::Twice("技能".to_owned()));
        assert_eq!(fault(&[("语文", 150_001)]), Fault::TooHigh("语文".to_owned()));
        assert_eq!(fault(&[("英语", 1)]), Fault::UnknownPart("英语".to_owned()));
    }

    #[test]
    fn a_ground_of_the_scheme_leaves_the_skill_test_alone() {
        let skill = scores(&[("技能", 280_000)]);
        let result = scheme().result(&skill, Some("veteran")).expect("a result");
        assert_eq!((result.total_millis, result.top_millis, result.exempt), (280_000, 350_000, true));
        let both = scores(&[("技能", 280_000), ("语文", 90_000)]);
        assert_eq!(scheme().result(&both, Some("veteran")), Err(Fault::Exempt("语文".to_owned())));
        assert_eq!(scheme().result(&skill, Some("farmer")), Err(Fault::UnknownGround("farmer".to_owned())));
        assert_eq!(scheme().result(&skill, None), Err(Fault::Missing("语文".to_owned())));
        assert_eq!(scheme().result(&[], Some("veteran")), Err(Fault::Missing("技能".to_owned())));
    }
}
