//! Rules of basic/patterns.

macro_rules! patterns {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
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
            /// Nor has it a result that says so.
            cancelled_request_without_result => kills "cancel.server-no-response",
            /// A cancellation that comes late does no harm.
            late_cancel_graceful => kills "cancel.race-server",
            /// The cancellation of an unknown request is ignored.
            cancel_of_unknown_ignored => kills "cancel.invalid.unknown-id",
            /// The cancellation of an unknown request ends no other.
            cancel_of_unknown_ends_nothing => kills "cancel.invalid.unknown-id",
            /// An id of another type is another id.
            cancel_ids_by_type => kills "cancel.invalid.unknown-id",
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
            /// The content of a completion may be a list of blocks.
            completions_may_be_lists => kills "mrtr.validate-responses",
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
            /// The progress token is that of the request, and not one of the server's own.
            progress_token_given => kills "progress.token-echo",
            /// The progress token may be a string.
            progress_token_a_string => kills "progress.token-echo",
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
            /// Where nothing changes, nothing is told.
            changes_have_a_cause => kills "subs.filter",
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
        }
    };
}
