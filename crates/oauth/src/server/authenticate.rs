//! Who sends a request to the back channel (RFC 6749 section 2.3).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::params::Params;
use super::profile::{MethodsListed, Published};
use super::refusal::Refusal;
use super::{Client, Tenant};

/// The client, by HTTP Basic, by form, or by its name alone if it is public.
pub(super) async fn client(
    tenant: &Tenant,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Client, Refusal> {
    let profile = tenant.profile();
    let form_only = profile.methods_listed == MethodsListed::FormOnly;
    let credentials = headers.get(header::AUTHORIZATION).filter(|_| !form_only);
    let (id, secret) = if let Some(value) = credentials {
        if !profile.basic_alone_suffices && params.one("client_id").is_none() {
            return Err(Refusal::client("no `client_id`"));
        }
        if params.one("client_secret").is_some() {
            return Err(Refusal::new("invalid_request", "two ways of authentication at once"));
        }
        let (id, secret) = basic(value.to_str().unwrap_or_default())
            .ok_or_else(|| Refusal::client("the credentials cannot be read"))?;
        if params.one("client_id").is_some_and(|named| named != id) {
            return Err(Refusal::new("invalid_request", "`client_id` is another client's"));
        }
        (id, Some(secret).filter(|s| !s.is_empty()))
    } else if let Some(id) = asserted(tenant, params) {
        return tenant.client(&id).await;
    } else {
        let id = params.owned("client_id").ok_or_else(|| Refusal::client("no client"))?;
        (id, params.owned("client_secret"))
    };
    let client = tenant.client(&id).await?;
    // A client with a document has a secret only where those that are published are taken.
    let ignored = id.starts_with("http") && profile.cimd_secrets == Published::Ignored;
    if profile.client_secret_checked && !ignored && client.secret != secret {
        return Err(Refusal::client("the secret is wrong or missing"));
    }
    Ok(client)
}

/// The client that an assertion is about, if those are taken.
fn asserted(tenant: &Tenant, params: &Params) -> Option<String> {
    let assertion = params.one("client_assertion").filter(|_| tenant.profile().assertions_taken)?;
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}

/// Identifier and secret, each form-encoded before they were joined (RFC 6749 section 2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let encoded = STANDARD.encode("https%3A%2F%2Fa.example%2Fc:s%3Ae+cret");
        let pair = ("https://a.example/c".to_owned(), "s:e cret".to_owned());
        assert_eq!(basic(&format!("bAsIc {encoded}")), Some(pair));
        assert_eq!(basic("Bearer x"), None);
    }
}
