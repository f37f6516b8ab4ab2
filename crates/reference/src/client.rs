//! A correct MCP client of one revision over Streamable HTTP, written to be broken: it does what a scenario of the official
//! suite names, and each of its rules is one switch of [`ClientRules`].

mod post;
mod request;
mod rules;

use std::env;

use serde_json::{Value, json};

use post::{Address, Answer};
use request::Request;
pub use rules::{CLIENT_MUTANTS, ClientMutant, ClientRules};

/// No list has more pages than this: one that does never ends.
const PAGES: usize = 64;

/// The client: where its server is, and which rules it keeps.
#[derive(Debug)]
pub struct Client {
    address: Address,
    rules: ClientRules,
    /// Whether it tries the handshake of the earlier revision before it speaks this one.
    dual: bool,
    /// The id of the next request.
    next: u64,
}

impl Client {
    /// A client of the server at this URL, such as `http://127.0.0.1:9000/mcp`.
    ///
    /// Errors: the URL is none of plain HTTP.
    pub fn new(url: &str, rules: ClientRules) -> Result<Self, String> {
        Ok(Self { address: Address::parse(url)?, rules, dual: false, next: 1 })
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
            "tools_call" => self.call_tools().await,
            "http-standard-headers" => self.use_everything().await,
            "json-schema-ref-no-deref" => self.list_tools().await.map(drop),
            _ => self.look_around().await,
        }
    }

    /// Sends `initialize` as the earlier revision has it. A server of this one refuses it.
    async fn try_the_handshake(&self) -> Result<(), String> {
        let body = request::handshake().to_string();
        let headers = request::earlier_headers();
        self.address.send("POST", &headers, body.as_bytes()).await?;
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
        let tools = self.list("tools/list", "tools").await?;
        if !self.rules.leaves_references {
            for url in tools.iter().flat_map(references) {
                Address::parse(url)?.send("GET", &[], &[]).await?;
            }
        }
        Ok(tools)
    }

    /// All items of a list, page by page.
    async fn list(&mut self, method: &str, member: &str) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        let mut params = json!({});
        for _ in 0..PAGES {
            let page = self.ask(method, params).await?;
            items.extend(page[member].as_array().cloned().unwrap_or_default());
            match page.get("nextCursor") {
                None => return Ok(items),
                Some(cursor) => params = json!({ "cursor": cursor }),
            }
        }
        Err(format!("{method} has more than {PAGES} pages"))
    }

    /// Sends a request and gives its complete result.
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let request = Request { id: self.next, method, params };
        self.next += 1;
        let http = if self.rules.posts { "POST" } else { "PUT" };
        let (headers, body) = (request.headers(&self.rules), request.body(&self.rules));
        let Answer { status, messages } = self.address.send(http, &headers, &body).await?;
        let response = messages.iter().find(|m| m["id"] == request.id || m.get("error").is_some());
        let response =
            response.ok_or_else(|| format!("{method}: no response, but status {status}"))?;
        if let Some(error) = response.get("error") {
            return Err(format!("{method}: {error}"));
        }
        let result = &response["result"];
        match result.get("resultType").map(Value::as_str) {
            // A server of an earlier revision says nothing.
            None | Some(Some("complete")) => Ok(result.clone()),
            Some(_) => Err(format!("{method}: no result of a type that is known: {result}")),
        }
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
