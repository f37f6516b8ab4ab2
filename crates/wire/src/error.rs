//! What can prevent sending.

/// Nothing was sent, or not all of it and nothing came back. What a peer does later is told in the answer.
///
/// Causes are text, so that an error can be kept beside its check; they name addresses, never paths or headers,
/// which can hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The URL of an endpoint or a proxy is unusable.
    #[error("unusable url: {cause}")]
    Url {
        /// What is wrong with it.
        cause: String,
    },
    /// A configured trust anchor cannot be read.
    #[error("unusable certificate: {cause}")]
    Certificate {
        /// What is wrong with it.
        cause: String,
    },
    /// No connection: the name does not resolve, the address refuses or does not answer in time.
    #[error("cannot connect to {address}: {cause}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        cause: String,
    },
    /// A server of ours cannot listen.
    #[error("cannot listen at {address}: {cause}")]
    Listen {
        /// Host and port.
        address: String,
        /// Why.
        cause: String,
    },
    /// The proxy did not open a tunnel.
    #[error("the proxy opens no tunnel to {address}: {cause}")]
    Proxy {
        /// Host and port beyond the proxy.
        address: String,
        /// Why.
        cause: String,
    },
    /// The TLS handshake failed.
    #[error("no tls with {address}: {cause}")]
    Tls {
        /// Host and port.
        address: String,
        /// Why.
        cause: String,
    },
    /// The peer did not take the whole message, and said nothing.
    #[error("cannot send to {address}: {cause}")]
    Send {
        /// Host and port, or the channel of a process.
        address: String,
        /// Why.
        cause: String,
    },
    /// The message is larger than what is sent.
    #[error("the request would take {bytes} bytes, which is more than is sent")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// The channel was closed before: by us, or because its process is gone.
    #[error("{channel} is closed: {cause}")]
    Closed {
        /// The channel, such as `stdio-1`.
        channel: String,
        /// Why.
        cause: String,
    },
    /// A process could not be started or signalled.
    #[error("{program}: {cause}")]
    Process {
        /// The program as given.
        program: String,
        /// Why.
        cause: String,
    },
}

/// An operating system's error as a lower-case fragment.
pub(crate) fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(|| "unknown".to_owned(), |first| first.to_lowercase().chain(chars).collect())
}
