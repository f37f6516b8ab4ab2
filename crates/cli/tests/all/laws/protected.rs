//! Law 1 with tokens, and that no token leaves a run.

use plumb_model::{Report, Verdict};
use plumb_report::terminal::Style;
use plumb_runner::{AuthOptions, Options};

use super::judge;
use crate::judging;

fn options(broken: Option<&str>) -> Options {
    let suite = judging::suite(&judging::newest(), "auth");
    Options { suite, ..judge::protected_options(broken, &[]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protected_reference_holds_every_check_of_its_suite() {
    let report = judge::report(options(None)).await;
    assert_eq!(judge::not_held(&report), Vec::<String>::new());
    let idle: Vec<&str> = report
        .checks
        .iter()
        .filter(|c| matches!(c.verdict, Verdict::NotApplicable { .. }))
        .map(|c| c.info.id.as_str())
        .collect();
    assert_eq!(idle, Vec::<&str>::new());
}

/// Which methods need a token is the server's to say, and a SHOULD of its own. What is served to everybody shows nothing of how
/// tokens are validated.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_to_everybody_is_held_against_no_validation_of_tokens() {
    let choices = plumb_reference::Options {
        only_use_protected: true,
        open_discovery: true,
        ..plumb_reference::Options::default()
    };
    let mut options = options(None);
    let plumb_runner::Target::HttpCommand { launch, .. } = &mut options.target else {
        panic!("the protected reference is a command");
    };
    launch.args.push("--options".to_owned());
    launch.args.push(serde_json::to_string(&choices).expect("choices serialise"));
    let report = judge::report(options).await;
    let violated = report.checks.iter().filter(|c| matches!(c.verdict, Verdict::Violated { .. }));
    let violated: Vec<&str> = violated.map(|c| c.info.id.as_str()).collect();
    assert_eq!(violated, ["http.authenticate"], "a SHOULD");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_any_artefact_of_a_run() {
    // A server that logs tokens and passes them on has the most to tell.
    let auth = AuthOptions::default();
    let minted = auth.minted.clone();
    let events =
        judge::events(Options { auth: Some(auth), ..options(Some("logs_without_credentials")) })
            .await;
    let events = events.expect("the target is reached");
    let lines: String =
        events.iter().map(|e| serde_json::to_string(e).expect("serialises") + "\n").collect();
    let report = Report::fold(events).expect("a whole stream");
    let artefacts = [
        ("run.jsonl", lines),
        ("report.html", plumb_report::html::render(&report)),
        ("junit.xml", plumb_report::junit::render(&report)),
        ("report.json", plumb_report::json::render(&report)),
        ("the terminal", plumb_report::terminal::summary(&report, &Style::default())),
    ];
    let secrets = minted.all();
    assert!(secrets.len() > 100 && minted.forgotten() == 0, "{} secrets", secrets.len());
    for (name, text) in &artefacts {
        assert!(text.len() > 1_000, "{name} is empty");
        for secret in secrets.iter().filter(|s| s.len() >= 8) {
            assert!(!text.contains(&**secret), "{name} holds a secret of {} bytes", secret.len());
            // Whoever has payload and signature has the token.
            let signature = secret.rsplit_once('.').map_or("", |(_, signature)| signature);
            assert!(signature.len() < 32 || !text.contains(signature), "{name} holds a signature");
        }
    }
}
