//! Words of the field `study_mode` (学习形式). What follows from them is the ledger's business.

/// How something was studied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StudyMode {
    /// Within a school's regular programmes (全日制).
    Regular,
    /// Degree continuing education (学历继续教育).
    Continuing,
    /// Self-study for the state's examinations (自学考试).
    SelfStudy,
    /// Outside of degrees (非学历教育).
    NonDegree,
}

impl StudyMode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Regular, Self::Continuing, Self::SelfStudy, Self::NonDegree];

    /// The word that stands in a payload.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Continuing => "continuing",
            Self::SelfStudy => "self_study",
            Self::NonDegree => "non_degree",
        }
    }

    /// The mode of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for mode in StudyMode::ALL {
            assert_eq!(StudyMode::parse(mode.word()), Some(mode));
        }
        assert_eq!(StudyMode::parse("Regular"), None);
    }
}
