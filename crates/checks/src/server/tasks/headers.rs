//! tasks#streamable-http-routing-headers: the cases are in the pack `sep-2663-tasks`.

use plumb_runner::{check, facet};

check! {
    /// **Observed:** tasks/get, tasks/update and tasks/cancel with the id of the task in `Mcp-Name`, plain or encoded, are
    /// served.
    ///
    /// **Why:** every client sends it, so that a gateway finds the instance that holds the task.
    ///
    /// **Fix:** compare the decoded header with `params.taskId`.
    pub(crate) ACCEPTED = "tasks.http.headers-accepted";
    applies: [Http, Declares(Tasks)];
    needs: [TaskTool];
    cases: facet::outcome
}

check! {
    /// **Observed:** tasks/get, tasks/update and tasks/cancel whose `Mcp-Name` or `Mcp-Method` names something else than
    /// the body are refused with -32020.
    ///
    /// **Why:** a gateway that routes or filters by header would let through what it believes to be something else.
    ///
    /// **Fix:** compare the headers with `method` and `params.taskId` for these methods, too.
    pub(crate) MISMATCH = "tasks.http.headers-mismatch";
    applies: [Http, Declares(Tasks)];
    needs: [TaskTool];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** tasks/get, tasks/update and tasks/cancel without `Mcp-Name` are refused with -32020. Position: the
    /// text obliges the client to send it, and the core names other methods only; so this is a warning.
    ///
    /// **Why:** leaving the header out is enough to get past a gateway that looks at it.
    ///
    /// **Fix:** require the header for these methods, as for tools/call.
    pub(crate) MISSING = "tasks.http.headers-missing";
    applies: [Http, Declares(Tasks)];
    needs: [TaskTool];
    cases: facet::refused_with_code
}
