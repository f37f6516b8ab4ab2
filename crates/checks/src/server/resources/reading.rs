//! server/resources#reading-resources.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use plumb_flows::listing::{Connection, RESOURCES, walk};
use plumb_runner::survey::Item;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, clip};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

check! {
    /// **Observed:** listed resources are read (the first and the last of the list), and none is answered as if it
    /// did not exist. Other errors are not counted: what is listed may be out of reach for a while. Directories (a
    /// MIME type of `inode/`, or a URI that ends in a slash) are not counted either: not every server reads them, and
    /// one without files has no contents. No URI stands for two resources, since one of them could not be read.
    ///
    /// **Why:** a list of what cannot be read is worse than none.
    ///
    /// **Fix:** list the URI exactly as `resources/read` compares it, and each one once.
    pub(crate) LISTED = "resources.read.listed";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: listed
}

async fn listed(bench: &Bench) -> Judgement {
    for (n, answer) in bench.survey().fetched_resources.iter().enumerate() {
        let uri =
            answer.params().and_then(|p| p.get("uri")).and_then(Value::as_str).unwrap_or_default();
        // What is no URI is refused for that reason.
        if plumb_wire::uri::flaw(uri).is_some() {
            continue;
        }
        bench.note(answer);
        let judged = if is_directory(bench, uri) {
            Finding::unseen(format!("{uri} is a directory"), "list what is in it")
        } else if missing(answer) {
            // The list may have changed since it was read.
            let again =
                bench.send(Probe::request(method::RESOURCES_READ, json!({"uri": uri}))).await?;
            let list = walk(bench, &Connection::Shared, RESOURCES, 20).await?;
            let still = list.items().any(|r| r.get("uri").is_some_and(|u| u == uri));
            Finding::expect(!(still && missing(&again)), "contents of a listed resource", || {
                again.describe()
            })
        } else if answer.is_accepted() {
            Finding::Held
        } else {
            Finding::unseen(answer.describe(), "let the resource be read")
        };
        let slug = format!("listed-{}", n + 1);
        bench.case(&slug, format!("reading {}", clip(uri, 120)), Ok(judged));
    }
    let items: Vec<&Value> = bench.survey().resources.items.iter().map(|i| &i.value).collect();
    if twice(&items).is_some() {
        // An item that moved to another page while the survey read them came twice by chance.
        let now = walk(bench, &Connection::Shared, RESOURCES, 40).await?;
        let items: Vec<&Value> = now.items().collect();
        let judged = match twice(&items) {
            Some(uri) => Finding::violated(
                "a URI of its own for each listed resource",
                format!("{uri:?} is listed with two definitions"),
            ),
            None => Finding::Held,
        };
        bench.case("one-uri-each", "the URIs of the list", Ok(judged));
    }
    bench.conclude()
}

/// The first URI that two different resources have.
fn twice<'a>(items: &[&'a Value]) -> Option<&'a str> {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    items.iter().find_map(|item| {
        let uri = item.get("uri")?.as_str()?;
        seen.insert(uri, item).filter(|other| other != item).map(|_| uri)
    })
}

fn is_directory(bench: &Bench, uri: &str) -> bool {
    let listed = |item: &&Item| item.value.get("uri").is_some_and(|u| u == uri);
    let kind = bench.survey().resources.items.iter().find(listed).map(|i| &i.value["mimeType"]);
    uri.ends_with('/') || kind.and_then(Value::as_str).is_some_and(|k| k.starts_with("inode/"))
}

/// Whether an answer says that there is no such resource. Empty contents do not: what exists may have none.
pub(super) fn missing(answer: &Observed) -> bool {
    let not_found = [codes::INVALID_PARAMS, codes::OLD_RESOURCE_NOT_FOUND, codes::METHOD_NOT_FOUND];
    answer.code().is_some_and(|c| not_found.contains(&c))
}

