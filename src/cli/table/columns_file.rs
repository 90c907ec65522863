//! A file of columns (`--columns map.toml`): what the headers of one school's sheets mean, written once.
//!
//! ```toml
//! worksheet = "2026 春"
//! [columns]                 # header in the sheet = field
//! "总评" = "grade"
//! [constants]               # what every row says that does not say otherwise
//! achieved_on = "2026-06-30"
//! [values.grade]            # word in the sheet = word of the field
//! "通过" = "合格"
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::encoding;

/// What the file says; fields by whatever name the reader of the table knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnsFile {
    /// Worksheet to read.
    #[serde(default)]
    pub worksheet: Option<String>,
    /// Field by header.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Cell by field, for rows whose own is empty.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Words by field: what the sheet has, and what is meant.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

impl ColumnsFile {
    /// Reads a file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = encoding::decode(&super::read_bounded(path)?)?;
        let read = toml::from_str(text.trim_start_matches('\u{feff}'));
        // The usual slip: TOML takes Chinese in quotation marks only.
        read.with_context(|| {
            format!("{}: write each line as \"header\" = \"field\", in quotation marks", path.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read_and_what_is_misspelt_is_not() {
        let example: String = include_str!("columns_file.rs")
            .lines()
            .skip_while(|line| !line.ends_with("```toml"))
            .skip(1)
            .take_while(|line| !line.ends_with("```"))
            .flat_map(|line| [line.trim_start_matches("//!"), "\n"])
            .collect();
        let read: ColumnsFile = toml::from_str(&example).unwrap();
        assert_eq!(read.worksheet.as_deref(), Some("2026 春"));
        assert_eq!(read.columns["总评"], "grade");
        assert_eq!(read.values["grade"]["通过"], "合格");
        assert!(toml::from_str::<ColumnsFile>("[column]\na = \"b\"").is_err());
    }
}
