//! basic#messages, basic#responses: judged over every message of the run.

use plumb_flows::echo;
use plumb_model::{Carrier, Sent};
use plumb_runner::{Notes, Observed, brief, check, clip};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{meta, method};
use serde_json::Value;

check! {
    /// **Observed:** every message that the server sends, whatever caused it, has `"jsonrpc": "2.0"`.
    ///
    /// **Why:** clients of JSON-RPC 2.0 drop messages that do not say so.
    ///
    /// **Fix:** add the member to every response and notification, errors included.
    pub(crate) JSONRPC_VERSION = "base.jsonrpc.version-member";
    since: "2025-03-26";
    passive: jsonrpc_version
}

fn jsonrpc_version(seen: &Observed, notes: &mut Notes<'_>) {
    for message in objects(seen).filter(|m| is_meant(seen, m)) {
        notes.expect(
            message.version().is_some_and(|v| v == "2.0"),
            "`jsonrpc` is the string \"2.0\"",
            || {
                message
                    .version()
                    .map_or_else(|| "no `jsonrpc` member".into(), |v| format!("`jsonrpc` is {v}"))
            },
        );
    }
}

fn objects(seen: &Observed) -> impl Iterator<Item = &Message> {
    seen.messages.iter().filter(|m| m.json.as_ref().is_ok_and(Value::is_object))
}

/// Whether this is a message of the protocol. The body of an HTTP error need be none, nor the one body that answers GET, which
/// carries no message, unless it says that it is one.
fn is_meant(seen: &Observed, message: &Message) -> bool {
    let failed = seen.status().is_some_and(|status| status >= 400);
    let gets = matches!(&seen.exchange.sent, Sent::Http { method, .. } if method == "GET");
    let claims = ["jsonrpc", "id", "method"].iter().any(|name| message.member(name).is_some())
        || message.member("error").is_some_and(|error| error.get("code").is_some());
    (!failed && (!gets || is_stream(seen))) || claims
}

fn is_stream(seen: &Observed) -> bool {
    seen.exchange.answer.frames.iter().any(|frame| matches!(frame.carrier, Carrier::Event { .. }))
}

check! {
    /// **Observed:** every response holds either `result` or `error`. The body of an HTTP error that does not say that it is a
    /// message need be none.
    ///
    /// **Why:** a client cannot tell whether the request succeeded when both or neither are there.
    ///
    /// **Fix:** leave `error` out of successes, even as `null`, and `result` out of failures.
    pub(crate) RESULT_XOR_ERROR = "base.jsonrpc.result-xor-error";
    since: "2025-03-26";
    passive: result_xor_error
}

fn result_xor_error(seen: &Observed, notes: &mut Notes<'_>) {
    let responses = objects(seen).filter(|m| m.method().is_none());
    for message in responses.filter(|m| is_meant(seen, m)) {
        let (result, error) =
            (message.member("result").is_some(), message.member("error").is_some());
        notes.expect(result != error, "either `result` or `error`", || {
            if result {
                "both `result` and `error`".into()
            } else {
                "neither `result` nor `error`".into()
            }
        });
    }
}

check! {
    /// **Observed:** every result carries the id of the request it answers, unchanged in value and type;
    /// ids of all kinds are sent in the run: integers, strings, zero, empty. **Position:** an id that is a fraction may be
    /// refused; where it is served, it comes back as it is.
    ///
    /// **Why:** the id is the only thing that ties an answer to its request on a shared channel.
    ///
    /// **Fix:** keep the id as the JSON value that came; do not read it into a number or a string.
    pub(crate) SAME_ID = "base.response.same-id";
    since: "2025-03-26";
    passive: same_id
}

fn same_id(seen: &Observed, notes: &mut Notes<'_>) {
    if echo::sent(seen).is_some_and(echo::is_large) {
        return;
    }
    for message in echo::misnamed(seen, &Kind::Result) {
        notes.breaks(
            format!("the result carries the request's id {}", name(echo::sent(seen))),
            format!("id {}", name(message.id())),
        );
    }
    if echo::sent(seen).is_some_and(|id| seen.responses().any(|m| m.answers(id))) {
        notes.fits();
    }
}

fn name(id: Option<&Value>) -> String {
    id.map_or_else(|| "(none)".into(), ToString::to_string)
}

check! {
    /// **Observed:** every response that is no error has the member `result`.
    ///
    /// **Why:** clients take a response without it for a broken message, and the request for unanswered.
    ///
    /// **Fix:** write `"result": {"resultType": "complete"}` even where there is nothing to say.
    pub(crate) RESULT_FIELD = "base.response.result-field";
    since: "2025-03-26";
    passive: result_field
}

