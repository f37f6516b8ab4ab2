//! What a script can do, as a client sees it and as it is recorded.

use super::*;

/// The answer that the client got, and the one that was recorded.
async fn both<P: Into<Play>>(play: impl Fn() -> P + Send + Sync + 'static) -> (Answer, Answer) {
    let server = always(play).await;
    let answer = ask(&client(&server), post("{}")).await;
    (answer, over(&server, 1).await.remove(0).answer)
}

fn texts(answer: &Answer) -> Vec<&str> {
    answer.frames.iter().filter_map(|f| f.payload.text()).collect()
}

#[tokio::test]
async fn every_framing_is_recorded_as_the_client_reads_it() {
    for (framing, whole) in [
        (Framing::Length, true),
        (Framing::Chunked(2), true),
        (Framing::None, true),
        (Framing::DeclaredLength(4), false),
    ] {
        let (seen, recorded) = both(move || Response::json(&json!(12)).framed(framing)).await;
        assert_eq!(seen.end == End::Complete, whole, "{framing:?}: {:?}", seen.end);
        assert_eq!(
            (&seen.end, &seen.body, texts(&seen)),
            (&recorded.end, &recorded.body, texts(&recorded))
        );
        assert_eq!(seen.head, recorded.head);
    }
}

#[tokio::test]
async fn a_stream_cut_at_any_byte_is_recorded_as_the_client_reads_it() {
    let event = sse::event(Some("message"), Some("1"), "{}\n");
    let stream = move || Response::events([event.as_str(), ": comment\n\n", "data: x\n\n"]);
    let Step::Write(head) = &Response::event_stream().0[0] else { panic!("no head") };
    let length: usize =
        stream().0.iter().map(|s| if let Step::Write(b) = s { b.len() } else { 0 }).sum();
    let mut frames = std::collections::BTreeSet::new();
    for bytes in (1..=length).step_by(3).chain([head.len(), length]) {
        let stream = stream.clone();
        let (seen, recorded) = both(move || stream().cut(bytes)).await;
        assert_eq!((&seen.end, texts(&seen)), (&recorded.end, texts(&recorded)), "{bytes}");
        assert_eq!(seen.stream, recorded.stream, "{bytes}");
        assert_eq!(seen.end == End::Complete, bytes == length, "{bytes}: {:?}", seen.end);
        frames.insert(seen.frames.len());
    }
    assert_eq!(frames.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test]
async fn interim_answers_and_garbage_are_written() {
    let interim = || {
        Script::new().write(Response::new(103).header("Link", "x").head()).and(Response::new(204))
    };
    let (seen, recorded) = both(interim).await;
    assert_eq!((seen.status(), recorded.status(), seen.end), (Some(204), Some(204), End::Complete));

    let (seen, recorded) = both(|| Script::new().write("SSH-2.0\r\n")).await;
    assert_eq!(seen.end, recorded.end);
    assert!(matches!(&seen.end, End::Broken(why) if why.contains("malformed")), "{:?}", seen.end);

    let (seen, recorded) = both(|| Script::from(Step::Close)).await;
    assert_eq!(seen.end, End::Broken("the connection was closed before an answer".into()));
    assert_eq!(seen.end, recorded.end);
}

#[tokio::test]
async fn several_answers_to_one_request_are_written_and_end_the_connection() {
    let server = always(|| Script::from(Response::new(200)).and(Response::new(404))).await;
    let wire = raw(&server, b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(wire.matches("HTTP/1.1 ").count(), 2, "{wire}");
    assert_eq!(over(&server, 1).await[0].answer.status(), Some(200));
}

#[tokio::test]
async fn a_reset_is_no_close() {
    let head = Response::new(200).framed(Framing::DeclaredLength(9)).head();
    let server = always(move || Script::new().write(head.clone()).then(Step::Reset)).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("taken");
    let error = stream.read_to_end(&mut Vec::new()).await.expect_err("reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_stream_lives_as_long_as_its_sender() {
    let (give, given) = tokio::sync::mpsc::channel(4);
    let given = std::sync::Mutex::new(Some(given));
    let server = always(move || {
        let coming = given.lock().expect("unpoisoned").take().expect("one request");
        Play::live(Response::event_stream(), coming)
    })
    .await;
    let client = client(&server);
    let mut live = client.send(post("{}")).await.expect("sent");
    for n in ["1", "2"] {
        give.send(Step::Write(chunk(sse::event(None, None, n).as_bytes()).into()))
            .await
            .expect("taken");
        assert_eq!(live.next().await.expect("an event").payload.text(), Some(n));
    }
    assert_eq!(server.served()[0].answer.frames.len(), 2);
    give.send(Step::Write(LAST_CHUNK.into())).await.expect("taken");
    assert_eq!(live.next().await, None);
    drop(give);
    assert_eq!(live.finish().await.1.end, End::Complete);
    assert_eq!(over(&server, 1).await[0].answer.end, End::Complete);
}

#[tokio::test]
async fn a_client_that_closes_is_noticed_in_every_step() {
    let (give, given) = tokio::sync::mpsc::channel::<Step>(1);
    let given = std::sync::Mutex::new(Some(given));
    let server = start(move |asked: Asked| {
        let given = given.lock().expect("unpoisoned").take_if(|_| asked.target() == "/live");
        async move {
            match asked.target() {
                "/hold" => Step::Hold.into(),
                "/wait" => Script::new().then(Step::Wait(600_000)).into(),
                "/repeat" => Response::event_stream().then(Step::Repeat(": x\n".into())).into(),
                "/live" => Play::live(Response::event_stream(), given.expect("asked once")),
                _ => std::future::pending().await,
            }
        }
    })
    .await;
    let client = client(&server);
    for (n, target) in ["/hold", "/wait", "/repeat", "/live", "/handler"].into_iter().enumerate() {
        let mut request = post("{}");
        request.target = Some(target.into());
        let live = client.send(request).await.expect("sent");
        server.wait(SOON, |all| all.len() == n + 1).await.expect("it is asked");
        drop(live);
        let end = over(&server, n + 1).await[n].answer.end.clone();
        assert!(matches!(end, End::Broken(_) | End::TooLarge(_)), "{target}: {end:?}");
    }
    tokio::time::timeout(SOON, give.closed()).await.expect("whoever sends the steps sees it");
}

#[tokio::test]
async fn a_greeting_is_said_unasked() {
    struct Banner;
    impl Handler for Banner {
        fn greet(&self) -> Option<Play> {
            Some(Script::new().write("220 ready\r\n").in_pieces(4, Duration::from_millis(1)).into())
        }

        async fn answer(&self, _: Asked) -> Play {
            Play::default()
        }
    }
    let server = start(Banner).await;
    assert_eq!(raw(&server, b"").await, "220 ready\r\n");
    assert_eq!(over(&server, 1).await[0].asked.sent, Sent::Nothing);
}
