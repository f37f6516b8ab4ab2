//! The facets of an answer to a vector, each judged at its own level.

use std::sync::Arc;

use plumb_model::pack::{Allowed, IdEcho, Outcome};
use plumb_model::{Edition, Sent, Verdict};
use plumb_wire::codes;
use plumb_wire::jsonrpc::Kind;
use serde_json::Value;

use crate::{Finding, Judgement, Observed, Trouble};

/// A vector that was sent between two controls.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What was sent, as a plain fact.
    pub title: String,
    /// The revision that the target is judged by.
    pub edition: Arc<Edition>,
    /// Whether the target also speaks an earlier revision, for which it may take what is not unmistakably of this one.
    pub dual_era: bool,
    /// Which answers the text allows.
    pub allowed: Allowed,
    /// The unbroken request just before.
    pub before: Observed,
    /// The vector.
    pub sent: Observed,
    /// The unbroken request just after.
    pub after: Option<Observed>,
    /// Whether the unbroken request is accepted.
    pub controlled: Result<(), Trouble>,
}

impl Tried {
    /// The answer to the vector, if it can be judged: the unbroken request is accepted, and the answer is about this
    /// one.
    pub fn answer(&self) -> Result<&Observed, Trouble> {
        self.controlled.clone()?;
        self.sent.settled()
    }

    /// Whether the vector was refused. A status that the text names for it is a refusal of its own.
    pub fn is_refused(&self) -> bool {
        self.sent.is_refused() || self.sent.is_bare_status(|s| self.allowed.status.contains(&s))
    }
}

/// Judges one facet of an answer.
pub type Facet = fn(&Tried) -> Judgement;

/// Whether the request was served or refused, as the vector demands.
pub fn outcome(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    if sent.may_go_unanswered() && sent.response().is_none() {
        return Ok(Finding::unseen(
            "over standard streams a line that cannot be read may have been a notification: silence is allowed",
            "answer it with an error without id",
        ));
    }
    Ok(match tried.allowed.outcome {
        Outcome::Accepted => Finding::expect(sent.is_accepted(), "a result", || sent.describe()),
        Outcome::Refused => Finding::expect(tried.is_refused(), refusal(tried), || sent.describe()),
        Outcome::Either => {
            Finding::expect(sent.is_accepted() || tried.is_refused(), "an answer", || {
                sent.describe()
            })
        }
    })
}

/// As [`outcome`], and the answer is no crash: an HTTP failure says why by a JSON-RPC error.
pub fn unharmed(tried: &Tried) -> Judgement {
    match outcome(tried)? {
        Finding::Held => {}
        finding => return Ok(finding),
    }
    let sent = &tried.sent;
    let crashed = sent.status().is_some_and(|s| s >= 500) && sent.error().is_none();
    Ok(Finding::expect(!crashed, "an answer that is no crash", || sent.describe()))
}

/// Whether a refusal has the HTTP status that the text names; where it names none, any will do.
pub fn status(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    let Some(status) = sent.status().filter(|_| tried.is_refused()) else {
        return Ok(not_refused());
    };
    let named = &tried.allowed.status;
    let fits = named.is_empty() || named.contains(&status);
    Ok(Finding::expect(fits, refusal(tried), || sent.describe()))
}

/// Whether a refusal carries the JSON-RPC error code that the text names; where it names none, any will do, or none.
pub fn code(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    if !tried.is_refused() {
        return Ok(not_refused());
    }
    let named = named_codes(tried);
    let fits = named.is_empty() || sent.code().is_some_and(|c| named.contains(&c));
    Ok(Finding::expect(fits, refusal(tried), || sent.describe()))
}

/// Whether the request is refused with the JSON-RPC error code that the text names: both at once, for
/// requirements that consist of the code.
pub fn refused_with_code(tried: &Tried) -> Judgement {
    match outcome(tried)? {
        Finding::Held if tried.is_refused() => code(tried),
        finding => Ok(finding),
    }
}

/// Whether the request is refused with the HTTP status that the text names, whatever the body.
pub fn refused_with_status(tried: &Tried) -> Judgement {
    match outcome(tried)? {
        Finding::Held if tried.is_refused() && tried.sent.status().is_some() => status(tried),
        finding => Ok(finding),
    }
}

/// Whether the request is refused with both the HTTP status and the code that the text names, for requirements
/// that consist of the two.
pub fn refused_as_named(tried: &Tried) -> Judgement {
    match refused_with_status(tried)? {
        Finding::Held if tried.is_refused() => code(tried),
        finding => Ok(finding),
    }
}

