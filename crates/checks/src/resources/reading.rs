//! server/resources#reading-resources.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, clip};
use plumb_wire::codes;
use serde_json::{Value, json};

check! {
    /// **Observed:** listed resources are read (the first and the last of the list), and none is answered as if it
    /// did not exist. Other errors are not counted: what is listed may be out of reach for a while.
    ///
    /// **Why:** a list of what cannot be read is worse than none.
    ///
    /// **Fix:** list the URI exactly as `resources/read` compares it.
    pub(crate) LISTED = "resources.read.listed";
    applies: [Declares("resources")];
    scenario: listed
}

async fn listed(bench: &Bench) -> Judgement {
    for answer in &bench.survey().read {
        let uri =
            answer.params().and_then(|p| p.get("uri")).and_then(Value::as_str).unwrap_or_default();
        // What is no URI is refused for that reason.
        if super::uri::flaw(uri).is_some() {
            continue;
        }
        bench.note(answer);
        let judged = if missing(answer) {
            // The list may have changed since it was read.
            let again = bench.send(Probe::request("resources/read", json!({"uri": uri}))).await?;
            let list = crate::listing::walk(
                bench,
                &crate::listing::Way::Shared,
                crate::listing::RESOURCES,
                20,
            )
            .await?;
            let still = list.items().any(|r| r.get("uri").is_some_and(|u| u == uri));
            Finding::expect(!(still && missing(&again)), "contents of a listed resource", || {
                again.describe()
            })
        } else if answer.is_accepted() {
            Finding::Held
        } else {
            Finding::unseen(answer.describe(), "let the resource be read")
        };
        let slug = format!("listed-{}", answer.seq());
        bench.case(&slug, format!("reading {}", clip(uri, 120)), Ok(judged));
    }
    bench.conclude()
}

fn missing(answer: &Observed) -> bool {
    let not_found = [codes::INVALID_PARAMS, codes::OLD_RESOURCE_NOT_FOUND, codes::METHOD_NOT_FOUND];
    let empty = answer.complete().and_then(|r| r.get("contents")).is_some_and(|c| c == &json!([]));
    empty || answer.code().is_some_and(|c| not_found.contains(&c))
}

check! {
    /// **Observed:** a resource that exists and cannot be read now is refused with error -32603. Needs one:
    /// `test://failing`, told from a URI that does not exist by another message.
    ///
    /// **Why:** a client drops what does not exist, and tries again what failed.
    ///
    /// **Fix:** answer -32602 only if the resource is not there.
    pub(crate) INTERNAL_ERROR = "resources.internal-error";
    applies: [Declares("resources")];
    scenario: internal_error
}

async fn internal_error(bench: &Bench) -> Judgement {
    let read = |uri: &str| Probe::request("resources/read", json!({"uri": uri}));
    let failing = bench.send(read("test://failing")).await?;
    let missing =
        [bench.send(read("test://missing")).await?, bench.send(read("test://nothing")).await?];
    let names = ["test://missing", "test://nothing"];
    Ok(crate::listing::failing(
        &failing,
        "test://failing",
        &missing,
        names,
        "a resource `test://failing` whose reading fails",
    ))
}
