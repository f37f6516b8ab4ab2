//! The `_meta` member: reserved keys and the format of key names, basic/index#meta.

/// Opts a request into progress notifications: basic/patterns/progress.
pub const PROGRESS_TOKEN: &str = "progressToken";
/// The revision of a request; required.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The client's name and version.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// The capabilities of the client that matter to a request; required.
pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// The lowest level of log messages for a request: server/utilities/logging.
pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// What the newest revision demands of, or allows in, every request, and a session of earlier ones has settled.
pub const OF_REQUESTS: [&str; 4] = [PROTOCOL_VERSION, CLIENT_INFO, CLIENT_CAPABILITIES, LOG_LEVEL];
/// Ties a notification to its subscription: basic/patterns/subscriptions.
pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// The server's name and version, in results.
pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// Trace context of OpenTelemetry: W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";
/// Trace context of OpenTelemetry: W3C Trace Context.
pub const TRACESTATE: &str = "tracestate";
/// Trace context of OpenTelemetry: W3C Baggage.
pub const BAGGAGE: &str = "baggage";

/// The keys without prefix that the specification reserves.
pub const BARE: [&str; 4] = [PROGRESS_TOKEN, TRACEPARENT, TRACESTATE, BAGGAGE];

/// A well-formed key name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// The labels of the prefix in order; empty without a prefix.
    pub labels: Vec<&'a str>,
    /// What follows the slash; may be empty.
    pub name: &'a str,
}

/// Why a key name is ill-formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing stands between two dots, or before the slash.
    #[error("the prefix has an empty label")]
    EmptyLabel,
    /// A label starts with something else than a letter.
    #[error("label `{0}` does not start with a letter")]
    LabelStart(String),
    /// A label ends with something else than a letter or digit.
    #[error("label `{0}` does not end with a letter or digit")]
    LabelEnd(String),
    /// A label holds something else than letters, digits and hyphens.
    #[error("label `{0}` holds {1:?}")]
    LabelCharacter(String, char),
    /// The name does not begin and end with a letter or digit.
    #[error("name `{0}` does not begin and end with a letter or digit")]
    NameEdge(String),
    /// The name holds something else than letters, digits, hyphens, underscores and dots.
    #[error("name `{0}` holds {1:?}")]
    NameCharacter(String, char),
}

impl<'a> Key<'a> {
    /// Reads a key name.
    pub fn parse(key: &'a str) -> Result<Self, KeyError> {
        let (labels, name) = match key.split_once('/') {
            Some((prefix, name)) => (prefix.split('.').map(label).collect::<Result<_, _>>()?, name),
            None => (Vec::new(), key),
        };
        check_name(name)?;
        Ok(Self { labels, name })
    }

    /// Whether the prefix is reserved for MCP: its second label is `modelcontextprotocol` or `mcp`.
    pub fn is_reserved(&self) -> bool {
        matches!(self.labels.get(1), Some(&("modelcontextprotocol" | "mcp")))
    }
}

fn label(label: &str) -> Result<&str, KeyError> {
    let (Some(first), Some(last)) = (label.chars().next(), label.chars().next_back()) else {
        return Err(KeyError::EmptyLabel);
    };
    if let Some(bad) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Err(KeyError::LabelCharacter(label.to_owned(), bad));
    }
    if !first.is_ascii_alphabetic() {
        return Err(KeyError::LabelStart(label.to_owned()));
    }
    if !last.is_ascii_alphanumeric() {
        return Err(KeyError::LabelEnd(label.to_owned()));
    }
    Ok(label)
}

fn check_name(name: &str) -> Result<(), KeyError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(bad) = name.chars().find(|c| !allowed(*c)) {
        return Err(KeyError::NameCharacter(name.to_owned(), bad));
    }
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    if !edge(name.chars().next()) || !edge(name.chars().next_back()) {
        return Err(KeyError::NameEdge(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_keys_are_read() {
        for (key, labels, name, reserved) in [
            (PROTOCOL_VERSION, &["io", "modelcontextprotocol"][..], "protocolVersion", true),
            ("dev.mcp/", &["dev", "mcp"], "", true),
            ("com.example.mcp/x", &["com", "example", "mcp"], "x", false),
            ("com.mcp.tools/a-b_c.d", &["com", "mcp", "tools"], "a-b_c.d", true),
            ("traceparent", &[], "traceparent", false),
            ("", &[], "", false),
        ] {
            let parsed = Key::parse(key).expect(key);
            assert_eq!((&parsed.labels[..], parsed.name), (labels, name));
            assert_eq!(parsed.is_reserved(), reserved, "{key}");
        }
    }

    #[test]
    fn ill_formed_keys_are_refused_with_their_reason() {
        let err = |key| Key::parse(key).expect_err(key);
        assert_eq!(err("/x"), KeyError::EmptyLabel);
        assert_eq!(err("a..b/x"), KeyError::EmptyLabel);
        assert_eq!(err("1a/x"), KeyError::LabelStart("1a".into()));
        assert_eq!(err("a-/x"), KeyError::LabelEnd("a-".into()));
        assert_eq!(err("a_b/x"), KeyError::LabelCharacter("a_b".into(), '_'));
        assert_eq!(err("a/-x"), KeyError::NameEdge("-x".into()));
        assert_eq!(err("a/b/c"), KeyError::NameCharacter("b/c".into(), '/'));
        assert_eq!(err("naïve"), KeyError::NameCharacter("naïve".into(), 'ï'));
    }
}
