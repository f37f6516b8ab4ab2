//! A client as the target: it is started and pointed at a right server of ours, once for each scenario, and what it sends
//! is judged.

mod conversation;
mod known;
mod moment;
mod offers;
pub mod protected;
mod provocation;
mod provoked;
mod received;
pub(crate) mod run;
mod scenario;
mod server;
mod steps;

use std::time::Duration;

use plumb_wire::process::Launch;

pub use known::Client;
pub use moment::{Happening, Moment};
pub use provocation::{
    CONFIRM, ICONS, INTERVAL, IconFlaw, MORE, NO_TOOLS, Provoked, SECOND_PAGE, SLOW_MS, TASK,
    TASK_INPUT, UNDEFINED_META, USE_A_TOOL, VISIT, form_schema,
};
pub use provoked::mirrored::{MIRRORED, Mirrored};
pub use provoked::{AFTER_UNKNOWN, INVALID, KEPT, PAGES, STATE};
pub use received::{Received, Receiving};
pub use scenario::{REFERRED, Scenario};
pub use server::ENDPOINT;

/// Stands for the URL of our server in an argument of the command.
const URL: &str = "{url}";
/// Stands for the name of the scenario in an argument of the command.
const SCENARIO: &str = "{scenario}";

/// The variable that says what else a scenario gives.
const CONTEXT: &str = "MCP_CONFORMANCE_CONTEXT";

/// What makes a client act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drive {
    /// It knows the scenarios of the official suite by their names.
    #[default]
    Official,
    /// It knows no scenario, and does what it always does: it lists, and perhaps uses something.
    Plain,
    /// It follows the steps of its context.
    Steps,
}

/// How a client is started, by the contract of the official suite: the URL of the server is its last argument, unless an
/// argument names its place; the scenario is in the environment.
#[derive(Clone, Debug, Default)]
pub struct ClientCommand {
    /// The command; `{url}` and `{scenario}` in its arguments are replaced.
    pub launch: Launch,
    /// How long it may take in one scenario.
    pub patience: Duration,
    /// The scenarios that it is started for; all that its drive allows where none is named.
    pub scenarios: Vec<Scenario>,
    /// What makes it act.
    pub drive: Drive,
}

impl ClientCommand {
    /// The scenarios that it is started for.
    fn scenarios(&self) -> Vec<Scenario> {
        if !self.scenarios.is_empty() {
            return self.scenarios.clone();
        }
        Scenario::all().into_iter().filter(|scenario| scenario.is_driven_by(self.drive)).collect()
    }

    /// The command for one scenario, against a server at this URL, which speaks this revision.
    fn of(&self, scenario: Scenario, url: &str, revision: &str) -> Launch {
        let mut launch = self.launch.clone();
        let placed = launch.args.iter().any(|arg| arg.contains(URL));
        for arg in &mut launch.args {
            *arg = arg.replace(URL, url).replace(SCENARIO, scenario.name());
        }
        if !placed {
            launch.args.push(url.to_owned());
        }
        if self.drive == Drive::Plain {
            return launch;
        }
        let set = |name: &str, value: String| (name.to_owned(), value);
        launch.env.extend([
            set("MCP_CONFORMANCE_SCENARIO", scenario.name().to_owned()),
            set(CONTEXT, scenario.context(self.drive).to_string()),
            set("MCP_CONFORMANCE_PROTOCOL_VERSION", revision.to_owned()),
        ]);
        launch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(args: &[&str]) -> Launch {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let launch = Launch { program: "client".into(), args, ..Launch::default() };
        let command =
            ClientCommand { launch, patience: Duration::from_secs(1), ..ClientCommand::default() };
        command.of(Scenario::ToolsCall, "http://127.0.0.1:1/mcp", "2026-07-28")
    }

    #[test]
    fn the_url_is_the_last_argument_unless_one_names_its_place() {
        assert_eq!(started(&["a b"]).args, ["a b", "http://127.0.0.1:1/mcp"]);
        assert_eq!(
            started(&["--at={url}", "{scenario}"]).args,
            ["--at=http://127.0.0.1:1/mcp", "tools_call"]
        );
    }

    #[test]
    fn the_environment_names_scenario_context_and_revision() {
        let env = started(&[]).env;
        let value = |name: &str| env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("MCP_CONFORMANCE_SCENARIO"), Some("tools_call"));
        assert_eq!(value("MCP_CONFORMANCE_CONTEXT"), Some(r#"{"name":"tools_call"}"#));
        assert_eq!(value("MCP_CONFORMANCE_PROTOCOL_VERSION"), Some("2026-07-28"));
    }
}
