//! What a vector changes, by kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Base;
use crate::Payload;

/// What a vector changes; the kinds are closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A deviation from a request just accepted.
    Edit(Edit),
    /// A parameter's value and the header that mirrors it.
    HeaderValue(HeaderValue),
    /// An access token in place of the valid one.
    Token(TokenUse),
    /// What happens to a running flow.
    Interruption(Interruption),
    /// A deviation from a correct use of an authorization server.
    Grant(GrantUse),
    /// What a client is answered.
    Answered(Answered),
}

/// What a client is answered: what a right server answers, but for this. The client is made to ask by a scenario of the
/// official suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The official name that makes a client ask; of what an authorization server does, the whole name of its scenario.
    pub scenario: String,
    /// What is changed in answers, each to one of the bases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Reply>,
    /// How the authorization server departs from a right one, by the names of its deviations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authority: Vec<String>,
    /// The vector that a client has to have done right for this one to show anything: one that takes whatever comes
    /// shows nothing by taking this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
}

/// A change of the answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The request.
    pub to: Base,
    /// JSON Patch (RFC 6902) on the response.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<Value>,
    /// The HTTP status in place of the right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// HTTP header fields that take the place of those of their names, or are added.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Nothing stands in the body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
    /// Only the first of these requests is answered so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// How a use of an authorization server departs from the correct one; a vector without a deviation is correct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantUse {
    /// The one thing that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<GrantDeviation>,
}

/// What is wrong in a use of an authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantDeviation {
    /// The authorization request of a public client has no `code_challenge`.
    NoChallenge,
    /// The token request has no `code_verifier`.
    NoVerifier,
    /// The token request has the `code_verifier` of another flow.
    OtherVerifier,
    /// The token request has the S256 challenge as its `code_verifier`.
    PlainVerifier,
    /// The authorization request has an unknown `response_type`.
    UnknownResponseType,
    /// The authorization request has an unknown `scope`.
    UnknownScope,
    /// The authorization request has `prompt=none`, and nobody is logged in.
    PromptNone,
    /// The redirect URI is plain HTTP on another machine.
    PlainHttpRedirect,
}

/// What happens to a flow that the base request begins, and with what the client goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interruption {
    /// Where the flow stands when it happens.
    pub at: Moment,
    /// What happens.
    pub act: Act,
    /// With what the client goes on.
    pub then: Next,
}

/// Where a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The first page of a list has come, and names a next one.
    FirstPage,
    /// Input is asked for, without a task.
    Asked,
    /// A task works.
    Working,
    /// A task waits for input.
    InputRequired,
    /// A task has ended.
    Ended,
}

/// What happens to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The connection is closed; the client goes on over another.
    Reconnect,
    /// The client goes on with another replica.
    SwitchReplica,
    /// The replica is killed (SIGKILL); the client goes on with another one.
    Kill,
    /// The replica is killed (SIGKILL), and another is started; the client goes on with that.
    Restart,
}

/// With what the client goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// The next page, by the cursor of the first.
    NextPage,
    /// The request again, with the answers and the state.
    Retry,
    /// `tasks/get`.
    Get,
    /// `tasks/update` with answers to all that is asked.
    Update,
    /// `tasks/cancel`.
    Cancel,
}

/// An access token in place of the valid one: how it departs from it, and how it is presented. The slugs are those
/// of the token mint; a token that does not depart is valid for everything, one that is not presented otherwise
/// stands in the `Authorization` header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenUse {
    /// How the token departs from the valid one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<String>,
    /// How it is presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation: Option<String>,
}

/// A deviation from a request just accepted. The standard headers follow the edited body, so that a
/// change of the body alone breaks no header rule; header edits come last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// JSON Patch (RFC 6902) on the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<Value>,
    /// JSON pointers of strings and what is put behind each: the unknown neighbour of a known name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub append: Vec<(String, String)>,
    /// The bytes to send in place of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Payload>,
    /// Changes of the header fields, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderEdit>,
    /// The HTTP request method in place of POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
}

/// One change of the header fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HeaderEdit {
    /// Replaces the field's value, or adds the field.
    Set(String, String),
    /// Adds a further field line.
    Add(String, String),
    /// Removes the field.
    Remove(String),
    /// Writes the name as given, case and all.
    Rename(String, String),
    /// Writes the value in the Base64 sentinel form.
    Encode(String),
    /// Writes the value in upper case.
    Upper(String),
    /// Writes each letter of the value in its other case.
    SwapCase(String),
    /// Writes the last letter or digit of the value percent-encoded (RFC 3986, section 2.1).
    PercentEncode(String),
    /// Puts white space before and after the value.
    Pad(String),
    /// Puts a suffix behind the value.
    Append(String, String),
    /// Appends a byte that no field value may hold.
    AppendByte(String, u8),
}

/// A parameter's value and the header that mirrors it; the type picks the annotated tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderValue {
    /// The argument in the body; absent leaves the argument out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The type of the annotated parameter.
    pub of: ParamType,
    /// The field value on the wire, byte by byte as Latin-1; absent leaves the field out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// The types that may be annotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// A string.
    String,
    /// An integer.
    Integer,
    /// A boolean.
    Boolean,
}
