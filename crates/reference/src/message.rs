//! JSON-RPC messages as they come in, and the errors that go out.

use serde_json::{Map, Value, json};

use crate::rules::Rules;

/// A message that has the form of one.
pub(crate) enum Incoming {
    Request(Request),
    Notification {
        method: String,
        params: Map<String, Value>,
    },
    /// Clients send none; there is nothing to answer.
    Response,
}

pub(crate) struct Request {
    /// A string or an integer, exactly as sent.
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Option<Value>,
}

/// What was refused before it was a request; the id where it could be read.
pub(crate) struct Refused {
    pub(crate) id: Option<Value>,
    pub(crate) error: Box<RpcError>,
}

/// A JSON-RPC error and the HTTP status that goes with it.
#[derive(Debug, Clone)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
    pub(crate) status: u16,
}

/// Reads one message.
pub(crate) fn parse(bytes: &[u8], rules: &Rules) -> Result<Incoming, Refused> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        let code =
            if rules.parse_error_code { RpcError::PARSE_ERROR } else { RpcError::INVALID_REQUEST };
        return Err(Refused {
            id: None,
            error: Box::new(RpcError::new(code, "the message is not JSON").status(400)),
        });
    };
    let invalid = |id: Option<Value>, message: &str| {
        let code = if rules.invalid_request_code {
            RpcError::INVALID_REQUEST
        } else {
            RpcError::INVALID_PARAMS
        };
        Err(Refused { id, error: Box::new(RpcError::new(code, message).status(400)) })
    };
    let value = match value {
        Value::Array(mut batch) if !rules.batches_refused => batch.pop().unwrap_or_default(),
        value => value,
    };
    let Value::Object(mut message) = value else {
        return invalid(None, "the message is not a JSON object");
    };
    if !rules.member_names_exact {
        message = message.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    }
    let mut id = message.remove("id");
    if let Some(cut) = id.as_ref().and_then(cut).filter(|_| !rules.fractional_ids_kept) {
        id = Some(cut);
    }
    id = id.map(|id| altered(rules, id));
    let readable = id.clone().filter(is_request_id);
    if message.get("jsonrpc") != Some(&json!("2.0")) {
        return invalid(readable, "the member jsonrpc is not \"2.0\"");
    }
    let method = match message.remove("method") {
        Some(Value::String(method)) => method,
        None if message.contains_key("result") || message.contains_key("error") => {
            return Ok(Incoming::Response);
        }
        _ => return invalid(readable, "the member method is not a string"),
    };
    let params = message.remove("params");
    match id {
        Some(id) if is_request_id(&id) => Ok(Incoming::Request(Request { id, method, params })),
        Some(Value::Null) if !rules.null_ids_refused => {
            Ok(Incoming::Request(Request { id: Value::Null, method, params }))
        }
        Some(_) => invalid(None, "the member id is neither a string nor an integer"),
        None => match params {
            None => Ok(Incoming::Notification { method, params: Map::new() }),
            Some(Value::Object(params)) => Ok(Incoming::Notification { method, params }),
            Some(_) => invalid(None, "the member params is not an object"),
        },
    }
}

/// The id as a mutant keeps it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "to lose a part of it is what the mutant does"
)]
fn altered(rules: &Rules, id: Value) -> Value {
    match &id {
        Value::String(text) if !rules.ids_not_trimmed => json!(text.trim()),
        Value::String(text) if !rules.ids_keep_their_case => json!(text.to_lowercase()),
        Value::Number(n) if !rules.large_ids_exact => match n.as_i64() {
            Some(n) => json!(n as f64 as i64),
            None => id,
        },
        _ => id,
    }
}

/// The whole part of a fraction, which a mutant takes for the id.
#[expect(clippy::cast_possible_truncation, reason = "to lose a part of it is what the mutant does")]
fn cut(id: &Value) -> Option<Value> {
    id.as_f64().filter(|_| id.is_f64()).map(|id| json!(id as i64))
}

pub(crate) fn notification(method: &str, params: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    message["params"] = params;
    message
}

/// A string, or an integer that this server can echo unchanged.
pub(crate) fn is_request_id(id: &Value) -> bool {
    id.is_string() || id.is_i64() || id.is_u64()
}

impl RpcError {
    pub(crate) const PARSE_ERROR: i64 = -32700;
    pub(crate) const INVALID_REQUEST: i64 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    pub(crate) const INTERNAL: i64 = -32603;
    /// No code: the handler is gone, and there is no answer to the request.
    pub(crate) const CRASH: i64 = 0;
    pub(crate) const HEADER_MISMATCH: i64 = -32020;
    pub(crate) const MISSING_CAPABILITY: i64 = -32021;
    pub(crate) const UNSUPPORTED_VERSION: i64 = -32022;

    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None, status: 200 }
    }

    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Self::INTERNAL, message)
    }

    /// What a mutant's handler leaves behind: HTTP 500 without a message; on stdio, nothing.
    pub(crate) fn crash() -> Self {
        Self::new(Self::CRASH, "").status(500)
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}
