//! The names of methods; those of notifications stand in [`notification`](crate::notification).
//!
//! Whoever names a method takes it from here, so that a slip does not compile. Vectors, recordings and the JSON of tests
//! spell them out, and so does the reference, which shares nothing with us.

/// What a server is and can do: server/discover.
pub const DISCOVER: &str = "server/discover";
/// A page of the tools: server/tools#listing-tools.
pub const TOOLS_LIST: &str = "tools/list";
/// A call of a tool: server/tools#calling-tools.
pub const TOOLS_CALL: &str = "tools/call";
/// A page of the resources: server/resources#listing-resources.
pub const RESOURCES_LIST: &str = "resources/list";
/// A page of the resource templates: server/resources#resource-templates.
pub const TEMPLATES_LIST: &str = "resources/templates/list";
/// The contents of a resource: server/resources#reading-resources.
pub const RESOURCES_READ: &str = "resources/read";
/// A page of the prompts: server/prompts#listing-prompts.
pub const PROMPTS_LIST: &str = "prompts/list";
/// A prompt, filled in: server/prompts#getting-a-prompt.
pub const PROMPTS_GET: &str = "prompts/get";
/// Suggestions for an argument: server/utilities/completion.
pub const COMPLETE: &str = "completion/complete";
/// A stream of notifications: basic/patterns/subscriptions.
pub const LISTEN: &str = "subscriptions/listen";

/// How a task stands: the tasks extension.
pub const TASKS_GET: &str = "tasks/get";
/// Input for a task: the tasks extension.
pub const TASKS_UPDATE: &str = "tasks/update";
/// The wish that a task end: the tasks extension.
pub const TASKS_CANCEL: &str = "tasks/cancel";

/// What a server asks the user for, within `inputRequests`: client/elicitation.
pub const ELICITATION_CREATE: &str = "elicitation/create";
/// What a server asks the model for, within `inputRequests`: client/sampling.
pub const SAMPLING_CREATE_MESSAGE: &str = "sampling/createMessage";
/// Which folders a server may see, within `inputRequests`: client/roots.
pub const ROOTS_LIST: &str = "roots/list";

/// The handshake until 2025-11-25.
pub const OLD_INITIALIZE: &str = "initialize";
/// A page of the tasks in 2025-11-25.
pub const OLD_TASKS_LIST: &str = "tasks/list";
/// The result of a task in 2025-11-25.
pub const OLD_TASKS_RESULT: &str = "tasks/result";
/// Whether the other side is there, until 2025-11-25.
pub const OLD_PING: &str = "ping";
/// The log level of a session, until 2025-11-25.
pub const OLD_SET_LEVEL: &str = "logging/setLevel";
/// A resource is watched in a session, until 2025-11-25.
pub const OLD_SUBSCRIBE: &str = "resources/subscribe";
/// A resource is no longer watched, until 2025-11-25.
pub const OLD_UNSUBSCRIBE: &str = "resources/unsubscribe";

/// What a client of an earlier revision requests, and this one has not any more. `initialize` is not among them: it opens a
/// session of an earlier revision, whoever answers.
pub const OLD_REQUESTS: [&str; 6] =
    [OLD_TASKS_LIST, OLD_TASKS_RESULT, OLD_PING, OLD_SET_LEVEL, OLD_SUBSCRIBE, OLD_UNSUBSCRIBE];
