//! The extension of client credentials: a client that acts on its own behalf.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_runner::client::Moment;
use plumb_runner::client::protected::{Flow, SIGNED_CLIENT, Scene, Step, basic, verifies};
use plumb_runner::{Check, Marks, check, clip};
use serde_json::Value;

use super::SHOWN;

pub(crate) const CHECKS: &[&Check] = &[&AUTHENTICATE, &JWT];

check! {
    /// **Observed:** a token request with the client credentials grant authenticates the client, by its secret or by an
    /// assertion.
    ///
    /// **Why:** the client's authentication is all that the token rests on.
    ///
    /// **Fix:** send the secret by HTTP Basic or in the form, or a signed assertion.
    pub(crate) AUTHENTICATE = "cc.client.authenticate";
    happening: authenticate
}

fn authenticate(moment: &Moment<'_>, marks: &mut Marks) {
    if request(moment, &[Scene::CredentialsBasic, Scene::CredentialsJwt]).is_none() {
        return;
    }
    let now = moment.now();
    let secret = now.header("Authorization").and_then(basic).is_some_and(|(_, s)| !s.is_empty());
    let form = |name: &str| now.form(name).is_some_and(|value| !value.is_empty());
    let authentic = secret || form("client_secret") || form("client_assertion");
    marks.expect(authentic, "a secret or an assertion", || "neither".into());
}

check! {
    /// **Observed:** an assertion is of the type of RFC 7523 and names the client as `iss` and `sub`, the authorization server
    /// as `aud`, and an end that is to come; it is signed by the client's key.
    ///
    /// **Why:** what one of them lacks is refused, or is good for somebody else.
    ///
    /// **Fix:** make it as RFC 7523 section 3 has it.
    pub(crate) JWT = "cc.client.jwt-form";
    happening: jwt
}

fn jwt(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = request(moment, &[Scene::CredentialsJwt]) else { return };
    let now = moment.now();
    let Some(assertion) = now.form("client_assertion") else { return };
    let kind = now.form("client_assertion_type").unwrap_or_default();
    let expected = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    marks.expect(kind == expected, format!("`client_assertion_type` is {expected}"), || {
        clip(&kind, SHOWN)
    });
    let claims = assertion.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = claims.and_then(|c| serde_json::from_slice(&c).ok()).unwrap_or_default();
    for name in ["iss", "sub"] {
        let expected = format!("`{name}` is {SIGNED_CLIENT}");
        marks.expect(claims[name] == SIGNED_CLIENT, expected, || {
            clip(&claims[name].to_string(), SHOWN)
        });
    }
    let issuer = flow.facts.issuers[0].as_str();
    let audiences: Vec<&str> = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    // Both are in use; a slash at the end is what a parser of URLs adds.
    let meant = |aud: &&str| aud.starts_with(issuer);
    marks.expect(audiences.iter().any(meant), format!("`aud` is {issuer}"), || {
        format!("{audiences:?}")
    });
    marks.expect(claims["exp"].is_number(), "`exp` is a time", || {
        clip(&claims["exp"].to_string(), SHOWN)
    });
    if let (Some(begun), Some(end)) = (claims["iat"].as_f64(), claims["exp"].as_f64()) {
        marks.expect(end > begun, "`exp` is after `iat`", || format!("{end} and {begun}"));
    }
    marks.expect(verifies(&assertion), "a signature by the client's key", || "another one".into());
}

/// The flow, if this is a token request of a client for itself.
fn request<'a>(moment: &Moment<'a>, scenes: &[Scene]) -> Option<Flow<'a>> {
    let grant = || moment.now().form("grant_type");
    moment.at(scenes, Step::Token).filter(|_| grant().as_deref() == Some("client_credentials"))
}