check! {
    /// **Observed:** listed resources are read: one of the contents has the URI that was asked for, or one below it, as the
    /// files of a directory have. Escapes, the case of letters, and a slash at the end make no difference.
    ///
    /// **Why:** a client keeps what it read by its URI, and tells several contents apart by theirs.
    ///
    /// **Fix:** put the requested URI into the contents.
    pub(crate) URI = "resources.read.uri";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: names_itself
}

async fn names_itself(bench: &Bench) -> Judgement {
    for (n, answer) in bench.survey().fetched_resources.iter().enumerate() {
        let asked = answer.params().and_then(|p| p.get("uri")).and_then(Value::as_str);
        let contents = answer.complete().and_then(|r| r.get("contents")).and_then(Value::as_array);
        let (Some(asked), Some(contents)) = (asked, contents) else { continue };
        let given: Vec<&str> = contents.iter().filter_map(|c| c.get("uri")?.as_str()).collect();
        if given.is_empty() {
            continue;
        }
        bench.note(answer);
        let judged = Finding::expect(
            given.iter().any(|uri| is_of(uri, asked)),
            format!("contents of {}", clip(asked, 120)),
            || format!("contents of {}", clip(&given.join(", "), 200)),
        );
        bench.case(&format!("read-{}", n + 1), format!("reading {}", clip(asked, 120)), Ok(judged));
    }
    bench.conclude()
}

/// Whether a URI is the one that was asked for, or one below it.
fn is_of(given: &str, asked: &str) -> bool {
    let plain = |uri: &str| {
        percent_decode_str(uri).decode_utf8_lossy().trim_end_matches('/').to_lowercase()
    };
    let (given, asked) = (plain(given), plain(asked));
    given
        .strip_prefix(&asked)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#', '?']))
}

check! {
    /// **Observed:** a resource that exists and cannot be read now is refused with error -32603. Needs one:
    /// `test://failing`, told from a URI that does not exist by another message.
    ///
    /// **Why:** a client drops what does not exist, and tries again what failed.
    ///
    /// **Fix:** answer -32602 only if the resource is not there.
    pub(crate) INTERNAL_ERROR = "resources.internal-error";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: internal_error
}

async fn internal_error(bench: &Bench) -> Judgement {
    let read = |uri: &str| Probe::request(method::RESOURCES_READ, json!({"uri": uri}));
    let failing = bench.send(read("test://failing")).await?;
    let missing =
        [bench.send(read("test://missing")).await?, bench.send(read("test://nothing")).await?];
    let names = ["test://missing", "test://nothing"];
    Ok(plumb_flows::listing::failing(
        bench,
        &failing,
        "test://failing",
        &missing,
        names,
        "a resource `test://failing` whose reading fails",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_of_what_was_asked_for_or_of_what_is_below() {
        for (given, asked) in [
            ("file:///docs/a.txt", "file:///docs/a.txt"),
            ("file:///docs/a.txt", "file:///docs/"),
            ("file:///docs/a%20b", "file:///docs/a b"),
            ("HTTPS://Example.com", "https://example.com/"),
        ] {
            assert!(is_of(given, asked), "{given} for {asked}");
        }
        for (given, asked) in [("memo://b", "memo://a"), ("file:///docs-old/a", "file:///docs")] {
            assert!(!is_of(given, asked), "{given} for {asked}");
        }
    }

    #[test]
    fn one_uri_with_two_definitions_is_found() {
        let one = json!({"uri": "a:1", "name": "one"});
        let two = json!({"uri": "a:1", "name": "two"});
        let other = json!({"uri": "a:2", "name": "two"});
        assert_eq!(twice(&[&one, &other, &two]), Some("a:1"));
        // The same item on two pages is a fault of paging.
        assert_eq!(twice(&[&one, &other, &one]), None);
        assert_eq!(twice(&[&json!({"name": "none"}), &json!({"name": "none"})]), None);
    }
}
