//! The rules that can be broken, each with the check that notices.

/// A rule of the server, and the check that notices its breach.
#[derive(Clone, Copy, Debug)]
pub struct EarlierMutant {
    /// The rule.
    pub name: &'static str,
    /// The check.
    pub kills: &'static str,
}

const fn rule(name: &'static str, kills: &'static str) -> EarlierMutant {
    EarlierMutant { name, kills }
}

/// Every rule that can be broken. The first ones are of the revisions with a handshake alone.
pub const EARLIER_MUTANTS: &[EarlierMutant] = &[
    rule("initialize_info", "lifecycle.initialize.result"),
    rule("version_same", "lifecycle.version.same"),
    rule("version_other", "lifecycle.version.other"),
    rule("version_latest", "lifecycle.version.latest"),
    rule("initialized_first", "lifecycle.initialized.first"),
    rule("undeclared_requests", "lifecycle.capabilities.requests"),
    rule("undeclared_changes", "lifecycle.capabilities.notifications"),
    rule("request_id", "base.request.id"),
    rule("session_ascii", "http.session.visible-ascii"),
    rule("session_random", "http.session.id-secure"),
    rule("session_missing", "http.session.missing-400"),
    rule("session_ended", "http.session.ended-404"),
    rule("session_unknown", "http.session.unknown-404"),
    rule("version_header", "http.version-header.invalid"),
    rule("version_header_absent", "http.version-header.absent"),
    rule("get_answer", "http.get.answer"),
    rule("get_answer", "http.endpoint.both"),
    rule("get_responses", "http.get.no-response"),
    rule("response_202", "http.response.accepted"),
    rule("sse_response", "http.sse.response"),
    rule("sse_prime", "http.sse.prime"),
    rule("sse_retry", "http.sse.retry"),
    rule("batch", "http.batch.received"),
    rule("event_ids", "http.event-ids.unique"),
    rule("replay_own", "http.replay.own-stream"),
    rule("ping", "ping.answered"),
    rule("cancel_own", "cancel.own-requests"),
    rule("set_level", "logging.set-level.answered"),
    rule("set_level_invalid", "logging.set-level.invalid"),
    rule("log_threshold", "logging.set-level.threshold"),
    rule("not_found", "resources.not-found-code"),
    rule("subscribe", "resources.subscribe.answered"),
    rule("url_required", "elicit.required.list"),
    rule("task_ignored", "core-tasks.undeclared-ignored"),
    rule("task_unknown", "core-tasks.errors"),
    // Shared with the newest revision: the same checks, which have their own mutants there.
    rule("error_id", "base.error.same-id"),
    rule("unknown_method", "base.jsonrpc.method-not-found"),
    rule("parse_error", "base.jsonrpc.parse-error"),
    rule("origin", "http.origin.validate"),
    rule("notification_202", "http.notif.accepted-202"),
    rule("invalid_cursor", "pagination.error.invalid-cursor"),
    rule("unknown_prompt", "prompts.error.unknown"),
    rule("tool_shape", "schema.tool.shape"),
    rule("text_copy", "tools.structured.text-copy"),
];
