//! Dynamic registration of a client (RFC 7591).

use serde_json::json;

use super::LoginError;
use super::discovery::{FORM, Found};
use super::http::Agent;

/// The client to come as.
pub(super) struct Registered {
    pub(super) id: String,
    pub(super) secret: Option<String>,
    pub(super) secret_in_form: bool,
}

/// Registers a public client of ours, which some servers make one with a secret all the same.
pub(super) async fn register(
    found: &Found,
    redirect_uri: &str,
    scopes: &[String],
    agent: &Agent,
) -> Result<Registered, LoginError> {
    let Some(endpoint) = &found.registration_endpoint else {
        let why = "it registers no clients: register one yourself, and give it by --login-client";
        return Err(LoginError::at(&found.issuer, why));
    };
    let mut client = json!({
        "client_name": "Plumb",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    });
    if !scopes.is_empty() {
        let offline = found.offers_offline_access.then(|| super::OFFLINE.to_owned());
        let scopes: Vec<String> = scopes.iter().cloned().chain(offline).collect();
        client["scope"] = scopes.join(" ").into();
    }
    let came = agent.post(endpoint, &client).await?;
    let said = came.json.unwrap_or_default();
    let id = said["client_id"].as_str().filter(|_| (200..300).contains(&came.status));
    let id = id.ok_or_else(|| {
        let why = said["error_description"].as_str().or(said["error"].as_str());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        LoginError::at(endpoint, format!("no client was registered, status {}{why}", came.status))
    })?;
    let method = &said["token_endpoint_auth_method"];
    // Who is registered as public is held to no secret, though it is told one.
    let secret = said["client_secret"].as_str().filter(|_| method != "none");
    Ok(Registered {
        id: id.to_owned(),
        secret: secret.map(str::to_owned),
        secret_in_form: method == FORM || (method.is_null() && found.secret_in_form),
    })
}
