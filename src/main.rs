//! The `xuefen` program: parses the command line and calls [`xuefen::cli`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    xuefen::cli::main()
}
