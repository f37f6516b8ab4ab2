//! What the server offers.

mod advice;
pub(crate) mod apps;
pub(crate) mod clock;
mod completion;
mod discover;
mod extensions;
mod forms;
mod lists;
mod logging;
mod mrtr;
mod outcome;
pub(crate) mod progress;
mod prompts;
mod resources;
mod roots;
pub(crate) mod subscriptions;
mod tagged;
pub(crate) mod tasks;
pub(crate) mod tools;
mod uri;

use serde_json::{Value, json};

use crate::burden;
use crate::call::Call;
use crate::message::RpcError;

/// Works on a request whose method is known.
pub(crate) async fn serve(call: &Call) -> Result<Value, RpcError> {
    match call.method.as_str() {
        "server/discover" => discover::discover(call),
        "tools/list" => {
            burden::pause(call).await;
            tools::list(call)
        }
        "tools/call" => tools::call(call).await,
        "resources/list" => resources::list(call),
        "resources/templates/list" => resources::templates::list(call),
        "resources/read" => resources::read(call).await,
        "prompts/list" => prompts::list(call),
        "prompts/get" => prompts::get(call).await,
        "completion/complete" => completion::complete(call),
        "subscriptions/listen" => subscriptions::listen(call).await,
        "tasks/get" => tasks::methods::get(call).await,
        "tasks/update" => tasks::methods::update(call),
        "tasks/cancel" => tasks::methods::cancel(call),
        "initialize" => Ok(crate::eras::welcome()),
        // Methods of earlier revisions, which only a mutant knows.
        _ => Ok(json!({})),
    }
}
