//! A client as the target: it is started and pointed at a right server of ours, once for each scenario, and what it sends
//! is judged.

mod answered;
mod conversation;
mod ending;
mod known;
mod listening;
mod mock;
mod moment;
mod offers;
mod piped;
pub mod protected;
mod provocation;
mod provoked;
mod received;
pub(crate) mod run;
mod scenario;
mod server;
mod servers;
mod sights;
mod steps;
mod stop;
mod taken;

use std::time::Duration;

use plumb_model::shell::quoted;
use plumb_wire::Transport;
use plumb_wire::process::Launch;

pub use answered::{Case, packs};
pub use known::Client;
pub use listening::{Listening, Standing, Visit, Waiting};
pub use mock::Mock;
pub use moment::{Happening, Moment};
pub use provocation::{
    ASK, CONFIRM, CONFIRM_OFFICIALLY, FAR_VERSION, FRESH_PAGE, ICONS, INTERVAL, IconFlaw,
    LEGACY_MISMATCH, MORE, NO_TOOLS, Provoked, SLOW_MS, STALE_PAGE, TASK, TASK_GIVEN_UP_MS,
    TASK_INPUT, USE_A_TOOL, VISIT, WATCHED, WHERE, form_schema,
};
pub use provoked::mirrored::{MIRRORED, Mirrored};
pub use provoked::{AFTER_LINES, AFTER_UNKNOWN, INVALID, KEPT, PAGES, STATE};
pub use received::{Received, Receiving};
pub use scenario::{REFERRED, Scenario};
pub use server::ENDPOINT;
pub use servers::Place;
use servers::Servers;
pub use stop::Stop;
pub use taken::vectors;

/// Stands for the URL of our server in an argument of the command.
const URL: &str = "{url}";
/// Stands for the command line that starts our server, in place of an argument or within one.
const SERVER: &str = "{server}";
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
#[derive(Clone, Debug)]
pub struct ClientCommand {
    /// The command; `{url}` and `{scenario}` in its arguments are replaced.
    pub launch: Launch,
    /// How long it may take in one scenario.
    pub patience: Duration,
    /// The scenarios that it is started for; all that its drive allows where none is named.
    pub scenarios: Vec<Scenario>,
    /// Those that a user adds to all of them: vectors of their own.
    pub given: Vec<Scenario>,
    /// What makes it act.
    pub drive: Drive,
    /// How it reaches our server.
    pub over: Transport,
    /// The command that is a [relay](plumb_wire::stdio::relay): what the client starts as its server, without the last
    /// argument, which tells where it leads to.
    pub relay: Vec<String>,
    /// Asks that no further scenario is played.
    pub stop: Stop,
}

impl Default for ClientCommand {
    fn default() -> Self {
        Self {
            launch: Launch::default(),
            patience: Duration::from_secs(30),
            scenarios: Vec::new(),
            given: Vec::new(),
            drive: Drive::default(),
            over: Transport::StreamableHttp,
            relay: Vec::new(),
            stop: Stop::default(),
        }
    }
}

impl ClientCommand {
    /// The scenarios that it is started for.
    fn scenarios(&self) -> Vec<Scenario> {
        if !self.scenarios.is_empty() {
            return self.scenarios.clone();
        }
        let played =
            |scenario: &Scenario| scenario.is_driven_by(self.drive) && scenario.is_over(self.over);
        let all = Scenario::all().into_iter().chain(self.given.iter().copied());
        all.filter(played).collect()
    }

    /// The command for one scenario, against its servers, which speak this revision.
    fn at(&self, scenario: Scenario, servers: &Servers, revision: &str) -> Launch {
        let mut launch = self.of(scenario, &servers.place(&self.relay), revision);
        let told = servers.context().map(|own| scenario.completed(own, self.drive).to_string());
        launch.env.retain(|(name, _)| told.is_none() || name != CONTEXT);
        launch.env.extend(told.map(|told| (CONTEXT.to_owned(), told)));
        launch
    }

    /// The command for one scenario, against a server at this place, which speaks this revision.
    fn of(&self, scenario: Scenario, place: &Place, revision: &str) -> Launch {
        let mut launch = self.launch.clone();
        for arg in &mut launch.args {
            *arg = arg.replace(SCENARIO, scenario.name());
        }
        launch.args = match place {
            Place::Url(url) => with_url(launch.args, url),
            Place::Command(command) => with_command(launch.args, command),
        };
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

/// The arguments with the URL in its place, or at their end.
fn with_url(mut args: Vec<String>, url: &str) -> Vec<String> {
    if !args.iter().any(|arg| arg.contains(URL)) {
        args.push(URL.to_owned());
    }
    args.into_iter().map(|arg| arg.replace(URL, url)).collect()
}

/// The arguments with the command line of the server in its place, or at their end: where an argument is nothing else, word
/// by word; within one, as a shell reads it.
fn with_command(mut args: Vec<String>, command: &[String]) -> Vec<String> {
    if !args.iter().any(|arg| arg.contains(SERVER)) {
        args.push(SERVER.to_owned());
    }
    let line = command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let placed = |arg: String| {
        if arg == SERVER { command.to_vec() } else { vec![arg.replace(SERVER, &line)] }
    };
    args.into_iter().flat_map(placed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(args: &[&str]) -> Launch {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let launch = Launch { program: "client".into(), args, ..Launch::default() };
        let command =
            ClientCommand { launch, patience: Duration::from_secs(1), ..ClientCommand::default() };
        let place = Place::Url("http://127.0.0.1:1/mcp".into());
        command.of(Scenario::ToolsCall, &place, "2026-07-28")
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
    fn the_command_of_the_server_is_words_or_a_line_where_it_has_company() {
        let words = |args: &[&str]| args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        let command = words(&["/a b/plumb", "relay", "/tmp/s"]);
        let with = |args: &[&str]| with_command(words(args), &command);
        assert_eq!(with(&["-v"]), ["-v", "/a b/plumb", "relay", "/tmp/s"]);
        assert_eq!(with(&["{server}", "-v"]), ["/a b/plumb", "relay", "/tmp/s", "-v"]);
        assert_eq!(with(&["--at={server}"]), ["--at='/a b/plumb' relay /tmp/s"]);
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
