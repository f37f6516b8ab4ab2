//! A correct MCP client of one revision over Streamable HTTP, written to be broken: it does what a scenario of the official
//! suite names, and each of its rules is one switch of [`ClientRules`].

mod auth;
mod mirrored;
mod post;
mod request;
mod rules;

use std::env;

use serde_json::{Value, json};

use post::{Address, Answer};
use request::Request;
pub use rules::{CLIENT_MUTANTS, ClientMutant, ClientRules};

use crate::revision::SERVED;

/// No list has more pages than this: one that does never ends.
const PAGES: usize = 64;

/// No request is sent more often than this.
const ROUNDS: usize = 8;

/// The code of the error that refuses a version.
const UNSUPPORTED: i64 = -32022;

/// The client: where its server is, and which rules it keeps.
#[derive(Debug)]
pub struct Client {
    address: Address,
    rules: ClientRules,
    /// Whether it tries the handshake of the earlier revision before it speaks this one.
    dual: bool,
    /// The id of the next request.
    next: u64,
    /// The tools that were listed last.
    tools: Vec<Value>,
    /// What it has signed in with.
    session: auth::Session,
}

impl Client {
    /// A client of the server at this URL, such as `http://127.0.0.1:9000/mcp`.
    ///
    /// Errors: the URL is none of plain HTTP.
    pub fn new(url: &str, rules: ClientRules) -> Result<Self, String> {
        let (address, session) = (Address::parse(url)?, auth::Session::new(url));
        Ok(Self { address, rules, dual: false, next: 1, tools: Vec::new(), session })
    }

    /// The same client, but one that also speaks the earlier revision and tries that first, as is legal.
    pub fn dual(self) -> Self {
        Self { dual: true, ..self }
    }

    /// Does what the scenario named in `MCP_CONFORMANCE_SCENARIO` asks for; looks around if it knows none.
    ///
    /// Errors: the server is not reached, refuses, or answers what this revision does not allow.
    pub async fn act(&mut self) -> Result<(), String> {
        if self.dual {
            self.try_the_handshake().await?;
        }
        match env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default().as_str() {
            "tools_call" | "request-metadata" => self.call_tools().await,
            "http-custom-headers" => self.make_calls().await,
            "http-invalid-tool-headers" => self.call_all().await,
            "http-standard-headers" => self.use_everything().await,
            "json-schema-ref-no-deref" => self.list_tools().await.map(drop),
            name if name.starts_with("auth/") => self.call_signed_in().await,
            _ => self.look_around().await,
        }
    }

    /// Sends `initialize` as the earlier revision has it. A server of this one refuses it.
    async fn try_the_handshake(&self) -> Result<(), String> {
        let body = request::handshake().to_string();
        let headers = request::earlier_headers();
        self.address.send("POST", &headers, body.as_bytes(), &self.rules).await?;
        Ok(())
    }

    /// Makes the calls that the context lists, whatever comes of each.
    async fn make_calls(&mut self) -> Result<(), String> {
        self.list_tools().await?;
        let context = env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        let context: Value = serde_json::from_str(&context).map_err(|e| e.to_string())?;
        for call in context["toolCalls"].as_array().into_iter().flatten() {
            self.ask("tools/call", call.clone()).await?;
        }
        Ok(())
    }

    /// Calls every tool that it has.
    async fn call_all(&mut self) -> Result<(), String> {
        for tool in self.list_tools().await? {
            // No argument is needed, and a value could not be mirrored under each of the names.
            let call = json!({ "name": tool["name"], "arguments": {} });
            self.ask("tools/call", call).await?;
        }
        Ok(())
    }

    async fn look_around(&mut self) -> Result<(), String> {
        self.ask("server/discover", json!({})).await?;
        self.list_tools().await.map(drop)
    }

    async fn call_tools(&mut self) -> Result<(), String> {
        self.list_tools().await?;
        let arguments = json!({ "a": 5, "b": 3 });
        self.ask("tools/call", json!({ "name": "add_numbers", "arguments": arguments })).await?;
        Ok(())
    }

    async fn call_signed_in(&mut self) -> Result<(), String> {
        self.list_tools().await?;
        self.ask("tools/call", json!({ "name": "test-tool", "arguments": {} })).await?;
        Ok(())
    }

    async fn use_everything(&mut self) -> Result<(), String> {
        self.call_tools().await?;
        for resource in self.list("resources/list", "resources").await? {
            self.ask("resources/read", json!({ "uri": resource["uri"] })).await?;
        }
        for prompt in self.list("prompts/list", "prompts").await? {
            self.ask("prompts/get", json!({ "name": prompt["name"] })).await?;
        }
        Ok(())
    }

    async fn list_tools(&mut self) -> Result<Vec<Value>, String> {
        let mut tools = self.list("tools/list", "tools").await?;
        tools.retain(|tool| mirrored::is_kept(&self.rules, tool));
        self.tools.clone_from(&tools);
        if !self.rules.leaves_references {
            for url in tools.iter().flat_map(references) {
                Address::parse(url)?.send("GET", &[], &[], &self.rules).await?;
            }
        }
        Ok(tools)
    }

