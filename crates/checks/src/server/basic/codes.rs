//! basic#error-codes: which codes may appear, judged over every error of the run.

use plumb_flows::echo;
use plumb_model::{Edition, Sent};
use plumb_runner::{Notes, Observed, check};
use plumb_wire::jsonrpc::{Kind, Message};
use plumb_wire::{codes, header, meta, method};
use serde_json::{Value, json};

use super::errors::errors;

check! {
    /// **Observed:** no error of the run has a code from -32000 to -32019.
    ///
    /// **Why:** implementations gave these codes different meanings before there was a policy, so a client can conclude
    /// nothing from them.
    ///
    /// **Fix:** use the standard codes, or codes of your own outside -32768 to -32000.
    pub(crate) AVOID_LEGACY_RANGE = "base.errcode.avoid-legacy-range";
    passive: avoid_legacy_range
}

fn avoid_legacy_range(seen: &Observed, notes: &mut Notes<'_>) {
    forbid(seen, notes, "a code outside the legacy range -32000 to -32019", |code| {
        // -32002 has a requirement of its own.
        codes::LEGACY.contains(&code) && code != codes::OLD_RESOURCE_NOT_FOUND
    });
}

check! {
    /// **Observed:** of the codes from -32020 to -32099 only -32020, -32021 and -32022 appear.
    ///
    /// **Why:** the range belongs to the specification; a later revision will give an undefined code a meaning that
    /// clients act upon.
    ///
    /// **Fix:** use codes of your own outside -32768 to -32000.
    pub(crate) RESERVED_UNDEFINED = "base.errcode.reserved-undefined";
    passive: reserved_undefined
}

fn reserved_undefined(seen: &Observed, notes: &mut Notes<'_>) {
    forbid(seen, notes, "from -32020 to -32099 only -32020, -32021 and -32022", |code| {
        let retired = codes::RETIRED.contains(&code);
        codes::PROTOCOL.contains(&code) && !codes::DEFINED.contains(&code) && !retired
    });
}

check! {
    /// **Observed:** -32020 comes only where headers and body differ, or a header that is required is missing or empty, -32021
    /// only where a capability that it names was not declared, -32022 only where the version is another one than this revision
    /// and than those that the error lists as supported. Correct requests get none of them.
    ///
    /// **Why:** clients recover by these codes: they repair headers, declare capabilities, choose another version. A code
    /// in the wrong place sends them into a loop.
    ///
    /// **Fix:** raise each code in the one place that checks its rule; use -32602 or -32603 for anything else.
    pub(crate) RESERVED_MEANING = "base.errcode.reserved-meaning";
    passive: reserved_meaning
}

fn reserved_meaning(seen: &Observed, notes: &mut Notes<'_>) {
    for error in echo::own(seen).filter(|m| matches!(m.kind, Kind::Error)) {
        let Some(code) = error.code() else { continue };
        let misuse = match code {
            codes::HEADER_MISMATCH => {
                headers_are_right(seen, notes.edition).then_some("the headers mirror the body")
            }
            codes::MISSING_CLIENT_CAPABILITY => names_declared_only(seen, error)
                .then_some("it names no capability that is not declared"),
            codes::UNSUPPORTED_VERSION if supports_what_it_refuses(error) => {
                Some("the version stands among those that it supports")
            }
            codes::UNSUPPORTED_VERSION => {
                version_is_right(seen, notes.edition).then_some("the version is this revision")
            }
            _ => None,
        };
        match misuse {
            Some(fact) => notes.breaks(
                format!("{code} only with its meaning"),
                format!("{code} to {}, although {fact}", seen.method().unwrap_or("a request")),
            ),
            None => notes.fits(),
        }
    }
}

