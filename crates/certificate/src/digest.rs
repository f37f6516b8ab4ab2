//! Digests: SHA-256 of bytes, and of values in their canonical form (RFC 8785).

use std::fmt::{self, Write as _};
use std::io::{self, Read};

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

/// A SHA-256 digest, written as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::written(digest(&SHA256, bytes).as_ref())
    }

    /// The digest of a value's canonical form.
    pub fn of_value(value: &impl Serialize) -> Self {
        Self::of(&canonical(value))
    }

    /// The digest of all that can be read.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(Self::written(context.finish().as_ref())),
                read => context.update(&buffer[..read]),
            }
        }
    }

    /// Its hexadecimal digits alone, as in-toto and OCI write them.
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }

    fn written(bytes: &[u8]) -> Self {
        let mut text = String::from("sha256:");
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value in its canonical form: the same value gives the same bytes, whoever writes it.
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    // What we write has neither keys that are no strings nor numbers beyond a double.
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_changes_no_digest() {
        let (a, b) = (serde_json::json!({"a": 1, "b": [2]}), serde_json::json!({"b": [2], "a": 1}));
        assert_eq!(Digest::of_value(&a), Digest::of_value(&b));
        assert_eq!(canonical(&b), br#"{"a":1,"b":[2]}"#);
    }

    #[test]
    fn a_digest_is_the_one_of_the_standard() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(Digest::of_reader(&b""[..]).expect("read").to_string(), empty);
    }
}
