//! schema: content blocks, resource contents and their annotations.

use plumb_flows::parts;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Prop, brief, check, clip};
use plumb_wire::schema::{Mismatch, part};
use serde_json::Value;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

use super::{fit, outside};
use crate::server::resources::contents::decode;

check! {
    /// **Observed:** image blocks of tools and prompts have `mimeType`, and `data` that is Base64.
    ///
    /// **Why:** clients hand the bytes to a model or a screen; what does not decode is a broken image.
    ///
    /// **Fix:** encode with padding and the standard alphabet, without a `data:` prefix or line breaks.
    pub(crate) IMAGE = "schema.content.image";
    since: "2025-03-26";
    passive: image
}

fn image(seen: &Observed, notes: &mut Notes<'_>) {
    media(seen, notes, "image", part::image_block);
}

check! {
    /// **Observed:** audio blocks of tools and prompts have `mimeType`, and `data` that is Base64.
    ///
    /// **Why:** clients hand the bytes to a model or a player; what does not decode cannot be heard.
    ///
    /// **Fix:** encode with padding and the standard alphabet, without a `data:` prefix or line breaks.
    pub(crate) AUDIO = "schema.content.audio";
    since: "2025-03-26";
    passive: audio
}

fn audio(seen: &Observed, notes: &mut Notes<'_>) {
    media(seen, notes, "audio", part::audio_block);
}

fn media(seen: &Observed, notes: &mut Notes<'_>, kind: &str, shape: fn(&Value) -> Vec<Mismatch>) {
    for block in parts::blocks_of(seen, kind) {
        let found = outside(shape(block), &["annotations"]);
        let data = block.get("data").and_then(Value::as_str).unwrap_or_default();
        if found.is_empty() && decode(data).is_err() {
            notes.breaks(
                format!("the data of {kind} content is Base64"),
                format!("{:?}", clip(data, 60)),
            );
        } else {
            fit(notes, &format!("{kind} content"), &found);
        }
    }
}

check! {
    /// **Observed:** embedded resources have a `uri`, and `text` or a `blob` that is Base64.
    ///
    /// **Why:** without either the client embeds nothing.
    ///
    /// **Fix:** write the contents as resources/read would.
    pub(crate) EMBEDDED = "schema.content.embedded";
    since: "2025-03-26";
    passive: embedded
}

fn embedded(seen: &Observed, notes: &mut Notes<'_>) {
    for block in parts::blocks_of(seen, "resource") {
        let found = outside(part::embedded_block(block), &["annotations"]);
        let blob = block.pointer("/resource/blob").and_then(Value::as_str);
        if found.is_empty() && blob.is_some_and(|blob| decode(blob).is_err()) {
            notes.breaks(
                "the blob of an embedded resource is Base64",
                clip(blob.unwrap_or_default(), 60),
            );
        } else {
            fit(notes, "an embedded resource", &found);
        }
    }
}

check! {
    /// **Observed:** the tool that answers with several kinds of content does: its blocks have at least two types, and each
    /// one its shape.
    ///
    /// **Why:** a server that keeps only the first block, or turns all of them into text, loses what the tool said.
    ///
    /// **Fix:** pass the list of blocks through as it is.
    pub(crate) MIXED = "schema.content.mixed";
    since: "2025-03-26";
    needs: [MixedTool];
    scenario: mixed
}

