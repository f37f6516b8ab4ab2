//! Rules of basic/versioning, server/discover, basic/transports.

macro_rules! transports {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
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
            /// What a client accepts means the same in any order.
            accept_in_any_order => kills "http.single-endpoint",
            /// A media type is itself with a parameter behind it.
            media_type_with_parameters => kills "http.single-endpoint",
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
            /// Progress goes to its request, and not to whoever gave its token last.
            progress_told_by_request => kills "http.sse.notifications-relate",
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
            /// A header has an argument that it tells of.
            param_header_has_its_value => kills "http.param.server-extra-header",
            /// It is required for integers of any size.
            large_integers_need_their_header => kills "http.param.server-missing-header",
            /// It is required for an empty string.
            empty_strings_need_their_header => kills "http.param.server-missing-header",
            /// Header names may be in any case.
            header_names_any_case => kills "http.header-names-server",
            /// Header values are case-sensitive.
            header_values_case_sensitive => kills "http.header-values-case",
            /// A boolean is written in lower case.
            booleans_in_lower_case => kills "http.header-values-case",
            /// Mcp-Method is the method of the body.
            method_header_matched => kills "http.validate.method-mismatch",
            /// It stands there as it is.
            method_header_not_decoded => kills "http.validate.method-mismatch",
            /// A request without Mcp-Method is refused.
            method_header_required => kills "http.validate.method-missing",
            /// Mcp-Name is the tool of the body.
            tool_name_matched => kills "http.validate.name-mismatch-tool",
            /// Mcp-Name is the resource of the body.
            resource_name_matched => kills "http.validate.name-mismatch-resource",
            /// A percent-encoded letter of Mcp-Name is not the letter.
            names_not_percent_decoded => kills "http.validate.name-mismatch-resource",
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
            /// What comes from a foreign origin is not executed.
            foreign_origin_not_executed => kills "http.validate.not-executed",
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
        }
    };
}
