//! basic/authorization/security-considerations#open-redirection, #communication-security: the way back to the client.

use plumb_runner::client::protected::{Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check, clip};
use serde_json::Value;
use url::{Host, Url};

use super::{ANY, SHOWN, refuses};

pub(crate) const CHECKS: &[&Check] = &[&REGISTERED, &SECURE, &STATE, &DISCARD];

check! {
    /// **Observed:** the redirect URI of an authorization request is one that the client registered; the port on this machine
    /// may differ. A registration for the grant of codes lists one.
    ///
    /// **Why:** the authorization server sends codes nowhere else.
    ///
    /// **Fix:** register the URI that is used.
    pub(crate) REGISTERED = "client.redirect.registered";
    happening: registered
}

fn registered(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Registration).is_some() {
        let grants = moment.now().json().get("grant_types").and_then(Value::as_array);
        let code = grants.is_none_or(|all| all.iter().any(|of| of == "authorization_code"));
        if code && moment.now().json().is_object() && registering(moment.now()).next().is_none() {
            marks.breaks("`redirect_uris` in the registration", "there are none");
        }
        return;
    }
    let Some(flow) = moment.at(ANY, Step::Authorization) else { return };
    let id = moment.now().query("client_id");
    let own =
        |r: &&Received| r.response().is_some_and(|a| a["client_id"].as_str() == id.as_deref());
    let Some(registration) = flow.of(Step::Registration).find(own) else { return };
    let all: Vec<&str> = registering(registration).collect();
    let used = moment.now().query("redirect_uri");
    let fits = match &used {
        Some(used) => all.iter().any(|one| without_port(one) == without_port(used)),
        None => all.len() == 1,
    };
    marks.expect(fits, format!("one of {all:?}"), || clip(&used.unwrap_or_default(), SHOWN));
}

/// The redirect URIs of a registration.
fn registering(registration: &Received) -> impl Iterator<Item = &str> {
    let all = registration.json()["redirect_uris"].as_array();
    all.into_iter().flatten().filter_map(Value::as_str)
}

/// A URI of this machine without its port; any other as it is.
fn without_port(uri: &str) -> String {
    let Ok(mut url) = Url::parse(uri) else { return uri.to_owned() };
    // A port cannot be set where there is no host.
    if is_here(&url) && url.set_port(None).is_ok() { url.into() } else { uri.to_owned() }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a redirect URI leads to this machine.
pub(super) fn is_local(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| is_here(&url))
}

check! {
    /// **Observed:** redirect URIs are those of this machine, or of https: in authorization requests, and in registrations.
    ///
    /// **Why:** a code that goes over plain HTTP is everybody's.
    ///
    /// **Fix:** listen on the loopback interface, or use https.
    pub(crate) SECURE = "authsec.redirect-https";
    happening: secure
}

fn secure(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Registration).is_some() {
        for uri in registering(moment.now()) {
            let plain = Url::parse(uri).is_ok_and(|url| url.scheme() == "http" && !is_here(&url));
            if plain {
                marks.breaks("redirect URIs of localhost or of https", clip(uri, SHOWN));
            }
        }
    }
    if moment.at(ANY, Step::Authorization).is_none() {
        return;
    }
    let Some(uri) = moment.now().query("redirect_uri") else { return };
    let secure = Url::parse(&uri).is_ok_and(|url| url.scheme() == "https" || is_here(&url));
    marks.expect(secure, "a redirect URI of localhost or of https", || clip(&uri, SHOWN));
}

check! {
    /// **Observed:** every authorization request has a `state` of its own.
    ///
    /// **Why:** it tells the client's own responses from those that somebody else makes a browser bring.
    ///
    /// **Fix:** draw one for each request.
    pub(crate) STATE = "client.state.use";
    happening: state
}

fn state(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Authorization).is_none() {
        return;
    }
    let now = moment.now();
    let Some(state) = now.query("state").filter(|state| !state.is_empty()) else {
        return marks.breaks("`state` in the authorization request", "there is none");
    };
    let query = |r: &Received| r.url().split_once('?').map(|(_, query)| query.to_owned());
    let again = moment.flows().flat_map(|flow| flow.of(Step::Authorization)).any(|other| {
        let same = other.query("state").as_ref() == Some(&state);
        same && other.exchange.seq < now.exchange.seq && query(other) != query(now)
    });
    marks.expect(!again, "a `state` of its own for each request", || "it was sent before".into());
}

check! {
    /// **Observed:** a client that sent a `state` does not use a response that brings another one, or none.
    ///
    /// **Why:** it is the answer to something that the client did not ask.
    ///
    /// **Fix:** compare before anything else of the response is used.
    pub(crate) DISCARD = "client.state.discard";
    happening: discard
}

fn discard(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::StateWrong, Scene::StateMissing];
    let Some(flow) = moment.at(&scenes, Step::Authorization) else { return };
    let now = moment.now();
    if now.query("state").is_some_and(|state| !state.is_empty()) && now.returned("code").is_some() {
        let expected = "no use of a code without the `state` that was sent";
        refuses(marks, flow, moment.signs_in(), expected, flow.redeems(now));
    }
}
