//! The Server Card of the server and the catalogue that leads to it (SEP-2127).

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::options::Published;
use crate::revision::SERVED;
use crate::server::Server;

const CARD: &str = "application/mcp-server-card+json";
const CATALOGUE: &str = "application/ai-catalog+json";
const PLACE: &str = "/mcp/server-card";

/// What is published at this path, if it is asked for.
pub(super) fn published(
    server: &Server,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<Response> {
    let rules = &server.rules;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let published = server.options.published;
    let place =
        if rules.card_not_under_well_known { PLACE } else { "/.well-known/mcp-server.json" };
    match uri.path() {
        _ if published == Published::Nothing => None,
        path if path == place && published != Published::Inline => {
            Some(hosted(server, method, headers, &card(server, host)))
        }
        "/.well-known/ai-catalog.json"
            if method == Method::GET && rules.card_not_under_well_known =>
        {
            let media_type =
                if rules.catalogue_media_type { CATALOGUE } else { "application/json" };
            let body = catalogue(server, host).to_string();
            Some(answer(StatusCode::OK, &[(CONTENT_TYPE, media_type)], body))
        }
        _ => None,
    }
}

/// The card as it is served.
fn hosted(server: &Server, method: &Method, headers: &HeaderMap, card: &Value) -> Response {
    let rules = &server.rules;
    let body = card.to_string();
    let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    let digest = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12]);
    let weak = if server.options.published == Published::WeakTag { "W/" } else { "" };
    let tag = format!("{weak}\"{digest}\"");
    let mut fields: Vec<(HeaderName, &str)> = Vec::new();
    if rules.card_open_to_browsers {
        fields.push((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    }
    if rules.card_tag_exposed {
        fields.push((ACCESS_CONTROL_EXPOSE_HEADERS, "ETag"));
    }
    if rules.card_revalidated_by_browsers {
        fields.push((ACCESS_CONTROL_ALLOW_METHODS, "GET"));
        fields.push((ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, If-None-Match"));
    }
    if method == Method::OPTIONS {
        return answer(StatusCode::NO_CONTENT, &fields, String::new());
    }
    if method != Method::GET {
        return answer(StatusCode::METHOD_NOT_ALLOWED, &fields, String::new());
    }
    if rules.card_cacheable {
        fields.push((CACHE_CONTROL, "public, max-age=3600"));
    }
    if rules.card_tagged {
        fields.push((ETAG, &tag));
    }
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known && rules.card_tag_honoured {
        return answer(StatusCode::NOT_MODIFIED, &fields, String::new());
    }
    fields.push((CONTENT_TYPE, if rules.card_media_type { CARD } else { "application/json" }));
    answer(StatusCode::OK, &fields, body)
}

/// What the server says of itself.
fn card(server: &Server, host: &str) -> Value {
    let rules = &server.rules;
    let version = env!("CARGO_PKG_VERSION");
    let schema = if rules.card_of_its_schema { "v1" } else { SERVED };
    let mut versions: Vec<&str> = server.options.versions.iter().map(String::as_str).collect();
    if !rules.card_versions_served {
        versions.push("2026-12-01");
    }
    let mut card = json!({
        "$schema": format!("https://static.modelcontextprotocol.io/schemas/{schema}/server-card.schema.json"),
        "name": if rules.card_name_consistent { "com.example/plumb-reference" } else { "com.example/weather" },
        "title": "Plumb reference server",
        "version": version,
        "description": "A correct server, to be broken one rule at a time",
        "remotes": [{
            "type": if rules.card_transport_true { "streamable-http" } else { "sse" },
            "url": format!("http://{host}/mcp"),
            "supportedProtocolVersions": versions,
        }],
    });
    if !rules.card_version_single {
        card["version"] = json!(format!("^{version}"));
    }
    if !rules.card_version_consistent {
        card["version"] = json!("0.0.1-before");
    }
    if !rules.card_title_consistent || !rules.card_name_consistent {
        card["title"] = json!("Weather");
    }
    if !rules.card_without_lists {
        card["tools"] = json!([{ "name": "slow" }]);
    }
    if !rules.card_without_credentials {
        card["remotes"][0]["headers"] = json!([
            { "name": "Authorization", "isSecret": true, "value": "Bearer 0f9e8d7c6b5a49382716" },
        ]);
    }
    if !rules.card_without_private_hosts {
        card["websiteUrl"] = json!("http://10.0.0.8/status");
    }
    card
}

/// The catalogue with its one entry.
fn catalogue(server: &Server, host: &str) -> Value {
    let rules = &server.rules;
    let url = match () {
        () if !rules.entry_leads_to_card => format!("http://{host}/mcp/card-of-yesterday"),
        () if !rules.card_not_at_endpoint => format!("http://{host}/mcp"),
        () if !rules.card_over_tls => format!("http://cards.plumb.invalid{PLACE}"),
        () => format!("http://{host}{PLACE}"),
    };
    let mut entry = json!({
        "identifier": "urn:air:example.com:mcp:plumb-reference",
        "type": if rules.entry_typed { CARD } else { "application/json" },
    });
    if server.options.published == Published::Inline {
        entry["data"] = card(server, host);
    } else {
        entry["url"] = json!(url);
    }
    if !rules.entry_by_one_way {
        entry["data"] = card(server, host);
    }
    if let Some(entry) = entry.as_object_mut().filter(|_| !rules.entry_identified) {
        entry.shift_remove("identifier");
    }
    json!({ "specVersion": "1.0", "entries": [entry] })
}

fn answer(status: StatusCode, fields: &[(HeaderName, &str)], body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name.clone(), value);
        }
    }
    response
}
