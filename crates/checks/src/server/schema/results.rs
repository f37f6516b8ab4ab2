//! schema: results, and the errors that carry data.

use plumb_flows::parts;
use plumb_runner::{Notes, Observed, check};
use plumb_wire::schema::{Mismatch, mismatches, part};
use plumb_wire::{codes, method};
use serde_json::Value;

use super::{fit, outside};

check! {
    /// **Observed:** `serverInfo`, wherever it comes, has a `name` and a `version` that are strings.
    ///
    /// **Why:** clients show and log both.
    ///
    /// **Fix:** write both members in every result.
    pub(crate) IMPLEMENTATION = "schema.implementation.shape";
    since: "2025-03-26";
    passive: implementation
}

fn implementation(seen: &Observed, notes: &mut Notes<'_>) {
    if let Some(info) = parts::server_info(seen) {
        fit(notes, "`serverInfo`", &outside(part::implementation(info), &["icons"]));
    }
}

check! {
    /// **Observed:** the capabilities of server/discover, or of a handshake, are objects, and their flags booleans.
    ///
    /// **Why:** a client reads `"listChanged": "yes"` as whatever its language makes of a string.
    ///
    /// **Fix:** write `true` or leave the flag out.
    pub(crate) CAPABILITIES = "schema.capabilities.shape";
    since: "2025-03-26";
    passive: capabilities
}

fn capabilities(seen: &Observed, notes: &mut Notes<'_>) {
    let told = |m| matches!(m, method::DISCOVER | method::OLD_INITIALIZE);
    let result = seen.complete().filter(|_| seen.method().is_some_and(told));
    if let Some(capabilities) = result.and_then(|r| r.get("capabilities")) {
        fit(notes, "server capabilities", &part::server_capabilities(capabilities));
    }
}

check! {
    /// **Observed:** the result of prompts/get has an array `messages`; each message has a role and one content block.
    ///
    /// **Why:** the messages go to a model as they are; a misshapen one cannot be sent.
    ///
    /// **Fix:** write `"content": {"type": "text", "text": …}`, an object and not an array.
    pub(crate) GET_PROMPT = "schema.get-prompt.shape";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    passive: get_prompt
}

fn get_prompt(seen: &Observed, notes: &mut Notes<'_>) {
    whole(seen, notes, method::PROMPTS_GET, "promptGetResult");
}

check! {
    /// **Observed:** complete results of tools/call have an array `content` of blocks of known types, `isError` is a boolean.
    ///
    /// **Why:** content goes to a model as it is; a block of unknown type is lost or breaks the call.
    ///
    /// **Fix:** return `"content": []` where there is nothing to say, and blocks of the five types otherwise.
    pub(crate) CALL_TOOL = "schema.call-tool.shape";
    since: "2025-03-26";
    applies: [Declares(Tools)];
    passive: call_tool
}

fn call_tool(seen: &Observed, notes: &mut Notes<'_>) {
    let as_task = seen.params().is_some_and(|params| params.get("task").is_some());
    if as_task && notes.edition.has_handshake() {
        return; // It is answered by a task, where the server takes it as one.
    }
    whole(seen, notes, method::TOOLS_CALL, "toolCallResult");
}

check! {
    /// **Observed:** the result of resources/read has an array `contents`; each one has a `uri`, and a `text` or a `blob`.
    ///
    /// **Why:** contents without either are nothing that a client could show.
    ///
    /// **Fix:** write text as `text` and everything else, Base64-encoded, as `blob`.
    pub(crate) READ = "schema.read.shape";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    passive: read
}

fn read(seen: &Observed, notes: &mut Notes<'_>) {
    whole(seen, notes, method::RESOURCES_READ, "resourceReadResult");
}

/// Members of results that have checks of their own.
const ELSEWHERE: [&str; 6] = ["_meta", "ttlMs", "cacheScope", "resultType", "annotations", "icons"];

fn whole(seen: &Observed, notes: &mut Notes<'_>, method: &str, def: &str) {
    let Some(result) = seen.complete().filter(|_| seen.method() == Some(method)) else { return };
    let general = |m: &Mismatch| {
        // A member that is missing is named by its parent's place and its own name.
        m.at.is_empty()
            && ELSEWHERE.iter().any(|member| m.expected.contains(&format!("\"{member}\"")))
    };
    let of_block = |m: &Mismatch| {
        block_kind(result, &m.at).is_some_and(|k| matches!(k, "image" | "audio" | "resource"))
    };
    let found: Vec<Mismatch> = outside(mismatches(def, result), &ELSEWHERE);
    let found: Vec<Mismatch> = found.into_iter().filter(|m| !general(m) && !of_block(m)).collect();
    fit(notes, &format!("a result of {method}"), &found);
}

/// The type of the content block in which a place lies.
fn block_kind<'a>(result: &'a Value, at: &str) -> Option<&'a str> {
    let mut place = at;
    loop {
        if let Some(kind) =
            result.pointer(place).and_then(|v| v.get("type")).and_then(Value::as_str)
        {
            return Some(kind);
        }
        place = place.rsplit_once('/')?.0;
    }
}

check! {
    /// **Observed:** the data of each error -32022 has `supported`, an array of strings, and `requested`, a string.
    ///
    /// **Why:** the client chooses another version from the list; misshapen, it has none to choose from.
    ///
    /// **Fix:** write `{"supported": ["…"], "requested": "…"}`.
    pub(crate) UNSUPPORTED_VERSION = "schema.unsupported-version.shape";
    fact: "versioning.error-data";
    passive: unsupported_version
}

fn unsupported_version(seen: &Observed, notes: &mut Notes<'_>) {
    let is_ours =
        |e: &&Value| e.get("code").and_then(Value::as_i64) == Some(codes::UNSUPPORTED_VERSION);
    if let Some(error) = seen.error().filter(is_ours) {
        let data = error.get("data").unwrap_or(&Value::Null);
        fit(notes, "the data of error -32022", &part::unsupported_version_data(data));
    }
}
