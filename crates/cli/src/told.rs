//! What `plumb.toml` tells of a run: everything that a command line can hold, as the words of one that come before the user's own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::CommandFactory as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::Args;
use crate::config;

/// How the target is reached: `[target]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TargetTable {
    /// The server's MCP endpoint; beside a command, where that serves, with `{port}`.
    url: Option<String>,
    /// The server behind it, where that endpoint is a gateway's.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
    /// The command that starts the server, as words. It speaks over standard streams, or over HTTP if `{port}` stands in one.
    command: Option<Vec<String>>,
    /// Where a started HTTP server has its MCP endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Environment variables for the command.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Variables of the environment whose values are kept out of all that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Vec<String>>,
    /// Header fields for every request, as `Name: value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Vec<String>>,
    /// Files of certificates (PEM) to trust beside the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<Vec<String>>,
    /// A proxy for HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    /// How long an answer may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u64>,
    /// Whether the server is protected by access tokens of the run's own authorization server.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<bool>,
    /// How many processes of the command run beside each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<u64>,
}

/// How a run goes: `[run]`, and what a `[profile.NAME]` says otherwise.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RunTable {
    /// The revision that the server is judged by, several between commas, or `newest`: the newest that it speaks.
    revision: Option<String>,
    /// The suite: core, quick, full, auth, stateless, tasks, apps, server-card, dpop, advice, or a TOML file.
    suite: Option<String>,
    /// Only these requirements: ids, or prefixes ending in `*`.
    only: Option<Vec<String>>,
    /// A violated SHOULD fails the run, and a violated MUST that is inferred.
    strict: Option<bool>,
    /// A requirement that could not be observed fails the run.
    deny_unverified: Option<bool>,
    /// A file of violations that you know and accept.
    known: Option<String>,
    /// The seed of everything random.
    seed: Option<u64>,
    /// The whole run ends within so many seconds, or as the target's answers ask for.
    budget: Option<BudgetTable>,
    /// How many checks run at once, at most.
    jobs: Option<u64>,
    /// At most so many requests a second.
    rate: Option<f64>,
    /// Folders with more vector packs.
    vectors: Option<Vec<String>>,
    /// Where reports are written.
    out: Option<String>,
    /// Which exchanges are kept: findings, all or none.
    evidence: Option<String>,
    /// Room for exchanges, in MB.
    max_report: Option<u64>,
    /// A file for JUnit XML.
    junit: Option<String>,
    /// A test case of JUnit XML for each case.
    junit_cases: Option<bool>,
    /// A file for HTML.
    html: Option<String>,
    /// A file for JSON.
    json: Option<String>,
    /// A file for SARIF.
    sarif: Option<String>,
    /// A file for Markdown.
    markdown: Option<String>,
    /// Say at the end where the time went.
    timings: Option<bool>,
    /// Say nothing but the headline.
    quiet: Option<bool>,
    /// Say more.
    verbose: Option<bool>,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "`budget` is a whole number of seconds, or \"auto\"")]
enum BudgetTable {
    /// So many seconds.
    Seconds(u64),
    /// As long as the target's answers ask for.
    Word(BudgetWord),
}

/// What `budget` says in place of seconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum BudgetWord {
    /// As long as the target's answers ask for.
    Auto,
}

/// The tables that are words of a command line; what else the file holds is read later.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    target: TargetTable,
    #[serde(default)]
    run: RunTable,
    #[serde(default)]
    profile: BTreeMap<String, RunTable>,
}

