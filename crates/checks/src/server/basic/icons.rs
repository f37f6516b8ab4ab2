//! basic#icons: where icons come from, judged over every icon that the server shows.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use plumb_flows::parts;
use plumb_runner::{Notes, Observed, check, clip};
use url::Url;

check! {
    /// **Observed:** the `src` of every icon is an HTTP or HTTPS URL, or a `data:` URI whose data is Base64.
    ///
    /// **Why:** clients refuse every other scheme as unsafe, so the icon is never shown. Position: `http:` is allowed to
    /// servers by the text, although clients have to refuse it; prefer HTTPS.
    ///
    /// **Fix:** serve icons over HTTPS, or embed them as `data:image/png;base64,…`.
    pub(crate) SRC_SCHEME = "icons.server-src-scheme";
    since: "2025-11-25";
    passive: src_scheme
}

fn src_scheme(seen: &Observed, notes: &mut Notes<'_>) {
    for src in parts::icons(seen).into_iter().filter_map(|icon| icon.get("src")?.as_str()) {
        notes.expect(
            is_source(src),
            "an icon `src` that is an http(s) URL or a Base64 data URI",
            || format!("{:?}", clip(src, 80)),
        );
    }
}

fn is_source(src: &str) -> bool {
    let Ok(url) = Url::parse(src) else { return false };
    match url.scheme() {
        "http" | "https" => url.has_host(),
        "data" => url.path().split_once(',').is_some_and(|(kind, data)| {
            let is_base64 =
                kind.rsplit(';').next().is_some_and(|last| last.eq_ignore_ascii_case("base64"));
            let data = data.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
            is_base64 && (STANDARD.decode(&data).is_ok() || STANDARD_NO_PAD.decode(&data).is_ok())
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_from_other_uris() {
        for good in [
            "https://example.com/a.png",
            "http://localhost:1/a",
            "data:image/png;base64,aGk=",
            "data:;base64,aGk",
        ] {
            assert!(is_source(good), "{good}");
        }
        for bad in [
            "ftp://example.com/a",
            "javascript:1",
            "data:image/svg+xml,<svg/>",
            "/icon.png",
            "data:image/png;base64,**",
        ] {
            assert!(!is_source(bad), "{bad}");
        }
    }
}
