//! Law 3: the whole mutant × check table, compared with `docs/kill-matrix.md`, or written with `PLUMB_UPDATE=1`.
//! `PLUMB_MUTANT` chooses rows, by mutant, id or prefix of ids; those are compared alone.

#[path = "../tests/all/laws/judge.rs"]
#[expect(dead_code, reason = "the laws use the rest")]
mod judge;
#[path = "../tests/all/judging.rs"]
#[expect(dead_code, reason = "the laws use the rest")]
mod judging;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use futures_util::StreamExt as _;
use plumb_model::{Report, Verdict};
use plumb_reference::{MUTANTS, Mutant};
use plumb_runner::Options;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Mutants judged at once: most of a run is waiting.
const AT_ONCE: usize = 6;

#[tokio::main]
async fn main() -> ExitCode {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kill-matrix.md");
    let rows: Vec<(usize, String)> = futures_util::stream::iter(
        // Threads of their own, so that all cores work.
        judged().enumerate().map(|(n, m)| {
            let runtime = Handle::current();
            spawn_blocking(move || (n, runtime.block_on(row(m))))
        }),
    )
    .buffer_unordered(AT_ONCE)
    .map(|row| row.expect("a row does not panic"))
    .inspect(|(_, row)| eprintln!("{row}"))
    .collect()
    .await;
    let mut rows = rows;
    rows.sort_unstable();
    if std::env::var_os("PLUMB_MUTANT").is_some() {
        return chosen(path, &rows);
    }
    let mut table = String::from(
        "# Kill matrix\n\nEvery mutant of the reference server (one rule broken) and every check that notices it, over HTTP and over\n\
         standard streams. The check that a mutant is made for stands first, others after it. `just matrix` compares,\n\
         `just matrix-update` renews.\n\n| mutant | made for | noticed also by |\n| --- | --- | --- |\n",
    );
    for (_, row) in rows {
        let _ = writeln!(table, "{row}");
    }
    if std::env::var_os("PLUMB_UPDATE").is_some() {
        return match std::fs::write(path, table) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{path}: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if committed == table {
        return ExitCode::SUCCESS;
    }
    eprintln!("docs/kill-matrix.md differs: explain the difference, then run `just matrix-update`");
    ExitCode::FAILURE
}

/// The mutants of a rule that a check judges.
fn judged() -> impl Iterator<Item = &'static Mutant> {
    let checks = plumb_checks::all();
    let only = std::env::var("PLUMB_MUTANT").ok();
    let chosen = move |m: &Mutant| {
        only.as_ref().is_none_or(|o| m.name == o || plumb_model::suite::matches(o, m.kills))
    };
    MUTANTS.iter().filter(move |m| chosen(m) && checks.iter().any(|c| c.covers(m.kills)))
}

/// Whether the committed table has each of these rows.
fn chosen(path: &str, rows: &[(usize, String)]) -> ExitCode {
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let missing = rows.iter().filter(|(_, row)| !committed.lines().any(|line| line == row));
    let missing: Vec<&str> = missing.map(|(_, row)| row.as_str()).collect();
    if missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("docs/kill-matrix.md has no such rows:\n{}", missing.join("\n"));
    ExitCode::FAILURE
}

async fn row(mutant: &Mutant) -> String {
    let mut killed = if judge::needs_tokens(mutant.kills) {
        let suite = judging::suite(&judging::newest(), "auth");
        let options = Options { suite, ..judge::protected_options(Some(mutant.name), &[]) };
        violated(&judge::report(options).await)
    } else {
        let options = plumb_reference::Options::default();
        violated(&judge::in_process(mutant.rules(), options, &[]).await)
    };
    if !killed.contains(mutant.kills)
        && !judge::needs_tokens(mutant.kills)
        && let Ok(events) =
            judge::events(judge::options(judge::stdio_command(Some(mutant.name)), &[])).await
        && let Ok(report) = Report::fold(events)
    {
        killed.extend(violated(&report));
    }
    if !killed.contains(mutant.kills)
        && !judge::needs_tokens(mutant.kills)
        && let Ok(events) =
            judge::events(judge::options(judge::http_command(Some(mutant.name)), &[])).await
        && let Ok(report) = Report::fold(events)
    {
        killed.extend(violated(&report));
    }
    // The run of all was too crowded for it, or its suite is another one: its check alone.
    if !killed.contains(mutant.kills) && judge::noticed(mutant).await.is_ok() {
        killed.insert(mutant.kills.to_owned());
    }
    let own = if killed.remove(mutant.kills) {
        mutant.kills.to_owned()
    } else {
        format!("**not {}**", mutant.kills)
    };
    let others: Vec<String> = killed.into_iter().collect();
    format!("| {} | {own} | {} |", mutant.name, others.join(", "))
}

fn violated(report: &Report) -> BTreeSet<String> {
    let violated = report.checks.iter().filter(|c| matches!(c.verdict, Verdict::Violated { .. }));
    violated.map(|c| c.info.id.clone()).collect()
}
