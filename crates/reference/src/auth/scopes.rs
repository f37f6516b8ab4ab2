//! The scopes that a token can have, and the tools that need more than the first.

/// The scope that everything needs.
pub(super) const READ: &str = "mcp:read";

/// The scope that some tools need on top.
pub(super) const WRITE: &str = "mcp:write";

/// Tools that need more than reading; the second is listed only for those who have it.
const SCOPED: [&str; 2] = ["scoped_tool", "hidden_tool"];

/// Whether a tool needs more than reading.
pub(super) fn is_scoped(tool: &str) -> bool {
    SCOPED.contains(&tool)
}