/// Whether an error answer carries the request's id, with value and type unchanged.
pub fn id_echo(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    let Some(error) = sent.messages.iter().find(|m| matches!(m.kind, Kind::Error)) else {
        return Ok(not_refused());
    };
    let id = error.id();
    Ok(match tried.allowed.id {
        IdEcho::Echoed => {
            let wanted = sent.sent_id();
            Finding::expect(
                id == wanted,
                format!("the error carries the request's id {}", show(wanted)),
                || format!("id {}", show(id)),
            )
        }
        IdEcho::Unreadable => Finding::expect(
            id.is_none_or(Value::is_null),
            "an error without an id, since the request's could not be read",
            || format!("id {}", show(id)),
        ),
    })
}

/// Whether the target still serves after the vector.
pub fn survives(tried: &Tried) -> Judgement {
    let Some(after) = &tried.after else { return tried.controlled.clone().map(|()| Finding::Held) };
    Ok(Finding::expect(after.is_accepted(), "the unbroken request is served afterwards", || {
        after.describe()
    }))
}

/// The verdict over a check's vectors. Where some are to be refused, they decide: that their legal siblings are served
/// shows nothing of the rule.
pub(crate) fn fold(cases: &[(Outcome, Verdict)]) -> Option<Verdict> {
    let over = |picks: fn(Outcome) -> bool| {
        Verdict::fold(cases.iter().filter(|(o, _)| picks(*o)).map(|(_, verdict)| verdict.clone()))
    };
    match over(|_| true)? {
        Verdict::Held => over(|o| o == Outcome::Refused).or(Some(Verdict::Held)),
        verdict => Some(verdict),
    }
}

fn not_refused() -> Finding {
    Finding::unseen(
        "the broken request was not refused, so there is no error to look at",
        "refuse the broken request",
    )
}

/// The codes that the text names, where the vector was sent: that of headers which differ from the body beside others only
/// where a request has such headers, over HTTP and in no revision with a handshake.
fn named_codes(tried: &Tried) -> Vec<i64> {
    let mirrors = !is_over_streams(tried) && !tried.edition.has_handshake();
    let named = &tried.allowed.codes;
    let stands = |code: &&i64| mirrors || named.len() == 1 || **code != codes::HEADER_MISMATCH;
    named.iter().filter(stands).copied().collect()
}

fn is_over_streams(tried: &Tried) -> bool {
    matches!(tried.sent.exchange.sent, Sent::Stdio { .. })
}

/// What is expected, in the words of the transport and the revision at hand: a status is HTTP's.
fn refusal(tried: &Tried) -> String {
    let list = |numbers: Vec<String>| numbers.join(" or ");
    let codes = list(named_codes(tried).iter().map(ToString::to_string).collect());
    let status = tried.allowed.status.iter().filter(|_| !is_over_streams(tried));
    let status = list(status.map(ToString::to_string).collect());
    match (status.is_empty(), codes.is_empty()) {
        (true, true) => "a refusal".into(),
        (true, false) => format!("error {codes}"),
        (false, true) => format!("HTTP {status}"),
        (false, false) => format!("HTTP {status} with error {codes}"),
    }
}

