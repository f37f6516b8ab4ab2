//! ext:server-card#information-disclosure: what everybody may read.

use std::net::IpAddr;

use plumb_model::Network;
use plumb_runner::survey::Document;
use plumb_runner::{Bench, Finding, Judgement, brief, check};
use serde_json::Value;
use url::{Host, Url};

use crate::server::logging::secret_in;

/// How names end that no public resolver knows (RFC 6761, RFC 6762, RFC 8375), and those of clusters.
const PRIVATE_NAMES: [&str; 7] =
    [".localhost", ".local", ".internal", ".home.arpa", ".lan", ".corp", ".svc.cluster.local"];

check! {
    /// **Observed:** catalogue and cards hold no credential that can be recognised: no private key, no bearer token, no password in
    /// a URL, no key in the form of a known issuer, no member such as `apiKey` with a value; and no input that is marked as secret
    /// has a `value` or `default` besides its variables.
    ///
    /// **Why:** both are public: whoever fetches them has it.
    ///
    /// **Fix:** name the header and its variables, and leave the value to the user.
    pub(super) CREDENTIALS = "card.public.credentials";
    since: "2025-03-26";
    applies: [Http, Description];
    scenario: credentials
}

async fn credentials(bench: &Bench) -> Judgement {
    each_document(bench, |value| {
        let told = secret_in(value).or_else(|| told_input(value));
        Finding::expect(told.is_none(), "no credentials", || told.unwrap_or_default())
    })
}

/// An input that is secret and has its value beside it, described without that.
fn told_input(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(told_input),
        Value::Object(members) => {
            let secret = members.get("isSecret") == Some(&Value::Bool(true));
            let told = ["value", "default"].into_iter().filter(|_| secret).find(|member| {
                members.get(*member).and_then(Value::as_str).is_some_and(holds_more)
            });
            let name = members.get("name").map(brief).unwrap_or_default();
            told.map(|member| format!("an input that is secret has a `{member}`: {name}"))
                .or_else(|| members.values().find_map(told_input))
        }
        _ => None,
    }
}

/// Whether the value of a secret is more than a scheme and variables: `Bearer {token}` tells nothing.
fn holds_more(value: &str) -> bool {
    let scheme = ["bearer", "basic", "token"];
    let mut words =
        value.split_whitespace().filter(|word| !scheme.contains(&word.to_lowercase().as_str()));
    words.any(|word| !word.contains('{'))
}

check! {
    /// **Observed:** where the server is reached at a public address, no URL in catalogue and cards has the host of a private
    /// network: an address of RFC 1918 and its like, loopback, or a name such as `….internal` and `….local`.
    ///
    /// **Why:** nobody outside reaches it, and everybody learns how the network within is built.
    ///
    /// **Fix:** name the public URLs alone.
    pub(super) TOPOLOGY = "card.public.topology";
    since: "2025-03-26";
    applies: [Http, Description];
    scenario: topology
}

async fn topology(bench: &Bench) -> Judgement {
    let own = bench.url().and_then(|url| Url::parse(url).ok());
    let near = own.as_ref().and_then(network);
    each_document(bench, |value| {
        let urls = urls(value);
        let further = |url: &&Url| {
            let there = network(url);
            there.is_some() && there != near && own.as_ref().map(Url::host) != Some(url.host())
        };
        let private = urls.iter().find(further);
        Finding::expect(private.is_none(), "no private endpoint", || {
            private.map(ToString::to_string).unwrap_or_default()
        })
    })
}

/// The URLs that stand in a document; those of templates are none.
fn urls(value: &Value) -> Vec<Url> {
    match value {
        Value::String(text) if text.contains("://") => Url::parse(text).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(urls).collect(),
        Value::Object(members) => members.values().flat_map(urls).collect(),
        _ => Vec::new(),
    }
}

/// The network of a host, if it is not public.
fn network(url: &Url) -> Option<Network> {
    let of = |address: IpAddr| Some(Network::of(address)).filter(|n| *n != Network::Public);
    match url.host()? {
        Host::Ipv4(address) => of(address.into()),
        Host::Ipv6(address) => of(address.into()),
        Host::Domain("localhost") => Some(Network::Loopback),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_lowercase();
            let private = PRIVATE_NAMES.iter().any(|end| name.ends_with(end));
            private.then_some(if name.ends_with(".localhost") {
                Network::Loopback
            } else {
                Network::Private
            })
        }
    }
}

/// Judges everything that the target publishes.
fn each_document(bench: &Bench, judge: impl Fn(&Value) -> Finding) -> Judgement {
    let cards = &bench.survey().cards;
    let mut all: Vec<(String, &Document)> = Vec::new();
    all.extend(cards.catalogue.iter().map(|document| ("catalogue".to_owned(), document)));
    let hosted = cards.cards.iter().filter(|card| card.is_hosted);
    all.extend(hosted.map(|card| (card.slug.clone(), &card.document)));
    let old = cards.superseded.iter().enumerate();
    all.extend(old.map(|(n, document)| (format!("superseded-{}", n + 1), document)));
    for (slug, document) in all {
        bench.note(&document.seen);
        bench.case(&slug, document.url.clone(), Ok(judge(&document.value)));
    }
    bench.conclude()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_input_is_told_by_its_value_and_not_by_its_variables() {
        let card = |value: &str| json!({"remotes": [{"headers": [{"name": "Authorization", "isSecret": true, "value": value}]}]});
        assert!(told_input(&card("Bearer {token}")).is_none());
        assert!(told_input(&card("{token}")).is_none());
        assert!(told_input(&card("Bearer 3f9a")).is_some());
        assert!(told_input(&json!({"isSecret": false, "value": "main"})).is_none());
    }

    #[test]
    fn the_network_of_a_host_is_told_by_address_or_name() {
        let of = |url: &str| network(&Url::parse(url).expect("a URL"));
        assert_eq!(of("https://10.0.0.8/mcp"), Some(Network::Private));
        assert_eq!(of("http://localhost:8080/mcp"), Some(Network::Loopback));
        assert_eq!(of("https://mcp.prod.svc.cluster.local/"), Some(Network::Private));
        assert_eq!(of("https://example.com/.internal"), None);
        assert_eq!(of("https://8.8.8.8/"), None);
    }
}
