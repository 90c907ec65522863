//! Exit codes: the part of the output that scripts read first.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; what was checked holds.
    Pass = 0,
    /// What was checked does not hold.
    Fail = 1,
    /// Nothing was decided: wrong arguments, or a file or server that cannot be used.
    Usage = 2,
    /// Neither pass nor fail could be shown. Never to be read as either.
    CouldNotCheck = 3,
    /// Done for a part of the rows; the rejects file has the others.
    Partial = 4,
}

/// The table of codes, as `--help` prints it.
pub const HELP: &str = "\
Exit codes:
  0  done; what was checked holds
  1  what was checked does not hold
  2  nothing was decided: wrong arguments, or a file or server that cannot be used
  3  could not check: neither 0 nor 1
  4  done for a part of the rows; the rejects file has the others";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        for exit in [Exit::Pass, Exit::Fail, Exit::Usage, Exit::CouldNotCheck, Exit::Partial] {
            assert!(HELP.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
        }
    }
}
