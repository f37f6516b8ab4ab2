//! basic/authorization/security-considerations: token requests, as OAuth 2.1 has a client make them.

use plumb_runner::client::protected::{CLIENT_ID, Flow, KEPT_QUERY, Scene, Step, basic};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check, clip};

use super::{ANY, SHOWN, scopes};

pub(crate) const CHECKS: &[&Check] = &[&PRACTICES];

/// What is a secret in a token request.
const SECRETS: [&str; 5] =
    ["code", "code_verifier", "client_secret", "refresh_token", "client_assertion"];

check! {
    /// **Observed:** token requests are such as OAuth 2.1 has a client make: a form, with nothing secret in the query; one way to
    /// authenticate, and one where the client has a secret; each code once, with the redirect URI that it was asked for with, if
    /// any; and no scope in a refresh that was not granted before. The query that an authorization endpoint has of its own is
    /// kept.
    ///
    /// **Why:** queries are logged; an authorization server refuses the rest, or takes the client for a thief and revokes its
    /// tokens. Ours is lenient, so that more can be seen.
    ///
    /// **Fix:** make token requests in one place, or leave them to a library (OAuth 2.1 sections 2.4, 3.2, 4.1.3 and 4.3).
    pub(crate) PRACTICES = "authsec.oauth21-practices";
    happening: practices
}

fn practices(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    if moment.at(&[Scene::OddChallenge], Step::Authorization).is_some() {
        let (name, value) = KEPT_QUERY;
        let kept = now.query(name).is_some_and(|given| given == value);
        let expected = format!("`{name}={value}`, which the authorization endpoint has");
        return marks.expect(kept, expected, || "it is lost".into());
    }
    let Some(flow) = moment.at(ANY, Step::Token) else { return };
    if let Some(name) = SECRETS.into_iter().find(|name| now.query(name).is_some()) {
        marks.breaks(
            "a token request with its parameters in the body",
            format!("`{name}` in the query"),
        );
    }
    // A form reads as no JSON: what is an object was meant as one.
    if now.json().is_object() {
        let kind = now.header("Content-Type").unwrap_or("no media type");
        let actual = format!("a JSON object, {}", clip(kind, SHOWN));
        return marks.breaks("a form (application/x-www-form-urlencoded)", actual);
    }
    let found = [authenticated(flow, now), redeemed(moment, flow), refreshed(moment, flow)];
    let found: Vec<(&str, String)> = found.into_iter().flatten().collect();
    if found.is_empty() {
        marks.fits();
    }
    for (expected, actual) in found {
        marks.breaks(expected, actual);
    }
}

/// What is wrong with how the client authenticates itself (OAuth 2.1 section 2.4).
fn authenticated(flow: Flow<'_>, now: &Received) -> Option<(&'static str, String)> {
    let form = |name: &str| now.form(name).is_some_and(|value| !value.is_empty());
    let by_basic = now.header("Authorization").and_then(basic).is_some_and(|(_, s)| !s.is_empty());
    let ways = [
        (by_basic, "HTTP Basic"),
        (form("client_secret"), "`client_secret`"),
        (form("client_assertion"), "`client_assertion`"),
    ];
    let used: Vec<&str> = ways.iter().filter(|(is, _)| *is).map(|(_, way)| *way).collect();
    if used.len() > 1 {
        return Some(("one way to authenticate", used.join(" and ")));
    }
    let id = now.client_id()?;
    let given = flow.facts.scene == Scene::PreRegistered && id == CLIENT_ID;
    let registered = flow.of(Step::Registration).filter_map(Received::response).any(|of| {
        let secret = of["client_secret"].as_str().is_some_and(|secret| !secret.is_empty());
        of["client_id"] == *id && secret && of["token_endpoint_auth_method"] != "none"
    });
    let confidential = (given || registered) && used.is_empty();
    confidential.then(|| {
        ("the secret that the client was given", "the client does not authenticate itself".into())
    })
}

/// What is wrong with how a code is redeemed (OAuth 2.1 section 4.1.3).
fn redeemed(moment: &Moment<'_>, flow: Flow<'_>) -> Option<(&'static str, String)> {
    let now = moment.now();
    let code = now.form("code")?;
    let same = |r: &Received| {
        let issued = flow.step(r) == Step::Token && r.answered() == Some(200);
        issued
            && r.form("code").as_ref() == Some(&code)
            && r.exchange.answer.ended_at < now.exchange.answer.sent_at
    };
    if moment.before().iter().any(same) {
        return Some(("a code that was not redeemed before", "one that was".into()));
    }
    let asked = |r: &&Received| r.returned("code").as_ref() == Some(&code);
    let authorization = flow.of(Step::Authorization).find(asked)?;
    let (asked, sent) = (authorization.query("redirect_uri")?, now.form("redirect_uri")?);
    let actual = || format!("{}, and it was {}", clip(&sent, SHOWN), clip(&asked, SHOWN));
    (asked != sent).then(|| ("the redirect URI of the authorization request", actual()))
}

/// What is wrong with how a token is refreshed (OAuth 2.1 section 4.3.1).
fn refreshed(moment: &Moment<'_>, flow: Flow<'_>) -> Option<(&'static str, String)> {
    let now = moment.now();
    now.form("refresh_token")
        .filter(|_| now.form("grant_type").as_deref() == Some("refresh_token"))?;
    let wanted = now.form("scope")?;
    let asked = moment.before().iter().filter(|r| flow.step(r) == Step::Authorization);
    let mut granted: Vec<String> = asked.filter_map(scopes).flatten().collect();
    // What the answer to this one grants was not granted before.
    let tokens = moment.before().iter().filter(|r| flow.step(r) == Step::Token);
    for told in tokens.filter_map(Received::response) {
        let scope = told["scope"].as_str().unwrap_or_default();
        granted.extend(scope.split_whitespace().map(str::to_owned));
    }
    // Where nothing is named, the authorization server has granted what it likes.
    let wider = wanted.split_whitespace().find(|scope| !granted.iter().any(|of| of == scope));
    let known = !granted.is_empty();
    let wider = wider.filter(|_| known)?;
    Some(("no scope in a refresh that was not granted", format!("`{}`", clip(wider, SHOWN))))
}
