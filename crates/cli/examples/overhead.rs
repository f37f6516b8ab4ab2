//! What an exchange costs: over the recording client, and over a bare one that reads a whole answer and keeps nothing.
//! Rounds alternate within one run, so that a noisy machine disturbs both alike.

mod bare;

use std::time::{Duration, Instant};

use bare::Bare;
use plumb_model::Edition;
use plumb_reference::Reference;
use plumb_wire::Clock;
use plumb_wire::http::{Client, ClientOptions, Endpoint, HttpRequest};
use serde_json::{Value, json};

/// Exchanges in a round.
const EXCHANGES: u32 = 1_000;
/// Rounds of each client.
const ROUNDS: usize = 9;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = plumb_reference::spawn_http(Reference::default()).await?;
    let endpoint = Endpoint::parse(&server.url)?;
    let client = Client::new(endpoint, ClientOptions::default(), Clock::start())?;
    let address = server.url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
    let revision = Edition::latest().revision;
    let mut bare = Bare::connect(&address).await?;
    let (mut recording, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        recording.push(recorded(&client, &revision).await?);
        plain.push(unrecorded(&mut bare, &address, &revision).await?);
    }
    let (recording, plain) = (median(recording), median(plain));
    println!("recording client  {:>7.1} µs for each exchange", micros(recording));
    println!("bare client       {:>7.1} µs for each exchange", micros(plain));
    println!(
        "overhead          {:>7.1} µs, a factor of {:.2}",
        micros(recording) - micros(plain),
        micros(recording) / micros(plain)
    );
    Ok(())
}

fn message(revision: &str) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "server/discover",
        "params": { "_meta": {
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1.0.0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    })
}

async fn recorded(client: &Client, revision: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for _ in 0..EXCHANGES {
        let (_, answer) =
            client.send(HttpRequest::message(&message(revision))).await?.finish().await;
        let status = answer.head.as_ref().map(|head| head.status);
        anyhow::ensure!(status == Some(200), "the reference answers with {status:?}");
    }
    Ok(begun.elapsed())
}

async fn unrecorded(bare: &mut Bare, host: &str, revision: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for _ in 0..EXCHANGES {
        let body = message(revision).to_string();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {revision}\r\n\
             Mcp-Method: server/discover\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let status = bare.exchange(request.as_bytes()).await?;
        anyhow::ensure!(status == Some(200), "the reference answers with {status:?}");
    }
    Ok(begun.elapsed())
}

fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn micros(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / f64::from(EXCHANGES)
}
