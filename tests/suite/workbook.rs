//! Workbooks (.xlsx) as spreadsheet programs write them, cell by cell, for the tests that read some. Unit tests of
//! `table` use it too.

use std::io::{Cursor, Write as _};

/// A workbook as programs write them: one worksheet of inline strings, numbers, dates (style 1) and errors.
pub fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a name");
        zip.write_all(text.as_bytes()).expect("memory takes it");
    };
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    put(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns=\"{relations}\"><Relationship Id=\"a\" Type=\"{office}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let (mut list, mut targets) = (String::new(), String::new());
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let (name, hidden) = name.strip_prefix('-').map_or((*name, ""), |name| (name, " state=\"hidden\""));
        list.extend([format!("<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"s{at}\"{hidden}/>", at + 1)]);
        let target = format!("worksheets/sheet{at}.xml");
        targets.extend([format!("<Relationship Id=\"s{at}\" Type=\"{office}/worksheet\" Target=\"{target}\"/>")]);
        put(&format!("xl/{target}"), &format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"));
    }
    targets.extend([format!("<Relationship Id=\"st\" Type=\"{office}/styles\" Target=\"styles.xml\"/>")]);
    put("xl/_rels/workbook.xml.rels", &format!("<Relationships xmlns=\"{relations}\">{targets}</Relationships>"));
    put(
        "xl/styles.xml",
        &format!(
            "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>\
             </styleSheet>"
        ),
    );
    put(
        "xl/workbook.xml",
        &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>"),
    );
    zip.finish().expect("memory takes it").into_inner()
}

/// Rows of `(reference, what)`: `'text`, `=error`, `@date serial` or a number.
pub fn cells(cells: &[(&str, &str)]) -> String {
    let number = |place: &str| place.trim_start_matches(|c: char| c.is_ascii_alphabetic()).to_owned();
    let mut rows = String::new();
    for group in cells.chunk_by(|a, b| number(a.0) == number(b.0)) {
        rows.extend([format!("<row r=\"{}\">", number(group[0].0))]);
        for (place, what) in group {
            rows.extend([match what.split_at(1) {
                ("'", text) => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
                ("=", error) => format!("<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
                ("@", serial) => format!("<c r=\"{place}\" s=\"1\"><v>{serial}</v></c>"),
                _ => format!("<c r=\"{place}\"><v>{what}</v></c>"),
            }]);
        }
        rows.push_str("</row>");
    }
    rows
}
