//! Reproduction lines, run by a shell.

use std::process::Command;

use plumb_model::event::TargetInfo;
use plumb_model::{Answer, Exchange, Header, Initiator, Payload, Sent};
use plumb_report::reproduce;

use crate::sample::{self, HOSTILE};

#[test]
fn the_lines_of_the_sample() {
    let mut lines = String::new();
    for report in [sample::http(), sample::stdio()] {
        for exchange in report.exchanges.values() {
            let again = reproduce::of(exchange, &report.run.target);
            let (line, notes) = again.map_or_else(Default::default, |a| (a.line, a.notes));
            lines += &[&[line], &notes[..]].concat().join("\n   # ");
            lines += "\n";
        }
    }
    insta::assert_snapshot!("reproduce", lines);
}

#[test]
fn a_shell_hands_curl_exactly_what_was_sent() {
    let headers = vec![
        Header::from_bytes(b"Mcp-Name", b"caf\xe9 it's \\ $(id) \x01"),
        Header::new("X-Empty", ""),
        Header::new("X;rm", "`id`; \"$HOME\" 'x'"),
    ];
    let body = r#"{"a":"it's $(id) `id` \" \\ é"}"#;
    let arguments = arguments_of(&http("POST", headers, body.as_bytes()));
    assert!(arguments.contains(&b"Mcp-Name: caf\xe9 it's \\ $(id) \x01".to_vec()));
    assert!(arguments.contains(&b"X-Empty;".to_vec()));
    assert!(arguments.contains(&b"X;rm: `id`; \"$HOME\" 'x'".to_vec()));
    assert!(arguments.contains(&body.as_bytes().to_vec()));
}

#[test]
fn a_body_that_no_terminal_takes_goes_through_base64() {
    for body in [&b"\xff\x00\xfe"[..], b"@/etc/passwd", HOSTILE.as_bytes()] {
        let line = line_of(&http("POST", vec![], body));
        let decode = line.split(" | curl").next().expect("a pipe");
        assert_eq!(bash(decode), body, "{line}");
    }
}

#[test]
fn a_line_for_standard_input_is_written_as_it_was() {
    for line in [&b"{\"id\":\"it's %s \\\\n\"}"[..], b"\xff\x00"] {
        let sent = Sent::Stdio { line: Payload::from(line.to_vec()) };
        let written = bash(&of(sent, "cat").expect("a line"));
        assert_eq!(written, [line, b"\n"].concat());
    }
}

#[test]
fn a_secret_is_a_variable_wherever_it_stood() {
    let body = br#"{"a":"it's [redacted KEY]","b":"[redacted] [redacted PATH$(id)]"}"#;
    let sent = http("POST", vec![Header::new("X-Key", "[redacted KEY, encoded]")], body);
    let variables =
        "REDACTED_KEY=\"k'1\"; REDACTED=k2; REDACTED_KEY_ENCODED=k3; PATH=/bin:/usr/bin;";
    let line = line_of(&sent);
    let shown = bash(&format!("{variables} curl() {{ printf '%s\\0' \"$@\"; }}; {line}"));
    let shown = String::from_utf8(shown).expect("text");
    assert!(shown.contains(r#"{"a":"it's k'1","b":"k2 [redacted PATH$(id)]"}"#), "{shown}");
    assert!(shown.contains("X-Key: k3"), "{shown}");
}

#[test]
fn a_secret_of_the_command_is_a_variable_within_quotes_and_without() {
    let command = r"show --key=[redacted KEY] 'it'\''s [redacted KEY] $x' 'a'";
    let sent = Sent::Stdio { line: Payload::from(b"{}".to_vec()) };
    let line = of(sent, command).expect("a line");
    let shown = bash(&format!("REDACTED_KEY='k 1'; show() {{ printf '%s\\n' \"$@\"; }}; {line}"));
    assert_eq!(String::from_utf8_lossy(&shown), "--key=k 1\nit's k 1 $x\na\n");
}

#[test]
fn a_line_of_a_session_is_sent_behind_what_opens_one() {
    let target = TargetInfo {
        address: "cat".into(),
        era: "legacy".into(),
        versions: vec!["2025-11-25".into()],
        ..TargetInfo::default()
    };
    let sent = |line: &[u8]| {
        let sent = Sent::Stdio { line: Payload::from(line.to_vec()) };
        let line = reproduce::of(&exchange(sent), &target).expect("a line").line;
        String::from_utf8_lossy(&bash(&line)).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for line in [&b"{\"method\":\"ping\"}"[..], b"{\"method\":\"it's \xff\"}"] {
        let lines = sent(line);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("\"protocolVersion\":\"2025-11-25\""), "{lines:?}");
        assert!(lines[1].contains("notifications/initialized"), "{lines:?}");
        assert_eq!(lines[2], String::from_utf8_lossy(line));
    }
    assert_eq!(sent(b"{\"method\":\"initialize\"}").len(), 1, "it opens one itself");
}

#[test]
fn a_message_too_long_for_a_line_is_pointed_to() {
    let exchange = exchange(http("POST", vec![], &vec![b'a'; 100_000]));
    assert_eq!(reproduce::of(&exchange, &TargetInfo::default()), None);
    let told = reproduce::too_long(&exchange).expect("told");
    assert_eq!(told, "the message of 97.6 KiB is exchange 1 of run.jsonl");
}

fn arguments_of(sent: &Sent) -> Vec<Vec<u8>> {
    let line = line_of(sent);
    let shown = format!("curl() {{ printf '%s\\0' \"$@\"; }}; {line}");
    bash(&shown).split(|b| *b == 0).map(<[u8]>::to_vec).collect()
}

fn line_of(sent: &Sent) -> String {
    of(sent.clone(), "http://127.0.0.1/mcp").expect("a line")
}

fn of(sent: Sent, address: &str) -> Option<String> {
    let target = TargetInfo { address: address.into(), ..TargetInfo::default() };
    reproduce::of(&exchange(sent), &target).map(|a| a.line)
}

fn exchange(sent: Sent) -> Exchange {
    let (by, channel) = ("survey".into(), "http-1".into());
    Exchange { seq: 1, by, channel, initiator: Initiator::Us, sent, answer: Answer::default() }
}

fn http(method: &str, headers: Vec<Header>, body: &[u8]) -> Sent {
    Sent::Http {
        method: method.into(),
        url: "http://127.0.0.1/mcp?a={b}&c=$(id)".into(),
        headers,
        body: body.to_vec().into(),
    }
}

fn bash(line: &str) -> Vec<u8> {
    let output = Command::new("bash").env("LC_ALL", "C").args(["-c", line]).output();
    output.expect("bash runs").stdout
}
