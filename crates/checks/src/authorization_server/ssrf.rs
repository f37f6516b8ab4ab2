//! Client identifiers that point where the server should not go.

use std::time::Duration;

use plumb_runner::authorization_server::{Client, Visit, is_loopback};
use plumb_runner::{Finding, Judgement, check};

/// A fetch that comes after the answer comes within so long.
const GRACE: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** authorization requests whose `client_id` is a URL on the server's own loopback, written in several
    /// ways (`127.0.0.1`, `localhost`, `[::ffff:127.0.0.1]`, another address of 127.0.0.0/8, as a number), where we listen.
    /// Nobody comes. It takes a server on this machine, and one that was not told to fetch from loopback for this run.
    ///
    /// **Why:** whoever may name a URL for the server to fetch reaches what only the server can reach: metadata services,
    /// databases, admin pages.
    ///
    /// **Fix:** resolve the host first, refuse loopback, private and link-local addresses, and connect to the address that
    /// was looked at (draft section 6.5).
    pub(crate) SSRF = "auth.as.ssrf";
    isolation: Alone;
    visit: ssrf;
}

async fn ssrf(at: &Visit) -> Judgement {
    let server = at.server();
    let documents = server.documents();
    if documents.base().is_some_and(is_loopback) {
        return Ok(Finding::unseen(
            "the server was told to fetch from loopback for this run",
            "run once more without --client-documents and without that permission",
        ));
    }
    if !server.is_local() {
        return Ok(Finding::unseen(
            "the server is on another machine, whose loopback we cannot watch",
            "run on its machine",
        ));
    }
    let port = documents.port();
    let before = documents.connections();
    for (slug, host) in [
        ("address", "127.0.0.1"),
        ("name", "localhost"),
        ("mapped", "[::ffff:127.0.0.1]"),
        ("number", "2130706433"),
        ("unspecified", "0.0.0.0"),
    ] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/{}/client.json", server.draw("document"));
            at.ask(&Client::described(&url, plumb_runner::authorization_server::CALLBACK), &[])
                .await?;
            if documents.connections() > before {
                return Ok(Finding::violated(
                    format!(
                        "`client_id` at {scheme}://{host}:{port} ({slug} of loopback): not fetched"
                    ),
                    "a connection to that port came in",
                ));
            }
        }
    }
    tokio::time::sleep(GRACE).await;
    if documents.connections() > before {
        return Ok(Finding::violated(
            "`client_id` at an address of loopback: not fetched",
            "a connection came in",
        ));
    }
    if !server.claims("client_id_metadata_document_supported") {
        return Ok(Finding::unseen(
            "the server does not take URLs as client identifiers, by its metadata",
            "nothing",
        ));
    }
    Ok(Finding::Held)
}
