//! Access tokens in the form of RFC 9068.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::challenge::Refusal;
use super::guard::Guard;
use super::principal::Principal;
use crate::rules::Rules;

/// How far the clocks of issuer and server may differ, in seconds.
const SKEW: f64 = 5.0;

/// Who the token speaks for, if it is good here and now.
#[expect(
    clippy::too_many_lines,
    reason = "one step of RFC 9068 after the other, each with its rule"
)]
pub(super) fn verify(
    guard: &Guard,
    rules: &Rules,
    token: &str,
    asked: &str,
) -> Result<Principal, Refusal> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        if !rules.garbage_refused && !token.is_empty() {
            return Ok(principal(token, "alice", "mcp:read mcp:write"));
        }
        return Err(Refusal::invalid("the token is no JWT"));
    };
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let json = |text: &str| {
        bytes(text).and_then(|b| serde_json::from_slice::<Value>(&b).ok()).filter(Value::is_object)
    };
    let (Some(header_json), Some(claims)) = (json(header), json(payload)) else {
        return Err(Refusal::invalid("the token is no JWT"));
    };
    let unsigned = header_json["alg"] == "none" && !rules.signatures_verified;
    if !unsigned {
        if header_json.get("crit").is_some() {
            return Err(Refusal::invalid("the token has a critical extension"));
        }
        let key = guard
            .keys
            .iter()
            .find(|key| header_json["kid"] == *key.id && header_json["alg"] == key.algorithm);
        let key = key.ok_or_else(|| Refusal::invalid("the key is not known"))?;
        let message = &token[..header.len() + 1 + payload.len()];
        let genuine = bytes(signature)
            .is_some_and(|signature| key.has_signed(message.as_bytes(), &signature));
        if !genuine {
            return Err(Refusal::invalid("the signature is wrong"));
        }
    }
    let identity = claims["aud"].as_str().is_some_and(|aud| claims["client_id"] == aud);
    let forgiven = !rules.own_resources_only && identity;
    let typed = ["at+jwt", "application/at+jwt"].iter().any(|typ| header_json["typ"] == *typ);
    if !typed && !forgiven {
        return Err(Refusal::invalid("the token is no access token"));
    }
    let issuer = claims["iss"].as_str().unwrap_or_default();
    let known = &guard.protection.issuer;
    if issuer != known && (rules.issuer_checked || !issuer.starts_with(known.as_str())) {
        return Err(Refusal::invalid("the issuer is not trusted"));
    }
    let unlistened = asked == "subscriptions/listen" && !rules.listen_protected;
    if !forgiven && !unlistened && !intended(rules, &claims["aud"], &guard.protection.resource) {
        let status = if rules.invalid_is_401 { 401 } else { 403 };
        return Err(Refusal::invalid("the token is for somebody else").status(status));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let expires = &claims["exp"];
    let is_over = expires.as_f64().is_none_or(|exp| exp <= now - SKEW / 2.0);
    if rules.expiry_checked && is_over && (rules.expiry_required || !expires.is_null()) {
        return Err(Refusal::invalid("the token has expired"));
    }
    let later = |claim: &str| {
        claims.get(claim).is_some_and(|at| at.as_f64().is_none_or(|at| at > now + SKEW))
    };
    if rules.not_before_checked && later("nbf") {
        return Err(Refusal::invalid("the token is not valid yet"));
    }
    let Some(subject) = claims["sub"].as_str() else {
        return Err(Refusal::invalid("the token names nobody"));
    };
    Ok(principal(token, subject, claims["scope"].as_str().unwrap_or_default()))
}

fn principal(token: &str, subject: &str, scope: &str) -> Principal {
    Principal {
        subject: subject.to_owned(),
        scopes: scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        token: token.to_owned(),
    }
}

/// Whether the audience names this server.
fn intended(rules: &Rules, audience: &Value, resource: &str) -> bool {
    let here = |name: &Value| {
        let Some(name) = name.as_str() else { return false };
        let begins = !rules.audience_exact && resource.starts_with(name);
        begins
            || if rules.audience_case_tolerant {
                canonical(name) == canonical(resource)
            } else {
                name == resource
            }
    };
    match audience {
        Value::Array(names) if !rules.audience_array_searched => names.first().is_some_and(here),
        Value::Array(names) => names.iter().any(here),
        Value::Null => !rules.audience_required,
        name => here(name),
    }
}

/// The URI with scheme and host in lower case.
fn canonical(uri: &str) -> String {
    let from = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[from..].find('/').map_or(uri.len(), |at| from + at);
    format!("{}{}", uri[..end].to_ascii_lowercase(), &uri[end..])
}
