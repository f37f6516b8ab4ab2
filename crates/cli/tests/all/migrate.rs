//! The audit finds what a server does, and does not find what it does not.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use plumb_model::Audit;
use plumb_model::audit::{Progress, State};

/// What the audit says of the server of the revision before with these ways, and how it is reached.
fn audit(ways: &[&str], stdio: bool, more: &[&str]) -> Audit {
    tried(ways, stdio, more).unwrap_or_else(|said| panic!("{ways:?}: {said}"))
}

/// The same, or what went wrong.
fn tried(ways: &[&str], stdio: bool, more: &[&str]) -> Result<Audit, String> {
    started_by(&[], ways, stdio, more)
}

/// The same of a server that is started by these words before its own.
fn started_by(words: &[&str], ways: &[&str], stdio: bool, more: &[&str]) -> Result<Audit, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let plumb = env!("CARGO_BIN_EXE_plumb");
    let mut command = Command::new(plumb);
    command.args(["migrate", "--format", "json", "--budget", "60"]).args(more);
    command.arg("--").args(words).args([plumb, "serve", "earlier"]);
    command.args(if stdio { ["--stdio", "--port=0"] } else { ["--port", "{port}"] });
    command.args(ways.iter().flat_map(|way| ["--with", way]));
    let output =
        command.current_dir(folder.path()).stdin(Stdio::null()).output().expect("the binary runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(Audit::parse(&String::from_utf8_lossy(&output.stdout)).expect("an audit"))
}

fn states(audit: &Audit) -> BTreeMap<&str, (State, &str)> {
    let seen = |item: &plumb_model::audit::Item| item.evidence.first().map_or("", |_| "");
    let mut all = BTreeMap::new();
    for item in &audit.items {
        let told = item.evidence.first().map_or(seen(item), |e| e.seen.as_str());
        all.insert(item.id.strip_prefix("migrate.").unwrap_or(&item.id), (item.state, told));
    }
    all
}

/// What has to be there for something else to be seen.
const BESIDE: [(&str, &[&str]); 10] = [
    ("core.handshake-required", &["core.discover"]),
    ("auth.scopes", &["protected"]),
    ("auth.challenge", &["protected"]),
    ("auth.resource-metadata", &["protected"]),
    ("auth.registration", &["protected"]),
    ("auth.iss", &["protected"]),
    ("push.outside-call", &["stream.get"]),
    ("replica.session", &["session.minted"]),
    ("restart.session", &["session.minted"]),
    ("method.roots-list-changed", &["session.minted"]),
];

/// What no way of that server shows: tokens of ours are judged elsewhere.
const ELSEWHERE: [&str; 2] = ["auth.audience", "auth.token-issuer"];

#[test]
fn a_server_with_nothing_to_change_has_nothing_found() {
    for (ways, stdio) in [(&[][..], false), (&["protected"][..], false), (&[][..], true)] {
        let more: &[&str] = if ways.is_empty() { &[] } else { &["--bearer", "a-token-of-nobody"] };
        let audit = audit(ways, stdio, more);
        let states = states(&audit);
        let found: Vec<_> =
            states.iter().filter(|(_, (state, _))| *state == State::Found).collect();
        assert!(found.is_empty(), "{ways:?} {stdio}: {found:?}");
        assert_eq!(audit.target.era, "dual");
    }
}

/// Nor has one that runs once at a time: what another process would have been asked is not observable, and says nothing of it.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_does_not_start_beside_the_first_shows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("lock");
    let words = ["flock", "--nonblock", lock.to_str().expect("UTF-8")];
    let audit = started_by(&words, &[], true, &[]).expect("an audit");
    let states = states(&audit);
    let found: Vec<_> = states.iter().filter(|(_, (state, _))| *state == State::Found).collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        states["core.handshake-required"],
        (State::NotObservable, "no second process answered")
    );
}

#[test]
fn each_way_is_found_where_it_is() {
    let plain = audit(&[], false, &[]);
    let ids: Vec<String> = states(&plain).keys().map(|id| (*id).to_owned()).collect();
    let wanted = std::env::var("PLUMB_WAY").ok();
    let chosen = |id: &&String| {
        !ELSEWHERE.contains(&id.as_str()) && wanted.as_ref().is_none_or(|w| id.starts_with(w))
    };
    let ids: Vec<String> = ids.iter().filter(chosen).cloned().collect();
    // Ways of one kind lie beside each other, and each audit gets ways of several kinds.
    let audits = ids.len().div_ceil(TOGETHER).max(1);
    let groups: Vec<Vec<&str>> = (0..audits)
        .map(|at| ids.iter().skip(at).step_by(audits).map(String::as_str).collect())
        .collect();
    let missed: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = groups
            .chunks(groups.len().div_ceil(4))
            .map(|part| scope.spawn(|| part.iter().flat_map(|ids| missed(ids)).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("no panic")).collect()
    });
    assert!(missed.is_empty(), "{missed:#?}");
}

