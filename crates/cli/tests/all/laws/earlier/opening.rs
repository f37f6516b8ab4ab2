//! What a process says and asks as a session begins, before anything was called.

use std::sync::Arc;

use plumb_model::{Edition, Event, Sent, Verdict};
use plumb_runner::Target;
use plumb_wire::method;
use plumb_wire::process::Launch;

use crate::judging;

/// No tool has brought that change: none is called again to find out which one did.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_before_any_call_is_no_tools_doing() {
    // Under other names, no tool is known to change a list, so that it is listened for one that does.
    let silent = calls_of_the_survey(&["fixture_names"]).await;
    let telling = calls_of_the_survey(&["fixture_names", "opens_silently"]).await;
    // Each tool is called twice, and a third time by who searches; on a busy machine a few are called again anyhow.
    let few = silent / 4;
    assert!(
        silent > 20 && telling < silent + few,
        "{telling} calls, {silent} where nothing is told"
    );
}

/// How many calls the survey makes.
async fn calls_of_the_survey(broken: &[&str]) -> usize {
    let edition = Edition::of("2025-11-25").expect("a revision that is judged");
    let suite = judging::suite(&edition, "full");
    let mut args = vec!["serve", "handshake", "--stdio"];
    args.extend(broken.iter().flat_map(|rule| ["--break", rule]));
    let launch = Launch {
        program: env!("CARGO_BIN_EXE_plumb").to_owned(),
        args: args.into_iter().map(str::to_owned).collect(),
        ..Launch::default()
    };
    let only = ["ping.answered"];
    let options = judging::options(Arc::new(edition), suite, Target::Stdio(launch), &only);
    let events = judging::events(&plumb_checks::of_servers(), options).await.expect("reached");
    let calls = |event: &&Event| {
        let Event::Exchanged(exchange) = event else { return false };
        let Sent::Stdio { line, .. } = &exchange.sent else { return false };
        exchange.by == "survey" && line.lossy().contains(method::TOOLS_CALL)
    };
    events.iter().filter(calls).count()
}

/// Whenever a session opens, it asks for roots, and nothing that comes later is served before.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn what_is_asked_as_a_session_opens_is_no_question_of_the_first_call() {
    let script = format!(
        r#"{{ while IFS= read -r line; do case $line in *notifications/initialized*) \
           sleep 0.05; echo '{{"jsonrpc":"2.0","id":"roots","method":"roots/list"}}' >&3;; esac; printf '%s\n' "$line"; done \
           | exec '{}' serve handshake --stdio --break elicitation_mode_supported; }} 3>&1"#,
        env!("CARGO_BIN_EXE_plumb")
    );
    let (program, args) = ("sh".to_owned(), vec!["-c".to_owned(), script]);
    let target = Target::Stdio(Launch { program, args, ..Launch::default() });
    let check = "elicit.server.mode-supported";
    let report = super::judged_at(target, "2025-11-25", &[check], &[]).await;
    let cases = report.checks.iter().flat_map(|check| &check.cases);
    let forms = cases.filter(|case| case.case.ends_with("-elicitation-url"));
    let verdicts: Vec<_> = forms.map(|case| (&case.case, case.verdict.name())).collect();
    assert!(
        verdicts.len() == 2 && verdicts.iter().all(|(_, of)| *of == "violated"),
        "{verdicts:?}"
    );
}

/// The page shows such an error, and names what else there is.
#[test]
fn who_refuses_the_last_version_is_judged_by_one_before() {
    let (code, report) = super::run(&["--suite", "quick"], &["--break", "takes_the_last"]);
    assert_eq!((code, &report["revision"]), (0, &serde_json::json!("2025-06-18")), "{report}");
}

/// It answers `server/discover`, so that clients of the newest revision learn which it serves, and refuses the rest.
#[test]
fn who_tells_clients_of_the_newest_revision_which_others_it_serves_is_judged_by_those() {
    let (http, liberty) = (["--port", "{port}"], ["--break", "never_heard"]);
    let (code, report) = super::run_over(&http, &["--suite", "quick"], &liberty);
    assert_eq!((code, &report["revision"]), (0, &serde_json::json!("2025-11-25")), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_stream_begins_with_is_no_message_that_came_on_several() {
    let id = "http.streams.one";
    let report = super::judged("2025-11-25", &["opens_silently"], &[id]).await;
    assert_eq!(super::verdicts(&report).get(id), Some(&&Verdict::Held));
}

/// A server may end a session at any time (2025-11-25, basic/transports#session-management).
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_again_and_again_is_no_answer_to_what_was_asked_in_it() {
    let report = super::judged("2025-11-25", &["keeps_sessions"], &[]).await;
    let all = super::verdicts(&report);
    // What lasts longer than a session is gone with it: a task, and a question after the other.
    let lasts = |id: &str| id.starts_with("core-tasks.") || id == "sampling.sec.iteration-limit";
    let wrong = |id: &str, v: &Verdict| match v {
        Verdict::Violated { .. } => true,
        Verdict::Inconclusive { .. } => !lasts(id),
        _ => false,
    };
    let wrong: Vec<_> = all.iter().filter(|(id, v)| wrong(id, v)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