    /// All items of a list, page by page.
    async fn list(&mut self, method: &str, member: &str) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        let mut params = json!({});
        for _ in 0..PAGES {
            let page = self.ask(method, params.clone()).await?;
            items.extend(page[member].as_array().cloned().unwrap_or_default());
            match page.get("nextCursor") {
                None if params.get("cursor").is_some_and(|c| !c.is_null())
                    && !self.rules.ends_with_the_last_page =>
                {
                    params = json!({ "cursor": null });
                }
                None => return Ok(items),
                Some(cursor) if cursor == "" && !self.rules.follows_empty_cursors => {
                    return Ok(items);
                }
                Some(cursor) if self.rules.keeps_cursors => params = json!({ "cursor": cursor }),
                Some(cursor) => {
                    let trimmed = cursor.to_string().replace(' ', "");
                    params = json!({ "cursor": trimmed });
                }
            }
        }
        Err(format!("{method} has more than {PAGES} pages"))
    }

    /// Sends a request, again where it is to be, and gives its complete result.
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let mut sent = params.clone();
        for _ in 0..ROUNDS {
            let result = match self.post(method, &sent).await? {
                Ok(result) => result,
                Err(error) if error["code"] == UNSUPPORTED => {
                    self.take_version(&error).await?;
                    continue;
                }
                Err(error) => return Err(format!("{method}: {error}")),
            };
            match result.get("resultType").map(Value::as_str) {
                // A server of an earlier revision says nothing.
                None | Some(Some("complete")) => return Ok(result),
                Some(Some("input_required")) if result.get("inputRequests").is_none() => {
                    sent = self.again(&params, &result);
                }
                Some(_) if !self.rules.refuses_unknown_results => return Ok(result),
                Some(_) => {
                    return Err(format!("{method}: no result of a type that is known: {result}"));
                }
            }
        }
        Err(format!("{method}: no result after {ROUNDS} rounds"))
    }

    /// What is sent again after a result that asks for it.
    fn again(&mut self, params: &Value, result: &Value) -> Value {
        let rules = &self.rules;
        let mut again = params.clone();
        let state = result["requestState"].as_str().unwrap_or_default();
        if rules.sends_state {
            let read = serde_json::from_str::<Value>(state).map(|read| read.to_string());
            let changed = read.unwrap_or_default();
            again["requestState"] = json!(if rules.keeps_state { state } else { &changed });
        }
        if !rules.keeps_arguments {
            again["arguments"] = json!({});
        }
        if !rules.renews_ids {
            self.next -= 1;
        }
        again
    }

    /// Goes on after its version was refused, if a version of the list is spoken.
    async fn take_version(&self, error: &Value) -> Result<(), String> {
        if !self.rules.stays_modern {
            self.try_the_handshake().await?;
        }
        let supported = error["data"]["supported"].as_array();
        let common = supported.is_some_and(|all| all.iter().any(|version| version == SERVED));
        if common && self.rules.retries_with_a_listed_version {
            return Ok(());
        }
        Err(format!("no common version: {error}"))
    }

    /// Sends a request once and gives its result, or its error.
    async fn post(&mut self, method: &str, params: &Value) -> Result<Result<Value, Value>, String> {
        let tool = self.tools.iter().find(|tool| tool["name"] == params["name"]);
        let schema = tool.filter(|_| method == "tools/call").map(|tool| &tool["inputSchema"]);
        let mirrored = schema.map(|s| mirrored::headers(&self.rules, s, &params["arguments"]));
        let mirrored = mirrored.unwrap_or_default();
        let request = Request { id: self.next, method, params: params.clone(), mirrored };
        self.next += 1;
        let http = if self.rules.posts { "POST" } else { "PUT" };
        let (headers, body) = (request.headers(&self.rules), request.body(&self.rules));
        let answer = self.send_signed_in(http, &headers, &body).await?;
        let Answer { status, mut messages, .. } = answer;
        let notified = messages.iter().any(|m| m.get("method").is_some());
        if (notified && !self.rules.ignores_notifications) || !self.rules.posts_no_responses {
            let response = json!({ "jsonrpc": "2.0", "id": request.id, "result": {} }).to_string();
            self.address.send(http, &headers, response.as_bytes(), &self.rules).await?;
        }
        let response = |m: &Value| {
            (m["id"] == request.id && m.get("result").is_some()) || m.get("error").is_some()
        };
        let at = messages.iter().position(response);
        let at = at.ok_or_else(|| format!("{method}: no response, but status {status}"))?;
        let mut response = messages.swap_remove(at);
        let error = response.get_mut("error").map(Value::take);
        Ok(error.map_or_else(|| Ok(response["result"].take()), Err))
    }
}

/// The addresses that the schema of a tool refers to.
fn references(tool: &Value) -> Vec<&str> {
    let properties = tool["inputSchema"]["properties"].as_object();
    let referring = |property: &'_ Value| property.get("$ref").is_some();
    let all = properties.into_iter().flat_map(|all| all.values());
    all.filter(|p| referring(p)).filter_map(|property| property["$ref"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reference, spawn_http};

    #[tokio::test]
    async fn the_client_and_the_reference_server_understand_each_other() {
        let server = spawn_http(Reference::default()).await.expect("it starts");
        let mut client = Client::new(&server.url, ClientRules::SPEC).expect("an address");
        client.look_around().await.expect("it is served");
        assert!(client.list_tools().await.expect("it is served").len() > 1);
        assert!(!client.list("prompts/list", "prompts").await.expect("it is served").is_empty());
    }

    #[test]
    fn only_what_a_property_refers_to_is_a_reference() {
        let tool = json!({ "inputSchema": { "properties": {
            "a": { "$ref": "http://a/b" }, "b": { "type": "string" } } } });
        assert_eq!(references(&tool), ["http://a/b"]);
    }
}
