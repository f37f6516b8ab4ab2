//! The extensions that the server has, by their ids.

/// One that this server invented to have one.
pub(crate) const FLAVOUR: &str = "com.example/plumb-flavour";

/// Tasks (ext-tasks).
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";
