//! The rules of a client that starts its server.

/// Adds them to other rules.
macro_rules! piped_rules {
    ($($others:tt)*) => {
        provoked_rules! {
            $($others)*
            /// A message is one line.
            lines_are_whole => kills "stdio.client-no-embedded-newline",
            /// A line is one message.
            pipes_one_message => kills "stdio.client-stdin-only-mcp",
            /// Nothing but messages is written.
            writes_messages_alone => kills "stdio.client-stdin-only-mcp",
            /// A server that asks gets no response.
            pipes_no_responses => kills "stdio.client-no-responses",
            /// Lines end with a newline.
            ends_lines_at_newlines => kills "stdio.client-newline-only",
            /// However long they are.
            reads_long_lines => kills "stdio.client-newline-only",
            /// What a server writes to its standard error is none of ours.
            tolerates_complaints => kills "stdio.client-stderr-not-error",
            /// Nor does it make a call fail.
            ends_well_after_complaints => kills "stdio.client-stderr-not-error",
            /// And not only a moment.
            waits_for_the_end => kills "stdio.client-shutdown-sequence",
            /// The server gets time to end by itself.
            closes_input_first => kills "stdio.client-shutdown-sequence",
            /// A server that has crashed is started again.
            restarts => kills "stdio.client-restart",
            /// And listened to again.
            listens_again => kills "subs.client-resend-stdio",
            /// For the same as before.
            listens_for_the_same => kills "subs.client-resend-stdio",
            /// It is asked first which revision the server speaks.
            probes => kills "stdio.compat-probe",
            /// Also if no other is spoken.
            modern_probes => kills "versioning.modern-client-stdio-probe",
            /// A server that answers that speaks this one.
            stays_after_discovery => kills "stdio.compat-discover-result",
            /// So does one that refuses the version.
            keeps_this_revision => kills "stdio.compat-modern-error",
            /// One that says nothing speaks an earlier one.
            falls_back_on_silence => kills "stdio.compat-legacy-fallback",
            /// So does one that refuses in any other way.
            falls_back_by_any_code => kills "stdio.compat-no-single-code",
            /// One process serves all requests.
            keeps_its_process => kills "base.stateless.client-process-lifetime",
            /// What is given up is told.
            tells_what_is_given_up => kills "stdio.client-cancel-notification",
            /// Only requests of its own are given up.
            cancels_its_own => kills "cancel.only-own-requests",
            /// And only those that are open.
            cancels_what_is_open => kills "cancel.only-in-progress",
            /// What is answered is forgotten.
            cancels_nothing_answered => kills "cancel.only-in-progress",
            /// A response to what was given up is dropped.
            drops_late_responses => kills "cancel.race-client",
            /// Notifications have no id.
            notifications_have_no_ids => kills "base.notif.client-no-id",
            /// Tasks are not given up by a notification.
            leaves_tasks_to_their_method => kills "tasks.cancel.not-by-notification",
        }
    };
}
