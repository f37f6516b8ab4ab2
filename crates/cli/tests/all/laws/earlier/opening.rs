//! What a process says of its lists as a session begins, before anything was called.

use std::sync::Arc;

use plumb_model::{Edition, Event, Sent};
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