fn show(id: Option<&Value>) -> String {
    id.map_or_else(|| "(none)".into(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use plumb_model::{Answer, Carrier, End, Exchange, Frame, Head, Initiator, Sent};
    use serde_json::json;

    use super::*;

    fn seen(status: Option<u16>, message: Option<Value>, end: End) -> Observed {
        let frames =
            message.map(|m| Frame { at: 0, carrier: Carrier::Body, payload: m.to_string().into() });
        Observed::new(Exchange {
            seq: 1,
            by: "test".into(),
            channel: "http-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Stdio {
                line: json!({"jsonrpc": "2.0", "id": 1, "method": "m"}).to_string().into(),
            },
            answer: Answer {
                head: status.map(|status| Head { status, headers: Vec::new() }),
                frames: frames.into_iter().collect(),
                end,
                ..Answer::default()
            },
        })
    }

    fn accepted() -> Observed {
        seen(Some(200), Some(json!({"jsonrpc": "2.0", "id": 1, "result": {}})), End::Complete)
    }

    fn error(status: u16, code: i64, id: Value) -> Observed {
        let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": "no"}});
        seen(Some(status), Some(error), End::Complete)
    }

    fn tried(sent: Observed) -> Tried {
        Tried {
            title: "a broken request".into(),
            edition: Arc::new(Edition::empty("2027-03-01")),
            dual_era: false,
            allowed: Allowed {
                outcome: Outcome::Refused,
                status: vec![400],
                codes: vec![-32020],
                id: IdEcho::Echoed,
                again: None,
            },
            before: accepted(),
            sent,
            after: Some(accepted()),
            controlled: Ok(()),
        }
    }

    fn held(judgement: Judgement) -> bool {
        matches!(judgement, Ok(Finding::Held))
    }

    fn violated(judgement: Judgement) -> bool {
        matches!(judgement, Ok(Finding::Violated { .. }))
    }

    #[test]
    fn silence_and_a_closed_connection_are_no_refusal() {
        for sent in [seen(None, None, End::TimedOut), seen(None, None, End::Broken("reset".into()))]
        {
            assert!(violated(outcome(&tried(sent.clone()))));
            assert!(!held(status(&tried(sent.clone()))));
            assert!(!held(code(&tried(sent))));
        }
    }

    #[test]
    fn a_refusal_without_an_accepted_control_proves_nothing() {
        let mut refused = tried(error(400, -32020, json!(1)));
        assert!(held(outcome(&refused)));
        refused.controlled = Err(Trouble::Control("HTTP 500".into()));
        for facet in [outcome, status, code, id_echo, refused_with_code, refused_with_status] {
            assert!(facet(&refused).is_err());
        }
    }

    #[test]
    fn a_failure_is_no_refusal_and_a_limit_no_answer() {
        let failed = tried(seen(Some(500), None, End::Complete));
        assert!(violated(outcome(&failed)) && !held(status(&failed)) && !held(code(&failed)));
        let mut limited = tried(seen(Some(429), None, End::Complete));
        for facet in [outcome, status, code, id_echo, refused_as_named] {
            assert!(facet(&limited).is_err());
        }
        limited.allowed.outcome = Outcome::Accepted;
        assert!(outcome(&limited).is_err());
    }

    #[test]
    fn a_challenge_is_a_refusal_where_the_text_names_it() {
        let mut challenged = tried(seen(Some(401), None, End::Complete));
        assert!(violated(outcome(&challenged)));
        challenged.allowed.status = vec![401];
        assert!(held(outcome(&challenged)) && held(status(&challenged)));
    }

    #[test]
    fn a_legal_sibling_that_is_served_holds_no_refusal() {
        let unverified =
            Verdict::Unverified { why: "silence".into(), how_to_enable: "answer".into() };
        let cases =
            |refused: Verdict| [(Outcome::Accepted, Verdict::Held), (Outcome::Refused, refused)];
        assert_eq!(fold(&cases(unverified.clone())), Some(unverified));
        assert_eq!(fold(&cases(Verdict::Held)), Some(Verdict::Held));
        let doubt = Verdict::inconclusive("no answer");
        assert_eq!(fold(&cases(doubt.clone())), Some(doubt));
        assert_eq!(fold(&[(Outcome::Accepted, Verdict::Held)]), Some(Verdict::Held));
        assert_eq!(fold(&[]), None);
    }

    #[test]
    fn each_facet_minds_its_own_part_of_the_answer() {
        let wrong_status = tried(error(422, -32020, json!(1)));
        assert!(
            held(outcome(&wrong_status))
                && held(code(&wrong_status))
                && violated(status(&wrong_status))
        );
        let wrong_code = tried(error(400, -32602, json!(1)));
        assert!(
            held(outcome(&wrong_code)) && held(status(&wrong_code)) && violated(code(&wrong_code))
        );
        let wrong_id = tried(error(400, -32020, json!("1")));
        assert!(held(code(&wrong_id)) && violated(id_echo(&wrong_id)));
        let no_body = tried(seen(Some(400), None, End::Complete));
        assert!(
            held(status(&no_body))
                && violated(code(&no_body))
                && violated(refused_with_code(&no_body))
        );
    }

    #[test]
    fn a_code_of_headers_is_named_where_there_are_headers() {
        let of = |sent: Option<Sent>, revision: &str| {
            let answer = error(400, -32020, json!(1));
            let mut exchange = Exchange::clone(&answer.exchange);
            exchange.sent = sent.unwrap_or(exchange.sent);
            let mut tried = tried(Observed::new(exchange));
            tried.allowed.codes = vec![-32602, -32020];
            tried.edition = Arc::new(Edition::empty(revision));
            tried
        };
        let posted = Sent::Http {
            method: "POST".into(),
            url: "http://127.0.0.1/mcp".into(),
            headers: Vec::new(),
            body: json!({"jsonrpc": "2.0", "id": 1, "method": "m"}).to_string().into(),
        };
        let here = of(Some(posted.clone()), "2026-07-28");
        assert!(held(refused_with_code(&here)));
        assert_eq!(refusal(&here), "HTTP 400 with error -32602 or -32020");
        for (elsewhere, expected) in [
            (of(None, "2026-07-28"), "error -32602"),
            (of(Some(posted), "2025-11-25"), "HTTP 400 with error -32602"),
        ] {
            assert!(violated(refused_with_code(&elsewhere)), "{expected}");
            assert_eq!(refusal(&elsewhere), expected);
        }
    }

    #[test]
    fn what_was_served_has_no_error_to_judge() {
        let served = tried(accepted());
        assert!(violated(outcome(&served)) && violated(refused_with_code(&served)));
        for facet in [status, code, id_echo] {
            assert!(matches!(facet(&served), Ok(Finding::Unseen { .. })));
        }
    }
}
