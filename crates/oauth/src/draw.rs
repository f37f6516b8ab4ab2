//! Unguessable values that follow from a seed: codes, identifiers, secrets, opaque tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// A seeded source; clones share it. Each label has its own sequence, so that one more code does not
/// change the next identifier.
#[derive(Clone, Debug)]
pub struct Draw(Arc<Source>);

#[derive(Debug)]
struct Source {
    key: hmac::Key,
    drawn: Mutex<BTreeMap<&'static str, u64>>,
}

impl Draw {
    /// The source of a seed.
    pub fn seeded(seed: u64) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
        Self(Arc::new(Source { key, drawn: Mutex::default() }))
    }

    /// The next 32 bytes of a label's sequence.
    pub fn bytes(&self, label: &'static str) -> [u8; 32] {
        let mut drawn = self.0.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(label).or_default();
        *count += 1;
        let tag = hmac::sign(&self.0.key, format!("{label}/{count}").as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// A letter, so that a command line takes it for no option, and 43 characters of base64url: 256 bits.
    pub fn secret(&self, label: &'static str) -> String {
        format!("s{}", URL_SAFE_NO_PAD.encode(self.bytes(label)))
    }

    /// 16 characters of base64url: enough to be unique, short enough to read.
    pub fn name(&self, label: &'static str) -> String {
        URL_SAFE_NO_PAD.encode(&self.bytes(label)[..12])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_labels_do_not_disturb_each_other() {
        let (one, two) = (Draw::seeded(7), Draw::seeded(7));
        let _ = two.secret("other");
        assert_eq!(one.secret("code"), two.secret("code"));
        assert_ne!(one.secret("code"), one.secret("code"));
        assert_ne!(Draw::seeded(8).secret("code"), Draw::seeded(7).secret("code"));
    }
}
