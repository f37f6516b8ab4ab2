//! The laws of the checks of clients: ours holds all of them, each notices a departure, and whatever a client does, it ends
//! and is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use plumb_model::{Edition, Initiator, Report, Role, Verdict};
use plumb_reference::{CLIENT_MUTANTS, CLIENT_STYLES, ClientMutant};
use plumb_runner::client::{ClientCommand, Drive, Provoked, Scenario};
use plumb_runner::{Options, RunError, Target};
use plumb_wire::Transport;
use plumb_wire::process::Launch;

use crate::judging;

/// A client may take so long in one scenario; ours takes some ten milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

fn options(program: &str, args: &[&str], patience: Duration, only: &[&str]) -> Options {
    let edition = judging::newest();
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let launch = Launch { program: program.to_owned(), args, ..Launch::default() };
    let command =
        ClientCommand { launch, patience, drive: Drive::Steps, ..ClientCommand::default() };
    let suite = judging::suite(&edition, "full");
    judging::options(edition, suite, Target::Client(Box::new(command)), only)
}

async fn run(options: Options) -> Result<Report, RunError> {
    judging::judged(&plumb_checks::of_clients(), options).await
}

/// Our client with these options, judged by some checks.
async fn ours(extra: &[&str], only: &[&str]) -> Report {
    played(extra, only, Vec::new()).await
}

/// The same in these scenarios only; in all where none is named.
async fn played(extra: &[&str], only: &[&str], scenarios: Vec<Scenario>) -> Report {
    let args = [&["reference-client"], extra].concat();
    let mut options = options(env!("CARGO_BIN_EXE_plumb"), &args, PATIENCE, only);
    play(&mut options, scenarios);
    run(options).await.expect("the client asks for something")
}

/// Our client with these options over standard streams.
async fn piped(extra: &[&str], only: &[&str], scenarios: Vec<Scenario>) -> Report {
    let args = [&["reference-client"], extra, &["--"]].concat();
    let mut options = options(env!("CARGO_BIN_EXE_plumb"), &args, PATIENCE, only);
    if let Target::Client(command) = &mut options.target {
        command.over = Transport::Stdio;
        command.relay = vec![env!("CARGO_BIN_EXE_plumb").to_owned(), "relay".to_owned()];
    }
    play(&mut options, scenarios);
    run(options).await.expect("the client asks for something")
}

/// Where such departures show: what is played over standard streams alone, and a few others.
fn told_over_streams() -> Vec<Scenario> {
    let others = [
        Scenario::ToolsCall,
        Scenario::StandardHeaders,
        Scenario::VersionRefused,
        Scenario::Provoked(Provoked::Asking),
        Scenario::Provoked(Provoked::Earlier),
        Scenario::Provoked(Provoked::Cancelled),
        Scenario::Provoked(Provoked::TaskCancelled),
    ];
    let alone = |scenario: &Scenario| !scenario.is_over(Transport::StreamableHttp);
    others.into_iter().chain(Scenario::open().into_iter().filter(alone)).collect()
}

/// What needs a server that the client starts.
fn is_piped(id: &str) -> bool {
    let elsewhere = [
        "base.notif.client-no-id",
        "base.stateless.client-process-lifetime",
        "cancel.only-own-requests",
        "cancel.client-ignore-late",
        "cancel.only-in-progress",
        "cancel.race-client",
        "schema.cancel.in-flight",
        "subs.client-resend-stdio",
        "tasks.cancel.not-by-notification",
        "versioning.modern-client-stdio-probe",
    ];
    id.starts_with("stdio.") || elsewhere.contains(&id)
}

fn play(options: &mut Options, scenarios: Vec<Scenario>) {
    if let Target::Client(command) = &mut options.target {
        command.scenarios = scenarios;
    }
}

/// What a shell does in place of a client, in each scenario.
async fn shell(script: &str, patience: Duration) -> Result<Report, RunError> {
    let mut options = options("sh", &["-c", script, "{url}"], patience, &[]);
    play(&mut options, Scenario::ALL.to_vec());
    run(options).await
}

fn verdicts(report: &Report) -> BTreeMap<&str, &Verdict> {
    report.checks.iter().map(|c| (c.info.id.as_str(), &c.verdict)).collect()
}

