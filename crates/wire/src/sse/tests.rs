use proptest::prelude::*;

use super::*;

fn parse(bytes: &[u8]) -> (Vec<Event>, StreamFacts) {
    let mut parser = Parser::new(1 << 20);
    let mut events = Vec::new();
    parser.push(bytes, &mut events).expect("within the bound");
    (events, parser.finish())
}

/// How many events a parser of a small bound finds, and whether it refuses the stream.
fn bounded(limit: usize, bytes: &[u8]) -> (usize, Result<(), TooLarge>) {
    let mut events = Vec::new();
    let result = Parser::new(limit).push(bytes, &mut events);
    (events.len(), result)
}

fn data(bytes: &[u8]) -> Vec<Bytes> {
    parse(bytes).0.into_iter().map(|event| event.data).collect()
}

#[test]
fn lines_of_data_are_joined_and_one_space_is_dropped() {
    assert_eq!(data(b"data: a\ndata:b\ndata:  c\n\n"), ["a\nb\n c"]);
    assert_eq!(data(b"data\n\n"), [""]);
    assert_eq!(data(b"data\ndata\n\n"), ["\n"]);
    assert_eq!(data(b"data: x:y\n\n"), ["x:y"]);
}

#[test]
fn every_line_ending_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = format!("data: a{end}{end}data: b{end}data: c{end}{end}");
        assert_eq!(data(stream.as_bytes()), ["a", "b\nc"], "{end:?}");
    }
    assert_eq!(data(b"data: a\r\n\rdata: b\n\r\n"), ["a", "b"]);
}

#[test]
fn a_byte_order_mark_is_skipped_only_at_the_start() {
    assert_eq!(data(b"\xef\xbb\xbfdata: a\n\n"), ["a"]);
    let (events, facts) = parse(b"data: a\n\n\xef\xbb\xbfdata: b\n\n");
    assert_eq!(events.len(), 1);
    assert_eq!(facts.unknown_fields, ["\u{feff}data"]);
}

#[test]
fn names_and_ids_belong_to_their_own_event() {
    let (events, _) = parse(b"event: message\nid: 7\ndata: a\n\nid: \0\ndata: b\n\n");
    assert_eq!(events[0].name.as_deref(), Some("message"));
    assert_eq!(events[0].id.as_deref(), Some("7"));
    assert_eq!((&events[1].name, &events[1].id), (&None, &None));
}

#[test]
fn what_a_reader_drops_is_told() {
    let (events, facts) =
        parse(b": hi\n:\nretry: 10\nid: 1\n\nfoo: 1\nfoo\n data: x\n\n\xff: x\n\n");
    assert_eq!(events, []);
    assert_eq!(facts.comments, 2);
    assert_eq!((facts.retries, facts.retry_ms), (1, Some(10)));
    assert_eq!(facts.without_data, 3);
    assert_eq!(facts.unknown_fields, ["foo", " data", "\u{fffd}"]);
    assert!(facts.invalid_utf8);
    assert!(!facts.cut_off);
}

#[test]
fn an_unfinished_event_is_cut_off_and_never_dispatched() {
    for stream in [&b"data: a"[..], b"data: a\n", b"id: 1\r\n", b"dat"] {
        let (events, facts) = parse(stream);
        assert_eq!(events, []);
        assert!(facts.cut_off, "{stream:?}");
    }
    assert!(!parse(b": comment\n").1.cut_off);
    assert!(!parse(b"data: a\n\n\n\n").1.cut_off);
}

#[test]
fn too_large_events_and_lines_are_refused() {
    assert_eq!(bounded(16, b"data: 0123456789abcdef"), (0, Err(TooLarge(16))));
    assert_eq!(bounded(16, b"data: 01234567\ndata: 01234567\n"), (0, Err(TooLarge(16))));
    assert_eq!(bounded(16, "data\n".repeat(20).as_bytes()), (0, Err(TooLarge(16))));
    assert_eq!(bounded(16, "data: 0123\n\n".repeat(20).as_bytes()), (20, Ok(())));
    assert_eq!(bounded(16, b"data: 0123\n\n:0123456789abcdef\n"), (1, Err(TooLarge(16))));
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("data: a"), Just("data"), Just(":c"), Just("id: 1"), Just("event: e"), Just("retry: 1"),
                Just("\n"), Just("\r"), Just("\r\n"), Just("\n\n"), Just("\u{feff}"), Just("é"), Just(": ")
            ],
            0..40,
        ),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream = pieces.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let mut parser = Parser::new(1 << 20);
        let mut events = Vec::new();
        for pair in cuts.windows(2) {
            parser.push(&stream[pair[0]..pair[1]], &mut events).expect("within the bound");
        }
        prop_assert_eq!((events, parser.finish()), parse(&stream));
    }

    #[test]
    fn any_bytes_are_parsed(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        parse(&bytes);
    }
}
