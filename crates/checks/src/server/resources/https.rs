//! server/resources#https: addresses that a client is sent to.

use std::future::{Ready, ready};
use std::time::Duration;

use plumb_runner::{Bench, Finding, Judgement, check, clip};
use serde_json::Value;
use url::{Host, Url};

check! {
    /// **Observed:** no listed `https:` URI leads to the loopback interface, unless the target runs on this machine
    /// and something answers there. Plumb fetches nothing from other hosts: what lies behind a public name is
    /// not judged.
    ///
    /// **Why:** `https:` tells clients that they may fetch the resource themselves, past the server.
    ///
    /// **Fix:** give resources that only the server can read a scheme of their own.
    pub(crate) ONLY_FETCHABLE = "resources.https-only-fetchable";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: only_fetchable
}

async fn only_fetchable(bench: &Bench) -> Judgement {
    let here = bench.survey().local;
    let urls = listed(bench);
    if urls.is_empty() {
        return Ok(none_listed());
    }
    for url in urls {
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        if !loopback {
            continue;
        }
        let answers = if here { answers(&url).await } else { Some(false) };
        let Some(answers) = answers else {
            return Ok(Finding::unseen(format!("{url} did not answer in time"), "let it answer"));
        };
        if !answers {
            let actual = format!(
                "{} leads to the loopback interface, where nothing answers",
                clip(url.as_str(), 120)
            );
            return Ok(Finding::violated(
                "`https:` only for what a client can fetch itself",
                actual,
            ));
        }
    }
    Ok(Finding::Held)
}

/// Whether something listens at a loopback address; none if it cannot be told.
async fn answers(url: &Url) -> Option<bool> {
    let port = url.port_or_known_default().unwrap_or(443);
    let address = match url.host() {
        Some(Host::Ipv6(address)) => std::net::SocketAddr::from((address, port)),
        _ => std::net::SocketAddr::from(([127, 0, 0, 1], port)),
    };
    let connect = tokio::net::TcpStream::connect(address);
    tokio::time::timeout(Duration::from_secs(1), connect).await.ok().map(|c| c.is_ok())
}

check! {
    /// **Observed:** no listed `https:` URI has a host under a name that is reserved for not being on the web
    /// (`.invalid`, `.test`, `.example`: RFC 2606; `.internal`, `.local`).
    ///
    /// **Why:** such a URI can only be an identifier, and clients will try to fetch it.
    ///
    /// **Fix:** give the resource another scheme, such as one of your own.
    pub(crate) PREFER_OTHER = "resources.https-prefer-other";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: prefer_other
}

fn prefer_other(bench: &Bench) -> Ready<Judgement> {
    let reserved = [".invalid", ".test", ".example", ".internal", ".local"];
    let urls = listed(bench);
    if urls.is_empty() {
        return ready(Ok(none_listed()));
    }
    let off = urls
        .iter()
        .find(|url| url.domain().is_some_and(|d| reserved.iter().any(|r| d.ends_with(r))));
    ready(Ok(Finding::expect(off.is_none(), "another scheme for what is not on the web", || {
        off.map_or_else(String::new, |url| {
            format!("{} cannot be on the web", clip(url.as_str(), 120))
        })
    })))
}

fn none_listed() -> Finding {
    Finding::unseen(
        "no `https:` resource is listed",
        "list one, if clients can fetch it themselves",
    )
}

fn listed(bench: &Bench) -> Vec<Url> {
    let mut urls = Vec::new();
    for item in &bench.survey().resources.items {
        let url = item.value.get("uri").and_then(Value::as_str).and_then(|u| Url::parse(u).ok());
        if let Some(url) = url.filter(|u| u.scheme() == "https") {
            bench.note_seq(item.seq);
            urls.push(url);
        }
    }
    urls
}
