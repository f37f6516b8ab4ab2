use plumb_model::{Carrier, End, Payload};
use serde_json::json;

use super::*;
use crate::process::Means;

const SOON: Duration = Duration::from_secs(5);
const NEVER: Duration = Duration::from_millis(60);

/// A process that answers each line with itself, so that a test decides what the server says.
fn echo() -> Session {
    shell("exec cat")
}

fn shell(script: &str) -> Session {
    shell_with(script, Limits::default())
}

fn shell_with(script: &str, limits: Limits) -> Session {
    let launch = Launch {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        ..Launch::default()
    };
    Session::spawn(&launch, limits, Clock::start()).expect("it starts")
}

async fn send(session: &Session, line: impl Into<Bytes>, expect: impl Into<Expect>) -> Live {
    session.send(line, expect).await.expect("it is sent")
}

/// Has the echo say something that no exchange awaits.
async fn say(session: &Session, line: &Value) {
    send(session, line.to_string(), Reply::Nothing).await;
}

fn to(id: impl Into<Value>) -> Expect {
    Reply::To(id.into()).into()
}

async fn next(live: &mut Live) -> Value {
    let frame = live.next_within(SOON).await.expect("a line");
    assert_eq!(frame.carrier, Carrier::Line);
    serde_json::from_slice(frame.payload.bytes()).expect("json")
}

/// The stray lines, once `live` has been answered by `last`, before which they were said.
fn last(answer: &plumb_model::Answer) -> Option<String> {
    answer.frames.last().map(|frame| frame.payload.lossy().into_owned())
}