/// Over HTTP, over standard streams, and there also as one that speaks no earlier revision.
#[tokio::test(flavor = "multi_thread")]
async fn our_client_holds_every_check() {
    let posted = ours(&[], &[]).await;
    let runs =
        [posted, piped(&[], &[], Vec::new()).await, piped(&["--modern"], &[], Vec::new()).await];
    let mut held = BTreeSet::new();
    for report in &runs {
        let verdicts = verdicts(report);
        let violated: Vec<_> = verdicts
            .iter()
            .filter(|(_, v)| matches!(v, Verdict::Violated { .. } | Verdict::Inconclusive { .. }))
            .collect();
        assert!(violated.is_empty(), "{violated:#?}");
        held.extend(verdicts.iter().filter(|(_, v)| ***v == Verdict::Held).map(|(id, _)| *id));
        assert_eq!(report.remarks, Vec::<String>::new());
        assert_eq!(report.run.target.role, Role::Client);
        assert!(report.exchanges.values().all(|e| e.initiator == Initiator::Target));
    }
    let all: BTreeSet<&str> = plumb_checks::of_clients().iter().flat_map(|c| c.rows()).collect();
    assert_eq!(held, all);
    let over_http = verdicts(&runs[0]);
    let not_held: Vec<_> =
        over_http.iter().filter(|(id, v)| ***v != Verdict::Held && !is_piped(id)).collect();
    assert!(not_held.is_empty(), "{not_held:#?}");
}

/// A departure that its mutant shows elsewhere, too, is noticed in this scenario alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_departure_is_noticed_in_each_scenario_that_shows_it() {
    let (ids, fallback) =
        ("base.request.id-unique-inflight", "versioning.modern-error-no-fallback");
    let listening = vec![Scenario::Provoked(Provoked::Listening)];
    let apart = vec![Scenario::Provoked(Provoked::NoCommonVersion)];
    for (report, id) in [
        (piped(&["--break", "ids_are_unique"], &[ids], listening).await, ids),
        (played(&["--break", "stays_modern"], &[fallback], apart).await, fallback),
    ] {
        assert!(matches!(verdicts(&report)[id], Verdict::Violated { .. }), "{id}");
    }
}

/// Whatever a client does with what the text leaves to it.
#[tokio::test(flavor = "multi_thread")]
async fn no_style_of_a_client_is_held_against_it() {
    let runs = CLIENT_STYLES.iter().flat_map(|style| {
        [Transport::StreamableHttp, Transport::Stdio]
            .map(|over| Box::pin(held_against(style.name, over)))
    });
    let wrong: Vec<String> = stream::iter(runs).buffer_unordered(judging::AT_ONCE).concat().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn held_against(style: &str, over: Transport) -> Vec<String> {
    let extra = ["--style", style];
    let report = match over {
        Transport::StreamableHttp => ours(&extra, &[]).await,
        Transport::Stdio => piped(&extra, &[], Vec::new()).await,
    };
    let wrong = |v: &&Verdict| matches!(v, Verdict::Violated { .. } | Verdict::Inconclusive { .. });
    let named = |(id, verdict)| format!("{style} over {}: {id}: {verdict:?}", over.name());
    verdicts(&report).into_iter().filter(|(_, v)| wrong(v)).map(named).collect()
}

/// What it says in the handshake of another revision would break ten rows of this one.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_two_revisions_is_judged_by_what_it_says_in_this_one() {
    let report = ours(&["--dual"], &[]).await;
    let verdicts = verdicts(&report);
    let not_held: Vec<_> =
        verdicts.iter().filter(|(id, v)| ***v != Verdict::Held && !is_piped(id)).collect();
    assert!(not_held.is_empty(), "{not_held:#?}");
    assert_eq!(report.run.target.era, "dual");
}

/// Who is given no steps may get any prompt, but none by a listed name in another form of Unicode.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_another_form_is_noticed_of_who_is_told_nothing() {
    let id = "prompts.get.client-as-asked";
    for (extra, broken) in [(&[][..], false), (&["--break", "gets_what_is_listed"][..], true)] {
        let args = [&["reference-client"], extra].concat();
        let mut options = options(env!("CARGO_BIN_EXE_plumb"), &args, PATIENCE, &[id]);
        if let Target::Client(command) = &mut options.target {
            command.drive = Drive::Official;
        }
        play(&mut options, vec![Scenario::StandardHeaders]);
        let report = run(options).await.expect("the client asks for something");
        let verdict = verdicts(&report).remove(id).cloned();
        assert_eq!(matches!(verdict, Some(Verdict::Violated { .. })), broken, "{verdict:?}");
    }
}

