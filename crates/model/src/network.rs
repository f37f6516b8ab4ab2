//! How far an address reaches, and which of them a stranger may send us to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where an address is valid: what is named first is the closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// This machine (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3).
    Loopback,
    /// One link (RFC 3927; RFC 4291, 2.5.6): the metadata services of clouds are there.
    Link,
    /// A private network (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// Everywhere else.
    Public,
}

impl Network {
    /// That of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() => Self::Loopback,
            IpAddr::V4(v4) if v4.is_link_local() => Self::Link,
            IpAddr::V4(v4) if v4.is_private() || is_shared(v4) => Self::Private,
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => Self::Loopback,
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::Link,
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Private,
            _ => Self::Public,
        }
    }

    /// Whether who lives here may name an address there: its own network and what is public; who lives on this machine was
    /// put there by the user, and may name the user's private network.
    fn may_name(self, there: Self) -> bool {
        there == Self::Public || there == self || (self == Self::Loopback && there == Self::Private)
    }
}

/// The networks that a stranger lives in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Homes(Vec<Network>);

impl Homes {
    /// Those of a host, by what its name was resolved to. Of one that has no address nobody knows where it lives: it may name
    /// what is public.
    pub fn of<E>(resolved: Result<impl Iterator<Item = SocketAddr>, E>) -> Self {
        let homes = resolved.map(|homes| homes.map(|home| Network::of(home.ip())).collect());
        Self(homes.unwrap_or_else(|_| vec![Network::Public]))
    }

    /// Whether who lives there may send us to this address.
    pub fn may_name(&self, address: IpAddr) -> bool {
        let there = Network::of(address);
        self.0.iter().any(|home| home.may_name(there))
    }
}

/// Addresses that carriers share: RFC 6598.
fn is_shared(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 100 && (64..128).contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_network() {
        for (network, addresses) in [
            (
                Network::Loopback,
                &["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"][..],
            ),
            (Network::Link, &["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"]),
            (Network::Private, &["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"]),
            (Network::Public, &["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:4860::1"]),
        ] {
            for address in addresses {
                let address: IpAddr = address.parse().expect("an address");
                assert_eq!(Network::of(address), network, "{address}");
            }
        }
    }
}
