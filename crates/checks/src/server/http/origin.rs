//! streamable-http#security-endpoint: requests that a web page of a foreign origin makes.

use std::time::Duration;

use plumb_model::Sent;
use plumb_model::pack::{Base, Outcome};
use plumb_runner::facet::{Tried, refused_with_status};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Trouble, check};
use plumb_wire::jsonrpc::Kind;
use plumb_wire::method;
use serde_json::json;

/// A site that nobody can own: RFC 6761 section 6.4.
pub(super) const FOREIGN: &str = "https://plumb.invalid";

check! {
    /// **Observed:** requests with a foreign `Origin` are not served: every method, `subscriptions/listen` and GET
    /// among them, and origins whose host only begins or ends with the target's own. Whatever is refused must not
    /// have been worked on: no result, no stream. For GET a 405 will do here, since nothing is served either way.
    /// **Position:** which origins are invalid at a host that is not this machine, the page does not say: one that is
    /// served there is not judged.
    ///
    /// **Why:** by DNS rebinding any web page can reach a server on its visitor's machine; the origin is the only
    /// thing that gives it away.
    ///
    /// **Fix:** compare the whole origin (scheme, host, port) with a list before anything else is done, on every
    /// route.
    pub(crate) VALIDATE = "http.origin.validate";
    since: "2025-03-26";
    applies: [Http];
    scenario: validate
}

async fn validate(bench: &Bench) -> Judgement {
    let control = bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    for base in
        [Base::Discover, Base::ToolsList, Base::ToolsCall, Base::ResourcesList, Base::ResourcesRead]
            .into_iter()
            .chain([Base::TemplatesList, Base::PromptsList, Base::PromptsGet, Base::Complete])
    {
        let Some(probe) = bench.base(base) else { continue };
        let seen = bench.send(probe.header("Origin", FOREIGN)).await?;
        bench.case(base.name(), format!("{} from a foreign origin", base.name()), refused(&seen));
    }
    for (slug, origin) in look_alikes(&control) {
        let discover = Probe::request(method::DISCOVER, json!({}));
        let seen = bench.send(discover.header("Origin", &origin)).await?;
        bench.case(slug, format!("the origin is {origin}"), refused(&seen));
    }
    let listen =
        Probe::request(method::LISTEN, json!({"notifications": {"toolsListChanged": true}}));
    let mut open = bench.open(listen.header("Origin", FOREIGN)).await?;
    open.next_within(Duration::from_secs(5)).await;
    let seen = bench.close(open);
    bench.case("listen", "a subscription from a foreign origin", refused(&seen));

    let get =
        Probe::bodiless("GET").header("Accept", "text/event-stream").header("Origin", FOREIGN);
    let mut open = bench.open(get).await?;
    open.status().await;
    let seen = bench.close(open);
    bench.case("get", "GET from a foreign origin", refused(&seen));
    bench.conclude()
}

fn refused(seen: &Observed) -> Judgement {
    seen.settled()?;
    let Some(status) = seen.status() else { return Err(Trouble::Setup(seen.describe())) };
    let worked = seen.messages.iter().any(|m| matches!(m.kind, Kind::Result | Kind::Notification));
    if !is_local(seen) && (worked || status < 400) {
        return Ok(served_elsewhere());
    }
    let fits = !worked && (400..500).contains(&status);
    let origin = origin_of(seen).unwrap_or_default();
    Ok(Finding::expect(fits, format!("a request with `Origin: {origin}` is refused"), || {
        seen.describe()
    }))
}

/// Whether a request went to this machine: DNS rebinding threatens servers that a page reaches only through its
/// visitor. Which origins are invalid at a host that all may reach, the page does not say.
fn is_local(seen: &Observed) -> bool {
    let Sent::Http { url, .. } = &seen.exchange.sent else { return false };
    match url::Url::parse(url).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn served_elsewhere() -> Finding {
    Finding::unseen(
        "a foreign origin is served on a host that is not this machine, where the page does not say which origins are invalid",
        "run the server on this machine, or let it take listed origins only",
    )
}

fn origin_of(seen: &Observed) -> Option<String> {
    let Sent::Http { headers, .. } = &seen.exchange.sent else { return None };
    headers.iter().find(|h| h.name.eq_ignore_ascii_case("origin")).map(|h| h.value.clone())
}

/// Foreign origins that resemble the target's own.
fn look_alikes(control: &Observed) -> Vec<(&'static str, String)> {
    let Sent::Http { url, .. } = &control.exchange.sent else { return Vec::new() };
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Vec::new();
    };
    let mut origins = vec![
        ("foreign-port", format!("http://plumb.invalid:{port}")),
        ("localhost-prefix", "http://localhost.plumb.invalid".to_owned()),
        ("localhost-glued", format!("http://localhostplumb.invalid:{port}")),
        ("localhost-suffix", "http://plumb-localhost.invalid".to_owned()),
        ("letters-before-localhost", format!("http://plumb-localhost:{port}")),
    ];
    if !host.starts_with('[') {
        origins
            .push(("own-host-prefix", format!("{}://{host}.plumb.invalid:{port}", url.scheme())));
        origins.push(("own-host-prefix-https", format!("https://{host}.plumb.invalid")));
    }
    origins
}

