//! ext:apps#content-requirements and #behavior: what is behind the URI of an interface.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plumb_runner::{Bench, Finding, Judgement, Observed, brief, check, clip};
use plumb_wire::apps;
use serde_json::Value;

use super::slug;

/// Judges what reading each interface showed.
fn each_read(bench: &Bench, judge: impl Fn(&str, &Observed) -> Finding) -> Judgement {
    let reads = &bench.survey().apps.reads;
    for (uri, read) in reads {
        bench.note(read);
        bench.case(&slug(uri), format!("{uri} is read"), Ok(judge(uri, read)));
    }
    if reads.is_empty() {
        return Ok(Finding::unseen("no interface could be read", "link a tool to its interface"));
    }
    bench.conclude()
}

/// Judges the contents of each interface: those that name it, or all where none does.
fn each_content(bench: &Bench, judge: impl Fn(&Value) -> Finding) -> Judgement {
    each_read(bench, |uri, read| {
        let contents = read.complete().and_then(|result| result["contents"].as_array());
        let contents = contents.map(Vec::as_slice).unwrap_or_default();
        let own = contents.iter().any(|content| content["uri"] == uri);
        let of_it = contents.iter().filter(|content| !own || content["uri"] == uri);
        let findings: Vec<Finding> = of_it.map(&judge).collect();
        let broken = findings.iter().position(|finding| *finding != Finding::Held);
        match broken {
            Some(at) => findings[at].clone(),
            None if findings.is_empty() => unread(read),
            None => Finding::Held,
        }
    })
}

fn unread(read: &Observed) -> Finding {
    Finding::unseen(
        format!("the interface could not be read: {}", read.describe()),
        "serve the resource that the tool names",
    )
}

check! {
    /// **Observed:** `resources/read` of each interface that a tool names, and of each that is listed, by a client that declares
    /// `io.modelcontextprotocol/ui`: a result with at least one content, and no error.
    ///
    /// **Why:** the host reads it before or after the call; where it is not there, the user sees an empty frame.
    ///
    /// **Fix:** register the resource under the very URI that the tool names.
    pub(super) RESOURCE_EXISTS = "apps.resource-exists";
    since: "2025-03-26";
    applies: [Apps];
    scenario: exists
}

async fn exists(bench: &Bench) -> Judgement {
    each_read(bench, |_, read| {
        let contents = read.complete().and_then(|result| result["contents"].as_array());
        let there = contents.is_some_and(|contents| !contents.is_empty());
        if there {
            return Finding::Held;
        }
        // Whoever is asked for a token, or turned away, has seen nothing; silence is no answer.
        if read.is_challenge()
            || read.is_trouble()
            || (read.error().is_none() && read.result().is_none())
        {
            return unread(read);
        }
        if read.input_required().is_some() {
            return unread(read);
        }
        Finding::violated("a result with contents", read.describe())
    })
}

check! {
    /// **Observed:** the `uri` of the contents of each interface begins with `ui://`.
    ///
    /// **Why:** hosts keep interfaces by it, and tell them from other contents.
    ///
    /// **Fix:** answer with the URI that was asked for.
    pub(super) CONTENT_URI = "apps.content-uri";
    since: "2025-03-26";
    applies: [Apps];
    scenario: content_uri
}

async fn content_uri(bench: &Bench) -> Judgement {
    each_content(bench, |content| {
        let fits = content["uri"].as_str().is_some_and(|uri| uri.starts_with(apps::SCHEME));
        Finding::expect(fits, "a `uri` that begins with ui://", || brief(&content["uri"]))
    })
}

check! {
    /// **Observed:** the `mimeType` of the contents of each interface is `text/html;profile=mcp-app`. **Position:** it is compared as a
    /// media type.
    ///
    /// **Why:** by the profile a host tells an interface that speaks to it from any page.
    ///
    /// **Fix:** set `mimeType` in the result of `resources/read`, not only where the resource is registered.
    pub(super) CONTENT_MIME = "apps.content-mime";
    since: "2025-03-26";
    applies: [Apps];
    scenario: content_mime
}

async fn content_mime(bench: &Bench) -> Judgement {
    each_content(bench, |content| {
        let fits = content["mimeType"].as_str().is_some_and(apps::is_media_type);
        Finding::expect(fits, format!("`mimeType` is {}", apps::MEDIA_TYPE), || {
            content.get("mimeType").map_or_else(|| "no `mimeType`".to_owned(), brief)
        })
    })
}

check! {
    /// **Observed:** the contents of each interface have `text`, a string, or `blob`, Base64.
    ///
    /// **Why:** there is nothing to show otherwise.
    ///
    /// **Fix:** send the document as `text`.
    pub(super) TEXT_OR_BLOB = "apps.content-text-or-blob";
    since: "2025-03-26";
    applies: [Apps];
    scenario: text_or_blob
}

async fn text_or_blob(bench: &Bench) -> Judgement {
    each_content(bench, |content| {
        let fits = content["text"].is_string() || decoded(content).is_some();
        Finding::expect(fits, "`text`, or `blob` in Base64", || brief(content))
    })
}

check! {
    /// **Observed:** the document of each interface, decoded if it is a blob, begins with the document type of HTML and has
    /// something behind it; before it there may be a byte order mark, white space and comments. That its elements are nested
    /// rightly is not looked at: browsers show what is not.
    ///
    /// **Why:** without the document type a browser lays the page out as those of the nineties; a fragment is no document.
    ///
    /// **Fix:** begin with `<!doctype html>`.
    pub(super) HTML5 = "apps.content-html5";
    since: "2025-03-26";
    applies: [Apps];
    scenario: html5
}

async fn html5(bench: &Bench) -> Judgement {
    each_content(bench, |content| {
        let text = content["text"].as_str().map(str::to_owned);
        let Some(text) = text.or_else(|| decoded(content)) else {
            return Finding::unseen("the contents hold no document", "send it as `text`");
        };
        Finding::expect(is_document(&text), "a document that begins with `<!doctype html>`", || {
            format!("{:?}", clip(&text, 80))
        })
    })
}

/// The document of a blob.
fn decoded(content: &Value) -> Option<String> {
    let bytes = STANDARD.decode(content["blob"].as_str()?).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a text begins like a document of HTML, and goes on.
fn is_document(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(comment) = rest.strip_prefix("<!--") {
        let Some((_, after)) = comment.split_once("-->") else { return false };
        rest = after.trim_start();
    }
    let named = rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
    let Some((kind, document)) = rest.get(9..).and_then(|rest| rest.split_once('>')) else {
        return false;
    };
    let kind = kind.split_whitespace().next().unwrap_or_default();
    named && kind.eq_ignore_ascii_case("html") && !document.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_document;

    #[test]
    fn a_document_says_its_type_first() {
        for document in [
            "<!DOCTYPE html><html><body>Hello</body></html>",
            "\u{feff}\n<!-- built --> <!doctype HTML>\n<title>x</title>",
            "<!doctype html SYSTEM \"about:legacy-compat\"><p>Hello",
        ] {
            assert!(is_document(document), "{document}");
        }
        for other in [
            "",
            "<div>Hello</div>",
            "<html></html>",
            "<!doctype html>",
            "<!doctype svg><svg/>",
            "é",
            "<!-- open",
        ] {
            assert!(!is_document(other), "{other}");
        }
    }
}
