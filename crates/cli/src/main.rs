//! `plumb`: judges MCP servers and clients by a revision of the protocol.

mod args;
mod authorization_server;
mod catalogue;
mod certify;
mod client;
mod config;
mod coverage;
mod fleet;
mod hints;
mod interrupt;
mod lead;
mod load;
mod login;
mod manual;
mod migrate;
mod near;
mod output;
mod progress;
mod recording;
mod report;
mod reported;
mod revisions;
mod run;
mod say;
mod secrets;
mod serve;
mod target;
mod told;
mod vectors;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use plumb_model::{Edition, Secrets};
use plumb_report::text::{clipped, inert, visible};

use args::{Args, Command, FleetCommand};

/// The command line or a file given by it is wrong.
const USAGE: u8 = 2;
/// Plumb itself is at fault.
const FAULT: u8 = 70;

fn main() -> ExitCode {
    let args = match words().and_then(told::command_line) {
        Ok(words) => {
            Args::try_parse_from(&words).unwrap_or_else(|error| hints::exit(error, &words))
        }
        Err(error) => return fail(USAGE, &error, &Secrets::default()),
    };
    args.color.chosen();
    if matches!(args.command, Command::Warden) {
        plumb_wire::process::warden::keep_watch(std::io::stdin().lock());
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = anyhow::anyhow!("the runtime could not be started: {error}");
            return fail(FAULT, &error, &Secrets::default());
        }
    };
    files_may_be_full(&runtime);
    let edition = Arc::new(Edition::latest());
    // Whatever writes has the same ones: events, and errors, which end a run and tell what a target said.
    let secrets = Secrets::default();
    panics_are_inert(&secrets);
    // A panic was told already.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(carry_out(args.command, edition, &secrets))
    }));
    // Tasks are dropped here, and with them the processes that they hold; one that still waits for a hostile
    // peer does not keep us.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    plumb_wire::process::warden::dismiss();
    let Ok(outcome) = outcome else { return ExitCode::from(FAULT) };
    match outcome {
        Ok(_) if say::unsaid() => {
            let error = anyhow::anyhow!("standard output could not be written");
            fail(output::UNWRITTEN, &error, &secrets)
        }
        Ok(code) => ExitCode::from(code),
        Err(Failure { code, error }) => fail(code, &error, &secrets),
    }
}

/// A file that may grow no further is an error of who writes it, as a full disk is, and not the end of the process.
fn files_may_be_full(runtime: &tokio::runtime::Runtime) {
    #[cfg(unix)]
    runtime.block_on(async {
        let signal =
            tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        // Where it cannot be caught, it ends the process as before.
        let _ = tokio::signal::unix::signal(signal);
    });
    #[cfg(not(unix))]
    let _ = runtime;
}

/// The words of the command line.
fn words() -> anyhow::Result<Vec<String>> {
    let word = |(n, word): (usize, std::ffi::OsString)| {
        word.into_string().map_err(|word| {
            let shown = word.display();
            anyhow::anyhow!("argument {n} is no UTF-8: `{shown}`; give it by another name")
        })
    };
    std::env::args_os().enumerate().map(word).collect()
}

async fn carry_out(command: Command, edition: Arc<Edition>, secrets: &Secrets) -> Exit {
    let judges = matches!(
        command,
        Command::Run(_)
            | Command::Certify(_)
            | Command::Fleet { what: FleetCommand::Run(_) }
            | Command::Client(_)
            | Command::Migrate(_)
            | Command::Load(_)
    );
    if judges {
        interrupt::listen();
    }
    match command {
        Command::Run(run) => {
            let judging = run.judging.clone();
            let ended = run::run(edition, *run, secrets.clone()).await;
            reported::tell_ci(&ended, &judging, secrets);
            ended
        }
        Command::Certify(args) => certify::certify(edition, *args, secrets.clone()).await,
        Command::Verify(args) => certify::verify(&args),
        Command::Fleet { what } => fleet::fleet(what).await,
        Command::Client(args) => {
            let judging = args.judging.clone();
            let ended = client::judge(edition, *args, secrets.clone()).await;
            reported::tell_ci(&ended, &judging, secrets);
            ended
        }
        Command::ReferenceClient(args) => client::act(args).await,
        Command::Migrate(args) => migrate::migrate(edition, *args, secrets.clone()).await,
        Command::Load(args) => load::load(edition, *args, secrets.clone()).await,
        Command::List(list) => catalogue::list(&list.by.edition(edition), &list),
        Command::Explain { id, by } => catalogue::explain(&by.edition(edition), &id),
        Command::Coverage(args) => coverage::coverage(&args.by.edition(edition), &args),
        Command::Report(report) => report::render(&report),
        Command::Diff { earlier, later } => report::diff(&earlier, &later),
        Command::Known { run } => report::known(&run),
        Command::Serve { what } => serve::serve(&edition, what).await,
        Command::Vectors { what } => vectors::vectors(&edition, &what),
        Command::Init(init) => run::init(edition, *init, secrets.clone()).await,
        Command::Manual { folder } => manual::write(&folder),
        Command::Warden => Ok(0),
        Command::Relay { file } => {
            let code = plumb_wire::stdio::relay(&file).await?;
            // Its standard input may never end, and holds up every other way out.
            std::process::exit(code)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            let command = &mut <Args as clap::CommandFactory>::command();
            clap_complete::generate(shell, command, "plumb", &mut script);
            say::out(&String::from_utf8_lossy(&script));
            Ok(0)
        }
    }
}

/// What a panic says can hold what a target said.
fn panics_are_inert(secrets: &Secrets) {
    let secrets = secrets.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let told = secrets.blot_text(&format!("a fault of plumb: {panic}"));
        say::err(&format!("{}\n", inert(&visible(&told))));
    }));
}

fn fail(code: u8, error: &anyhow::Error, secrets: &Secrets) -> ExitCode {
    // What a server said as it died is told here, and must neither act nor tell a secret.
    let error = in_bounds(error, secrets);
    let (red, plain) = (output::RED.render(), output::RED.render_reset());
    say::err(&format!("{}\n", inert(&format!("{red}error{plain}: {}", visible(&error)))));
    ExitCode::from(code)
}

/// What an error says, without secrets. It may repeat a line of a file, of any length.
fn in_bounds(error: &anyhow::Error, secrets: &Secrets) -> String {
    /// So many characters are looked at for secrets, and so many of a line and in all are told.
    const SEEN: usize = 1 << 16;
    const LINE: usize = 1_000;
    const ALL: usize = 8_000;
    let error = secrets.blot_text(&clipped(&format!("{error:#}"), SEEN));
    let lines: Vec<_> = error.lines().map(|line| clipped(line, LINE)).collect();
    clipped(&lines.join("\n"), ALL).into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_any_length_is_told_in_bounds() {
        let secrets = Secrets::default();
        secrets.add_named("TOKEN", "s3cr3t-t0ken");
        let line = format!("x = {}s3cr3t-t0ken", "y".repeat(990));
        let error = anyhow::anyhow!("wrong:\n{line}\n{}", "z\n".repeat(1 << 20)).context("file");
        let told = in_bounds(&error, &secrets);
        assert!(told.starts_with("file: wrong:\nx = yyy") && !told.contains("s3cr3t"), "{told}");
        assert!(told.chars().count() <= 8_000, "{}", told.len());
        assert_eq!(in_bounds(&anyhow::anyhow!("plain\nwords"), &secrets), "plain\nwords");
    }
}
