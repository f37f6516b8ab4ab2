//! server/resources#resource-contents, #custom-uri-schemes: judged over every result.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use plumb_runner::{Notes, Observed, check, clip};
use plumb_wire::method;
use serde_json::Value;

use plumb_wire::uri;

check! {
    /// **Observed:** every URI that the server gives in a list of resources, in contents and in the resource
    /// blocks of tool results follows the grammar of RFC 3986. A URI that repeats what was asked for is not counted.
    ///
    /// **Why:** clients parse them; spaces, backslashes and letters outside ASCII have to be escaped.
    ///
    /// **Fix:** build URIs with a library; percent-encode file names.
    pub(crate) RFC3986 = "resources.custom-scheme-rfc3986";
    since: "2025-06-18";
    passive: rfc3986
}

fn rfc3986(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.complete() else { return };
    let items = |key: &str| result.get(key).and_then(Value::as_array).into_iter().flatten();
    let uris: Vec<&str> = match seen.method() {
        Some(method::RESOURCES_LIST) => {
            items("resources").filter_map(|r| r.get("uri")?.as_str()).collect()
        }
        Some(method::RESOURCES_READ) => {
            items("contents").filter_map(|c| c.get("uri")?.as_str()).collect()
        }
        Some(method::TOOLS_CALL) => items("content").filter_map(block_uri).collect(),
        _ => return,
    };
    let asked = seen.params().and_then(|p| p.get("uri")).and_then(Value::as_str);
    for given in uris.into_iter().filter(|u| Some(*u) != asked) {
        match uri::flaw(given) {
            None => notes.fits(),
            Some(why) => {
                notes.breaks("a URI by RFC 3986", format!("{:?} has {why}", clip(given, 120)));
            }
        }
    }
}

fn block_uri(block: &Value) -> Option<&str> {
    match block.get("type")?.as_str()? {
        "resource_link" => block.get("uri")?.as_str(),
        "resource" => block.pointer("/resource/uri")?.as_str(),
        _ => None,
    }
}

check! {
    /// **Observed:** every `blob` of resource contents, read or embedded in a tool result, is Base64 of the standard
    /// alphabet with padding, without line breaks.
    ///
    /// **Why:** strict decoders refuse the rest, and lenient ones drop bytes without a word.
    ///
    /// **Fix:** encode the bytes once, with the standard alphabet (RFC 4648 section 4).
    pub(crate) BINARY_ENCODING = "resources.sec.binary-encoding";
    since: "2025-03-26";
    passive: binary_encoding
}

fn binary_encoding(seen: &Observed, notes: &mut Notes<'_>) {
    let Some(result) = seen.complete() else { return };
    let items = |key: &str| result.get(key).and_then(Value::as_array).into_iter().flatten();
    let blobs: Vec<&Value> = match seen.method() {
        Some(method::RESOURCES_READ) => items("contents").filter_map(|c| c.get("blob")).collect(),
        Some(method::TOOLS_CALL) => {
            items("content").filter_map(|b| b.pointer("/resource/blob")).collect()
        }
        _ => return,
    };
    for blob in blobs.into_iter().filter_map(Value::as_str) {
        match decode(blob) {
            Ok(_) => notes.fits(),
            Err(why) => notes.breaks("a `blob` in Base64", format!("{:?}: {why}", clip(blob, 60))),
        }
    }
}

/// Strict Base64; the unused bits at the end may be anything.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    GeneralPurpose::new(&STANDARD, config).decode(text)
}
