//! The generated protobuf code is in git; this makes it again and compares. `UPDATE_GENERATED=1` writes it.

mod forms;

use std::path::{Path, PathBuf};

use prost::Message as _;

/// Signed and hashed messages: they belong to the core crate.
const CORE: [&str; 12] = [
    "xuefen/v1/account.proto",
    "xuefen/v1/common.proto",
    "xuefen/v1/control.proto",
    "xuefen/v1/conversion.proto",
    "xuefen/v1/entry.proto",
    "xuefen/v1/lifecycle.proto",
    "xuefen/v1/offers.proto",
    "xuefen/v1/outcome.proto",
    "xuefen/v1/payload.proto",
    "xuefen/v1/standards.proto",
    "xuefen/v1/statement.proto",
    "xuefen/v1/trust.proto",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn all_protos() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("proto/xuefen/v1"))
        .expect("proto directory")
        .map(|entry| format!("xuefen/v1/{}", entry.expect("entry").file_name().to_string_lossy()))
        .collect();
    names.sort();
    names
}

fn is_core(name: &str) -> bool {
    CORE.contains(&name)
}

fn compare_or_write(fresh: &Path, kept: &Path) {
    let fresh = std::fs::read(fresh).expect("fresh code");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(kept.parent().expect("parent")).expect("mkdir");
        std::fs::write(kept, &fresh).expect("write");
        return;
    }
    let old = std::fs::read(kept).unwrap_or_default();
    assert!(
        old == fresh,
        "{} is not what proto/ gives. Run: UPDATE_GENERATED=1 cargo test -p xuefen-generated",
        kept.display()
    );
}

#[test]
fn generated_code_is_what_the_protos_give() {
    let all = all_protos();
    let fds = protox::compile(&all, [root().join("proto")]).expect("protos compile");
    let out = tempfile::tempdir().expect("tempdir");

    let core_fds =
        prost_types::FileDescriptorSet { file: fds.file.iter().filter(|f| is_core(f.name())).cloned().collect() };
    let core_dir = out.path().join("core");
    std::fs::create_dir(&core_dir).expect("mkdir");
    prost_build::Config::new()
        .bytes([
            ".xuefen.v1.Entry",
            ".xuefen.v1.Attestation",
            ".xuefen.v1.Statement",
            ".xuefen.v1.Payload",
            ".xuefen.v1.PayloadField",
        ])
        .out_dir(&core_dir)
        .compile_fds(core_fds.clone())
        .expect("core code");
    compare_or_write(&core_dir.join("xuefen.v1.rs"), &root().join("src/core/src/proto/xuefen.v1.rs"));

    let forms = out.path().join("forms.rs");
    std::fs::write(&forms, forms::of_statements(&core_fds)).expect("write");
    compare_or_write(&forms, &root().join("src/core/src/proto/forms.rs"));

    let api_dir = out.path().join("api");
    std::fs::create_dir(&api_dir).expect("mkdir");
    let mut config = prost_build::Config::new();
    for file in &core_fds.file {
        for name in file
            .message_type
            .iter()
            .map(prost_types::DescriptorProto::name)
            .chain(file.enum_type.iter().map(prost_types::EnumDescriptorProto::name))
        {
            config.extern_path(format!(".xuefen.v1.{name}"), format!("::xuefen_core::proto::{name}"));
        }
    }
    config.bytes([".xuefen.v1.Posting"]);
    tonic_prost_build::configure().out_dir(&api_dir).compile_fds_with_config(fds.clone(), config).expect("api code");
    compare_or_write(&api_dir.join("xuefen.v1.rs"), &root().join("src/api/proto/xuefen.v1.rs"));

    let set = out.path().join("descriptors.binpb");
    let mut lean = fds;
    for file in &mut lean.file {
        file.source_code_info = None;
    }
    std::fs::write(&set, lean.encode_to_vec()).expect("write");
    compare_or_write(&set, &root().join("src/api/proto/descriptors.binpb"));
}
