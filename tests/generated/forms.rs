//! Writes the tables of `xuefen_core::form` for everything that a statement may hold; `generated.rs` keeps them in step.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

const STATEMENT: &str = ".xuefen.v1.Statement";

/// The tables as Rust code: `STATEMENT` and what it leads to.
pub fn of_statements(files: &FileDescriptorSet) -> String {
    let messages = files.file.iter().flat_map(|file| &file.message_type);
    let messages: BTreeMap<String, &DescriptorProto> =
        messages.map(|message| (format!(".xuefen.v1.{}", message.name()), message)).collect();
    let mut tables = BTreeMap::new();
    let mut waiting = vec![STATEMENT.to_owned()];
    while let Some(name) = waiting.pop() {
        if tables.contains_key(&name) {
            continue;
        }
        let message = messages[&name];
        assert!(message.nested_type.is_empty() && message.oneof_decl.len() <= 1, "{name}");
        let mut fields: Vec<_> = message.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        waiting
            .extend(fields.iter().filter(|field| field.r#type() == Type::Message).map(|it| it.type_name().to_owned()));
        tables.insert(name, fields.into_iter().map(line).collect::<String>());
    }
    let mut code = "// Made by tests/suite/forms.rs from the schema.\n".to_owned();
    for (name, fields) in tables {
        writeln!(code, "pub static {}: Form = Form(&[\n{fields}]);", constant(&name)).expect("a string takes all text");
    }
    code
}

fn line(field: &FieldDescriptorProto) -> String {
    let holds = match field.r#type() {
        Type::Bool => "Bool".to_owned(),
        Type::Enum => "Enum".to_owned(),
        Type::Uint32 => "Uint32".to_owned(),
        Type::Uint64 | Type::Int64 => "Any64".to_owned(),
        Type::String => "Text".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Message => format!("Message(&{})", constant(field.type_name())),
        other => panic!("{other:?} of {} has no canonical form yet (formats.md 1)", field.name()),
    };
    let oneof = field.oneof_index.is_some();
    assert!(!oneof || field.r#type() == Type::Message, "{} is a member of a oneof and no message", field.name());
    let (number, repeated) = (field.number(), field.label() == Label::Repeated);
    format!("    Field {{ number: {number}, holds: Holds::{holds}, repeated: {repeated}, oneof: {oneof} }},\n")
}

/// `.xuefen.v1.RecordOutcome` as `RECORD_OUTCOME`.
fn constant(name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let words = name.char_indices().flat_map(|(at, letter)| {
        let gap = (at > 0 && letter.is_uppercase()).then_some('_');
        gap.into_iter().chain(letter.to_uppercase())
    });
    words.collect()
}
