//! What a server says of the token that it wants: `WWW-Authenticate` (RFC 9110 section 11.6.1).

use crate::client::rules::ClientRules;

/// The challenge of the scheme `Bearer`, and that of `DPoP`, which says the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Where the metadata of the resource stands.
    pub(super) resource_metadata: Option<String>,
    /// The scopes that are needed.
    pub(super) scopes: Option<Vec<String>>,
    error: Option<String>,
}

impl Challenge {
    /// Reads all fields, each of which may hold several challenges.
    pub(super) fn read(fields: &[String], rules: &ClientRules) -> Self {
        let all = if rules.reads_every_challenge { fields } else { &fields[..fields.len().min(1)] };
        let mut challenge = Self::default();
        let mut ours = false;
        for item in all.iter().flat_map(|field| items(field)) {
            let (scheme, parameter) = split(&item);
            if let Some(scheme) = scheme {
                ours = ["bearer", "dpop"].iter().any(|own| scheme.eq_ignore_ascii_case(own));
            }
            let Some((name, value)) = parameter.filter(|_| ours) else { continue };
            match name.to_ascii_lowercase().as_str() {
                "resource_metadata" => challenge.resource_metadata = Some(value),
                "scope" => {
                    challenge.scopes = Some(value.split_whitespace().map(str::to_owned).collect());
                }
                "error" => challenge.error = Some(value),
                _ => {}
            }
        }
        challenge
    }

    /// Whether the same request is wanted with another nonce.
    pub(super) fn is_for_nonce(&self) -> bool {
        self.error.as_deref() == Some("use_dpop_nonce")
    }

    /// Whether more scopes are wanted.
    pub(super) fn is_for_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }
}

/// What stands between commas that no quotes enclose.
fn items(field: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in field.chars() {
        if c == ',' && !quoted {
            items.push(String::new());
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && quoted && !escaped;
        if let Some(last) = items.last_mut() {
            last.push(c);
        }
    }
    items
}

/// The scheme that begins here, if one does, and the parameter.
fn split(item: &str) -> (Option<&str>, Option<(&str, String)>) {
    let item = item.trim();
    let end = item.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(item.len());
    let (word, rest) = item.split_at(end);
    if let Some(value) = rest.trim_start().strip_prefix('=') {
        return (None, Some((word, unquoted(value))));
    }
    let parameter = rest.trim().split_once('=');
    (Some(word), parameter.map(|(name, value)| (name.trim_end(), unquoted(value))))
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        text.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_found_among_others() {
        let fields = ["Negotiate".to_owned(), "Basic realm=\"a, Bearer scope=\\\"no\\\"\", bearer realm=x ,\tscope=\"a  b\" , resource_metadata=\"http://h/m,n\"".to_owned()];
        let challenge = Challenge::read(&fields, &ClientRules::SPEC);
        assert_eq!(challenge.resource_metadata.as_deref(), Some("http://h/m,n"));
        assert_eq!(challenge.scopes, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(!challenge.is_for_scope());
    }
}
