//! streamable-http#top, streamable-http#security-endpoint: where the server listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use plumb_model::Sent;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use plumb_wire::method;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

const BASES: [Base; 9] = [
    Base::Discover,
    Base::ToolsList,
    Base::ToolsCall,
    Base::ResourcesList,
    Base::TemplatesList,
    Base::ResourcesRead,
    Base::PromptsList,
    Base::PromptsGet,
    Base::Complete,
];

/// Other spellings of the same header fields.
const SPELLINGS: [(&str, &str, &str, &str); 2] = [
    (
        "accept-order",
        "the media types of Accept stand in another order",
        "Accept",
        "text/event-stream, application/json",
    ),
    (
        "charset",
        "the media type has a parameter",
        "Content-Type",
        "application/json; charset=utf-8",
    ),
];

check! {
    /// **Observed:** every method that the server offers answers at the one address under test: a JSON-RPC response
    /// comes, whatever it says. A 404 or 405 without one, or a redirect, is a second endpoint. So it does to the same POST
    /// with the media types of `Accept` in another order, and with a `charset` behind `application/json`, both of which
    /// mean nothing else (RFC 9110 sections 8.3.1 and 12.5.1, RFC 8259 section 11).
    ///
    /// **Why:** clients know one address and send everything there, each as its HTTP library writes header fields.
    ///
    /// **Fix:** route by the message's `method`, not by path; parse media types, and compare no header field as a text.
    pub(crate) SINGLE_ENDPOINT = "http.single-endpoint";
    since: "2025-03-26";
    applies: [Http];
    scenario: single_endpoint
}

async fn single_endpoint(bench: &Bench) -> Judgement {
    let discover = Probe::request(method::DISCOVER, json!({}));
    for probe in BASES.iter().filter_map(|base| bench.base(*base)).chain([discover]) {
        let method = probe.method().unwrap_or_default().to_owned();
        let seen = bench.send(probe).await?;
        let judgement = answered_here(&method, &seen);
        bench.case(
            &method.to_lowercase().replace('/', "-"),
            format!("{method} at the endpoint"),
            judgement,
        );
    }
    if let Some(base) = BASES.iter().find_map(|base| bench.base(*base)) {
        for (slug, title, name, value) in SPELLINGS {
            let seen = bench.send(base.clone().header(name, value)).await?;
            let served = seen.settled().map(|seen| {
                let expected = format!("a request with `{name}: {value}` is served");
                Finding::expect(seen.is_accepted(), expected, || seen.describe())
            });
            bench.case(slug, title, served);
        }
    }
    if bench.edition().has_handshake() {
        return bench.conclude();
    }
    let listen = Probe::request(method::LISTEN, json!({"notifications": {}}));
    let mut open = bench.open(listen).await?;
    let first = open.next_within(Duration::from_secs(5)).await;
    let seen = bench.close(open);
    let judgement =
        if first.is_some() { Ok(Finding::Held) } else { answered_here(method::LISTEN, &seen) };
    bench.case("subscriptions-listen", "subscriptions/listen at the endpoint", judgement);
    bench.conclude()
}

fn answered_here(method: &str, seen: &Observed) -> Judgement {
    if seen.response().is_some() {
        return Ok(Finding::Held);
    }
    match seen.status() {
        Some(300..=399 | 404 | 405 | 410) => {
            Ok(Finding::violated(format!("{method} is answered at the endpoint"), seen.describe()))
        }
        _ => Err(Trouble::Setup(seen.describe())),
    }
}

check! {
    /// **Observed:** a target on this machine does not accept connections at its port through another address than
    /// that of the loopback interface. On Linux 127.0.0.2 stands for all others: only a server that binds to every
    /// interface accepts it. Nothing is sent.
    ///
    /// **Why:** a server bound to 0.0.0.0 serves everyone on the same network.
    ///
    /// **Fix:** bind to 127.0.0.1 (or ::1) unless the user asks for more.
    pub(crate) BIND_LOCALHOST = "http.bind-localhost";
    since: "2025-03-26";
    applies: [Http];
    scenario: bind_localhost
}

async fn bind_localhost(bench: &Bench) -> Judgement {
    if !bench.survey().local {
        return Ok(Finding::unseen(
            "the target is not on this machine by its address",
            "run it locally",
        ));
    }
    let survey = bench.survey();
    let opening = survey.discover.as_ref().or(survey.initialize.as_ref());
    let Some(port) = opening.and_then(port_of) else {
        return Err(Trouble::Setup("the target's port is not known".into()));
    };
    // A connection is no exchange: what is shown for it is where the port is known from.
    if let Some(opening) = opening {
        bench.note(opening);
    }
    let Some(elsewhere) = elsewhere() else {
        return Ok(Finding::unseen(
            "this machine has only the loopback address",
            "run it on a machine in a network",
        ));
    };
    let address = SocketAddr::new(elsewhere, port);
    let connected = timeout(Duration::from_secs(1), TcpStream::connect(address)).await;
    Ok(Finding::expect(
        !matches!(connected, Ok(Ok(_))),
        "the server listens on the loopback address only",
        || format!("it accepts a connection at {address}"),
    ))
}

fn port_of(seen: &Observed) -> Option<u16> {
    match &seen.exchange.sent {
        Sent::Http { url, .. } => url::Url::parse(url).ok()?.port_or_known_default(),
        _ => None,
    }
}

/// An address of this machine that a server which binds to the loopback address does not have.
fn elsewhere() -> Option<IpAddr> {
    if cfg!(target_os = "linux") {
        return Some(Ipv4Addr::new(127, 0, 0, 2).into());
    }
    // Connecting a datagram socket sends nothing; it only picks the interface.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|a| a.ip()).filter(|ip| !ip.is_loopback())
}