async fn strays(session: &Session, last: &Value, live: &mut Live) -> Vec<String> {
    say(session, last).await;
    while next(live).await != *last {}
    session.take_strays().iter().map(|frame| frame.payload.lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_response_ends_its_exchange() {
    let session = echo();
    let text = json!({"id": 1, "result": {}}).to_string();
    let live = send(&session, text.clone(), to(1)).await;
    assert_eq!(live.channel(), session.channel());
    let (sent, answer) = live.finish().await;
    assert_eq!(sent, Sent::Stdio { line: text.clone().into() });
    assert_eq!(answer.end, End::Complete);
    assert_eq!(answer.frames.len(), 1);
    assert_eq!(answer.frames[0].payload, Payload::from(text));
    assert!(answer.sent_at <= answer.frames[0].at && answer.frames[0].at <= answer.ended_at);
    assert_eq!((answer.head, answer.body.len()), (None, 0));
}

#[tokio::test]
async fn lines_go_to_the_exchange_that_they_name() {
    let session = echo();
    let token = json!("t");
    let mut one = send(&session, "{}", Expect { progress_token: Some(token), ..to(1) }).await;
    let mut text = send(&session, "{}", to("1")).await;
    for line in [
        json!({"method": "notifications/progress", "params": {"progressToken": "t"}}),
        json!({"method": "notifications/x", "params": {"_meta": {meta::SUBSCRIPTION_ID: "1"}}}),
        json!({"method": "notifications/cancelled", "params": {"requestId": 1}}),
        json!({"id": "1", "error": {}}),
        json!({"id": 1, "result": {}}),
    ] {
        say(&session, &line).await;
    }
    assert_eq!(next(&mut one).await["method"], "notifications/progress");
    assert_eq!(next(&mut one).await["method"], "notifications/cancelled");
    assert_eq!(next(&mut one).await["result"], json!({}));
    assert_eq!(next(&mut text).await["method"], "notifications/x");
    assert_eq!(next(&mut text).await["error"], json!({}));
    for live in [one, text] {
        let (_, answer) = live.finish().await;
        assert_eq!(answer.end, End::Complete);
    }
}

#[tokio::test]
async fn unclaimed_lines_go_to_the_only_exchange_in_flight_else_astray() {
    let session = echo();
    let mut one = send(&session, "first", to(1)).await;
    assert_eq!(one.next().await.expect("a line").payload.text(), Some("first"));
    let mut two = send(&session, "second", to(2)).await;
    say(&session, &json!({"id": 9, "result": {}})).await;
    let last = json!({"id": 2, "result": {}});
    assert_eq!(strays(&session, &last, &mut two).await, ["second", "{\"id\":9,\"result\":{}}"]);
    assert!(two.is_ended() && !one.is_ended());

    say(&session, &json!({"method": "m"})).await;
    assert_eq!(next(&mut one).await["method"], "m");
    say(&session, &json!({"id": 1, "result": {}})).await;
    assert_eq!(one.next_within(SOON).await.map(|frame| frame.payload.len()), Some(20));
    drop(two);
    say(&session, &json!({"id": 1, "result": {}})).await;
    assert!(one.next_within(SOON).await.is_some(), "late lines are seen while it is held");
    assert_eq!(one.next_within(NEVER).await, None);
    assert_eq!(one.finish().await.1.frames.len(), 4);
}

#[tokio::test]
async fn each_of_two_requests_under_one_id_has_an_answer_however_late() {
    let session = echo();
    for _ in 0..2 {
        drop(send(&session, "{}", to(0)).await);
    }
    let mut last = send(&session, "{}", to(1)).await;
    let answer = json!({"id": 0, "result": {}});
    for _ in 0..2 {
        say(&session, &answer).await;
    }
    let end = json!({"id": 1, "result": {}});
    let all = strays(&session, &end, &mut last).await;
    assert!(!all.contains(&answer.to_string()), "{all:?}");
    say(&session, &answer).await;
    let mut next = send(&session, "{}", to(2)).await;
    let end = json!({"id": 2, "result": {}});
    let all = strays(&session, &end, &mut next).await;
    assert!(all.contains(&answer.to_string()), "a third is too much: {all:?}");
}

#[tokio::test]
async fn what_names_a_request_that_was_given_up_goes_to_nobody_else() {
    let session = echo();
    let mut old = send(&session, "{}", to("old")).await;
    assert_eq!(next(&mut old).await, json!({}));
    drop(old);
    let mut only = send(&session, "{}", to("new")).await;
    assert_eq!(next(&mut only).await, json!({}));
    let about = |id: &str| json!({"method": "n", "params": {"_meta": {meta::SUBSCRIPTION_ID: id}}});
    say(&session, &about("old")).await;
    say(&session, &about("unheard of")).await;
    assert_eq!(next(&mut only).await, about("unheard of"));
    let last = json!({"id": "new", "result": {}});
    let astray = strays(&session, &last, &mut only).await;
    assert!(astray.contains(&about("old").to_string()), "{astray:?}");
}

#[tokio::test]
async fn a_line_without_a_readable_id_is_answered_by_the_first_unclaimed_response() {
    let session = echo();
    let busy = send(&session, "{}", to(1)).await;
    let any = send(&session, "{\"id\":null,\"error\":{\"code\":-32700}}", Reply::Any).await;
    let (_, answer) = any.finish().await;
    assert_eq!((answer.end, answer.frames.len()), (End::Complete, 1));
    assert!(!busy.is_ended());
}

#[tokio::test]
async fn a_broken_line_is_answered_under_its_id_whatever_else_is_awaited() {
    let session = echo();
    let _unanswered = send(&session, r#"{"jsonrpc":"1.0","id":6}"#, Reply::Any).await;
    let broken = send(&session, r#"{"jsonrpc":"1.0","id":7}"#, Reply::Any).await;
    let _other = send(&session, "{}", to(1)).await;
    let answer = json!({"id": 7, "error": {}});
    say(&session, &answer).await;
    let (_, seen) = broken.finish().await;
    assert_eq!(last(&seen), Some(answer.to_string()));

    // Nothing names it: it is for the line that nothing names.
    let garbled = send(&session, "{", Reply::Any).await;
    let nameless = json!({"id": null, "error": {}});
    say(&session, &nameless).await;
    let (_, seen) = garbled.finish().await;
    assert_eq!(last(&seen), Some(nameless.to_string()));
}

#[tokio::test]
async fn a_notification_is_complete_once_it_is_written() {
    let session = shell("cat > /dev/null");
    let (_, answer) = send(&session, "{\"method\":\"n\"}", Expect::after(&json!({"method": "n"})))
        .await
        .finish()
        .await;
    assert_eq!((answer.end, answer.frames.len()), (End::Complete, 0));
}

#[test]
fn what_is_awaited_follows_from_the_message() {
    let request = json!({"id": 7, "method": "m", "params": {"_meta": {"progressToken": 3}}});
    assert_eq!(Expect::after(&request), Expect { progress_token: Some(json!(3)), ..to(7) });
    assert_eq!(Expect::after(&json!({"method": "n"})).reply, Reply::Nothing);
    assert_eq!(Expect::after(&json!({"id": null, "method": "m"})).reply, Reply::Any);
    assert_eq!(Expect::after(&json!([])).reply, Reply::Any);
}

#[tokio::test]
async fn silence_times_out() {
    let session = shell_with("cat > /dev/null", Limits { answer: NEVER, ..Limits::default() });
    let mut live = send(&session, "{}", to(1)).await;
    assert_eq!(live.next().await, None);
    assert_eq!(live.finish().await.1.end, End::TimedOut);
}

#[tokio::test]
async fn closing_only_stops_listening() {
    let session = echo();
    let (_, answer) = send(&session, "{}", to(1)).await.close();
    assert_eq!(answer.end, End::ClosedByUs);
    let line = json!({"id": 2, "result": {}}).to_string();
    assert_eq!(send(&session, line, to(2)).await.finish().await.1.end, End::Complete);
}

#[tokio::test]
async fn the_end_of_the_output_breaks_what_is_in_flight() {
    let session = shell("read line; echo half; printf unfinished");
    let mut live = send(&session, "{}", to(1)).await;
    let mut lines = Vec::new();
    while let Some(frame) = live.next().await {
        lines.push(frame.payload.lossy().into_owned());
    }
    assert_eq!(lines, ["half", "unfinished"]);
    let (_, answer) = live.finish().await;
    assert_eq!(answer.end, End::Broken("the process closed its standard output".into()));
    let error = session.send("{}", to(2)).await.map(Live::close).expect_err("closed");
    let expected =
        format!("{} is closed: the process closed its standard output", session.channel());
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn what_is_said_at_the_start_is_stray() {
    let session = shell("echo banner; printf '\\377\\n'");
    assert!(session.wait_output_end(SOON).await);
    let strays: Vec<_> = session.take_strays().into_iter().map(|frame| frame.payload).collect();
    assert_eq!(strays, [Payload::from("banner"), Payload::from(&b"\xff"[..])]);
    assert_eq!(session.take_strays(), []);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_kept() {
    let session = echo();
    let mut live = send(&session, &b"\xff\x00\xfe\r"[..], to(1)).await;
    assert_eq!(live.next().await.expect("a line").payload.bytes().as_ref(), b"\xff\x00\xfe");
}

#[tokio::test]
async fn a_huge_line_is_too_large_and_the_next_is_intact() {
    let limits = Limits { frame_bytes: 1000, ..Limits::default() };
    let session = shell_with("exec cat", limits);
    let mut huge = vec![b'x'; 200_000];
    let live = send(&session, huge.clone(), to(1)).await;
    let (_, answer) = live.finish().await;
    assert_eq!((answer.end, answer.frames.len()), (End::TooLarge(1000), 0));
    assert_eq!(session.oversized_lines(), 1);
    huge.truncate(1000);
    let mut live = send(&session, huge, to(2)).await;
    assert_eq!(live.next().await.map(|frame| frame.payload.len()), Some(1000));
}

#[tokio::test]
async fn a_flood_of_lines_is_bounded() {
    let limits = Limits { frames: 50, stray_bytes: 1000, ..Limits::default() };
    let session = shell_with("read line; while :; do echo flood; done", limits);
    let (_, answer) = send(&session, "{}", to(1)).await.finish().await;
    assert_eq!((answer.end, answer.frames.len()), (End::TooLarge(250), 50));
    assert!(session.take_strays().len() <= 50);
    assert_eq!(session.stop(NEVER).await.exit.map(|exit| exit.code), Some(None));
}

#[tokio::test]
async fn a_process_that_does_not_read_is_an_error_and_can_be_stopped() {
    let session = shell_with("exec sleep 1000", Limits { answer: NEVER, ..Limits::default() });
    let error =
        session.send(vec![b'x'; 400_000], to(1)).await.map(Live::close).expect_err("unread");
    assert!(matches!(&error, WireError::Send { .. }), "{error}");
    let larger = session.send(vec![b'x'; 2 << 20], to(1)).await.map(Live::close);
    assert_eq!(larger.err(), Some(WireError::TooLarge { bytes: 2 << 20 }));
    assert_eq!(session.stop(NEVER).await.by, Means::Terminate);
}

#[tokio::test]
async fn closing_the_input_lets_a_server_exit_by_itself() {
    let session = shell("cat; echo bye >&2; exit 4");
    session.close_stdin().await;
    assert_eq!(session.wait_exit(SOON).await, Some(Exit { code: Some(4), signal: None }));
    assert_eq!(session.stderr_tail().text(), Some("bye\n"));
    assert_eq!(session.stop(SOON).await.by, Means::Itself);
    assert!(matches!(
        session.send("{}", to(1)).await.map(Live::close),
        Err(WireError::Closed { .. })
    ));
}

#[tokio::test]
async fn stopping_leaves_nothing_behind_in_the_group() {
    let session = shell("read line; sleep 1000 & echo $!; wait");
    let mut live = send(&session, "{}", to(1)).await;
    let child = live.next().await.expect("a line").payload.lossy().into_owned();
    session.stop(NEVER).await;
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
    assert!(stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z ")));
    assert!(live.next().await.is_none());
}

#[tokio::test]
async fn dropping_the_session_ends_what_is_in_flight() {
    let session = shell("cat > /dev/null");
    let live = send(&session, "{}", to(1)).await;
    drop(session);
    assert_eq!(live.finish().await.1.end, End::Broken("its session was dropped".into()));
}
