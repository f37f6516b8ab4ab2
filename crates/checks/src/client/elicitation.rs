//! client/elicitation: what a client declares, and how it answers forms and pages.

use plumb_runner::client::{
    CONFIRM, CONFIRM_OFFICIALLY, ENDPOINT, Moment, Provoked, Received, Scenario, VISIT, form_schema,
};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::meta;
use serde_json::Value;

use super::mrtr::response;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

/// Where forms are asked for one by one.
const OFFICIAL: Scenario = Scenario::Provoked(Provoked::RequestState);

pub(crate) const CHECKS: &[&Check] =
    &[&DECLARE, &ONE_MODE, &MODE_DEFAULT, &ACTION, &CONTENT, &NO_CONTENT, &NO_PREFETCH];

check! {
    /// **Observed:** a client that declares `elicitation` with one request of a scenario declares it with each.
    ///
    /// **Why:** a server goes by the request at hand, and would not ask.
    ///
    /// **Fix:** add the capabilities where all requests are written.
    pub(crate) DECLARE = "elicit.client.declare";
    happening: |moment, marks| declares(moment, marks, "elicitation")
}

/// That what is declared once in a scenario is declared with each request.
pub(super) fn declares(moment: &Moment<'_>, marks: &mut Marks, name: &str) {
    let declared =
        |r: &Received| r.meta(meta::CLIENT_CAPABILITIES).is_some_and(|all| all.get(name).is_some());
    let now = moment.now();
    if now.meta(meta::CLIENT_CAPABILITIES).is_none_or(|all| !all.is_object()) {
        return;
    }
    let once = moment.of(moment.scenario).iter().any(declared);
    if once {
        marks.expect(declared(now), format!("`{name}` is declared"), || {
            format!("{} declares none, and another request did", now.method().unwrap_or_default())
        });
    }
}

check! {
    /// **Observed:** a declared `elicitation` is empty, which means forms, or has `form` or `url`; and a client that declares
    /// forms, is started by us, so that nobody sits before it, and is asked for some by two calls, answers one of them, if only
    /// with `decline`.
    ///
    /// **Why:** who supports no mode supports no elicitation, and a server does not know what to send.
    ///
    /// **Fix:** declare the modes that you can show, and none that nothing is there to handle.
    pub(crate) ONE_MODE = "elicit.client.one-mode";
    happening: one_mode
}

fn one_mode(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(all) = moment.whole_of(OFFICIAL) {
        let (unsaid, said) = asked_and_answered(all);
        let elsewhere = [Provoked::Input, Provoked::Rounds, Provoked::TaskInput];
        let answers = |r: &Received| r.param("inputResponses").is_some();
        let never =
            !elsewhere.into_iter().any(|of| moment.of(Scenario::Provoked(of)).iter().any(answers));
        // Where somebody sits before the client, that one may have given up each of them.
        let alone = moment.failed(OFFICIAL).is_some();
        if let (Some(false), Some(false), true) = (unsaid, said, never && alone) {
            marks.breaks("an answer to a form", "none of those that were asked for was answered");
        }
    }
    let received = moment.now();
    let declared = received.meta(meta::CLIENT_CAPABILITIES).and_then(|all| all.get("elicitation"));
    let Some(modes) = declared.and_then(Value::as_object) else { return };
    let fits = modes.is_empty() || modes.contains_key("form") || modes.contains_key("url");
    marks.expect(fits, "`form` or `url`, or nothing", || {
        declared.map(Value::to_string).unwrap_or_default()
    });
}

check! {
    /// **Observed:** an elicitation without `mode` is answered as a form: what accepts it has content; and a client that
    /// answers one that says `form` answers one that says nothing.
    ///
    /// **Why:** servers may leave the mode of a form out.
    ///
    /// **Fix:** take a missing `mode` for `form`.
    pub(crate) MODE_DEFAULT = "elicit.client.mode-default";
    happening: mode_default
}

fn mode_default(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some((Some(false), Some(true))) = moment.whole_of(OFFICIAL).map(asked_and_answered) {
        let expected = "an answer to a form without `mode`, as to one with it";
        marks.breaks(expected, "the call was not sent again");
    }
    for answer in forms(moment) {
        if answer["action"] == "accept" {
            marks.expect(answer["content"].is_object(), "`content` of the form", || shown(&answer));
        }
    }
}