fn result_field(seen: &Observed, notes: &mut Notes<'_>) {
    let served = seen.status().is_none_or(|s| s < 300);
    let meant = objects(seen).filter(|m| served && is_meant(seen, m));
    for message in meant.filter(|m| m.member("method").is_none() && m.error().is_none()) {
        notes.expect(
            message.result().is_some(),
            "a response that is no error has `result`",
            || {
                format!(
                    "{} was answered with {}",
                    seen.method().unwrap_or("a message"),
                    clip(&message.raw.lossy(), 120)
                )
            },
        );
    }
}

check! {
    /// **Observed:** every result is an object that has a `resultType`, and that is a string.
    ///
    /// **Why:** clients choose by it how to read the result; an absent one marks a server of an earlier revision.
    ///
    /// **Fix:** add `"resultType": "complete"` to every ordinary result, list and empty results included.
    pub(crate) RESULT_TYPE = "base.response.result-type";
    passive: result_type
}

fn result_type(seen: &Observed, notes: &mut Notes<'_>) {
    for result in echo::own(seen).filter_map(Message::result) {
        if !result.is_object() {
            let method = seen.method().unwrap_or("a request");
            let actual = format!("the result of {method} is no object: {}", brief(result));
            notes.breaks("an object with a `resultType`", actual);
            continue;
        }
        notes.expect(
            result.get("resultType").is_some_and(Value::is_string),
            "`resultType` is a string",
            || {
                let method = seen.method().unwrap_or("a request");
                match result.get("resultType") {
                    Some(other) => format!("the result of {method} has `resultType` {other}"),
                    None => format!("the result of {method} has no `resultType`"),
                }
            },
        );
    }
}

/// The member that holds the content of a complete result, by method.
pub(crate) const CONTENT: [(&str, &str); 9] = [
    (method::DISCOVER, "supportedVersions"),
    (method::TOOLS_LIST, "tools"),
    (method::TOOLS_CALL, "content"),
    (method::RESOURCES_LIST, "resources"),
    (method::TEMPLATES_LIST, "resourceTemplates"),
    (method::RESOURCES_READ, "contents"),
    (method::PROMPTS_LIST, "prompts"),
    (method::PROMPTS_GET, "messages"),
    (method::COMPLETE, "completion"),
];

check! {
    /// **Observed:** a result of type `complete` holds the content that its method is asked for, and a result of type
    /// `input_required` asks for something: it has `inputRequests` or `requestState`.
    ///
    /// **Why:** clients choose by `resultType` how to read the rest. A question under the name of an answer is shown to
    /// the user as an empty answer, and never asked.
    ///
    /// **Fix:** set `resultType` where the result is made, from what it is, not in a wrapper around all results.
    pub(crate) COMPLETE_MEANING = "base.result-type.complete-meaning";
    passive: complete_meaning
}

fn complete_meaning(seen: &Observed, notes: &mut Notes<'_>) {
    let result = echo::own(seen).find_map(Message::result);
    let (Some(result), Some(method)) = (result, seen.method()) else { return };
    match result.get("resultType").and_then(Value::as_str) {
        Some("complete") => {
            let Some((_, member)) = CONTENT.iter().find(|(m, _)| *m == method) else { return };
            notes.expect(
                result.get(member).is_some(),
                format!("a complete result of {method} holds `{member}`"),
                || brief(result),
            );
        }
        Some("input_required") => {
            let asks = ["inputRequests", "requestState"].iter().any(|m| result.get(*m).is_some());
            notes.expect(
                asks,
                "a result that requires input has `inputRequests` or `requestState`",
                || brief(result),
            );
        }
        _ => {}
    }
}

check! {
    /// **Observed:** every `resultType` is `complete` or `input_required`, unless the request declares an extension that
    /// the server advertises too: then the extension may add one.
    ///
    /// **Why:** a client has to treat a type that it does not know as invalid, so the whole answer is lost on it.
    ///
    /// **Fix:** use a further type only in answers to requests that declare the extension which defines it.
    pub(crate) ONLY_ADVERTISED = "base.result-type.only-advertised";
    passive: only_advertised
}

fn only_advertised(seen: &Observed, notes: &mut Notes<'_>) {
    let kind = echo::own(seen).find_map(Message::result).and_then(|r| r.get("resultType"));
    let Some(kind) = kind.and_then(Value::as_str) else { return };
    let declared = seen.sent_meta(meta::CLIENT_CAPABILITIES).and_then(|c| c.get("extensions"));
    let common = declared
        .and_then(Value::as_object)
        .is_some_and(|all| all.keys().any(|id| notes.survey.declares_extension(id)));
    if common && kind != "complete" && kind != "input_required" {
        return;
    }
    notes.expect(
        matches!(kind, "complete" | "input_required"),
        "a `resultType` of the core protocol, since request and server share no extension",
        || {
            format!(
                "the result of {} has `resultType` {kind:?}",
                seen.method().unwrap_or("a request")
            )
        },
    );
}

