//! The capabilities of servers: their names have their home here.

use std::fmt;

use serde_json::Value;

/// The id of the tasks extension.
///
/// Source: ext-tasks (SEP-2663).
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// A capability that a server may declare.
///
/// Source: schema, `ServerCapabilities`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// `completion/complete`.
    Completions,
    /// Extensions, whichever.
    Extensions,
    /// The tasks extension.
    Tasks,
    /// The tasks of the core of 2025-11-25.
    CoreTasks,
    /// Log messages; deprecated.
    Logging,
    /// Prompts.
    Prompts,
    /// A notification when the list of prompts changes.
    PromptsListChanged,
    /// Resources.
    Resources,
    /// A notification when the list of resources changes.
    ResourcesListChanged,
    /// Notifications of updates of single resources.
    ResourcesSubscribe,
    /// Tools.
    Tools,
    /// A notification when the list of tools changes.
    ToolsListChanged,
}

impl Capability {
    /// The members that lead to it.
    const fn path(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Completions => ("completions", None),
            Self::Extensions => ("extensions", None),
            Self::Tasks => ("extensions", Some(TASKS_EXTENSION)),
            Self::CoreTasks => ("tasks", None),
            Self::Logging => ("logging", None),
            Self::Prompts => ("prompts", None),
            Self::PromptsListChanged => ("prompts", Some("listChanged")),
            Self::Resources => ("resources", None),
            Self::ResourcesListChanged => ("resources", Some("listChanged")),
            Self::ResourcesSubscribe => ("resources", Some("subscribe")),
            Self::Tools => ("tools", None),
            Self::ToolsListChanged => ("tools", Some("listChanged")),
        }
    }

    /// Whether these capabilities hold it: as an object, or as `true`.
    pub fn is_in(self, capabilities: &Value) -> bool {
        let (member, below) = self.path();
        is_declared(capabilities, member, below)
    }
}

/// Whether these capabilities hold an extension of this name.
pub fn has_extension(capabilities: &Value, name: &str) -> bool {
    is_declared(capabilities, "extensions", Some(name))
}

fn is_declared(capabilities: &Value, member: &str, below: Option<&str>) -> bool {
    let value = capabilities.get(member);
    let value = below.map_or(value, |below| value.and_then(|v| v.get(below)));
    value.is_some_and(|v| v.is_object() || *v == true)
}

/// Its members, joined by dots.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            (member, None) => f.write_str(member),
            (member, Some(below)) => write!(f, "{member}.{below}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_capability_is_an_object_or_true() {
        let declared = json!({"tools": {}, "resources": {"subscribe": true, "listChanged": false},
            "extensions": {"io.modelcontextprotocol/tasks": {}}});
        for (capability, is) in [
            (Capability::Tools, true),
            (Capability::ToolsListChanged, false),
            (Capability::ResourcesSubscribe, true),
            (Capability::ResourcesListChanged, false),
            (Capability::Tasks, true),
            (Capability::Prompts, false),
        ] {
            assert_eq!(capability.is_in(&declared), is, "{capability}");
        }
        assert!(has_extension(&declared, TASKS_EXTENSION));
        assert_eq!(Capability::Tasks.to_string(), "extensions.io.modelcontextprotocol/tasks");
    }
}
