//! A target that is served otherwise than it was asked.

use std::time::Duration;

use plumb_model::Carrier;

use crate::Probe;
use crate::channel::Channel;

/// A stream that has been opened says within so long where to post.
const SAYS: Duration = Duration::from_secs(2);

/// Hosts of this machine, as they begin.
const HERE: [&str; 4] = ["localhost", "127.", "0.0.0.0", "[::"];

/// What to do with a command that tells an address of this machine, and nothing of the protocol.
pub(super) fn over_http(said: &str) -> String {
    let breaks = |c: char| !c.is_ascii_graphic() || "\"'`,;()<>".contains(c);
    let is_here = |word: &&str| {
        let host = word.strip_prefix("http://").or_else(|| word.strip_prefix("https://"));
        host.is_some_and(|host| HERE.iter().any(|here| host.starts_with(here)))
    };
    let told = |url| {
        format!(
            "; it tells an address: `plumb run {url}` judges what listens there, and `{{port}}` in the command has it started over HTTP"
        )
    };
    said.split(breaks).find(is_here).map(told).unwrap_or_default()
}

/// What to do with a target that takes no POST, and whose streams say where to post: by HTTP+SSE, the transport of 2024-11-05
/// (2025-03-26, basic/transports#backwards-compatibility).
pub(super) async fn over_sse(channel: &Channel) -> Option<String> {
    let mut open = channel.open("survey", &Probe::bodiless("GET")).await.ok()?;
    let _ = open.next_within(SAYS).await;
    let says = |carrier: &Carrier| matches!(carrier, Carrier::Event { name: Some(name), .. } if name == "endpoint");
    let seen = open.close();
    seen.exchange.answer.frames.iter().any(|frame| says(&frame.carrier)).then(|| {
        "GET is answered by HTTP+SSE, the transport of 2024-11-05, which no revision has that is judged: judge its \
         endpoint of Streamable HTTP, or, over standard streams, the command behind it"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_told_and_one_of_a_page_is_not() {
        let words = "\u{1b}[32mINFO\u{1b}[0m: running on http://127.0.0.1:8000/mcp (Press CTRL+C)";
        assert!(over_http(words).contains("`plumb run http://127.0.0.1:8000/mcp`"));
        assert!(over_http("listening at 'http://localhost:3001', see x.y").contains(":3001`"));
        assert_eq!(over_http("see https://docs.example/127.0.0.1"), "");
    }
}
