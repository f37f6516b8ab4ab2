//! `WWW-Authenticate`: challenges and their parameters (RFC 9110 section 11.6.1).

use plumb_runner::Observed;

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, as it was written.
    pub scheme: String,
    parameters: Vec<(String, String)>,
    well_formed: bool,
}

impl Challenge {
    /// A parameter; names are compared without case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether each value is a token or a quoted string (RFC 9110 section 11.2).
    pub fn is_well_formed(&self) -> bool {
        self.well_formed
    }

    /// The scopes, in alphabetical order.
    pub fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = self
            .parameter("scope")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        scopes.sort();
        scopes
    }
}

/// The Bearer challenge of an answer.
pub fn bearer(seen: &Observed) -> Option<Challenge> {
    let challenges = seen.header("www-authenticate").flat_map(parse);
    challenges.into_iter().find(|c| c.scheme.eq_ignore_ascii_case("bearer"))
}

/// What the challenges of an answer say, for a message.
pub fn shown(seen: &Observed) -> String {
    let fields: Vec<&str> = seen.header("www-authenticate").collect();
    let status = seen.status().map_or_else(|| seen.describe(), |status| format!("HTTP {status}"));
    if fields.is_empty() {
        format!("{status} without WWW-Authenticate")
    } else {
        format!("{status} with WWW-Authenticate: {}", plumb_runner::clip(&fields.join(", "), 240))
    }
}

/// The challenges of a field value.
fn parse(field: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for part in parts(field) {
        let part = part.trim();
        let (word, rest) = part.split_once([' ', '\t']).unwrap_or((part, ""));
        // A scheme is a word without `=`; what follows it may be its first parameter.
        let named = word.contains('=') || rest.trim_start().starts_with('=');
        let parameter = if named || word.is_empty() {
            part
        } else {
            let scheme = word.to_owned();
            found.push(Challenge { scheme, parameters: Vec::new(), well_formed: true });
            rest
        };
        if let (Some((name, value)), Some(last)) = (parameter.split_once('='), found.last_mut()) {
            let value = value.trim();
            let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
            last.well_formed &= quoted || (!value.is_empty() && value.bytes().all(is_token));
            last.parameters.push((name.trim().to_owned(), unquoted(value)));
        }
    }
    found
}

/// Whether a character may stand outside of quotes: RFC 9110 section 5.6.2. Values in Base64 have a few more.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/=".contains(&byte)
}

/// The field split at commas outside of quotes.
fn parts(field: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in field.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&field[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&field[start..]);
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_told_apart_and_quotes_are_read() {
        let found = parse(
            r#"Basic realm="a, b", Bearer error = "invalid_token",scope="a b" , resource_metadata=u, Negotiate"#,
        );
        let schemes: Vec<&str> = found.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["Basic", "Bearer", "Negotiate"]);
        assert_eq!(found[0].parameter("REALM"), Some("a, b"));
        assert_eq!(found[1].parameter("error"), Some("invalid_token"));
        assert_eq!(found[1].scopes(), ["a", "b"]);
        assert_eq!(found[1].parameter("resource_metadata"), Some("u"));
        assert!(found.iter().all(Challenge::is_well_formed));
        assert!(!parse("Bearer resource_metadata=https://a.example/b")[0].is_well_formed());
    }

    #[test]
    fn an_escaped_quote_ends_nothing() {
        let found = parse(r#"Bearer error_description="say \"a, b\"", error="x""#);
        assert_eq!(found[0].parameter("error_description"), Some("say \"a, b\""));
        assert_eq!(found[0].parameter("error"), Some("x"));
    }
}