/// Where a departure shows: the likeliest and quickest scenarios first, and all of them last.
fn likely(mutant: &ClientMutant) -> Vec<Vec<Scenario>> {
    if is_piped(mutant.kills) {
        return vec![vec![Scenario::ToolsCall], told_over_streams()];
    }
    let signs_in = ["auth.", "authsec.", "cc.", "client.", "dpop.", "ema."];
    if !signs_in.iter().any(|prefix| mutant.kills.starts_with(prefix)) {
        return vec![Scenario::ALL.to_vec(), Scenario::open(), Scenario::all()];
    }
    let open = Scenario::open();
    let protected = Scenario::all().into_iter().filter(|scenario| !open.contains(scenario));
    vec![protected.collect(), Scenario::all()]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_notices_a_departure() {
    let wanted = std::env::var("PLUMB_MUTANT").unwrap_or_default();
    let named = |m: &&ClientMutant| {
        wanted.is_empty() || m.name == wanted || plumb_model::suite::matches(&wanted, m.kills)
    };
    let judged = CLIENT_MUTANTS.iter().filter(named).map(|mutant| async move {
        let mut verdict = None;
        for scenarios in likely(mutant) {
            let (broken, kills) = (["--break", mutant.name], [mutant.kills]);
            let report = if is_piped(mutant.kills) {
                piped(&broken, &kills, scenarios).await
            } else {
                played(&broken, &kills, scenarios).await
            };
            verdict = verdicts(&report).remove(mutant.kills).cloned();
            if matches!(verdict, Some(Verdict::Violated { .. })) {
                return None;
            }
        }
        Some(format!("{} by {}: {verdict:?}", mutant.name, mutant.kills))
    });
    // Most of the time a mutant waits for its tasks.
    let judged = stream::iter(judged).buffer_unordered(judging::AT_ONCE);
    let unnoticed: Vec<String> = judged.filter_map(std::future::ready).collect().await;
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:#?}");
}

/// The server that clients are pointed at has to be right: our own checks of servers judge it, in place of a client.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_that_clients_meet_holds_what_servers_must() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, out) = (env!("CARGO_BIN_EXE_plumb"), folder.path().display());
    let script =
        format!("exec {own} run --strict --out {out}/$MCP_CONFORMANCE_SCENARIO \"$0\" >&2");
    let mut options = options("sh", &["-c", &script, "{url}"], Duration::from_secs(60), &[]);
    play(&mut options, Scenario::PLAIN.to_vec());
    let report = run(options).await.expect("it is asked");
    assert_eq!(report.remarks, Vec::<String>::new());
}

#[test]
fn every_check_has_a_mutant_and_every_mutant_a_check() {
    let checks: BTreeSet<&str> = plumb_checks::of_clients().iter().map(|c| c.id).collect();
    let killed: BTreeSet<&str> = CLIENT_MUTANTS.iter().map(|mutant| mutant.kills).collect();
    assert_eq!(checks, killed);
}

#[test]
fn every_requirement_on_a_client_has_a_check_or_an_exclusion() {
    let ledger = Edition::latest().ledger;
    let checks = plumb_checks::of_clients();
    for row in ledger.rows().iter().filter(|row| row.demands_of(Role::Client)) {
        let judged = checks.iter().any(|check| check.covers(&row.id));
        let excluded = ledger.exclusion(&row.id, Role::Client).is_some();
        assert!(judged != excluded, "`{}`: judged {judged}, excluded {excluded}", row.id);
    }
}

