//! Runs commands of this program as a person would, and shows them: every line that the demo prints after `$` can be typed.
//!
//! What the commands do is theirs; what is run in which order is `script`.

use std::ffi::OsString;
use std::io::Write;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use serde_json::Value;

use crate::cli::exit::Exit;
use crate::cli::messages::Lang;
use crate::cli::{Cli, run};

/// Where commands are shown, and the language they speak.
pub struct Shell<'a> {
    /// Nothing is shown if the demo's result is for programs.
    pub quiet: bool,
    /// Language of tables and remarks.
    pub lang: Lang,
    /// Where to.
    pub out: &'a mut dyn Write,
}

/// What a command said.
pub struct Ran {
    /// How it ended.
    pub exit: Exit,
    /// Its JSON.
    pub json: Value,
}

impl Shell<'_> {
    /// A heading.
    pub fn say(&mut self, line: &str) -> anyhow::Result<()> {
        if !self.quiet {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Runs a command and shows it with what it prints.
    pub fn show(&mut self, args: &[&str]) -> anyhow::Result<Exit> {
        let line = args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" ");
        self.say(&format!("\n$ xuefen {line}"))?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = self.call(args, &mut out, &mut err)?;
        if !self.quiet {
            self.out.write_all(&out)?;
            self.out.write_all(&err)?;
        }
        Ok(exit)
    }

    /// Runs a command for its JSON and shows nothing.
    pub fn ask(&mut self, args: &[&str]) -> anyhow::Result<Ran> {
        let with_json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = self.call(&with_json, &mut out, &mut err)?;
        // Some commands say nothing when they refuse.
        let json = serde_json::from_slice(&out).unwrap_or(Value::Null);
        if exit == Exit::Usage {
            bail!("xuefen {}: {}", args.join(" "), String::from_utf8_lossy(&err).trim());
        }
        Ok(Ran { exit, json })
    }

    /// [`Self::ask`], and anything but success ends the demo.
    pub fn must(&mut self, args: &[&str]) -> anyhow::Result<Value> {
        let Ran { exit, json } = self.ask(args)?;
        if exit != Exit::Pass {
            bail!("xuefen {} ended with {}: {json}", args.join(" "), exit as u8);
        }
        Ok(json)
    }

    fn call(&self, args: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let lang = match self.lang {
            Lang::Zh => "zh",
            Lang::En => "en",
        };
        let words = ["xuefen", "--lang", lang].into_iter().chain(args.iter().copied()).map(OsString::from);
        let cli = Cli::try_parse_from(words).with_context(|| format!("xuefen {}", args.join(" ")))?;
        Ok(run(cli, out, err))
    }
}

fn quoted(arg: &str) -> String {
    if arg.chars().any(|c| c.is_whitespace() || "'\"$&;()*".contains(c)) { format!("'{arg}'") } else { arg.to_owned() }
}
