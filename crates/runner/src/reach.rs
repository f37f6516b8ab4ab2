//! How to reach an address.

use std::path::PathBuf;

use plumb_model::Header;
use plumb_wire::http::Trust;

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
        std::fs::read(path)
            .map_err(|e| TargetError::Address(format!("{} could not be read: {e}", path.display())))
    };
    Ok(Trust::Public { extra_roots: reach.ca_files.iter().map(read).collect::<Result<_, _>>()? })
}
