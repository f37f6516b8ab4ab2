//! basic/transports#protocol-version-header.

use plumb_runner::{Bench, Declared, Finding, Judgement, Probe, Trouble, check};
use plumb_wire::header;

use super::{NEVER, ping};

/// A date between two revisions, of which none was published that day.
const BETWEEN: (&str, &str) = ("between", "2025-09-01");

/// The revision that is assumed where nothing tells it.
const ASSUMED: &str = "2025-03-26";

check! {
    /// **Observed:** between two requests of a session, requests whose `MCP-Protocol-Version` names no version that ever was are
    /// answered by 400. GET with such a version opens no stream.
    ///
    /// **Why:** a client that was upgraded behind a session would be served by the rules of another revision.
    ///
    /// **Fix:** look the header field up among your versions before anything else.
    pub(crate) INVALID = "http.version-header.invalid";
    since: "2025-06-18";
    until: "2025-11-25";
    applies: [Http];
    scenario: invalid
}

async fn invalid(bench: &Bench) -> Judgement {
    for (slug, version) in NEVER.into_iter().chain([BETWEEN]) {
        bench.control(ping()).await?;
        let seen = bench.send(ping().header(header::PROTOCOL_VERSION, version)).await?;
        bench.control(ping()).await?;
        let judgement = seen.settled().map(|seen| {
            Finding::expect(seen.status() == Some(400), "HTTP 400", || seen.describe())
        });
        bench.case(slug, format!("the header field says {version}"), judgement);
    }
    let (_, version) = NEVER[0];
    let opened = opened(bench, version).await?;
    if let Some(seen) = opened {
        let finding = Finding::violated("HTTP 400", seen);
        bench.case("get", format!("the header field of GET says {version}"), Ok(finding));
    }
    bench.conclude()
}

/// The stream that GET opens with a version, if it does; a server that has none, and refuses GET for that, does as well.
async fn opened(bench: &Bench, version: &str) -> Result<Option<String>, Trouble> {
    let session = bench.session(Declared::Nothing).await?;
    let probe = Probe::bodiless("GET").header(header::PROTOCOL_VERSION, version);
    let mut open = session.open(probe).await?;
    let status = open.status().await;
    let seen = bench.close(open);
    session.end().await;
    Ok((status == Some(200)).then(|| seen.describe()))
}

check! {
    /// **Observed:** a request of a session without `MCP-Protocol-Version` is served, by a server that negotiates 2025-03-26 when
    /// it is asked for.
    ///
    /// **Why:** clients of 2025-03-26 know nothing of the field.
    ///
    /// **Fix:** take the version that the session negotiated, or 2025-03-26.
    pub(crate) ABSENT = "http.version-header.absent";
    since: "2025-06-18";
    until: "2025-11-25";
    applies: [Http];
    scenario: absent
}

async fn absent(bench: &Bench) -> Judgement {
    bench.control(ping()).await?;
    let seen = bench.send(ping().without_header(header::PROTOCOL_VERSION)).await?;
    if seen.settled()?.is_accepted() {
        return Ok(Finding::Held);
    }
    let session = bench.initialize(ASSUMED, Declared::Nothing).await?;
    let speaks = session.version() == Some(ASSUMED);
    session.end().await;
    if !speaks {
        return Ok(Finding::unseen(
            format!("the server does not speak {ASSUMED}"),
            "nothing: it need not",
        ));
    }
    Ok(Finding::violated(format!("service as by {ASSUMED}"), seen.describe()))
}
