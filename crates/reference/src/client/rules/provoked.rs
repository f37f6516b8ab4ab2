//! The rules of a client that a server provokes.

/// Adds them to other rules.
macro_rules! provoked_rules {
    ($($others:tt)*) => {
        authorization_rules! {
            $($others)*
            /// A code that meant something before the revision means nothing.
            reads_no_legacy_codes => kills "base.errcode.receiver-no-meaning",
            /// Nor does another one that drafts had.
            reads_no_draft_mismatch => kills "base.errcode.receiver-no-meaning",
            /// A server that misses a capability is one of this revision.
            stays_modern_without_capability => kills "versioning.modern-error-no-fallback",
            /// Media types may have parameters.
            reads_media_types => kills "http.client.both-content-types",
            /// What has no message is no result.
            minds_statuses => kills "http.client.no-message",
            /// Unknown members are passed over.
            skips_unknown_members => kills "schema.result.client-unknown-members",
            /// The data of an event may have several lines.
            joins_data_lines => kills "http.client.both-content-types",
            /// All of them are read, and an event that cannot be read is no empty result.
            reads_every_data_line => kills "http.client.both-content-types",
            /// Two pieces of a stream may share a line end.
            joins_line_ends => kills "http.client.both-content-types",
            /// And a character.
            joins_characters => kills "http.client.both-content-types",
            /// Reserved keys that nobody has defined are skipped, whatever they hold.
            skips_reserved_keys => kills "base.meta.no-assumptions",
            /// The prefix of a key has labels between its dots.
            prefixes_have_labels => kills "base.meta.prefix-syntax",
            /// Labels begin with a letter.
            labels_begin_with_letters => kills "base.meta.label-syntax",
            /// Prefixes are reversed domains.
            prefixes_are_reversed => kills "base.meta.reverse-dns",
            /// Reserved prefixes are left to the specification.
            leaves_reserved_prefixes => kills "base.meta.reserved-prefix",
            /// Names of keys begin with a letter or a digit.
            key_names_are_whole => kills "base.meta.name-syntax",
            /// The name of a server changes nothing.
            treats_servers_alike => kills "base.meta.client-ignores-server-info",
            /// The trace has an id.
            traces_have_ids => kills "base.meta.traceparent",
            /// The state of a trace is a list of pairs.
            trace_state_has_pairs => kills "base.meta.tracestate",
            /// So is the baggage.
            baggage_has_pairs => kills "base.meta.baggage",
            /// It says its version with its name.
            names_its_version => kills "schema.implementation.shape",
            /// Each capability is an object.
            capabilities_have_shape => kills "schema.capabilities.shape",
            /// Results of earlier revisions have no type, and are complete.
            takes_untyped_results => kills "base.result-type.absent-complete",
            /// Icons are not fetched without TLS.
            leaves_plain_icons => kills "icons.client-https-or-data",
            /// Nor by other protocols.
            leaves_other_schemes => kills "icons.client-reject-unsafe-schemes",
            /// Nor from other origins.
            leaves_foreign_icons => kills "icons.client-same-origin",
            /// Nor where a redirect leads to.
            follows_no_redirect => kills "icons.client-no-cross-origin-redirect",
            /// Nor with cookies.
            icons_without_cookies => kills "icons.client-no-credentials",
            /// What an icon holds spoils nothing.
            survives_icons => kills "icons.client-untrusted",
            /// Without a common version it gives up.
            gives_up_without_version => kills "versioning.client-surface-no-version",
            /// It does not pretend to speak a version that the server lists.
            names_spoken_versions_only => kills "versioning.client-surface-no-version",
            /// What the server lists is read.
            reads_the_list_of_versions => kills "versioning.client-surface-no-version",
            /// What was refused for its version is sent again, not only what comes next.
            repeats_what_was_refused => kills "versioning.client-retry",
            /// Extensions have a prefix.
            extensions_have_prefixes => kills "versioning.ext-id-format-client",
            /// What the server has no extension for is not used.
            leaves_missing_extensions => kills "versioning.ext-fallback-client",
            /// It is asked once which revision a server speaks.
            remembers_the_era => kills "versioning.era-cache",
            /// A version is chosen that the server lists.
            chooses_a_listed_version => kills "discover.client-version-choice",
            /// What is sent again has all headers.
            mirrors_again => kills "http.client.metadata-headers",
            /// After a refusal for its headers, tools are listed again.
            lists_again_on_mismatch => kills "http.param.refresh-on-mismatch",
            /// Every refusal of an earlier server leads to its handshake.
            falls_back_on_every_refusal => kills "http.compat.fallback",
            /// What is sent again after a cut has an id of its own.
            reissues_with_new_ids => kills "http.client.reissue-new-id",
            /// What is too large is not sent again.
            stops_when_too_large => kills "sep2243.limits-413-431",
            /// Inputs come with what is sent again.
            brings_inputs => kills "mrtr.client-construct",
            /// No state is invented.
            invents_no_state => kills "mrtr.client-no-invented-state",
            /// Nor is one of an earlier round sent again.
            forgets_earlier_states => kills "mrtr.client-no-invented-state",
            /// A state goes with nothing else.
            keeps_states_apart => kills "mrtr.client-isolation",
            /// Every input is answered under its key.
            answers_every_key => kills "schema.input-responses.same-keys",
            /// Inputs of an earlier round are not sent again.
            forgets_earlier_inputs => kills "schema.input-responses.same-keys",
            /// What is declined has no content, not even null.
            declines_without_content => kills "base.jsonrpc.client-conform",
            /// Progress tokens are numbers.
            tokens_are_numbers => kills "progress.token-type",
            /// Structured results are validated.
            validates_output => kills "tools.output.client-validate",
            /// Whatever kind of value they are.
            takes_every_value => kills "tools.output.client-validate",
            /// A tool that failed has no output to validate.
            takes_errors_without_output => kills "tools.output.client-validate",
            /// Tools are called by their own names.
            calls_by_name => kills "tools.call.client-as-asked",
            /// With the arguments that were given.
            hands_arguments_on => kills "tools.call.client-as-asked",
            /// A task that failed is no success.
            knows_failed_tasks => kills "tasks.client.no-success",
            /// Nor is one that was cancelled.
            knows_cancelled_tasks => kills "tasks.client.no-success",
            /// Without `$schema`, by JSON Schema 2020-12.
            validates_by_default_dialect => kills "base.schema.client-2020-12-default",
            /// With it, by the dialect that it names.
            validates_by_named_dialect => kills "base.schema.client-validate-dialect",
            /// One of them is 2020-12.
            knows_the_newest_dialect => kills "base.schema.min-dialect",
            /// Dialects are told apart.
            reads_dialects => kills "base.schema.client-validate-dialect",
            /// A schema that refers to what is not there is rejected.
            rejects_unresolved => kills "base.schema.unresolved-ref-reject",
            /// Content blocks are what they are said to be.
            validates_content => kills "tools.sec.client-validate-results",
            /// What an output schema refers to is not fetched.
            leaves_output_references => kills "tools.sec.client-ref",
            /// Lists of prompts are read to their end.
            reads_all_prompts => kills "prompts.client-pagination",
            /// Lists are read beyond their first page.
            reads_further_pages => kills "pagination.client-both-flows",
            /// An empty page is a page.
            takes_empty_pages => kills "pagination.client-page-size",
            /// A cursor is sent as `cursor`.
            sends_cursors_by_name => kills "pagination.client-page-size",
            /// Elicitation is declared with each request.
            declares_elicitation => kills "elicit.client.declare",
            /// With a mode, or none for forms.
            declares_known_modes => kills "elicit.client.one-mode",
            /// No mode means a form.
            takes_forms_without_mode => kills "elicit.client.mode-default",
            /// They are answered, too.
            answers_forms_without_mode => kills "elicit.client.mode-default",
            /// What is declared can be answered.
            supports_what_it_declares => kills "elicit.client.one-mode",
            /// Pages, too.
            shows_pages => kills "mrtr.client-supports-declared",
            /// Completions, too.
            has_a_model => kills "mrtr.client-supports-declared",
            /// Roots, too.
            tells_its_roots => kills "mrtr.client-supports-declared",
            /// Nothing else of the site of a page is fetched.
            looks_up_no_site => kills "elicit.url.client-no-prefetch",
            /// A completion in text has a text.
            completes_whole_blocks => kills "base.jsonrpc.client-conform",
            /// Names of roots are texts.
            names_roots_in_text => kills "schema.roots.shape",
            /// A cursor that reads as a number is a text.
            keeps_numbers_in_text => kills "pagination.client-opaque",
            /// What is kept is found by its URI as it is written.
            keeps_keys_as_they_are => kills "caching.client.key",
            /// What is read while it is fresh is fresh no longer for that.
            keeps_the_first_time => kills "caching.client.stale-refetch",
            /// Resources are read by the URIs of their list.
            reads_what_is_listed => kills "resources.read.client-as-asked",
            /// Prompts are got by the names of theirs.
            gets_what_is_listed => kills "prompts.get.client-as-asked",
            /// Results of unknown type are not used by who calls, either.
            refuses_unknown_calls => kills "base.result-type.unknown-invalid",
            /// Tools with a name of several words for a header are right.
            keeps_valid_tools => kills "http.param.client-mirror",
            /// Nor is what is told of a task by one.
            refuses_unknown_looks => kills "base.result-type.unknown-invalid",
            /// A task that failed is looked at no more.
            leaves_failed_tasks => kills "tasks.client.poll-interval",
            /// There are three actions.
            acts_as_known => kills "elicit.result.action",
            /// A form is filled in as its schema has it.
            fills_forms_in => kills "elicit.result.content-form",
            /// Who visits a page enters nothing here.
            visits_without_content => kills "elicit.result.no-content-url",
            /// Pages are not fetched.
            leaves_pages => kills "elicit.url.client-no-prefetch",
            /// Sampling is declared with each request.
            declares_sampling => kills "sampling.client.declare",
            /// A model that must use a tool does.
            uses_required_tools => kills "sampling.choice-required",
            /// One that must not does not.
            uses_no_tools => kills "sampling.choice-none",
            /// It is no longer than it may be.
            keeps_completions_short => kills "sampling.max-tokens",
            /// A completion is of the assistant.
            completes_as_assistant => kills "sampling.message-role",
            /// Tools that were not declared are an error.
            refuses_undeclared_tools => kills "schema.create-message.tools-error",
            /// Roots are declared with each request.
            declares_roots => kills "roots.client.declare",
            /// Roots are files.
            roots_are_files => kills "roots.uri-file",
            /// They have an URI each.
            roots_have_uris => kills "schema.roots.shape",
            /// Their paths are plain.
            roots_are_plain => kills "roots.client.validate",
            /// Tasks are followed.
            follows_tasks => kills "tasks.client.both-shapes",
            /// A list makes no task.
            refuses_other_tasks => kills "tasks.client.invalid-on-other",
            /// The extension of tasks has no settings.
            settings_are_an_object => kills "tasks.settings-empty",
            /// Between two looks at a task is the pause that it asks for.
            pauses_between_looks => kills "tasks.client.poll-interval",
            /// Which may change.
            follows_the_latest_pause => kills "tasks.client.poll-interval",
            /// It is looked at until it has ended.
            looks_until_the_end => kills "tasks.client.poll-until-terminal",
            /// One that nobody waits for is cancelled.
            cancels_its_tasks => kills "tasks.client.poll-until-terminal",
            /// What it asks for is given.
            fulfils_tasks => kills "tasks.client.fulfil",
            /// In the member for it.
            answers_tasks_by_name => kills "tasks.client.fulfil",
            /// It is looked at afterwards, too.
            keeps_observing => kills "tasks.client.keep-observing",
            /// Only what it asks for is given.
            update_keys_match => kills "tasks.client.update-keys",
            /// And given once.
            answers_once => kills "tasks.client.track-keys",
            /// Requests of tasks have a header with the id.
            task_header => kills "tasks.http.client-mcp-name",
            /// The extension of applications has its types.
            declares_app_types => kills "apps.client-mime-types",
            /// Ids of requests that are open at once differ.
            ids_are_unique => kills "base.request.id-unique-inflight",
            /// So do their progress tokens.
            tokens_are_unique => kills "progress.token-unique",
            /// A call that is not wanted any more is given up.
            cancels => kills "cancel.client-send",
            /// So is one that takes too long.
            times_out => kills "cancel.timeout.cancel",
            /// Who listens says for what.
            listens_with_filter => kills "subs.notifications-required",
            /// What is acknowledged in part is enough.
            takes_partial_acknowledgments => kills "subs.client-check-ack",
            /// What a completion leaves out may be left out.
            takes_partial_completions => kills "completion.client-partial",
            /// Fresh results are kept.
            keeps_fresh => kills "caching.client.ttl-positive",
            /// Each under its parameters.
            keeps_by_parameters => kills "caching.client.key",
            /// Later pages are not the first one.
            keeps_first_pages_apart => kills "caching.client.key",
            /// Nor are they one another.
            keeps_later_pages_apart => kills "caching.client.key",
            /// Nor are those of one token kept for another.
            keeps_private_apart => kills "caching.scope-private-not-shared",
            /// Those of no age are not.
            zero_is_stale => kills "caching.client.ttl-zero",
            /// Nor those of a negative one.
            negative_is_stale => kills "caching.client.ttl-negative",
            /// Nor those that do not say.
            absent_is_stale => kills "caching.client.ttl-absent",
            /// Nor those that were asked for twice.
            forgets_rounds => kills "caching.client.no-mrtr-cache",
            /// What is stale is asked for again.
            refetches_stale => kills "caching.client.stale-refetch",
            /// But not before it is needed.
            polls_nothing => kills "caching.client.no-polling",
            /// What has changed is not kept.
            invalidates => kills "caching.client.invalidate",
            /// Nor is what was updated.
            forgets_what_is_updated => kills "caching.client.invalidate",
            /// Ages are in milliseconds.
            counts_milliseconds => kills "caching.client.ttl-positive",
            /// Each page has its age.
            keeps_pages_apart => kills "caching.client.page-refetch",
            /// A list whose cursor is refused is read from its beginning.
            restarts_lists => kills "caching.client.cursor-invalid",
        }
    };
}
