//! Whether a run keeps within its bounds, whatever its target burdens it with: each of the targets is judged by a process of
//! its own, and what that took is held against what `docs/guarantees.md` promises. All of them are right servers, or none
//! at all, so that whatever is held against one is false. A table is printed, and what is out of bounds makes the exit code 1.
//!
//! `hostile PLUMB [--budget SECONDS] [--out DIR] [WORD]...`: the binary, and words that the names of rows hold; all rows
//! without any. What is out of bounds leaves its reports in the folder. Needs Linux, which tells what processes hold.

#[path = "../bare/framing.rs"]
mod framing;
mod gate;
mod rows;
mod taken;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use rows::{Row, rows};
use taken::Taken;

/// Seconds of a run, unless told.
const BUDGET: u64 = 60;
/// A run may take so much longer.
const BESIDE: Duration = Duration::from_secs(2);
/// What a run may hold, in bytes.
const MEMORY: u64 = 256 << 20;
/// What the largest of its files may take: exchanges, as `--max-report` has it, and findings.
const FILE: u64 = 64_000_000 + 8_000_000;

/// What is asked for.
struct Asked {
    plumb: String,
    budget: u64,
    out: PathBuf,
    words: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let asked = Asked::read()?;
    println!("| target | over | exit | wall | memory | largest file | out of bounds |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let (mut judged, mut wrong) = (0, 0);
    for row in rows().filter(|row| asked.names(row)) {
        let out = asked.out.join(row.name().replace(|c: char| !c.is_alphanumeric(), "-"));
        let target = row.start(&asked.plumb).await?;
        let taken = taken::run(&asked.plumb, asked.budget, &out, target.arguments()).await?;
        let beyond = beyond(&row, asked.budget, &taken);
        let (memory, file) = (taken.memory >> 20, taken.largest >> 10);
        let code = taken.code.map_or("none".to_owned(), |code| code.to_string());
        let wall = taken.wall.as_secs_f64();
        println!("| {row} | {code} | {wall:.1} s | {memory} MiB | {file} KiB | {beyond} |");
        judged += 1;
        wrong += usize::from(!beyond.is_empty());
        if beyond.is_empty() {
            std::fs::remove_dir_all(&out).with_context(|| out.display().to_string())?;
        }
    }
    println!("\n{wrong} of {judged} out of bounds, with a budget of {} s", asked.budget);
    Ok(if wrong == 0 && judged > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What of a run is beyond its bounds; nothing if nothing is.
fn beyond(row: &Row, budget: u64, taken: &Taken) -> String {
    let facts = [
        (taken.wall > Duration::from_secs(budget) + BESIDE, "time".to_owned()),
        (taken.memory > MEMORY, "memory".to_owned()),
        (taken.largest > FILE, "room".to_owned()),
        (!taken.code.is_some_and(|code| row.may_end_with(code)), "exit code".to_owned()),
        (!taken.reported, "no report".to_owned()),
        (taken.left > 0, format!("{} processes left", taken.left)),
        (!taken.blamed.is_empty(), format!("blamed for {}", taken.blamed.join(", "))),
    ];
    let beyond = facts.into_iter().filter_map(|(beyond, what)| beyond.then_some(what));
    beyond.collect::<Vec<_>>().join("; ")
}

impl Asked {
    fn read() -> anyhow::Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let usage = "usage: hostile PLUMB [--budget SECONDS] [--out DIR] [WORD]...";
        let plumb = arguments.next().context(usage)?;
        let out = std::env::temp_dir().join(format!("plumb-hostile-{}", std::process::id()));
        let mut asked = Self { plumb, budget: BUDGET, out, words: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--budget" => asked.budget = arguments.next().context(usage)?.parse()?,
                "--out" => asked.out = arguments.next().context(usage)?.into(),
                _ => asked.words.push(argument),
            }
        }
        Ok(asked)
    }

    fn names(&self, row: &Row) -> bool {
        let name = row.name();
        self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()))
    }
}
