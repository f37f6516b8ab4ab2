//! Posting one request, to a server of this revision or of an earlier one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::ask::{HEADER_MISMATCH, UNSUPPORTED};
use super::declared::{Saying, TASKS};
use super::post::Answer;
use super::request::{self, Request};
use super::{Client, mirrored};
use crate::revision::PREVIOUS;

/// The code of the error that misses a capability.
const MISSING_CAPABILITY: i64 = -32021;

/// The code that most servers of earlier revisions refuse with.
const METHOD_NOT_FOUND: i64 = -32601;

/// What came of a request.
#[derive(Debug)]
pub(super) enum Posted {
    /// Its result.
    Result(Value),
    /// Its error.
    Error(Value),
    /// The stream ended before either.
    Lost,
}

impl Client {
    /// Sends a request once.
    ///
    /// Errors: the server is not reached, or answers nothing that can be read.
    pub(super) async fn post(&mut self, method: &str, params: &Value) -> Result<Posted, String> {
        if self.earlier {
            return self.post_earlier(method, params).await;
        }
        let Answer { status, messages, .. } = self.post_ours(method, params).await?;
        let id = if self.rules.ids_are_unique { self.next - 1 } else { 1 };
        let id = self.choices.id(id);
        let response =
            |m: &&Value| (m["id"] == id && m.get("result").is_some()) || m.get("error").is_some();
        let response = messages.iter().find(response).cloned();
        let error = response.as_ref().and_then(|response| response.get("error")).cloned();
        let code = error.as_ref().and_then(|error| error["code"].as_i64());
        let modern = code
            .is_some_and(|code| [HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED].contains(&code));
        if code == Some(MISSING_CAPABILITY) && !self.rules.stays_modern_without_capability {
            return self.fall_back(method, params).await;
        }
        if status == 400 && !modern && !self.settled && self.knows_refusal(error.as_ref()) {
            return self.fall_back(method, params).await;
        }
        self.settled |= modern || status == 200;
        match (response, error) {
            (_, Some(error)) => Ok(Posted::Error(error)),
            (Some(mut response), None) => Ok(Posted::Result(response["result"].take())),
            (None, None) if messages.iter().any(|m| m["unread"] == true) => {
                Ok(Posted::Result(json!({ "resultType": "complete" })))
            }
            (None, None) if status == 200 => {
                self.next -= u64::from(!self.rules.reissues_with_new_ids);
                Ok(Posted::Lost)
            }
            (None, None) if status == 413 && !self.rules.stops_when_too_large => {
                for _ in 0..20 {
                    self.post_ours(method, params).await?;
                }
                Err(format!("{method}: status {status}"))
            }
            (None, None) if !self.rules.minds_statuses && method == "tools/call" => {
                Ok(Posted::Result(json!({ "content": [], "resultType": "complete" })))
            }
            (None, None) => Err(format!("{method}: status {status}")),
        }
    }

    /// Whether this refusal leads to the handshake of an earlier revision.
    fn knows_refusal(&self, error: Option<&Value>) -> bool {
        let rules = self.rules;
        match error {
            _ if self.modern => false,
            None if self.pipe.is_some() => rules.falls_back_on_silence,
            None => rules.falls_back_on_every_refusal,
            Some(error) if self.pipe.is_some() => {
                rules.falls_back_by_any_code || error["code"] == METHOD_NOT_FOUND
            }
            Some(_) => true,
        }
    }

    /// Sends a request of this revision.
    async fn post_ours(&mut self, method: &str, params: &Value) -> Result<Answer, String> {
        let rules = self.rules;
        let tool = self.tools.iter().find(|tool| tool["name"] == params["name"]);
        let schema = tool.filter(|_| method == "tools/call").map(|tool| &tool["inputSchema"]);
        let mirrored = schema.map(|s| mirrored::headers(&rules, s, &params["arguments"]));
        let mirrored = mirrored.unwrap_or_default();
        let mut params = params.clone();
        if let Some(state) = self.stray.take_if(|_| !self.again) {
            params["requestState"] = state;
        }
        let saying = Saying {
            version: self.version,
            choices: self.choices,
            id: self.next,
            with_tools: self.with_tools,
            again: self.again,
        };
        let id = if rules.ids_are_unique { self.next } else { 1 };
        let request = Request { id, method, params, saying, mirrored };
        self.next += 1;
        let http = if rules.posts { "POST" } else { "PUT" };
        let (headers, body) = (request.headers(&rules), request.body(&rules));
        let answer = match &mut self.pipe {
            Some(pipe) => pipe.send(&body).await?,
            None => self.send_signed_in(http, &headers, &body).await?,
        };
        let notified = answer.messages.iter().any(|m| m.get("method").is_some());
        if (notified && !rules.ignores_notifications) || !rules.posts_no_responses {
            let id = self.choices.id(request.id);
            let response = json!({ "jsonrpc": "2.0", "id": id, "result": {} }).to_string();
            self.deliver(http, &headers, response.as_bytes()).await?;
        }
        self.look_further(&answer, method).await?;
        Ok(answer)
    }

