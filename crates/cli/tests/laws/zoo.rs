//! Law 4: against servers that answer nothing of worth, no refusal is held and the run ends in its budget.

use std::time::{Duration, Instant};

use plumb_model::{Report, Verdict};
use plumb_runner::{Body, Reach, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::judge;

/// What an animal does with a connection.
#[derive(Clone, Copy, Debug)]
enum Animal {
    Refuses,
    Silent,
    Status500,
    NullForAll,
    Echo,
    ClosesMidStream,
    Floods,
    Dribbles,
    NeverEnds,
}

const ALL: [Animal; 9] = [
    Animal::Refuses,
    Animal::Silent,
    Animal::Status500,
    Animal::NullForAll,
    Animal::Echo,
    Animal::ClosesMidStream,
    Animal::Floods,
    Animal::Dribbles,
    Animal::NeverEnds,
];

#[tokio::test(flavor = "multi_thread")]
async fn no_refusal_is_held_against_the_zoo_and_every_run_ends() {
    let runs = ALL.map(|animal| async move {
        let (listener, url) = listen().await;
        let keeper = tokio::spawn(keep(animal, listener));
        let mut options = judge::options(Target::Url(Reach { url, ..Reach::default() }), &[]);
        options.limits.answer = Duration::from_secs(1);
        options.limits.body_bytes = 1 << 20;
        options.budget = Duration::from_secs(20);
        let begun = Instant::now();
        let outcome = judge::events(options).await;
        keeper.abort();
        (animal, begun.elapsed(), outcome)
    });
    for (animal, took, outcome) in futures_util::future::join_all(runs).await {
        assert!(took < Duration::from_secs(60), "{animal:?} kept the run for {took:?}");
        let Ok(events) = outcome else { continue };
        let report = Report::fold(events).expect("a whole stream");
        assert!(report.internal_faults.is_empty(), "{animal:?}: {:?}", report.internal_faults);
        let refusals = plumb_checks::all().into_iter().filter(|c| matches!(c.body, Body::Cases(_)));
        for check in refusals {
            let verdict = judge::verdict(&report, check.id);
            assert_ne!(verdict, Some(&Verdict::Held), "{animal:?} holds {}", check.id);
        }
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("bound"));
    (listener, url)
}

async fn keep(animal: Animal, listener: TcpListener) {
    if matches!(animal, Animal::Refuses) {
        return;
    }
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(behave(animal, stream));
    }
}

async fn behave(animal: Animal, mut stream: TcpStream) {
    let mut buffer = vec![0; 65_536];
    // One read is a whole request here: our client writes head and body at once.
    while let Ok(n) = stream.read(&mut buffer).await {
        if n == 0 {
            return;
        }
        let request = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
        let json = |text: &str| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            )
        };
        let sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        let wrote = match animal {
            Animal::Refuses => return,
            Animal::Silent => continue,
            Animal::Status500 => {
                stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n").await
            }
            Animal::NullForAll => stream.write_all(json("null").as_bytes()).await,
            Animal::Echo => stream.write_all(json(&body).as_bytes()).await,
            Animal::ClosesMidStream => {
                let _ = stream.write_all(format!("{sse}data: {{\"jsonrpc\"").as_bytes()).await;
                return;
            }
            Animal::Floods => {
                let _ = stream.write_all(sse.as_bytes()).await;
                let chunk = vec![b'x'; 65_536];
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
            Animal::Dribbles => {
                let _ = stream.write_all(sse.as_bytes()).await;
                let mut tick = tokio::time::interval(Duration::from_millis(50));
                while stream.write_all(b":").await.is_ok() {
                    tick.tick().await;
                }
                return;
            }
            Animal::NeverEnds => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{").await
            }
        };
        if wrote.is_err() {
            return;
        }
    }
}
