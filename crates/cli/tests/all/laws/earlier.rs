//! The laws of revisions with a handshake: a right server holds them, and each of its rules is noticed when it is broken.

mod one_stream;
mod opening;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::StreamExt as _;
use plumb_model::{Edition, Report, Role, Sent, Verdict};
use plumb_reference::{EARLIER_MUTANTS, EarlierMutant, MUTANTS, Reference, spawn_handshake_http};
use plumb_runner::{Reach, Target};
use plumb_wire::process::Launch;

use crate::judging;

/// What passive checks look at is provoked by others.
const PROVOKING: &str = "base.jsonrpc.method-not-found";

/// And by this what comes of the tools that a model uses.
const TOOL_USES: &str = "sampling.sec.match-results";

/// What a server shows only when it does something wrong, or what it need not have.
const SILENT: [&str; 6] = [
    "lifecycle.capabilities.notifications",
    "base.request.id",
    "http.sse.retry",
    "cancel.own-requests",
    "elicit.required.list",
    "core-tasks.undeclared-ignored",
];

async fn judged(revision: &str, broken: &[&str], only: &[&str]) -> Report {
    judged_calling(revision, broken, only, &[]).await
}

/// The same, where these tools may be called as well.
async fn judged_calling(revision: &str, broken: &[&str], only: &[&str], tools: &[&str]) -> Report {
    let url = spawn_handshake_http(broken).await.expect("a port of the loopback");
    judged_at(judging::at(&url), revision, only, tools).await
}

async fn judged_at(target: Target, revision: &str, only: &[&str], tools: &[&str]) -> Report {
    let edition = Edition::of(revision).expect("a revision that is judged");
    let suite = judging::suite(&edition, "full");
    let names = tools.iter().map(|name| (*name).to_owned()).collect();
    let options = plumb_runner::Options {
        allow_calls: plumb_runner::AllowCalls { all: false, names },
        ..judging::options(Arc::new(edition), suite, target, only)
    };
    judging::judged(&plumb_checks::of_servers(), options).await.expect("it is reached")
}

/// The server as a command that serves HTTP.
fn command(broken: &str) -> Target {
    let args = ["serve", "handshake", "--port", "{port}", "--break", broken];
    let launch = Launch {
        program: env!("CARGO_BIN_EXE_plumb").to_owned(),
        args: args.map(str::to_owned).to_vec(),
        ..Launch::default()
    };
    let reach = Reach { url: "http://127.0.0.1:{port}/mcp".into(), ..Reach::default() };
    Target::HttpCommand { launch, reach }
}

