//! Judging the reference, in this process or by the binary, for the laws and the kill matrix.

use plumb_model::{Event, Report, Verdict};
use plumb_reference::{Reference, Rules};
use plumb_runner::{
    AllowCalls, Applies, AuthOptions, Isolation, Options, Reach, RunError, SHARED_DIR, Target,
};
use plumb_wire::process::Launch;

use crate::judging;

/// The plumb binary beside this test or example.
pub(crate) fn binary() -> String {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder =
        own.ancestors().find(|a| a.join("plumb").is_file()).expect("the binary is built beside it");
    folder.join("plumb").display().to_string()
}

/// What a run of these checks needs; empty for all.
pub(crate) fn options(target: Target, only: &[&str]) -> Options {
    let edition = judging::newest();
    let suite = judging::suite(&edition, suite(only));
    // The reference's baskets hold nothing that anybody needs.
    let names = ["create_basket", "add_item", "touch"].map(str::to_owned).to_vec();
    Options {
        allow_calls: AllowCalls { all: false, names },
        ..judging::options(edition, suite, target, only)
    }
}

/// The suite that holds these checks; advice is apart.
fn suite(only: &[&str]) -> &'static str {
    if only.iter().any(|id| id.starts_with("advice.")) { "advice" } else { "full" }
}

/// The legal choices of the reference that a mutant shows on: advice is for a server that needs none.
fn choices(kills: &str) -> plumb_reference::Options {
    match suite(&[kills]) {
        "advice" => plumb_reference::Options::exemplary(),
        _ => plumb_reference::Options::default(),
    }
}

/// The events of a run.
pub(crate) async fn events(options: Options) -> Result<Vec<Event>, RunError> {
    judging::events(&plumb_checks::all(), options).await
}

/// The report of a run.
pub(crate) async fn report(options: Options) -> Report {
    let events = events(options).await.expect("the target is reached");
    Report::fold(events).expect("a whole stream")
}

/// The embedded reference with these rules and legal choices, judged over HTTP in this process.
pub(crate) async fn in_process(
    rules: Rules,
    choices: plumb_reference::Options,
    only: &[&str],
) -> Report {
    let reference = Reference { rules, options: choices };
    let running = plumb_reference::spawn_http(reference).await.expect("starts");
    let url = running.url.clone();
    let report = report(options(judging::at(&url), only)).await;
    drop(running);
    report
}

/// The reference as a command that serves HTTP.
pub(crate) fn http_command(broken: Option<&str>) -> Target {
    let reach = Reach { url: "http://127.0.0.1:{port}/mcp".into(), ..Reach::default() };
    Target::HttpCommand {
        launch: launch(&["--port", "{port}", "--state-dir", SHARED_DIR], broken),
        reach,
    }
}

/// The reference as a command over standard streams.
pub(crate) fn stdio_command(broken: Option<&str>) -> Target {
    Target::Stdio(launch(&["--stdio", "--state-dir", SHARED_DIR], broken))
}

/// The reference as a command over standard streams, with these legal choices.
pub(crate) fn stdio_of(choices: &plumb_reference::Options) -> Target {
    let choices = serde_json::to_string(choices).expect("choices serialise");
    Target::Stdio(launch(&["--stdio", "--options", &choices], None))
}

/// The reference with these legal choices, judged over standard streams.
pub(crate) async fn over_stdio(choices: &plumb_reference::Options, only: &[&str]) -> Report {
    report(options(stdio_of(choices), only)).await
}

/// The reference as a command that serves HTTP, protected by the authorization server of the run.
pub(crate) fn protected_command(broken: Option<&str>) -> Target {
    let reach = Reach { url: "http://127.0.0.1:{port}/mcp".into(), ..Reach::default() };
    let trust = [
        "--protect",
        "--issuer",
        "{auth.issuer}",
        "--jwks",
        "{auth.jwks_uri}",
        "--upstream",
        "{auth.upstream}",
    ];
    let arguments: Vec<&str> = ["--port", "{port}"].into_iter().chain(trust).collect();
    Target::HttpCommand { launch: launch(&arguments, broken), reach }
}

/// What a run with tokens needs.
pub(crate) fn protected_options(broken: Option<&str>, only: &[&str]) -> Options {
    Options { auth: Some(AuthOptions::default()), ..options(protected_command(broken), only) }
}

