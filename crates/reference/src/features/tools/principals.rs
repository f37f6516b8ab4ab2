//! Tools of a protected server: who asks, what the scopes of a token are good for, and a service behind a tool.

use serde_json::{Map, Value, json};

use crate::auth::{fetch, principal};
use crate::call::Call;
use crate::content::text;
use crate::features::outcome::{Outcome, failed, said};
use crate::server::Server;

use super::tool::{no_arguments, read_only, tool};

pub(super) fn definitions(server: &Server) -> Vec<Value> {
    if server.options.protection.is_none() {
        return Vec::new();
    }
    let claim = json!({
        "type": "object",
        "properties": { "user": { "type": "string", "maxLength": 200 } },
        "additionalProperties": false,
    });
    [
        tool("whoami", "Says who asks", claim),
        tool("scoped_tool", "Needs a scope of its own", no_arguments()),
        tool("hidden_tool", "Is listed for those who may call it", no_arguments()),
        tool("call_upstream", "Asks another service, in the name of this server", no_arguments()),
    ]
    .map(read_only)
    .to_vec()
}

pub(super) async fn run(
    call: &Call,
    name: &str,
    arguments: &Map<String, Value>,
) -> Option<Outcome> {
    let guard = call.server.guard.get()?;
    let rules = call.rules();
    Some(Ok(match name {
        "whoami" => {
            let mut identity = principal::identity(call.principal.as_ref());
            if !rules.identity_from_token {
                identity["subject"] = json!("alice");
            }
            if let Some(user) = arguments.get("user").filter(|_| !rules.identity_not_claimed) {
                identity["subject"] = user.clone();
            }
            json!({ "content": [text(identity.to_string())], "structuredContent": identity })
        }
        "scoped_tool" | "hidden_tool" => said("You may."),
        "call_upstream" => {
            let Some(upstream) = guard.upstream() else {
                return Some(Ok(failed("there is no other service")));
            };
            let token = call.principal.as_ref().map(|p| p.token.as_str()).unwrap_or_default();
            let own = "Bearer a-token-of-this-server";
            let passed = format!("Bearer {token}");
            let authorization = if rules.upstream_with_own_token { own } else { &passed };
            let url = if rules.no_token_in_transit {
                upstream.to_owned()
            } else {
                format!("{upstream}?token={token}")
            };
            match fetch::get(&url, Some(authorization)).await {
                Ok(_) => said("It answered."),
                Err(error) => failed(&format!("it did not answer: {error}")),
            }
        }
        _ => return None,
    }))
}