    /// Listens for what this asks for, as long as the client runs, and forgets what is told to have changed.
    pub(super) async fn listen(&mut self, params: Value) -> Result<(), String> {
        let (rules, id) = (self.rules, self.next);
        self.next += 1;
        let id = if rules.ids_are_unique { id } else { 1 };
        let with_tools = self.with_tools;
        let (version, choices) = (self.version, self.choices);
        let saying = Saying { version, choices, id, with_tools, again: false };
        let request =
            Request { id, method: "subscriptions/listen", params, saying, mirrored: Vec::new() };
        let (headers, body) = (request.headers(&rules), request.body(&rules));
        if let Some(pipe) = &mut self.pipe {
            return pipe.listen(&body).await;
        }
        let mut stream = self.address.open("POST", &headers, &body).await?;
        let changed = Arc::clone(&self.cache.changed);
        tokio::spawn(async move {
            let (mut text, mut piece) = (String::new(), [0; 4096]);
            while let Ok(read @ 1..) = stream.read(&mut piece).await {
                text.push_str(&String::from_utf8_lossy(&piece[..read]));
                if !rules.takes_partial_acknowledgments && text.contains("acknowledged") {
                    std::process::exit(1);
                }
                let updated = text.contains("notifications/resources/updated");
                if text.contains("notifications/prompts/list_changed")
                    || updated && rules.forgets_what_is_updated
                {
                    changed.store(true, Ordering::Relaxed);
                    text.clear();
                }
            }
        });
        Ok(())
    }

    /// What else a client does that takes a server for what it is not.
    async fn look_further(&mut self, answer: &Answer, method: &str) -> Result<(), String> {
        let meta = answer.messages.last().map(|message| &message["result"]["_meta"]);
        let name = meta.map(|meta| &meta["io.modelcontextprotocol/serverInfo"]["name"]);
        let (next, rules) = (self.next, self.rules);
        let other = if !rules.treats_servers_alike && name.is_some_and(|name| name == "filesystem")
        {
            Some(("resources/list", json!({})))
        } else if !rules.leaves_missing_extensions && method == "tools/list" {
            Some(("tasks/get", json!({ "taskId": TASKS })))
        } else {
            None
        };
        if let Some((method, params)) = other {
            let with_tools = self.with_tools;
            let (version, choices) = (self.version, self.choices);
            let saying = Saying { version, choices, id: next, with_tools, again: false };
            let request = Request { id: next, method, params, saying, mirrored: Vec::new() };
            let (headers, body) = (request.headers(&rules), request.body(&rules));
            self.deliver("POST", &headers, &body).await?;
        }
        Ok(())
    }

    /// Opens a session as earlier revisions do, and sends the request again.
    async fn fall_back(&mut self, method: &str, params: &Value) -> Result<Posted, String> {
        let headers = request::earlier_headers();
        let body = request::handshake().to_string();
        let answer = self.deliver("POST", &headers, body.as_bytes()).await?;
        if !answer.messages.iter().any(|m| m.get("result").is_some()) {
            return Err(format!("{method}: neither this revision nor an earlier one is spoken"));
        }
        self.earlier = true;
        let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
        let headers = earlier_headers();
        self.deliver("POST", &headers, done.as_bytes()).await?;
        self.post_earlier(method, params).await
    }

    async fn post_earlier(&mut self, method: &str, params: &Value) -> Result<Posted, String> {
        if !self.rules.remembers_the_era {
            self.post_ours("server/discover", &json!({})).await?;
        }
        let id = self.next;
        self.next += 1;
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let (headers, body) = (earlier_headers(), body.to_string());
        let answer = self.deliver("POST", &headers, body.as_bytes()).await?;
        let response = answer.messages.into_iter().find(|m| m["id"] == id);
        let mut response = response.ok_or_else(|| format!("{method}: no response"))?;
        Ok(match response.get_mut("error").map(Value::take) {
            Some(error) => Posted::Error(error),
            None => Posted::Result(response["result"].take()),
        })
    }
}

/// The headers of a request after the handshake.
fn earlier_headers() -> request::Headers {
    let mut headers = request::earlier_headers();
    headers.push(("MCP-Protocol-Version".to_owned(), PREVIOUS.as_bytes().to_vec()));
    headers
}
