//! A correct MCP client of one revision over Streamable HTTP or standard streams, written to be broken: it does what a scenario of the official
//! suite names, and each of its rules is one switch of [`ClientRules`].

mod ask;
mod auth;
mod cache;
mod choices;
mod declared;
mod icons;
mod inputs;
mod kept;
mod mirrored;
mod pipe;
mod post;
mod posted;
mod request;
mod results;
mod rules;
mod steps;
mod tasks;

use std::env;
use std::sync::Arc;

use serde_json::{Value, json};

use cache::Cache;
use choices::Discovers;
pub use choices::{CLIENT_STYLES, ClientChoices, ClientStyle};
use pipe::Pipe;
use post::{Address, Answer};
pub use rules::{CLIENT_MUTANTS, ClientMutant, ClientRules};

use crate::revision::{PREVIOUS, SERVED};

/// No list has more pages than this: one that does never ends.
const PAGES: usize = 64;

/// The client: where its server is, and which rules it keeps.
#[derive(Debug)]
pub struct Client {
    /// Where it is over HTTP; it is nowhere if the client starts it.
    address: Address,
    /// What it starts in place of that.
    pipe: Option<Pipe>,
    rules: ClientRules,
    /// What it does as it likes.
    choices: ClientChoices,
    /// Whether it speaks this revision alone.
    modern: bool,
    /// Whether it tries the handshake of the earlier revision before it speaks this one.
    dual: bool,
    /// The id of the next request.
    next: u64,
    /// The tools that were listed last.
    tools: Vec<Value>,
    /// What it has signed in with.
    session: auth::Session,
    /// The version that it speaks.
    version: &'static str,
    /// Whether it can use tools while it samples.
    with_tools: bool,
    /// Whether the request at hand is one that is sent again.
    again: bool,
    /// Whether the server spoke this revision once.
    settled: bool,
    /// Whether the server turned out to be one of an earlier revision.
    earlier: bool,
    /// What it keeps of results.
    cache: Cache,
    /// A state that goes astray.
    stray: Option<Value>,
    /// A task that has not ended.
    task: Option<Value>,
}

impl Client {
    /// A client of the server at this URL, such as `http://127.0.0.1:9000/mcp`.
    ///
    /// Errors: the URL is none of plain HTTP.
    pub fn new(url: &str, rules: ClientRules) -> Result<Self, String> {
        Ok(Self {
            address: Address::parse(url)?,
            pipe: None,
            rules,
            choices: ClientChoices::default(),
            modern: !rules.modern_probes,
            dual: false,
            next: 1,
            tools: Vec::new(),
            session: auth::Session::new(url),
            version: SERVED,
            with_tools: true,
            again: false,
            settled: false,
            earlier: false,
            cache: Cache::default(),
            stray: None,
            task: None,
        })
    }

    /// A client that starts its server by this command, and speaks to it over standard streams.
    pub fn piped(command: Vec<String>, rules: ClientRules) -> Result<Self, String> {
        let mut client = Self::new("http://127.0.0.1:9/", rules)?;
        client.pipe = Some(Pipe::new(command, rules, Arc::clone(&client.cache.changed)));
        Ok(client)
    }

    /// The same client, but one that speaks no earlier revision.
    pub fn modern(self) -> Self {
        Self { modern: true, ..self }
    }

    /// The same client, but one that also speaks the earlier revision and tries that first, as is legal.
    pub fn dual(self) -> Self {
        Self { dual: true, ..self }
    }

    /// The same client, but one that chooses so what is left to it.
    pub fn styled(mut self, choices: ClientChoices) -> Self {
        self.choices = choices;
        self.address = self.address.wired(choices);
        self.cache.keeps_all = choices.keeps_all;
        if let Some(pipe) = &mut self.pipe {
            pipe.in_pieces = choices.long;
        }
        self
    }

    /// Does what the scenario named in `MCP_CONFORMANCE_SCENARIO` asks for; looks around if it knows none.
    ///
    /// Errors: the server is not reached, refuses, or answers what this revision does not allow.
    pub async fn act(&mut self) -> Result<(), String> {
        let acted = self.play().await;
        if let Some(pipe) = &mut self.pipe {
            pipe.close().await;
            pipe.complaints()?;
        }
        acted
    }

    async fn play(&mut self) -> Result<(), String> {
        if self.dual {
            self.try_the_handshake().await?;
        }
        let probes = if self.modern { self.rules.modern_probes } else { self.rules.probes };
        if self.pipe.is_some() && probes {
            self.probe().await?;
        } else if self.choices.discovers == Discovers::First {
            self.choose_version().await?;
        }
        let scenario = env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
        // Who cannot do a thing in one place can in another.
        self.with_tools = scenario != "request-metadata";
        match scenario.as_str() {
            "plumb-steps" => self.take_steps().await,
            "sep-2322-client-request-state" => self.be_asked().await,
            "tools_call" | "request-metadata" => self.call_tools().await,
            "http-custom-headers" => self.make_calls().await,
            "http-invalid-tool-headers" => self.call_all().await,
            "http-standard-headers" => self.use_everything().await,
            "json-schema-ref-no-deref" => self.list_tools().await.map(drop),
            name if name.starts_with("auth/") => self.call_signed_in().await,
            _ => self.look_around().await,
        }
    }

    /// Asks which revision the server speaks, before anything else.
    async fn probe(&mut self) -> Result<(), String> {
        let found = self.choose_version().await;
        if found.is_ok() && !self.earlier && !self.rules.stays_after_discovery {
            self.try_the_handshake().await?;
        }
        // Another revision has another way to ask, which has been gone.
        found.or_else(|why| if self.earlier { Ok(()) } else { Err(why) })
    }