/// Whether a request has each standard header once, as its body has it, and no other header that could differ. A call
/// of a tool may lack parameter headers that only the tool's definition tells.
fn headers_are_right(seen: &Observed, edition: &Edition) -> bool {
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return true };
    let Some(message) = seen.request.as_ref().filter(|_| version_is_right(seen, edition)) else {
        return false;
    };
    // What is no string has no header form, so a header cannot mirror it.
    let mirrored = ["name", "uri", "taskId"]
        .iter()
        .filter_map(|key| message.pointer(&format!("/params/{key}")));
    if seen.method() == Some(method::TOOLS_CALL)
        || mirrored.into_iter().any(|value| !value.is_string())
    {
        return false;
    }
    let standard = header::standard_headers(message);
    // Without a method, or with an empty name, a header that is required is missing, or as good as that.
    if seen.method().is_none() || standard.iter().any(|h| h.value.is_empty()) {
        return false;
    }
    // Without the name there is nothing to mirror, and the header that the method needs is missing.
    if seen.method().and_then(header::named_by).is_some()
        && !standard.iter().any(|h| h.name == header::NAME)
    {
        return false;
    }
    // A method of an earlier revision or of an extension may have a name that the server wants mirrored.
    let named = ["name", "uri", "taskId"].iter().any(|k| message["params"].get(k).is_some());
    if named && !standard.iter().any(|h| h.name == header::NAME) {
        return false;
    }
    let is_ours = |name: &str| name.to_ascii_lowercase().starts_with("mcp-");
    headers.iter().filter(|h| is_ours(&h.name)).count() == standard.len()
        && standard.iter().all(|own| {
            headers.iter().any(|h| h.name.eq_ignore_ascii_case(&own.name) && h.value == own.value)
        })
}

fn version_is_right(seen: &Observed, edition: &Edition) -> bool {
    let in_header = match &seen.exchange.sent {
        Sent::Http { headers, .. } => headers
            .iter()
            .filter(|h| h.name.eq_ignore_ascii_case(header::PROTOCOL_VERSION))
            .all(|h| h.value == edition.revision),
        _ => true,
    };
    in_header && seen.is_modern(edition)
}

/// Whether an error lists the very version as supported that it says is not.
pub(crate) fn supports_what_it_refuses(error: &Message) -> bool {
    let Some(data) = error.data() else { return false };
    let supported = data["supported"].as_array();
    data["requested"].is_string() && supported.is_some_and(|all| all.contains(&data["requested"]))
}

/// Whether the error names no capability that the request lacks; what is no list at all names none.
fn names_declared_only(seen: &Observed, error: &Message) -> bool {
    let required = error.data().and_then(|d| d.get("requiredCapabilities"));
    let Some(declared) = seen.sent_meta(meta::CLIENT_CAPABILITIES) else { return false };
    match required {
        Some(Value::Object(required)) => {
            required.iter().all(|(name, value)| within(name, value, declared))
        }
        // Another form is another fault, judged elsewhere.
        Some(Value::Array(names)) => names.is_empty(),
        _ => required.is_none_or(Value::is_null),
    }
}

/// Whether a required member and all that it holds are declared.
fn within(name: &str, required: &Value, declared: &Value) -> bool {
    let Some(declared) = declared.get(name) else { return false };
    // An empty elicitation capability means form mode, which a client of URL mode alone has not declared.
    if name == "elicitation" && required == &json!({}) && declared.get("url").is_some() {
        return declared.get("form").is_some();
    }
    required
        .as_object()
        .is_none_or(|all| all.iter().all(|(name, value)| within(name, value, declared)))
}

check! {
    /// **Observed:** no error of the run has the code -32002, not even to the read of a resource that does not exist.
    ///
    /// **Why:** the code belongs to earlier revisions; this one says -32602, and clients that no longer know the old code
    /// take it for a failure of the server.
    ///
    /// **Fix:** answer -32602 where a resource is not found.
    pub(crate) NO_32002 = "base.errcode.no-32002";
    passive: no_32002
}

fn no_32002(seen: &Observed, notes: &mut Notes<'_>) {
    forbid(seen, notes, "no error with the retired code -32002", |code| {
        code == codes::OLD_RESOURCE_NOT_FOUND
    });
}

check! {
    /// **Observed:** no error of the run has the code -32042, not even from a tool that wants the user to open a URL.
    ///
    /// **Why:** this revision asks for URLs by an `InputRequiredResult`; clients no longer act upon the old error.
    ///
    /// **Fix:** answer with `resultType: "input_required"`, or with -32021 where the client cannot open URLs.
    pub(crate) NO_32042 = "base.errcode.no-32042";
    passive: no_32042
}

fn no_32042(seen: &Observed, notes: &mut Notes<'_>) {
    forbid(seen, notes, "no error with the retired code -32042", |code| {
        code == codes::OLD_URL_ELICITATION_REQUIRED
    });
}

check! {
    /// **Observed:** codes from -32768 to -32000 that appear are standard ones or belong to MCP.
    ///
    /// **Why:** the rest of that range is kept by JSON-RPC; a code of your own there can collide with one to come.
    ///
    /// **Fix:** choose application codes outside the range, for example positive ones.
    pub(crate) CUSTOM_OUTSIDE_RESERVED = "base.errcode.custom-outside-reserved";
    passive: custom_outside_reserved
}

