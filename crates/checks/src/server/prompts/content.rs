//! server/prompts#promptmessage: content blocks, judged over every prompt that is got.

use plumb_runner::{Notes, Observed, check, clip};
use plumb_wire::method;
use serde_json::Value;

use crate::server::resources::contents::decode;
use plumb_wire::uri;

check! {
    /// **Observed:** the `data` of every image in a prompt is Base64 of the standard alphabet with padding.
    ///
    /// **Why:** strict decoders refuse the rest.
    ///
    /// **Fix:** encode the bytes once, without line breaks and without a `data:` prefix.
    pub(crate) IMAGE_BASE64 = "prompts.image.base64";
    since: "2025-03-26";
    fact: "schema.content.image";
    passive: |seen, notes| base64(seen, notes, "image")
}

check! {
    /// **Observed:** every image in a prompt has a media type: `type/subtype`, not one of plain text, sound or a font.
    /// Whether the bytes are of that type is not judged: the text asks for a valid type only.
    ///
    /// **Why:** clients choose the decoder by it.
    ///
    /// **Fix:** write the registered name, such as `image/png`.
    pub(crate) IMAGE_MIME = "prompts.image.mime";
    since: "2025-03-26";
    passive: |seen, notes| mime(seen, notes, "image")
}

check! {
    /// **Observed:** the `data` of every audio block in a prompt is Base64 of the standard alphabet with padding.
    ///
    /// **Why:** strict decoders refuse the rest.
    ///
    /// **Fix:** encode the bytes once, without line breaks and without a `data:` prefix.
    pub(crate) AUDIO_BASE64 = "prompts.audio.base64";
    since: "2025-03-26";
    fact: "schema.content.audio";
    passive: |seen, notes| base64(seen, notes, "audio")
}

check! {
    /// **Observed:** every audio block in a prompt has a media type: `type/subtype`, not one of text, images or a font.
    /// Whether the bytes are of that type is not judged: the text asks for a valid type only.
    ///
    /// **Why:** clients choose the decoder by it.
    ///
    /// **Fix:** write the registered name, such as `audio/wav`.
    pub(crate) AUDIO_MIME = "prompts.audio.mime";
    since: "2025-03-26";
    passive: |seen, notes| mime(seen, notes, "audio")
}

check! {
    /// **Observed:** every resource embedded in a prompt has a URI by RFC 3986.
    ///
    /// **Why:** clients read and refresh the resource by it.
    ///
    /// **Fix:** percent-encode what is no URI character. A URI that was an argument of the request is not counted.
    pub(crate) EMBEDDED_URI = "prompts.embedded.uri";
    since: "2025-03-26";
    passive: embedded_uri
}

fn embedded_uri(seen: &Observed, notes: &mut Notes<'_>) {
    let asked: Vec<&Value> = seen
        .params()
        .and_then(|p| p.get("arguments")?.as_object())
        .map(|a| a.values().collect())
        .unwrap_or_default();
    for resource in resources(seen) {
        let given = resource.get("uri");
        if given.is_some_and(|u| asked.contains(&u)) {
            continue;
        }
        match given.and_then(Value::as_str).map(|u| (u, uri::flaw(u))) {
            Some((_, None)) => notes.fits(),
            Some((text, Some(why))) => {
                notes.breaks("a URI by RFC 3986", format!("{:?} has {why}", clip(text, 120)));
            }
            None => notes.breaks("a URI", "an embedded resource without `uri`"),
        }
    }
}

check! {
    /// **Observed:** every resource embedded in a prompt has a `mimeType` of the form `type/subtype`.
    ///
    /// **Why:** clients show and forward the resource by it; elsewhere it is optional, here it is not.
    ///
    /// **Fix:** add it; `text/plain` and `application/octet-stream` are always there.
    pub(crate) EMBEDDED_MIME = "prompts.embedded.mime";
    since: "2025-03-26";
    passive: embedded_mime
}

fn embedded_mime(seen: &Observed, notes: &mut Notes<'_>) {
    for resource in resources(seen) {
        let given = resource.get("mimeType").and_then(Value::as_str);
        notes.expect(
            given.is_some_and(|m| split(m).is_some()),
            "`mimeType` of an embedded resource",
            || given.map_or_else(|| "none".into(), |m| format!("{:?}", clip(m, 80))),
        );
    }
}

check! {
    /// **Observed:** every resource embedded in a prompt has either `text` or a `blob` in Base64.
    ///
    /// **Why:** there is nothing else to hand to the model.
    ///
    /// **Fix:** embed the contents, or send a `resource_link`.
    pub(crate) EMBEDDED_CONTENT = "prompts.embedded.content";
    since: "2025-03-26";
    fact: "schema.content.embedded";
    passive: embedded_content
}

