//! What must never reach a report: blotted out before an exchange becomes an event.

/// What stands in a report where a secret stood.
pub const BLOT: &str = "[redacted]";

/// The secrets of a run: tokens, client secrets, codes, values of headers named secret by the user.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Adds a secret; those under four bytes are ignored, since blotting them would blot everything.
    pub fn add(&mut self, secret: impl Into<Vec<u8>>) {
        let secret = secret.into();
        if secret.len() >= 4 && !self.0.contains(&secret) {
            self.0.push(secret);
            self.0.sort_by_key(|s| std::cmp::Reverse(s.len()));
        }
    }

    /// The bytes with every secret replaced, or `None` if none occurs.
    pub fn blot(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut current: Option<Vec<u8>> = None;
        for secret in &self.0 {
            let text = current.as_deref().unwrap_or(bytes);
            if let Some(replaced) = replace(text, secret) {
                current = Some(replaced);
            }
        }
        current
    }

    /// The text with every secret replaced.
    pub fn blot_text(&self, text: &str) -> String {
        self.blot(text.as_bytes())
            .map_or_else(|| text.to_owned(), |b| String::from_utf8_lossy(&b).into_owned())
    }
}

fn replace(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(secret.len()).position(|w| w == secret) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(BLOT.as_bytes());
        rest = &rest[at + secret.len()..];
    }
    if out.is_empty() {
        return None;
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_secret_is_blotted_first() {
        let mut secrets = Secrets::default();
        secrets.add("token");
        secrets.add("token-abc");
        secrets.add("abc");
        assert_eq!(secrets.blot_text("Bearer token-abc, token"), "Bearer [redacted], [redacted]");
        assert!(secrets.blot(b"nothing here").is_none());
    }
}
