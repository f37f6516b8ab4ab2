//! What an exchange costs: over the recording client, and over a bare one that reads a whole answer and keeps nothing.
//! Rounds alternate within one run, so that a noisy machine disturbs both alike.

use std::time::{Duration, Instant};

use plumb_model::Edition;
use plumb_reference::Reference;
use plumb_wire::Clock;
use plumb_wire::http::{Client, ClientOptions, Endpoint, HttpRequest};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    let mut bare = TcpStream::connect(&address).await?;
    bare.set_nodelay(true)?;
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

async fn unrecorded(
    stream: &mut TcpStream,
    host: &str,
    revision: &str,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut buffer = Vec::new();
    for _ in 0..EXCHANGES {
        let body = message(revision).to_string();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {revision}\r\n\
             Mcp-Method: server/discover\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        while missing(&buffer) {
            anyhow::ensure!(stream.read_buf(&mut buffer).await? > 0, "the connection is closed");
        }
        anyhow::ensure!(buffer.starts_with(b"HTTP/1.1 200"), "the reference does not answer");
    }
    Ok(begun.elapsed())
}

/// Whether a part of an answer with `Content-Length` has not come yet.
fn missing(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return true };
    let fields = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = fields.split("content-length:").nth(1).and_then(|rest| {
        rest.split("\r\n").next().and_then(|value| value.trim().parse::<usize>().ok())
    });
    answer.len() < head + 4 + length.unwrap_or(0)
}

fn median(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

fn micros(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / f64::from(EXCHANGES)
}
