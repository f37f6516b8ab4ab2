//! basic/authorization/security-considerations: authorization and token requests, as OAuth 2.1 has a client make
//! them.

use plumb_runner::client::protected::{
    CLIENT_ID, Flow, KEPT_QUERY, NO_LOOPBACK, ODD_CLIENT, ODD_SECRET, Scene, Step, basic,
};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check, clip};

use super::{ANY, SHOWN, scopes};

pub(crate) const CHECKS: &[&Check] = &[
    &FORM,
    &TOKEN_REQUEST,
    &NO_QUERY,
    &ONE_WAY,
    &SECRET,
    &ENCODED,
    &ONCE,
    &SAME_REDIRECT,
    &SCOPE,
    &RESPONSE_TYPE,
    &ENDPOINT_QUERY,
    &SECURE,
];

/// What is a secret in a token request.
const SECRETS: [&str; 5] =
    ["code", "code_verifier", "client_secret", "refresh_token", "client_assertion"];

check! {
    /// **Observed:** a token request is a form (`application/x-www-form-urlencoded`), no JSON.
    ///
    /// **Why:** authorization servers read nothing else; ours is lenient, so that more can be seen.
    ///
    /// **Fix:** leave token requests to a library, or encode them as a form (OAuth 2.1 section 3.2.2).
    pub(crate) FORM = "client.oauth21.form";
    happening: form
}

fn form(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, now)) = request(moment) else { return };
    // A form reads as no JSON: what is an object was meant as one.
    marks.expect(!now.json().is_object(), "a form (application/x-www-form-urlencoded)", || {
        let kind = now.header("Content-Type").unwrap_or("no media type");
        format!("a JSON object, {}", clip(kind, SHOWN))
    });
}

/// The grants that OAuth defines by a word; others are named by a URI.
const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

check! {
    /// **Observed:** a token request has a `grant_type` that is defined: one of OAuth's own, or a URI. One that redeems a code or
    /// a refresh token and does not authenticate its client has a `client_id`.
    ///
    /// **Why:** an authorization server refuses what names no grant that it knows, and cannot tell whose code it redeems;
    /// ours overlooks a client that is not named, so that more can be seen.
    ///
    /// **Fix:** send `grant_type` as it is written in OAuth 2.1 sections 4.1.3, 4.2 and 4.3, and `client_id` wherever there are
    /// no credentials (section 3.2.2).
    pub(crate) TOKEN_REQUEST = "client.oauth21.token-request";
    happening: token_request
}

fn token_request(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, now)) = request(moment) else { return };
    if now.json().is_object() {
        return; // No form: another check says so.
    }
    let grant = now.form("grant_type").unwrap_or_default();
    let defined = GRANTS.contains(&grant.as_str()) || grant.contains(':');
    marks.expect(defined, "a `grant_type` that is defined", || {
        if grant.is_empty() { "none".into() } else { format!("{:?}", clip(&grant, SHOWN)) }
    });
    let redeems = ["authorization_code", "refresh_token"].contains(&grant.as_str());
    if redeems && ways(now).is_empty() {
        let named = now.client_id().is_some_and(|id| !id.is_empty());
        marks.expect(named, "a `client_id`, as nothing authenticates the client", || {
            "neither that nor credentials".into()
        });
    }
}

check! {
    /// **Observed:** nothing secret stands in the query of a token request: no code, verifier, secret or refresh token.
    ///
    /// **Why:** queries are logged, by every machine on the way.
    ///
    /// **Fix:** send all parameters in the body (OAuth 2.1 section 3.2.2).
    pub(crate) NO_QUERY = "client.oauth21.no-query";
    happening: no_query
}

fn no_query(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, now)) = request(moment) else { return };
    let shown = SECRETS.into_iter().find(|name| now.query(name).is_some());
    marks.expect(shown.is_none(), "a token request with its parameters in the body", || {
        format!("`{}` in the query", shown.unwrap_or_default())
    });
}

check! {
    /// **Observed:** a client authenticates itself in one way: by HTTP Basic, by a secret in the form, or by an assertion.
    ///
    /// **Why:** an authorization server refuses a request with two, since they may contradict each other.
    ///
    /// **Fix:** choose by `token_endpoint_auth_methods_supported`, and leave the others out (OAuth 2.1 section 2.4.1).
    pub(crate) ONE_WAY = "client.oauth21.one-method";
    happening: one_way
}

