//! A token as it is carried.

use plumb_model::secret::BLOT;

/// An access token. Its text is a secret: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub(crate) fn of(text: String) -> Self {
        Self(text)
    }

    /// The characters that are sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same token with one bit of its signature flipped; `None` if it is no JWT.
    pub fn signed_badly(&self) -> Option<Self> {
        super::forge::signed_badly(&self.0).ok().map(Self)
    }

    /// The characters that are sent.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({BLOT}, {} bytes)", self.0.len())
    }
}
