//! basic#meta: what every request carries, and requests that leave it out. Each fault is sent to every method that the
//! server offers, between two requests that it accepts.

use plumb_model::Sent;
use plumb_runner::facet::Tried;
use plumb_runner::{Finding, Judgement, check, facet};
use plumb_wire::header;

check! {
    /// **Observed:** requests without `_meta`, without `params`, or with an empty `_meta` are answered with error -32602, on
    /// every method. Over HTTP the version header is then without its counterpart, so -32020 is accepted there. Position: a
    /// server of two eras refuses them where the header names this revision, with a code of either era.
    ///
    /// **Why:** without it nothing says which revision the client speaks and what it can do; a server that guesses answers
    /// some clients wrong.
    ///
    /// **Fix:** check `_meta` in one place before dispatch, not in each handler.
    pub(crate) MISSING_META = "base.meta.missing-meta";
    cases: missing
}

check! {
    /// **Observed:** requests whose `_meta` lacks only `io.modelcontextprotocol/protocolVersion` are answered with error
    /// -32602, on every method. Over HTTP the version header is then without its counterpart, so -32020 is accepted there.
    ///
    /// **Why:** the header is for gateways; the body is what a server acts upon, and the only place on other transports.
    ///
    /// **Fix:** require the field; do not fill it in from the header or from the newest version.
    pub(crate) MISSING_PROTOCOL_VERSION = "base.meta.missing-protocol-version";
    cases: missing
}

check! {
    /// **Observed:** requests whose `_meta` lacks only `io.modelcontextprotocol/clientCapabilities` are answered with error
    /// -32602, on every method.
    ///
    /// **Why:** "declares nothing" is the empty object. An absent field means that the client is broken, and should learn it.
    ///
    /// **Fix:** require the field; do not default it to an empty object.
    pub(crate) MISSING_CLIENT_CAPABILITIES = "base.meta.missing-client-capabilities";
    cases: facet::refused_with_code
}

/// A server of two eras may take a request without its version for one of the other era. A header that names this
/// revision makes it refuse in both: no earlier revision has that version.
fn missing(tried: &Tried) -> Judgement {
    match tried.dual_era {
        false => facet::refused_with_code(tried),
        true if names_revision_in_header(tried) => facet::outcome(tried),
        true => Ok(of_either_era()),
    }
}

fn names_revision_in_header(tried: &Tried) -> bool {
    let revision = &tried.edition.revision;
    let Sent::Http { headers, .. } = &tried.sent.exchange.sent else { return false };
    headers
        .iter()
        .any(|h| h.name.eq_ignore_ascii_case(header::PROTOCOL_VERSION) && h.value == *revision)
}

/// What is said where the era of a request is open.
pub(super) fn of_either_era() -> Finding {
    Finding::unseen(
        "a server of two eras may take the request for one of an earlier revision",
        "nothing: the text leaves it open",
    )
}

check! {
    /// **Observed:** over HTTP, requests without a required field of `_meta` get status 400.
    ///
    /// **Why:** gateways and clients tell by the status that retrying the same request is no use.
    ///
    /// **Fix:** map this refusal to 400 whatever the method, also where the answer is an event stream.
    pub(crate) MISSING_HTTP_400 = "base.meta.missing-http-400";
    applies: [Http];
    cases: missing_http_400
}

fn missing_http_400(tried: &Tried) -> Judgement {
    match tried.dual_era {
        false => facet::status(tried),
        true if names_revision_in_header(tried) => facet::refused_with_status(tried),
        true => Ok(of_either_era()),
    }
}