#[cfg(test)]
mod tests {
    use plumb_runner::Survey;
    use serde_json::json;

    use super::*;
    use plumb_recorded::{holds, holds_on, http, result, stdio, unasked};

    #[test]
    fn a_result_without_a_type_is_found_where_it_answers_the_request() {
        let bare = result(json!({"tools": []}));
        let typed = result(json!({"resultType": "complete", "tools": []}));
        for (came, fits) in [(bare.clone(), Some(false)), (typed.clone(), Some(true))] {
            assert_eq!(
                holds(
                    &RESULT_TYPE,
                    &http("tools/list", json!({}), 200, std::slice::from_ref(&came))
                ),
                fits
            );
            assert_eq!(holds(&RESULT_TYPE, &stdio("tools/list", json!({}), &[came])), fits);
        }
        let other = json!({"jsonrpc": "2.0", "id": "legacy-initialize", "result": {"protocolVersion": "2025-11-25"}});
        let both = stdio("tools/list", json!({}), &[other.clone(), typed]);
        assert_eq!(holds(&RESULT_TYPE, &both), Some(true));
        assert!(both.result().is_some_and(|result| result.get("tools").is_some()));
        let survey = Survey { dual_era: true, ..Survey::default() };
        for check in [&RESULT_TYPE, &COMPLETE_MEANING, &ONLY_ADVERTISED] {
            assert_eq!(
                holds_on(&survey, check, &unasked(std::slice::from_ref(&other))),
                None,
                "{}",
                check.id
            );
        }
    }

    #[test]
    fn a_body_that_need_be_no_message_is_none_unless_it_says_so() {
        let seen = |status: u16, body: Value| http("tools/list", json!({}), status, &[body]);
        for body in [
            json!({"detail": "Method Not Allowed"}),
            json!({"cause": null}),
            json!({"code": -32015, "data": null, "message": "no GET here"}),
        ] {
            for check in [&JSONRPC_VERSION, &RESULT_XOR_ERROR] {
                assert_eq!(holds(check, &seen(405, body.clone())), None, "{}: {body}", check.id);
                assert_eq!(holds(check, &seen(200, body.clone())), Some(false), "{}", check.id);
            }
        }
        let neither = json!({"jsonrpc": "2.0", "id": 1});
        assert_eq!(holds(&RESULT_XOR_ERROR, &seen(400, neither)), Some(false));
        let unsaid = json!({"error": {"code": -32600, "message": "no request"}});
        assert_eq!(holds(&JSONRPC_VERSION, &seen(400, unsaid)), Some(false));
        let mut page = seen(200, json!({"hello": true})).exchange.as_ref().clone();
        if let Sent::Http { method, .. } = &mut page.sent {
            *method = "GET".into();
        }
        let page = Observed::new(page);
        for check in [&JSONRPC_VERSION, &RESULT_XOR_ERROR, &RESULT_FIELD] {
            assert_eq!(holds(check, &page), None, "{}", check.id);
        }
    }

    #[test]
    fn an_id_is_echoed_as_it_is_or_found() {
        let under =
            |id: Value| json!({"jsonrpc": "2.0", "id": id, "result": {"resultType": "complete"}});
        let seen = |id: Value| http("tools/list", json!({}), 200, &[under(id)]);
        assert_eq!(holds(&SAME_ID, &seen(json!(1))), Some(true));
        for id in [json!("1"), json!(2), Value::Null] {
            assert_eq!(holds(&SAME_ID, &seen(id.clone())), Some(false), "{id}");
        }
    }

    #[test]
    fn a_type_of_an_extension_needs_the_extension_on_both_sides() {
        let id = "io.modelcontextprotocol/tasks";
        let declares = json!({"_meta": {meta::CLIENT_CAPABILITIES: {"extensions": {id: {}}}}});
        let task = result(json!({"resultType": "task", "taskId": "1"}));
        let with = http("tools/call", declares, 200, std::slice::from_ref(&task));
        let without = http("tools/call", json!({}), 200, &[task]);
        let capabilities = json!({"extensions": {id: {}}});
        let survey = Survey { capabilities, ..Survey::default() };
        assert_eq!(holds_on(&survey, &ONLY_ADVERTISED, &with), None);
        assert_eq!(holds_on(&survey, &ONLY_ADVERTISED, &without), Some(false));
        assert_eq!(holds(&ONLY_ADVERTISED, &with), Some(false));
    }
}
