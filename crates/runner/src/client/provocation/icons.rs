//! Icons that no client fetches, or fetches only without what is its own.

use plumb_wire::http::Response;
use plumb_wire::{Asked, method};
use serde_json::{Value, json};

/// What is wrong with an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IconFlaw {
    /// It is to be had over HTTP without TLS.
    Plain,
    /// Its scheme is one of another protocol.
    Scheme,
    /// It is at another origin than the server.
    Origin,
    /// It is behind a redirect to another origin.
    Redirect,
}

/// The paths of icons, and what is wrong with what they stand for.
pub const ICONS: [(&str, IconFlaw); 4] = [
    ("/icons/plain.png", IconFlaw::Plain),
    ("/icons/scheme.png", IconFlaw::Scheme),
    ("/icons/origin.png", IconFlaw::Origin),
    ("/icons/redirected.png", IconFlaw::Redirect),
];

/// The path that redirects to [`IconFlaw::Redirect`].
const REDIRECTING: &str = "/icons/redirecting.png";

/// Answers who fetches one.
pub(super) fn served(asked: &Asked) -> Option<Response> {
    let path = asked.target();
    if path == REDIRECTING {
        let host = asked.header("Host").unwrap_or_default().replace("127.0.0.1", "localhost");
        return Some(
            Response::new(302).header("Location", format!("http://{host}/icons/redirected.png")),
        );
    }
    ICONS.iter().any(|(of, _)| *of == path).then(|| {
        Response::new(200)
            .header("Content-Type", "image/png")
            .header("Set-Cookie", "plumb=icon")
            .body(&b"\x89PNG\r\n\x1a\n"[..])
    })
}

/// Gives icons to what is listed.
pub(super) fn amend(origin: &str, method: &str, result: &mut Value) {
    let member = match method {
        method::TOOLS_LIST => "tools",
        method::RESOURCES_LIST => "resources",
        method::PROMPTS_LIST => "prompts",
        _ => return,
    };
    let elsewhere = origin.replace("127.0.0.1", "localhost");
    let socket = origin.replacen("http:", "ws:", 1);
    let icon = |src: String| json!({ "src": src, "mimeType": "image/png", "sizes": ["48x48"] });
    let icons = json!([
        icon(format!("{origin}/icons/plain.png")),
        icon(format!("{origin}{REDIRECTING}")),
        icon(format!("{elsewhere}/icons/origin.png")),
        icon(format!("{socket}/icons/scheme.png")),
        icon("javascript:alert(1)".into()),
        icon("file:///etc/hostname".into()),
        icon("data:image/png;base64,%%%".into()),
    ]);
    for item in result[member].as_array_mut().into_iter().flatten() {
        item["icons"] = icons.clone();
    }
}
