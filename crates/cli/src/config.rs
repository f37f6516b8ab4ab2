//! `plumb.toml`: what a user tells once about a server.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use plumb_model::{OtherSides, Positions, Secrets};
use plumb_runner::{Prop, Props, Survey};
use serde::Deserialize;

/// What a user tells once about a server.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Tools that may be called though they are not marked `readOnlyHint: true`; `all` for every tool.
    #[serde(default)]
    pub(crate) allow_calls: Vec<String>,
    /// Things with known behaviour that some checks need, by the prop's name.
    #[serde(default)]
    pub(crate) props: Props,
    /// Violations that the user knows and accepts, by requirement id, each with a reason.
    #[serde(default)]
    pub(crate) known: std::collections::BTreeMap<String, String>,
    /// Positions of which the user takes the other side, each with a reason.
    #[serde(default)]
    positions: std::collections::BTreeMap<String, String>,
    /// The same, checked.
    #[serde(skip)]
    pub(crate) other_sides: OtherSides,
}

impl Config {
    /// Reads the file that was named, or `plumb.toml` if it is there.
    pub(crate) fn read(named: Option<&Path>, positions: &Positions) -> anyhow::Result<Self> {
        let path = named.unwrap_or(Path::new("plumb.toml"));
        if named.is_none() && !path.exists() {
            return Ok(Self::default());
        }
        let text = read(path)?;
        let config: Self = toml::from_str(&text)
            .with_context(|| format!("{} is not a configuration", path.display()))?;
        let file = path.display().to_string();
        let other_sides = OtherSides::checked(&file, &text, config.positions.clone(), positions)?;
        Ok(Self { other_sides, ..config })
    }
}

/// Reads a file; the error names it.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))
}

/// A commented configuration with what a survey found, and what it did not.
pub(crate) fn starter(survey: &Survey, secrets: &Secrets) -> String {
    let mut text = String::from(
        "# What Plumb is told about this server. Everything here is optional.\n\n\
         # Tools that may be called though they are not marked `readOnlyHint: true`; \"all\" for every tool.\n\
         allow_calls = []\n\n\
         # Violations that you know and accept, by requirement id, each with a reason.\n\
         [known]\n\
         # \"http.origin.invalid-403\" = \"behind a gateway that checks it; issue 12\"\n\n\
         # Positions of which you take the other side, each with a reason; `plumb explain ID` tells which one a\n\
         # requirement rests on.\n\
         [positions]\n\
         # \"task-affinity\" = \"our gateway routes by Mcp-Name\"\n\n\
         # Things with known behaviour that some checks need. The survey found these by itself; a line here wins.\n",
    );
    for (prop, found) in &survey.props {
        let mut arguments = serde_json::Value::Object(found.arguments.clone());
        secrets.blot_json(&mut arguments);
        let _ = writeln!(
            text,
            "# [props.{}]\n# name = {:?}\n# arguments = {}",
            prop.name(),
            secrets.blot_text(&found.name),
            inline(&arguments)
        );
    }
    let missing: Vec<Prop> =
        Prop::ALL.iter().copied().filter(|p| survey.prop(*p).is_none()).collect();
    if !missing.is_empty() {
        text.push_str("\n# It did not find these. Each one enables more checks.\n");
    }
    for prop in missing {
        let _ = writeln!(
            text,
            "# [props.{}]    # {}\n# name = \"…\"",
            prop.name(),
            prop.how_to_enable()
        );
    }
    text
}

/// A JSON value as an inline TOML value; TOML has no null.
fn inline(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "\"\"".into(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("{k:?} = {}", inline(v)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_configuration_is_a_configuration_with_and_without_its_comments() {
        let mut survey = Survey::default();
        let mut arguments = serde_json::Map::new();
        arguments.insert("n".into(), serde_json::json!([1, {"a": "b"}]));
        let found = plumb_runner::Found { name: "slow".into(), arguments, about: None };
        survey.props.insert(Prop::SlowTool, found);
        let text = starter(&survey, &Secrets::default());
        toml::from_str::<Config>(&text).expect("parses");
        let uncommented: String = text
            .lines()
            .filter(|l| {
                l.starts_with("# [props.slow-tool]")
                    || l.starts_with("# name = \"slow\"")
                    || l.starts_with("# arguments")
            })
            .flat_map(|l| [l.trim_start_matches("# "), "\n"])
            .collect();
        let config: Config = toml::from_str(&uncommented).expect("parses");
        assert_eq!(config.props[&Prop::SlowTool].name, "slow");
    }
}
