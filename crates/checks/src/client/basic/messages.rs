//! basic#messages, basic#requests: what is sent is JSON-RPC, and requests have an id.

use plumb_runner::client::{CONFIRM, CONFIRM_OFFICIALLY, ENDPOINT, Moment, Received, VISIT};
use plumb_runner::{Marks, check, clip};
use plumb_wire::schema::{self, Mismatch, part};
use plumb_wire::{header, meta, method, notification};
use serde_json::{Map, Value};

use crate::client::mrtr::response;
use crate::client::sampling::COMPLETIONS;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

check! {
    /// **Observed:** everything that the client posts is a JSON-RPC 2.0 request or notification: an object with `"jsonrpc":
    /// "2.0"` and a `method`. The parameters of a method of this revision, and the completions and elicitations that are sent back
    /// with them, are of the kinds that its schema says.
    /// Batches, responses, and members that have a requirement of their own are judged by checks of their own.
    ///
    /// **Why:** a server may refuse whatever else comes, and cannot always say to which request its refusal belongs.
    ///
    /// **Fix:** build all messages in one place, which writes `jsonrpc` and `method`, from types of the schema.
    pub(crate) CONFORM = "base.jsonrpc.client-conform";
    happening: conform
}

fn conform(moment: &Moment<'_>, marks: &mut Marks) {
    let received = moment.now();
    for found in mistaken(moment) {
        marks.breaks("what the schema of the revision says", found);
    }
    let Some(message) = received.message() else { return };
    let elsewhere = message.raw.text().is_none()
        || message.is_response()
        || matches!(message.json, Ok(Value::Array(_)));
    if elsewhere {
        return;
    }
    let flaw = match &message.json {
        Ok(body) => flaw(body),
        Err(why) => Some(format!("no JSON: {why}")),
    };
    marks.expect(flaw.is_none(), "a JSON-RPC 2.0 request or notification", || {
        flaw.unwrap_or_default()
    });
}

check! {
    /// **Observed:** nothing comes as a message of this revision that the revision has removed: `ping`, `logging/setLevel`,
    /// `resources/subscribe`, `tasks/list`, `notifications/initialized` and the like; and over HTTP, once a result of the revision
    /// has come, no GET and no DELETE of the endpoint, no `Mcp-Session-Id` and, with a request, no `Last-Event-ID`; and before the
    /// first request, if the client then speaks this revision, no GET for an event stream.
    ///
    /// **Why:** a server of this revision knows no such method, so what the client hoped for does not happen.
    ///
    /// **Fix:** send the level of logs in `_meta`, listen in place of subscribing, look at tasks by `tasks/get`; leave the others
    /// out where a server speaks this revision.
    pub(crate) REMOVED = "versioning.client-removed";
    happening: removed_sent
}

fn removed_sent(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(left_over) = left_over(moment) {
        marks.breaks("what this revision has of HTTP", left_over);
    } else if let Some(removed) = removed(moment) {
        let actual = format!("`{}`, which it has removed", clip(removed, SHOWN));
        marks.breaks("a message that this revision has", actual);
    } else if moment.now().request().is_some() {
        marks.fits();
    }
}

