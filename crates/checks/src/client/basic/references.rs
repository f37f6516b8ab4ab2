//! basic#ref-resolution: a schema that refers to the network makes nobody fetch anything.

use plumb_runner::client::{REFERRED, Received, Scenario};
use plumb_runner::{Marks, check};
use plumb_wire::method;

check! {
    /// **Observed:** a client that lists a tool whose input schema refers (`$ref`) to a document of the server over HTTP does
    /// not fetch that document.
    ///
    /// **Why:** whoever writes a schema would else choose what the client's machine asks for, inside its network as well.
    ///
    /// **Fix:** give the schema validator a resolver that knows no network; let users turn one on who want it.
    pub(crate) NO_NETWORK = "base.schema.client-no-network-deref";
    received: no_network
}

fn no_network(received: &Received, marks: &mut Marks) {
    if received.path() == REFERRED {
        marks.breaks(
            "a schema with `$ref` to the network is listed, and nothing is fetched",
            format!("{} {REFERRED}", received.http_method()),
        );
    }
    let referring = received.exchange.by == Scenario::SchemaReference.label();
    let listed = received.method() == Some(method::TOOLS_LIST) && received.answered() == Some(200);
    if referring && listed {
        marks.fits();
    }
}