fn one_way(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, now)) = request(moment) else { return };
    let used = ways(now);
    if !used.is_empty() {
        marks.expect(used.len() == 1, "one way to authenticate", || used.join(" and "));
    }
}

check! {
    /// **Observed:** a client that has a secret, given to it or issued to it for more than `none`, uses it in its token requests.
    ///
    /// **Why:** whoever knows its public identifier could redeem its codes.
    ///
    /// **Fix:** authenticate wherever there are credentials (OAuth 2.1 section 2.4).
    pub(crate) SECRET = "client.oauth21.authenticates";
    happening: secret
}

fn secret(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, now)) = request(moment) else { return };
    let Some(id) = now.client_id() else { return };
    let given = flow.facts.scene == Scene::PreRegistered && id == CLIENT_ID;
    let registered = flow.of(Step::Registration).filter_map(Received::response).any(|of| {
        let secret = of["client_secret"].as_str().is_some_and(|secret| !secret.is_empty());
        of["client_id"] == *id && secret && of["token_endpoint_auth_method"] != "none"
    });
    if given || registered {
        marks.expect(!ways(now).is_empty(), "the secret that the client was given", || {
            "the client does not authenticate itself".into()
        });
    }
}

check! {
    /// **Observed:** identifier and secret of a client that authenticates by HTTP Basic are each form-encoded before they are
    /// joined: those that our client is given have a blank, `+`, `/`, `:` and `%`.
    ///
    /// **Why:** an authorization server decodes them, and finds another secret; it shows with the first one that has such a
    /// character.
    ///
    /// **Fix:** encode both as in a form, join them by a colon, and encode that in Base64 (OAuth 2.1 section 2.4.1).
    pub(crate) ENCODED = "client.oauth21.basic-encoding";
    happening: encoded
}

fn encoded(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(&[Scene::PreRegisteredOddly], Step::Token).is_none() {
        return;
    }
    let Some((id, secret)) = moment.now().header("Authorization").and_then(basic) else { return };
    // Who has registered has another identifier and another secret.
    if id.starts_with("plumb known") {
        let expected = format!("{ODD_CLIENT:?} and {ODD_SECRET:?}, each form-encoded");
        marks.expect(id == ODD_CLIENT && secret == ODD_SECRET, expected, || {
            format!("they read as {id:?} and {secret:?}")
        });
    }
}

check! {
    /// **Observed:** no code is redeemed again after a token was issued for it.
    ///
    /// **Why:** an authorization server takes the second for a thief, and revokes the tokens of the first.
    ///
    /// **Fix:** forget a code once it was sent; begin anew where no token came (OAuth 2.1 section 4.1.3).
    pub(crate) ONCE = "client.oauth21.code-once";
    happening: once
}

fn once(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, now)) = request(moment) else { return };
    let Some(code) = now.form("code") else { return };
    let same = |r: &Received| {
        let issued = flow.step(r) == Step::Token && r.answered() == Some(200);
        issued
            && r.form("code").as_ref() == Some(&code)
            && r.exchange.answer.ended_at < now.exchange.answer.sent_at
    };
    let again = moment.before().iter().any(same);
    marks.expect(!again, "a code that was not redeemed before", || "one that was".into());
}

check! {
    /// **Observed:** a token request that names a redirect URI names that of the authorization request.
    ///
    /// **Why:** an authorization server of OAuth 2.0 compares them, and refuses.
    ///
    /// **Fix:** keep the redirect URI with the verifier of the request (OAuth 2.1 section 4.1.3).
    pub(crate) SAME_REDIRECT = "client.oauth21.same-redirect";
    happening: same_redirect
}

fn same_redirect(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, now)) = request(moment) else { return };
    let Some(code) = now.form("code") else { return };
    let asked = |r: &&Received| r.returned("code").as_ref() == Some(&code);
    let Some(authorization) = flow.of(Step::Authorization).find(asked) else { return };
    let both = authorization.query("redirect_uri").zip(now.form("redirect_uri"));
    let Some((asked, sent)) = both else { return };
    marks.expect(asked == sent, "the redirect URI of the authorization request", || {
        format!("{}, and it was {}", clip(&sent, SHOWN), clip(&asked, SHOWN))
    });
}

