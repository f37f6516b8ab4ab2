//! Mutants that serve clients of an earlier revision too, and let the one era spill over into the other. The conforming
//! server speaks this revision only.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use crate::connection::Connection;
use crate::lock::next;
use crate::message::RpcError;
use crate::meta::Meta;
use crate::revision::PREVIOUS;
use crate::server::Server;

/// What stands for the metadata of an `initialize` that is served.
pub(crate) fn initialize(server: &Server, connection: &Connection, method: &str) -> Option<Meta> {
    let rules = &server.rules;
    if method != "initialize" || (rules.eras_told_by_request && rules.eras_told_by_session) {
        return None;
    }
    if !rules.eras_told_by_request {
        connection.memory().initialized = true;
    }
    if !rules.eras_told_by_session {
        next(&server.state.scratch.initialized);
    }
    Some(Meta {
        version: PREVIOUS.to_owned(),
        capabilities: Map::new(),
        client_info: None,
        log_level: None,
        progress_token: None,
        all: Map::new(),
    })
}

/// A mutant takes whoever sends a bare `ping` for a client of the earlier revision.
pub(crate) fn pinged(
    server: &Server,
    connection: &Connection,
    method: &str,
    params: Option<&Value>,
) {
    if method == "ping" && params.is_none() && !server.rules.pings_choose_nothing {
        connection.memory().initialized = true;
    }
}

/// Refuses what has no session, once there was an `initialize`.
pub(crate) fn session(server: &Server, connection: &Connection) -> Result<(), RpcError> {
    // The first one still stays in its session: who finds out which eras there are opens one, too.
    let spilt = server.state.scratch.initialized.load(Ordering::Relaxed) > 1;
    if connection.memory().initialized || spilt {
        return Err(
            RpcError::new(RpcError::INVALID_REQUEST, "there is a session: name it").status(400)
        );
    }
    Ok(())
}

/// The result of `initialize`.
pub(crate) fn welcome() -> Value {
    json!({
        "protocolVersion": PREVIOUS,
        "capabilities": {},
        "serverInfo": { "name": "plumb-reference", "version": env!("CARGO_PKG_VERSION") },
    })
}
