//! Blocks of content, and what stands in them.

use serde_json::{Value, json};

/// A block of text.
pub(crate) fn text(text: impl Into<String>) -> Value {
    json!({ "type": "text", "text": text.into() })
}

/// An icon that needs no fetching.
pub(crate) fn icon() -> Value {
    json!({ "src": format!("data:image/png;base64,{PNG}"), "mimeType": "image/png", "sizes": ["1x1"] })
}

/// A picture of one pixel.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGPQyt/wHwAEWQJJ6OEv0QAAAABJRU5ErkJggg==";

/// A millisecond of silence.
pub(crate) const WAV: &str =
    "UklGRjQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YRAAAAAAAAAAAAAAAAAAAAAAAAAA";