fn embedded_content(seen: &Observed, notes: &mut Notes<'_>) {
    for resource in resources(seen) {
        let (text, blob) = (resource.get("text"), resource.get("blob"));
        let fits = match (text, blob) {
            (Some(text), None) => text.is_string(),
            (None, Some(blob)) => blob.as_str().is_some_and(|b| decode(b).is_ok()),
            _ => false,
        };
        notes.expect(fits, "either `text` or a Base64 `blob`", || match (text, blob) {
            (None, None) => "neither".into(),
            (Some(_), Some(_)) => "both".into(),
            (Some(text), None) => format!("text {}", plumb_runner::brief(text)),
            (None, Some(blob)) => format!("blob {}", plumb_runner::brief(blob)),
        });
    }
}

/// The content blocks of a prompt. One block for each message; a list of them is another check's business.
fn blocks(seen: &Observed) -> impl Iterator<Item = &Value> {
    let result = seen.complete().filter(|_| seen.method() == Some(method::PROMPTS_GET));
    let messages = result.and_then(|r| r.get("messages")).and_then(Value::as_array);
    messages.into_iter().flatten().filter_map(|m| m.get("content"))
}

fn typed<'a>(seen: &'a Observed, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    blocks(seen).filter(move |b| b.get("type").is_some_and(|t| t == kind))
}

fn resources(seen: &Observed) -> impl Iterator<Item = &Value> {
    typed(seen, "resource").filter_map(|b| b.get("resource"))
}

fn base64(seen: &Observed, notes: &mut Notes<'_>, kind: &str) {
    for block in typed(seen, kind) {
        let expected = format!("`data` of the {kind} in Base64");
        match block.get("data").and_then(Value::as_str).map(|d| (d, decode(d))) {
            Some((_, Ok(_))) => notes.fits(),
            Some((data, Err(why))) => {
                notes.breaks(expected, format!("{:?}: {why}", clip(data, 60)));
            }
            None => notes.breaks(expected, "no text in `data`"),
        }
    }
}

fn mime(seen: &Observed, notes: &mut Notes<'_>, kind: &str) {
    for block in typed(seen, kind) {
        let given = block.get("mimeType").and_then(Value::as_str).unwrap_or_default();
        let what = || format!("{:?} for {kind} content", clip(given, 80));
        notes.expect(is_type_of(given, kind), format!("a media type for the {kind}"), what);
    }
}

/// Classes of media types that are never those of another kind. Video containers may hold sound or a picture alone.
const FOREIGN: [&str; 5] = ["text", "image", "audio", "font", "multipart"];

/// Whether a text is a media type, and not one of another kind of content.
fn is_type_of(text: &str, kind: &str) -> bool {
    let Some((class, subclass)) = split(text) else { return false };
    // A drawing in XML is an image all the same.
    let drawing = kind == "image" && class == "text" && subclass.contains("xml");
    drawing || class == kind || !FOREIGN.contains(&class.as_str())
}

/// Class and subclass of a media type, parameters aside: RFC 6838, section 4.2.
fn split(text: &str) -> Option<(String, String)> {
    let essence = text.split(';').next().unwrap_or(text).trim_end();
    let (class, subclass) = essence.split_once('/')?;
    let name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.len() <= 127
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    (name(class) && name(subclass))
        .then(|| (class.to_ascii_lowercase(), subclass.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read() {
        for text in [
            "image/png",
            "IMAGE/SVG+xml",
            "text/plain; charset=utf-8",
            "application/vnd.x-1",
            "inode/directory",
        ] {
            assert!(split(text).is_some(), "{text}");
        }
        for text in ["picture", "image/", "/png", "image png", "", "a/b/c", "image/p ng"] {
            assert!(split(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_type_of_another_kind_is_none_for_the_content() {
        for (text, kind) in [
            ("image/png", "image"),
            ("image/x-unknown", "image"),
            ("application/octet-stream", "image"),
            ("text/xml", "image"),
            ("audio/wav", "audio"),
            ("video/webm", "audio"),
        ] {
            assert!(is_type_of(text, kind), "{text} {kind}");
        }
        for (text, kind) in [
            ("picture", "image"),
            ("text/plain", "image"),
            ("audio/wav", "image"),
            ("image/png", "audio"),
        ] {
            assert!(!is_type_of(text, kind), "{text} {kind}");
        }
    }
}
