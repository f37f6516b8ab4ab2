//! The ways to present a token to a resource server (RFC 6750 section 2).

use super::Token;
use super::table::deviations;

deviations! {
    /// One way to present a token; the token itself is whatever it is.
    Presentation, "presentation" {
        /// `Authorization: Bearer` and the token.
        Header = "header", Valid, "RFC 6750 section 2.1";
        /// The scheme is written `bearer`.
        SchemeLowerCase = "scheme-lower-case", Valid, "RFC 9110 section 11.1";
        /// The scheme is written `BEARER`.
        SchemeUpperCase = "scheme-upper-case", Valid, "RFC 9110 section 11.1";
        /// Two spaces stand between the scheme and the token.
        TwoSpaces = "two-spaces", Valid, "RFC 6750 section 2.1";
        /// The token is not there at all.
        Absent = "absent", Invalid, "RFC 6750 section 3";
        /// The scheme is there, and nothing follows it.
        Empty = "empty", Invalid, "RFC 6750 section 2.1";
        /// The token stands alone, without a scheme.
        SchemeMissing = "scheme-missing", Invalid, "RFC 6750 section 2.1";
        /// The scheme is `Token`.
        SchemeUnknown = "scheme-unknown", Invalid, "RFC 6750 section 2.1";
        /// The scheme is `Basic`.
        SchemeBasic = "scheme-basic", Invalid, "RFC 6750 section 2.1";
        /// The token is the query parameter `access_token`, and nowhere else.
        Query = "query", Invalid, "basic/authorization#token-requirements";
        /// The token is the form parameter `access_token`, and nowhere else.
        BodyForm = "body-form", Open, "RFC 6750 section 2.2";
        /// The token is the member `access_token` of the JSON message, and nowhere else.
        BodyMember = "body-member", Invalid, "basic/authorization#token-requirements";
        /// Two `Authorization` fields carry the token.
        HeaderTwice = "header-twice", Invalid, "RFC 6750 section 3.1";
        /// The token stands in the header and in the query.
        HeaderAndQuery = "header-and-query", Invalid, "RFC 6750 section 3.1";
    }
}

/// Where the characters of a token stand in a request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Presented {
    /// The values of the `Authorization` fields, in order.
    pub authorization: Vec<String>,
    /// What to add to the query.
    pub query: Vec<(String, String)>,
    /// The form that takes the place of the body.
    pub form: Vec<(String, String)>,
    /// What to add to the JSON message.
    pub members: Vec<(String, String)>,
}

impl Presentation {
    /// The token, presented this way.
    pub fn of(self, token: &Token) -> Presented {
        let text = token.as_str();
        let parameter = || vec![("access_token".to_owned(), text.to_owned())];
        let header = |value: String| Presented { authorization: vec![value], ..Default::default() };
        match self {
            Self::Header => header(format!("Bearer {text}")),
            Self::SchemeLowerCase => header(format!("bearer {text}")),
            Self::SchemeUpperCase => header(format!("BEARER {text}")),
            Self::TwoSpaces => header(format!("Bearer  {text}")),
            Self::Absent => Presented::default(),
            Self::Empty => header("Bearer".to_owned()),
            Self::SchemeMissing => header(text.to_owned()),
            Self::SchemeUnknown => header(format!("Token {text}")),
            Self::SchemeBasic => header(format!("Basic {text}")),
            Self::Query => Presented { query: parameter(), ..Default::default() },
            Self::BodyForm => Presented { form: parameter(), ..Default::default() },
            Self::BodyMember => Presented { members: parameter(), ..Default::default() },
            Self::HeaderTwice => {
                Presented { authorization: vec![format!("Bearer {text}"); 2], ..Default::default() }
            }
            Self::HeaderAndQuery => Presented {
                authorization: vec![format!("Bearer {text}")],
                query: parameter(),
                ..Default::default()
            },
        }
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("authorization", &self.authorization.len())
            .field("query", &self.query.len())
            .field("form", &self.form.len())
            .field("members", &self.members.len())
            .finish()
    }
}