check! {
    /// **Observed:** a refresh that names scopes names none that was not granted before.
    ///
    /// **Why:** nobody has agreed to more, and the authorization server refuses.
    ///
    /// **Fix:** leave `scope` out of a refresh; ask the user for more (OAuth 2.1 section 4.3.1).
    pub(crate) SCOPE = "client.oauth21.refresh-scope";
    happening: scope
}

fn scope(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, now)) = request(moment) else { return };
    if now.form("grant_type").as_deref() != Some("refresh_token") {
        return;
    }
    let wider = refreshed(moment, flow);
    marks.expect(wider.is_none(), "no scope in a refresh that was not granted", || {
        format!("`{}`", clip(&wider.unwrap_or_default(), SHOWN))
    });
}

check! {
    /// **Observed:** an authorization request has `response_type=code`.
    ///
    /// **Why:** the grants that give a token at once are gone: what comes back by a browser can be read on the way.
    ///
    /// **Fix:** ask for a code (OAuth 2.1 section 4.1.1).
    pub(crate) RESPONSE_TYPE = "client.oauth21.response-type";
    happening: response_type
}

fn response_type(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Authorization) else { return };
    // Where the query of the endpoint is lost, so may be what follows it: another check tells.
    if flow.facts.scene == Scene::OddChallenge {
        return;
    }
    let of = moment.now().query("response_type");
    marks.expect(of.as_deref() == Some("code"), "`response_type=code`", || {
        of.as_deref().map_or("there is none".into(), |of| clip(of, SHOWN))
    });
}

check! {
    /// **Observed:** the query that an authorization endpoint has of its own is part of the authorization request.
    ///
    /// **Why:** it says which of several tenants, or which policy, is meant.
    ///
    /// **Fix:** add parameters to the query of the URL, instead of putting one in its place (OAuth 2.1 section 3.1).
    pub(crate) ENDPOINT_QUERY = "client.oauth21.endpoint-query";
    happening: endpoint_query
}

fn endpoint_query(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(&[Scene::OddChallenge], Step::Authorization).is_none() {
        return;
    }
    let (name, value) = KEPT_QUERY;
    let kept = moment.now().query(name).is_some_and(|given| given == value);
    let expected = format!("`{name}={value}`, which the authorization endpoint has");
    marks.expect(kept, expected, || "it is lost".into());
}

check! {
    /// **Observed:** a client sends no code to a token endpoint that is plain HTTP and no loopback: ours is told as
    /// `http://0.0.0.0`, which leads back to this machine.
    ///
    /// **Why:** who reads along has code and verifier, and then the tokens.
    ///
    /// **Fix:** use endpoints of metadata only if they are `https`, or on the loopback for a test (OAuth 2.1 section 1.5).
    pub(crate) SECURE = "client.oauth21.secure-endpoints";
    happening: secure
}

fn secure(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::PlainEndpoint], Step::ServerMetadata) else { return };
    if !moment.signs_in() {
        return;
    }
    let here = |r: &Received| r.header("Host").is_some_and(|host| host.starts_with(NO_LOOPBACK));
    let went_on = flow.all.iter().any(here);
    marks.expect(!went_on, "nothing is sent to `http://0.0.0.0`", || "the code was".into());
}

/// The flow and the request, if this is a token request.
fn request<'a>(moment: &Moment<'a>) -> Option<(Flow<'a>, &'a Received)> {
    moment.at(ANY, Step::Token).map(|flow| (flow, moment.now()))
}

/// The ways in which a token request authenticates its client.
fn ways(now: &Received) -> Vec<&'static str> {
    let form = |name: &str| now.form(name).is_some_and(|value| !value.is_empty());
    let by_basic = now.header("Authorization").and_then(basic).is_some_and(|(_, s)| !s.is_empty());
    let ways = [
        (by_basic, "HTTP Basic"),
        (form("client_secret"), "`client_secret`"),
        (form("client_assertion"), "`client_assertion`"),
    ];
    ways.into_iter().filter(|(is, _)| *is).map(|(_, way)| way).collect()
}

/// A scope of a refresh that was not granted before it.
fn refreshed(moment: &Moment<'_>, flow: Flow<'_>) -> Option<String> {
    let wanted = moment.now().form("scope")?;
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
    wider.filter(|_| known).map(str::to_owned)
}
