//! Tools whose parameters are mirrored into headers, and the calls that a client is told to make.

use serde_json::{Value, json};

/// The tool that is called with values.
pub(super) const TOOL: &str = "test_custom_headers";

/// The tool that is called without some.
pub(super) const TOOL_NULL: &str = "test_custom_headers_null";

/// A parameter that is mirrored.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored {
    /// Its header field.
    pub header: &'static str,
    /// Its place in the arguments, a JSON pointer.
    pub pointer: &'static str,
}

/// The parameters of both tools that are mirrored.
pub const MIRRORED: [Mirrored; 5] = [
    Mirrored { header: "Mcp-Param-Region", pointer: "/region" },
    Mirrored { header: "Mcp-Param-Priority", pointer: "/priority" },
    Mirrored { header: "Mcp-Param-Verbose", pointer: "/verbose" },
    Mirrored { header: "Mcp-Param-Dry-Run", pointer: "/dry" },
    Mirrored { header: "Mcp-Param-Depth", pointer: "/filter/depth" },
];

/// Both tools.
pub(in super::super) fn tools() -> Value {
    json!([tool(TOOL), tool(TOOL_NULL)])
}

fn tool(name: &str) -> Value {
    let annotated = |of: &str, header: &str| json!({ "type": of, "x-mcp-header": header });
    json!({
        "name": name,
        "description": "Does nothing with what it is given.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "region": annotated("string", "Region"),
                "priority": annotated("integer", "Priority"),
                "verbose": annotated("boolean", "Verbose"),
                "dry": annotated("boolean", "Dry-Run"),
                "filter": { "type": "object", "properties": { "depth": annotated("string", "Depth") } },
                // Not annotated, and of the name of one that is.
                "depth": { "type": "string" },
            },
        },
        "annotations": { "readOnlyHint": true },
    })
}

/// The calls that the context lists.
pub(in super::super) fn calls() -> Value {
    let call = |name: &str, arguments: Value| json!({ "name": name, "arguments": arguments });
    json!([
        call(
            TOOL,
            json!({ "region": "us-west1", "priority": 42, "verbose": true, "dry": false,
            "depth": "shallow", "filter": { "depth": "deep sea" } })
        ),
        call(TOOL, json!({ "region": " padded ", "priority": -7, "verbose": false })),
        call(TOOL, json!({ "region": "Hello, 世界", "priority": 9_007_199_254_740_991_i64 })),
        call(TOOL, json!({ "region": "line1\r\nMcp-Param-Priority: 1" })),
        call(TOOL, json!({ "region": "=?base64?literal?=" })),
        call(TOOL, json!({ "region": "", "priority": 0 })),
        call(TOOL_NULL, json!({ "region": null, "priority": 1, "depth": "shallow" })),
    ])
}
