//! Which addresses somebody who lives at an endpoint may send us to.

use std::net::SocketAddr;

use plumb_model::Homes;
use tokio::net::lookup_host;

use super::endpoint::Endpoint;

/// Of these addresses those that whoever lives at an endpoint may name.
pub(super) async fn within_reach_of(namer: &Endpoint, found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let homes = Homes::of(lookup_host((namer.host(), namer.port())).await);
    found.into_iter().filter(|there| homes.may_name(there.ip())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_names_no_address_of_ours() {
        let may = async |namer: &str, there: &str| {
            let namer = Endpoint::parse(namer).expect("a URL");
            let there = SocketAddr::new(there.parse().expect("an address"), 80);
            !within_reach_of(&namer, vec![there]).await.is_empty()
        };
        for there in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"] {
            assert!(!may("https://8.8.8.8/mcp", there).await, "{there}");
        }
        assert!(may("https://8.8.8.8/mcp", "1.1.1.1").await);
        assert!(may("http://10.0.0.1/mcp", "10.0.0.2").await);
        assert!(!may("http://10.0.0.1/mcp", "127.0.0.1").await);
        assert!(may("http://127.0.0.1:9/mcp", "127.0.0.1").await);
        assert!(may("http://127.0.0.1:9/mcp", "192.168.0.9").await);
        assert!(!may("http://127.0.0.1:9/mcp", "169.254.169.254").await);
    }
}