check! {
    /// **Observed:** requests with a foreign `Origin` get the status 403, GET among them: several sites, `null`, and names
    /// that resemble those of this machine. **Position:** which origins are invalid at a host that is not this machine,
    /// the page does not say: one that is served there is not judged.
    ///
    /// **Why:** clients and gateways tell a blocked page from a broken request by the status.
    ///
    /// **Fix:** answer with 403 before the body is read.
    pub(crate) INVALID_403 = "http.origin.invalid-403";
    since: "2025-11-25";
    fact: "http.origin.validate";
    applies: [Http];
    cases: invalid_403
}

fn invalid_403(tried: &Tried) -> Judgement {
    let sent = tried.answer()?;
    let foreign = tried.allowed.outcome == Outcome::Refused;
    if foreign && !is_local(sent) && !tried.is_refused() {
        return Ok(served_elsewhere());
    }
    refused_with_status(tried)
}

check! {
    /// **Observed:** if the answer to a foreign `Origin` is a JSON-RPC error, it has no id (or `null`).
    ///
    /// **Why:** the request was refused before it was read, so there is no id to answer to.
    ///
    /// **Fix:** leave the id out, or send an empty or plain-text body.
    pub(crate) ERROR_BODY = "http.origin.error-body";
    since: "2025-11-25";
    applies: [Http];
    cases: error_body
}

fn error_body(tried: &Tried) -> Judgement {
    tried.answer()?;
    if !tried.sent.is_refused() {
        return Ok(Finding::unseen("the foreign origin was not refused", "refuse it with 403"));
    }
    let id =
        tried.sent.messages.iter().filter(|m| matches!(m.kind, Kind::Error)).find_map(|m| m.id());
    let fits = id.is_none_or(serde_json::Value::is_null);
    Ok(Finding::expect(fits, "no id in the error", || {
        format!("id {}", id.map_or_else(String::new, ToString::to_string))
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plumb_model::pack::Allowed;
    use plumb_model::{Answer, Exchange, Head, Header, Initiator};

    use super::*;
    use plumb_recorded::edition;

    fn asked(url: &str, status: u16) -> Observed {
        Observed::new(Exchange {
            seq: 1,
            by: "test".into(),
            channel: "http-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Http {
                method: "POST".into(),
                url: url.into(),
                headers: vec![Header::new("Origin", FOREIGN)],
                body: json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string().into(),
            },
            answer: Answer {
                head: Some(Head { status, headers: Vec::new() }),
                ..Answer::default()
            },
        })
    }

    fn judged(url: &str, status: u16) -> Judgement {
        let served = asked(url, 200);
        invalid_403(&Tried {
            dual_era: false,
            title: "a foreign origin".into(),
            edition: Arc::new(edition().clone()),
            allowed: Allowed { status: vec![403], ..Allowed::default() },
            before: served.clone(),
            sent: asked(url, status),
            after: Some(served),
            controlled: Ok(()),
        })
    }

    #[test]
    fn only_this_machine_must_turn_foreign_origins_away() {
        for here in ["http://127.0.0.1:80/mcp", "http://localhost/mcp", "http://[::1]:8/mcp"] {
            assert!(matches!(judged(here, 200), Ok(Finding::Violated { .. })), "{here}");
            assert!(matches!(judged(here, 405), Ok(Finding::Violated { .. })), "{here}");
            assert!(matches!(refused(&asked(here, 200)), Ok(Finding::Violated { .. })), "{here}");
            assert_eq!(judged(here, 403).ok(), Some(Finding::Held), "{here}");
        }
        let elsewhere = "https://mcp.example.com/mcp";
        assert!(matches!(judged(elsewhere, 200), Ok(Finding::Unseen { .. })));
        assert!(matches!(refused(&asked(elsewhere, 200)), Ok(Finding::Unseen { .. })));
        assert_eq!(judged(elsewhere, 403).ok(), Some(Finding::Held));
    }

    #[test]
    fn a_gateway_that_gives_up_says_nothing_of_origins() {
        assert!(judged("http://127.0.0.1/mcp", 502).is_err());
        assert!(refused(&asked("http://127.0.0.1/mcp", 503)).is_err());
    }
}
