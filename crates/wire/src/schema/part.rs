//! What stands inside messages: one function per sub-object, each telling the mismatches of that value alone.
//!
//! Pointers start at the value that was given, not at the message.

use serde_json::Value;

use super::{Mismatch, mismatches};

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $name:ident => $def:literal;)+) => {
        $(
            $(#[doc = $doc])+
            pub fn $name(value: &Value) -> Vec<Mismatch> {
                mismatches($def, value)
            }
        )+

        /// Each function of this module with the definition that it stands for.
        pub const PARTS: &[(&str, &str)] = &[$((stringify!($name), $def)),+];
    };
}

parts! {
    /// A tool of tools/list or of a sampling request (server/tools#tool).
    tool => "tool";
    /// The behaviour hints of a tool (schema#toolannotations).
    tool_hints => "toolHints";
    /// A resource of resources/list (server/resources#resource).
    resource => "resource";
    /// A template of resources/templates/list (server/resources#resource-templates).
    resource_template => "resourceTemplate";
    /// One text or binary content of a resource (server/resources#resource-contents).
    resource_contents => "resourceContents";
    /// A prompt of prompts/list (server/prompts#prompt).
    prompt => "prompt";
    /// One argument that a prompt takes (schema#promptargument).
    prompt_argument => "promptArgument";
    /// A message of prompts/get (server/prompts#promptmessage).
    prompt_message => "promptMessage";

    /// Content of a tool result or of a prompt, of any type (server/tools#tool-result).
    content_block => "contentBlock";
    /// Text content (server/tools#text-content).
    text_block => "textBlock";
    /// Image content (server/tools#image-content).
    image_block => "imageBlock";
    /// Audio content (server/tools#audio-content).
    audio_block => "audioBlock";
    /// A link to a resource (server/tools#resource-links).
    link_block => "linkBlock";
    /// An embedded resource (server/tools#embedded-resources).
    embedded_block => "embeddedBlock";
    /// Audience, priority and time of change (server/resources#annotations).
    annotations => "annotations";

    /// An icon (basic#icons).
    icon => "icon";
    /// The name and version of an implementation (schema#implementation).
    implementation => "implementation";
    /// What a server declares in server/discover (server/discover#discoverresult).
    server_capabilities => "serverCapabilities";
    /// What a client declares; servers send it back in error -32021 (schema#clientcapabilities).
    client_capabilities => "clientCapabilities";
    /// The `_meta` of a result (basic#meta).
    result_meta => "resultMeta";
    /// The `_meta` of the result that closes a subscription (basic/patterns/subscriptions#graceful-closure).
    listen_result_meta => "listenResultMeta";
    /// The `_meta` of a notification (basic/patterns/subscriptions#receiving-notifications).
    notification_meta => "notificationMeta";

    /// The params of notifications/cancelled (basic/patterns/cancellation#cancellation-flow).
    cancelled_params => "cancelledParams";
    /// The params of notifications/message (server/utilities/logging#log-message-notifications).
    log_params => "logParams";
    /// The params of notifications/progress (basic/patterns/progress#progress-flow).
    progress_params => "progressParams";
    /// The params of notifications/subscriptions/acknowledged (basic/patterns/subscriptions#acknowledgment).
    acknowledged_params => "acknowledgedParams";
    /// The filter that a server agreed to honour (basic/patterns/subscriptions#notification-filter).
    subscription_filter => "subscriptionFilter";
    /// The params of notifications/resources/updated (server/resources#subscriptions).
    resource_updated_params => "resourceUpdatedParams";

    /// A JSON-RPC error object (basic#error-responses).
    error_object => "errorObject";
    /// The data of error -32021 (basic#meta).
    missing_capability_data => "missingCapabilityData";
    /// The data of error -32022 (basic/versioning#protocol-version-negotiation).
    unsupported_version_data => "unsupportedVersionData";

    /// The map of requests to the client (basic/patterns/mrtr#inputrequests).
    input_requests => "inputRequests";
    /// One request to the client (basic/patterns/mrtr#server-requirements-basic-workflow).
    input_request => "inputRequest";
    /// The params of elicitation/create, of either mode (client/elicitation#elicitation-requests).
    elicitation_params => "elicitationParams";
    /// The params of a form (client/elicitation#form-mode-elicitation-requests).
    form_params => "formParams";
    /// The params of a URL request (client/elicitation#url-mode-elicitation-requests).
    url_params => "urlParams";
    /// The schema of a form (client/elicitation#requested-schema).
    form_schema => "formSchema";
    /// The schema of one field of a form (client/elicitation#requested-schema).
    form_field => "formField";
    /// The params of sampling/createMessage (client/sampling#creating-messages).
    sampling_params => "samplingParams";
    /// A message of a sampling request (client/sampling#messages).
    sampling_message => "samplingMessage";
    /// Content of a sampling message, of any type (client/sampling#messages).
    sampling_block => "samplingBlock";
    /// What a client says of the completion that it was asked for, beside the message (schema#createmessageresult).
    sampling_result => "samplingResult";
    /// Which model a server would like (client/sampling#model-preferences).
    model_preferences => "modelPreferences";

    /// A task handle (extensions/tasks#tasks).
    task => "task";
    /// A task with what its status carries (extensions/tasks#task-status).
    detailed_task => "detailedTask";
}
