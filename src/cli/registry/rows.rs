//! Rows of a registry file: cells by column, read one by one, with the column in what is said of a bad one.
//!
//! Which files there are, `table` knows; what the columns of each kind are stands in `import`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::str::FromStr;

use anyhow::{Context as _, bail};

use crate::cli::sign::problem::{Problem, Refused};
use crate::cli::sign::value;
use crate::cli::table::{self, ColumnsFile, Fault, Table};

/// One row.
#[derive(Debug)]
pub struct Row {
    /// Its number in the spreadsheet, or its line.
    pub number: u64,
    cells: BTreeMap<String, String>,
    header: Rc<Header>,
    /// The column asked for last: if the row cannot be said, that is where the fault is.
    asked: RefCell<String>,
}

/// Where the columns stand, and what the file calls them.
#[derive(Debug, Default)]
struct Header(BTreeMap<String, (usize, String)>);

/// Rows that can be read, and what is wrong with the others.
pub type Found = (Vec<Row>, Vec<Refused>);

/// A refusal that names another row than the one at hand: several rows make one statement.
#[derive(Debug, thiserror::Error)]
#[error("row {}: {}", .0.row, .0.reason(crate::cli::messages::Lang::En))]
struct InRow(Refused);

/// A problem of the cell asked for last.
#[derive(Debug, thiserror::Error)]
#[error("{0}: {1}")]
struct InCell(String, String, Problem);

/// Reads a file. Columns that are not in `known` are refused, so that a column misspelt is not one left out.
pub fn read(path: &Path, known: &[&str], file: &ColumnsFile) -> anyhow::Result<Found> {
    let is_header = |cell: &str| is_known(&column(cell, file), known);
    let table = table::read(path, file.worksheet.as_deref(), is_header)?;
    found(table, known, file).with_context(|| format!("{}", path.display()))
}

fn found(table: Table, known: &[&str], file: &ColumnsFile) -> anyhow::Result<Found> {
    let columns: Vec<_> = table.header.iter().map(|header| column(header, file)).collect();
    let strange = columns.iter().zip(&table.header).find(|(column, _)| !column.is_empty() && !is_known(column, known));
    if let (Some((_, header)), false) = (strange, table.by_name) {
        bail!("no column {header:?} is known here; these are: {}", known.join(", "));
    }
    let places = columns.iter().cloned().zip(table.header.iter().cloned().enumerate()).collect();
    let header = Rc::new(Header(places));
    let constants: BTreeMap<_, _> =
        file.constants.iter().map(|(name, cell)| (column(name, file), cell.trim().to_owned())).collect();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for row in table.rows {
        let named = columns.iter().zip(&row.cells).filter(|(_, cell)| !cell.trim().is_empty());
        let cells: BTreeMap<_, _> = named.map(|(column, cell)| (column.clone(), meant(column, cell, file))).collect();
        let strange = cells.keys().find(|column| !is_known(column, known)).cloned();
        let (faults, count) = (row.faults, row.cells.len());
        let row = Row { number: row.number, cells, header: Rc::clone(&header), asked: RefCell::default() };
        if let Some((at, fault)) = faults.first() {
            row.asked.replace(columns.get(*at).cloned().unwrap_or_default());
            refused.push(match fault {
                Fault::NotJson => Refused::of_row(row.number, String::new(), Problem::Json),
                Fault::Formula => row.wrong(Problem::Formula),
                Fault::DigitsLost => row.wrong(Problem::DigitsLost),
            });
        } else if let Some(name) = strange {
            row.asked.replace(name.clone());
            refused.push(row.wrong(Problem::Column { name }));
        } else if count > columns.len() && table.worksheet.is_none() {
            refused.push(Refused::of_row(row.number, count.to_string(), Problem::Cells));
        } else {
            let mut row = row;
            for (column, cell) in &constants {
                row.cells.entry(column.clone()).or_insert_with(|| cell.clone());
            }
            rows.push(row);
        }
    }
    Ok((rows, refused))
}