/// What a client does at the endpoint that was for sessions, if the server has answered it in this revision, and it opened no
/// session.
fn left_over(moment: &Moment<'_>) -> Option<&'static str> {
    let now = moment.now();
    let before = moment.before();
    let answered = |r: &Received| r.request().is_some() && r.result().is_some();
    if now.line().is_some() || now.path() != ENDPOINT {
        return None;
    }
    if moment.of(moment.scenario).iter().any(Received::opens) {
        return None;
    }
    if !before.iter().any(answered) {
        // Who looks for a server of the earliest revision asks in this one first, and opens a stream after a refusal.
        let first = !before.iter().any(|r| r.http_method() == "POST");
        let streams = now.header("Accept").is_some_and(|all| all.contains("text/event-stream"));
        let opens = now.http_method() == "GET" && now.header("Last-Event-ID").is_none();
        return (first && opens && streams && moment.after().iter().any(answered))
            .then_some("a GET of the endpoint before any request, which opened a stream");
    }
    match now.http_method() {
        // Who speaks earlier revisions, too, may try to take up what was cut; a server of this one has nothing to go on with.
        "GET" if now.header("Last-Event-ID").is_some() => None,
        "GET" => Some("a GET of the endpoint, which opened a stream"),
        "DELETE" => Some("a DELETE of the endpoint, which ended a session"),
        _ if now.request().is_some() && now.header("Mcp-Session-Id").is_some() => {
            Some("`Mcp-Session-Id`, though there are no sessions")
        }
        _ if now.request().is_some() && now.header("Last-Event-ID").is_some() => {
            Some("`Last-Event-ID`, though no stream can be taken up again")
        }
        _ => None,
    }
}

/// The method of this message, if it is none of this revision any more, and the client takes it for one: it names the revision
/// with it, or was given a result of this revision before. Until then, one that speaks two revisions may well ask in the other.
fn removed<'a>(moment: &Moment<'a>) -> Option<&'a str> {
    let now = moment.now();
    let method = now.body()?.get("method")?.as_str()?;
    let notifications = [notification::OLD_INITIALIZED, notification::OLD_ROOTS_CHANGED];
    if !method::OLD_REQUESTS.contains(&method) && !notifications.contains(&method) {
        return None;
    }
    let of_meta = now.body()?["params"]["_meta"][meta::PROTOCOL_VERSION].as_str();
    let version = of_meta.or(now.header(header::PROTOCOL_VERSION));
    let ours = |r: &Received| {
        let named = r.meta(meta::PROTOCOL_VERSION).and_then(Value::as_str);
        version.is_some() && named == version
    };
    let answered = |r: &Received| r.request().is_some() && r.result().is_some();
    let opens = |r: &Received| r.opens() && r.result().is_some();
    let (before, all) = (moment.before(), moment.of(moment.scenario));
    let known = version.is_none() && before.iter().any(answered) && !before.iter().any(opens);
    (known || all.iter().any(ours)).then_some(method)
}

/// What the parameters of a message of this revision have different from its schema.
fn mistaken(moment: &Moment<'_>) -> Vec<String> {
    let received = moment.now();
    let body = received.message().and_then(|message| message.json.as_ref().ok());
    let Some((body, method)) = body.and_then(|body| Some((body, body.get("method")?.as_str()?)))
    else {
        return Vec::new();
    };
    let nothing = Value::Object(Map::new());
    let params = body.get("params").unwrap_or(&nothing);
    let of_params = schema::params_def(method).map(|def| schema::mismatches(def, params));
    let shown = |at: &str, found: &Mismatch| format!("{method}: {at}{found}");
    let mut all: Vec<String> =
        of_params.into_iter().flatten().map(|found| shown("params", &found)).collect();
    for key in COMPLETIONS {
        let answer = response(moment, key).filter(Value::is_object).unwrap_or_default();
        // An error in its place is judged elsewhere, as one that has no content.
        if answer.get("content").is_some() {
            let found = part::sampling_result(&answer);
            all.extend(found.iter().map(|found| shown("the completion ", found)));
            let content = &answer["content"];
            let blocks = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
            let found = blocks.iter().flat_map(part::sampling_block);
            all.extend(found.map(|found| shown("a block of the completion ", &found)));
        }
    }
    for key in [CONFIRM, CONFIRM_OFFICIALLY, VISIT] {
        let answer = response(moment, key).unwrap_or_default();
        let content = answer.get("content");
        // Whether what is accepted is an object at all is judged with the schema of its form.
        let unfit = content.filter(|of| answer["action"] != "accept" && !of.is_object());
        if let Some(content) = unfit {
            let content = clip(&content.to_string(), SHOWN);
            all.push(format!("{method}: `content` of an elicitation is {content}, not an object"));
        }
        let members = content.and_then(Value::as_object).into_iter().flatten();
        for (name, value) in members.filter(|(_, value)| !is_of_a_form(value)) {
            let (name, value) = (clip(name, SHOWN), clip(&value.to_string(), SHOWN));
            all.push(format!("{method}: {name} of an elicitation is {value}, which no form has"));
        }
    }
    all
}

