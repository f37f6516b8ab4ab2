//! server/prompts#security.

use plumb_runner::{Bench, Finding, Judgement, Observed, check, clip};
use serde_json::{Value, json};

use crate::server::resources::contents::decode;
use crate::server::resources::traversal::is_system_file;

check! {
    /// **Observed:** prompts are got with arguments that look like paths, `file:` URIs, shell substitutions and
    /// expressions of template engines. No message shows the contents of a system file, or the
    /// value of an expression. Opening a path is not judged where the argument is one by its name: it may be what
    /// the prompt is for.
    ///
    /// **Why:** an argument that is evaluated runs code on the server; one that is opened reads its files.
    ///
    /// **Fix:** insert arguments as text; if one is a URI, check it as `resources/read` would.
    pub(crate) VALIDATE = "prompts.sec.validate";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    needs: [PromptWithArguments];
    scenario: validate
}

/// What an argument says, and what only appears if somebody does as it says. 1337 × 7331 is 9801547.
const ATTEMPTS: &[(&str, &str, &str)] = &[
    ("file-uri", "file:///etc/passwd", ""),
    ("relative-path", "../../../../../../../../../../etc/passwd", ""),
    ("absolute-path", "/etc/passwd", ""),
    ("braces", "plumb {{1337*7331}}", "9801547"),
    ("dollar", "plumb ${1337*7331}", "9801547"),
    ("hash", "plumb #{1337*7331}", "9801547"),
    ("erb", "plumb <%= 1337*7331 %>", "9801547"),
    ("shell", "$(expr 1337 \\* 7331) `expr 1337 \\* 7331`", "9801547"),
    ("attribute", "{0.__class__} %(plumb)s {plumb.__class__.__mro__}", "<class '"),
];

async fn validate(bench: &Bench) -> Judgement {
    for (name, arguments) in super::errors::subjects(bench).await?.into_iter().take(3) {
        let Some(argument) = arguments.keys().next() else { continue };
        // What the prompt shows anyway proves nothing; these values it takes.
        let plain = bench.send(super::errors::get(&name, arguments.clone())).await?;
        if !plain.is_accepted() {
            continue;
        }
        let before = shown(&plain);
        for (slug, text, evaluated) in ATTEMPTS {
            let mut changed = arguments.clone();
            changed.insert(argument.clone(), json!(text));
            let answer = bench.send(super::errors::get(&name, Value::Object(changed))).await?;
            let after = shown(&answer);
            let opened =
                !names_a_path(argument) && is_system_file(&after) && !is_system_file(&before);
            let ran =
                !evaluated.is_empty() && after.contains(evaluated) && !before.contains(evaluated);
            let finding =
                Finding::expect(!opened && !ran, format!("{text:?} as text, or a refusal"), || {
                    format!("{name:?} shows {:?}", clip(&after, 160))
                });
            bench.case(&format!("{name}-{slug}"), format!("{name:?} with {text:?}"), Ok(finding));
        }
    }
    bench.conclude()
}

/// Whether an argument is a path or an address by its name.
fn names_a_path(argument: &str) -> bool {
    let name = argument.to_ascii_lowercase();
    ["path", "file", "uri", "url", "dir", "folder"].iter().any(|word| name.contains(word))
}

/// All that the messages of a prompt show, text and embedded contents.
fn shown(answer: &Observed) -> String {
    let mut text = String::new();
    if let Some(messages) = answer.complete().and_then(|r| r.get("messages")) {
        collect(messages, &mut text);
    }
    text
}

fn collect(value: &Value, into: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().filter(|_| key == "blob") {
                    Some(blob) => {
                        into.push_str(&String::from_utf8_lossy(&decode(blob).unwrap_or_default()));
                    }
                    None => collect(value, into),
                }
                into.push('\n');
            }
        }
        Value::Array(items) => items.iter().for_each(|v| collect(v, into)),
        Value::String(text) => into.push_str(text),
        _ => {}
    }
}
