//! `plumb.toml`: what a user tells once about a server.

mod starter;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use plumb_model::known::Entry;
use plumb_model::{OtherSides, Positions};
use plumb_report::text::misleads;
use plumb_runner::{Prop, Props};
use plumb_wire::limits::{INSTRUCTIONS, read_file};
use serde::Deserialize;

pub(crate) use starter::starter;

use crate::told::{RunTable, TargetTable};

/// What a user tells once about a server.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Tools that may be called though they are not marked `readOnlyHint: true`; `all` for every tool.
    #[serde(default)]
    pub(crate) allow_calls: Vec<String>,
    /// Things with known behaviour that some checks need, by the prop's name.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, Prepared>"))]
    pub(crate) props: Props,
    /// Where they are named: file and line.
    #[serde(skip)]
    pub(crate) props_at: BTreeMap<Prop, String>,
    /// Violations that the user knows and accepts, by requirement id, each with a reason, whatever the revision or for one alone.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, Accepted>"))]
    pub(crate) known: BTreeMap<String, Entry>,
    /// Positions of which the user takes the other side, each with a reason.
    #[serde(default)]
    positions: std::collections::BTreeMap<String, String>,
    /// The same, checked.
    #[serde(skip)]
    pub(crate) other_sides: OtherSides,
    /// How the target is reached; the command line has the last word, as it has for all of this.
    #[serde(default, rename = "target")]
    _target: TargetTable,
    /// How a run goes.
    #[serde(default, rename = "run")]
    _run: RunTable,
    /// What `--profile NAME` says otherwise.
    #[serde(default, rename = "profile")]
    _profile: std::collections::BTreeMap<String, RunTable>,
}

/// A thing with known behaviour, as a configuration names it.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Prepared {
    /// The name of the tool, prompt or template.
    name: String,
    /// The arguments that it is called with.
    arguments: Option<std::collections::BTreeMap<String, serde_json::Value>>,
}

/// Why a violation is accepted.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Accepted {
    /// The reason, whatever the revision.
    Reason(String),
    /// The reason where a revision is judged by.
    Of {
        /// The reason.
        reason: String,
        /// The revision, such as 2025-11-25.
        revision: String,
    },
}

impl Config {
    /// Reads the file that was named, or `plumb.toml` if it is there.
    pub(crate) fn read(named: Option<&Path>, positions: &Positions) -> anyhow::Result<Self> {
        let Some(path) = file(named) else { return Ok(Self::default()) };
        let text = read(path)?;
        let config: Self = toml::from_str(&text)
            .with_context(|| format!("{} is not a configuration", path.display()))?;
        let file = path.display().to_string();
        let other_sides = OtherSides::checked(&file, &text, config.positions.clone(), positions)?;
        let named = config.props.keys().map(|prop| (*prop, named_at(&file, &text, *prop)));
        let props_at = named.collect();
        Ok(Self { props_at, other_sides, ..config })
    }
}

/// The configuration that was named, or `plumb.toml` if it is there; none for `-`.
pub(crate) fn file(named: Option<&Path>) -> Option<&Path> {
    let usual = Path::new("plumb.toml");
    match named {
        None => usual.is_file().then_some(usual),
        Some(named) => (named != Path::new("-")).then_some(named),
    }
}

/// Where a configuration names a prop: its file, and the line if it can be told.
fn named_at(file: &str, text: &str, prop: Prop) -> String {
    let name = prop.name();
    let table = format!("[props.{name}]");
    let lines = || text.lines().map(str::trim_start).enumerate();
    let headed = lines().find(|(_, line)| line.starts_with(&table));
    let keyed = |line: &str| {
        let rest = line.strip_prefix("props.").unwrap_or(line).strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    };
    let line = headed.or_else(|| lines().find(|(_, line)| keyed(line)));
    line.map_or_else(|| file.to_owned(), |(n, _)| format!("{file}:{}", n + 1))
}

/// Reads a file; the error names it.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let text = read_file(path, INSTRUCTIONS).and_then(|bytes| {
        let told = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no UTF-8");
        String::from_utf8(bytes).map_err(told)
    });
    text.with_context(|| format!("{} could not be read", path.display()))
}

