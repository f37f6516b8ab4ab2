//! What the server offers.

mod advice;
mod clock;
mod completion;
mod discover;
mod forms;
mod lists;
mod logging;
mod mrtr;
pub(crate) mod progress;
mod prompts;
mod resources;
mod roots;
pub(crate) mod subscriptions;
pub(crate) mod tasks;
pub(crate) mod tools;

use serde_json::{Value, json};

use crate::call::Call;
use crate::message::RpcError;

/// Works on a request whose method is known.
pub(crate) async fn serve(call: &Call) -> Result<Value, RpcError> {
    match call.method.as_str() {
        "server/discover" => discover::discover(call),
        "tools/list" => tools::list(call),
        "tools/call" => tools::call(call).await,
        "resources/list" => resources::list(call),
        "resources/templates/list" => resources::templates(call),
        "resources/read" => resources::read(call).await,
        "prompts/list" => prompts::list(call),
        "prompts/get" => prompts::get(call).await,
        "completion/complete" => completion::complete(call),
        "subscriptions/listen" => subscriptions::listen(call).await,
        "tasks/get" => tasks::get(call).await,
        "tasks/update" => tasks::update(call),
        "tasks/cancel" => tasks::cancel(call),
        "initialize" => Ok(crate::eras::welcome()),
        // Methods of earlier revisions, which only a mutant knows.
        _ => Ok(json!({})),
    }
}

/// A picture of one pixel.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGPQyt/wHwAEWQJJ6OEv0QAAAABJRU5ErkJggg==";

/// A millisecond of silence.
pub(crate) const WAV: &str =
    "UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// An icon that needs no fetching.
pub(crate) fn icon() -> Value {
    json!({ "src": format!("data:image/png;base64,{PNG}"), "mimeType": "image/png", "sizes": ["1x1"] })
}

/// A block of text.
pub(crate) fn text(text: impl Into<String>) -> Value {
    json!({ "type": "text", "text": text.into() })
}

/// Whether the text is an absolute URI in the characters of RFC 3986.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_ok = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let bytes = rest.as_bytes();
    let escapes_ok = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    scheme_ok
        && escapes_ok
        && text.len() <= 2_048
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c))
}