/// So many ways are looked for in one audit.
const TOGETHER: usize = 6;

/// The ways that are not found: all in one server, and those that it hides in one of their own.
fn missed(ids: &[&str]) -> Vec<String> {
    let mut ways = Vec::new();
    for id in ids {
        let beside = BESIDE.iter().find(|(way, _)| way == id).map_or(&[][..], |(_, beside)| beside);
        ways.extend(
            beside
                .iter()
                .chain([id])
                .filter(|way| !ways.contains(*way))
                .copied()
                .collect::<Vec<_>>(),
        );
    }
    let more: &[&str] =
        if ways.contains(&"protected") { &["--bearer", "a-token-of-nobody"] } else { &[] };
    let alone = || ids.iter().flat_map(|id| missed(&[id])).collect();
    let audit = match tried(&ways, false, more) {
        Ok(audit) => audit,
        Err(_) if ids.len() > 1 => return alone(),
        Err(said) => return vec![format!("{ways:?}: {said}")],
    };
    let states = states(&audit);
    let unseen = ids.iter().filter(|id| states[**id].0 != State::Found);
    if ids.len() == 1 {
        let told = |id: &&str| format!("{id}: {} ({})", states[*id].0.words(), states[*id].1);
        return unseen.map(told).collect();
    }
    unseen.flat_map(|id| missed(&[id])).collect()
}

#[test]
fn what_a_status_says_of_a_session_is_looked_at_and_ids_on_the_stream_of_get_are_seen() {
    let audit =
        audit(&["session.minted", "delete-ignored", "stream.get", "ids-on-get"], false, &[]);
    let states = states(&audit);
    assert_eq!(states["session.ended-by-client"].0, State::NotFound, "{states:?}");
    assert_eq!(states["stream.event-ids"].0, State::Found, "{states:?}");
}

#[test]
fn an_earlier_audit_shows_what_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = folder.path().join("before.json");
    let first = audit(&["method.ping", "stream.get"], false, &[]);
    std::fs::write(&before, serde_json::to_string(&first).expect("serialises")).expect("written");
    let before = before.display().to_string();
    let second = audit(&["stream.get", "batch.accepted"], false, &["--since", &before]);
    let progress = |id: &str| {
        second.items.iter().find(|i| i.id == id).and_then(plumb_model::audit::Item::progress)
    };
    assert_eq!(progress("migrate.method.ping"), Some(Progress::Done));
    assert_eq!(progress("migrate.stream.get"), Some(Progress::Left));
    assert_eq!(progress("migrate.batch.accepted"), Some(Progress::New));
    assert_eq!(progress("migrate.names.title"), Some(Progress::Nothing));
}

#[test]
fn an_earlier_run_shows_what_is_done_of_what_it_saw() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run").display().to_string();
    let plumb = env!("CARGO_BIN_EXE_plumb");
    let run = Command::new(plumb)
        .args(["run", "--revision", "2026-07-28", "--quiet", "--out", &out])
        .args(["--", plumb, "serve", "handshake", "--port", "{port}"])
        .current_dir(folder.path())
        .output()
        .expect("plumb runs");
    let recording = folder.path().join("run/run.jsonl");
    assert!(recording.is_file(), "{}", String::from_utf8_lossy(&run.stderr));
    let progress = |since: &str| {
        let second = audit(&[], false, &["--since", since]);
        let item = second.items.iter().find(|i| i.id == "migrate.core.discover").cloned();
        item.and_then(|item| item.progress())
    };
    assert_eq!(progress(&recording.display().to_string()), Some(Progress::Done));
    assert_eq!(progress(&out), Some(Progress::Done));
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_full_disk_has_no_room_for_is_not_told_as_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let html = folder.path().join("migrate.html");
    std::os::unix::fs::symlink("/dev/full", &html).expect("a link");
    let plumb = env!("CARGO_BIN_EXE_plumb");
    let output = Command::new(plumb)
        .args(["migrate", "--out", ".", "--", plumb, "serve", "earlier", "--stdio"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let reports = told.lines().find_map(|line| line.strip_prefix("reports: "));
    assert_eq!(reports, Some("./migrate.json, ./migrate.md"), "{told}");
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(failed.contains("./migrate.html could not be written"), "{failed}");
    assert_eq!(output.status.code(), Some(7), "{failed}");
}
