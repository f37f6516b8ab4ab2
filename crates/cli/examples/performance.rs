//! What a run takes, against the time that its target needs: each run's requests are sent again by a bare client, as many at
//! once, and both are timed in turn, so that a noisy machine disturbs both alike. Written as the table of docs/performance.md.
//!
//! `performance PLUMB [NAME=URL]...`: the binary, and servers that run already beside the reference.

mod bare;

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bare::Bare;
use plumb_model::{Event, Exchange, Sent};
use plumb_reference::{Options, Reference, Rules};
use ruzstd::decoding::StreamingDecoder;
use tokio::time::timeout;

/// Rounds of each target.
const ROUNDS: usize = 3;
/// As many requests at once as a run has.
const AT_ONCE: usize = 12;
/// What took longer was a wait, and not work of the target's.
const WAIT: Duration = Duration::from_millis(500);

/// What one target took: medians.
struct Row {
    name: String,
    exchanges: usize,
    run: Duration,
    bare: Duration,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let plumb = arguments.next().context("usage: performance PLUMB [NAME=URL]...")?;
    let mut rows = Vec::new();
    let few = ["test_simple_text", "slow", "test_tool_with_progress", "strict_arguments"];
    for (name, tools) in [("reference", None), ("reference, four tools", Some(few))] {
        let only_tools = tools.map(|tools| tools.map(str::to_owned).to_vec());
        let options = Options { only_tools, ..Options::default() };
        let reference = Reference { rules: Rules::SPEC, options };
        let server = plumb_reference::spawn_http(reference).await?;
        rows.push(measured(&plumb, name, &server.url).await?);
    }
    for argument in arguments {
        let (name, url) = argument.split_once('=').context("a server is given as NAME=URL")?;
        rows.push(measured(&plumb, name, url).await?);
    }
    println!("| target | exchanges | run | bare client | ratio |\n| --- | --- | --- | --- | --- |");
    for Row { name, exchanges, run, bare } in rows {
        let (run, bare) = (run.as_secs_f64(), bare.as_secs_f64());
        println!("| {name} | {exchanges} | {run:.2} s | {bare:.2} s | {:.1} |", run / bare);
    }
    Ok(())
}

/// Runs and replays in turn.
async fn measured(plumb: &str, name: &str, url: &str) -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let (mut runs, mut replays, mut exchanges) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        runs.push(run(plumb, folder.path(), url, "findings").await?);
        run(plumb, folder.path(), url, "all").await?;
        let requests = requests(folder.path())?;
        exchanges = requests.len();
        replays.push(replay(requests, url).await?);
    }
    Ok(Row { name: name.to_owned(), exchanges, run: median(runs), bare: median(replays) })
}

/// A whole run, reports included.
async fn run(plumb: &str, out: &Path, url: &str, evidence: &str) -> anyhow::Result<Duration> {
    let mut command = Command::new(plumb);
    command.args(["run", url, "--quiet", "--allow-calls", "all", "--evidence", evidence, "--out"]);
    command.arg(out).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = tokio::task::spawn_blocking(move || command.status()).await??;
    anyhow::ensure!(matches!(status.code(), Some(0 | 1)), "the run ended with {status}");
    Ok(begun.elapsed())
}

/// The requests of a recording that were answered without a wait, as they were written.
fn requests(folder: &Path) -> anyhow::Result<VecDeque<Vec<u8>>> {
    let mut packed = &std::fs::read(folder.join("run.jsonl.zst"))?[..];
    let mut text = String::new();
    while !packed.is_empty() {
        let mut frame = StreamingDecoder::new(&mut packed).map_err(|e| anyhow::anyhow!("{e}"))?;
        frame.read_to_string(&mut text)?;
    }
    let events = text.lines().map(serde_json::from_str::<Event>);
    let mut requests = VecDeque::new();
    for event in events {
        if let Event::Exchanged(exchange) = event? {
            requests.extend(request(&exchange));
        }
    }
    Ok(requests)
}

fn request(exchange: &Exchange) -> Option<Vec<u8>> {
    let Sent::Http { method, url, headers, body } = &exchange.sent else { return None };
    let took = exchange.answer.ended_at.saturating_sub(exchange.answer.sent_at);
    if exchange.answer.head.is_none() || Duration::from_micros(took) > WAIT {
        return None;
    }
    let target = url.splitn(4, '/').nth(3).unwrap_or_default();
    let kept = headers.iter().filter(|h| !h.name.eq_ignore_ascii_case("content-length"));
    let headers: String = kept.flat_map(|h| [&h.name, ": ", &h.value, "\r\n"]).collect();
    let length = body.len();
    let head = format!("{method} /{target} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n");
    let mut request = head.into_bytes();
    request.extend_from_slice(body.bytes());
    Some(request)
}

/// Sends requests again, over as many connections as a run has, and waits for every answer.
async fn replay(requests: VecDeque<Vec<u8>>, url: &str) -> anyhow::Result<Duration> {
    let address = url.split('/').nth(2).context("the URL names no host")?.to_owned();
    let requests = Arc::new(Mutex::new(requests));
    let begun = Instant::now();
    let workers = (0..AT_ONCE).map(|_| {
        let (requests, address) = (Arc::clone(&requests), address.clone());
        tokio::spawn(async move {
            let mut connection = None;
            let next = || requests.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some(request) = next() {
                let mut open = match connection.take() {
                    Some(open) => open,
                    None => Bare::connect(&address).await?,
                };
                // What is answered by no end, such as a subscription, is left after a while.
                if matches!(timeout(WAIT, open.exchange(&request)).await, Ok(Ok(Some(_)))) {
                    connection = Some(open);
                }
            }
            anyhow::Ok(())
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await??;
    }
    Ok(begun.elapsed())
}

fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}
