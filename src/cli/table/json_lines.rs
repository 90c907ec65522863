//! JSON lines: one object a line, its members by the names of columns.

use csv::StringRecord;
use serde_json::{Map, Value};

use super::{Fault, Row, Table};

/// The objects as rows, numbered by their lines; a line that is none is a row with a fault.
pub fn read(text: &str) -> Table {
    let mut header: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let mut cells: Vec<String> = vec![String::new(); header.len()];
        let Some(members) = serde_json::from_str(line).ok().and_then(plain) else {
            rows.push(Row { number, cells: StringRecord::from(vec![line]), faults: vec![(0, Fault::NotJson)] });
            continue;
        };
        for (name, cell) in members {
            let at = header.iter().position(|known| *known == name).unwrap_or_else(|| {
                header.push(name);
                cells.push(String::new());
                header.len() - 1
            });
            cells[at] = cell;
        }
        rows.push(Row { number, cells: StringRecord::from(cells), faults: Vec::new() });
    }
    Table { worksheet: None, unread: Vec::new(), header, rows, by_name: true }
}

/// Members as text; of an object within, such as `{"names": {"zh": …}}`, by `name_zh`.
fn plain(object: Map<String, Value>) -> Option<Vec<(String, String)>> {
    let mut members = Vec::new();
    for (name, value) in object {
        match value {
            Value::Null => {}
            Value::Object(inner) => {
                let stem = name.strip_suffix('s').unwrap_or(&name);
                for (member, value) in inner {
                    members.push((format!("{stem}_{member}"), cell(&value)?));
                }
            }
            value => members.push((name, cell(&value)?)),
        }
    }
    Some(members)
}

fn cell(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(items) => items.iter().map(cell).collect::<Option<Vec<_>>>()?.join(";"),
        Value::Null | Value::Object(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_find_their_column_whatever_their_order() {
        let text = "{\"a\":1,\"names\":{\"zh\":\"甲\"}}\n\nno object\n{\"b\":[1,\"x\"],\"a\":66.5,\"c\":null}\n[1]\n";
        let table = read(text);
        assert_eq!(table.header, ["a", "name_zh", "b"]);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.number, row.faults.len())).collect();
        assert_eq!(rows, [(1, 0), (3, 1), (4, 0), (5, 1)]);
        assert_eq!(table.rows[2].cells.iter().collect::<Vec<_>>(), ["66.5", "", "1;x"]);
    }
}