/// A cell in the words of its column. Names keep their width; what is compared does not.
fn meant(column: &str, cell: &str, file: &ColumnsFile) -> String {
    let words = file.values.iter().find(|(name, _)| self::column(name, file) == column).map(|(_, words)| words);
    let cell = words.and_then(|words| words.get(cell.trim())).map_or(cell, String::as_str);
    let is_name = column == "name" || column.starts_with("name_") || column.ends_with("_name");
    if is_name { value::text(cell) } else { value::plain(cell) }
}

/// `name` stands for names in any language too: `name_zh`, `name_en`, ….
fn is_known(column: &str, known: &[&str]) -> bool {
    known.contains(&column) || (known.contains(&"name") && column.starts_with("name_"))
}

/// A column by what the file of columns calls it, or its name in English or Chinese, in small letters.
fn column(header: &str, file: &ColumnsFile) -> String {
    let given = file.columns.iter().find(|(name, _)| name.trim() == header.trim()).map(|(_, column)| column);
    let header = given.map_or(header, String::as_str);
    let plain = value::plain(header).trim_end_matches('*').trim_end().to_lowercase().replace([' ', '-'], "_");
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
        "日期" => "day",
        "在校生数" => "learners",
        "教职工数" => "staff",
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
        column.clone_into(&mut self.asked.borrow_mut());
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// The cell, which must not be empty.
    pub fn text(&self, column: &str) -> anyhow::Result<&str> {
        self.get(column).ok_or_else(|| in_cell(column, "the cell is empty", Problem::Missing))
    }

    /// The cell as a number; `default` if it is empty.
    pub fn number<T: FromStr>(&self, column: &str, default: T) -> anyhow::Result<T> {
        let Some(cell) = self.get(column) else { return Ok(default) };
        // As spreadsheets export whole numbers: 1,200 or 60.0.
        let whole = value::integer(cell).and_then(|number| number.to_string().parse().ok());
        whole
            .or_else(|| cell.parse().ok())
            .ok_or_else(|| in_cell(column, "no whole number of the right size", Problem::Number))
    }

    /// A decimal with at most three places, in thousandths.
    pub fn thousandths(&self, column: &str) -> anyhow::Result<Option<u32>> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        let millis = value::thousandths(cell).and_then(|millis| u32::try_from(millis).ok());
        millis.map(Some).ok_or_else(|| in_cell(column, "no number with at most three places", Problem::Number))
    }

    /// What is wrong with this row: in the cell asked for last, unless the error names another row.
    #[must_use]
    pub fn refuse(&self, error: &anyhow::Error) -> Refused {
        if let Some(InRow(refused)) = error.downcast_ref() {
            return refused.clone();
        }
        match error.downcast_ref() {
            Some(InCell(_, _, problem)) => self.wrong(problem.clone()),
            None => self.wrong(Problem::Said { text: format!("{error:#}") }),
        }
    }

    /// An error of this row, for a statement that several rows make.
    pub fn in_row<T>(&self, made: anyhow::Result<T>) -> anyhow::Result<T> {
        made.map_err(|error| InRow(self.refuse(&error)).into())
    }

    fn wrong(&self, problem: Problem) -> Refused {
        let asked = self.asked.borrow();
        let (place, column) = match self.header.0.get(asked.as_str()) {
            Some((at, header)) => (Some(table::place(*at, self.number)), header.clone()),
            None => (None, asked.clone()),
        };
        let value = self.cells.get(asked.as_str()).cloned().unwrap_or_default();
        Refused { row: self.number, place, column, value, problem }
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
            Some(_) => Err(in_cell(column, "neither yes nor no", Problem::YesNo)),
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
        if names.is_empty() {
            self.text("name")?;
        }
        Ok(names)
    }
}