/// Whether a check needs tokens.
pub(crate) fn needs_tokens(id: &str) -> bool {
    plumb_checks::all().iter().any(|c| c.covers(id) && c.applies.contains(&Applies::Auth))
}

fn launch(extra: &[&str], broken: Option<&str>) -> Launch {
    let mut args = vec!["serve", "reference"];
    args.extend(extra);
    if let Some(rule) = broken {
        args.extend(["--break", rule]);
    }
    Launch {
        program: binary(),
        args: args.into_iter().map(str::to_owned).collect(),
        ..Launch::default()
    }
}

/// The verdict of a check.
pub(crate) fn verdict<'a>(report: &'a Report, id: &str) -> Option<&'a Verdict> {
    report.checks.iter().find(|c| c.info.id == id).map(|c| &c.verdict)
}

/// Checks that are neither held nor out of scope, a line each.
pub(crate) fn not_held(report: &Report) -> Vec<String> {
    let fine = |v: &Verdict| matches!(v, Verdict::Held | Verdict::NotApplicable { .. });
    let mut lines = Vec::new();
    for check in report.checks.iter().filter(|c| !fine(&c.verdict)) {
        lines.push(format!("{}: {:?}", check.info.id, check.verdict));
        for case in check.cases.iter().filter(|c| !fine(&c.verdict)).take(3) {
            lines.push(format!("    {}: {:?}", case.case, case.verdict));
        }
    }
    lines
}

/// Mutants that show only where there are tokens, though their checks need none.
const SHOWN_BY_TOKENS: [&str; 1] = ["logs_without_credentials"];

/// Whether a mutant is noticed by the check that it is made for. The cheapest way first: the check alone
/// over HTTP, then over standard streams, then beside all others, whose traffic a passive check reads.
pub(crate) async fn noticed(mutant: &plumb_reference::Mutant) -> Result<(), String> {
    let id = mutant.kills;
    if needs_tokens(id) || SHOWN_BY_TOKENS.contains(&mutant.name) {
        let report = report(protected_options(Some(mutant.name), &[id])).await;
        return match verdict(&report, id) {
            Some(Verdict::Violated { .. }) => Ok(()),
            other => Err(format!("{} is not noticed by {id}: {other:?}", mutant.name)),
        };
    }
    if suite(&[id]) == "advice" {
        let report = in_process(mutant.rules(), choices(id), &["advice.*"]).await;
        return match verdict(&report, id) {
            Some(Verdict::Violated { .. }) => Ok(()),
            other => Err(format!("{} is not noticed by {id}: {other:?}", mutant.name)),
        };
    }
    let mut seen = Vec::new();
    let tries: [(&str, bool); 4] =
        [("http", true), ("stdio", true), ("http", false), ("stdio", false)];
    for (transport, alone) in tries {
        let only: &[&str] = if alone { &[id] } else { &[] };
        let target = match transport {
            "http" => http_command(Some(mutant.name)),
            _ => stdio_command(Some(mutant.name)),
        };
        let in_process = transport == "http" && !owns_process(id);
        let report = if in_process {
            in_process_report(mutant, only).await
        } else {
            match events(options(target, only)).await {
                Ok(events) => Report::fold(events).map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            }
        };
        match report.as_ref().map(|r| verdict(r, id)) {
            Ok(Some(Verdict::Violated { .. })) => return Ok(()),
            Ok(other) => seen.push(format!(
                "{transport}, {}: {other:?}",
                if alone { "alone" } else { "with all" }
            )),
            Err(error) => seen.push(format!("{transport}: {error}")),
        }
    }
    Err(format!("{} is not noticed by {id}: {}", mutant.name, seen.join("; ")))
}

async fn in_process_report(
    mutant: &plumb_reference::Mutant,
    only: &[&str],
) -> Result<Report, String> {
    Ok(in_process(mutant.rules(), choices(mutant.kills), only).await)
}

fn owns_process(id: &str) -> bool {
    let own = [Isolation::OwnProcess, Isolation::Replicas];
    plumb_checks::all().iter().any(|c| c.covers(id) && own.contains(&c.isolation))
}
