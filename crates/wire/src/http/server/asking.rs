//! Reading requests, within bounds.

use plumb_model::{Payload, Sent};
use tokio::time::{Instant, timeout_at};

use super::Shared;
use crate::error::cause;
use crate::http::body::Body;
use crate::http::connection::Connection;
use crate::http::head::{self, Fault, Opening};
use crate::served::Asked;

/// The next request on a connection, whole or not; it may stay idle for a while before it. `None` if none comes.
pub(super) async fn next<H>(
    shared: &Shared<H>,
    connection: &mut Connection,
    nth: usize,
) -> Option<Asked> {
    let idle = Instant::now() + shared.options.idle;
    while connection.buffer.is_empty() {
        if !matches!(timeout_at(idle, connection.fill()).await, Ok(Ok(1..))) {
            return None;
        }
        // Blank lines are no request, and do not begin one.
        head::skip_blank_lines(connection);
    }
    let mut asked = Asked {
        channel: connection.channel.clone(),
        nth,
        begun_at: shared.clock.now(),
        at: 0,
        line: None,
        sent: Sent::Nothing,
        fault: None,
    };
    let mut body = Vec::new();
    let deadline = Instant::now() + shared.options.limits.answer;
    let fault = match timeout_at(deadline, read(shared, connection, &mut asked, &mut body)).await {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => Some(fault.to_string()),
        Err(_) => Some(format!("not whole within {} ms", shared.options.limits.answer.as_millis())),
    };
    asked.at = shared.clock.now();
    match &mut asked.sent {
        Sent::Http { body: kept, .. } => *kept = Payload::from(body),
        other => {
            // Of a head that cannot be read, all that came is shown.
            *other = Sent::Http {
                method: String::new(),
                url: shared.origin(),
                headers: Vec::new(),
                body: Payload::from(connection.buffer.split()),
            };
        }
    }
    asked.fault = fault;
    Some(asked)
}

async fn read<H>(
    shared: &Shared<H>,
    connection: &mut Connection,
    asked: &mut Asked,
    body: &mut Vec<u8>,
) -> Result<(), Fault> {
    let limits = &shared.options.limits;
    let Opening { line, headers } = head::read_request(connection, limits.head_bytes).await?;
    let target = &line.target;
    let url = if target.starts_with('/') { shared.origin() + target } else { target.clone() };
    let framed = Body::of_request(&headers);
    let awaits = headers.iter().any(|h| {
        h.name.eq_ignore_ascii_case("expect") && h.value.eq_ignore_ascii_case("100-continue")
    });
    let method = line.method.clone();
    asked.sent = Sent::Http { method, url, headers, body: Payload::default() };
    asked.line = Some(line);
    if awaits && connection.buffer.is_empty() {
        let gone = |e| Fault::Broken(format!("the connection failed: {}", cause(&e)));
        connection.put(b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(gone)?;
    }
    // Many bodies come in at once.
    let mut held = limits.account.reserve(0);
    let take = |data: &[u8]| {
        if !held.as_mut().is_some_and(|held| held.grow(data.len())) {
            return Err(Fault::TooLarge(body.len()));
        }
        body.extend_from_slice(data);
        Ok(())
    };
    framed?.read(connection, limits, take).await
}
