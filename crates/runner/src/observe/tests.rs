//! How answers are read.

use plumb_model::{Answer, Carrier, Head};
use serde_json::json;

use super::*;

fn answered(status: u16, message: Option<Value>, body: &str) -> Observed {
    let frame = |m: Value| Frame { at: 0, carrier: Carrier::Body, payload: m.to_string().into() };
    Observed::new(Exchange {
        seq: 1,
        by: "test".into(),
        channel: "http-1".into(),
        initiator: plumb_model::Initiator::Us,
        sent: Sent::Nothing,
        answer: Answer {
            head: Some(Head { status, headers: Vec::new() }),
            frames: message.map(frame).into_iter().collect(),
            body: body.to_owned().into(),
            ..Answer::default()
        },
    })
}

fn error(status: u16) -> Observed {
    answered(
        status,
        Some(json!({"jsonrpc": "2.0", "error": {"code": -32603, "message": "no"}})),
        "",
    )
}

#[test]
fn a_json_rpc_error_is_a_refusal_whatever_the_status() {
    for status in [200, 400, 401, 403, 404, 422, 500] {
        assert!(error(status).is_refused(), "{status}");
    }
}

#[test]
fn a_status_alone_is_a_refusal_where_it_blames_the_request() {
    for status in [400, 403, 404, 405, 406, 415, 422] {
        assert!(answered(status, None, "<html>").is_refused(), "{status}");
    }
    for status in [200, 202, 301, 401, 407, 408, 500, 501] {
        let seen = answered(status, None, "<html>");
        assert!(!seen.is_refused() && !seen.is_accepted() && !seen.is_trouble(), "{status}");
    }
}

#[test]
fn limits_and_gateways_are_trouble_whatever_they_say() {
    for status in [429, 502, 503, 504] {
        for seen in [error(status), answered(status, None, "<html>")] {
            assert!(seen.is_trouble() && !seen.is_refused() && seen.settled().is_err(), "{status}");
        }
    }
    assert!(error(500).settled().is_ok());
}

#[test]
fn the_body_is_read_wherever_it_is_kept() {
    assert_eq!(answered(401, None, "no token").body_text(), "no token");
    assert!(answered(401, Some(json!({"told": "secret"})), "").body_text().contains("secret"));
}

#[test]
fn many_small_messages_take_no_more_than_a_large_one() {
    let text = format!("[{}1]", "{},".repeat(250));
    let frame = || Frame { at: 0, carrier: Carrier::Line, payload: text.clone().into() };
    let mut exchange = answered(200, None, "").exchange.as_ref().clone();
    exchange.answer.frames = std::iter::repeat_with(frame).take(12_000).collect();
    let seen = Observed::new(exchange);
    assert!(seen.is_cut() && seen.messages.is_empty());
}

#[test]
fn what_was_sent_counts_in_the_memory_of_a_run() {
    let line =
        json!({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": "b".repeat(99_000)}});
    let mut exchange = answered(200, None, "").exchange.as_ref().clone();
    exchange.sent = Sent::Stdio { line: line.to_string().into() };
    let account = Account::new(250_000);
    let seen = Observed::new(exchange).counted(&account);
    assert!(!seen.is_cut() && account.held() > 2 * 99_000, "{}", account.held());
    assert!(answered(200, None, &"c".repeat(99_000)).counted(&account).is_cut());
}

#[test]
fn only_a_request_of_json_rpc_is_starved_of_its_answer() {
    let left = |sent: Value| {
        let mut exchange = answered(200, None, "").exchange.as_ref().clone();
        exchange.answer = Answer { end: End::TimedOut, ..Answer::default() };
        let (method, url) = ("POST".to_owned(), "http://127.0.0.1/mcp".to_owned());
        let body = sent.to_string().into();
        exchange.sent = Sent::Http { method, url, headers: Vec::new(), body };
        Observed::new(exchange).is_starved()
    };
    assert!(left(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})));
    assert!(!left(json!({"jsonrpc": "1.0", "id": 1, "method": "tools/list"})));
    assert!(!left(json!({"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"})));
    assert!(!left(json!([{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}])));
}
