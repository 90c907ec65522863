//! Rows of a registry file: CSV with a header, or JSON lines. Cells by column, read one by one with the column in the error.
//!
//! What the columns of each kind are stands in `import`.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// Largest file, bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// One row.
#[derive(Debug)]
pub struct Row {
    /// Number of its line in the file; the header is line 1.
    pub number: u64,
    cells: BTreeMap<String, String>,
}

/// Reads a file: JSON lines if it begins with `{`, else CSV in UTF-8 or GB18030. Columns that are not in `known` are refused,
/// so that a column misspelt is not one left out.
pub fn read(path: &Path, known: &[&str]) -> anyhow::Result<Vec<Row>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= MAX_FILE, "{} is larger than {MAX_FILE} bytes; split it", path.display());
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&decode(&bytes), known).with_context(|| format!("{}", path.display()))
}

fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn parse(text: &str, known: &[&str]) -> anyhow::Result<Vec<Row>> {
    let rows = if text.trim_start().starts_with('{') { json_lines(text)? } else { csv_rows(text)? };
    for row in &rows {
        if let Some(column) = row.cells.keys().find(|column| !is_known(column, known)) {
            bail!("line {}: no column {column:?} is known here; these are: {}", row.number, known.join(", "));
        }
    }
    Ok(rows)
}

/// `name` stands for names in any language too: `name_zh`, `name_en`, ….
fn is_known(column: &str, known: &[&str]) -> bool {
    known.contains(&column) || (known.contains(&"name") && column.starts_with("name_"))
}

fn csv_rows(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().context("the header cannot be read")?.iter().map(column).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.context("not CSV")?;
        let number = record.position().map_or(0, csv::Position::line);
        let cells = header.iter().cloned().zip(record.iter().map(str::to_owned));
        rows.push(Row { number, cells: cells.filter(|(_, cell)| !cell.is_empty()).collect() });
    }
    Ok(rows)
}

fn json_lines(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(line).with_context(|| format!("line {number} is no JSON object"))?;
        let mut cells = BTreeMap::new();
        for (name, value) in object {
            match value {
                Value::Null => {}
                // {"names": {"zh": …, "en": …}}
                Value::Object(members) if name == "names" => {
                    for (language, text) in members {
                        cells
                            .insert(format!("name_{language}"), cell(&text).with_context(|| format!("line {number}"))?);
                    }
                }
                value => {
                    let cell = cell(&value).with_context(|| format!("line {number}: {name}"))?;
                    cells.insert(column(&name), cell);
                }
            }
        }
        rows.push(Row { number, cells });
    }
    Ok(rows)
}

fn cell(value: &Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(items) => items.iter().map(cell).collect::<anyhow::Result<Vec<_>>>()?.join(";"),
        Value::Null | Value::Object(_) => bail!("neither text, number nor a list of them"),
    })
}

/// A column by its name in English or Chinese, in small letters.
fn column(header: &str) -> String {
    let plain = header.trim().to_lowercase().replace([' ', '-'], "_");
    let known = match plain.as_str() {
        "机构代码" | "统一社会信用代码" => "institution",
        "机构类型" => "kind",
        "领域" => "sector",
        "行政区划" | "行政区划代码" => "region",
        "名称" | "课程名称" | "模块名称" | "证书名称" | "机构名称" | "专业名称" | "贯通名称" => {
            "name"
        }
        "英文名称" => "name_en",
        "成果类型" => "outcome_kinds",
        "证书代码" | "课程代码" | "模块代码" | "代码" | "班次代码" => "code",
        "版本" => "version",
        "分钟" | "总分钟" => "minutes",
        "学时" | "总学时" => "hours",
        "实践学时" => "practice_hours",
        "实践分钟" => "practice_minutes",
        "学分" => "credits",
        "类别" | "课程类别" | "专业大类代码" => "category",
        "评分制" => "scale",
        "专业代码" => "majors",
        "等级" => "levels",
        "有效天数" => "validity_days",
        "生效日期" => "effective_from",
        "开班日期" => "start",
        "结束日期" => "end",
        "实施地点" => "place",
        "年度" | "年份" => "year",
        "培养层次" => "training_level",
        "专业类代码" => "class",
        "专业类" => "class_name",
        "专业大类" => "category_name",
        _ => return plain,
    };
    known.to_owned()
}