check! {
    /// **Observed:** the `action` of an answer to an elicitation is `accept`, `decline` or `cancel`.
    ///
    /// **Why:** a server takes another for a failure, or for consent.
    ///
    /// **Fix:** send one of the three.
    pub(crate) ACTION = "elicit.result.action";
    happening: action
}

fn action(moment: &Moment<'_>, marks: &mut Marks) {
    for answer in forms(moment).into_iter().chain(response(moment, VISIT)) {
        let known = ["accept", "decline", "cancel"];
        let fits = answer["action"].as_str().is_some_and(|action| known.contains(&action));
        marks.expect(fits, "`accept`, `decline` or `cancel`", || shown(&answer));
    }
}

check! {
    /// **Observed:** the content of an accepted form is what its `requestedSchema` says.
    ///
    /// **Why:** a server asks again, or goes on with what it cannot use.
    ///
    /// **Fix:** validate what was entered before it is sent.
    pub(crate) CONTENT = "elicit.result.content-form";
    judges: ["elicit.form.client-validate"];
    happening: content
}

fn content(moment: &Moment<'_>, marks: &mut Marks) {
    for answer in forms(moment) {
        let Some(content) = answer.get("content").filter(|_| answer["action"] == "accept") else {
            continue;
        };
        let fits = jsonschema::is_valid(&form_schema(), content);
        marks.expect(fits, format!("content of {}", form_schema()), || shown(content));
    }
}

check! {
    /// **Observed:** the answer to an elicitation of a page has no `content`.
    ///
    /// **Why:** what is entered on the page stays there; that is what the mode is for.
    ///
    /// **Fix:** send the action alone.
    pub(crate) NO_CONTENT = "elicit.result.no-content-url";
    happening: no_content
}

fn no_content(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(answer) = response(moment, VISIT) {
        marks.expect(answer.get("content").is_none(), "no `content`", || shown(&answer));
    }
}

check! {
    /// **Observed:** the page of an elicitation is not fetched by the client, and nothing else of its site once it was named.
    ///
    /// **Why:** the fetch itself can be the attack, and nobody has agreed to it.
    ///
    /// **Fix:** show the URL as text; open it in a browser once the user has agreed.
    pub(crate) NO_PREFETCH = "elicit.url.client-no-prefetch";
    happening: no_prefetch
}

fn no_prefetch(moment: &Moment<'_>, marks: &mut Marks) {
    if ![Scenario::Provoked(Provoked::Input), OFFICIAL].contains(&moment.scenario) {
        return;
    }
    // The icon of its site is metadata of a page.
    let path = moment.now().path();
    let named = moment.before().iter().any(asked_to_visit);
    let elsewhere = path != ENDPOINT && !path.starts_with("/.well-known/");
    let fetches = moment.now().line().is_none() && named && elsewhere;
    if fetches || ["/visit", "/favicon.ico"].contains(&path) {
        marks.breaks("the page is not fetched", format!("{} {path}", moment.now().http_method()));
    } else if asked_to_visit(moment.now()) {
        marks.fits();
    }
}

/// Whether a form without `mode`, and one with it, were answered; `None` for one that was not asked for.
fn asked_and_answered(all: &[Received]) -> (Option<bool>, Option<bool>) {
    // The one with a mode has a state as well.
    let of = |state: bool| {
        let asks = |r: &Received| {
            let form = |result: &Value| result["inputRequests"].get(CONFIRM_OFFICIALLY).is_some();
            r.result().is_some_and(|of| form(of) && of.get("requestState").is_some() == state)
        };
        let at = all.iter().position(asks)?;
        let name = all[at].param("name");
        let answers = |r: &Received| r.param("name") == name && r.param("inputResponses").is_some();
        Some(all[at + 1..].iter().any(answers))
    };
    (of(false), of(true))
}

fn asked_to_visit(received: &Received) -> bool {
    received.result().is_some_and(|result| result["inputRequests"].get(VISIT).is_some())
}

/// The answers to forms, in what is sent again.
fn forms(moment: &Moment<'_>) -> Vec<Value> {
    [CONFIRM, CONFIRM_OFFICIALLY].into_iter().filter_map(|key| response(moment, key)).collect()
}

fn shown(value: &Value) -> String {
    clip(&value.to_string(), SHOWN)
}
