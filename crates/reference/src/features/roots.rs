//! Paths and the roots that a client shares.

use super::uri::percent_decode;
use crate::rules::Rules;

/// Whether the path, a `file:` URI or absolute, lies within the root, which is a `file:` URI.
pub(crate) fn contains(rules: &Rules, root: &str, path: &str) -> bool {
    let normal = |path: &str| {
        if rules.paths_normalised { normalise(path) } else { Some(strip(path).to_owned()) }
    };
    let (Some(root), Some(path)) = (normal(root), normal(path)) else { return false };
    let root = root.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || !rules.root_ends_at_a_separator,
        None => !rules.root_boundaries,
    }
}

/// The path without escapes and without steps up; `None` if it leaves the file system.
pub(crate) fn normalise(path: &str) -> Option<String> {
    let decoded = percent_decode(strip(path))?;
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

fn strip(path: &str) -> &str {
    path.strip_prefix("file://").unwrap_or(path)
}
