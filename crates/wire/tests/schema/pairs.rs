//! Which of our shapes answers to which definition of the published schema.

use plumb_wire::schema::{Mismatch, Shape, mismatches};
use serde_json::Value;

/// A definition of the published schema, the folders of its examples, and what we hold against the same value.
pub(crate) struct Pair {
    pub(crate) public: &'static str,
    pub(crate) examples: &'static [&'static str],
    pub(crate) ours: Ours,
}

#[derive(Clone, Copy)]
pub(crate) enum Ours {
    Def(&'static str),
    Message(Shape<'static>),
}

impl Ours {
    pub(crate) fn mismatches(self, value: &Value) -> Vec<Mismatch> {
        match self {
            Self::Def(def) => mismatches(def, value),
            Self::Message(shape) => shape.mismatches(value),
        }
    }
}

/// Folders of examples that only a client sends.
pub(crate) const CLIENT_SENT: &[&str] = &[
    "CallToolRequest",
    "CallToolRequestParams",
    "CompleteRequest",
    "CompleteRequestParams",
    "CreateMessageResult",
    "DiscoverRequest",
    "ElicitResult",
    "GetPromptRequest",
    "GetPromptRequestParams",
    "InputResponses",
    "ListPromptsRequest",
    "ListResourceTemplatesRequest",
    "ListResourcesRequest",
    "ListRootsResult",
    "ListToolsRequest",
    "PaginatedRequestParams",
    "ReadResourceRequest",
    "Root",
    "SubscriptionsListenRequest",
];

const fn def(public: &'static str, examples: &'static [&'static str], ours: &'static str) -> Pair {
    let ours = Ours::Def(ours);
    Pair { public, examples, ours }
}

const fn message(
    public: &'static str,
    examples: &'static [&'static str],
    shape: Shape<'static>,
) -> Pair {
    let ours = Ours::Message(shape);
    Pair { public, examples, ours }
}

const FIELDS: &[&str] = &[
    "BooleanSchema",
    "NumberSchema",
    "StringSchema",
    "TitledMultiSelectEnumSchema",
    "TitledSingleSelectEnumSchema",
    "UntitledMultiSelectEnumSchema",
    "UntitledSingleSelectEnumSchema",
    "own/fields",
];

const CONTENT: &[&str] = &[
    "AudioContent",
    "EmbeddedResource",
    "ImageContent",
    "ResourceLink",
    "TextContent",
    "own/content",
];

const SAMPLING_CONTENT: &[&str] =
    &["AudioContent", "ImageContent", "TextContent", "ToolResultContent", "ToolUseContent"];

const PLAIN_ERRORS: &[&str] =
    &["InternalError", "InvalidParamsError", "MethodNotFoundError", "ParseError"];

/// Every definition that a server sends. Folders beginning with `own/` are the samples beside this file.
pub(crate) const PAIRS: &[Pair] = &[
    def("AudioContent", &["AudioContent"], "audioBlock"),
    def("ImageContent", &["ImageContent", "own/image"], "imageBlock"),
    def("TextContent", &["TextContent"], "textBlock"),
    def("ResourceLink", &["ResourceLink"], "linkBlock"),
    def("EmbeddedResource", &["EmbeddedResource"], "embeddedBlock"),
    def("ContentBlock", CONTENT, "contentBlock"),
    def("SamplingMessageContentBlock", SAMPLING_CONTENT, "samplingBlock"),
    def("ToolUseContent", &["ToolUseContent"], "toolUseBlock"),
    def("ToolResultContent", &["ToolResultContent"], "toolResultBlock"),
    def(
        "EmbeddedResource/properties/resource",
        &["BlobResourceContents", "TextResourceContents", "own/contents"],
        "resourceContents",
    ),
    def("PrimitiveSchemaDefinition", FIELDS, "formField"),
    def("Tool", &["Tool", "own/tool"], "tool"),
    def("Resource", &["Resource", "own/resource"], "resource"),
    def("ResourceTemplate", &["own/template"], "resourceTemplate"),
    def("Prompt", &["own/prompt"], "prompt"),
    def("PromptMessage", &["own/prompt-message"], "promptMessage"),
    def("Implementation", &["own/implementation"], "implementation"),
    def("Icon", &["own/icon"], "icon"),
    def("Annotations", &["own/annotations"], "annotations"),
    def("ServerCapabilities", &["ServerCapabilities"], "serverCapabilities"),
    def("ClientCapabilities", &["ClientCapabilities"], "clientCapabilities"),
    def("SubscriptionFilter", &["own/filter"], "subscriptionFilter"),
    def("CallToolResult", &["CallToolResult"], "toolCallResult"),
    def("CompleteResult", &["CompleteResult"], "completionResult"),
    def("DiscoverResult", &["DiscoverResult", "own/discover"], "discoverResult"),
    def("GetPromptResult", &["GetPromptResult"], "promptGetResult"),
    def("ListPromptsResult", &["ListPromptsResult"], "promptsListResult"),
    def("ListResourcesResult", &["ListResourcesResult"], "resourcesListResult"),
    def("ListResourceTemplatesResult", &["ListResourceTemplatesResult"], "templatesListResult"),
    def("ListToolsResult", &["ListToolsResult"], "toolsListResult"),
    def("ReadResourceResult", &["ReadResourceResult"], "resourceReadResult"),
    def("SubscriptionsListenResult", &["SubscriptionsListenResult"], "listenResult"),
    def(
        "InputRequiredResult",
        &["InputRequiredResult", "own/input-required"],
        "inputRequiredResult",
    ),
    def("InputRequests", &["InputRequests"], "inputRequests"),
    def(
        "InputRequest",
        &["CreateMessageRequest", "ElicitRequest", "ListRootsRequest", "own/input-request"],
        "inputRequest",
    ),
    def(
        "ElicitRequestParams",
        &["ElicitRequestFormParams", "ElicitRequestURLParams"],
        "elicitationParams",
    ),
    def("ElicitRequestFormParams", &["ElicitRequestFormParams"], "formParams"),
    def("ElicitRequestURLParams", &["ElicitRequestURLParams"], "urlParams"),
    def(
        "CreateMessageRequestParams",
        &["CreateMessageRequestParams", "own/sampling"],
        "samplingParams",
    ),
    def("SamplingMessage", &["SamplingMessage"], "samplingMessage"),
    def("ModelPreferences", &["ModelPreferences"], "modelPreferences"),
    def("CancelledNotificationParams", &["CancelledNotificationParams"], "cancelledParams"),
    def("LoggingMessageNotificationParams", &["LoggingMessageNotificationParams"], "logParams"),
    def("ProgressNotificationParams", &["ProgressNotificationParams"], "progressParams"),
    def(
        "ResourceUpdatedNotificationParams",
        &["ResourceUpdatedNotificationParams"],
        "resourceUpdatedParams",
    ),
    def("Error", PLAIN_ERRORS, "errorObject"),
    message("JSONRPCErrorResponse", &["own/error"], Shape::Error),
    message("HeaderMismatchError", &["HeaderMismatchError"], Shape::ErrorWithCode(-32020)),
    message(
        "MissingRequiredClientCapabilityError",
        &["MissingRequiredClientCapabilityError"],
        Shape::ErrorWithCode(-32021),
    ),
    message(
        "UnsupportedProtocolVersionError",
        &["UnsupportedProtocolVersionError"],
        Shape::ErrorWithCode(-32022),
    ),
    message(
        "CallToolResultResponse",
        &["CallToolResultResponse", "own/asked", "own/other"],
        Shape::Result("tools/call"),
    ),
    message(
        "CompleteResultResponse",
        &["CompleteResultResponse"],
        Shape::Result("completion/complete"),
    ),
    message(
        "DiscoverResultResponse",
        &["DiscoverResultResponse"],
        Shape::Result("server/discover"),
    ),
    message(
        "GetPromptResultResponse",
        &["GetPromptResultResponse", "own/asked"],
        Shape::Result("prompts/get"),
    ),
    message(
        "ListPromptsResultResponse",
        &["ListPromptsResultResponse"],
        Shape::Result("prompts/list"),
    ),
    message(
        "ListResourcesResultResponse",
        &["ListResourcesResultResponse"],
        Shape::Result("resources/list"),
    ),
    message(
        "ListResourceTemplatesResultResponse",
        &["ListResourceTemplatesResultResponse"],
        Shape::Result("resources/templates/list"),
    ),
    message("ListToolsResultResponse", &["ListToolsResultResponse"], Shape::Result("tools/list")),
    message(
        "ReadResourceResultResponse",
        &["ReadResourceResultResponse", "own/asked"],
        Shape::Result("resources/read"),
    ),
    message(
        "SubscriptionsListenResultResponse",
        &["SubscriptionsListenResultResponse"],
        Shape::Result("subscriptions/listen"),
    ),
    message(
        "CancelledNotification",
        &["CancelledNotification"],
        Shape::Notification("notifications/cancelled"),
    ),
    message(
        "LoggingMessageNotification",
        &["LoggingMessageNotification"],
        Shape::Notification("notifications/message"),
    ),
    message(
        "ProgressNotification",
        &["ProgressNotification"],
        Shape::Notification("notifications/progress"),
    ),
    message(
        "PromptListChangedNotification",
        &["PromptListChangedNotification"],
        Shape::Notification("notifications/prompts/list_changed"),
    ),
    message(
        "ResourceListChangedNotification",
        &["ResourceListChangedNotification"],
        Shape::Notification("notifications/resources/list_changed"),
    ),
    message(
        "ResourceUpdatedNotification",
        &["ResourceUpdatedNotification"],
        Shape::Notification("notifications/resources/updated"),
    ),
    message(
        "SubscriptionsAcknowledgedNotification",
        &["SubscriptionsAcknowledgedNotification"],
        Shape::Notification("notifications/subscriptions/acknowledged"),
    ),
    message(
        "ToolListChangedNotification",
        &["ToolListChangedNotification"],
        Shape::Notification("notifications/tools/list_changed"),
    ),
];
