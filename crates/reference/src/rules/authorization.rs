//! Rules of basic/authorization: a protected server; and advice beyond the text.

macro_rules! authorization {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // basic/authorization: a protected server
            /// Every method needs a token.
            every_method_protected => kills "http.authenticate",
            /// So does every notification.
            notifications_protected => kills "http.authenticate",
            /// Whoever has no token is told to get one.
            no_token_is_401 => kills "auth.rs.no-token",
            /// The metadata names this server without a slash at its end.
            metadata_without_slash => kills "auth.resource.no-trailing-slash",
            /// The metadata is about this server.
            metadata_names_resource => kills "auth.rs.prm",
            /// The metadata names an authorization server.
            metadata_names_servers => kills "auth.rs.prm-authorization-servers",
            /// The metadata can be found.
            metadata_locatable => kills "auth.rs.prm-locatable",
            /// The address of the metadata leads there.
            challenge_metadata_fetchable => kills "auth.rs.prm-header-fetchable",
            /// The metadata does not ask for refresh tokens.
            metadata_without_offline_access => kills "auth.rs.no-offline-access-prm",
            /// Challenges do not ask for refresh tokens.
            challenge_without_offline_access => kills "auth.rs.no-offline-access-challenge",
            /// Challenges name a scope.
            challenge_names_scope => kills "auth.rs.scope-challenge",
            /// The same challenge names the same scopes.
            challenge_scopes_steady => kills "auth.rs.scope-consistent-sets",
            /// Upper case in scheme and host of an audience does not matter.
            audience_case_tolerant => kills "auth.resource.case-tolerant",
            /// Tokens in the query do not count.
            query_token_refused => kills "auth.rs.query-token-refused",
            /// The scheme is written in any case.
            scheme_in_any_case => kills "auth.rs.validate",
            /// Each 401 has a challenge.
            every_401_challenged => kills "auth.rs.www-authenticate",
            /// What is no token is no token.
            garbage_refused => kills "auth.rs.reject-garbage",
            /// Tokens are signed.
            signatures_verified => kills "auth.rs.reject-signature",
            /// Tokens expire.
            expiry_checked => kills "auth.rs.reject-expired",
            /// A token says when it expires.
            expiry_required => kills "auth.rs.reject-expired",
            /// Tokens are not good before their time.
            not_before_checked => kills "auth.rs.reject-not-yet-valid",
            /// The issuer is the one trusted, to the letter.
            issuer_checked => kills "auth.rs.reject-issuer",
            /// The audience is this server, not its origin.
            audience_exact => kills "auth.rs.audience",
            /// There is an audience.
            audience_required => kills "auth.rs.audience-missing",
            /// The audience may be one of several.
            audience_array_searched => kills "auth.rs.audience-array",
            /// Tokens for a client are of no use here.
            own_resources_only => kills "auth.rs.only-own-resources",
            /// The challenge says that the token is invalid.
            invalid_challenge_error => kills "auth.rs.error-form",
            /// The refusal of a token does not repeat it.
            token_not_repeated => kills "auth.rs.error-form",
            /// An invalid token is 401.
            invalid_is_401 => kills "auth.rs.invalid-401",
            /// Each request is judged by its own token.
            every_request_validated => kills "auth.rs.each-request",
            /// So is each notification that has one.
            notification_tokens_validated => kills "auth.rs.each-request",
            /// Subscriptions are protected as all else.
            listen_protected => kills "auth.rs.stream-start",
            /// Nothing is done before the token is good.
            validated_before_work => kills "auth.rs.validate-before",
            /// The refusal of a token names no tools.
            refusal_names_no_tools => kills "auth.rs.validate-before",
            /// Another service is asked with a token of this server's own.
            upstream_with_own_token => kills "auth.rs.no-passthrough",
            /// The token goes nowhere else.
            no_token_in_transit => kills "auth.rs.no-transit",
            /// No token, or another scheme, is 401.
            missing_is_401 => kills "auth.rs.status-401",
            /// More than one token is 400.
            malformed_is_400 => kills "auth.rs.status-400",
            /// A lack of scopes is 403, not 401.
            insufficient_is_403 => kills "auth.rs.status-403",
            /// A lack of scopes is told by HTTP.
            insufficient_by_http => kills "auth.rs.scope-403",
            /// That challenge has the scheme Bearer.
            scope_challenge_scheme => kills "auth.rs.scope-bearer-header",
            /// It says what is wrong.
            scope_challenge_error => kills "auth.rs.scope-error-code",
            /// It names the scopes needed.
            scope_challenge_scope => kills "auth.rs.scope-param",
            /// It says where the metadata is.
            scope_challenge_metadata => kills "auth.rs.scope-resource-metadata",
            /// It names all scopes at once.
            scopes_in_one_challenge => kills "auth.rs.scope-single-challenge",
            /// It names the same scopes each time.
            scope_strategy_steady => kills "auth.rs.scope-strategy-consistent",
            /// What a client calls itself opens no door.
            client_info_without_privilege => kills "base.meta.client-info-not-security",
            /// Headers open no door.
            headers_not_trusted => kills "sep2243.security-no-trust",
            /// A state is of use to whom it was given.
            state_bound_to_principal => kills "mrtr.state-principal",
            /// So is the state of an elicitation.
            elicitation_bound_to_user => kills "elicit.state.bind-user",
            /// Who asks follows from the token.
            identity_from_token => kills "elicit.state.user-from-credentials",
            /// Who asks does not follow from the arguments.
            identity_not_claimed => kills "elicit.user.no-self-claim",
            /// Nobody logs in to this server by an elicitation.
            no_login_by_elicitation => kills "elicit.url.not-self-auth",
            /// Tools that are hidden are guarded, too.
            hidden_tools_guarded => kills "tools.sec.access-control",
            /// Resources are read by those whom they belong to.
            resources_guarded => kills "resources.sec.access-control",
            /// Nobody else is told of their updates.
            subscriptions_guarded => kills "resources.sec.permission-check",
            /// Prompts are gotten by those whom they are listed for.
            prompts_guarded => kills "caching.sec.access-control",
            /// What differs between users is not declared public.
            varying_lists_private => kills "caching.scope-truthful",
            /// Completions show nothing that belongs to others.
            completions_guarded => kills "completion.sec.access",
            /// Nor do they to those who guess how it begins.
            prefixes_guarded => kills "completion.sec.disclosure",
            /// Logs hold no tokens.
            logs_without_credentials => kills "logging.sec.credentials",
            /// Tasks are read, answered and cancelled by those who started them.
            tasks_bound => kills "tasks.sec.auth-binding",
            /// Nobody else is told of them.
            task_listen_bound => kills "tasks.sec.listen-binding",

            // advice: what an exemplary server does beyond the text
            /// Lists stay as long as they are hinted to, or their changes are announced.
            lists_last => kills "advice.list-outlives-hint",
            /// Data for programs has a schema.
            data_described => kills "advice.output-schema",
            /// Quick work is no task.
            tasks_for_long_work => kills "advice.task-for-long-work",
            /// A trace context that cannot be read is left alone.
            trace_context_tolerated => kills "advice.trace-context",
            /// No logging.
            logging_left => kills "advice.deprecated-logging",
            /// No roots.
            roots_left => kills "advice.deprecated-roots",
            /// No sampling.
            sampling_left => kills "advice.deprecated-sampling",
            /// Keys of `_meta` have their prefix.
            meta_keys_final => kills "advice.prerelease-meta-keys",
            /// Nothing is cached by session.
            cache_scope_final => kills "advice.prerelease-cache-scope",
            /// An unsupported version is told by the final code.
            version_code_final => kills "advice.prerelease-error-codes",
        }
    };
}