fn verdicts(report: &Report) -> BTreeMap<&str, &Verdict> {
    report.checks.iter().map(|check| (check.info.id.as_str(), &check.verdict)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_server_holds_each_revision() {
    for revision in Edition::revisions().into_iter().skip(1) {
        let report = judged(revision, &[], &[]).await;
        assert_eq!(report.run.revision, revision);
        let verdicts = verdicts(&report);
        let wrong: Vec<_> = verdicts
            .iter()
            .filter(|(_, v)| matches!(v, Verdict::Violated { .. } | Verdict::Inconclusive { .. }))
            .collect();
        assert!(wrong.is_empty(), "{revision}: {wrong:#?}");
        let edition = Edition::of(revision).expect("judged");
        let own = plumb_checks::of_earlier();
        let own = own.iter().filter(|c| c.is_for(&edition) && !SILENT.contains(&c.id));
        for check in own {
            assert_eq!(verdicts.get(check.id), Some(&&Verdict::Held), "{revision}: {}", check.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_shows_nothing_of_what_was_seen_in_it() {
    for (broken, id) in [
        ("session_unknown", "http.session.unknown-404"),
        ("version_header", "http.version-header.invalid"),
    ] {
        let report = judged("2025-11-25", &[broken], &[id]).await;
        let check = report.checks.iter().find(|check| check.info.id == id).expect("it is judged");
        assert!(matches!(check.verdict, Verdict::Violated { .. }), "{:?}", check.verdict);
        let shown = check.cases.iter().flat_map(|case| &case.exchanges);
        let sent: Vec<_> = shown.map(|seq| &report.exchanges[seq].sent).collect();
        assert!(!sent.is_empty());
        let ends = |sent: &&&Sent| matches!(sent, Sent::Http { method, .. } if method == "DELETE");
        assert_eq!(sent.iter().filter(ends).count(), 0, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_streams_before_their_answer_is_polled() {
    let liberty = "answers_at_once";
    for (broken, blamed) in
        [(vec![liberty], vec![]), (vec![liberty, "sse_retry"], vec!["http.sse.retry"])]
    {
        let report = judged("2025-11-25", &broken, &[]).await;
        let verdicts = verdicts(&report);
        let in_doubt: Vec<_> =
            verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Inconclusive { .. })).collect();
        assert!(in_doubt.is_empty(), "{broken:?}: {in_doubt:#?}");
        let violated = verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Violated { .. }));
        let violated: Vec<_> = violated.map(|(id, _)| *id).collect();
        assert_eq!(violated, blamed, "{broken:?}");
        assert_eq!(verdicts.get("tools.output.conform"), Some(&&Verdict::Held), "{broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_on_the_stream_of_get_alone_is_listened_to() {
    let report = judged("2025-11-25", &["asks_in_answers"], &[]).await;
    let verdicts = verdicts(&report);
    let wrong = |v: &&Verdict| matches!(v, Verdict::Violated { .. } | Verdict::Inconclusive { .. });
    let wrong: Vec<_> = verdicts.iter().filter(|(_, v)| wrong(v)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for called in ["tools.output.conform", "elicit.empty-means-form", "cancel.server-stop"] {
        assert_eq!(verdicts.get(called), Some(&&Verdict::Held), "{called}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_fails_now_and_then_is_not_blamed_for_what_its_tasks_come_to() {
    let id = "core-tasks.result-final";
    let report = judged("2025-11-25", &["never_fails"], &[id]).await;
    assert_eq!(verdicts(&report).get(id), Some(&&Verdict::Held));
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_that_change_something_are_found_in_a_session_whatever_their_names() {
    let liberty = "fixture_names";
    let tools = ["plug_in", "learn_phrase", "put_file", "touch"];
    let only = [
        "tools.list-changed.session",
        "prompts.list-changed.session",
        "resources.list-changed.session",
        "resources.subscribe.updates",
        "http.streams.one",
    ];
    let report = judged_calling("2025-11-25", &[liberty], &only, &tools).await;
    for id in only {
        assert_eq!(verdicts(&report).get(id), Some(&&Verdict::Held), "{id}");
    }
    // One that changes the list of tools and tells nobody is found by that list.
    let broken = [liberty, "test_trigger_tool_change"];
    let report = judged_calling("2025-11-25", &broken, &only[..1], &tools).await;
    let verdict = verdicts(&report).get(only[0]).copied();
    assert!(matches!(verdict, Some(Verdict::Violated { .. })), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_rule_is_noticed() {
    let wanted = std::env::var("PLUMB_MUTANT").ok();
    let chosen = |m: &&EarlierMutant| {
        wanted.as_ref().is_none_or(|wanted| m.name == wanted || m.kills == wanted)
    };
    let unnoticed = futures_util::stream::iter(EARLIER_MUTANTS.iter().filter(chosen))
        .map(|mutant| async move {
            let revision = if mutant.name == "batch" { "2025-03-26" } else { "2025-11-25" };
            let only = [mutant.kills, PROVOKING, TOOL_USES];
            let only = &only[..if mutant.kills.starts_with("schema.tool-result") { 3 } else { 2 }];
            let report = match mutant.name {
                // At an address, another client might have the one stream.
                "get_conflict" => judged_at(command(mutant.name), revision, only, &[]).await,
                name => judged(revision, &[name], only).await,
            };
            let verdict = verdicts(&report).get(mutant.kills).map(|v| (*v).clone());
            let noticed = matches!(verdict, Some(Verdict::Violated { .. }));
            (!noticed)
                .then(|| format!("{} is not noticed by {}: {verdict:?}", mutant.name, mutant.kills))
        })
        .buffer_unordered(judging::AT_ONCE)
        .filter_map(|unnoticed| async move { unnoticed });
    let unnoticed: Vec<String> = unnoticed.collect().await;
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[test]
fn every_check_of_earlier_revisions_has_a_row_a_mutant_and_its_documentation() {
    let editions: Vec<Edition> = Edition::revisions().into_iter().filter_map(Edition::of).collect();
    for check in plumb_checks::of_earlier() {
        for id in check.rows() {
            let row = editions.iter().find_map(|edition| edition.ledger.requirement(id));
            assert!(row.is_some(), "`{id}` is in no ledger");
            assert!(EARLIER_MUTANTS.iter().any(|m| m.kills == id), "`{id}` has no mutant");
            let excluded = editions.iter().any(|e| e.ledger.exclusion(id, Role::Server).is_some());
            assert!(!excluded, "`{id}` has a check and is excluded");
        }
        let docs = check.docs.join("\n");
        for part in ["**Observed", "**Why", "**Fix"] {
            assert!(docs.contains(part), "`{}` does not say {part}", check.id);
        }
    }
}

#[test]
fn each_requirement_has_a_check_or_a_reason() {
    let checks = plumb_checks::of_servers();
    for revision in Edition::revisions().into_iter().skip(1) {
        let edition = Edition::of(revision).expect("judged");
        let judged = |id: &str| checks.iter().any(|c| c.is_for(&edition) && c.covers(id));
        let rows = edition.ledger.rows().iter().filter(|row| row.binds(Role::Server));
        for id in rows.map(|row| row.id.as_str()) {
            let reason = edition.ledger.exclusion(id, Role::Server).is_some();
            assert!(
                judged(id) != reason,
                "{revision}: `{id}` has a check and a reason, or neither"
            );
        }
    }
}

#[test]
fn a_shared_check_spans_what_its_row_spans() {
    for revision in Edition::revisions() {
        let edition = Edition::of(revision).expect("judged");
        for check in plumb_checks::of_servers().iter().filter(|c| c.is_for(&edition)) {
            for id in check.rows().filter(|_| edition.has_handshake()) {
                assert!(edition.ledger.requirement(id).is_some(), "{revision} has no row `{id}`");
            }
        }
    }
}

/// What `plumb run` says of the right server over standard streams, and what it ends with.
fn run(arguments: &[&str], server: &[&str]) -> (i32, serde_json::Value) {
    run_over(&["--stdio"], arguments, server)
}

fn run_over(way: &[&str], arguments: &[&str], server: &[&str]) -> (i32, serde_json::Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let plumb = env!("CARGO_BIN_EXE_plumb");
    let mut command = Command::new(plumb);
    command.arg("run").args(arguments).args(["--quiet", "--out", "."]);
    command.args(["--", plumb, "serve", "handshake"]).args(way).args(server);
    let output = command.current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.expect("the binary runs");
    let report = std::fs::read_to_string(folder.path().join("report.json"));
    let said = String::from_utf8_lossy(&output.stderr);
    let report = report.unwrap_or_else(|e| panic!("{e}: {said}"));
    (output.status.code().unwrap_or(-1), serde_json::from_str(&report).expect("a report"))
}

#[test]
fn over_standard_streams_a_server_is_judged_by_the_newest_revision_that_it_speaks() {
    let (code, report) = run(&[], &[]);
    assert_eq!((code, &report["revision"]), (0, &serde_json::json!("2025-11-25")), "{report}");
    let (code, report) = run(&["--revision", "2025-06-18", "--suite", "quick"], &[]);
    assert_eq!((code, &report["revision"]), (0, &serde_json::json!("2025-06-18")), "{report}");
}

#[test]
fn over_standard_streams_a_server_that_serves_nothing_until_its_client_answers_is_answered() {
    let (code, report) = run(&[], &["--break", "serves_meanwhile"]);
    assert_eq!((code, &report["counts"]["inconclusive"]), (0, &serde_json::json!(0)), "{report}");
    assert!(report["counts"]["held"].as_u64() > Some(100), "{}", report["counts"]);
}

#[test]
fn over_standard_streams_both_eras_of_one_process_are_judged_apart() {
    let both = serde_json::json!(["2026-07-28", "2025-11-25"]);
    let (code, report) = run(&["--suite", "quick"], &["--dual"]);
    assert_eq!((code, &report["revisions"]), (0, &both), "{report}");
    for part in report["parts"].as_array().expect("parts") {
        assert_eq!(violated(part), Vec::<&str>::new(), "{}", part["revision"]);
        assert!(part["counts"]["held"].as_u64() > Some(40), "{}", part["counts"]);
    }
    let only = format!("{PROVOKING},ping.answered");
    let (_, report) = run(&["--suite", "full", "--only", &only], &["--dual", "--break", "ping"]);
    assert_eq!(report["revisions"], both, "{report}");
    let parts = [&report["parts"][0], &report["parts"][1]].map(violated);
    assert_eq!(parts, [vec![], vec!["ping.answered"]], "{report}");
}

/// What `plumb run` makes of a server at an address, and the folder of its reports.
fn run_at(url: &str, arguments: &[&str]) -> (i32, serde_json::Value, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumb"));
    command.args(["run", url, "--quiet", "--out", "."]).args(arguments);
    let output = command.current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.expect("the binary runs");
    let report = std::fs::read_to_string(folder.path().join("report.json"));
    let said = String::from_utf8_lossy(&output.stderr);
    let report = report.unwrap_or_else(|e| panic!("{e}: {said}"));
    let report = serde_json::from_str(&report).expect("a report");
    (output.status.code().unwrap_or(-1), report, folder)
}

/// The ids that are violated by a part of a run.
fn violated(part: &serde_json::Value) -> Vec<&str> {
    let checks = part["checks"].as_array().expect("checks");
    let broken = checks.iter().filter(|check| check["verdict"] == "violated");
    broken.filter_map(|check| check["id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_both_eras_holds_both_in_one_run_and_a_replay_equals_it() {
    let server = plumb_reference::spawn_dual_http(Reference::default(), &[]).await.expect("a port");
    let (code, report, folder) = run_at(&server.url, &["--suite", "quick"]);
    assert_eq!(report["revisions"], serde_json::json!(["2026-07-28", "2025-11-25"]), "{report}");
    let parts = report["parts"].as_array().expect("parts");
    for part in parts {
        assert_eq!(violated(part), Vec::<&str>::new(), "{}", part["revision"]);
        assert!(part["counts"]["held"].as_u64() > Some(50), "{}", part["counts"]);
    }
    assert_eq!((code, &report["outcome"]), (0, &serde_json::json!("conformant")), "{report}");
    let files = ["report.json", "junit.xml", "report.html"];
    let before = files.map(|file| std::fs::read(folder.path().join(file)).expect("written"));
    let mut again = Command::new(env!("CARGO_BIN_EXE_plumb"));
    again.args([
        "report",
        "run.jsonl",
        "--json",
        files[0],
        "--junit",
        files[1],
        "--html",
        files[2],
    ]);
    let status = again.current_dir(folder.path()).stdout(Stdio::null()).status();
    assert_eq!(status.expect("the binary runs").code(), Some(0));
    let after = files.map(|file| std::fs::read(folder.path().join(file)).expect("written"));
    assert!(before == after, "a replay differs");
    let (_, alone, _) = run_at(&server.url, &["--revision", "2025-11-25", "--only", PROVOKING]);
    assert_eq!(alone["revision"], "2025-11-25");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_era_breaks_is_violated_by_its_revision_alone() {
    let shared = MUTANTS.iter().find(|m| m.kills == PROVOKING).expect("a mutant");
    let newest = Reference::with_rules(shared.rules());
    let earlier = EARLIER_MUTANTS.iter().find(|m| m.name == "session_random").expect("a mutant");
    for (reference, broken, id, place) in [
        (newest, vec![], shared.kills, 0),
        (Reference::default(), vec![earlier.name], earlier.kills, 1),
    ] {
        let server = plumb_reference::spawn_dual_http(reference, &broken).await.expect("a port");
        let only = format!("{PROVOKING},{id}");
        let (_, report, _) = run_at(&server.url, &["--suite", "full", "--only", &only]);
        assert_eq!(report["revisions"].as_array().map(Vec::len), Some(2), "{report}");
        assert!(violated(&report["parts"][place]).contains(&id), "{id}: {report}");
        assert_eq!(violated(&report["parts"][1 - place]), Vec::<&str>::new(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_answer_by_the_next_revision_is_in_doubt_by_that_alone() {
    let server = plumb_reference::spawn_http(Reference::default()).await.expect("a port");
    let asked = ["--revision", "2026-07-28,2025-11-25", "--only", "base.response.same-id"];
    let (code, report, folder) = run_at(&server.url, &asked);
    let verdict = |n: usize| report["parts"][n]["checks"][0]["verdict"].clone();
    assert_eq!((verdict(0), verdict(1)), ("held".into(), "inconclusive".into()), "{report}");
    assert_eq!((code, &report["outcome"]), (5, &serde_json::json!("inconclusive")));
    let remarks = report["parts"][1]["remarks"].to_string();
    assert!(remarks.contains("nothing was judged by revision 2025-11-25"), "{remarks}");
    let xml = std::fs::read_to_string(folder.path().join("junit.xml")).expect("written");
    assert!(xml.contains("\"2026-07-28 basic\"") && xml.contains("\"2025-11-25 basic\""), "{xml}");
}
