//! A server that does not listen, for whoever records what it is asked.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use serde_json::{Map, Value};
use tower_service::Service as _;

use super::Tenant;
use crate::Collected;

/// The longest answer, in bytes; ours are far shorter.
const LONGEST: usize = 1 << 20;

/// An authorization server whose requests are handed over by somebody else.
#[derive(Debug)]
pub struct Embedded {
    /// The stranger is the last one.
    tenants: Vec<Arc<Tenant>>,
    router: Router,
}

/// What it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header fields; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Embedded {
    pub(super) fn new(tenants: Vec<Arc<Tenant>>, router: Router) -> Self {
        Self { tenants, router }
    }

    /// Answers a request; one that HTTP does not know is refused with 400.
    pub async fn answer<'a>(
        &self,
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: Bytes,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(Body::from(body)) else {
            return Reply { status: 400, ..Reply::default() };
        };
        // The error is one that cannot be.
        let Ok(response) = self.router.clone().call(request).await;
        let (head, body) = response.into_parts();
        let field = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            Some((name.to_string(), value.to_str().ok()?.to_owned()))
        };
        Reply {
            status: head.status.as_u16(),
            headers: head.headers.iter().filter_map(field).collect(),
            body: to_bytes(body, LONGEST).await.unwrap_or_default(),
        }
    }

    /// The tenant at a path, such as `/one`.
    pub fn tenant(&self, path: &str) -> Option<&Tenant> {
        self.tenants.iter().map(Arc::as_ref).find(|tenant| tenant.path == path)
    }

    /// The claims of an access token that a tenant has issued and that is active now.
    pub fn active(&self, token: &str) -> Option<Map<String, Value>> {
        self.tenants.iter().find_map(|tenant| tenant.active(token))
    }

    /// Every secret that it gave out.
    pub fn secrets(&self) -> Option<&Collected> {
        self.tenants.first().map(|tenant| &tenant.mint.secrets)
    }
}