    /// Sends `initialize` as the earlier revision has it. A server of this one refuses it.
    async fn try_the_handshake(&mut self) -> Result<(), String> {
        let body = request::handshake().to_string();
        let headers = request::earlier_headers();
        self.deliver("POST", &headers, body.as_bytes()).await?;
        Ok(())
    }

    /// Sends a message that needs no token.
    async fn deliver(
        &mut self,
        method: &str,
        headers: &request::Headers,
        body: &[u8],
    ) -> Result<Answer, String> {
        match &mut self.pipe {
            Some(pipe) => pipe.send(body).await,
            None => self.address.send(method, headers, body, &self.rules).await,
        }
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
        self.choose_version().await?;
        self.list_tools().await.map(drop)
    }

    /// Asks which versions the server speaks.
    async fn choose_version(&mut self) -> Result<(), String> {
        let found = self.ask("server/discover", json!({})).await?;
        let listed = found["supportedVersions"].as_array();
        let common = listed.is_some_and(|all| all.iter().any(|version| version == SERVED));
        if !common && self.rules.reads_the_list_of_versions {
            return Err(format!("no common version: {found}"));
        }
        if !self.rules.chooses_a_listed_version {
            self.version = PREVIOUS;
        }
        Ok(())
    }

    async fn call_tools(&mut self) -> Result<(), String> {
        if !self.rules.asks_before_it_streams && self.pipe.is_none() {
            let accept = vec![("Accept".to_owned(), b"text/event-stream".to_vec())];
            self.deliver("GET", &accept, b"").await.ok();
        }
        let listed = self.list_tools().await;
        if self.rules.repeats_what_was_refused {
            listed?;
        }
        if !self.rules.leaves_no_session && self.pipe.is_none() {
            self.deliver("DELETE", &Vec::new(), b"").await.ok();
        }
        if !self.rules.sends_nothing_removed {
            self.post("ping", &json!({})).await?;
        }
        let arguments = json!({ "a": 5, "b": 3 });
        self.ask("tools/call", json!({ "name": "add_numbers", "arguments": arguments })).await?;
        Ok(())
    }

    async fn call_signed_in(&mut self) -> Result<(), String> {
        let context = env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        let context: Value = serde_json::from_str(&context).unwrap_or_default();
        if context["steps"].is_array() {
            return self.take_steps().await;
        }
        self.list_tools().await?;
        self.ask("tools/call", json!({ "name": "test-tool", "arguments": {} })).await?;
        Ok(())
    }

    async fn use_everything(&mut self) -> Result<(), String> {
        self.choose_version().await?;
        self.call_tools().await?;
        for resource in self.list("resources/list", "resources").await? {
            let uri = resource["uri"].as_str().unwrap_or_default();
            let kept = self.rules.reads_what_is_listed;
            let uri = if kept { uri.to_owned() } else { uri.replace("%20", " ") };
            let read = self.ask("resources/read", json!({ "uri": uri })).await;
            if kept {
                read?;
            }
        }
        for prompt in self.list("prompts/list", "prompts").await? {
            let name = prompt["name"].as_str().unwrap_or_default();
            let kept = self.rules.gets_what_is_listed;
            let name = if kept { name.to_owned() } else { name.replace('ü', "u\u{308}") };
            let got = self.ask("prompts/get", json!({ "name": name })).await;
            if kept {
                got?;
            }
        }
        Ok(())
    }

    /// Calls the tools that ask for input, whatever comes of each.
    async fn be_asked(&mut self) -> Result<(), String> {
        for tool in self.list_tools().await? {
            self.ask("tools/call", json!({ "name": tool["name"], "arguments": {} })).await.ok();
        }
        Ok(())
    }

    async fn list_tools(&mut self) -> Result<Vec<Value>, String> {
        let mut tools = self.list("tools/list", "tools").await?;
        let listed = tools.len();
        tools.retain(|tool| mirrored::is_kept(&self.rules, tool));
        if tools.len() < listed && !self.rules.keeps_the_other_tools {
            return Err("a tool of the list is invalid".into());
        }
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
            let page = match self.ask(method, params.clone()).await {
                Err(_) if params.get("cursor").is_some() && self.rules.restarts_lists => {
                    self.cache.forget(method);
                    items.clear();
                    params = json!({});
                    continue;
                }
                page => page?,
            };
            let found = page[member].as_array().cloned().unwrap_or_default();
            let stops = !self.rules.reads_further_pages
                || found.is_empty() && !self.rules.takes_empty_pages
                || member == "prompts" && !self.rules.reads_all_prompts;
            items.extend(found);
            match page.get("nextCursor") {
                None if params.get("cursor").is_some_and(|c| !c.is_null())
                    && !self.rules.ends_with_the_last_page =>
                {
                    params = json!({ "cursor": null });
                }
                Some(cursor) if cursor == "" && !self.rules.follows_empty_cursors => break,
                Some(cursor) if !stops && self.rules.keeps_cursors => {
                    let cursor = ask::sent_again(cursor, &self.rules);
                    let named = self.rules.sends_cursors_by_name;
                    params = json!({ if named { "cursor" } else { "nextCursor" }: cursor });
                }
                Some(cursor) if !stops => {
                    let trimmed = cursor.to_string().replace(' ', "");
                    params = json!({ "cursor": trimmed });
                }
                _ => {
                    self.see_icons(&items).await?;
                    return Ok(items);
                }
            }
        }
        Err(format!("{method} has more than {PAGES} pages"))
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
