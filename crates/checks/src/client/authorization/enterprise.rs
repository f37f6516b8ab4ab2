//! The extension of enterprise-managed authorization: a grant that an organisation gives.

use plumb_runner::client::Moment;
use plumb_runner::client::protected::{Scene, Step};
use plumb_runner::{Check, Marks, check, clip};

use super::SHOWN;

pub(crate) const CHECKS: &[&Check] = &[&AUDIENCE, &RESOURCE, &SCOPE, &GRANT, &NO_URLS];

/// Names of parameters that carry a grant or a token.
const CARRIERS: [&str; 5] =
    ["subject_token", "assertion", "access_token", "refresh_token", "client_secret"];

const ENTERPRISE: &[Scene] = &[Scene::Enterprise];

check! {
    /// **Observed:** the exchange at the identity provider names the issuer of the server's authorization server as `audience`.
    ///
    /// **Why:** the grant is good nowhere else.
    ///
    /// **Fix:** send `issuer` of the validated metadata.
    pub(crate) AUDIENCE = "ema.client.audience";
    happening: audience
}

fn audience(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ENTERPRISE, Step::Exchange) else { return };
    let named = moment.now().form("audience").unwrap_or_default();
    let issuer = &flow.facts.issuers[0];
    marks.expect(named == *issuer, format!("`audience` is {issuer}"), || clip(&named, SHOWN));
}

check! {
    /// **Observed:** `resource` of the exchange, if there is one, is the identifier of the server.
    ///
    /// **Why:** the token is bound to what the grant names.
    ///
    /// **Fix:** send `resource` of the server's metadata.
    pub(crate) RESOURCE = "ema.client.resource";
    happening: resource
}

fn resource(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ENTERPRISE, Step::Exchange) else { return };
    for named in moment.now().forms("resource") {
        let own = &flow.facts.resource;
        marks.expect(named == *own, format!("`resource` is {own}"), || clip(&named, SHOWN));
    }
}

check! {
    /// **Observed:** the exchange names the scopes that are needed.
    ///
    /// **Why:** without them the grant may be for all that the user may do.
    ///
    /// **Fix:** send `scope`.
    pub(crate) SCOPE = "ema.delegation-scope";
    happening: scope
}

fn scope(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ENTERPRISE, Step::Exchange).is_some() {
        let named = moment.now().form("scope").is_some_and(|scope| !scope.trim().is_empty());
        marks.expect(named, "`scope` in the exchange", || "there is none".into());
    }
}

check! {
    /// **Observed:** the grant is brought to the authorization server as the assertion of a `jwt-bearer` grant.
    ///
    /// **Why:** it is read nowhere else.
    ///
    /// **Fix:** send `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` with the grant as `assertion`.
    pub(crate) GRANT = "ema.jwt-bearer";
    happening: grant
}

fn grant(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ENTERPRISE, Step::Token) else { return };
    if flow.of(Step::Exchange).next().is_none() {
        return; // It does something else.
    }
    let kind = moment.now().form("grant_type").unwrap_or_default();
    let expected = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let fits = kind == expected && moment.now().form("assertion").is_some();
    marks.expect(fits, format!("{expected} with an `assertion`"), || clip(&kind, SHOWN));
}

check! {
    /// **Observed:** no URL of these requests has a grant, a token or a secret in its query.
    ///
    /// **Why:** URLs are logged.
    ///
    /// **Fix:** send them in the form.
    pub(crate) NO_URLS = "ema.no-url-tokens";
    happening: no_urls
}

fn no_urls(moment: &Moment<'_>, marks: &mut Marks) {
    let here = [Step::Exchange, Step::Token].iter().any(|s| moment.at(ENTERPRISE, *s).is_some());
    if here {
        let stands = CARRIERS.into_iter().find(|name| moment.now().query(name).is_some());
        marks.expect(stands.is_none(), "no grant and no token in a URL", || {
            format!("`{}` in a query", stands.unwrap_or_default())
        });
    }
}
