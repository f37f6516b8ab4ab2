//! What the server does in scenarios in which it does more than a plain one: its lists, and how its answers are written.

mod invalid;
pub(super) mod mirrored;

use plumb_wire::http::{LAST_CHUNK, Response, chunk};
use plumb_wire::script::{Play, Script, Step};
use plumb_wire::{method, sse};
use serde_json::{Value, json};

pub use invalid::{INVALID, KEPT};

use super::provocation::Provoked;
use super::scenario::Scenario;

/// The cursors of the pages of [`Scenario::Pages`] in order: the first page names the first one. Each is a cursor like any
/// other; the last page names none.
pub const PAGES: [&str; 3] = ["{\"page\": 2, \"of\": [3 ]}", "", " cGFnZT00 =?&%2F==e\u{301} "];

/// The state that a client is asked to send again as it is.
pub const STATE: &str = "{\"step\": 1,  \"note\": \"a \\u00fc\"}";

/// A type of results that nobody has defined.
pub(super) const UNKNOWN_TYPE: &str = "plumb-undefined";

/// A notification that nobody has defined.
const UNKNOWN_NOTIFICATION: &str = "notifications/plumb/undefined";

/// The id of a request that no server of this revision sends.
pub(super) const QUESTION: &str = "plumb-asks";

/// The cursor of the page after a result of unknown type.
pub const AFTER_UNKNOWN: &str = "after-unknown";

/// The cursor that stands in an event of many lines.
pub const AFTER_LINES: &str = "after-lines";

/// What the list of tools is in a scenario that has its own.
pub(super) fn tools(scenario: Scenario) -> Option<Value> {
    match scenario {
        Scenario::CustomHeaders => Some(mirrored::tools()),
        Scenario::InvalidHeaders => Some(invalid::tools()),
        _ => None,
    }
}

/// Whether one of those lists has a tool of this name.
pub(super) fn is_tool(name: &str) -> bool {
    let invalid = INVALID.iter().flat_map(|(_, names)| *names).any(|of| *of == name);
    let ours = KEPT.contains(&name) || [mirrored::TOOL, mirrored::TOOL_NULL].contains(&name);
    invalid || ours || name.starts_with(FILLER)
}

/// The page that a cursor asks for: its tools, and the cursor of the next one. `None` for a cursor that was not given.
pub(super) fn page(
    scenario: Scenario,
    cursor: Option<&Value>,
    tools: &Value,
) -> Option<(Value, Option<&'static str>)> {
    match (scenario, cursor) {
        (Scenario::Pages, None) => Some((filler(0), PAGES.first().copied())),
        (Scenario::Pages, Some(cursor)) => {
            let at = PAGES.iter().position(|given| cursor == given)?;
            let next = PAGES.get(at + 1).copied();
            Some((if next.is_some() { filler(at + 1) } else { tools.clone() }, next))
        }
        (Scenario::Provoked(Provoked::Forms), None) => Some((filler(0), Some(PAGES[0]))),
        (Scenario::Provoked(Provoked::Forms), Some(cursor)) if cursor == PAGES[0] => {
            Some((filler(1), Some(AFTER_LINES)))
        }
        (Scenario::Provoked(Provoked::Forms), Some(cursor)) => {
            (cursor == AFTER_LINES).then(|| (tools.clone(), None))
        }
        (Scenario::Provoked(Provoked::Pieces), None) => Some((tools.clone(), Some(CUT_CURSOR))),
        (Scenario::Provoked(Provoked::Pieces), Some(cursor)) => {
            (cursor == CUT_CURSOR).then(|| (filler(0), None))
        }
        (Scenario::UnknownResult, None) => Some((tools.clone(), Some(AFTER_UNKNOWN))),
        (Scenario::UnknownResult, Some(cursor)) => {
            (cursor == AFTER_UNKNOWN).then(|| (json!([]), None))
        }
        (_, None) => Some((tools.clone(), None)),
        (_, Some(_)) => None,
    }
}

/// The cursor of the page after one that comes in pieces: the cut is within its first letter beyond ASCII.
const CUT_CURSOR: &str = "gr\u{fc}\u{df}e, page 2";

/// So many milliseconds lie between two pieces.
const PIECE_MS: u64 = 30;

/// The names of tools that fill pages begin with this.
const FILLER: &str = "page_";

/// A page with one tool that nobody asks for.
fn filler(n: usize) -> Value {
    json!([{ "name": format!("{FILLER}{n}"), "inputSchema": { "type": "object" } }])
}

