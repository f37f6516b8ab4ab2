//! streamable-http#protocol-version-header: methods that the server does not implement.

use plumb_runner::facet::{Tried, outcome, refused_as_named};
use plumb_runner::{Finding, Judgement, check};
use plumb_wire::method;

check! {
    /// **Observed:** correct requests for methods that do not exist get 404 and -32601.
    ///
    /// **Why:** the status alone says that something is not there, the code that it is the method and not the endpoint;
    /// a client needs both to tell this server from one of an earlier revision.
    ///
    /// **Fix:** look up the method once the headers and `_meta` are checked, and answer with both.
    pub(crate) NOT_FOUND = "http.method-not-found-404";
    applies: [Http];
    cases: refused_as_named
}

check! {
    /// **Observed:** methods of earlier revisions, dressed with all that this revision demands, get 404 and -32601:
    /// `initialize`, `ping`, `logging/setLevel`, `resources/subscribe`, `resources/unsubscribe`, `tasks/list`,
    /// `tasks/result`. A server of two eras must refuse them, in whatever way, as the requests are of this revision;
    /// only `initialize` may open the other era there.
    ///
    /// **Why:** a method that answers but does nothing makes a client believe that it has a session, or a subscription.
    ///
    /// **Fix:** remove the handlers, or serve them only to clients of those revisions.
    pub(crate) REMOVED = "http.method-not-found.removed-rpcs";
    fact: "http.method-not-found-404";
    applies: [Http];
    cases: removed
}

fn removed(tried: &Tried) -> Judgement {
    let seen = tried.answer()?;
    if seen.method() == Some(method::OLD_INITIALIZE) && seen.is_accepted() {
        return Ok(Finding::unseen(
            "the server answers the handshake of earlier revisions, as one of two eras does, in its own way",
            "serve this revision alone",
        ));
    }
    // The sentence binds servers of this revision alone; one of two eras must not serve it, however it says so.
    if tried.dual_era { outcome(tried) } else { refused_as_named(tried) }
}
