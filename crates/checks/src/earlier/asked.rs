//! client/sampling#creating-messages: what a server asks a model for, by the schema of its revision.

use plumb_runner::{Notes, Observed, brief, check};
use plumb_wire::method;
use plumb_wire::schema::Mismatch;
use serde_json::Value;

use crate::server::sampling::unlike;

/// The first revision that has tools in requests for completions, and several pieces of content in a message.
const WITH_TOOLS: &str = "2025-11-25";

check! {
    /// **Observed:** every `sampling/createMessage` has parameters of the form of the schema: in each message content of a kind
    /// that the revision has, one piece of it before 2025-11-25; and of the right type what is said of the model and of how to
    /// complete.
    ///
    /// **Why:** a client that reads by the schema answers with an error, and shows its user nothing.
    ///
    /// **Fix:** build the request from the types of the revision that was negotiated.
    pub(crate) SAMPLING = "sampling.request.shape";
    since: "2025-03-26";
    until: "2025-11-25";
    passive: sampling
}

fn sampling(seen: &Observed, notes: &mut Notes<'_>) {
    let with_tools = notes.edition.revision.as_str() >= WITH_TOOLS;
    for request in seen.asked().filter(|r| r["method"] == method::SAMPLING_CREATE_MESSAGE) {
        let params = &request["params"];
        notes.expect(params.is_object(), "parameters", || brief(request));
        let of_tools = |m: &Mismatch| m.at.starts_with("/tools") || m.at.starts_with("/toolChoice");
        if let Some(Mismatch { at, expected, actual }) =
            unlike(params).find(|m| with_tools || !of_tools(m))
        {
            notes.breaks(format!("{expected} at {at}"), actual);
        }
        let messages = params["messages"].as_array().into_iter().flatten();
        for content in messages.map(|m| &m["content"]).filter(|_| !with_tools) {
            notes.expect(is_one_piece(content), "one piece of text, image or audio", || {
                brief(content)
            });
        }
    }
}

/// Whether this is content of a message as the revisions without tools have it; what is no content at all is judged elsewhere.
fn is_one_piece(content: &Value) -> bool {
    match content {
        Value::Object(piece) => ["text", "image", "audio"].iter().any(|t| piece["type"] == *t),
        Value::Array(_) => false,
        _ => true,
    }
}
