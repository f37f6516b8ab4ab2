//! basic/transports: what comes on the stream of a request.

use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Judgement, check};
use serde_json::json;

use crate::server::http::streams::{only_own_progress, side_by_side, untold};

check! {
    /// **Observed:** two calls of a tool that reports progress run at the same time in a session, each with a token of its own; beside
    /// them run a call that logs and one that asks for nothing. No stream carries progress of another call.
    ///
    /// **Why:** who reads a stream knows one request, and drops what belongs to another: its bar stands still, and a client that waits as
    /// long as there is progress gives the call up.
    ///
    /// **Fix:** send progress on the stream of the request that gave the token, and on that of no other that happens to be open.
    pub(crate) RELATED = "http.sse.related";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    needs: [ProgressTool];
    scenario: related
}

async fn related(bench: &Bench) -> Judgement {
    let tokens = ["a", "b"].map(|call| json!(format!("plumb-{}-{call}", bench.fresh_id())));
    let session = Quiet::in_session(bench).await?;
    let told = side_by_side(bench, &session, &tokens, only_own_progress).await;
    session.leave().await;
    match told? {
        Some(_) => bench.conclude(),
        None => Ok(untold()),
    }
}
