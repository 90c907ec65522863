//! The WebAssembly modules in `src/server/web`: small, without imports, naming no place on anybody's machine, and what the
//! source gives, byte for byte (docs/adr/0022). `UPDATE_GENERATED=1` writes them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A module and what it is made from.
struct Module {
    package: &'static str,
    /// Its file in `src/server/web`.
    kept: &'static str,
    /// Largest size: what a phone should load.
    max_bytes: usize,
}

/// The one that checks, and the one that reads QR codes, which is loaded when somebody scans.
const MODULES: [Module; 2] = [
    Module { package: "xuefen-wasm", kept: "xuefen.wasm", max_bytes: 400 * 1024 },
    Module { package: "xuefen-scan", kept: "scan.wasm", max_bytes: 128 * 1024 },
];

/// The tools that the modules in the repository were made with. Others give other bytes for the same source.
const RUSTC: &str = "rustc 1.95.0 (59807616e 2026-04-14)";
const WASM_OPT: &str = "wasm-opt version 108";

/// SHA-256 and SHA-512 as loops: half the speed on short inputs, a twentieth of the module less.
const SMALL_HASHES: [&str; 4] = ["--cfg", "sha2_backend=\"soft\"", "--cfg", "sha2_backend_soft=\"compact\""];

/// What rustc's module may use, so that wasm-opt takes it; and no more than any browser of the last years has.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Module {
    fn path(&self) -> PathBuf {
        root().join("src/server/web").join(self.kept)
    }
}

/// A module's sections: number and content.
fn sections(module: &[u8]) -> Vec<(u8, &[u8])> {
    fn length(bytes: &[u8]) -> (usize, &[u8]) {
        let (mut value, mut shift) = (0, 0);
        for (at, byte) in bytes.iter().enumerate() {
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return (value, &bytes[at + 1..]);
            }
        }
        panic!("a length without end");
    }
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0").expect("a WebAssembly module");
    let mut found = Vec::new();
    while let Some((&number, after)) = rest.split_first() {
        let (length, after) = length(after);
        let (section, after) = after.split_at(length);
        found.push((number, section));
        rest = after;
    }
    found
}

#[test]
fn the_modules_are_small_and_can_only_compute() {
    MODULES.iter().for_each(check);
}

fn check(kept: &Module) {
    let module = std::fs::read(kept.path()).expect("the module is in the repository");
    assert!(module.len() <= kept.max_bytes, "{}: {} bytes", kept.kept, module.len());
    let sections = sections(&module);
    // 2 = imports. Without them a module reaches neither network nor clock nor storage.
    assert!(sections.iter().all(|(number, section)| *number != 2 || *section == [0]), "the module imports something");
    assert!(sections.iter().all(|(number, _)| *number != 0), "custom sections are stripped");
    let exports = sections.iter().find(|(number, _)| *number == 7).expect("exports").1;
    for name in ["memory", "xuefen_request", "xuefen_answer", "xuefen_place"] {
        assert!(exports.windows(name.len()).any(|part| part == name.as_bytes()), "{name} is not exported");
    }
    for place in [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), ".cargo", "registry/src"] {
        assert!(!module.windows(place.len()).any(|part| part == place.as_bytes()), "{place} is in the module");
    }
}

/// What a program prints; `None` if it is not there or fails.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether the tools here are those that made the module; says so if not.
fn has_tools() -> bool {
    let target = said("rustc", &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
    let wanting = [
        (target.is_some_and(|dir| Path::new(&dir).is_dir()), "the target wasm32-unknown-unknown".to_owned()),
        (said("rustc", &["--version"]).as_deref() == Some(RUSTC), RUSTC.to_owned()),
        (said("wasm-opt", &["--version"]).is_some_and(|version| version.starts_with(WASM_OPT)), WASM_OPT.to_owned()),
    ];
    let missing: Vec<_> = wanting.into_iter().filter(|(here, _)| !here).map(|(_, what)| what).collect();
    if !missing.is_empty() {
        println!("skipped: not here: {}", missing.join(", "));
    }
    missing.is_empty()
}

/// Flags that take every place on this machine out of the module.
fn flags() -> String {
    let sysroot = said("rustc", &["--print", "sysroot"]).expect("rustc is here");
    let verbose = said("rustc", &["--version", "--verbose"]).expect("rustc is here");
    let commit = verbose.lines().find_map(|line| line.strip_prefix("commit-hash: ")).expect("rustc names its commit");
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).expect("cargo has a home");
    let mut remaps = vec![
        (root().to_owned(), "xuefen".to_owned()),
        (Path::new(&sysroot).join("lib/rustlib/src/rust"), format!("/rustc/{commit}")),
    ];
    let registries = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    remaps.extend(registries.map(|registry| (registry.path(), "crates".to_owned())));
    let remaps = remaps.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    SMALL_HASHES.iter().map(ToString::to_string).chain(remaps).collect::<Vec<_>>().join("\x1f")
}

/// Builds a module as it is in the repository.
fn build(package: &str) -> Vec<u8> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wasm");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--locked", "--package", package, "--profile", "wasm"];
    let built = Command::new(cargo)
        .args(arguments)
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .current_dir(root())
        .env("CARGO_ENCODED_RUSTFLAGS", flags())
        .output()
        .expect("cargo runs: it runs this test");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let raw = target.join(format!("wasm32-unknown-unknown/wasm/{}.wasm", package.replace('-', "_")));
    let out = target.join(format!("{package}.wasm"));
    let shrunk = Command::new("wasm-opt").arg("-Oz").args(FEATURES).arg(&raw).arg("-o").arg(&out).output();
    assert!(shrunk.expect("wasm-opt runs").status.success(), "wasm-opt failed");
    std::fs::read(out).expect("wasm-opt wrote it")
}

#[test]
fn the_modules_are_what_the_source_gives() {
    if !has_tools() {
        return;
    }
    for module in &MODULES {
        let fresh = build(module.package);
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(module.path(), fresh).expect("the module can be written");
            continue;
        }
        let kept = std::fs::read(module.path()).unwrap_or_default();
        assert!(
            kept == fresh,
            "src/server/web/{} is not what the source gives. Run: UPDATE_GENERATED=1 cargo test --test suite wasm",
            module.kept
        );
    }
}
