//! What a client wants to hear of, and what it is granted.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::resources::templates::belongs_to;
use crate::message::RpcError;
use crate::state::Event;

/// What a client wants to hear of.
#[derive(Clone)]
pub(super) struct Filter {
    pub(super) asked: Map<String, Value>,
}

impl Filter {
    const FLAGS: [&str; 3] = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];

    pub(super) fn parse(call: &Call) -> Result<Self, RpcError> {
        let Some(Value::Object(asked)) = call.params.get("notifications") else {
            return Err(call.malformed("notifications is not an object"));
        };
        if Self::FLAGS.iter().any(|flag| asked.get(*flag).is_some_and(|value| !value.is_boolean()))
        {
            return Err(call.malformed("a flag of notifications is not a boolean"));
        }
        let uris = asked.get("resourceSubscriptions");
        if uris.is_some_and(|uris| {
            !uris.as_array().is_some_and(|uris| uris.iter().all(Value::is_string))
        }) {
            return Err(call.malformed("resourceSubscriptions is not a list of strings"));
        }
        if asked.is_empty() && call.server.options.empty_listen_refused {
            return Err(call.malformed("notifications asks for nothing"));
        }
        Ok(Self { asked: asked.clone() })
    }

    /// The subset that the server honours.
    pub(super) fn acknowledged(&self, call: &Call) -> Value {
        let (rules, offered) = (call.rules(), call.server.options.features);
        let announces = call.server.options.restless_lists.is_none();
        let mut agreed = Map::new();
        for (flag, offered) in
            Self::FLAGS.into_iter().zip([offered.tools, offered.prompts, offered.resources])
        {
            let asked = match self.asked.get(flag) {
                Some(Value::Bool(asked)) => *asked || !rules.ack_declines_false,
                _ => false,
            };
            if offered && announces && asked && rules.ack_names_all {
                agreed.insert(flag.into(), json!(true));
            }
        }
        if !rules.ack_nothing_more {
            agreed.insert("resourcesListChanged".into(), json!(true));
        }
        let watched = self.asked.get("resourceSubscriptions");
        if let Some(uris) = watched.filter(|_| offered.resources && announces) {
            let mut uris = uris.clone();
            if let (Some(principal), Some(uris)) = (&call.principal, uris.as_array_mut()) {
                let foreign =
                    |uri: &str| belongs_to(uri).is_some_and(|subject| subject != principal.subject);
                uris.retain(|uri| {
                    !rules.subscriptions_guarded || !uri.as_str().is_some_and(foreign)
                });
            }
            agreed.insert("resourceSubscriptions".into(), uris);
        }
        Value::Object(agreed)
    }

    pub(super) fn wants(&self, call: &Call, event: &Event) -> bool {
        let rules = call.rules();
        let flag = |name: &str| match self.asked.get(name) {
            Some(Value::Bool(true)) => true,
            Some(_) => !rules.false_is_not_subscribed || !rules.filter_kept,
            None => !rules.filter_kept,
        };
        match event {
            Event::ToolsChanged => flag("toolsListChanged") && rules.tools_list_changed_sent,
            Event::PromptsChanged => flag("promptsListChanged") && rules.prompts_list_changed_sent,
            Event::ResourcesChanged => {
                flag("resourcesListChanged") && rules.resources_list_changed_sent
            }
            Event::Updated(uri) => {
                let uris = self.asked.get("resourceSubscriptions").and_then(Value::as_array);
                let watched = uris.is_some_and(|uris| uris.iter().any(|watched| watched == uri));
                let any = !rules.resource_filter_kept && uris.is_some();
                (watched || any) && rules.updates_sent && (rules.watched_changes_delivered || any)
            }
        }
    }
}
