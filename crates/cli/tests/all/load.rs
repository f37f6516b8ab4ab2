//! A load is judged by whether each answer is the one to its request, and by nothing else.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use plumb_model::Load;
use plumb_model::load::FaultKind;
use plumb_reference::{Gateway, Reference, RunningGateway, spawn_gateway, spawn_http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn plumb(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    Command::new(env!("CARGO_BIN_EXE_plumb"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// The exit code, and what a load of these arguments showed.
fn load(arguments: &[&str]) -> (Option<i32>, Load) {
    let output = plumb(&[&["load", "--format", "json"], arguments].concat());
    let (said, told) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let load = serde_json::from_str(&said).unwrap_or_else(|why| panic!("{why}: {said} {told}"));
    (output.status.code(), load)
}

fn faults(load: &Load) -> BTreeMap<FaultKind, u64> {
    load.faults.iter().map(|fault| (fault.kind, fault.count)).collect()
}

#[test]
fn a_right_server_answers_rightly_while_its_replicas_are_killed() {
    let own = env!("CARGO_BIN_EXE_plumb");
    let command = ["--", own, "serve", "reference", "--port", "{port}"];
    let (code, load) =
        load(&[&["--replicas", "2", "--kill", "--duration", "4"], &command[..]].concat());
    assert_eq!((code, faults(&load)), (Some(0), BTreeMap::new()), "{load:#?}");
    assert_eq!(load.replicas.len(), 2);
    assert!(load.replicas.iter().all(|r| r.asked > 0 && r.died == 0), "{:?}", load.replicas);
    assert!(load.replicas.iter().any(|r| r.killed > 0), "{:?}", load.replicas);
    assert!(load.right > 0 && load.latency.p50 <= load.latency.max, "{:?}", load.latency);
    let known = |by: &str| load.mix.iter().any(|kind| kind.known_by.contains(by) && kind.right > 0);
    assert!(known("own argument") && known("the resource"), "{:#?}", load.mix);
}

/// A gateway of these flaws before a right server.
async fn flawed(broken: &str) -> (plumb_reference::Running, RunningGateway) {
    let server = spawn_http(Reference::default()).await.expect("a free port");
    let gateway =
        Gateway { to: server.url.clone(), broken: vec![broken.to_owned()], ..Gateway::default() };
    let gateway = spawn_gateway(gateway).await.expect("a free port");
    (server, gateway)
}

async fn loaded(url: &str) -> (Option<i32>, Load) {
    let url = url.to_owned();
    let run = move || load(&["--duration", "2", "--timeout", "5", &url]);
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_request_is_swapped() {
    let (_server, gateway) = flawed("ids_kept_apart").await;
    let (code, load) = loaded(&gateway.url).await;
    assert_eq!(code, Some(1));
    assert!(faults(&load).contains_key(&FaultKind::Swapped), "{:?}", load.faults);
    let example = &load.faults[0].examples[0];
    assert!(example.expected.contains("plumb-load-") && example.came.contains("plumb-load-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_is_lost_while_others_are_answered() {
    let server = spawn_http(Reference::default()).await.expect("a free port");
    let to = server.addr;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        for n in 0_u64.. {
            let Ok((mut client, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut server = TcpStream::connect(to).await?;
                // Every fourth connection ends in the middle of an answer, after some that were whole.
                if n % 4 < 3 {
                    return tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop);
                }
                let (mut from, mut into) = client.split();
                let (mut answers, mut asked) = server.split();
                let cut = async {
                    let mut left = 60_000_usize;
                    let mut piece = [0; 4096];
                    while left > 0 {
                        let read = answers.read(&mut piece).await?;
                        let some = read.min(left).min(if left < 4_096 { 40 } else { read });
                        into.write_all(&piece[..some]).await?;
                        left = if some < read || read == 0 { 0 } else { left - read };
                    }
                    Ok::<(), std::io::Error>(())
                };
                tokio::select! {
                    cut = cut => cut,
                    asked = tokio::io::copy(&mut from, &mut asked) => asked.map(drop),
                }
            });
        }
    });
    let (code, load) = loaded(&url).await;
    assert_eq!(code, Some(1), "{load:#?}");
    assert!(faults(&load).contains_key(&FaultKind::Lost), "{:?} {:?}", load.faults, load.errors);
}

#[test]
fn what_the_server_refuses_is_told_and_fails_nothing() {
    let own = env!("CARGO_BIN_EXE_plumb");
    let options = r#"{"turned_away": [5, 503]}"#;
    let command = ["--", own, "serve", "reference", "--port", "{port}", "--options", options];
    let (code, load) = load(&[&["--rate", "60", "--duration", "3"], &command[..]].concat());
    assert_eq!((code, faults(&load)), (Some(0), BTreeMap::new()), "{load:#?}");
    assert!(load.errors.iter().any(|(what, _)| what.contains("503")), "{:?}", load.errors);
    assert!((100..=190).contains(&load.asked), "{}", load.asked);
}

#[test]
fn a_command_over_standard_streams_is_told_what_a_load_needs() {
    let output =
        plumb(&["load", "--", env!("CARGO_BIN_EXE_plumb"), "serve", "reference", "--stdio"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("{port}"));
}

#[test]
fn the_mix_is_printed_for_other_tools() {
    let own = env!("CARGO_BIN_EXE_plumb");
    let command = ["--", own, "serve", "reference", "--port", "{port}"];
    let script = plumb(&[&["load", "--emit", "k6", "--rate", "5"], &command[..]].concat());
    let script = String::from_utf8(script.stdout).expect("text");
    for part in ["k6/http", "constant-arrival-rate", "tools/call", "\"what\":\"mark\""] {
        assert!(script.contains(part), "{part} in {script}");
    }
    let targets = plumb(&[&["load", "--emit", "vegeta", "--rate", "5"], &command[..]].concat());
    let targets = String::from_utf8(targets.stdout).expect("text");
    let lines: Vec<serde_json::Value> =
        targets.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 50);
    assert!(
        lines
            .iter()
            .all(|line| line["method"] == "POST" && line["header"]["Mcp-Method"].is_array())
    );
}
