//! JSON-RPC messages: read from any bytes, and built. Source: basic/index#messages.

mod json;

pub use json::footprint;
use plumb_model::Payload;
use serde_json::{Map, Value, json};

pub use json::{Parsed, parse};

/// What some bytes say when read as a JSON-RPC message; anything can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The bytes.
    pub raw: Payload,
    /// The JSON value, or why there is none.
    pub json: Result<Value, String>,
    /// JSON pointers of members that stand more than once in their object, at most sixteen; `json` has the last.
    pub duplicate_keys: Vec<String>,
    /// What it is, by its members.
    pub kind: Kind,
}

/// What a message is, told by which of `method`, `id`, `result` and `error` it has.
///
/// The member `jsonrpc` plays no part: see [`Message::version`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a `method` and an `id`.
    Request,
    /// It has a `method` and no `id`.
    Notification,
    /// It has a `result`, and no `error` but null.
    Result,
    /// It has an `error` that is an object, and no `result` but null.
    Error,
    /// It is none of these: no JSON, no object, an array (a batch), or contradictory members. Says why.
    Invalid(String),
}

impl Message {
    /// Reads a payload.
    pub fn parse(payload: &Payload) -> Self {
        let Parsed { value: json, duplicate_keys } = parse(payload.bytes());
        let kind = match &json {
            Ok(value) => kind(value),
            Err(why) => Kind::Invalid(format!("no json: {why}")),
        };
        Self { raw: payload.clone(), json, duplicate_keys, kind }
    }

    /// Whether it holds more values than are read, so that nothing can be said of it.
    pub fn is_too_large(&self) -> bool {
        self.json.as_ref().is_err_and(|why| why == json::TOO_MANY)
    }

    /// Whether it is an array of messages, none of which is invalid: a batch, where a revision has such.
    pub fn is_batch(&self) -> bool {
        let Ok(Value::Array(messages)) = &self.json else { return false };
        !messages.is_empty() && messages.iter().all(|m| !matches!(kind(m), Kind::Invalid(_)))
    }

    /// Reads a value that was parsed before.
    pub fn from_value(value: Value) -> Self {
        let raw = Payload::from(value.to_string());
        Self { raw, kind: kind(&value), json: Ok(value), duplicate_keys: Vec::new() }
    }

    /// The member `jsonrpc`, which a message has as `"2.0"`.
    pub fn version(&self) -> Option<&Value> {
        self.member("jsonrpc")
    }

    /// The member `id`; `Some(Value::Null)` if it is there as `null`.
    pub fn id(&self) -> Option<&Value> {
        self.member("id")
    }

    /// The member `method`, if it is a string.
    pub fn method(&self) -> Option<&str> {
        self.member("method")?.as_str()
    }

    /// The member `params`.
    pub fn params(&self) -> Option<&Value> {
        self.member("params")
    }

    /// The member `result`, unless it is a null beside an error.
    pub fn result(&self) -> Option<&Value> {
        self.member("result").filter(|result| !result.is_null() || self.error().is_none())
    }

    /// The member `error`, unless it is a null beside a result.
    pub fn error(&self) -> Option<&Value> {
        let alone = || self.member("result").is_none();
        self.member("error").filter(|error| !error.is_null() || alone())
    }

    /// The error's `code`, if it is an integer.
    pub fn code(&self) -> Option<i64> {
        self.error()?.get("code")?.as_i64()
    }

    /// The error's `message`, if it is a string.
    pub fn error_message(&self) -> Option<&str> {
        self.error()?.get("message")?.as_str()
    }

    /// The error's `data`.
    pub fn data(&self) -> Option<&Value> {
        self.error()?.get("data")
    }

    /// The result's `resultType`, if it is a string.
    pub fn result_type(&self) -> Option<&str> {
        self.result()?.get("resultType")?.as_str()
    }

    /// The `_meta` of the params or of the result.
    pub fn meta(&self) -> Option<&Value> {
        self.params().or_else(|| self.result())?.get("_meta")
    }

    /// Whether it answers a request: a result or an error.
    pub fn is_response(&self) -> bool {
        matches!(self.kind, Kind::Result | Kind::Error)
    }

    /// Whether it answers the request of this id; `1`, `1.0` and `"1"` are different ids.
    pub fn answers(&self, id: &Value) -> bool {
        self.is_response() && self.id() == Some(id)
    }

    /// A member of the outermost object.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.json.as_ref().ok()?.get(name)
    }
}