/// The result of a call that is to be sent again, unless it brings the state.
pub(super) fn asked_again(scenario: Scenario, method: &str, params: &Value) -> Option<Value> {
    let again = scenario == Scenario::AskedAgain
        && method == method::TOOLS_CALL
        && params.get("requestState").is_none();
    again.then(|| json!({ "requestState": STATE, "resultType": "input_required" }))
}

/// The type of a result, if it is not the usual one.
pub(super) fn result_type(scenario: Scenario, method: &str) -> Option<&'static str> {
    (scenario == Scenario::UnknownResult && method == method::TOOLS_LIST).then_some(UNKNOWN_TYPE)
}

/// The answer with a response, as the scenario has it written.
pub(super) fn written(scenario: Scenario, response: Response) -> Play {
    let text = response.body.text().unwrap_or_default();
    let event = sse::event(None, None, text);
    match scenario {
        Scenario::Streams => Response::events([event]).into(),
        Scenario::Comments => {
            Response::events([": ping\n\n".to_owned(), format!(": pong\n:\n{event}")]).into()
        }
        Scenario::Notified => {
            let notification =
                json!({ "jsonrpc": "2.0", "method": UNKNOWN_NOTIFICATION, "params": {} });
            Response::events([sse::event(None, None, &notification.to_string()), event]).into()
        }
        Scenario::Provoked(Provoked::Asking) => {
            let question = json!({ "jsonrpc": "2.0", "id": QUESTION, "method": "ping" });
            Response::events([sse::event(None, None, &question.to_string()), event]).into()
        }
        Scenario::Provoked(Provoked::Forms)
            if text.contains("\"nextCursor\"") && !text.contains(AFTER_LINES) =>
        {
            let mut response = response;
            for header in &mut response.headers {
                if header.name.eq_ignore_ascii_case("content-type") {
                    header.value.push_str("; charset=utf-8");
                }
            }
            Script::from(response).into()
        }
        Scenario::Provoked(Provoked::Forms) => Response::events([in_many_lines(text)]).into(),
        Scenario::Provoked(Provoked::Pieces) if text.contains("\"nextCursor\"") => {
            in_pieces(in_many_lines(text).as_bytes()).into()
        }
        Scenario::HeaderNames => {
            let mut response = response;
            for header in &mut response.headers {
                header.name = odd(&header.name);
            }
            Script::from(response).into()
        }
        _ => Script::from(response).into(),
    }
}

/// An event as the HTML standard allows one to be written: with other fields, lines that end in CR LF, data on several of
/// them, no space after a colon, and one without data before it, which is none: even an empty line of data would make it one.
fn in_many_lines(text: &str) -> String {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&message).unwrap_or_default();
    let data = format!("data:{}\r\n", pretty.replace('\n', "\r\ndata:"));
    format!("retry: 3000\r\nid: 1\r\n\r\n: \r\nevent: message\r\nid: 2\r\n{data}\r\n")
}

/// An event stream of these bytes, cut within the first line end of the data and within the first letter beyond ASCII: how a
/// stream is cut on its way says nothing.
fn in_pieces(event: &[u8]) -> Script {
    let data = event.windows(5).position(|w| w == b"data:").unwrap_or_default();
    let line_end = event[data..].iter().position(|byte| *byte == b'\r');
    let letter = event.iter().position(|byte| !byte.is_ascii());
    let mut cuts: Vec<usize> = line_end.map(|at| data + at + 1).into_iter().collect();
    cuts.extend(letter.map(|at| at + 1));
    cuts.sort_unstable();
    let mut script = Response::event_stream();
    let mut from = 0;
    for cut in cuts {
        script = script.write(chunk(&event[from..cut])).then(Step::Wait(PIECE_MS));
        from = cut;
    }
    script.write(chunk(&event[from..])).write(LAST_CHUNK)
}

/// A name in a case that nobody writes.
fn odd(name: &str) -> String {
    let flip = |(n, c): (usize, char)| {
        if n % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
    };
    name.chars().enumerate().map(flip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_reached_by_the_cursor_of_the_one_before() {
        let tools = json!([1]);
        let mut cursor = None;
        for expected in PAGES {
            let (listed, next) = page(Scenario::Pages, cursor.as_ref(), &tools).expect("a page");
            assert_eq!(next, Some(expected));
            assert!(
                listed[0]["name"].as_str().is_some_and(is_tool),
                "what is listed can be called"
            );
            cursor = Some(json!(expected));
        }
        assert_eq!(page(Scenario::Pages, cursor.as_ref(), &tools), Some((tools.clone(), None)));
        assert_eq!(page(Scenario::Pages, Some(&json!("page")), &tools), None);
    }
}