/// The command line of the user, with what the file tells of a run before it: what is said last, holds.
pub(crate) fn command_line(words: Vec<String>) -> anyhow::Result<Vec<String>> {
    let Some(judges) = words.get(1).and_then(|name| Judges::of(name)) else { return Ok(words) };
    let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (options, command) = words.split_at(own);
    let profile = option(options, "--profile");
    let named = option(options, "--config");
    let Some(path) = config::file(named.map(Path::new)) else {
        if let Some(profile) = profile {
            bail!("no plumb.toml is read, which would tell of --profile {profile}");
        }
        return Ok(words);
    };
    let File { target, run, profile: profiles } = toml::from_str(&config::read(path)?)
        .with_context(|| format!("{} is not a configuration", path.display()))?;
    let elsewhere = !command.is_empty() || judges.name_a_target(&options[2..]);
    let same = target.url.as_ref().is_some_and(|url| options.contains(url));
    let told_of_it = !elsewhere || same || (target.url.is_none() && target.command.is_none());
    let mut told = Vec::new();
    if told_of_it {
        told.extend(table(&target, &["url", "behind", "command", "env"])?);
        told.extend(target.env.iter().map(|(name, value)| format!("--env={name}={value}")));
    }
    if judges.by_requirements() {
        told.extend(table(&run, &[])?);
    }
    told.retain(|word| judges.take(word));
    if let Some(name) = profile {
        let known = || profiles.keys().cloned().collect::<Vec<_>>().join(", ");
        let Some(profile) = profiles.get(name) else {
            bail!("{} has no profile `{name}`, but {}", path.display(), known());
        };
        told.extend(table(profile, &[])?);
    }
    let mut line = options[..2].to_vec();
    line.extend(told);
    line.extend(options[2..].to_vec());
    // A target on the command line is judged in place of the one that the file names, and gets nothing that is meant for that.
    if !elsewhere {
        if let Some(url) = target.url {
            if target.command.is_some() && !url.contains("{port}") {
                let path = path.display();
                bail!(
                    "{path}: [target] has url and command; the port of a command is `{{port}}` in the url"
                );
            }
            line.extend(target.behind.map(|behind| format!("--behind={behind}")));
            line.push(url);
        }
        if let Some(words) = target.command {
            line.extend(std::iter::once("--".to_owned()).chain(words));
        }
    }
    line.extend(command.to_vec());
    Ok(line)
}

/// The value of an option as it stands on a command line.
fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let after = words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let within = || words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    after.map(String::as_str).or_else(within)
}

/// A command that judges a server, by whose options the words of a line are told apart.
struct Judges(clap::Command);

impl Judges {
    /// The command of this name, if it is one.
    fn of(name: &str) -> Option<Self> {
        let judges = ["run", "certify", "migrate", "load"].contains(&name);
        let mut all = Args::command();
        all.build();
        all.find_subcommand(name).filter(|_| judges).cloned().map(Self)
    }

    /// The option that a word begins, such as `--jobs=3`, `jobs` or `-H`.
    fn option(&self, word: &str) -> Option<&clap::Arg> {
        let name = word.trim_start_matches('-').split('=').next()?;
        let short = if word.starts_with("--") { None } else { name.chars().next() };
        let of = |arg: &&clap::Arg| {
            arg.get_long() == Some(name)
                || (word.starts_with('-') && short.is_some() && arg.get_short() == short)
        };
        self.0.get_arguments().find(of)
    }

    /// Whether it has the option of a word.
    fn take(&self, word: &str) -> bool {
        self.option(word).is_some()
    }

    /// Whether it judges by requirements, of which a run can say which.
    fn by_requirements(&self) -> bool {
        self.take("only")
    }

    /// Whether the user names what is judged: by an address, or by an option that says what.
    fn name_a_target(&self, words: &[String]) -> bool {
        let elsewhere = ["--authorization-server", "--mutant", "--freeze"];
        let is_value = |n: usize| {
            let before = n.checked_sub(1).and_then(|n| words.get(n)).map_or("", String::as_str);
            let takes = self.option(before).is_some_and(|arg| arg.get_action().takes_values());
            before.starts_with('-') && !before.contains('=') && takes
        };
        words.iter().enumerate().any(|(n, word)| {
            elsewhere.iter().any(|option| word.starts_with(option))
                || (!word.starts_with('-') && !is_value(n))
        })
    }
}

