//! Rules of extensions/tasks.

macro_rules! tasks {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => {
        $next! { [$($rest)*] $($before)*
            // extensions/tasks
            /// The extension is declared by an object.
            tasks_declared => kills "tasks.advertise",
            /// Only a client that declares the extension gets a task.
            tasks_only_if_declared => kills "tasks.create.only-declared",
            /// What another request on the connection declared does not count for this one.
            task_declaration_per_request => kills "tasks.create.only-declared",
            /// The member `task` of the revision before makes no task.
            task_member_makes_no_task => kills "tasks.create.only-declared",
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
            /// A task that has ended asks nothing.
            task_ended_asks_nothing => kills "tasks.get.ended-asks-nothing",
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
        }
    };
}
