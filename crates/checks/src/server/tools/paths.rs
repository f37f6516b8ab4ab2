//! server/tools#security-considerations: arguments that are paths.

use plumb_runner::survey::Callable;
use plumb_runner::{Bench, Finding, Judgement, Observed, Trouble, check, clip};
use serde_json::{Value, json};

use crate::server::resources::traversal::is_system_file;

/// At most so many tools are tried.
const TOOLS: usize = 6;

/// What arguments that are paths are called, without case and punctuation.
const NAMES: [&str; 10] = [
    "path",
    "file",
    "filename",
    "filepath",
    "document",
    "doc",
    "relativepath",
    "relpath",
    "template",
    "page",
];

/// Words by which a tool says that its paths lie within something.
const CONTAINED: [&str; 6] = ["relative", "below", "within", "inside", "under", "beneath"];

/// Ways out: a name, and the path.
const CLIMBS: [(&str, &str); 6] = [
    ("plain", "../../../../../../../../../../etc/passwd"),
    ("behind-a-name", "x/../../../../../../../../../../../etc/passwd"),
    ("doubled", "....//....//....//....//....//....//....//....//etc/passwd"),
    ("escaped", "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd"),
    ("backslash", "..\\..\\..\\..\\..\\..\\..\\..\\etc\\passwd"),
    ("nul", "../../../../../../../../../../etc/passwd\0.md"),
];

check! {
    /// **Observed:** tools marked `readOnlyHint: true` with an argument that is a path by its name (`path`, `filename`,
    /// `document`) are called with paths that climb out (`../`, doubled, escaped, with backslashes, with a NUL): none gives
    /// the contents of a system file, told by what only stands there. A tool that gives it for the absolute path as well
    /// takes any path, and is not judged unless its own words say that paths are relative or lie within something.
    ///
    /// **Why:** the server reads with its own rights, and a model chooses the path.
    ///
    /// **Fix:** resolve the path, follow links, then compare it with the root that the tool serves.
    pub(crate) PATHS = "tools.sec.paths";
    applies: [Declares(Tools)];
    needs: [Tool];
    scenario: paths
}

async fn paths(bench: &Bench) -> Judgement {
    // What writes or deletes is never led to a system file, whatever the user allows.
    let reads = |c: &&Callable| c.tool.pointer("/annotations/readOnlyHint") == Some(&json!(true));
    let reading = bench.survey().callable.iter().filter(reads);
    let taking = reading.filter_map(|c| Some((c, argument(&c.tool)?)));
    let mut tried = false;
    for (callable, argument) in taking.take(TOOLS) {
        tried = true;
        let whole = gives(bench, callable, &argument, "/etc/passwd").await?;
        let any = whole.is_some() && !says_contained(&callable.tool, &argument);
        for (slug, path) in CLIMBS {
            let finding = match gives(bench, callable, &argument, path).await? {
                Some(_) if any => Finding::unseen(
                    "the tool takes any path",
                    "say in its description what paths are relative to",
                ),
                Some(seen) => Finding::violated(
                    format!("no file outside for {argument:?} {:?}", clip(path, 60)),
                    clip(&seen.describe(), 160),
                ),
                None => Finding::Held,
            };
            let name = callable.tool["name"].as_str().unwrap_or_default();
            bench.case(
                &format!("{name}-{slug}"),
                format!("{name:?} with a path: {slug}"),
                Ok(finding),
            );
        }
    }
    if !tried {
        return Ok(Finding::unseen(
            "no tool that may be called takes a path",
            "offer one marked `readOnlyHint: true`, with an argument named `path`",
        ));
    }
    bench.conclude()
}

/// The answer, if it has the contents of a system file.
async fn gives(
    bench: &Bench,
    callable: &Callable,
    argument: &str,
    path: &str,
) -> Result<Option<Observed>, Trouble> {
    let name = callable.tool["name"].as_str().unwrap_or_default();
    let mut arguments = callable.arguments.clone();
    arguments.insert(argument.to_owned(), json!(path));
    let seen = bench.send(bench.call_of(name, Value::Object(arguments))).await?;
    let given = seen.complete().is_some_and(has_system_file);
    Ok(given.then_some(seen))
}

/// Whether a text in a result is that of a system file, as it is or as JSON in a text.
fn has_system_file(value: &Value) -> bool {
    match value {
        Value::String(text) => is_system_file(&text.replace("\\n", "\n")),
        Value::Array(items) => items.iter().any(has_system_file),
        Value::Object(members) => members.values().any(has_system_file),
        _ => false,
    }
}

/// The argument of a tool that takes any path.
fn argument(tool: &Value) -> Option<String> {
    let properties = tool.pointer("/inputSchema/properties")?.as_object()?;
    let free = |s: &Value| {
        let open = ["enum", "const", "pattern", "format"].iter().all(|k| s.get(*k).is_none());
        s["type"] == "string" && open && s["maxLength"].as_u64().is_none_or(|most| most >= 80)
    };
    let named = |name: &str| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        NAMES.contains(&plain.to_ascii_lowercase().as_str())
    };
    properties.iter().find(|(name, s)| named(name) && free(s)).map(|(name, _)| name.clone())
}

/// Whether a tool says that its paths are relative, or lie within something.
fn says_contained(tool: &Value, argument: &str) -> bool {
    let property = &tool["inputSchema"]["properties"][argument];
    let texts = [&tool["description"], &property["description"], &property["title"]];
    texts.iter().filter_map(|t| t.as_str()).any(|text| {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).any(|word| CONTAINED.contains(&word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(property: Value, description: &str) -> Value {
        json!({"name": "t", "description": description, "inputSchema": {"properties": {"file_path": property}}})
    }

    #[test]
    fn an_argument_that_takes_any_path_is_known_by_its_name() {
        let free = json!({"type": "string"});
        assert_eq!(argument(&tool(free, "")), Some("file_path".into()));
        for bound in [
            json!({"type": "string", "enum": ["a"]}),
            json!({"type": "string", "maxLength": 8}),
            json!({"type": "integer"}),
        ] {
            assert_eq!(argument(&tool(bound, "")), None);
        }
        let other = json!({"inputSchema": {"properties": {"profile": {"type": "string"}}}});
        assert_eq!(argument(&other), None);
    }

    #[test]
    fn containment_is_what_a_tool_says_of_itself() {
        let free = json!({"type": "string"});
        assert!(says_contained(&tool(free.clone(), "Reads a file below /docs."), "file_path"));
        let described = json!({"type": "string", "description": "relative to the project"});
        assert!(says_contained(&tool(described, ""), "file_path"));
        assert!(!says_contained(&tool(free, "Reads any file."), "file_path"));
    }

    #[test]
    fn a_system_file_is_seen_wherever_it_stands() {
        let text = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n";
        assert!(has_system_file(&json!({"content": [{"type": "text", "text": text}]})));
        assert!(has_system_file(&json!({"structuredContent": {"lines": [text]}})));
        assert!(!has_system_file(&json!({"content": [{"type": "text", "text": "no such file"}]})));
    }
}