fn custom_outside_reserved(seen: &Observed, notes: &mut Notes<'_>) {
    forbid(seen, notes, "codes of one's own outside -32768 to -32000", |code| {
        let elsewhere = codes::LEGACY.contains(&code) || codes::PROTOCOL.contains(&code);
        codes::RESERVED.contains(&code) && !codes::STANDARD.contains(&code) && !elsewhere
    });
}

/// Judges the code of each error.
fn forbid(seen: &Observed, notes: &mut Notes<'_>, expected: &str, is_bad: impl Fn(i64) -> bool) {
    // What a server of two eras sends unasked can belong to a session of the other one.
    if seen.request.is_none() && notes.survey.dual_era {
        return;
    }
    for code in errors(seen).filter_map(Message::code) {
        notes.expect(!is_bad(code), expected, || {
            format!("code {code} to {}", seen.method().unwrap_or("a message"))
        });
    }
}

#[cfg(test)]
mod tests {
    use plumb_runner::Survey;

    use super::*;
    use plumb_recorded::edition;
    use plumb_recorded::{error_with, holds, holds_on, http, stdio, unasked};

    #[test]
    fn a_version_that_is_refused_and_listed_is_a_contradiction() {
        let answered = |requested: &str, supported: &[&str]| {
            let data = json!({"requested": requested, "supported": supported});
            let params = json!({"_meta": {meta::PROTOCOL_VERSION: requested}});
            let mut seen =
                http("tools/list", params, 400, &[error_with(codes::UNSUPPORTED_VERSION, data)]);
            if let Some(request) = &mut seen.request {
                request["params"]["_meta"][meta::PROTOCOL_VERSION] = json!(requested);
            }
            holds(&RESERVED_MEANING, &seen)
        };
        let revision = edition().revision.as_str();
        assert_eq!(answered("1900-01-01", &[revision]), Some(true));
        assert_eq!(answered("2025-11-25", &[revision]), Some(true));
        assert_eq!(answered("2025-11-25", &[revision, "2025-11-25"]), Some(false));
    }

    #[test]
    fn a_header_that_is_empty_or_cannot_be_there_is_missing() {
        let mismatch = error_with(codes::HEADER_MISMATCH, json!({}));
        let answered = |method: &str, name: &str| {
            http(method, json!({"name": name}), 400, std::slice::from_ref(&mismatch))
        };
        assert_eq!(holds(&RESERVED_MEANING, &answered("prompts/get", "a")), Some(false));
        assert_eq!(holds(&RESERVED_MEANING, &answered("prompts/get", "")), Some(true));
        let mut nameless = answered("prompts/list", "a");
        if let Some(request) = nameless.request.as_mut().and_then(serde_json::Value::as_object_mut)
        {
            request.remove("method");
        }
        assert_eq!(holds(&RESERVED_MEANING, &nameless), Some(true));
    }

    #[test]
    fn a_reserved_code_that_answers_another_request_is_not_blamed_on_this_one() {
        let late = json!({"jsonrpc": "2.0", "id": 9, "error": {"code": codes::UNSUPPORTED_VERSION, "message": "no"}});
        assert_eq!(holds(&RESERVED_MEANING, &stdio("tools/list", json!({}), &[late])), None);
        let own = error_with(codes::UNSUPPORTED_VERSION, json!({}));
        assert_eq!(holds(&RESERVED_MEANING, &stdio("tools/list", json!({}), &[own])), Some(false));
    }

    #[test]
    fn codes_of_the_other_era_that_nobody_asked_for_are_not_judged() {
        let old = error_with(-32_000, json!({}));
        let survey = Survey { dual_era: true, ..Survey::default() };
        assert_eq!(
            holds_on(&survey, &AVOID_LEGACY_RANGE, &unasked(std::slice::from_ref(&old))),
            None
        );
        assert_eq!(
            holds(&AVOID_LEGACY_RANGE, &stdio("tools/list", json!({}), &[old])),
            Some(false)
        );
        let fine = error_with(codes::INVALID_PARAMS, json!({}));
        assert_eq!(
            holds(&AVOID_LEGACY_RANGE, &stdio("tools/list", json!({}), &[fine])),
            Some(true)
        );
    }
}
