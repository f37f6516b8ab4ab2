//! The exchanges of the sample runs.

use plumb_model::{
    Answer, Carrier, End, Exchange, Frame, Head, Header, Initiator, Payload, Sent, StreamFacts,
};

use super::HOSTILE;

const LIST: &str = r#"{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
const TOOLS: &str = r#"{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","tools":[{"name":"echo","description":"says it again","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}},{"name":"sleep","inputSchema":{"type":"object"}}]}}"#;

pub(super) fn http() -> Vec<Exchange> {
    let list = |seq, named| {
        let request = post(&[("Mcp-Method", named), ("Authorization", "Bearer [redacted]")], LIST);
        exchange(seq, "http.validate.method-mismatch", request, json(200, TOOLS))
    };
    let page = format!("<html><h1>{HOSTILE}</h1></html>");
    let mut odd = post(&[("Mcp-Method", "tools/list"), ("X-Empty", "")], LIST);
    if let Sent::Http { headers, .. } = &mut odd {
        headers.push(Header::from_bytes(b"Mcp-Name", b"caf\xe9 it's"));
    }
    vec![
        list(1, "tools/list"),
        list(2, "tools/call"),
        list(3, "notifications/progress"),
        list(4, "TOOLS/LIST"),
        exchange(5, "http.validate.invalid-chars", odd, other(500, "text/html", page)),
        stream(),
        exchange(
            7,
            "survey",
            post(&[("Mcp-Method", "tools/call")], &LIST.replace("list", "call")),
            json(200, r#"{"jsonrpc":"2.0","id":3,"error":{"code":-32001,"message":"not today"}}"#),
        ),
        exchange(
            8,
            "http.legacy.delete-405",
            Sent::Http {
                method: "DELETE".into(),
                url: "http://127.0.0.1:3000/mcp".into(),
                headers: vec![],
                body: Payload::default(),
            },
            Answer { end: End::Broken("connection reset by peer".into()), ..Answer::default() },
        ),
        exchange(
            9,
            "http.origin.error-body",
            post(&[("Origin", "https://evil.example")], "\u{ff}\u{0}not json"),
            Answer { head: Some(head(403, "text/plain")), ..Answer::default() },
        ),
    ]
}

pub(super) fn stdio() -> Vec<Exchange> {
    let line = |bytes: &[u8]| Sent::Stdio { line: bytes.to_vec().into() };
    let banner =
        Answer { frames: vec![frame(900, Carrier::Line, HOSTILE.as_bytes())], ..Answer::default() };
    let bytes = Answer {
        frames: vec![frame(2_100, Carrier::Line, b"\xff\xfe\x00bin")],
        ..Answer::default()
    };
    let silent =
        Answer { sent_at: 5_000, ended_at: 2_005_000, end: End::TimedOut, ..Answer::default() };
    vec![
        exchange(1, "survey", Sent::Nothing, banner),
        exchange(2, "stdio.server-stdout-only-mcp#binary", line(b"{\"id\":\xff}"), bytes),
        exchange(
            3,
            "base.response.same-id",
            line(br#"{"jsonrpc":"2.0","id":"it's","method":"server/discover"}"#),
            silent,
        ),
    ]
}

fn stream() -> Exchange {
    let event = |at, id: &str, data: &str| {
        let carrier = Carrier::Event { name: Some("message".into()), id: Some(id.into()) };
        frame(at, carrier, data.as_bytes())
    };
    let progress = |n: u32| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"p","progress":{n},"total":3}}}}"#
        )
    };
    let answer = Answer {
        sent_at: 60_000,
        ended_at: 412_000,
        head: Some(head(200, "text/event-stream")),
        frames: vec![
            event(72_000, "1", &progress(1)),
            event(180_500, "2", &progress(2)),
            event(290_250, "3", &progress(3)),
            event(
                411_900,
                "4",
                r#"{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","content":[{"type":"text","text":"slept"}]}}"#,
            ),
        ],
        stream: Some(StreamFacts {
            comments: 2,
            unknown_fields: vec!["colour".into()],
            ..StreamFacts::default()
        }),
        ..Answer::default()
    };
    let call = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"sleep","arguments":{"ms":300},"_meta":{"progressToken":"p"}}}"#;
    let request = post(&[("Mcp-Method", "tools/call"), ("Mcp-Name", "sleep")], call);
    exchange(6, "http.sse.notifications-before#progress", request, answer)
}

fn exchange(seq: u64, by: &str, sent: Sent, mut answer: Answer) -> Exchange {
    if answer.ended_at == 0 {
        answer.sent_at = seq * 1_000;
        answer.ended_at = answer.sent_at + 1_400;
        for frame in &mut answer.frames {
            frame.at = answer.ended_at;
        }
    }
    Exchange {
        seq,
        by: by.into(),
        channel: "http-1".into(),
        initiator: Initiator::Us,
        sent,
        answer,
    }
}

fn post(fields: &[(&str, &str)], body: &str) -> Sent {
    let mut headers = vec![
        Header::new("Host", "127.0.0.1:3000"),
        Header::new("Content-Type", "application/json"),
        Header::new("Accept", "application/json, text/event-stream"),
        Header::new("MCP-Protocol-Version", "2026-07-28"),
        Header::new("Content-Length", body.len().to_string()),
    ];
    headers.extend(fields.iter().map(|(name, value)| Header::new(*name, *value)));
    Sent::Http {
        method: "POST".into(),
        url: "http://127.0.0.1:3000/mcp".into(),
        headers,
        body: body.to_owned().into(),
    }
}

fn json(status: u16, body: &str) -> Answer {
    Answer {
        head: Some(head(status, "application/json")),
        frames: vec![frame(0, Carrier::Body, body.as_bytes())],
        ..Answer::default()
    }
}

fn other(status: u16, media_type: &str, body: String) -> Answer {
    Answer { head: Some(head(status, media_type)), body: body.into(), ..Answer::default() }
}

fn head(status: u16, media_type: &str) -> Head {
    let headers = vec![
        Header::new("content-type", media_type),
        Header::new("x-powered-by", "\u{1b}[31m<b>Express</b>"),
    ];
    Head { status, headers }
}

fn frame(at: u64, carrier: Carrier, bytes: &[u8]) -> Frame {
    Frame { at, carrier, payload: bytes.to_vec().into() }
}
