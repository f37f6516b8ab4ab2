//! Who may do what.

use serde_json::{Value, json};

use super::scopes::{WRITE, is_scoped};
use crate::call::Call;

/// Why a call may not be worked on: the scopes that it needs, if the caller lacks one. `named` is what the header says.
pub(crate) fn denied(call: &Call, named: &str) -> Option<&'static [&'static str]> {
    let rules = call.rules();
    let principal = call.principal.as_ref()?;
    if call.method != "tools/call" {
        return None;
    }
    let tool = if rules.headers_not_trusted {
        call.params.get("name").and_then(Value::as_str)?
    } else {
        named
    };
    let impressed = !rules.client_info_without_privilege
        && call.meta.client_info.as_ref().is_some_and(|client| client["name"] == "admin");
    let spared = impressed || (tool == "hidden_tool" && !rules.hidden_tools_guarded);
    let lacks = is_scoped(tool) && !spared && !principal.scopes.iter().any(|scope| scope == WRITE);
    lacks.then_some(&["mcp:read", "mcp:write"])
}

/// Whether a tool is shown to the caller.
pub(crate) fn listed(call: &Call, tool: &str) -> bool {
    let may = |call: &Call| {
        call.principal.as_ref().is_some_and(|p| p.scopes.iter().any(|scope| scope == WRITE))
    };
    tool != "hidden_tool" || may(call)
}

/// The subject of the caller; null where nobody needs to say who they are.
pub(crate) fn owner(call: &Call) -> Value {
    call.principal.as_ref().map_or(Value::Null, |principal| json!(principal.subject))
}

/// Whether what belongs to `subject` is the caller's.
pub(crate) fn owns(call: &Call, subject: &Value) -> bool {
    owner(call) == *subject
}
