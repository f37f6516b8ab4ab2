//! `plumb`: judges MCP servers and clients by a revision of the protocol.

mod args;
mod authorization_server;
mod catalogue;
mod client;
mod config;
mod output;
mod progress;
mod report;
mod reported;
mod run;
mod secrets;
mod serve;
mod target;
mod vectors;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use plumb_model::{Edition, Secrets};
use plumb_report::text::{inert, visible};

use args::{Args, Command};

/// The command line or a file given by it is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    if matches!(args.command, Command::Warden) {
        plumb_wire::process::warden::keep_watch(std::io::stdin().lock());
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = anyhow::anyhow!("the runtime could not be started: {error}");
            return fail(70, &error, &Secrets::default());
        }
    };
    let edition = Arc::new(Edition::latest());
    // Whatever writes has the same ones: events, and errors, which end a run and tell what a target said.
    let secrets = Secrets::default();
    let outcome = runtime.block_on(async {
        match args.command {
            Command::Run(run) => run::run(edition, *run, secrets.clone()).await,
            Command::Client(args) => client::judge(edition, *args, secrets.clone()).await,
            Command::ReferenceClient(args) => client::act(args).await,
            Command::List(list) => catalogue::list(&edition, &list),
            Command::Explain { id } => catalogue::explain(&edition, &id),
            Command::Coverage(coverage) => catalogue::coverage(&edition, &coverage),
            Command::Report(report) => report::render(&report),
            Command::Serve { what } => serve::serve(what).await,
            Command::Vectors { what } => vectors::vectors(&edition, &what),
            Command::Init(init) => run::init(edition, *init, secrets.clone()).await,
            Command::Warden => Ok(0),
            Command::Completions { shell } => {
                clap_complete::generate(
                    shell,
                    &mut <Args as clap::CommandFactory>::command(),
                    "plumb",
                    &mut std::io::stdout(),
                );
                Ok(0)
            }
        }
    });
    // Tasks are dropped here, and with them the processes that they hold; one that still waits for a hostile
    // peer does not keep us.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Failure { code, error }) => fail(code, &error, &secrets),
    }
}

fn fail(code: u8, error: &anyhow::Error, secrets: &Secrets) -> ExitCode {
    // What a server said as it died is told here, and must neither act nor tell a secret.
    let error = secrets.blot_text(&format!("{error:#}"));
    let (red, plain) = (output::RED.render(), output::RED.render_reset());
    anstream::eprintln!("{}", inert(&format!("{red}error{plain}: {}", visible(&error))));
    ExitCode::from(code)
}

/// Why a command ended, and the exit code that says so.
struct Failure {
    code: u8,
    error: anyhow::Error,
}

impl Failure {
    fn new(code: u8, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into() }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: USAGE, error: error.into() }
    }
}

/// The exit code of a command that came to its end.
type Exit = Result<u8, Failure>;
