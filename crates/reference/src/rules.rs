//! The rules that the server keeps, and the mutants that come of breaking one.
//!
//! A new mutant is one entry of the table and one `if` where the rule is kept.

/// Declares the switches, and for each the requirement whose check must notice when it is off.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident => kills $requirement:literal,)+) => {
        /// One switch for each rule; `true` keeps it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Rules {
            $($(#[doc = $doc])+ pub $rule: bool,)+
        }

        impl Rules {
            /// Every rule kept.
            pub const SPEC: Self = Self { $($rule: true,)+ };
        }

        /// Every rule broken, one at a time.
        pub const MUTANTS: &[Mutant] = &[
            $(Mutant {
                name: stringify!($rule),
                kills: $requirement,
                doc: concat!($($doc),+).trim_ascii(),
                apply: |rules| rules.$rule = false,
            },)+
        ];
    };
}

/// The server with one rule broken.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The rule that it breaks: a field of [`Rules`].
    pub name: &'static str,
    /// The requirement that it violates, and whose check must say so.
    pub kills: &'static str,
    /// The rule as the conforming server keeps it.
    pub doc: &'static str,
    /// Breaks the rule.
    pub apply: fn(&mut Rules),
}

impl Mutant {
    /// Every rule but the one.
    pub fn rules(&self) -> Rules {
        let mut rules = Rules::SPEC;
        (self.apply)(&mut rules);
        rules
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::SPEC
    }
}

