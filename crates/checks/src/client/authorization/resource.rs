//! basic/authorization#resource-parameter-implementation: what a token is for (RFC 8707).

use plumb_runner::client::Moment;
use plumb_runner::client::protected::{Flow, Scene, Step};
use plumb_runner::{Check, Marks, check, clip};
use url::Url;

use super::{ANY, SHOWN};

pub(crate) const CHECKS: &[&Check] =
    &[&AUTHORIZATION, &TOKEN, &IDENTIFIES, &CANONICAL, &SPECIFIC, &SLASH];

check! {
    /// **Observed:** every authorization request has `resource`, whether or not the authorization server says that it knows it.
    ///
    /// **Why:** otherwise a token may be good for any server, and each can use it at the others.
    ///
    /// **Fix:** send the URI of the server as `resource`.
    pub(crate) AUTHORIZATION = "client.resource.authorization-request";
    judges: ["client.resource.implement", "client.resource.always"];
    happening: authorization
}

fn authorization(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Authorization).is_some() {
        let named = moment.now().query("resource").is_some_and(|value| !value.is_empty());
        marks.expect(named, "`resource` in the authorization request", || "there is none".into());
    }
}

check! {
    /// **Observed:** every token request has it, too: with a code, with a refresh token, and of a client for itself.
    ///
    /// **Why:** the token is what has to be bound.
    ///
    /// **Fix:** send the same `resource` with each token request.
    pub(crate) TOKEN = "client.resource.token-request";
    happening: token
}

fn token(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Token).is_none() {
        return;
    }
    let grant = moment.now().form("grant_type").unwrap_or_default();
    if ["authorization_code", "refresh_token", "client_credentials"].contains(&grant.as_str()) {
        let named = moment.now().form("resource").is_some_and(|value| !value.is_empty());
        let expected = format!("`resource` in the token request ({grant})");
        marks.expect(named, expected, || "there is none".into());
    }
}

check! {
    /// **Observed:** `resource` is the server that is called: its host and port, and its path or a part of it.
    ///
    /// **Why:** a token for another one is refused here and good there.
    ///
    /// **Fix:** send `resource` of the validated metadata, or the URL of the server.
    pub(crate) IDENTIFIES = "client.resource.identifies-server";
    happening: identifies
}

fn identifies(moment: &Moment<'_>, marks: &mut Marks) {
    for (flow, value) in values(moment) {
        let (Ok(named), Ok(own)) = (Url::parse(&value), Url::parse(&flow.facts.uri)) else {
            continue;
        };
        let path = named.path().trim_end_matches('/');
        let rest = own.path().strip_prefix(path);
        let within = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let fits = named.origin() == own.origin() && within;
        marks.expect(fits, format!("`resource` is {}", flow.facts.uri), || clip(&value, SHOWN));
    }
}

check! {
    /// **Observed:** `resource` is an absolute URI without a fragment.
    ///
    /// **Why:** an authorization server refuses any other.
    ///
    /// **Fix:** send scheme, host and path.
    pub(crate) CANONICAL = "client.resource.canonical";
    happening: canonical
}

fn canonical(moment: &Moment<'_>, marks: &mut Marks) {
    for (_, value) in values(moment) {
        let absolute = Url::parse(&value).is_ok_and(|url| url.has_host());
        let fits = absolute && !value.contains('#');
        marks.expect(fits, "an absolute URI without a fragment", || clip(&value, SHOWN));
    }
}

check! {
    /// **Observed:** `resource` has the path of the server, where its metadata has it.
    ///
    /// **Why:** another server of the same host is another resource.
    ///
    /// **Fix:** send the whole URI.
    pub(crate) SPECIFIC = "client.resource.specific";
    happening: specific
}

fn specific(moment: &Moment<'_>, marks: &mut Marks) {
    for (flow, value) in values(moment) {
        let bare = value.trim_end_matches('/').split('#').next().unwrap_or_default().to_owned();
        let own = [flow.facts.uri.as_str(), flow.facts.resource.as_str()];
        marks.expect(own.contains(&bare.as_str()), format!("`resource` is {}", own[1]), || {
            clip(&value, SHOWN)
        });
    }
}

check! {
    /// **Observed:** `resource` does not end with a slash that the metadata does not have.
    ///
    /// **Why:** both forms are valid and unequal: whoever compares them as text refuses the token.
    ///
    /// **Fix:** keep the URI as it was given; a parser of URLs adds the slash of an empty path.
    pub(crate) SLASH = "auth.resource.no-trailing-slash";
    happening: slash
}

fn slash(moment: &Moment<'_>, marks: &mut Marks) {
    for (_, value) in values(moment) {
        marks.expect(!value.ends_with('/'), "`resource` without a slash at its end", || {
            clip(&value, SHOWN)
        });
    }
}

/// What an authorization or token request names, in scenes whose metadata is about the server.
fn values<'a>(moment: &Moment<'a>) -> Vec<(Flow<'a>, String)> {
    let Some(flow) = moment.flow() else { return Vec::new() };
    if [Scene::ResourceForeign, Scene::ResourceSibling].contains(&flow.facts.scene) {
        return Vec::new();
    }
    let named = match flow.step(moment.now()) {
        Step::Authorization => moment.now().queries("resource"),
        Step::Token => moment.now().forms("resource"),
        _ => Vec::new(),
    };
    named.into_iter().map(|value| (flow, value)).collect()
}
