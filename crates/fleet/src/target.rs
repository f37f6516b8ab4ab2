//! The list of a fleet: JSON Lines, a server each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A server to judge: an address, a command, or an entry of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name, which with the version is its own in the list.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What it is for: servers of one area stand together.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub area: String,
    /// Its address; of a command that does not serve at 127.0.0.1, where that serves: `http://localhost:{port}/mcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command that starts it, as an argument vector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Its entry in a registry: the path of a `server.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Environment variables of the command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Further options of `plumb certify`, such as `["--timeout", "30"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// Why a list is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TargetError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Reads a list: a JSON object a line; empty lines are left out.
pub fn targets(text: &str) -> Result<Vec<Target>, TargetError> {
    let mut all = Vec::new();
    let mut names = BTreeSet::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let error = |what: String| TargetError { line: n + 1, what };
        let target: Target = serde_json::from_str(line).map_err(|why| error(why.to_string()))?;
        let ways = [target.url.is_some(), !target.command.is_empty(), target.entry.is_some()];
        let ways = ways.iter().filter(|way| **way).count();
        if ways != 1 && !(ways == 2 && target.says_where()) {
            return Err(error("give one of `url`, `command` and `entry`".to_owned()));
        }
        if let Some(what) = target.unfit() {
            return Err(error(what));
        }
        if !names.insert((target.name.clone(), target.version.clone())) {
            let which = format!("{} {}", target.name, target.version);
            return Err(error(format!("{} stands twice", which.trim_end())));
        }
        all.push(target);
    }
    Ok(all)
}

impl Target {
    /// Why no process can be told to judge it. A list may have been made of what strangers publish.
    fn unfit(&self) -> Option<String> {
        let places = [("url", &self.url), ("entry", &self.entry)];
        let option = places
            .iter()
            .find(|(_, place)| place.as_ref().is_some_and(|place| place.starts_with('-')));
        if let Some((member, _)) = option {
            return Some(format!("`{member}` begins with `-`, as an option does"));
        }
        let cut = self.arguments().iter().any(|word| word.contains('\0'));
        cut.then(|| "it holds U+0000, which no argument of a process can".to_owned())
    }

    /// Whether the address is that at which the command serves.
    fn says_where(&self) -> bool {
        let numbered = |url: &String| url.contains("{port}");
        !self.command.is_empty() && self.url.as_ref().is_some_and(numbered)
    }

    /// The host that it loads; none for a command, which loads only us.
    pub(crate) fn host(&self) -> Option<String> {
        let url = self.url.as_deref().filter(|_| self.command.is_empty())?;
        let url = url::Url::parse(url).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// What `plumb certify` is told.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = self.options.clone();
        for (name, value) in &self.env {
            arguments.extend(["--env".to_owned(), format!("{name}={value}")]);
        }
        arguments.extend(self.url.clone());
        arguments.extend(self.entry.clone());
        if !self.command.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(self.command.iter().cloned());
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_server_once_and_one_way_to_it() {
        let all = targets(
            "{\"name\":\"a\",\"url\":\"https://a.example/mcp\"}\n\n{\"name\":\"b\",\"command\":[\"b\"]}\n",
        );
        let all = all.expect("a list");
        assert_eq!(all[0].host().as_deref(), Some("a.example"));
        assert_eq!(all[1].arguments(), ["--", "b"]);
        let named = r#"{"name":"a","url":"http://localhost:{port}/mcp","command":["a","{port}"]}"#;
        let named = targets(named).expect("a list");
        assert_eq!(named[0].arguments(), ["http://localhost:{port}/mcp", "--", "a", "{port}"]);
        assert_eq!(named[0].host(), None);
        assert!(targets(r#"{"name":"a","url":"http://localhost:1/mcp","command":["a"]}"#).is_err());
        let twice = targets("{\"name\":\"a\",\"url\":\"u\"}\n{\"name\":\"a\",\"command\":[\"b\"]}");
        assert_eq!(twice.unwrap_err().to_string(), "line 2: a stands twice");
        assert!(targets("{\"name\":\"a\"}").is_err());
        for unfit in [r#""url":"--unconfined""#, r#""entry":"-x""#, r#""command":["a\u0000b"]"#] {
            assert!(targets(&format!(r#"{{"name":"a",{unfit}}}"#)).is_err(), "{unfit}");
        }
    }
}
