//! basic#meta: what every request carries, in place of a handshake.

use plumb_runner::client::Received;
use plumb_runner::{Marks, check, clip};
use plumb_wire::meta;
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

check! {
    /// **Observed:** every request has `io.modelcontextprotocol/protocolVersion` in its `_meta`, a string.
    ///
    /// **Why:** there is no handshake: a server reads from each request how to take it, and refuses one that does not say.
    ///
    /// **Fix:** add it where all requests are written, also to retries and to `server/discover`.
    pub(crate) VERSION = "base.meta.client-protocol-version";
    received: |received, marks| carries(received, marks, meta::PROTOCOL_VERSION, Value::is_string, "a string")
}

check! {
    /// **Observed:** every request has `io.modelcontextprotocol/clientCapabilities` in its `_meta`, an object.
    ///
    /// **Why:** a server must not rely on what is not declared with the request at hand; without the member it refuses.
    ///
    /// **Fix:** add it where all requests are written; `{}` where the client can do nothing special.
    pub(crate) CAPABILITIES = "base.meta.client-capabilities";
    received: |received, marks| carries(received, marks, meta::CLIENT_CAPABILITIES, Value::is_object, "an object")
}

check! {
    /// **Observed:** every request has `io.modelcontextprotocol/clientInfo` in its `_meta`, with a name and a version.
    ///
    /// **Why:** it is how logs and debuggers of servers know who asked.
    ///
    /// **Fix:** add it where all requests are written. A client configured to withhold it can list this check as known.
    pub(crate) INFO = "base.meta.client-info-should";
    received: |received, marks| carries(received, marks, meta::CLIENT_INFO, is_named, "an object with `name` and `version`")
}

fn carries(
    received: &Received,
    marks: &mut Marks,
    key: &str,
    fits: fn(&Value) -> bool,
    shape: &str,
) {
    let Some(method) = received.method() else { return };
    let value = received.meta(key);
    marks.expect(value.is_some_and(fits), format!("`{key}` in `_meta`, {shape}"), || match value {
        Some(value) => format!("{method} has {}", clip(&value.to_string(), SHOWN)),
        None => format!("{method} has none"),
    });
}

fn is_named(info: &Value) -> bool {
    info["name"].is_string() && info["version"].is_string()
}
