//! Rules of schema: shapes of what is sent.

macro_rules! schema {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // schema
            /// Error messages are one sentence.
            error_messages_concise => kills "schema.error.message-concise",
            /// Methods that are not offered are unknown.
            unoffered_method_unknown => kills "schema.mnf.capability-gated",
            /// Work on a cancelled request ceases.
            cancelled_processing_ceases => kills "cancel.server-stop",
            /// Icons have the types of the schema.
            icon_shape => kills "schema.icon.shape",
            /// The server has a version.
            implementation_shape => kills "schema.implementation.shape",
            /// Flags of capabilities are booleans.
            capabilities_shape => kills "schema.capabilities.shape",
            /// Tools have the types of the schema.
            tool_shape => kills "schema.tool.shape",
            /// Resources have the types of the schema.
            resource_shape => kills "schema.resource.shape",
            /// Templates have a name.
            template_shape => kills "schema.resource-template.shape",
            /// What a template leads to has its media type.
            template_mime_shared => kills "schema.resource-template.mime",
            /// Arguments of prompts have a name.
            prompt_shape => kills "schema.prompt.shape",
            /// Messages of prompts have one block.
            prompt_message_shape => kills "schema.get-prompt.shape",
            /// Arguments that are not there are none.
            absent_prompt_arguments_are_none => kills "schema.get-prompt.arguments-optional",
            /// Blocks have a type.
            call_result_shape => kills "schema.call-tool.shape",
            /// Images have a media type.
            image_content_shape => kills "schema.content.image",
            /// Recordings have a media type.
            audio_content_shape => kills "schema.content.audio",
            /// Embedded resources have content.
            embedded_content_shape => kills "schema.content.embedded",
            /// Kinds of content are mixed.
            content_mixed => kills "schema.content.mixed",
            /// Contents have a URI.
            read_shape => kills "schema.read.shape",
            /// What is not text is not sent as text.
            text_only_if_text => kills "schema.read.text-only-if-text",
            /// Priorities lie between 0 and 1.
            annotation_priority => kills "schema.annotations.priority",
            /// An audience is of users and assistants.
            annotation_audience => kills "schema.annotations.audience",
            /// Times are in ISO 8601.
            annotation_last_modified => kills "schema.annotations.last-modified",
            /// Logs have data.
            log_shape => kills "schema.log.shape",
            /// Progress is a number.
            progress_shape => kills "schema.progress.shape",
            /// The acknowledgment has a filter.
            ack_shape => kills "schema.ack.shape",
            /// Updates name the resource.
            updated_shape => kills "schema.updated.shape",
            /// The error lists versions as a list.
            unsupported_version_shape => kills "schema.unsupported-version.shape",
            /// Sampling is limited.
            sampling_max_tokens => kills "schema.create-message.max-tokens",
            /// Context is not asked for.
            sampling_context_omitted => kills "schema.create-message.context",
            /// Preferences lie between 0 and 1.
            model_preferences_in_range => kills "schema.model-preferences.range",
            /// Tool results name a use that there was.
            tool_result_ids_match => kills "schema.tool-result.id",
            /// Tool results are what their schema says.
            tool_result_conforms => kills "schema.tool-result.conform",
            /// Tools say nothing of tasks in the way of the past.
            no_task_support => kills "schema.removed-members",
            /// URL elicitations have no id.
            removed_members_absent => kills "schema.removed-members",
        }
    };
}
