//! What is demanded of everything that reads bytes of others: it ends, it does not panic, and it keeps its word about what
//! it has read. Fuzzing calls these; so does an ordinary test (`crates/wire/tests/fuzz_corpus.rs`), over the corpus.

use std::sync::OnceLock;

use plumb_model::known::Known;
use plumb_model::pack::Pack;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Ledger, Payload, Positions, Report};
use plumb_wire::jsonrpc::{self, Message};
use plumb_wire::script::Script;
use plumb_wire::{header, http, sse};
use serde_json::Value;

/// What is done with an input; it panics where a demand is not met.
type Body = fn(&[u8]);

/// Each target's name, which is that of its corpus, and its body.
pub(crate) const TARGETS: [(&str, Body); 7] = [
    ("configuration", configuration),
    ("headers", headers),
    ("jsonrpc", jsonrpc),
    ("ledger", ledger),
    ("packs", packs),
    ("run_jsonl", run_jsonl),
    ("sse", sse),
];

/// The body of a target.
pub(crate) fn body(target: &str) -> Body {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.unwrap_or_else(|| panic!("no target `{target}`")).1
}

/// Bytes of one event that the parser takes here.
const EVENT: usize = 1 << 10;

/// A stream says the same however it is cut.
fn sse(data: &[u8]) {
    let read = |piece: usize| {
        let (mut parser, mut events) = (sse::Parser::new(EVENT), Vec::new());
        let fits = data.chunks(piece).all(|piece| parser.push(piece, &mut events).is_ok());
        (events, fits.then(|| parser.finish()))
    };
    let whole = read(data.len().max(1));
    assert!(whole.0.iter().all(|event| event.data.len() <= EVENT), "an event beyond the bound");
    assert_eq!(whole, read(1), "byte by byte");
    assert_eq!(whole, read(7), "in pieces of seven");
}

/// A message is what its JSON says.
fn jsonrpc(data: &[u8]) {
    let message = Message::parse(&Payload::from(data.to_vec()));
    let value = serde_json::from_slice::<Value>(data).ok();
    assert_eq!(jsonrpc::parse(data).value.ok(), value, "read otherwise than by serde_json");
    if let Some(value) = value {
        for field in header::standard_headers(&value) {
            assert!(header::is_token(&field.name), "{} is no name", field.name);
        }
        assert_eq!(Message::from_value(value).kind, message.kind);
    }
}

/// A value survives its encoding, and what a header carries survives being carried on.
fn headers(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert_eq!(header::decode(&header::encode(&text)).as_deref(), Ok(&*text));
    assert_eq!(header::decode(&header::encode_always(&text)).as_deref(), Ok(&*text));
    if let Ok(value) = header::decode(&text) {
        assert_eq!(header::decode(&header::encode(&value)).as_deref(), Ok(&*value));
    }
}

/// A pack that can be read can be judged and written, and is then what it was.
fn packs(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(pack) = Pack::parse("fuzz", &text) else { return };
    let _ = pack.lint("fuzz", &edition().ledger);
    let canonical = pack.canonical();
    let again = Pack::parse("fuzz", &canonical).expect("the canonical form is a pack");
    assert_eq!(again.canonical(), canonical, "the canonical form changes");
}

/// A ledger that can be read has rows that can be shown and found.
fn ledger(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(ledger) = Ledger::parse("fuzz", &text) else { return };
    for row in ledger.rows() {
        assert!(row.url("2026-07-28").starts_with("https://"));
        assert!(ledger.requirement(&row.id).is_some());
    }
    let _ = ledger.with_exclusions("fuzz", &text);
}

/// A recording that can be read has an outcome.
fn run_jsonl(data: &[u8]) {
    let Ok(report) = Report::from_jsonl(&String::from_utf8_lossy(data)) else { return };
    let _ = (report.counts(), report.stale_known(), report.outcome());
}

/// What users and handlers write by hand: suites, known lists, positions, scripts and answers.
fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let ledger = &edition().ledger;
    if let Ok(suite) = Suite::parse("fuzz", &text, ledger) {
        assert!(
            suite.select.is_empty()
                || ledger.rows().iter().any(|row| suite.selects(row))
                || !suite.omit.is_empty()
                || !suite.levels.is_empty()
        );
    }
    if let Ok(known) = Known::parse("fuzz", &text, edition(), std::slice::from_ref(edition())) {
        assert!(known.0.keys().all(|id| ledger.requirement(id).is_some()));
    }
    let _ = Positions::parse(&text);
    if let Ok(script) = serde_json::from_slice::<Script>(data) {
        let json = serde_json::to_vec(&script).expect("a script is data");
        assert_eq!(serde_json::from_slice::<Script>(&json).expect("and stays it"), script);
    }
    if let Ok(answer) = serde_json::from_slice::<http::Response>(data) {
        let _ = answer.bytes();
    }
}

fn edition() -> &'static Edition {
    static LATEST: OnceLock<Edition> = OnceLock::new();
    LATEST.get_or_init(Edition::latest)
}
