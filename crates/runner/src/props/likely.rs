//! What a tool that nobody has called may be, by its own words: a guess that people confirm or strike out. Nothing is called
//! or judged by it.

use serde_json::{Map, Value, json};

use super::Prop;

/// Words that speak for a prop, as a tool's name, title or description has them or begins with them.
const WORDS: &[(Prop, &[&str])] = &[
    (Prop::ErrorTool, &["fail", "error", "throw", "crash"]),
    (Prop::SlowTool, &["slow", "sleep", "wait", "delay", "timer", "long"]),
    (Prop::ProgressTool, &["progress"]),
    (Prop::LoggingTool, &["log", "logging", "logs"]),
    (Prop::ImageTool, &["image", "screenshot", "picture", "chart", "plot", "thumbnail"]),
    (Prop::AudioTool, &["audio", "speech", "sound", "voice"]),
    (Prop::EmbeddedTool, &["embed"]),
    (Prop::ElicitTool, &["elicit", "confirm", "form"]),
    (Prop::SamplingTool, &["sampling", "sample", "summarize", "llm"]),
    (Prop::RootsTool, &["root", "roots"]),
    (Prop::ChangeTools, &["enable", "register", "toggle"]),
    (Prop::ChangeResources, &["add", "create", "upload"]),
    (Prop::UpdateResource, &["update", "edit", "write", "append", "set"]),
    (Prop::WhoamiTool, &["whoami", "identity", "profile"]),
    (Prop::Journal, &["journal", "history", "audit"]),
    (Prop::TaskTool, &["task", "background", "job", "async"]),
];
/// Words of a description that are looked at.
const LOOKED_AT: usize = 60;

impl Prop {
    /// The tool that is most likely this thing, if any of these says so: the name counts for more than what is told. One that
    /// calls itself destructive is never proposed.
    pub fn likely<'a>(self, tools: impl IntoIterator<Item = &'a Value>) -> Option<&'a Value> {
        let (_, wanted) = WORDS.iter().find(|(prop, _)| *prop == self)?;
        let harmless = |tool: &&Value| tool["annotations"]["destructiveHint"] != true;
        let mut best: Option<(usize, &Value)> = None;
        for tool in tools.into_iter().filter(harmless) {
            let weight = weight(tool, wanted);
            // Of several alike the first.
            if weight > best.map_or(0, |(most, _)| most) {
                best = Some((weight, tool));
            }
        }
        best.map(|(_, tool)| tool)
    }
}

/// The name weighs three, a title two, a description one.
fn weight(tool: &Value, wanted: &[&str]) -> usize {
    let told = |member: &str| {
        let text = tool[member].as_str().unwrap_or_default();
        words(text).iter().take(LOOKED_AT).any(|word| wanted.iter().any(|w| speaks(word, w)))
    };
    3 * usize::from(told("name"))
        + 2 * usize::from(told("title"))
        + usize::from(told("description"))
}

/// A word is meant if it is there, or begins one: `image` is in `images`. Short ones begin too much.
fn speaks(word: &str, wanted: &str) -> bool {
    word == wanted || (wanted.len() > 4 && word.starts_with(wanted))
}

/// The words of a text, and of a name in camel or snake case, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if begins {
            all.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = all.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    all.retain(|word| !word.is_empty());
    all
}

/// What a tool has to be told, for people to fill in: its required parameters, with a default or a first choice where its
/// schema has one.
pub fn wanted_arguments(tool: &Value) -> Map<String, Value> {
    let schema = &tool["inputSchema"];
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    required.map(|name| (name.to_owned(), example(&schema["properties"][name]))).collect()
}

fn example(schema: &Value) -> Value {
    let given = [&schema["default"], &schema["const"], &schema["enum"][0], &schema["examples"][0]];
    if let Some(given) = given.into_iter().find(|value| !value.is_null()) {
        return given.clone();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_proposed_by_its_own_words_and_a_destructive_one_never() {
        let tools = [
            json!({"name": "drop_images", "annotations": {"destructiveHint": true}}),
            json!({"name": "render", "description": "Draws a chart of the numbers."}),
            json!({"name": "takeScreenshot"}),
            json!({"name": "catalog", "description": "Lists what is sold."}),
        ];
        let name = |prop: Prop| prop.likely(&tools).and_then(|tool| tool["name"].as_str());
        assert_eq!(name(Prop::ImageTool), Some("takeScreenshot"));
        assert_eq!(name(Prop::LoggingTool), None, "a catalog is no log");
        assert_eq!(name(Prop::AudioTool), None);
    }

    #[test]
    fn what_a_tool_has_to_be_told_is_there_to_fill_in() {
        let tool = json!({"inputSchema": {"required": ["path", "mode", "ms"], "properties":
            {"path": {"type": "string"}, "mode": {"enum": ["a", "b"]}, "ms": {"type": "integer", "minimum": 5}, "other": {}}}});
        let wanted = json!({"path": "…", "mode": "a", "ms": 5});
        assert_eq!(Value::Object(wanted_arguments(&tool)), wanted);
    }
}
