//! What tools and tasks come to.

use serde_json::{Value, json};

use crate::content::text;
use crate::message::RpcError;
use crate::server::Server;

/// What a tool says, or the error that the protocol has for it.
pub(crate) type Outcome = Result<Value, RpcError>;

/// A result of text.
pub(crate) fn said(words: impl Into<String>) -> Value {
    json!({ "content": [text(words)] })
}

/// A result that says what went wrong, for the model to do better.
pub(crate) fn failed(words: &str) -> Value {
    json!({ "content": [text(words)], "isError": true })
}

/// Annotates the content of a result, if the server is one that does.
pub(crate) fn annotate(server: &Server, result: &mut Value) {
    if server.options.annotations {
        for block in result["content"].as_array_mut().into_iter().flatten() {
            block["annotations"] = json!({ "audience": ["user", "assistant"], "priority": 0.5 });
        }
    }
}
