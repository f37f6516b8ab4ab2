//! Rules of basic: messages, statelessness, schemas, `_meta`.

macro_rules! basic {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // basic: messages
            /// Messages say `"jsonrpc": "2.0"`.
            jsonrpc_member => kills "base.jsonrpc.version-member",
            /// A response has a result or an error, never both.
            result_xor_error => kills "base.jsonrpc.result-xor-error",
            /// What is not JSON is a parse error.
            parse_error_code => kills "base.jsonrpc.parse-error",
            /// Over standard streams, what comes behind it is served.
            stdio_goes_on_behind_parse_errors => kills "base.jsonrpc.parse-error",
            /// JSON that is no request is an invalid request.
            invalid_request_code => kills "base.jsonrpc.invalid-request",
            /// An array of requests is not served.
            batches_refused => kills "base.jsonrpc.no-batch",
            /// Members of a message are told by case.
            member_names_exact => kills "base.jsonrpc.invalid-request",
            /// A request with the id null is not served.
            null_ids_refused => kills "base.jsonrpc.invalid-request",
            /// An unknown method is -32601.
            unknown_method_code => kills "base.jsonrpc.method-not-found",
            /// Parameters that lack the form of the schema are -32602.
            invalid_params_code => kills "base.jsonrpc.invalid-params",
            /// The id of a result is that of the request, digits in a string included.
            echo_id_type => kills "base.response.same-id",
            /// An id that is a fraction is not cut to an integer.
            fractional_ids_kept => kills "base.response.same-id",
            /// An id that is a string keeps the white space at its ends.
            ids_not_trimmed => kills "base.response.same-id",
            /// An id that is a string keeps the case of its letters.
            ids_keep_their_case => kills "base.response.same-id",
            /// A line ends in a line feed, and not where Unicode sees another break.
            lines_end_in_line_feeds => kills "base.jsonrpc.invalid-request",
            /// An id beyond 2^53 is not read into a double.
            large_ids_exact => kills "base.response.large-id",
            /// A request is told from one of the same id that another client sent.
            ids_belong_to_senders => kills "base.response.ids-apart",
            /// An id that is a number is told from its digits in a string.
            ids_told_by_type => kills "base.response.ids-apart",
            /// A request has one response.
            answered_once => kills "base.response.once",
            /// An event stream does not end without the response.
            streams_end_in_response => kills "base.response.once",
            /// A successful response has a result.
            result_member => kills "base.response.result-field",
            /// Every result has a `resultType`.
            result_type_present => kills "base.response.result-type",
            /// Every result is an object.
            results_are_objects => kills "base.response.result-type",
            /// An interim result does not say that it is complete.
            result_type_honest => kills "base.result-type.complete-meaning",
            /// No `resultType` is invented.
            result_types_advertised => kills "base.result-type.only-advertised",
            /// The id of an error is that of the request, digits in a string included.
            error_echoes_id => kills "base.error.same-id",
            /// An id that cannot be read is not made up.
            unreadable_id_omitted => kills "base.error.id-omitted-unreadable",
            /// Errors have a message.
            error_has_message => kills "base.error.code-and-message",
            /// Error codes are integers.
            error_code_integer => kills "base.error.code-integer",
            /// No code of -32000 to -32019 is used.
            no_codes_of_the_legacy_range => kills "base.errcode.avoid-legacy-range",
            /// No undefined code of the reserved range is used.
            no_undefined_reserved_codes => kills "base.errcode.reserved-undefined",
            /// Reserved codes mean what they are defined to mean.
            reserved_codes_for_their_purpose => kills "base.errcode.reserved-meaning",
            /// A missing resource is not -32002.
            no_legacy_not_found => kills "base.errcode.no-32002",
            /// A missing URL elicitation capability is not -32042.
            no_url_elicitation_error => kills "base.errcode.no-32042",
            /// Codes of the server's own lie outside the reserved range.
            own_codes_outside_reserved => kills "base.errcode.custom-outside-reserved",
            /// Notifications are not answered.
            notifications_unanswered => kills "base.notif.no-response",
            /// Notifications of the server have no id.
            notifications_without_id => kills "base.notif.server-no-id",

            // basic: statelessness
            /// Capabilities of earlier requests on the connection are forgotten.
            forgets_capabilities => kills "base.stateless.no-remembered-capabilities",
            /// Capabilities of earlier requests that gave the same client name are forgotten.
            forgets_capabilities_of_clients => kills "base.stateless.no-remembered-capabilities",
            /// The version of earlier requests on the connection is forgotten.
            forgets_version => kills "base.stateless.no-remembered-version",
            /// The identity given in earlier requests on the connection is forgotten.
            forgets_identity => kills "base.stateless.no-remembered-identity",
            /// The identity given in the last request on any connection is forgotten.
            forgets_identity_everywhere => kills "base.stateless.no-remembered-identity",
            /// Requests of several conversations are served at the same time.
            serves_many_conversations => kills "base.stateless.multi-conversation",
            /// Requests are served while a subscription is open.
            serves_beside_subscriptions => kills "base.stateless.multi-conversation",
            /// A cursor is good on any connection.
            related_requests_anywhere => kills "base.stateless.no-connection-affinity",
            /// Any request can be the first one of a connection.
            any_request_first => kills "base.stateless.no-prior-requests",
            /// A bare ping chooses no era.
            pings_choose_nothing => kills "base.stateless.no-prior-requests",
            /// A prompt keeps no argument of the request before.
            prompts_forget => kills "base.stateless.no-prior-requests",
            /// Calls beside each other keep their own arguments.
            calls_keep_their_arguments => kills "base.stateless.no-prior-requests",
            /// So do the rounds of one request.
            rounds_anywhere => kills "base.stateless.no-connection-affinity",
            /// A basket is reached by its handle alone.
            handles_required => kills "base.stateless.explicit-state-id",
            /// A connection has no basket of its own.
            baskets_not_of_connections => kills "base.stateless.explicit-state-id",

            // basic: JSON Schema
            /// Keywords of 2020-12 are enforced.
            schema_2020_12_keywords => kills "base.schema.min-dialect",
            /// A schema without `$schema` is one of 2020-12.
            schema_default_dialect => kills "base.schema.server-2020-12-default",
            /// A schema of draft-07 is read as one.
            validates_in_declared_dialect => kills "base.schema.server-validate-dialect",
            /// Published schemas are valid.
            schemas_valid => kills "base.schema.valid",
            /// So are their regular expressions.
            schema_patterns_valid => kills "base.schema.patterns",
            /// Published schemas are of a dialect that is not of the past.
            schemas_recommended_dialect => kills "base.schema.recommend-2020-12",
            /// A `$ref` to the network is not followed.
            references_not_fetched => kills "base.schema.server-no-network-deref",

            // basic: _meta
            /// Unknown keys of `_meta` do not matter.
            unknown_meta_keys_accepted => kills "base.meta.no-assumptions",
            /// An empty `_meta` is an object.
            meta_is_an_object => kills "base.meta.object",
            /// Prefixes of `_meta` keys have labels.
            meta_prefix_syntax => kills "base.meta.prefix-syntax",
            /// Labels of `_meta` keys begin with a letter.
            meta_label_syntax => kills "base.meta.label-syntax",
            /// Prefixes of `_meta` keys are in reverse DNS notation.
            meta_reverse_dns => kills "base.meta.reverse-dns",
            /// The reserved prefix is for keys that are defined.
            meta_reserved_prefix => kills "base.meta.reserved-prefix",
            /// Names of `_meta` keys begin with a letter or digit.
            meta_name_syntax => kills "base.meta.name-syntax",
            /// A request without `_meta` is refused.
            requires_meta => kills "base.meta.missing-meta",
            /// A request with neither `_meta` nor version header is refused.
            bare_requests_refused => kills "base.meta.missing-meta",
            /// A request without a protocol version in `_meta` is refused.
            requires_protocol_version => kills "base.meta.missing-protocol-version",
            /// A request without client capabilities in `_meta` is refused.
            requires_client_capabilities => kills "base.meta.missing-client-capabilities",
            /// A request that lacks a field of `_meta` has status 400.
            missing_meta_status_400 => kills "base.meta.missing-http-400",
            /// On stdio, `_meta` is required of every request, not only of the first.
            stdio_requires_meta => kills "base.meta.missing-stdio",
            /// Fields of `_meta` of the wrong type are refused.
            meta_types_checked => kills "base.meta.wrong-type",
            /// A request without `clientInfo` is served.
            client_info_optional => kills "base.meta.client-info-optional",
            /// A client may say all of itself that an implementation can.
            client_info_may_be_full => kills "base.meta.client-info-optional",
            /// Nothing is asked of a client that did not declare that it can.
            relies_on_declared_capabilities => kills "base.meta.no-rely-undeclared",
            /// No task asks for what its client did not declare.
            task_inputs_declared => kills "base.meta.no-rely-undeclared",
            /// A missing capability is -32021.
            missing_capability_code => kills "base.meta.missing-capability-error",
            /// The error names the missing capability in an object.
            missing_capability_listed => kills "base.meta.missing-capability-data",
            /// A missing capability has status 400.
            missing_capability_status_400 => kills "base.meta.missing-capability-400",
            /// A trace id is not all zeroes.
            traceparent_form => kills "base.meta.traceparent",
            /// What is written into the trace state are keys and values.
            tracestate_form => kills "base.meta.tracestate",
            /// Baggage has no white space within.
            baggage_form => kills "base.meta.baggage",
            /// Results name the server.
            server_info_in_results => kills "base.meta.server-info",
            /// The name of the client changes nothing.
            client_info_ignored => kills "base.meta.server-ignores-client-info",
            /// Lists have the same end for every client.
            lists_whole_for_every_client => kills "base.meta.server-ignores-client-info",
            /// Notifications of a subscription carry its id.
            subscription_id_sent => kills "base.meta.subscription-id",
            /// Icons are at http or https URLs, or in data URIs.
            icon_source_scheme => kills "icons.server-src-scheme",
        }
    };
}
