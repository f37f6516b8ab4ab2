//! The authorization response (RFC 6749 section 4.1.2, RFC 9207).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Tenant;
use super::asked::Back;
use super::profile::{Named, StateEcho};
use super::refusal::Refusal;

impl Tenant {
    /// Sends the code to the client.
    pub(super) fn send_code(&self, back: &Back, code: &str) -> Response {
        self.send(back, &[("code", code)], self.profile().iss_in_success)
    }

    /// Sends an error to the client.
    pub(super) fn send_error(&self, back: &Back, refusal: &Refusal) -> Response {
        let fields =
            [("error", refusal.error.as_str()), ("error_description", &refusal.description)];
        self.send(back, &fields, self.profile().iss_in_error)
    }

    fn send(&self, back: &Back, fields: &[(&str, &str)], named: Named) -> Response {
        let Ok(mut url) = Url::parse(&back.redirect_uri) else {
            return Refusal::new("invalid_request", "`redirect_uri` is no URI").page();
        };
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(fields);
            match (self.profile().state, &back.state) {
                (StateEcho::Echoed, Some(state)) => {
                    query.append_pair("state", state);
                }
                (StateEcho::Altered, _) => {
                    query.append_pair("state", "not-the-state-that-was-sent");
                }
                (StateEcho::Dropped, _) | (_, None) => {}
            }
            if let Some(iss) = self.named(named) {
                query.append_pair("iss", &iss);
            }
        }
        location(url.into())
    }
}

/// Sends an access token to the client in the fragment: the implicit grant, which no longer exists.
pub(super) fn send_token(back: &Back, token: &str) -> Response {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("access_token", token).append_pair("token_type", "Bearer");
    if let Some(state) = &back.state {
        form.append_pair("state", state);
    }
    location(format!("{}#{}", back.redirect_uri, form.finish()))
}

fn location(to: String) -> Response {
    let Ok(to) = HeaderValue::try_from(to) else {
        return Refusal::new("invalid_request", "`redirect_uri` fits no header").page();
    };
    let headers = [
        (header::LOCATION, to),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::FOUND, headers).into_response()
}
