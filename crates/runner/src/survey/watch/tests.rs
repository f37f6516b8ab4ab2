//! What is decided over recorded calls: which tool is which prop, and which is none.

use plumb_model::{Answer, Carrier, Exchange, Frame, Initiator, Payload, Sent};

use super::*;
use crate::Observed;
use crate::survey::Timed;
use crate::survey::callable::took;

/// A tool whose recorded call took so many milliseconds and showed these messages.
fn called(name: &str, millis: u64, messages: &[Value]) -> Callable {
    let frame = |message: &Value| Frame {
        at: millis * 1_000,
        carrier: Carrier::Line,
        payload: Payload::from(message.to_string()),
    };
    let frames = messages.iter().map(frame).collect();
    let answer = Answer { sent_at: 0, ended_at: millis * 1_000, frames, ..Answer::default() };
    let (by, channel) = ("survey".to_owned(), "c".to_owned());
    let shown = Observed::new(Exchange {
        seq: 1,
        by,
        channel,
        initiator: Initiator::Us,
        sent: Sent::Nothing,
        answer,
    });
    Callable {
        tool: json!({"name": name, "inputSchema": {"type": "object"}}),
        arguments: Map::new(),
        took: Some(took(&shown)),
        shown: Some(shown),
    }
}

fn says(result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

fn text() -> Value {
    says(json!({"resultType": "complete", "content": [{"type": "text", "text": "hello"}]}))
}

fn tells(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// The props of a target of this pace (milliseconds) with these tools.
fn props(pace: u64, callable: Vec<Callable>) -> crate::Props {
    let mut survey = Survey { callable, pace: Duration::from_millis(pace), ..Survey::default() };
    by_calls(&mut survey);
    survey.props
}

fn of(messages: &[Value]) -> Vec<Prop> {
    let found = props(1, vec![called("t", 2, messages)]);
    found.into_keys().filter(|prop| *prop != Prop::Tool).collect()
}

#[test]
fn a_proxy_that_adds_latency_changes_no_prop() {
    for latency in [0, 350, 600, 1_500] {
        let tools = || {
            vec![called("plain", latency + 3, &[text()]), called("slow", latency + 900, &[text()])]
        };
        let found = props(latency + 1, tools());
        assert_eq!(found[&Prop::Tool].name, "plain", "{latency} ms");
        assert_eq!(found[&Prop::SlowTool].name, "slow", "{latency} ms");
        assert!(!props(latency + 1, tools()[..1].to_vec()).contains_key(&Prop::SlowTool));
    }
}

#[test]
fn the_quickest_of_slow_tools_is_the_tool_of_ordinary_calls() {
    let found = props(2, vec![called("a", 4_000, &[text()]), called("b", 900, &[text()])]);
    assert_eq!(found[&Prop::Tool].name, "b");
    assert_eq!(found[&Prop::SlowTool].name, "a");
}

#[test]
fn a_tool_that_fails_or_talks_is_not_the_tool_of_ordinary_calls() {
    let fails = says(json!({"content": [], "isError": true}));
    let progress = tells("notifications/progress", json!({"progressToken": 1, "progress": 1}));
    let found = props(
        1,
        vec![
            called("fails", 2, &[fails]),
            called("talks", 2, &[progress, text()]),
            called("plain", 2, &[text()]),
        ],
    );
    assert_eq!(found[&Prop::Tool].name, "plain");
    assert_eq!(found[&Prop::ErrorTool].name, "fails");
    assert_eq!(found[&Prop::ProgressTool].name, "talks");
    let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "no"}});
    assert!(props(1, vec![called("broken", 2, &[error])]).is_empty());
}

#[test]
fn the_tool_that_can_be_told_is_the_slow_one() {
    let timed = Timed {
        name: "delay".into(),
        arguments: Map::new(),
        argument: "ms".into(),
        unit_ms: 1,
        whole: true,
        most: 9_000,
    };
    let callable = vec![called("idles", 2_000, &[text()]), called("delay", 1, &[text()])];
    let mut survey = Survey { callable, timed: Some(timed), ..Survey::default() };
    by_calls(&mut survey);
    assert_eq!(survey.props[&Prop::SlowTool].name, "delay");
    assert_eq!(survey.props[&Prop::SlowTool].arguments["ms"], 1_500);
}

#[test]
fn logs_tell_a_logging_tool_and_all_levels_another() {
    let log = |level: &str| tells("notifications/message", json!({"level": level, "data": 1}));
    assert_eq!(of(&[log("info"), log("info"), text()]), [Prop::LoggingTool]);
    let levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
    let mut all: Vec<Value> = levels.iter().map(|l| log(l)).collect();
    all.push(text());
    assert_eq!(of(&all), [Prop::LoggingTool, Prop::AllLevelsTool]);
}

#[test]
fn content_tells_what_a_tool_shows() {
    let content = |kinds: &[&str]| {
        let blocks: Vec<Value> = kinds.iter().map(|k| json!({"type": k})).collect();
        says(json!({"resultType": "complete", "content": blocks}))
    };
    assert_eq!(of(&[content(&["image"])]), [Prop::ImageTool]);
    assert_eq!(of(&[content(&["text", "audio"])]), [Prop::AudioTool, Prop::MixedTool]);
    assert_eq!(of(&[content(&["text", "text"])]), []);
}

#[test]
fn inputs_tell_what_a_tool_asks_for() {
    let asks = |requests: Value, state: bool| {
        let mut result = json!({"resultType": "input_required", "inputRequests": requests});
        if state {
            result["requestState"] = json!("s");
        }
        says(result)
    };
    let form = json!({"method": "elicitation/create", "params": {"mode": "form"}});
    let url = json!({"method": "elicitation/create", "params": {"mode": "url"}});
    let roots = json!({"method": "roots/list"});
    assert_eq!(of(&[asks(json!({"a": form}), false)]), [Prop::ElicitTool]);
    assert_eq!(of(&[asks(json!({"a": url}), true)]), [Prop::ElicitUrlTool, Prop::StateTool]);
    assert_eq!(of(&[asks(json!({"a": form, "b": roots}), false)]), [Prop::MultiInputTool]);
}
