//! The targets.

use std::fmt;

use plumb_reference::{Reference, Running};
use plumb_wire::Clock;
use plumb_wire::http::{Response, Server, ServerOptions};

use crate::gate::Gate;

/// One target.
pub(crate) struct Row {
    what: &'static str,
    over: Over,
    target: Target,
    /// The exit codes that a run of it may have.
    codes: &'static [i32],
}

/// What is right is conformant, or there was no time to see it all.
const JUDGED: &[i32] = &[0, 5];
/// What says more at once than is read is not reached.
const UNREAD: &[i32] = &[4];

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Http,
    Stdio,
}

#[derive(Clone, Copy)]
enum Target {
    /// The reference, with these options.
    Reference(&'static str),
    /// The reference, behind a gate that closes connections.
    Gate,
    /// Whoever answers everything with eight megabytes of zeros.
    Zeros,
}

/// Over both transports.
const BOTH: [(&str, &str); 18] = [
    ("a list that grows from page to page", r#"{"burden":"growing_pages"}"#),
    ("endless pages of 1 MB", r#"{"burden":"large_pages"}"#),
    ("endless pages that come slowly", r#"{"burden":"slow_pages"}"#),
    ("cursors of 100 KB", r#"{"burden":"long_cursors"}"#),
    ("100,000 tools", r#"{"burden":{"tools":100000}}"#),
    ("1,000,000 tools", r#"{"burden":{"tools":1000000}}"#),
    ("a thousand properties, nested in themselves", r#"{"burden":{"riddle":"thousandfold"}}"#),
    ("minItems of nested arrays", r#"{"burden":{"riddle":"items"}}"#),
    ("100,000 properties", r#"{"burden":{"riddle":"properties"}}"#),
    ("an enum of 1,000,000", r#"{"burden":{"riddle":"enumeration"}}"#),
    ("unevaluatedProperties in depth", r#"{"burden":{"riddle":"unevaluated"}}"#),
    ("4 KB of anyOf chains", r#"{"burden":{"riddle":"doubling"}}"#),
    ("tasks that never end", r#"{"burden":"endless_tasks"}"#),
    ("2 s for everything", r#"{"answer_delay":{"secs":2,"nanos":0}}"#),
    ("5 s for everything", r#"{"answer_delay":{"secs":5,"nanos":0}}"#),
    ("50 calls a second, then isError", r#"{"calls_per_second":50}"#),
    ("50 calls a second, then an error", r#"{"calls_per_second":50,"limit_by":"RpcError"}"#),
    ("a start of two seconds", r#"{"start_delay":{"secs":2,"nanos":0}}"#),
];

/// Over HTTP alone.
const HTTP: [(&str, &str); 10] = [
    ("8 MB of zeros in every result", r#"{"burden":"zeros"}"#),
    ("8 MB of comments in every stream", r#"{"burden":"comments","sse":"Always"}"#),
    ("9,000 empty events in every stream", r#"{"burden":"empty_events","sse":"Always"}"#),
    ("each 50th request 429", r#"{"turned_away":[50,429]}"#),
    ("each 10th request 429", r#"{"turned_away":[10,429]}"#),
    ("each 50th request 503", r#"{"turned_away":[50,503]}"#),
    ("each 10th request 503", r#"{"turned_away":[10,503]}"#),
    ("each 40th answer 500, or broken off", r#"{"mishaps":40}"#),
    ("a bucket of 10 requests", r#"{"bucket":[10,10]}"#),
    ("a bucket of 50 requests", r#"{"bucket":[50,50]}"#),
];

/// Beyond what is read of one line, or of one message.
const TOO_LARGE: [(&str, Over, Target); 5] = [
    ("8 MB of zeros in every result", Over::Stdio, Target::Reference(r#"{"burden":"zeros"}"#)),
    ("a million zeros in every result", Over::Http, Target::Reference(r#"{"burden":"values"}"#)),
    ("a million zeros in every result", Over::Stdio, Target::Reference(r#"{"burden":"values"}"#)),
    ("8 MB of zeros for everything", Over::Http, Target::Zeros),
    ("8 MB of zeros for everything", Over::Stdio, Target::Zeros),
];

/// All rows.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    let both = BOTH.into_iter().flat_map(|row| [(row, Over::Http), (row, Over::Stdio)]);
    let http = HTTP.into_iter().map(|row| (row, Over::Http));
    let reference = |((what, options), over)| (what, over, Target::Reference(options));
    let gate = ("a close of the connection now and then", Over::Http, Target::Gate);
    let judged = both.chain(http).map(reference).chain([gate]).map(|row| (row, JUDGED));
    let rows = judged.chain(TOO_LARGE.map(|row| (row, UNREAD)));
    rows.map(|((what, over, target), codes)| Row { what, over, target, codes })
}

/// A target that stands; what of it runs in this process ends when this is dropped.
pub(crate) struct Standing {
    arguments: Vec<String>,
    _here: Option<Here>,
}

#[expect(dead_code, reason = "each is there to be dropped")]
enum Here {
    Gate(Gate, Running),
    Zeros(Server),
}

impl Standing {
    /// What tells Plumb where it is, or how it is started.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }
}

impl Row {
    /// What tells it from all others.
    pub(crate) fn name(&self) -> String {
        format!("{} over {}", self.what, self.over)
    }

    /// Whether a run of it may end with this exit code.
    pub(crate) fn may_end_with(&self, code: i32) -> bool {
        self.codes.contains(&code)
    }

    /// Starts it, or says how Plumb does.
    pub(crate) async fn start(&self, plumb: &str) -> anyhow::Result<Standing> {
        let command = |words: &[&str]| Standing {
            arguments: ["--"].iter().chain(words).map(|word| (*word).to_owned()).collect(),
            _here: None,
        };
        let here = |url, here| Standing { arguments: vec![url], _here: Some(here) };
        let reference = [plumb, "serve", "reference", "--options"];
        Ok(match (self.target, self.over) {
            (Target::Reference(options), Over::Http) => {
                command(&[&reference[..], &[options, "--port", "{port}"]].concat())
            }
            (Target::Reference(options), Over::Stdio) => {
                command(&[&reference[..], &[options, "--stdio"]].concat())
            }
            (Target::Gate, _) => {
                let server = plumb_reference::spawn_http(Reference::default()).await?;
                let gate = Gate::before(server.addr).await?;
                here(format!("http://{}/mcp", gate.address()), Here::Gate(gate, server))
            }
            (Target::Zeros, Over::Http) => {
                let answer = |_| async {
                    Response::new(200)
                        .header("Content-Type", "application/json")
                        .body(vec![0; 8_000_000])
                };
                let server =
                    Server::start(answer, ServerOptions::default(), Clock::start()).await?;
                here(format!("http://{}/mcp", server.address()), Here::Zeros(server))
            }
            (Target::Zeros, Over::Stdio) => {
                command(&["sh", "-c", "while read -r line; do head -c 8000000 /dev/zero; done"])
            }
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.what, self.over)
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Stdio => "stdio",
        })
    }
}