/// A JSON value as an inline TOML value; TOML has no null, and no integer beyond 64 bits with a sign.
fn inline(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "\"\"".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => {
            format!("{number}.0")
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => basic(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("{} = {}", basic(k), inline(v)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A string of TOML on one line, in which nothing acts: neither on a terminal that shows the file nor on the keeper of a log.
pub(crate) fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            _ if misleads(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            // Two of them can begin a command to the keeper of a log.
            '#' if out.ends_with('#') => out.push_str("\\u0023"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use plumb_model::Secrets;
    use plumb_runner::Survey;

    use super::*;

    /// What stands behind the marks of comments, of the props that were found.
    fn uncommented(text: &str, survey: &Survey) -> String {
        let found = |line: &str| {
            let name = line.strip_prefix("[props.").and_then(|rest| rest.strip_suffix(']'));
            survey.props.keys().any(|prop| Some(prop.name().as_str()) == name)
        };
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let starts = (0..lines.len()).filter(|n| found(lines[*n]));
        let told: Vec<&str> = starts.flat_map(|n| lines[n..n + 3].to_vec()).collect();
        told.join("\n") + "\n"
    }

    fn survey(name: &str, arguments: serde_json::Value) -> Survey {
        let serde_json::Value::Object(arguments) = arguments else { unreachable!() };
        let mut survey = Survey::default();
        let found = plumb_runner::Found { name: name.into(), arguments, about: None };
        survey.props.insert(Prop::SlowTool, found);
        survey
    }

    /// The target of a command line.
    fn given(words: &[&str]) -> crate::args::TargetArgs {
        let words = [&["plumb", "init"], words].concat();
        match <crate::args::Args as clap::Parser>::try_parse_from(words).map(|args| args.command) {
            Ok(crate::args::Command::Init(args)) => args.target,
            _ => panic!("no command line of init"),
        }
    }

    #[test]
    fn what_init_was_told_of_its_target_need_not_be_told_again() {
        let target = |words: &[&str]| {
            let text = starter(&Survey::default(), &Secrets::default(), &given(words));
            toml::from_str::<Config>(&text).expect("a configuration");
            toml::from_str::<toml::Table>(&text).expect("TOML").remove("target")
        };
        let command = ["node", "a \"b\".js", "--port", "{port}"];
        let told = target(&[&["--path", "/x", "--"][..], &command].concat()).expect("a target");
        assert_eq!(told["command"].as_array().map(Vec::len), Some(command.len()));
        assert!(
            command.iter().enumerate().all(|(n, word)| told["command"][n].as_str() == Some(*word))
        );
        assert_eq!(told["path"].as_str(), Some("/x"));
        let told = target(&["http://127.0.0.1:1/mcp"]).expect("a target");
        assert_eq!(told["url"].as_str(), Some("http://127.0.0.1:1/mcp"));
        assert_eq!(target(&[]), None);
    }

    #[test]
    fn what_init_writes_is_what_run_reads_whatever_the_names() {
        let nasty = [
            "slow",
            "it's \"quoted\" \\ and \u{1b}[31mred\u{7}",
            "two\nlines\r\n::error::x",
            "\u{202e}evil\u{2028}\u{feff}\u{e0041}",
            "##[group] ##vso[task] ### \"\"\" '''",
            "[props.slow-tool]\nname = \"other\"",
            "日本 🗝 = { }",
            "",
        ];
        for name in nasty {
            let arguments = serde_json::json!({
                name: [1, -2.5, 1e300, u64::MAX, i64::MIN, true, {name: name, "a.b": {}}, []],
                "n": name,
            });
            let survey = survey(name, arguments.clone());
            let text = starter(&survey, &Secrets::default(), &given(&[]));
            toml::from_str::<Config>(&text).expect("a configuration as it stands");
            let acts = |c: char| misleads(c) && c != '\n';
            assert!(!text.contains(acts) && !text.contains("##["), "{text}");
            let config: Config = toml::from_str(&uncommented(&text, &survey)).expect("parses");
            let read = &config.props[&Prop::SlowTool];
            assert_eq!(read.name, name);
            let mut wanted = arguments;
            wanted[name][3] = serde_json::json!(18_446_744_073_709_551_615.0);
            assert_eq!(serde_json::Value::Object(read.arguments.clone()), wanted);
        }
    }

    #[test]
    fn the_schema_that_editors_read_is_current() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/schema/plumb.schema.json");
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(Config));
        let schema = schema.expect("a schema") + "\n";
        if std::env::var_os("PLUMB_UPDATE").is_some() {
            std::fs::write(&path, &schema).expect("writes");
        }
        let there = std::fs::read_to_string(&path).expect("the schema");
        assert!(
            there == schema,
            "run `PLUMB_UPDATE=1 cargo test -p mcp-plumb schema_that_editors`"
        );
    }

    #[test]
    fn a_starter_configuration_holds_no_secret() {
        let secrets = Secrets::default();
        secrets.add_named("key", "correct-horse");
        let survey =
            survey("a correct-horse", serde_json::json!({"correct-horse": "correct-horse"}));
        let text = starter(&survey, &secrets, &given(&["https://a.example/?k=correct-horse"]));
        assert!(!text.contains("correct-horse") && text.contains("a [redacted KEY]"), "{text}");
    }

    #[test]
    fn a_prop_is_found_where_it_is_named() {
        let text = "allow_calls = []\n\n[props.slow-tool]\nname = \"x\"\n";
        assert_eq!(named_at("plumb.toml", text, Prop::SlowTool), "plumb.toml:3");
        let text = "[props]\nslow-tool = { name = \"x\" }\n";
        assert_eq!(named_at("plumb.toml", text, Prop::SlowTool), "plumb.toml:2");
        assert_eq!(
            named_at("plumb.toml", "props.slow-tool.name = \"x\"", Prop::SlowTool),
            "plumb.toml:1"
        );
        assert_eq!(named_at("plumb.toml", text, Prop::Tool), "plumb.toml");
    }
}