check! {
    /// **Observed:** over standard streams too, requests without a required field of `_meta` are answered with error
    /// -32602, also after complete requests of the same process.
    ///
    /// **Why:** a process is no session: what an earlier request said about its client does not hold for the next one.
    ///
    /// **Fix:** keep nothing of a request when it is answered; validate each one alike.
    pub(crate) MISSING_STDIO = "base.meta.missing-stdio";
    applies: [Stdio, ModernOnly];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** required fields of `_meta` with another JSON type (a number as version, an array, null or a string as
    /// capabilities), and a `_meta` that is no object, are answered with error -32602. Position: of a server of two eras
    /// only those are judged that name this revision in `_meta` and header.
    ///
    /// **Why:** code behind the check trusts the type, and fails later as an internal error.
    ///
    /// **Fix:** validate the types together with the presence.
    pub(crate) WRONG_TYPE = "base.meta.wrong-type";
    cases: wrong_type
}

fn wrong_type(tried: &Tried) -> Judgement {
    if tried.dual_era && !tried.sent.is_modern(&tried.edition) {
        return Ok(of_either_era());
    }
    facet::refused_with_code(tried)
}

check! {
    /// **Observed:** requests without `io.modelcontextprotocol/clientInfo` are served, on every method.
    ///
    /// **Why:** the field is optional, and clients are configured to withhold it for privacy.
    ///
    /// **Fix:** treat it as absent in logs; require it nowhere.
    pub(crate) CLIENT_INFO_OPTIONAL = "base.meta.client-info-optional";
    cases: facet::outcome
}

check! {
    /// **Observed:** requests with further keys in `_meta`, reserved and foreign ones, whose values have odd types, are
    /// served, on every method.
    ///
    /// **Why:** extensions and later revisions add keys; a server that stumbles over them cuts off newer clients.
    ///
    /// **Fix:** read the keys that you know, and leave the others alone.
    pub(crate) NO_ASSUMPTIONS = "base.meta.no-assumptions";
    since: "2025-06-18";
    cases: facet::outcome
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plumb_model::pack::{Allowed, IdEcho, Outcome};
    use plumb_runner::Observed;
    use plumb_wire::{codes, meta};
    use serde_json::{Value, json};

    use super::*;
    use plumb_recorded::edition;
    use plumb_recorded::{error_with, http, result, stdio};

    fn tried(sent: Observed, dual_era: bool) -> Tried {
        let accepted = || http("tools/list", json!({}), 200, &[result(json!({"tools": []}))]);
        Tried {
            title: "a broken request".into(),
            edition: Arc::new(edition().clone()),
            dual_era,
            allowed: Allowed {
                outcome: Outcome::Refused,
                status: vec![400],
                codes: vec![codes::INVALID_PARAMS],
                id: IdEcho::Echoed,
                again: None,
            },
            before: accepted(),
            sent,
            after: Some(accepted()),
            controlled: Ok(()),
        }
    }

    /// A request without the version in its metadata; over HTTP the header has it.
    fn without_version(mut seen: Observed) -> Observed {
        let meta = seen.request.as_mut().and_then(|r| r.pointer_mut("/params/_meta"));
        meta.and_then(Value::as_object_mut).map(|meta| meta.remove(meta::PROTOCOL_VERSION));
        seen
    }

    fn verdict(judgement: Judgement) -> &'static str {
        match judgement.expect("judged") {
            Finding::Held => "held",
            Finding::Violated { .. } => "violated",
            Finding::Unseen { .. } => "unseen",
        }
    }

    #[test]
    fn a_server_of_two_eras_is_judged_by_what_names_this_revision() {
        let served = || result(json!({"resultType": "complete", "tools": []}));
        let wrong = json!({"_meta": {meta::CLIENT_CAPABILITIES: []}});
        let modern = http("tools/list", wrong, 200, &[served()]);
        assert_eq!(verdict(wrong_type(&tried(modern, true))), "violated");
        let line = || without_version(stdio("tools/list", json!({}), &[served()]));
        let lines: [(facet::Facet, bool, &str); 4] = [
            (wrong_type, true, "unseen"),
            (wrong_type, false, "violated"),
            (missing, true, "unseen"),
            (missing, false, "violated"),
        ];
        for (judge, era, said) in lines {
            assert_eq!(verdict(judge(&tried(line(), era))), said);
        }
        let posted = || without_version(http("tools/list", json!({}), 200, &[served()]));
        assert_eq!(verdict(missing(&tried(posted(), true))), "violated");
        assert_eq!(verdict(missing_http_400(&tried(posted(), true))), "violated");
    }

    #[test]
    fn the_code_of_a_refusal_is_free_to_a_server_of_two_eras() {
        let refused = |code: i64, status: u16| {
            without_version(http("tools/list", json!({}), status, &[error_with(code, json!({}))]))
        };
        assert_eq!(verdict(missing(&tried(refused(-32_000, 400), true))), "held");
        assert_eq!(verdict(missing(&tried(refused(-32_000, 400), false))), "violated");
        assert_eq!(verdict(missing_http_400(&tried(refused(-32_000, 400), true))), "held");
        assert_eq!(verdict(missing_http_400(&tried(refused(-32_602, 200), true))), "violated");
    }
}
