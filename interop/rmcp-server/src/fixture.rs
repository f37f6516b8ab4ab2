//! The fixture without its tools: prompts, completion, resources, subscriptions and tasks.

use rmcp::{ErrorData, ServerHandler, model::*, service::SubscriptionContext, task_manager::TaskManager};
use serde_json::json;
use tokio::sync::broadcast;

use crate::{
    Answer, Context,
    tools::{self, PNG},
};

type Page = Option<PaginatedRequestParams>;

/// URI, media type, text or Base64.
const RESOURCES: [(&str, &str, &str); 3] = [
    ("test://static-text", "text/plain", "This is the content of the static text resource."),
    ("test://static-binary", "image/png", PNG),
    ("test://watched-resource", "text/plain", "Watched resource content"),
];

/// Clones share the tasks and the subscribers, which outlive the request that made them.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) tasks: TaskManager,
    pub(crate) tools_changed: broadcast::Sender<()>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self { tasks: TaskManager::new(), tools_changed: broadcast::channel(16).0 }
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let capabilities = json!({"tools": {"listChanged": true}, "prompts": {}, "resources": {}, "completions": {},
            "logging": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}});
        ServerConfig::new(serde_json::from_value(capabilities).expect("the literal names known capabilities"))
            .with_server_info(Implementation::new("rmcp-server", "3.9.0"))
    }

    async fn list_tools(&self, _: Page, _: Context) -> Answer<ListToolsResult> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(&self, call: CallToolRequestParams, context: Context) -> Answer<CallToolResponse> {
        self.call(call, &context).await
    }

    async fn list_prompts(&self, _: Page, _: Context) -> Answer<ListPromptsResult> {
        let two = ["arg1", "arg2"].map(|name| PromptArgument::new(name).with_required(true));
        Ok(ListPromptsResult::with_all_items(vec![
            Prompt::new("test_simple_prompt", Some("Takes no argument"), None),
            Prompt::new("test_prompt_with_arguments", Some("Takes two"), Some(two.into())),
        ]))
    }

    async fn get_prompt(&self, get: GetPromptRequestParams, _: Context) -> Answer<GetPromptResponse> {
        let arguments = get.arguments.unwrap_or_default();
        let [a, b] = ["arg1", "arg2"].map(|name| arguments.get(name)?.as_str());
        let text = match (get.name.as_str(), a, b) {
            ("test_simple_prompt", ..) => "This is a simple prompt for testing.".to_owned(),
            ("test_prompt_with_arguments", Some(a), Some(b)) => {
                format!("Prompt with arguments: arg1='{a}', arg2='{b}'")
            }
            _ => return Err(ErrorData::invalid_params("unknown prompt or missing argument", None)),
        };
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).into())
    }

    async fn complete(&self, typed: CompleteRequestParams, _: Context) -> Answer<CompleteResult> {
        let known = ["paris", "park", "party"].into_iter();
        let values = known.filter(|value| value.starts_with(&typed.argument.value));
        let info = CompletionInfo::with_all_values(values.map(str::to_owned).collect());
        Ok(CompleteResult::new(info.map_err(|error| ErrorData::internal_error(error, None))?))
    }

    async fn list_resources(&self, _: Page, _: Context) -> Answer<ListResourcesResult> {
        let listed = RESOURCES.map(|(uri, mime, _)| Resource::new(uri, uri).with_mime_type(mime));
        Ok(ListResourcesResult::with_all_items(listed.into()))
    }

    async fn list_resource_templates(&self, _: Page, _: Context) -> Answer<ListResourceTemplatesResult> {
        let template = ResourceTemplate::new("test://template/{id}/data", "template");
        Ok(ListResourceTemplatesResult::with_all_items(vec![template]))
    }

    async fn read_resource(&self, read: ReadResourceRequestParams, _: Context) -> Answer<ReadResourceResponse> {
        let uri = read.uri.as_str();
        let id = uri.strip_prefix("test://template/").and_then(|id| id.strip_suffix("/data"));
        let contents = match (RESOURCES.into_iter().find(|(known, ..)| *known == uri), id) {
            (Some((_, "image/png", data)), _) => ResourceContents::blob(data, uri).with_mime_type("image/png"),
            (Some((_, mime, text)), _) => ResourceContents::text(text, uri).with_mime_type(mime),
            (None, Some(id)) => {
                let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
            }
            (None, None) => return Err(ErrorData::resource_not_found("no such resource", None)),
        };
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    /// Accepts what was asked for; the SDK cuts it down to what is advertised.
    fn accepted_subscription_filter(&self, asked: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(asked.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        let mut tools_changed = self.tools_changed.subscribe();
        loop {
            tokio::select! {
                () = subscription.cancelled() => return Ok(()),
                // The sink refuses what the client did not opt in to; the stream goes on.
                Ok(()) = tools_changed.recv() => drop(subscription.sink().notify_tool_list_changed().await),
            }
        }
    }

    async fn get_task(&self, get: GetTaskParams, _: Context) -> Answer<GetTaskResult> {
        Ok(GetTaskResult::new(self.tasks.get_task(&get.task_id)?))
    }

    async fn update_task(&self, update: UpdateTaskParams, _: Context) -> Answer<()> {
        self.tasks.update_task(&update.task_id, update.input_responses)
    }

    async fn cancel_task(&self, cancel: CancelTaskParams, _: Context) -> Answer<()> {
        self.tasks.cancel_task(&cancel.task_id)
    }
}
