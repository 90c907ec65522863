//! The `xuefen` program: parses the command line and calls [`xuefen::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    xuefen::cli::main()
}