fn kind(value: &Value) -> Kind {
    let invalid = |why: &str| Kind::Invalid(why.to_owned());
    let members = match value {
        Value::Object(members) => members,
        Value::Array(_) => return invalid("an array, no object"),
        _ => return invalid("no object"),
    };
    let method = members.get("method");
    match (method, members.get("result"), members.get("error")) {
        (None, None, None) => invalid("no method, no result, no error"),
        (Some(Value::String(_)), None, None) if members.contains_key("id") => Kind::Request,
        (Some(Value::String(_)), None, None) => Kind::Notification,
        (Some(_), None, None) => invalid("a method that is no string"),
        // A null beside the outcome is one member too many, and leaves no doubt what was meant.
        (None, Some(_), None | Some(Value::Null)) => Kind::Result,
        (None, None | Some(Value::Null), Some(Value::Object(_))) => Kind::Error,
        (None, None, Some(_)) => invalid("an error that is no object"),
        (None, Some(_), Some(_)) => invalid("both a result and an error"),
        (Some(_), _, _) => invalid("both a method and an outcome"),
    }
}

/// A request to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its id: a string or an integer in a correct request.
    pub id: Value,
    /// Its method.
    pub method: String,
    /// Its params, with `_meta` among them.
    pub params: Map<String, Value>,
}

impl Request {
    /// The request as JSON.
    pub fn to_value(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params})
    }

    /// The request as one line of JSON text without a newline.
    pub fn to_bytes(&self) -> bytes::Bytes {
        self.to_value().to_string().into()
    }
}

/// A notification to be sent.
pub fn notification(method: &str, params: &Map<String, Value>) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message {
        Message::parse(&Payload::from(text.to_owned()))
    }

    #[test]
    fn a_batch_holds_messages_and_nothing_else() {
        let both = r#"[{"method":"m"},{"id":1,"result":{}}]"#;
        assert!(message(both).is_batch());
        for other in ["[]", r#"[{"method":"m"},7]"#, r#"{"method":"m"}"#, "[[]]"] {
            assert!(!message(other).is_batch(), "{other}");
        }
    }

    #[test]
    fn members_tell_the_kind() {
        for (text, kind) in [
            (r#"{"id":1,"method":"m"}"#, Kind::Request),
            (r#"{"id":null,"method":"m"}"#, Kind::Request),
            (r#"{"method":"m"}"#, Kind::Notification),
            (r#"{"id":1,"result":null}"#, Kind::Result),
            (r#"{"error":{}}"#, Kind::Error),
            (r#"{"id":1,"result":{},"error":null}"#, Kind::Result),
            (r#"{"id":1,"result":null,"error":{}}"#, Kind::Error),
            (r#"{"error":"invalid_token"}"#, Kind::Invalid("an error that is no object".into())),
            (
                r#"{"id":1,"result":{},"error":{}}"#,
                Kind::Invalid("both a result and an error".into()),
            ),
            (r#"{"method":"m","result":{}}"#, Kind::Invalid("both a method and an outcome".into())),
            (r#"{"method":1}"#, Kind::Invalid("a method that is no string".into())),
            ("[]", Kind::Invalid("an array, no object".into())),
            ("null", Kind::Invalid("no object".into())),
            ("{}", Kind::Invalid("no method, no result, no error".into())),
        ] {
            assert_eq!(message(text).kind, kind, "{text}");
        }
        assert!(matches!(message("nonsense").kind, Kind::Invalid(_)));
    }

    #[test]
    fn a_null_beside_the_outcome_is_none() {
        let success = message(r#"{"id":1,"result":{},"error":null}"#);
        assert_eq!((success.result(), success.error()), (Some(&json!({})), None));
        let failure = message(r#"{"id":1,"result":null,"error":{}}"#);
        assert_eq!((failure.result(), failure.error()), (None, Some(&json!({}))));
        assert_eq!(message(r#"{"id":1,"result":null}"#).result(), Some(&Value::Null));
    }

    #[test]
    fn an_id_is_compared_with_its_type() {
        let answer = message(r#"{"id":1,"result":{"_meta":{"a":1}}}"#);
        assert!(answer.answers(&json!(1)));
        assert!(!answer.answers(&json!("1")));
        assert!(!answer.answers(&json!(1.0)));
        assert_eq!(answer.meta(), Some(&json!({"a": 1})));
    }

    #[test]
    fn a_request_is_one_line() {
        let params = json!({"text": "a\nb"}).as_object().cloned().expect("an object");
        let request = Request { id: json!(1), method: "m".into(), params };
        assert_eq!(
            request.to_bytes(),
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"text":"a\nb"}}"#
        );
    }
}