async fn mixed(bench: &Bench) -> Judgement {
    let seen = bench.control(bench.call(Prop::MixedTool)?).await?;
    let blocks = parts::blocks(&seen);
    let mut kinds: Vec<&str> = blocks.iter().filter_map(|b| b.get("type")?.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 2 {
        let result = seen.result().map(brief).unwrap_or_default();
        return Ok(Finding::violated("content blocks of at least two types", result));
    }
    let fault = blocks.iter().find_map(|block| part::content_block(block).into_iter().next());
    Ok(match fault {
        Some(fault) => Finding::violated("each block has the shape of its type", fault.to_string()),
        None => Finding::Held,
    })
}

check! {
    /// **Observed:** contents with `text` do not have the MIME type of something that is no text (an image other than SVG,
    /// audio, video, an archive), and hold no NUL character, unless the request had one that they may repeat.
    ///
    /// **Why:** bytes squeezed into a string are damaged for good.
    ///
    /// **Fix:** send what is no text as `blob`.
    pub(crate) TEXT_ONLY_IF_TEXT = "schema.read.text-only-if-text";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    passive: text_only_if_text
}

fn text_only_if_text(seen: &Observed, notes: &mut Notes<'_>) {
    let asked = seen.request.as_ref().map(|request| request["params"].to_string());
    let repeats = asked.is_some_and(|asked| asked.contains("%00") || asked.contains("\\u0000"));
    for contents in parts::contents(seen) {
        let Some(text) = contents.get("text").and_then(Value::as_str) else {
            if contents.get("blob").is_some() {
                notes.fits();
            }
            continue;
        };
        let kind = contents.get("mimeType").and_then(Value::as_str).unwrap_or_default();
        notes.expect(
            !is_binary(kind) && (repeats || !text.contains('\0')),
            "`text` only for what is text",
            || {
                let uri = contents.get("uri").and_then(Value::as_str).unwrap_or_default();
                format!("{uri} of type {kind:?} has `text` {:?}", clip(text, 60))
            },
        );
    }
}

fn is_binary(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (family, sub) = kind.split_once('/').unwrap_or((&kind, ""));
    match family {
        "image" => !sub.ends_with("xml") && !sub.starts_with("x-"),
        "audio" => !sub.contains("mpegurl") && !sub.starts_with("x-"),
        "video" => true,
        "application" => matches!(sub, "zip" | "gzip" | "x-7z-compressed" | "wasm" | "vnd.rar"),
        _ => false,
    }
}

check! {
    /// **Observed:** `priority` in annotations is a number from 0 to 1.
    ///
    /// **Why:** clients sort by it and cut off; a 7 outranks everything.
    ///
    /// **Fix:** scale it to 0..1, or leave it out.
    pub(crate) PRIORITY = "schema.annotations.priority";
    since: "2025-03-26";
    passive: priority
}

fn priority(seen: &Observed, notes: &mut Notes<'_>) {
    for value in parts::annotations(seen).into_iter().filter_map(|a| a.get("priority")) {
        let fits = value.as_f64().is_some_and(|p| (0.0..=1.0).contains(&p));
        notes.expect(fits, "an annotation `priority` from 0 to 1", || value.to_string());
    }
}

check! {
    /// **Observed:** `audience` in annotations is an array of `user` and `assistant`.
    ///
    /// **Why:** clients show or hide content by it; an unknown audience may hide it from both.
    ///
    /// **Fix:** use the two roles only.
    pub(crate) AUDIENCE = "schema.annotations.audience";
    since: "2025-03-26";
    passive: audience
}

fn audience(seen: &Observed, notes: &mut Notes<'_>) {
    for value in parts::annotations(seen).into_iter().filter_map(|a| a.get("audience")) {
        let fits = value
            .as_array()
            .is_some_and(|all| all.iter().all(|role| role == "user" || role == "assistant"));
        notes.expect(fits, "an annotation `audience` of \"user\" and \"assistant\"", || {
            clip(&value.to_string(), 80)
        });
    }
}

check! {
    /// **Observed:** `lastModified` in annotations is a date or a time in ISO 8601.
    ///
    /// **Why:** clients sort and refresh by it.
    ///
    /// **Fix:** write `2026-01-31T12:00:00Z`.
    pub(crate) LAST_MODIFIED = "schema.annotations.last-modified";
    since: "2025-06-18";
    passive: last_modified
}

fn last_modified(seen: &Observed, notes: &mut Notes<'_>) {
    for value in parts::annotations(seen).into_iter().filter_map(|a| a.get("lastModified")) {
        let fits = value.as_str().is_some_and(is_iso_8601);
        notes.expect(fits, "an annotation `lastModified` in ISO 8601", || {
            clip(&value.to_string(), 80)
        });
    }
}

fn is_iso_8601(text: &str) -> bool {
    // Reduced precision: a year, or a year and a month.
    let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    if digits(text, 4)
        || text.split_once('-').is_some_and(|(year, month)| {
            digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month)
        })
    {
        return true;
    }
    OffsetDateTime::parse(text, &Iso8601::PARSING).is_ok()
        || PrimitiveDateTime::parse(text, &Iso8601::PARSING).is_ok()
        || Date::parse(text, &Iso8601::PARSING).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{answered, holds};
    use serde_json::json;

    #[test]
    fn a_nul_that_was_asked_for_may_be_repeated() {
        let read = |uri: &str, text: &str| {
            let contents = json!({"contents": [{"uri": uri, "text": text}]});
            holds(&TEXT_ONLY_IF_TEXT, &answered("resources/read", json!({"uri": uri}), contents))
        };
        assert_eq!(read("a:b", "item b"), Some(true));
        assert_eq!(read("a:b", "item \0"), Some(false));
        assert_eq!(read("a:b%00.md", "item b\0.md"), Some(true));
    }

    #[test]
    fn dates_and_times_of_iso_8601_are_known() {
        for good in [
            "2026-07-28",
            "2026-07-28T12:00:00Z",
            "2026-07-28T12:00:00.123+02:00",
            "2026-07-28T12:00:00",
            "20260728T120000Z",
            "2026-07-28T12:00Z",
            "2026-07",
            "2026",
        ] {
            assert!(is_iso_8601(good), "{good}");
        }
        for bad in ["last Tuesday", "28.07.2026", "1753700000", "2026-13", ""] {
            assert!(!is_iso_8601(bad), "{bad}");
        }
    }

    #[test]
    fn kinds_that_are_text_in_spite_of_their_family_are_known() {
        for (kind, binary) in [
            ("image/png", true),
            ("image/svg+xml; charset=utf-8", false),
            ("text/plain", false),
            ("application/json", false),
            ("AUDIO/wav", true),
        ] {
            assert_eq!(is_binary(kind), binary, "{kind}");
        }
    }
}