rules! {
    // basic: messages
    /// Messages say `"jsonrpc": "2.0"`.
    jsonrpc_member => kills "base.jsonrpc.version-member",
    /// A response has a result or an error, never both.
    result_xor_error => kills "base.jsonrpc.result-xor-error",
    /// What is not JSON is a parse error.
    parse_error_code => kills "base.jsonrpc.parse-error",
    /// JSON that is no request is an invalid request.
    invalid_request_code => kills "base.jsonrpc.invalid-request",
    /// An array of requests is not served.
    batches_refused => kills "base.jsonrpc.no-batch",
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
    /// An id beyond 2^53 is not read into a double.
    large_ids_exact => kills "base.response.large-id",
    /// A request is told from one of the same id that another client sent.
    ids_belong_to_senders => kills "base.response.ids-apart",
    /// An id that is a number is told from its digits in a string.
    ids_told_by_type => kills "base.response.ids-apart",
    /// A request has one response.
    answered_once => kills "base.response.once",
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
    /// A cursor is good on any connection.
    related_requests_anywhere => kills "base.stateless.no-connection-affinity",
    /// Any request can be the first one of a connection.
    any_request_first => kills "base.stateless.no-prior-requests",
    /// A bare ping chooses no era.
    pings_choose_nothing => kills "base.stateless.no-prior-requests",
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
    /// Notifications of a subscription carry its id.
    subscription_id_sent => kills "base.meta.subscription-id",
    /// Icons are at http or https URLs, or in data URIs.
    icon_source_scheme => kills "icons.server-src-scheme",

    // basic/versioning
    /// An unknown version is refused.
    unknown_version_refused => kills "versioning.unknown-version",
    /// A version of the past is refused.
    known_version_refused => kills "versioning.known-unsupported-version",
    /// The error repeats the version that was asked for.
    unsupported_version_echoed => kills "versioning.error-data",
    /// A version that is refused is not listed.
    listed_versions_served => kills "versioning.error-data",
    /// The version counts for every method.
    version_checked_on_every_method => kills "versioning.all-methods",
    /// On stdio an unsupported version has its own code too.
    stdio_unsupported_version => kills "versioning.stdio-unsupported",
    /// server/discover is implemented.
    implements_discover => kills "versioning.server-discover",
    /// Every method is served as the first one.
    serves_without_discovery => kills "versioning.no-discover-needed",
    /// The id of an extension has a prefix.
    extension_id_prefixed => kills "versioning.ext-id-format-server",
    /// A client that does not know the extension gets core results.
    extension_falls_back => kills "versioning.ext-fallback-server",
    /// The error to `initialize` names the versions served.
    initialize_names_versions => kills "versioning.initialize-names-versions",
    /// On stdio, `initialize` is answered.
    stdio_answers_initialize => kills "versioning.legacy-client-stdio-error",
    /// Over HTTP, a bare `initialize` has status 400.
    bare_initialize_status_400 => kills "versioning.legacy-client-http-400",
    /// The era is that of the request, not of the connection.
    eras_told_by_request => kills "versioning.dual-era-meta-stateless",
    /// What `initialize` chooses holds in its session only.
    eras_told_by_session => kills "versioning.dual-era-initialize-scope",

    // server/discover
    /// server/discover needs no parameters.
    discover_needs_no_params => kills "discover.no-params",
    /// The result of server/discover has the types of the schema.
    discover_result_shape => kills "discover.result-shape",
    /// Every version served is listed.
    served_versions_listed => kills "discover.lists-served-version",
    /// server/discover says the same each time.
    discover_stable => kills "discover.stable-across-requests",

    // basic/transports
    /// Messages are in UTF-8.
    utf8 => kills "transport.utf8-server",
    /// A listen stream carries no requests.
    only_known_directions => kills "transport.directions",

    // basic/transports/stdio
    /// A message is one line.
    stdio_one_line => kills "stdio.server-no-embedded-newline",
    /// Standard output carries messages only.
    stdout_only_messages => kills "stdio.server-stdout-only-mcp",
    /// Standard output carries no requests.
    no_requests_on_stdout => kills "stdio.server-no-requests",
    /// A cancelled request stops working.
    stdio_cancel_stops_work => kills "stdio.cancel-stop-work",
    /// A cancelled request sends no more notifications.
    stdio_cancelled_request_silent => kills "stdio.cancel-no-more-messages",
    /// The end of the input ends the server.
    exits_on_eof => kills "stdio.server-exit-on-eof",

    // basic/transports/streamable-http: endpoint
    /// One path takes all messages.
    single_endpoint => kills "http.single-endpoint",
    /// Requests for a listen stream have their origin checked too.
    origin_checked_on_listen => kills "http.origin.validate",
    /// An origin is judged by its whole host.
    origin_host_whole => kills "http.origin.validate",
    /// A foreign origin has status 403.
    foreign_origin_403 => kills "http.origin.invalid-403",
    /// GET from a foreign origin has it, too.
    foreign_origin_403_on_get => kills "http.origin.invalid-403",
    /// The refusal of a foreign origin has no id.
    origin_error_without_id => kills "http.origin.error-body",
    /// A local server is not reachable from elsewhere.
    binds_to_loopback => kills "http.bind-localhost",
    /// An accepted notification has status 202.
    accepted_202 => kills "http.notif.accepted-202",
    /// A malformed notification has an error status.
    malformed_notification_refused => kills "http.notif.rejected-4xx",
    /// The refusal of a notification has no id.
    refused_notification_without_id => kills "http.notif.rejected-body",
    /// A JSON answer is labelled as one.
    json_content_type => kills "http.request.content-type",
    /// A JSON answer is one object.
    json_single_object => kills "http.request.json-single-object",

    // basic/transports/streamable-http: streams
    /// Notifications stay on the stream of their request.
    notifications_stay_on_stream => kills "http.sse.notifications-relate",
    /// A response stream carries no requests.
    no_requests_on_streams => kills "http.sse.no-requests",
    /// The response ends its stream.
    response_ends_stream => kills "http.sse.final-terminates",
    /// Proxies are told not to buffer event streams.
    x_accel_buffering_no => kills "http.sse.x-accel-buffering",
    /// A listen stream carries no progress.
    listen_stream_for_changes_only => kills "http.sse.listen-no-request-scoped",
    /// It reports no progress of its own there.
    listen_stream_without_progress => kills "http.sse.listen-no-request-scoped",
    /// Nothing is sent again to whoever asks for what it missed.
    streams_not_resumable => kills "http.sse.not-resumable",
    /// Events end in a blank line.
    events_separated => kills "http.sse.well-formed",
    /// A client that disconnects cancels its request.
    disconnect_cancels => kills "http.cancel.disconnect",
    /// The work stops as soon as the client is gone.
    disconnect_stops_work_soon => kills "http.cancel.stop-work",
    /// Nothing is sent for a request whose client is gone.
    cancelled_http_request_silent => kills "http.cancel.no-more-messages",
    /// A client that disconnects cancels no other request.
    disconnect_cancels_one_request => kills "http.cancel.only-that-request",

    // basic/transports/streamable-http: headers
    /// The version of the header is that of the body.
    version_header_matched => kills "http.version-header.mismatch",
    /// That of an earlier revision is no exception.
    earlier_version_header_matched => kills "http.version-header.mismatch",
    /// An unsupported version has status 400.
    unsupported_version_status_400 => kills "http.version-header.unsupported-400",
    /// An unknown method has status 404.
    unknown_method_status_404 => kills "http.method-not-found-404",
    /// Methods that were removed are unknown.
    removed_methods_unknown => kills "http.method-not-found.removed-rpcs",
    /// A request without the version header is refused.
    version_header_required => kills "http.version-header.missing-reject",
    /// Its refusal has the code of differing headers.
    missing_version_header_code => kills "http.version-header.missing-reject",
    /// What is refused before it is worked on is refused by a JSON-RPC error, and not by a page that tells of a failure.
    refusals_are_errors => kills "http.validate.method-missing",
    /// `x-mcp-header` is not empty.
    annotation_not_empty => kills "http.xmcp.server-not-empty",
    /// `x-mcp-header` is a token.
    annotation_is_a_token => kills "http.xmcp.server-token",
    /// `x-mcp-header` has no control characters.
    annotation_without_control => kills "http.xmcp.server-no-control",
    /// `x-mcp-header` is there once, whatever its case.
    annotations_unique => kills "http.xmcp.server-unique",
    /// `x-mcp-header` is on strings, integers and booleans only.
    annotation_on_primitive => kills "http.xmcp.server-primitive",
    /// Integers with `x-mcp-header` are in the safe range.
    annotation_integers_safe => kills "http.xmcp.server-safe-integer",
    /// `x-mcp-header` is reached through properties alone.
    annotation_reachable => kills "http.xmcp.server-reachable",
    /// Mirrored arguments are decoded before they are compared.
    param_decoded => kills "http.param.server-decode",
    /// Mirrored names are decoded before they are compared.
    name_decoded => kills "http.name.server-decode",
    /// Mirrored arguments have valid characters and valid Base64.
    param_characters_checked => kills "http.param.server-invalid-chars",
    /// What stands between the markers is Base64, never hexadecimal.
    sentinel_is_base64 => kills "http.param.server-invalid-chars",
    /// Mirrored arguments are those of the body.
    param_matched => kills "http.param.server-validate",
    /// An integer that is written with a fraction is compared like any other.
    whole_fractions_matched => kills "http.param.server-validate",
    /// A wrong mirrored argument has status 400.
    param_failure_status_400 => kills "http.param.server-400",
    /// No header is expected for null.
    no_header_for_null => kills "http.param.server-null-not-expected",
    /// No header is expected for an absent argument.
    no_header_for_absent => kills "http.param.server-absent-not-expected",
    /// A header is required for a mirrored argument.
    param_header_required => kills "http.param.server-missing-header",
    /// It is required for integers of any size.
    large_integers_need_their_header => kills "http.param.server-missing-header",
    /// Header names may be in any case.
    header_names_any_case => kills "http.header-names-server",
    /// Header values are case-sensitive.
    header_values_case_sensitive => kills "http.header-values-case",
    /// A boolean is written in lower case.
    booleans_in_lower_case => kills "http.header-values-case",
    /// Mcp-Method is the method of the body.
    method_header_matched => kills "http.validate.method-mismatch",
    /// A request without Mcp-Method is refused.
    method_header_required => kills "http.validate.method-missing",
    /// Mcp-Name is the tool of the body.
    tool_name_matched => kills "http.validate.name-mismatch-tool",
    /// Mcp-Name is the resource of the body.
    resource_name_matched => kills "http.validate.name-mismatch-resource",
    /// Mcp-Name is the prompt of the body.
    prompt_name_matched => kills "http.validate.name-mismatch-prompt",
    /// A tool call without Mcp-Name is refused.
    tool_name_required => kills "http.validate.name-missing-tool",
    /// A read without Mcp-Name is refused.
    resource_name_required => kills "http.validate.name-missing-resource",
    /// A request for a prompt without Mcp-Name is refused.
    prompt_name_required => kills "http.validate.name-missing-prompt",
    /// Headers have the characters of RFC 9110.
    header_characters_checked => kills "http.validate.invalid-chars",
    /// Mcp-Name in broken Base64 is refused.
    malformed_name_refused => kills "http.validate.bad-sentinel-name",
    /// What is refused for its headers is not executed.
    refused_not_executed => kills "http.validate.not-executed",
    /// Integers are compared as numbers.
    integers_compared_as_numbers => kills "http.validate.integer-numeric",
    /// Headers that fail validation have status 400.
    header_failure_status_400 => kills "http.validate.status-400",
    /// Headers that fail validation are -32020.
    header_failure_code => kills "http.validate.code-32020",
    /// Whitespace around a header's value does not count.
    header_whitespace_ignored => kills "http.validate.ows",
    /// A value with half a sentinel stands for itself.
    sentinel_needs_both_ends => kills "sep2243.literal-without-prefix",
    /// A sentinel in other letters stands for itself.
    sentinel_case_sensitive => kills "sep2243.literal-uppercase-prefix",

    /// A sentinel with a capital letter stands for itself.
    sentinel_letters_exact => kills "http.param.sentinel-exact",

    // basic/transports/streamable-http: the past
    /// GET is not allowed.
    get_405 => kills "http.legacy.get-405",
    /// DELETE is not allowed.
    delete_405 => kills "http.legacy.delete-405",
    /// A session id is ignored.
    session_ignored => kills "http.legacy.session-ignored",
    /// No session id is made.
    session_not_minted => kills "http.legacy.session-not-minted",
    /// Last-Event-ID is ignored.
    last_event_id_ignored => kills "http.legacy.last-event-id-ignored",
    /// GET opens no stream of the deprecated transport.
    sse_transport_not_adopted => kills "http.legacy.sse-not-adopted",

    // basic/patterns
    /// The server sends no requests.
    requests_only_from_clients => kills "patterns.no-server-requests",
    /// A subscription ends with its stream.
    listen_scope => kills "patterns.listen-scope",

    // basic/patterns/cancellation
    /// The end of a subscription is announced.
    teardown_cancels => kills "cancel.server-teardown",
    /// Nothing else is announced as cancelled.
    cancels_nothing_else => kills "cancel.server-no-other",
    /// What is announced as cancelled is the subscription.
    teardown_names_listen => kills "cancel.server-references-listen",
    /// Cancelled work stops, on either transport.
    cancelled_work_stops => kills "cancel.server-stop",
    /// A request with the id 0, or with an empty one, is cancelled like any other.
    any_request_cancelled => kills "cancel.server-stop",
    /// Cancelled work leaves nothing behind.
    cancelled_resources_freed => kills "cancel.server-free",
    /// A cancelled request has no response.
    cancelled_request_unanswered => kills "cancel.server-no-response",
    /// A cancellation that comes late does no harm.
    late_cancel_graceful => kills "cancel.race-server",
    /// The cancellation of an unknown request is ignored.
    cancel_of_unknown_ignored => kills "cancel.invalid.unknown-id",
    /// The cancellation of an answered request is ignored.
    cancel_of_completed_ignored => kills "cancel.invalid.completed-id",
    /// A malformed cancellation is ignored.
    malformed_cancel_ignored => kills "cancel.invalid.malformed",

    // basic/patterns/mrtr
    /// Inputs are asked for in results only.
    inputs_only_through_mrtr => kills "mrtr.use-mrtr",
    /// An interim result is no text of a tool.
    input_required_not_as_text => kills "mrtr.use-mrtr",
    /// Inputs are asked for by the three methods that may.
    input_required_where_allowed => kills "mrtr.unsupported",
    /// Keys of input requests are unique.
    input_request_keys_unique => kills "mrtr.keys-unique",
    /// Input requests are of one of three kinds.
    input_requests_of_three_kinds => kills "mrtr.values-allowed",
    /// State that is garbage is refused in order.
    state_garbage_survived => kills "mrtr.state-attacker-controlled",
    /// State that is garbage spoils nothing for later requests.
    state_garbage_forgotten => kills "mrtr.state-attacker-controlled",
    /// State that a client wrote is not believed.
    state_integrity => kills "mrtr.state-integrity",
    /// State that fails verification is refused, not ignored.
    tampered_state_refused => kills "mrtr.state-reject-tampered",
    /// The whole signature of a state is compared.
    state_signature_compared_whole => kills "mrtr.state-reject-tampered",
    /// State belongs to one request.
    state_bound_to_request => kills "mrtr.state-request-binding",
    /// State belongs to the arguments of its request, too.
    state_bound_to_arguments => kills "mrtr.state-request-binding",
    /// State that counts once is used once.
    state_used_once => kills "mrtr.state-single-use",
    /// State that counts once is used once on all connections together.
    state_used_once_anywhere => kills "mrtr.state-single-use",
    /// An interim result asks for something or has state.
    asks_for_something => kills "mrtr.at-least-one",
    /// Only clients that declare it are asked to elicit.
    elicits_only_if_declared => kills "mrtr.respect-elicitation",
    /// Only clients that declare it are asked to sample.
    samples_only_if_declared => kills "mrtr.respect-sampling",
    /// Only clients that declare it are asked for roots.
    roots_only_if_declared => kills "mrtr.respect-roots",
    /// Clients need not come back.
    no_retry_assumed => kills "mrtr.no-assume-retry",
    /// A question that nobody answered does not hold up the next.
    questions_wait_for_nobody => kills "mrtr.no-assume-retry",
    /// Nor are those of a plain tool, whatever the others do.
    no_question_outstanding => kills "mrtr.no-assume-retry",
    /// Answers are validated.
    answers_validated => kills "mrtr.validate-responses",
    /// Answers that are no object are an error.
    malformed_answers_refused => kills "mrtr.protocol-error",
    /// Answers to nothing are ignored.
    unexpected_answers_ignored => kills "mrtr.ignore-unexpected",
    /// Answers that are missing are asked for again.
    missing_answers_asked_again => kills "mrtr.missing-rerequest",
    /// A retry needs nothing that only this process knows.
    retry_self_contained => kills "mrtr.retry-self-contained",

    // basic/patterns/progress
    /// The progress token is that of the request, type included.
    progress_token_echoed => kills "progress.token-echo",
    /// Progress increases.
    progress_increases => kills "progress.increasing",
    /// Without a token there is no progress.
    progress_only_known_tokens => kills "progress.only-known-tokens",
    /// Progress comes before the response.
    progress_only_in_progress => kills "progress.only-in-progress",
    /// Progress stops when the work does.
    progress_stops => kills "progress.stop",

    // basic/patterns/subscriptions
    /// subscriptions/listen is implemented.
    implements_listen => kills "subs.supported",
    /// Only what was asked for is sent.
    filter_kept => kills "subs.filter",
    /// An update of a resource is no change of the list.
    updates_change_no_list => kills "subs.filter",
    /// Who does not listen is not told.
    changes_only_to_listeners => kills "subs.filter-no-listen",
    /// False means no.
    false_is_not_subscribed => kills "subs.filter-omitted-false",
    /// Only resources that are watched are reported.
    resource_filter_kept => kills "subs.resource-filter",
    /// The acknowledgment is the first message.
    ack_first => kills "subs.ack-first",
    /// Changes wait for the acknowledgment.
    nothing_before_ack => kills "subs.nothing-before-ack",
    /// Only what is offered is acknowledged.
    ack_only_supported => kills "subs.ack-subset",
    /// What is told of is acknowledged.
    ack_names_all => kills "subs.ack-subset",
    /// Only what was asked for is acknowledged.
    ack_nothing_more => kills "subs.ack-no-extra",
    /// What was switched off is not acknowledged.
    ack_declines_false => kills "subs.ack-no-extra",
    /// The subscription id is the request id, type included.
    subscription_id_type => kills "subs.id-value",
    /// Changes of watched resources are delivered.
    watched_changes_delivered => kills "subs.deliver-updates",
    /// A stream that the client closed is no longer delivered for.
    closed_subscription_ends => kills "subs.client-cancel-http",
    /// A subscription that the client cancelled is over.
    stdio_cancel_ends_listen => kills "subs.client-cancel-stdio",
    /// A subscription with the id 0, or with an empty one, is cancelled like any other.
    stdio_cancel_ends_any_listen => kills "subs.client-cancel-stdio",
    /// A subscription that the server ends has a result.
    listen_ends_with_result => kills "subs.graceful-result",
    /// After that result the stream is closed.
    closes_after_listen_result => kills "subs.graceful-close-stream",
    /// That result carries the subscription id.
    listen_result_tagged => kills "subs.graceful-meta",
    /// A new connection starts without subscriptions.
    forgets_subscriptions => kills "subs.no-state-across-reconnect",
    /// What changes later is told to no connection that did not subscribe.
    reconnection_subscribes_to_nothing => kills "subs.no-state-across-reconnect",

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
    /// A wrong cursor is -32602.
    invalid_cursor_refused => kills "pagination.error.invalid-cursor",

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

    // extensions/tasks
    /// The extension is declared by an object.
    tasks_declared => kills "tasks.advertise",
    /// Only a client that declares the extension gets a task.
    tasks_only_if_declared => kills "tasks.create.only-declared",
    /// What another request on the connection declared does not count for this one.
    task_declaration_per_request => kills "tasks.create.only-declared",
    /// What only a task can serve is -32021 without the extension.
    task_required_code => kills "tasks.required-error",
    /// The error names the extension.
    task_required_named => kills "tasks.required-error-data",
    /// The error has status 400.
    task_required_status_400 => kills "tasks.required-error-400",
    /// The extension is declared by an empty object.
    task_settings_empty => kills "tasks.settings-empty",
    /// A handle says that it is one.
    task_created_type => kills "tasks.result-type-task",
    /// Nothing else says that it is a handle.
    task_type_reserved => kills "tasks.result-type-task-only",
    /// A task has its fields at every status.
    task_shape => kills "tasks.shape",
    /// Times are in ISO 8601.
    task_times_iso => kills "tasks.timestamps",
    /// The time of creation stays.
    task_created_at_kept => kills "tasks.timestamps",
    /// Durations are integers.
    task_intervals_integer => kills "tasks.ttl-integer-or-null",
    /// A task is kept until its time is over.
    tasks_kept => kills "tasks.ttl-honoured",
    /// A task has one of the five statuses.
    task_status_values => kills "tasks.status-values",
    /// A tool that fails completes its task.
    tool_errors_do_not_fail_tasks => kills "tasks.failed-jsonrpc-only",
    /// What has ended is not cancelled.
    terminal_tasks_final => kills "tasks.terminal-final",
    /// An update does not revive what has ended.
    task_updates_revive_nothing => kills "tasks.terminal-final",
    /// A cancelled task does not go on.
    cancelled_tasks_stay_so => kills "tasks.terminal-final",
    /// What has ended does not begin again.
    task_transitions => kills "tasks.transitions",
    /// A handle is good as soon as it is given.
    tasks_durable => kills "tasks.durable-create",
    /// A handle is good at every replica.
    tasks_known_everywhere => kills "tasks.durable-create-consistency",
    /// A task outlives the process that made it.
    tasks_outlive_process => kills "tasks.durable-restart",
    /// Questions before the task are over when it is created.
    mrtr_done_before_task => kills "tasks.mrtr-before-create",
    /// There is no task before its questions are answered.
    task_made_after_questions => kills "tasks.mrtr-before-create",
    /// tasks/get does not wait for the end.
    task_get_at_once => kills "tasks.get.working",
    /// A task that waits says for what.
    task_inputs_listed => kills "tasks.get.input-required",
    /// What is outstanding is listed each time.
    task_inputs_repeated => kills "tasks.get.all-outstanding",
    /// A completed task has its result.
    task_result_inlined => kills "tasks.get.completed",
    /// A cancelled task is still there.
    cancelled_tasks_kept => kills "tasks.get.cancelled",
    /// A failed task has its error.
    task_error_inlined => kills "tasks.get.failed",
    /// The result of tasks/get is complete, a failed task's too.
    task_get_type => kills "tasks.get.result-type",
    /// The inlined result is one of the tool.
    task_result_shape => kills "tasks.get.result-validates",
    /// Each question has a key of its own.
    task_keys_unique => kills "tasks.key-unique",
    /// A key is not used again.
    task_keys_not_reused => kills "tasks.key-no-reuse",
    /// A key names one question.
    task_key_keeps_request => kills "tasks.key-one-request",
    /// An update is acknowledged with nothing more.
    task_update_acknowledged => kills "tasks.update.ack",
    /// An update of no task is refused.
    task_update_unknown_refused => kills "tasks.update.unknown-id",
    /// Answers that nobody asked for are ignored.
    task_update_ignores_unknown_keys => kills "tasks.update.ignore-unknown",
    /// A task waits for the last answer.
    task_waits_for_all_inputs => kills "tasks.update.partial-remains",
    /// The result of tasks/update is complete.
    task_update_type => kills "tasks.update.result-type",
    /// Answers are validated.
    task_answers_validated => kills "tasks.update.validates",
    /// A cancelled request does not cancel its task.
    task_survives_cancelled_notification => kills "tasks.cancel.notification-no-effect",
    /// A connection that ends does not cancel a task.
    task_survives_disconnect => kills "tasks.cancel.disconnect-no-effect",
    /// A cancellation is acknowledged with nothing more.
    task_cancel_acknowledged => kills "tasks.cancel.ack",
    /// A cancellation of no task is refused.
    task_cancel_unknown_refused => kills "tasks.cancel.unknown-id",
    /// The result of tasks/cancel is complete.
    task_cancel_type => kills "tasks.cancel.result-type",
    /// The acknowledgment lists tasks that were asked for.
    task_ack_ids => kills "tasks.notify.ack-ids",
    /// Subscribing to tasks needs the extension.
    task_listen_needs_extension => kills "tasks.notify.missing-capability",
    /// A notification holds the whole task.
    task_notification_complete => kills "tasks.notify.full-task",
    /// Other tasks are not told of.
    task_notification_filter => kills "tasks.notify.only-subscribed",
    /// Notifications of tasks carry the subscription's id.
    task_notification_tagged => kills "tasks.notify.subscription-id",
    /// Tasks report no progress on a subscription.
    task_listen_without_progress => kills "tasks.notify.no-progress",
    /// The routing header may be there in any of its forms.
    task_name_accepted => kills "tasks.http.headers-accepted",
    /// The routing header names the task of the body.
    task_name_matched => kills "tasks.http.headers-mismatch",
    /// The routing header is required.
    task_name_required => kills "tasks.http.headers-missing",
    /// Reading no task is -32602.
    task_unknown_code => kills "tasks.get.unknown-id",
    /// Cancelling no task is -32602.
    task_cancel_unknown_code => kills "tasks.update-cancel.unknown-id-code",
    /// The methods of tasks need the extension.
    task_methods_need_extension => kills "tasks.methods.non-declaring",
    /// A failed task says why.
    task_failure_explained => kills "tasks.failed.status-message",
    /// A cancelled task has not failed.
    cancelled_tasks_do_not_fail => kills "tasks.cancelled-status",
    /// The error of a failed task is one of JSON-RPC.
    task_error_code => kills "tasks.failed.error",
    /// The result of a tool that failed says so.
    tool_errors_kept_in_tasks => kills "tasks.tool-error-completed",
    /// A task ends as the plain request would have.
    task_outcome_as_sync => kills "tasks.same-as-sync",
    /// Who has tasks declares them.
    task_methods_reserved => kills "tasks.reserved",
    /// Ids of tasks cannot be guessed.
    task_ids_random => kills "tasks.sec.entropy",
    /// Ids of tasks do not follow from a count.
    task_ids_uncounted => kills "tasks.sec.entropy",
    /// The capability of 2025-11-25 declares nothing.
    legacy_task_capability_ignored => kills "tasks.compat.legacy-capability",
    /// tasks/result is gone.
    tasks_result_unknown => kills "tasks.compat.no-tasks-result",
    /// tasks/list is gone.
    tasks_list_unknown => kills "tasks.compat.no-tasks-list",
    /// The parameter of 2025-11-25 is ignored.
    task_parameter_ignored => kills "tasks.compat.task-param-ignored",
    /// The capability of 2025-11-25 is not declared.
    no_legacy_task_capability => kills "tasks.compat.no-legacy-capabilities",

    // basic/authorization: a protected server
    /// Every method needs a token.
    every_method_protected => kills "http.authenticate",
    /// Whoever has no token is told to get one.
    no_token_is_401 => kills "auth.rs.no-token",
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
