//! The names of notifications; those of requests stand in [`method`](crate::method).

/// A request is given up, by whoever sent it, or a subscription ends: basic/patterns/cancellation.
pub const CANCELLED: &str = "notifications/cancelled";
/// How far a request has come: basic/patterns/progress.
pub const PROGRESS: &str = "notifications/progress";
/// A log message: server/utilities/logging.
pub const MESSAGE: &str = "notifications/message";
/// A subscription has begun: basic/patterns/subscriptions.
pub const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";
/// A resource has changed: server/resources.
pub const RESOURCE_UPDATED: &str = "notifications/resources/updated";
/// The list of tools has changed: server/tools.
pub const TOOLS_CHANGED: &str = "notifications/tools/list_changed";
/// The list of prompts has changed: server/prompts.
pub const PROMPTS_CHANGED: &str = "notifications/prompts/list_changed";
/// The list of resources has changed: server/resources.
pub const RESOURCES_CHANGED: &str = "notifications/resources/list_changed";
/// How a task stands, unasked: the tasks extension.
pub const TASK: &str = "notifications/tasks";

/// A user has done what a URL asked for, in 2025-11-25 only.
pub const OLD_ELICITATION_COMPLETE: &str = "notifications/elicitation/complete";
/// A client is ready after the handshake, until 2025-11-25.
pub const OLD_INITIALIZED: &str = "notifications/initialized";
/// The roots of a client have changed, until 2025-11-25.
pub const OLD_ROOTS_CHANGED: &str = "notifications/roots/list_changed";