fn in_cell(column: &str, said: &str, problem: Problem) -> anyhow::Error {
    InCell(column.to_owned(), said.to_owned(), problem).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["code", "name", "credits", "majors", "may_import"];

    fn parse(text: &str) -> anyhow::Result<Found> {
        let file = ColumnsFile::default();
        found(table::parse(text.as_bytes(), None, |cell| is_known(&column(cell, &file), KNOWN))?, KNOWN, &file)
    }

    fn rows(text: &str) -> Vec<Row> {
        parse(text).unwrap().0
    }

    #[test]
    fn csv_and_json_lines_read_the_same() {
        let csv = "课程代码,名称,name_en,学分,majors\nＡ1, 甲 ,One,3.5,1;2\n,,,,\n";
        let json = r#"{"code":"A1","names":{"zh":"甲","en":"One"},"credits":3.5,"majors":["1","2"]}"#;
        for text in [csv, json] {
            let row = &rows(text)[0];
            assert_eq!((row.text("code").unwrap(), row.thousandths("credits").unwrap()), ("A1", Some(3500)));
            assert_eq!(row.list("majors"), ["1", "2"]);
            let mut names: Vec<_> = row.names().unwrap().into_iter().map(|name| (name.language, name.text)).collect();
            names.sort();
            assert_eq!(names, [("en".to_owned(), "One".to_owned()), ("zh".to_owned(), "甲".to_owned())]);
        }
    }

    #[test]
    fn a_misspelt_column_is_named() {
        let error = parse("code,credit\nA,1\n").unwrap_err().to_string();
        assert!(error.contains("\"credit\"") && error.contains("credits"), "{error}");
        // Of JSON lines, each has its own header.
        let (good, bad) = parse("{\"code\":\"A\"}\n{\"credit\":1}\n").unwrap();
        assert_eq!((good.len(), bad.len(), bad[0].row), (1, 1, 2));
    }

    #[test]
    fn a_bad_row_is_refused_alone_and_says_where() {
        let (good, bad) = parse("code,学分\nx,1\ny,2,3\n").unwrap();
        assert_eq!((good.len(), bad[0].row, &bad[0].problem), (1, 3, &Problem::Cells));
        let rows = rows("code,学分,may_import\nx,3.1234,maybe\n");
        let at = |error: anyhow::Error| rows[0].refuse(&error);
        let credits = at(rows[0].thousandths("credits").unwrap_err());
        assert_eq!(
            (credits.place.as_deref(), credits.column.as_str(), credits.value.as_str()),
            (Some("B2"), "学分", "3.1234")
        );
        assert_eq!(at(rows[0].flag("may_import").unwrap_err()).problem, Problem::YesNo);
        let name = at(rows[0].text("name").unwrap_err());
        assert_eq!((name.place, name.column.as_str(), name.problem), (None, "name", Problem::Missing));
        assert_eq!(rows[0].get("code"), Some("x"));
        let said = at(anyhow::anyhow!("no such thing").context("a reason"));
        assert_eq!(
            (said.place.as_deref(), said.problem),
            (Some("A2"), Problem::Said { text: "a reason: no such thing".to_owned() })
        );
        assert_eq!(rows[0].number("majors", 7_u32).unwrap(), 7);
        assert!(rows[0].number::<u32>("code", 0).is_err());
    }

    #[test]
    fn a_file_of_columns_names_headers_constants_and_words() {
        let file: ColumnsFile = toml::from_str(
            "[columns]\n\"编号\" = \"code\"\n[constants]\nname = \"甲\"\n[values.may_import]\n\"可\" = \"yes\"",
        )
        .unwrap();
        let table = table::parse("编号,may_import\nA,可\n".as_bytes(), None, |_| true).unwrap();
        let (rows, _) = found(table, KNOWN, &file).unwrap();
        assert_eq!((rows[0].text("code").unwrap(), rows[0].text("name").unwrap()), ("A", "甲"));
        assert!(rows[0].flag("may_import").unwrap());
    }
}
