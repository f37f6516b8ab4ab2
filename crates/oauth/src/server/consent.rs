//! The user: scripted, or asked by a page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::Tenant;
use super::asked::Asked;
use super::client::is_loopback_http;
use super::grant::{Code, Grant};
use super::params::Params;
use super::redirect::send_token;
use super::refusal::Refusal;

/// What the user decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The default user, who is whom `login_hint` names, else `alice`, grants everything that was asked for.
    Approve,
    /// Another user grants it.
    ApproveAs(String),
    /// `alice` grants these scopes only.
    Grant(Vec<String>),
    /// The user refuses: `access_denied`.
    Deny,
    /// The server fails with this error code (RFC 6749 section 4.1.2.1).
    Fail(String),
    /// The server fails with this error code, and says this about it.
    FailSaying(String, String),
    /// A page asks whoever looks at it.
    Ask,
}

/// A request whose page nobody has answered yet.
#[derive(Clone, Debug)]
pub(super) struct Pending(Asked);

/// Lets the user decide.
pub(super) fn decide(tenant: &Tenant, asked: Asked) -> Response {
    match tenant.shared.next_decision() {
        Decision::Approve => {
            let hint = asked.hint.clone();
            approve(tenant, asked, hint.as_deref().unwrap_or("alice"))
        }
        Decision::ApproveAs(subject) => approve(tenant, asked, &subject),
        Decision::Grant(scopes) => approve(tenant, Asked { scopes, ..asked }, "alice"),
        Decision::Deny => deny(tenant, &asked),
        Decision::Fail(error) => {
            tenant.send_error(&asked.back, &Refusal::new(&error, "the script says so"))
        }
        Decision::FailSaying(error, description) => {
            tenant.send_error(&asked.back, &Refusal::new(&error, description))
        }
        Decision::Ask => {
            let name = tenant.secret("consent");
            let page = page(tenant, &asked, &name);
            tenant.store().pending.insert(name, Pending(asked));
            ([(header::CACHE_CONTROL, "no-store"), (header::X_FRAME_OPTIONS, "DENY")], Html(page))
                .into_response()
        }
    }
}

/// The page's answer: `request`, `decision` (`approve` or `deny`) and optionally `subject`.
pub(super) async fn answered(State(tenant): State<Arc<Tenant>>, body: Bytes) -> Response {
    let params = Params::parse(&body);
    let request = params.one("request").unwrap_or_default();
    let Some(Pending(asked)) = tenant.store().pending.remove(request) else {
        return (StatusCode::BAD_REQUEST, "no such request\n").into_response();
    };
    match params.one("decision") {
        Some("approve") => approve(&tenant, asked, params.one("subject").unwrap_or("alice")),
        _ => deny(&tenant, &asked),
    }
}

fn approve(tenant: &Tenant, asked: Asked, subject: &str) -> Response {
    let grant = Grant {
        client_id: asked.client.id,
        subject: subject.to_owned(),
        scopes: asked.scopes,
        resources: asked.resources,
        nonce: asked.nonce,
        family: tenant.mint.draw.name("family"),
    };
    if asked.implicit {
        return match tenant.access_token(&grant) {
            Ok(token) => send_token(&asked.back, &token),
            Err(error) => tenant.send_error(&asked.back, &error.into()),
        };
    }
    let code = tenant.secret("code");
    let lifetime = i64::from(tenant.profile().code_lifetime);
    let record = Code {
        grant,
        redirect_uri: asked.back.redirect_uri.clone(),
        challenge: asked.challenge,
        expires: tenant.mint.clock.now() + lifetime,
        used: false,
    };
    tenant.store().codes.insert(code.clone(), record);
    tenant.send_code(&asked.back, &code)
}

fn deny(tenant: &Tenant, asked: &Asked) -> Response {
    tenant.send_error(&asked.back, &Refusal::new("access_denied", "the user said no"))
}

fn page(tenant: &Tenant, asked: &Asked, name: &str) -> String {
    let profile = tenant.profile();
    let host = Url::parse(&asked.back.redirect_uri)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    let name_of_host = if profile.consent_names_host {
        format!("<p>It will send you to: <b>{}</b></p>\n", escape(&host))
    } else {
        String::new()
    };
    let local = asked.client.redirect_uris.iter().all(|uri| is_loopback_http(uri));
    let warning = if profile.consent_warns_of_loopback && local {
        "<p>Warning: this application runs on localhost. Any program on this machine can claim \
             its name.</p>\n"
    } else {
        ""
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><title>Grant access</title>\n<h1>Grant access?</h1>\n\
         <p>Application: <b>{}</b></p>\n{name_of_host}{warning}<p>Scopes: {}</p>\n<p>Resources: {}</p>\n\
         <form method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"request\" value=\"{}\">\n\
         <button name=\"decision\" value=\"approve\">Grant</button>\n\
         <button name=\"decision\" value=\"deny\">Refuse</button>\n</form>\n</html>\n",
        escape(&asked.client.name),
        escape(&asked.scopes.join(" ")),
        escape(&asked.resources.join(" ")),
        escape(&tenant.endpoint("consent")),
        escape(name),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