#[test]
fn every_check_judges_a_requirement_on_clients_once_and_says_what_it_does() {
    // What two revisions share can have a check for each.
    for revision in ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"] {
        let edition = Edition::of(revision).expect("it is known");
        let mut seen = BTreeSet::new();
        for check in plumb_checks::of_every_role().into_iter().filter(|c| c.is_for(&edition)) {
            let role = check.role();
            let new = check.rows().all(|id| seen.insert((role.noun(), id)));
            assert!(new, "`{}` judges what is judged in {revision}", check.id);
        }
    }
    let ledger = Edition::latest().ledger;
    for check in plumb_checks::of_clients() {
        assert_eq!(check.role(), Role::Client, "`{}`", check.id);
        for id in check.rows() {
            let row = ledger.requirement(id).unwrap_or_else(|| panic!("`{id}` is in no ledger"));
            assert!(row.demands_of(Role::Client), "`{id}` binds no client");
            assert!(
                ledger.exclusion(id, Role::Client).is_none(),
                "`{id}` has a check and is excluded"
            );
        }
        let docs = check.docs.join("\n");
        for part in ["**Observed", "**Why", "**Fix"] {
            assert!(docs.contains(part), "`{}` does not say {part}", check.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_for_nothing_is_not_judged() {
    let quiet = shell("exit 0", PATIENCE).await.expect_err("nothing came");
    assert_eq!(
        quiet.to_string(),
        "the client asked for nothing: it ended with exit code 0 each time"
    );
    let crashing = shell("echo 'no such module' >&2; exit 3", PATIENCE).await;
    let crashing = crashing.expect_err("nothing came").to_string();
    for part in ["in `tools_call`", "exit code 3", "no such module"] {
        assert!(crashing.contains(part), "{crashing}");
    }
}

#[test]
fn the_command_judges_leaves_reports_and_says_by_its_exit_code_how_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let plumb = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plumb"));
        let output = command.args(args).current_dir(folder.path()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = plumb(&["client"]);
    assert_eq!(code, Some(0), "{said}");
    for file in ["run.jsonl", "report.json", "report.html", "junit.xml"] {
        assert!(folder.path().join("reports").join(file).is_file(), "no {file}");
    }
    let report = std::fs::read(folder.path().join("reports/report.json")).expect("written");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["target"]["role"], "client");
    let own = env!("CARGO_BIN_EXE_plumb");
    for (args, code) in [
        (&["client", "--", own, "reference-client", "--break", "posts"][..], 1),
        (&["client", "--", own, "reference-client", "--break", "names_itself"], 0),
        (&["client", "--strict", "--", own, "reference-client", "--break", "names_itself"], 1),
        (&["client", "--suite", "server-card"], 3),
        (&["client", "--", "true"], 4),
        (&["client", "--", "/there/is/no/such/program"], 4),
    ] {
        assert_eq!(plumb(args).0, Some(code), "{args:?}");
    }
    let (_, listed) = plumb(&["list", "--role", "client", "--suite", "full"]);
    let rows = plumb_checks::of_clients().iter().flat_map(|c| c.rows()).count();
    let count = format!("{rows} checks");
    assert!(listed.trim_end().ends_with(&count), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_is_ended_and_told_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    // A second process, which knows no SIGTERM.
    let script = format!(
        "(trap '' TERM; echo $$ >/dev/null; exec sleep 300) & echo $! >>{}; sleep 300",
        file.display()
    );
    let begun = Instant::now();
    let hung = shell(&script, Duration::from_millis(200)).await.expect_err("nothing came");
    assert!(hung.to_string().contains("did not end within"), "{hung}");
    assert!(begun.elapsed() < Duration::from_secs(50), "{:?}", begun.elapsed());
    let ids = std::fs::read_to_string(&file).expect("it was started");
    assert_eq!(ids.lines().count(), Scenario::ALL.len());
    for id in ids.lines() {
        let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // What is dead may wait for its parent, which is not us.
        let gone =
            state.is_empty() || state.rsplit(") ").next().is_some_and(|s| s.starts_with('Z'));
        assert!(gone, "{id} is left: {state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_fails_after_it_asked_is_judged_and_its_end_is_told() {
    let client = env!("CARGO_BIN_EXE_plumb");
    let script = format!("{client} reference-client \"$0\"; echo 'out of luck' >&2; exit 7");
    let report = shell(&script, PATIENCE).await.expect("it asked");
    // That its end speaks of errors cannot be told, so what hangs on it is not known, nor what it might have done besides.
    assert!(!verdicts(&report).values().any(|v| matches!(v, Verdict::Violated { .. })));
    let unknown = |v: &&Verdict| matches!(v, Verdict::Inconclusive { why } if why.contains("in every scenario"));
    assert!(verdicts(&report).values().any(unknown), "a failure everywhere is no conformance");
    // In one scenario a right client fails; the others are told at once.
    let [told] = &report.remarks[..] else { panic!("{:?}", report.remarks) };
    assert!(told.starts_with("in `tools_call`, "), "{told}");
    let more =
        format!("and {} more the client ended with exit code 7", Scenario::ALL.len() - 1 - 4);
    assert!(told.contains(&more) && told.ends_with("its last words: out of luck"), "{told}");
}