/// Whether this is something that can be entered in a form: a text, a number, yes or no, or several texts, whatever the form asks for.
fn is_of_a_form(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Array(all) => all.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    }
}

/// What keeps JSON from being a request or a notification: JSON-RPC 2.0 section 4.
fn flaw(body: &Value) -> Option<String> {
    let Some(object) = body.as_object() else { return Some(clip(&body.to_string(), SHOWN)) };
    let shown = |name: &str, value: Option<&Value>| match value {
        Some(value) => format!("`{name}` is {}", clip(&value.to_string(), SHOWN)),
        None => format!("there is no `{name}`"),
    };
    let (version, method) = (object.get("jsonrpc"), object.get("method"));
    if version.and_then(Value::as_str) != Some("2.0") {
        return Some(shown("jsonrpc", version));
    }
    if !method.is_some_and(Value::is_string) {
        return Some(shown("method", method));
    }
    let params = object.get("params").filter(|p| !p.is_object() && !p.is_array());
    params.map(|params| shown("params", Some(params)))
}

check! {
    /// **Observed:** every request has an `id` that is a string or an integer. A null id is judged by
    /// `base.request.id-not-null`.
    ///
    /// **Why:** without an id the request reads as a notification, and nobody answers it; a fraction may come back as another
    /// number.
    ///
    /// **Fix:** count requests, and send the count.
    pub(crate) ID_PRESENT = "base.request.id-present";
    received: id_present
}

fn id_present(received: &Received, marks: &mut Marks) {
    let Some(request) = received.request() else { return };
    let fits = match request.get("id") {
        Some(Value::Null) => return,
        Some(Value::String(_)) => true,
        Some(Value::Number(n)) => {
            n.is_i64() || n.is_u64() || n.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        _ => false,
    };
    marks.expect(fits, "an `id` that is a string or an integer", || match request.get("id") {
        Some(id) => format!("`id` is {}", clip(&id.to_string(), SHOWN)),
        None => format!("`{}` without an id", received.method().unwrap_or("a request")),
    });
}

check! {
    /// **Observed:** no request has the id `null`.
    ///
    /// **Why:** JSON-RPC answers what it cannot tell apart under `null`, so such a request never learns its answer.
    ///
    /// **Fix:** give each request an id before it is written; check that a missing one is an error and no `null`.
    pub(crate) ID_NOT_NULL = "base.request.id-not-null";
    received: id_not_null
}

fn id_not_null(received: &Received, marks: &mut Marks) {
    let Some(id) = received.request().and_then(|request| request.get("id")) else { return };
    marks.expect(!id.is_null(), "an `id` other than null", || "`id` is null".into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_filled_in_with_texts_numbers_truth_values_and_lists_of_texts() {
        for fit in [json!("x"), json!(""), json!(1.5), json!(false), json!([]), json!(["a", "b"])] {
            assert!(is_of_a_form(&fit), "{fit}");
        }
        for unfit in [json!(null), json!({}), json!({"a": "b"}), json!([1]), json!([["a"]])] {
            assert!(!is_of_a_form(&unfit), "{unfit}");
        }
    }

    #[test]
    fn requests_and_notifications_conform_and_what_lacks_a_member_does_not() {
        for fit in [
            json!({"jsonrpc": "2.0", "id": "a", "method": "x", "params": {}, "extra": 1}),
            json!({"jsonrpc": "2.0", "method": "x"}),
            json!({"jsonrpc": "2.0", "id": 1, "method": "x", "params": []}),
        ] {
            assert_eq!(flaw(&fit), None, "{fit}");
        }
        for (unfit, why) in [
            (json!("x"), "\"x\""),
            (json!({"method": "x"}), "there is no `jsonrpc`"),
            (json!({"jsonrpc": 2.0, "method": "x"}), "`jsonrpc` is 2.0"),
            (json!({"jsonrpc": "2.0", "method": 1}), "`method` is 1"),
            (json!({"jsonrpc": "2.0", "method": "x", "params": null}), "`params` is null"),
        ] {
            assert_eq!(flaw(&unfit).as_deref(), Some(why));
        }
    }
}
