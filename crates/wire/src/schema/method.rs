//! Which definition belongs to which method, notification and error code.

use crate::{method, notification};
use serde_json::Value;

/// Each method with the definition of its complete result: the core's, then those of the tasks extension.
pub const RESULT_METHODS: &[(&str, &str)] = &[
    (method::DISCOVER, "discoverResult"),
    (method::TOOLS_LIST, "toolsListResult"),
    (method::TOOLS_CALL, "toolCallResult"),
    (method::RESOURCES_LIST, "resourcesListResult"),
    (method::TEMPLATES_LIST, "templatesListResult"),
    (method::RESOURCES_READ, "resourceReadResult"),
    (method::PROMPTS_LIST, "promptsListResult"),
    (method::PROMPTS_GET, "promptGetResult"),
    (method::COMPLETE, "completionResult"),
    (method::LISTEN, "listenResult"),
    (method::TASKS_GET, "taskGetResult"),
    (method::TASKS_UPDATE, "result"),
    (method::TASKS_CANCEL, "result"),
];

/// Each method with the definition of its parameters. What has a requirement of its own (the members of `_meta` that every
/// request has, a filter, what is sent again) is not demanded here, and only told if it is of the wrong kind.
pub const PARAM_METHODS: &[(&str, &str)] = &[
    (method::DISCOVER, "requestParams"),
    (method::TOOLS_LIST, "pageParams"),
    (method::TOOLS_CALL, "toolCallParams"),
    (method::RESOURCES_LIST, "pageParams"),
    (method::TEMPLATES_LIST, "pageParams"),
    (method::RESOURCES_READ, "resourceReadParams"),
    (method::PROMPTS_LIST, "pageParams"),
    (method::PROMPTS_GET, "promptGetParams"),
    (method::COMPLETE, "completionParams"),
    (method::LISTEN, "listenParams"),
    (method::TASKS_GET, "taskIdParams"),
    (method::TASKS_UPDATE, "taskIdParams"),
    (method::TASKS_CANCEL, "taskIdParams"),
    (notification::CANCELLED, "cancelledParams"),
];

/// The methods that may be answered with `resultType: "input_required"` (basic/patterns/mrtr#supported-requests).
pub const INPUT_REQUIRED_METHODS: &[&str] =
    &[method::TOOLS_CALL, method::RESOURCES_READ, method::PROMPTS_GET];

/// Each notification that a server may send with its definition: the core's, then that of the tasks extension.
pub const NOTIFICATIONS: &[(&str, &str)] = &[
    (notification::CANCELLED, "cancelledNotification"),
    (notification::PROGRESS, "progressNotification"),
    (notification::MESSAGE, "logNotification"),
    (notification::ACKNOWLEDGED, "acknowledgedNotification"),
    (notification::RESOURCE_UPDATED, "resourceUpdatedNotification"),
    (notification::TOOLS_CHANGED, "toolsChangedNotification"),
    (notification::PROMPTS_CHANGED, "promptsChangedNotification"),
    (notification::RESOURCES_CHANGED, "resourcesChangedNotification"),
    (notification::TASK, "taskNotification"),
];

/// Each error code of the specification's own range with the definition of its error object (basic#error-codes).
pub const ERROR_CODES_WITH_DATA: &[(i64, &str)] = &[
    (-32020, "headerMismatchError"),
    (-32021, "missingCapabilityError"),
    (-32022, "unsupportedVersionError"),
];

/// The definition of the complete result of `method`; `None` for a method that neither the core nor tasks defines.
pub fn result_def(method: &str) -> Option<&'static str> {
    lookup(RESULT_METHODS, &method)
}

/// The definition of the parameters of `method`; `None` for one that neither the core nor tasks has a client send.
pub fn params_def(method: &str) -> Option<&'static str> {
    lookup(PARAM_METHODS, &method)
}

/// The definition that this very result of `method` is held against: the one that its `resultType` names.
///
/// `"input_required"` counts where the method may be answered so, `"task"` where the tasks extension allows it. An
/// unknown `resultType` of those methods leaves only the base of all results; an absent one means the complete result.
pub fn result_def_for(method: &str, result: &Value) -> &'static str {
    let complete = result_def(method).unwrap_or("result");
    if !INPUT_REQUIRED_METHODS.contains(&method) {
        return complete;
    }
    match result.get("resultType").and_then(Value::as_str) {
        None | Some("complete") => complete,
        Some("input_required") => "inputRequiredResult",
        Some("task") if method == method::TOOLS_CALL => "taskCreatedResult",
        Some(_) => "result",
    }
}

/// The definition of a whole notification; `None` for one that neither the core nor tasks defines.
pub fn notification_def(method: &str) -> Option<&'static str> {
    lookup(NOTIFICATIONS, &method)
}

/// The definition of the error object with this code; the plain one where the code demands nothing more.
pub fn error_def(code: i64) -> &'static str {
    lookup(ERROR_CODES_WITH_DATA, &code).unwrap_or("errorObject")
}

/// Whether the core or the tasks extension defines the method.
pub fn is_known_method(method: &str) -> bool {
    result_def(method).is_some()
}

/// Whether the core or the tasks extension defines the notification as one that a server sends.
pub fn is_known_notification(method: &str) -> bool {
    notification_def(method).is_some()
}

fn lookup<K: PartialEq>(table: &[(K, &'static str)], key: &K) -> Option<&'static str> {
    table.iter().find(|(known, _)| known == key).map(|(_, def)| *def)
}
