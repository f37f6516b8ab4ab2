//! Law 3 for clients: the whole mutant × check table of our client, compared with `docs/kill-matrix-clients.md`, or written with
//! `PLUMB_UPDATE=1`. `PLUMB_MUTANT` chooses rows, by mutant, id or prefix of ids, joined by commas; those are compared alone. The binary that was
//! built beside it plays the client.

#[path = "../tests/all/judging.rs"]
#[expect(dead_code, reason = "the laws use the rest")]
mod judging;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_model::{Report, Verdict};
use plumb_reference::{CLIENT_MUTANTS, ClientMutant};
use plumb_runner::client::{ClientCommand, Drive};
use plumb_runner::{RunError, Target};
use plumb_wire::Transport;
use plumb_wire::process::Launch;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Mutants judged at once: a client waits most of the time.
const AT_ONCE: usize = 4;

/// What stands before the table.
const HEAD: &str = "# Kill matrix of clients\n\n\
Every mutant of the reference client (one rule broken) and every check that notices it, over HTTP or, where the rule is\n\
about them, over standard streams. The check that a mutant is made for stands first, others after it; rows that a check\n\
judges beside its own are left out. `just client-matrix` compares, `just client-matrix-update` renews.\n\n\
What is noticed by others, too, is so for one of these reasons. A message that the server has to refuse (without its version, its\n\
headers or its id) ends what the client was about to do, and our client then tries the handshake of an earlier revision,\n\
without a token: `client.token.every-request`, and what needs a whole conversation; a response that it does not recognise by\n\
its id it asks for again: `caching.*`. A flaw of every message is a flaw of each\n\
kind of it: `http.client.metadata-headers`, `http.xmcp.*`. And one sentence of the text contains another:\n\
`client.pkce.verify-support` contains the two refusals, `base.schema.client-validate-dialect` the dialect that everybody has.\n\n\
| mutant | made for | noticed also by |\n| --- | --- | --- |\n";

#[tokio::main]
async fn main() -> ExitCode {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kill-matrix-clients.md");
    let rows = futures_util::stream::iter(chosen().enumerate().map(|(n, mutant)| {
        let runtime = Handle::current();
        spawn_blocking(move || (n, runtime.block_on(row(mutant))))
    }));
    let mut rows: Vec<(usize, String)> = rows
        .buffer_unordered(AT_ONCE)
        .map(|row| row.expect("a row does not panic"))
        .inspect(|(_, row)| eprintln!("{row}"))
        .collect()
        .await;
    rows.sort_unstable();
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if std::env::var_os("PLUMB_MUTANT").is_some() {
        let known = |row: &str| committed.lines().any(|line| line == row);
        let missing: Vec<&str> =
            rows.iter().map(|(_, row)| row.as_str()).filter(|row| !known(row)).collect();
        return told(
            missing.is_empty(),
            &format!("{path} has no such rows:\n{}", missing.join("\n")),
        );
    }
    let mut table = HEAD.to_owned();
    for (_, row) in rows {
        let _ = writeln!(table, "{row}");
    }
    if std::env::var_os("PLUMB_UPDATE").is_some() {
        let written = std::fs::write(path, table);
        return told(written.is_ok(), &format!("{path} cannot be written: {written:?}"));
    }
    told(
        committed == table,
        &format!("{path} differs: explain the difference, then run `just client-matrix-update`"),
    )
}

fn told(right: bool, why: &str) -> ExitCode {
    if right {
        return ExitCode::SUCCESS;
    }
    eprintln!("{why}");
    ExitCode::FAILURE
}

/// The mutants that were asked for.
fn chosen() -> impl Iterator<Item = &'static ClientMutant> {
    let only = std::env::var("PLUMB_MUTANT").ok();
    CLIENT_MUTANTS.iter().filter(move |mutant| {
        only.as_ref().is_none_or(|only| {
            let named =
                |one: &str| mutant.name == one || plumb_model::suite::matches(one, mutant.kills);
            only.split(',').any(named)
        })
    })
}

async fn row(mutant: &ClientMutant) -> String {
    let mut killed = BTreeSet::new();
    // Where it does not show over one transport, it does over the other.
    let mut ways = [Transport::StreamableHttp, Transport::Stdio];
    if mutant.kills.starts_with("stdio.") {
        ways.reverse();
    }
    for over in ways {
        if let Ok(report) = judged(mutant.name, over).await {
            let found = violated(&report);
            if killed.is_empty() || found.contains(mutant.kills) {
                killed = found;
            }
        }
        if killed.contains(mutant.kills) {
            break;
        }
    }
    let own = if killed.remove(mutant.kills) {
        mutant.kills.to_owned()
    } else {
        format!("**not {}**", mutant.kills)
    };
    let others: Vec<String> = killed.into_iter().collect();
    format!("| {} | {own} | {} |", mutant.name, others.join(", "))
}

async fn judged(broken: &str, over: Transport) -> Result<Report, RunError> {
    let program = binary().display().to_string();
    let mut args = vec!["reference-client".to_owned(), "--break".to_owned(), broken.to_owned()];
    if over == Transport::Stdio {
        args.push("--".to_owned());
    }
    let command = ClientCommand {
        launch: Launch { program: program.clone(), args, ..Launch::default() },
        patience: Duration::from_secs(20),
        drive: Drive::Steps,
        over,
        relay: vec![program, "relay".to_owned()],
        ..ClientCommand::default()
    };
    let edition = judging::newest();
    let suite = judging::suite(&edition, "full");
    let options = judging::options(edition, suite, Target::Client(Box::new(command)), &[]);
    judging::judged(&plumb_checks::of_clients(), options).await
}

/// The program that lies beside the folder of the examples.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a program has a place");
    own.parent().and_then(|examples| examples.parent()).expect("in a folder").join("plumb")
}

/// The checks that were violated, each once: not the rows that it judges beside its own.
fn violated(report: &Report) -> BTreeSet<String> {
    let own: BTreeSet<&str> = plumb_checks::of_clients().iter().map(|check| check.id).collect();
    let violated = report.checks.iter().filter(|c| matches!(c.verdict, Verdict::Violated { .. }));
    let ids = violated.map(|check| check.info.id.as_str());
    ids.filter(|id| own.contains(id)).map(str::to_owned).collect()
}