/// The members of a table as options of the same names.
fn table(table: &impl Serialize, beside: &[&str]) -> anyhow::Result<Vec<String>> {
    let Value::Object(members) = serde_json::to_value(table)? else { return Ok(Vec::new()) };
    let mut words = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| !beside.contains(&name.as_str())) {
        match value {
            Value::Bool(true) => words.push(format!("--{name}")),
            Value::String(text) => words.push(format!("--{name}={text}")),
            Value::Number(number) => words.push(format!("--{name}={number}")),
            Value::Array(items) => {
                let texts = items.iter().filter_map(Value::as_str);
                words.extend(texts.map(|text| format!("--{name}={text}")));
            }
            Value::Null | Value::Bool(false) | Value::Object(_) => {}
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Vec<String> {
        command_line(words.iter().map(|word| (*word).to_owned()).collect()).expect("a command line")
    }

    #[test]
    fn a_file_says_what_a_command_line_can_say_and_the_command_line_has_the_last_word() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plumb.toml");
        let text = "allow_calls = []\n[target]\ncommand = ['node', 'a b.js']\nenv = {A = 'x=y'}\n\
                    [run]\nstrict = true\nonly = ['base.*', 'tools.*']\njobs = 3\n[profile.ci]\nsarif = 'x.sarif'\n";
        std::fs::write(&file, text).expect("writes");
        let config = format!("--config={}", file.display());
        let told = ["--env=A=x=y", "--jobs=3", "--only=base.*", "--only=tools.*", "--strict"];
        let whole = line(&["plumb", "run", &config, "--profile", "ci"]);
        let mut words = whole[2..7].to_vec();
        words.sort();
        assert_eq!(words, told);
        let rest = ["--sarif=x.sarif", &config, "--profile", "ci", "--", "node", "a b.js"];
        assert_eq!(whole[7..], rest);
        let other = line(&["plumb", "run", &config, "--", "./other"]);
        assert!(!other.contains(&"--env=A=x=y".to_owned()), "meant for another: {other:?}");
        assert!(other.ends_with(&["--".to_owned(), "./other".to_owned()]), "{other:?}");
        assert!(!line(&["plumb", "run", &config, "http://a/mcp"]).contains(&"node".to_owned()));
        std::fs::write(&file, "[target]\nurl = 'http://g/mcp'\nbehind = 'http://s/mcp'\n")
            .expect("writes");
        let gateway = line(&["plumb", "run", &config]);
        assert_eq!(gateway[3..], ["--behind=http://s/mcp", "http://g/mcp"]);
        assert!(
            !line(&["plumb", "run", &config, "--", "./other"]).iter().any(|w| w.contains("behind"))
        );
        std::fs::write(
            &file,
            "[target]\nurl = 'http://[::1]:{port}/mcp'\ncommand = ['./s', '{port}']\n",
        )
        .expect("writes");
        let named = line(&["plumb", "run", &config]);
        assert_eq!(named[3..], ["http://[::1]:{port}/mcp", "--", "./s", "{port}"]);
        let none = ["plumb", "run", "--config=-"];
        assert_eq!(line(&none), none);
        let missing = ["plumb", "run", config.as_str(), "--profile=no"].map(str::to_owned);
        assert!(command_line(missing.to_vec()).is_err());
        assert_eq!(line(&["plumb", "list", "--suite", "x"]), ["plumb", "list", "--suite", "x"]);
    }

    #[test]
    fn whatever_judges_a_server_judges_that_of_the_file_unless_another_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plumb.toml");
        let text = "[target]\nurl = 'http://s/mcp'\nheader = ['A: b']\n[run]\nseed = 1\n";
        std::fs::write(&file, text).expect("writes");
        let config = format!("--config={}", file.display());
        for (command, run) in
            [("run", true), ("certify", true), ("migrate", false), ("load", false)]
        {
            let told = line(&["plumb", command, &config]);
            assert_eq!(told.last().map(String::as_str), Some("http://s/mcp"), "{command}");
            assert!(told.contains(&"--header=A: b".to_owned()), "{told:?}");
            assert_eq!(told.contains(&"--seed=1".to_owned()), run, "{told:?}");
            assert!(
                line(&["plumb", command, &config, "http://s/mcp"])
                    .contains(&"--header=A: b".into())
            );
            for other in ["http://o/mcp", "server.json"] {
                let told =
                    line(&["plumb", command, &config, "-H", "C: d", "--timeout", "3", other]);
                assert!(
                    !told.iter().any(|word| word.contains("s/mcp") || word.contains("A: b")),
                    "{told:?}"
                );
            }
        }
    }
}
