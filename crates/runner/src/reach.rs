//! How to reach an address.

use std::path::PathBuf;

use plumb_model::Header;
use plumb_wire::http::Trust;
use plumb_wire::limits::{INSTRUCTIONS, read_file};

use crate::errors::TargetError;

/// How to reach an address.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The MCP endpoint.
    pub url: String,
    /// Header fields added to every request.
    pub headers: Vec<Header>,
    /// Files with certificates to trust beside the public ones.
    pub ca_files: Vec<PathBuf>,
    /// A proxy; the environment is not asked.
    pub proxy: Option<String>,
}

/// The public authorities and the user's own; a file that cannot be read is named.
pub(crate) fn trust(reach: &Reach) -> Result<Trust, TargetError> {
    let read = |path: &PathBuf| {
        read_file(path, INSTRUCTIONS)
            .map_err(|e| TargetError::Address(format!("{} could not be read: {e}", path.display())))
    };
    Ok(Trust::Public { extra_roots: reach.ca_files.iter().map(read).collect::<Result<_, _>>()? })
}

/// Whether a URL names this machine: `localhost`, or an address of the loopback.
pub fn is_loopback(url: &str) -> bool {
    let url = url::Url::parse(url).ok();
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_the_loopback_is_elsewhere() {
        for here in
            ["http://localhost:1/mcp", "http://127.0.0.1", "https://127.8.0.1/", "http://[::1]:9"]
        {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in
            ["http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1", "x"]
        {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
