//! The whole path over loopback gRPC: `cargo bench --bench ledger [-- --entries 1000000]`. What it measures and how stands
//! in `xuefen bench`, which this runs.

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // Cargo adds --bench.
    let args = std::env::args_os().skip(1).filter(|arg| arg != "--bench");
    xuefen::cli::main_with(["xuefen".into(), "bench".into()].into_iter().chain(args))
}
