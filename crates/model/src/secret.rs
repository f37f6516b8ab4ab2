//! What must never reach a report: blotted out before an exchange becomes an event.

use std::collections::HashMap;

/// What stands in a report where a secret stood.
pub const BLOT: &str = "[redacted]";

/// Secrets under so many bytes are ignored, since blotting them would blot everything.
const SHORTEST: usize = 4;

/// A long secret is blotted even where it was cut off, once so many bytes of it stand there.
const TELLING: usize = 48;

/// The secrets of a run: tokens, client secrets, codes, values of headers named secret by the user.
#[derive(Clone, Default)]
pub struct Secrets {
    /// By their first bytes, so that thousands of secrets cost no more than one.
    by_start: HashMap<[u8; SHORTEST], Vec<Vec<u8>>>,
    /// One bit for each pair of first bytes: most places of a text are no beginning of a secret.
    pairs: Vec<u64>,
}

impl Secrets {
    /// Adds a secret; those under four bytes are ignored, since blotting them would blot everything.
    pub fn add(&mut self, secret: impl Into<Vec<u8>>) {
        let secret = secret.into();
        let Some(start) = secret.first_chunk::<SHORTEST>() else { return };
        self.pairs.resize(1024, 0);
        let (word, bit) = pair(*start);
        self.pairs[word] |= bit;
        let alike = self.by_start.entry(*start).or_default();
        if !alike.contains(&secret) {
            alike.push(secret);
        }
    }

    /// The bytes with every secret replaced, or `None` if none occurs. Of a long secret its beginning is enough.
    pub fn blot(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.pairs.is_empty() {
            return None;
        }
        let mut out = Vec::new();
        let (mut at, mut kept) = (0, 0);
        while let Some(start) = bytes.get(at..).and_then(|rest| rest.first_chunk::<SHORTEST>()) {
            let (word, bit) = pair(*start);
            let begins = self.pairs[word] & bit != 0;
            let alike = if begins { self.by_start.get(start) } else { None };
            let Some(length) = alike.and_then(|alike| longest(alike, &bytes[at..])) else {
                at += 1;
                continue;
            };
            out.extend_from_slice(&bytes[kept..at]);
            out.extend_from_slice(BLOT.as_bytes());
            at += length;
            kept = at;
        }
        if kept == 0 {
            return None;
        }
        out.extend_from_slice(&bytes[kept..]);
        Some(out)
    }

    /// The text with every secret replaced.
    pub fn blot_text(&self, text: &str) -> String {
        self.blot(text.as_bytes())
            .map_or_else(|| text.to_owned(), |b| String::from_utf8_lossy(&b).into_owned())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.by_start.values().map(Vec::len).sum::<usize>())
    }
}

/// The place of the first two bytes in the table of pairs.
fn pair(start: [u8; SHORTEST]) -> (usize, u64) {
    let pair = usize::from(u16::from_be_bytes([start[0], start[1]]));
    (pair / 64, 1 << (pair % 64))
}

/// How many bytes of the text are a secret, or enough of one.
fn longest(alike: &[Vec<u8>], text: &[u8]) -> Option<usize> {
    let common = |secret: &Vec<u8>| secret.iter().zip(text).take_while(|(a, b)| a == b).count();
    let telling = |secret: &Vec<u8>| {
        let length = common(secret);
        (length == secret.len() || length >= TELLING).then_some(length)
    };
    alike.iter().filter_map(telling).max()
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

    #[test]
    fn a_long_secret_that_was_cut_off_is_blotted() {
        let mut secrets = Secrets::default();
        let long: String = ('a'..='z').cycle().take(200).collect();
        secrets.add(long.as_str());
        assert_eq!(secrets.blot_text(&format!("got {}…", &long[..60])), "got [redacted]…");
        assert_eq!(secrets.blot_text(&long[..20]), &long[..20]);
    }
}
