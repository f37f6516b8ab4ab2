//! A token as it is carried.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumb_model::secret::BLOT;

use super::TokenDeviation;
use crate::login::same_scopes;

/// What nobody issued.
const OPAQUE: &str = "bm9ib2R5LWlzc3VlZC10aGlzLXRva2VuLXRvLWFueWJvZHk";

/// An access token. Its text is a secret: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that somebody gave.
    pub fn of(text: String) -> Self {
        Self(text)
    }

    /// The characters that are sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same token with one bit of its signature flipped; `None` if it is no JWT.
    pub fn signed_badly(&self) -> Option<Self> {
        let is_jwt = self.0.split('.').count() == 3;
        super::forge::signed_badly(&self.0).ok().filter(|_| is_jwt).map(Self)
    }

    /// The same token, broken as anybody can who has it and no key; `None` if that is not possible.
    pub fn broken_without_a_key(&self, deviation: TokenDeviation) -> Option<Self> {
        use TokenDeviation as D;
        let parts: Vec<&str> = self.0.split('.').collect();
        let jwt = <[&str; 3]>::try_from(parts).ok();
        let text = match (deviation, jwt) {
            (D::SignatureBad, _) => return self.signed_badly(),
            (D::SignatureStripped, Some([header, payload, _])) => format!("{header}.{payload}."),
            (D::SignatureAbsent, Some([header, payload, _])) => format!("{header}.{payload}"),
            (D::AlgorithmNone | D::AlgorithmNoneCased, Some([_, payload, _])) => {
                let none = if deviation == D::AlgorithmNone { "none" } else { "nOnE" };
                let header = format!("{{\"alg\":\"{none}\",\"typ\":\"JWT\"}}");
                format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header))
            }
            (D::Truncated, _) => self.0.chars().take(self.0.chars().count() * 3 / 4).collect(),
            (D::Opaque, _) => OPAQUE.to_owned(),
            _ => return None,
        };
        Some(Self(text))
    }

    /// Who it is of, by its own account: the subject of a JWT.
    pub fn subject(&self) -> Option<String> {
        self.claims()?["sub"].as_str().map(str::to_owned)
    }

    /// Whether it grants these scopes and no others: by its own account, if it is a JWT that says so (RFC 9068 section 2.2.3), else by
    /// that of who issued it.
    pub(crate) fn grants(&self, scopes: &[String], told: &[String]) -> bool {
        let claims = self.claims().unwrap_or_default();
        match claims["scope"].as_str() {
            Some(own) => {
                let own: Vec<String> = own.split_whitespace().map(str::to_owned).collect();
                same_scopes(&own, scopes)
            }
            None => same_scopes(told, scopes),
        }
    }

    fn claims(&self) -> Option<serde_json::Value> {
        let payload = self.0.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// For whom it is, by its own account: the audience of a JWT.
    pub fn audience(&self) -> Option<Vec<String>> {
        let claims = self.claims()?;
        match &claims["aud"] {
            serde_json::Value::String(one) => Some(vec![one.clone()]),
            serde_json::Value::Array(several) => {
                Some(several.iter().filter_map(|a| a.as_str()).map(str::to_owned).collect())
            }
            _ => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_somebody_else_is_broken_without_a_key() {
        // {"alg":"RS256"}.{"aud":"https://a.example/mcp"}.signature
        let token = Token::of(
            "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2EuZXhhbXBsZS9tY3AifQ.c2ln".to_owned(),
        );
        assert_eq!(token.audience(), Some(vec!["https://a.example/mcp".to_owned()]));
        let broken = |deviation| token.broken_without_a_key(deviation).map(Token::into_string);
        let stripped = broken(TokenDeviation::SignatureStripped).expect("a JWT");
        assert!(stripped.ends_with('.') && token.as_str().starts_with(&stripped));
        assert!(broken(TokenDeviation::SignatureBad).is_some_and(|t| t != token.as_str()));
        assert_eq!(broken(TokenDeviation::Expired), None);
        let opaque = Token::of("0123456789abcdef".to_owned());
        assert_eq!(opaque.broken_without_a_key(TokenDeviation::SignatureStripped), None);
        assert_eq!(opaque.broken_without_a_key(TokenDeviation::SignatureBad), None);
        assert_eq!(opaque.audience(), None);
    }
}
