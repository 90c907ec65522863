//! Runs commands of this program as a person would, and shows them: every line that the demo prints after `$` can be typed.
//!
//! What the commands do is theirs; what is run in which order is `script`.

use std::ffi::OsString;
use std::io::Write;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use serde_json::Value;

use super::messages::Text;
use crate::cli::exit::Exit;
use crate::cli::messages::Lang;
use crate::cli::{Cli, run};

/// Columns of what is shown: a terminal beside a book, and the README.
pub const WIDTH: u16 = 100;

/// Where commands are shown, and the language they speak.
pub struct Shell<'a> {
    /// Nothing is shown if the demo's result is for programs.
    pub quiet: bool,
    /// Language of tables and remarks.
    pub lang: Lang,
    /// Where to.
    pub out: &'a mut dyn Write,
    /// Arguments that name the server and how to trust it. They are run and not shown: the environment says the same.
    pub server: Vec<String>,
}

/// What a command said.
pub struct Ran {
    /// How it ended.
    pub exit: Exit,
    /// Its JSON.
    pub json: Value,
}

impl Shell<'_> {
    /// A heading, with an empty line before it.
    pub fn say(&mut self, text: Text) -> anyhow::Result<()> {
        self.line(&format!("\n{}", text.in_lang(self.lang)))
    }

    /// Lines as they are, folded.
    pub fn line(&mut self, text: &str) -> anyhow::Result<()> {
        if !self.quiet {
            for line in text.lines() {
                writeln!(self.out, "{}", folded(line))?;
            }
        }
        Ok(())
    }

    /// The command as it can be typed.
    pub fn typed(&mut self, args: &[&str]) -> anyhow::Result<()> {
        self.line(&format!("\n{}", command("$ xuefen", args)))
    }

    /// Runs a command and shows it with what it prints.
    pub fn show(&mut self, args: &[&str]) -> anyhow::Result<Exit> {
        self.show_with(args, &[])
    }

    /// Runs a command and shows nothing.
    pub fn hidden(&self, args: &[&str]) -> anyhow::Result<Exit> {
        self.call(args, &mut std::io::sink(), &mut std::io::sink())
    }

    /// [`Self::show`] for commands that need the server.
    pub fn show_online(&mut self, args: &[&str]) -> anyhow::Result<Exit> {
        let server = self.server.clone();
        self.show_with(args, &server)
    }

    fn show_with(&mut self, args: &[&str], hidden: &[String]) -> anyhow::Result<Exit> {
        self.typed(args)?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = self.call(&with(args, hidden), &mut out, &mut err)?;
        for said in [out, err] {
            self.line(&String::from_utf8_lossy(&said))?;
        }
        Ok(exit)
    }

    /// Runs a command that needs the server for its JSON and shows nothing.
    pub fn ask(&mut self, args: &[&str]) -> anyhow::Result<Ran> {
        let server = self.server.clone();
        let all = [&with(args, &server)[..], &["--json"]].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = self.call(&all, &mut out, &mut err)?;
        let said = || format!("{}: {}", command("xuefen", args), String::from_utf8_lossy(&err).trim());
        if exit == Exit::Usage {
            bail!(said());
        }
        // Some commands have no JSON when every row is wrong; then their remarks say why.
        let json = serde_json::from_slice(&out).with_context(said)?;
        Ok(Ran { exit, json })
    }

    /// [`Self::ask`], and anything but success ends the demo.
    pub fn must(&mut self, args: &[&str]) -> anyhow::Result<Value> {
        let Ran { exit, json } = self.ask(args)?;
        if exit != Exit::Pass {
            bail!("{} ended with {}: {json}", command("xuefen", args), exit as u8);
        }
        Ok(json)
    }

    fn call(&self, args: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let lang = match self.lang {
            Lang::Zh => "zh",
            Lang::En => "en",
        };
        let words = ["xuefen", "--lang", lang].into_iter().chain(args.iter().copied()).map(OsString::from);
        let mut cli = Cli::try_parse_from(words).with_context(|| command("xuefen", args))?;
        cli.width = Some(WIDTH);
        Ok(run(cli, out, err))
    }
}

fn with<'a>(args: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

/// A command line, folded so that it can still be typed.
pub fn command(program: &str, args: &[&str]) -> String {
    let words: Vec<_> = args.iter().map(|arg| quoted(arg)).collect();
    let mut line = program.to_owned();
    let mut width = line.len();
    for (at, word) in words.iter().enumerate() {
        // An option stays with its value.
        let value = words.get(at + 1).filter(|next| word.starts_with("--") && !next.starts_with("--"));
        let length = word.len() + value.map_or(0, |value| value.len() + 1);
        if width + 1 + length + 2 > usize::from(WIDTH) {
            line.push_str(" \\\n    ");
            width = 4;
        } else {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += word.len();
    }
    line
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,=@+%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', "'\\''")) }
}

/// A sentence broken at blanks, tables, and what has no blanks, as they are.
fn folded(line: &str) -> String {
    let is_table = line.starts_with(|c: char| ('\u{2500}'..='\u{257f}').contains(&c));
    if is_table || line.chars().count() <= usize::from(WIDTH) {
        return line.to_owned();
    }
    let (mut text, mut width) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > usize::from(WIDTH) {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_broken_so_that_it_can_be_typed() {
        let path = "p".repeat(60);
        let line = command("$ xuefen", &["sign", "--sheet", &path, "--out", &path, "it's"]);
        assert_eq!(line, format!("$ xuefen sign --sheet {path} \\\n    --out {path} 'it'\\''s'"));
    }

    #[test]
    fn a_long_sentence_is_broken_at_blanks_and_a_table_is_not() {
        let words = "word ".repeat(30);
        let folded_words = folded(words.trim());
        assert!(folded_words.lines().count() == 2 && folded_words.lines().all(|line| line.len() <= 100));
        assert_eq!(folded_words.replace('\n', " "), words.trim());
        let row = format!("│ {words} │");
        assert_eq!(folded(&row), row);
    }
}
