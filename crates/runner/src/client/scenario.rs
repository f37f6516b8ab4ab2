//! What a client is made to do: names of the official suite, which select what its clients do. How the server behaves is
//! ours.

use serde_json::{Value, json};

/// A document of our server that a schema refers to, and that no client fetches by itself.
pub const REFERRED: &str = "/schemas/length.json";

/// A scenario: the client is started once for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The client calls the tool `add_numbers` with two numbers.
    ToolsCall,
    /// It lists, calls a tool, reads a resource and gets a prompt.
    StandardHeaders,
    /// It lists tools, the schema of one of which refers to [`REFERRED`].
    SchemaReference,
}

impl Scenario {
    /// All of them, in the order in which they are played.
    pub const ALL: [Self; 3] = [Self::ToolsCall, Self::StandardHeaders, Self::SchemaReference];

    /// The name that tells a client what to do.
    pub fn name(self) -> &'static str {
        match self {
            Self::ToolsCall => "tools_call",
            Self::StandardHeaders => "http-standard-headers",
            Self::SchemaReference => "json-schema-ref-no-deref",
        }
    }

    /// What else the client is told.
    pub(super) fn context(self) -> Value {
        json!({ "name": self.name() })
    }
}