impl Row {
    /// The cell, if it is not empty.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// The cell, which must not be empty.
    pub fn text(&self, column: &str) -> anyhow::Result<&str> {
        self.get(column).with_context(|| format!("{column} is missing"))
    }

    /// The cell as a number; `default` if it is empty.
    pub fn number<T: FromStr>(&self, column: &str, default: T) -> anyhow::Result<T> {
        let Some(cell) = self.get(column) else { return Ok(default) };
        cell.parse().ok().with_context(|| format!("{column}: {cell:?} is no whole number of the right size"))
    }

    /// A decimal with at most three places, in thousandths.
    pub fn thousandths(&self, column: &str) -> anyhow::Result<Option<u32>> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let good = !whole.is_empty() && digits(whole) && digits(part) && part.len() <= 3;
        let millis = format!("{whole}{part:0<3}");
        let millis = if good { millis.parse().ok() } else { None };
        millis.map(Some).with_context(|| format!("{column}: {cell:?} is no number with at most three places"))
    }

    /// The parts of a list: separated by `;`, `；` or `、`.
    #[must_use]
    pub fn list(&self, column: &str) -> Vec<String> {
        let cell = self.get(column).unwrap_or_default();
        cell.split([';', '；', '、']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// Yes or no; no if it is empty.
    pub fn flag(&self, column: &str) -> anyhow::Result<bool> {
        match self.get(column).map(str::to_lowercase).as_deref() {
            None | Some("0" | "no" | "false" | "否") => Ok(false),
            Some("1" | "yes" | "true" | "是") => Ok(true),
            Some(other) => bail!("{column}: {other:?} is neither yes nor no"),
        }
    }

    /// Names: `name` in the language of its letters, then `name_<language>`, one for each.
    pub fn names(&self) -> anyhow::Result<Vec<xuefen_core::proto::Name>> {
        let mut names: Vec<_> = self.get("name").map(super::statements::name).into_iter().collect();
        for (column, text) in &self.cells {
            if let Some(language) = column.strip_prefix("name_")
                && !names.iter().any(|name| name.language == language)
            {
                names.push(xuefen_core::proto::Name { language: language.to_owned(), text: text.clone() });
            }
        }
        ensure!(!names.is_empty(), "name is missing");
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["code", "name", "credits", "majors", "may_import"];

    #[test]
    fn csv_and_json_lines_read_the_same() {
        let csv = "课程代码,名称,name_en,学分,majors\nA1, 甲 ,One,3.5,1;2\n,,,,\n";
        let json = r#"{"code":"A1","names":{"zh":"甲","en":"One"},"credits":3.5,"majors":["1","2"]}"#;
        for text in [csv, json] {
            let row = &parse(text, KNOWN).unwrap()[0];
            assert_eq!((row.text("code").unwrap(), row.thousandths("credits").unwrap()), ("A1", Some(3500)));
            assert_eq!(row.list("majors"), ["1", "2"]);
            let mut names: Vec<_> = row.names().unwrap().into_iter().map(|name| (name.language, name.text)).collect();
            names.sort();
            assert_eq!(names, [("en".to_owned(), "One".to_owned()), ("zh".to_owned(), "甲".to_owned())]);
        }
    }

    #[test]
    fn a_misspelt_column_is_named() {
        let error = parse("code,credit\nA,1\n", KNOWN).unwrap_err().to_string();
        assert!(error.contains("\"credit\"") && error.contains("credits"), "{error}");
    }

    #[test]
    fn cells_say_which_column_is_wrong() {
        let rows = parse("code,credits,may_import\nx,3.1234,maybe\n", KNOWN).unwrap();
        assert!(rows[0].thousandths("credits").unwrap_err().to_string().starts_with("credits:"));
        assert!(rows[0].flag("may_import").unwrap_err().to_string().starts_with("may_import:"));
        assert_eq!(rows[0].number("majors", 7_u32).unwrap(), 7);
        assert!(rows[0].number::<u32>("code", 0).is_err());
        assert_eq!(rows[0].number, 2);
    }
}
