//! Notifications of a subscription: each carries its id.

use serde_json::{Value, json};

use crate::call::Call;

/// Sends a notification on the stream of the subscription.
pub(crate) async fn send(call: &Call, method: &str, mut params: Value) {
    if call.rules().subscription_id_sent {
        params["_meta"] =
            json!({ "io.modelcontextprotocol/subscriptionId": subscription_id(call) });
    }
    call.notify(method, params).await;
}

/// The id of a subscription is that of the request that opened it.
pub(crate) fn subscription_id(call: &Call) -> Value {
    match &call.id {
        Value::Number(id) if !call.rules().subscription_id_type => json!(id.to_string()),
        id => id.clone(),
    }
}
