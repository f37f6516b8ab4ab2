//! Rules of client: what a server asks of clients.

macro_rules! client {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // client/elicitation
            /// No form asks for a password.
            form_without_secrets => kills "elicit.sec.no-form-secrets",
            /// No message of a form asks for a password.
            messages_without_secrets => kills "elicit.sec.no-form-secrets",
            /// Secrets are entered on a page, not in a form.
            secrets_by_url => kills "elicit.sec.url-for-secrets",
            /// An empty elicitation capability means forms.
            empty_elicitation_means_form => kills "elicit.empty-means-form",
            /// A client of the URL mode alone is shown no forms.
            elicitation_mode_supported => kills "elicit.server.mode-supported",
            /// No task shows a form to a client of the URL mode alone.
            task_modes_supported => kills "elicit.server.mode-supported",
            /// Elicitations have a message.
            elicitation_has_message => kills "elicit.server.message",
            /// The mode of a form is `form`.
            form_mode_named => kills "elicit.form.mode",
            /// Forms have a schema.
            form_has_schema => kills "elicit.form.requested-schema",
            /// Forms are flat.
            form_flat => kills "elicit.form.flat",
            /// Fields have known formats.
            form_formats => kills "elicit.form.formats",
            /// Choices say what to choose from.
            form_enums => kills "elicit.form.enums",
            /// Defaults are valid.
            form_defaults_valid => kills "elicit.form.defaults-valid",
            /// URL elicitations have a message, too.
            url_elicitation_complete => kills "elicit.url.fields",
            /// The URL is one.
            url_valid => kills "elicit.url.valid",
            /// To decline is not to accept.
            decline_is_not_accept => kills "elicit.server.handle-actions",
            /// To decline needs no content.
            declining_needs_no_content => kills "elicit.server.handle-actions",
            /// To dismiss is not to accept.
            cancel_is_not_accept => kills "elicit.server.handle-actions",
            /// The user may decline.
            elicitation_may_fail => kills "elicit.server.no-assume-success",
            /// The user may dismiss.
            elicitation_failure_handled => kills "elicit.server.handle-failure",
            /// A user who declined is asked again next time.
            decline_spoils_nothing => kills "elicit.server.handle-failure",
            /// The URL says nothing about the user.
            url_without_personal_data => kills "elicit.url.no-sensitive",
            /// The URL says nothing about the user in Base64 either.
            url_without_encoded_data => kills "elicit.url.no-sensitive",
            /// The URL holds no token.
            url_without_credentials => kills "elicit.url.no-sensitive",
            /// Forms have no links.
            no_links_in_forms => kills "elicit.form.no-clickable-url",
            /// The URL is one of https.
            url_over_https => kills "elicit.url.https",
            /// What was entered is validated.
            form_answers_validated => kills "elicit.form.server-validate",

            // client/sampling
            /// Only clients that declare it are given tools.
            sampling_tools_only_if_declared => kills "sampling.server.no-tools",
            /// Context of servers is not asked for.
            sampling_context_avoided => kills "sampling.server.avoid-context",
            /// Context of servers is not asked for without the capability.
            sampling_context_if_declared => kills "sampling.server.context-capability",
            /// Tool results stand alone.
            tool_results_alone => kills "sampling.tool-result-only",
            /// Every tool use is answered.
            every_tool_use_answered => kills "sampling.balance",
            /// So is every one in the conversation that a model is asked to go on with.
            told_tool_uses_answered => kills "sampling.balance",
            /// Tool results stand alone there, too.
            told_tool_results_alone => kills "sampling.tool-result-only",
            /// Messages are of a user or an assistant.
            sampling_message_roles => kills "sampling.message-role",
            /// What they hold has the form of the schema.
            sampling_content_shaped => kills "mrtr.values-allowed",
            /// What the model said is validated.
            sampling_answers_validated => kills "sampling.sec.validate",
            /// Tool results answer the uses that there were.
            tool_results_answer_uses => kills "sampling.sec.match-results",
            /// Tool loops end.
            tool_loops_end => kills "sampling.sec.iteration-limit",

            // client/roots
            /// There may be no roots.
            missing_roots_handled => kills "roots.server.unavailable",
            /// What is outside the roots is refused.
            root_boundaries => kills "roots.server.boundaries",
            /// Paths are normalised before they are judged.
            paths_normalised => kills "roots.server.validate-paths",
            /// Who did not declare roots is not asked for them.
            roots_capability_checked => kills "roots.server.check-capability",
            /// A neighbour with a longer name is outside.
            root_ends_at_a_separator => kills "roots.server.respect",
        }
    };
}
