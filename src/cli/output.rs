//! Where commands write: tables for people, JSON for programs, and nothing else on standard output.

use std::io::Write;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::messages::{Lang, Text};

/// Standard output and standard error of one command.
pub struct Output<'a> {
    json: bool,
    lang: Lang,
    width: Option<u16>,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Output<'a> {
    /// Writes results to `out`, remarks and errors to `err`.
    pub fn new(json: bool, lang: Lang, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self { json, lang, width: None, out, err }
    }

    /// Makes tables no wider than `width` columns, nor than the terminal.
    pub const fn set_width(&mut self, width: u16) {
        self.width = Some(width);
    }

    /// The language of tables and remarks.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether the result is wanted as JSON.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Where results go, for commands that show what other commands print.
    pub fn writer(&mut self) -> &mut dyn Write {
        self.out
    }

    /// The text in the language of this output.
    #[must_use]
    pub const fn text(&self, text: Text) -> &'static str {
        text.in_lang(self.lang)
    }

    /// The result for programs: one JSON value and a newline.
    pub fn json(&mut self, value: &serde_json::Value) -> anyhow::Result<()> {
        writeln!(self.out, "{value:#}")?;
        Ok(())
    }

    /// One line of the result.
    pub fn line(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.out, "{line}")?;
        Ok(())
    }

    /// A table of the result.
    pub fn table(&mut self, header: &[Text], rows: impl IntoIterator<Item = Vec<String>>) -> anyhow::Result<()> {
        let header: Vec<_> = header.iter().map(|text| text.in_lang(self.lang).to_owned()).collect();
        self.table_of(&header, rows)
    }

    /// A table whose header came with its rows.
    pub fn table_of(&mut self, header: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> anyhow::Result<()> {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = self.width {
            table.set_width(table.width().map_or(width, |terminal| terminal.min(width)));
        }
        table.set_header(header.iter().map(|title| printable(title)));
        for row in rows {
            table.add_row(row.iter().map(|cell| printable(cell)));
        }
        writeln!(self.out, "{table}")?;
        Ok(())
    }

    /// A remark that is not part of the result. Also with `--json`: it goes to standard error.
    pub fn remark(&mut self, remark: &str) {
        // Nobody is left to tell if standard error is gone.
        let _ = writeln!(self.err, "{remark}");
    }

    /// Why the command could not go on: the error and what it rests on.
    pub fn error(&mut self, error: &anyhow::Error) {
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        self.remark(&format!("xuefen: {}", chain.join(": ")));
    }
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// `cell` without control characters: foreign files must not steer the terminal, nor turn round what stands beside them.
fn printable(cell: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    cell.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_header_in_the_language_and_no_control_characters() {
        let header = [Text { en: "row", zh: "行" }];
        for (lang, word) in [(Lang::En, "row"), (Lang::Zh, "行")] {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            Output::new(false, lang, &mut out, &mut err)
                .table(&header, [vec!["a\u{1b}[31m\u{202e}".to_owned()]])
                .unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(out.contains(word) && !out.contains(['\u{1b}', '\u{202e}']), "{out}");
        }
    }

    #[test]
    fn an_error_is_one_line_with_its_causes() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let error = anyhow::anyhow!("inner").context("outer");
        Output::new(true, Lang::En, &mut out, &mut err).error(&error);
        assert_eq!((out.as_slice(), err.as_slice()), (&b""[..], &b"xuefen: outer: inner\n"[..]));
    }
}
