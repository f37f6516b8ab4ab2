//! basic/transports/streamable-http#protocol-version-header.

use plumb_runner::client::Received;
use plumb_runner::{Marks, check, clip};
use plumb_wire::{header, meta};
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

check! {
    /// **Observed:** every posted request has an `MCP-Protocol-Version` header. What is demanded of a posted notification the
    /// revision leaves open.
    ///
    /// **Why:** what stands between client and server routes by it without reading the body, and a server refuses without it.
    ///
    /// **Fix:** write it where requests become HTTP, from the request's own `_meta`.
    pub(crate) PRESENT = "http.version-header.present";
    received: present
}

fn present(received: &Received, marks: &mut Marks) {
    let Some(method) = received.method() else { return };
    let given = received.header(header::PROTOCOL_VERSION).is_some();
    marks.expect(given, "`MCP-Protocol-Version` on the request", || format!("none on {method}"));
}

check! {
    /// **Observed:** where a request has both, its `MCP-Protocol-Version` header is what `_meta` says in
    /// `io.modelcontextprotocol/protocolVersion`.
    ///
    /// **Why:** two parts of a system would go by two versions; a server refuses such a request.
    ///
    /// **Fix:** write the header from the body, not from a setting of its own.
    pub(crate) MATCH = "http.version-header.match";
    received: matches
}

fn matches(received: &Received, marks: &mut Marks) {
    let named = received.meta(meta::PROTOCOL_VERSION).and_then(Value::as_str);
    let (Some(named), Some(field)) = (named, received.header(header::PROTOCOL_VERSION)) else {
        return;
    };
    marks.expect(field == named, format!("`MCP-Protocol-Version: {}`", clip(named, SHOWN)), || {
        format!("`MCP-Protocol-Version: {}`", clip(field, SHOWN))
    });
}
