//! One request in progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use serde_json::{Map, Value};

use crate::auth::principal::Principal;
use crate::connection::Connection;
use crate::message::{self, RpcError};
use crate::meta::Meta;
use crate::outbox::Outbox;
use crate::rules::Rules;
use crate::server::Server;
use crate::transport::Transport;

/// A validated request. It is complete in itself: nothing about it is looked up in earlier ones.
pub(crate) struct Call {
    pub(crate) server: Arc<Server>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) transport: Transport,
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) meta: Meta,
    pub(crate) outbox: Outbox,
    /// Who asks, if the server is protected.
    pub(crate) principal: Option<Principal>,
    /// How many progress notifications went out.
    pub(crate) progressed: AtomicU32,
    /// Whether a log message went out.
    pub(crate) logged: AtomicBool,
}

impl Call {
    pub(crate) fn rules(&self) -> &Rules {
        &self.server.rules
    }

    /// A member of `params` that must be a string.
    pub(crate) fn string(&self, name: &str) -> Result<&str, RpcError> {
        match self.params.get(name) {
            Some(Value::String(value)) => Ok(value),
            Some(_) => Err(self.malformed(&format!("{name} is not a string"))),
            None => Err(self.malformed(&format!("{name} is missing"))),
        }
    }

    /// The error for parameters that do not have the form the schema gives them.
    pub(crate) fn malformed(&self, what: &str) -> RpcError {
        let code = if self.rules().invalid_params_code {
            RpcError::INVALID_PARAMS
        } else {
            RpcError::INVALID_REQUEST
        };
        RpcError::new(code, format!("{}: {what}", self.method))
    }

    pub(crate) async fn notify(&self, method: &str, params: Value) {
        self.outbox.send(message::notification(method, params)).await;
    }
}
