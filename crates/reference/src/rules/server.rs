//! Rules of server: features and utilities.

macro_rules! server {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // server/tools
            /// Tools are declared.
            declares_tools => kills "tools.declare",
            /// tools/list is answered.
            tools_list_answered => kills "tools.list.respond",
            /// Every connection has the same tools.
            tools_same_on_every_connection => kills "tools.list.no-connection-variance",
            /// The first call of a process adds no tool.
            first_call_adds_nothing => kills "tools.list.no-side-effect",
            /// A call changes no list.
            tools_without_side_effect => kills "tools.list.no-side-effect",
            /// A call of one tool unlocks no other on its connection.
            tools_unlocked_by_nothing => kills "tools.list.no-side-effect",
            /// Tools are always in the same order.
            tools_ordered => kills "tools.list.deterministic",
            /// Changes of tools are announced.
            tools_list_changed_sent => kills "tools.list-changed",
            /// Every tool has a schema.
            tool_schema_is_an_object => kills "tools.schema.valid-object",
            /// The references of a schema lead to a place in it.
            schema_references_arrive => kills "tools.schema.valid-object",
            /// Every schema is of an object.
            tool_schema_root_type => kills "tools.schema.root-object",
            /// Schemas are listed with all their keywords.
            tool_schemas_unchanged => kills "tools.schema.keywords-kept",
            /// Names have up to 128 characters.
            tool_name_length => kills "tools.name.length",
            /// Names are case-sensitive.
            tool_names_case_sensitive => kills "tools.name.case-sensitive",
            /// Names are of letters, digits, underscore, hyphen and dot.
            tool_name_characters => kills "tools.name.charset",
            /// Names have no spaces or commas.
            tool_name_plain => kills "tools.name.no-special",
            /// Names are unique.
            tool_names_unique => kills "tools.name.unique",
            /// Secrets are not mirrored.
            annotation_not_sensitive => kills "tools.xmcp.sensitive",
            /// Who embeds resources offers them.
            embedding_needs_resources => kills "tools.result.embedded-capability",
            /// Structured content is repeated as text.
            structured_text_copy => kills "tools.structured.text-copy",
            /// Structured content is what the schema says.
            structured_results_conform => kills "tools.output.conform",
            /// A tool with an output schema has structured content.
            structured_results_present => kills "tools.output.present",
            /// An unknown tool is a protocol error.
            unknown_tool_is_a_protocol_error => kills "tools.error.unknown-tool",
            /// Arguments that are no object are a protocol error.
            malformed_call_refused => kills "tools.error.malformed",
            /// Arguments that are not there are none.
            absent_arguments_are_none => kills "schema.call-tool.arguments-optional",
            /// A tool that fails has a result that says so.
            tool_failure_is_a_result => kills "tools.error.execution",
            /// Arguments of the wrong type are refused.
            argument_types_checked => kills "tools.error.input-validation",
            /// Arguments are validated.
            tool_arguments_validated => kills "tools.sec.validate-inputs",
            /// Arguments fit the parts that a schema is composed of.
            compositions_validated => kills "tools.sec.validate-inputs",
            /// Arguments fit what a schema demands on a condition.
            conditions_validated => kills "tools.sec.validate-inputs",
            /// Of a list, the items behind the first are validated, too.
            further_items_validated => kills "tools.sec.validate-inputs",
            /// A choice is spelt as its schema spells it.
            choices_keep_their_case => kills "tools.sec.validate-inputs",
            /// Arguments that a schema excludes are refused.
            additional_properties_refused => kills "tools.sec.additional-properties",
            /// Objects within the arguments are as closed as their schema says.
            nested_objects_closed => kills "tools.sec.additional-properties",
            /// Paths that climb out are refused.
            tool_paths_contained => kills "tools.sec.paths",

            // server/resources
            /// Resources are declared.
            declares_resources => kills "resources.declare",
            /// resources/list is answered.
            resources_list_answered => kills "resources.list.respond",
            /// Every connection has the same resources.
            resources_same_on_every_connection => kills "resources.list.no-connection-variance",
            /// A call changes no list.
            resources_without_side_effect => kills "resources.list.no-side-effect",
            /// Listed resources can be read.
            listed_resources_readable => kills "resources.read.listed",
            /// What is read carries its URI.
            contents_name_themselves => kills "resources.read.uri",
            /// A URI stands for one resource.
            one_resource_for_a_uri => kills "resources.read.listed",
            /// Templates are well-formed.
            template_syntax => kills "resources.templates.rfc6570",
            /// Templates lead somewhere.
            templates_expand => kills "resources.templates.expand",
            /// The value of a template is what was escaped, not the escapes.
            template_values_decoded => kills "resources.templates.expand",
            /// And what was escaped is what is looked up.
            template_values_found_decoded => kills "resources.templates.expand",
            /// Changes of resources are announced.
            resources_list_changed_sent => kills "resources.list-changed",
            /// Updates are announced.
            updates_sent => kills "resources.updated",
            /// Subscriptions that are not declared are not acknowledged.
            subscribe_acknowledged_if_declared => kills "resources.subscribe-capability",
            /// Resources at https URLs are on the web.
            https_resources_fetchable => kills "resources.https-only-fetchable",
            /// Other resources have other schemes.
            https_only_for_the_web => kills "resources.https-prefer-other",
            /// URIs are URIs.
            resource_uri_syntax => kills "resources.custom-scheme-rfc3986",
            /// A missing resource is -32602.
            missing_resource_code => kills "resources.not-found",
            /// A failing resource is -32603.
            internal_resource_error => kills "resources.internal-error",
            /// A missing resource is not an empty one.
            missing_resource_is_an_error => kills "resources.no-empty-contents",
            /// The error names the missing resource.
            missing_resource_named => kills "resources.not-found-data-uri",
            /// What is no URI is refused.
            resource_uris_validated => kills "resources.sec.validate-uris",
            /// Binary data is in Base64.
            blob_base64 => kills "resources.sec.binary-encoding",
            /// File URIs stay in their directory.
            paths_confined => kills "resources.sec.path-traversal",
            /// The value of a template is no way out.
            template_values_confined => kills "resources.sec.path-traversal",

            // server/prompts
            /// Prompts are declared.
            declares_prompts => kills "prompts.declare",
            /// prompts/list is answered.
            prompts_list_answered => kills "prompts.list.respond",
            /// Every connection has the same prompts.
            prompts_same_on_every_connection => kills "prompts.list.no-connection-variance",
            /// A call changes no list.
            prompts_without_side_effect => kills "prompts.list.no-side-effect",
            /// Listed prompts can be had.
            listed_prompts_resolve => kills "prompts.get.listed",
            /// A name stands for one prompt.
            one_prompt_for_a_name => kills "prompts.get.listed",
            /// Arguments find their way into the prompt.
            prompt_arguments_used => kills "prompts.get.arguments-used",
            /// Changes of prompts are announced.
            prompts_list_changed_sent => kills "prompts.list-changed",
            /// Images in prompts are in Base64.
            prompt_image_base64 => kills "prompts.image.base64",
            /// Images in prompts have a media type.
            prompt_image_mime => kills "prompts.image.mime",
            /// Recordings in prompts are in Base64.
            prompt_audio_base64 => kills "prompts.audio.base64",
            /// Recordings in prompts have a media type.
            prompt_audio_mime => kills "prompts.audio.mime",
            /// Resources in prompts have a URI.
            prompt_embedded_uri => kills "prompts.embedded.uri",
            /// Resources in prompts have a media type.
            prompt_embedded_mime => kills "prompts.embedded.mime",
            /// Resources in prompts have content.
            prompt_embedded_content => kills "prompts.embedded.content",
            /// An unknown prompt is -32602.
            unknown_prompt_code => kills "prompts.error.unknown",
            /// A missing argument is -32602.
            missing_prompt_argument_code => kills "prompts.error.missing-args",
            /// A failing prompt is -32603.
            internal_prompt_error => kills "prompts.error.internal",
            /// Arguments are strings.
            prompt_arguments_validated => kills "prompts.validate-args",
            /// Arguments are not looked up and not evaluated.
            prompt_arguments_inert => kills "prompts.sec.validate",

            // server/utilities/caching
            /// server/discover has caching hints.
            hints_on_discover => kills "caching.hints-discover",
            /// tools/list has caching hints.
            hints_on_tools_list => kills "caching.hints-tools-list",
            /// prompts/list has caching hints.
            hints_on_prompts_list => kills "caching.hints-prompts-list",
            /// resources/list has caching hints.
            hints_on_resources_list => kills "caching.hints-resources-list",
            /// resources/templates/list has caching hints.
            hints_on_templates_list => kills "caching.hints-templates-list",
            /// resources/read has caching hints.
            hints_on_resources_read => kills "caching.hints-resources-read",
            /// Interim results have no caching hints.
            no_hints_on_interim => kills "caching.no-hints-interim",
            /// `ttlMs` is not negative.
            ttl_non_negative => kills "caching.ttl-non-negative",
            /// `ttlMs` is an integer.
            ttl_integer => kills "caching.ttl-integer",
            /// `cacheScope` is public or private.
            cache_scope_valid => kills "caching.scope-valid",
            /// All pages have the scope of the first.
            one_scope_for_all_pages => kills "caching.page-same-scope",

            // server/utilities/completion
            /// Completions are declared.
            declares_completions => kills "completion.declare",
            /// There are at most 100 values.
            at_most_100_completions => kills "completion.max-100",
            /// Values are strings.
            completion_shape => kills "completion.result-shape",
            /// What was left out is said to be.
            has_more_true => kills "completion.has-more",
            /// Arguments known already count.
            completion_context_used => kills "completion.context",
            /// Templates are completed, too.
            completes_resources => kills "completion.ref-resource",
            /// Completions that are not offered are an unknown method.
            unoffered_completion_code => kills "completion.error.unsupported",
            /// An unknown prompt is -32602.
            unknown_prompt_not_completed => kills "completion.error.unknown-prompt",
            /// A missing argument is -32602.
            completion_arguments_required => kills "completion.error.missing-args",
            /// A failing completer is -32603.
            internal_completion_error => kills "completion.error.internal",
            /// An unknown argument is -32602.
            completion_argument_known => kills "completion.validate",
            /// Inputs of the wrong type are -32602.
            completion_types_checked => kills "completion.sec.validate",

            // server/utilities/logging
            /// Logging is declared.
            declares_logging => kills "logging.declare",
            /// Without a level there are no logs.
            no_logs_without_level => kills "logging.no-level-no-logs",
            /// Below the level there are no logs.
            log_threshold => kills "logging.threshold",
            /// A listen stream carries no logs.
            logs_not_on_listen_stream => kills "logging.own-stream",
            /// Logs stay on the stream of their request.
            logs_on_own_stream => kills "logging.no-other-stream",
            /// Logs come before the response.
            logs_before_response => kills "logging.before-response",
            /// The level of earlier requests is forgotten.
            forgets_log_level => kills "logging.no-remembered-level",
            /// An unknown level is refused.
            invalid_log_level_refused => kills "logging.error.invalid-level",
            /// A logger keeps its name.
            logger_names_consistent => kills "logging.logger-names",
            /// Logs do not repeat what the user entered.
            logs_hide_personal_data => kills "logging.sec.pii",
            /// Logs do not show the inside of the server.
            logs_hide_internals => kills "logging.sec.internals",
            /// Logs hold no passwords.
            logs_without_passwords => kills "logging.sec.credentials",
            /// Logs hold no private keys.
            logs_without_keys => kills "logging.sec.credentials",
            /// Logs hold no environment variables.
            logs_without_environment => kills "logging.sec.credentials",
            /// Logs name nobody.
            logs_name_nobody => kills "logging.sec.pii",

            // server/utilities/pagination
            /// `nextCursor` is a string or absent.
            cursor_is_string => kills "pagination.cursor-string",
            /// A page begins where the one before ended.
            cursor_continues => kills "pagination.continue",
            /// A cursor may be used again.
            cursors_stable => kills "pagination.stable-cursors",
            /// A wrong cursor does not break the server.
            invalid_cursor_graceful => kills "pagination.invalid-graceful",
            /// A cursor is refused whose number was changed.
            cursor_numbers_checked => kills "pagination.invalid-graceful",
            /// A cursor belongs to the list that gave it.
            cursors_belong_to_lists => kills "pagination.invalid-graceful",
            /// A wrong cursor is -32602.
            invalid_cursor_refused => kills "pagination.error.invalid-cursor",
        }
    };
}
