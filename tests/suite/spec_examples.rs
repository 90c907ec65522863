//! Examples in docs/spec are those of the test vectors: behind a comment `<!-- vectors: POINTER -->` the next block of
//! code is the text there, with `json` behind the pointer printed for people and shortened. `UPDATE_GENERATED=1` writes
//! them.

use std::path::Path;

/// Longest base64 in an example.
const SHOWN: usize = 44;

/// JSON with its members in the order they have, two spaces a level; long texts end in an ellipsis.
fn pretty(json: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0_usize);
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| out.extend(["\n", &"  ".repeat(depth)]);
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next_if(|c| *c != '"') {
                    text.push(c);
                    if c == '\\' {
                        text.extend(chars.next());
                    }
                }
                chars.next();
                let shown: String = text.chars().take(SHOWN).collect();
                let ellipsis = if shown == text { "" } else { "…" };
                out.extend(["\"", shown.trim_end_matches('\\'), ellipsis, "\""]);
            }
            '{' | '[' if chars.next_if(|next| matches!(next, '}' | ']')).is_some() => {
                out += if c == '{' { "{}" } else { "[]" };
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(&mut out, depth);
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out += ": ",
            other => out.push(other),
        }
    }
    out
}

/// The page with its examples made again, and how many there are.
fn with_examples(page: &str, vectors: &serde_json::Value) -> (String, usize) {
    let mut parts = page.split("<!-- vectors: ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut count = 0;
    for part in parts {
        let (wanted, rest) = part.split_once(" -->\n").expect("a comment ends");
        let (fence, rest) = rest.split_once('\n').expect("a block follows");
        assert!(fence.starts_with("```"), "a block of code follows {wanted}");
        let (_, rest) =
            rest.split_once("```\n").or_else(|| rest.strip_prefix("```\n").map(|rest| ("", rest))).expect("it ends");
        let (pointer, shape) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let text = vectors.pointer(pointer).and_then(serde_json::Value::as_str).expect("a text of the vectors");
        let text = if shape == "json" { pretty(text) } else { text.to_owned() };
        out.extend(["<!-- vectors: ", wanted, " -->\n", fence, "\n", text.trim_end(), "\n```\n", rest]);
        count += 1;
    }
    (out, count)
}

#[test]
fn examples_are_those_of_the_vectors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = std::fs::read(root.join("tests/vectors/vectors.json")).expect("the vectors are here");
    let vectors = serde_json::from_slice(&vectors).expect("JSON");
    let mut examples = 0;
    for name in ["presentation.md", "receipt.md", "status.md", "trust-files.md"] {
        let path = root.join("docs/spec").join(name);
        let kept = std::fs::read_to_string(&path).expect("the page is here");
        let (fresh, count) = with_examples(&kept, &vectors);
        examples += count;
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, fresh).expect("the page can be written");
        } else {
            assert!(
                kept == fresh,
                "docs/spec/{name} is not what the vectors give. Run: UPDATE_GENERATED=1 cargo test --test suite examples"
            );
        }
    }
    assert!(examples >= 5, "{examples} examples were found");
}

#[test]
fn json_is_printed_in_its_own_order() {
    let long = "A".repeat(60);
    let printed = pretty(&format!("{{\"b\":[],\"a\":[1,{{\"x\":\"{long}\"}}],\"q\":\"\\\"{{\"}}"));
    let short = "A".repeat(SHOWN);
    assert_eq!(
        printed,
        format!(
            "{{\n  \"b\": [],\n  \"a\": [\n    1,\n    {{\n      \"x\": \"{short}…\"\n    }}\n  ],\n  \"q\": \"\\\"{{\"\n}}"
        )
    );
}
