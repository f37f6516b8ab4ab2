//! The server over standard streams.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use super::working::Say;
use super::{Server, Session, failed, flaw};

/// Serves the process's standard streams until its input ends.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_handshake_stdio(broken: Vec<String>) -> io::Result<()> {
    let server = Server::new(&broken);
    let mut input = BufReader::new(tokio::io::stdin());
    server.enter();
    let (say, mut said) = mpsc::unbounded_channel::<Value>();
    tokio::spawn(async move {
        let mut output = tokio::io::stdout();
        while let Some(message) = said.recv().await {
            let written = output.write_all(format!("{message}\n").as_bytes()).await;
            if written.is_err() || output.flush().await.is_err() {
                break;
            }
        }
    });
    let mut pending = Pending::default();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if server.obeys("serves_meanwhile") {
            server.line(&line, &say);
        } else {
            pending.take(&server, line, &say);
        }
    }
}

/// What waits for an answer of the client.
#[derive(Default)]
struct Pending {
    /// The id of the question.
    asked: Option<u64>,
    lines: Vec<Vec<u8>>,
}

impl Pending {
    /// Takes a line in its turn: before a tool is called, the client is asked for its roots.
    fn take(&mut self, server: &Arc<Server>, line: Vec<u8>, say: &Say) {
        let message: Value = serde_json::from_slice(&line).unwrap_or_default();
        if self.asked.is_some()
            && message["id"].as_u64() == self.asked
            && message.get("method").is_none()
        {
            self.asked = None;
            let lines = std::mem::take(&mut self.lines);
            return lines.iter().for_each(|line| server.line(line, say));
        }
        let may_ask = || server.sessions().get("").is_some_and(|s| s.declared["roots"].is_object());
        if self.asked.is_none() && message["method"] == "tools/call" && may_ask() {
            let id = 1_000_000 + server.next();
            // Whoever reads may have gone; the end of the input tells.
            let _ = say.send(json!({"jsonrpc": "2.0", "id": id, "method": "roots/list"}));
            self.asked = Some(id);
        }
        if self.asked.is_some() { self.lines.push(line) } else { server.line(&line, say) }
    }
}

impl Server {
    /// Opens the only session that standard streams have.
    pub(crate) fn enter(&self) {
        self.sessions().insert(String::new(), Session::default());
    }

    /// Answers a line.
    pub(crate) fn line(self: &Arc<Self>, line: &[u8], say: &Say) {
        for message in self.lines(line, say) {
            // Whoever reads may have gone; the end of the input tells.
            let _ = say.send(message);
        }
    }

    fn lines(self: &Arc<Self>, line: &[u8], say: &Say) -> Vec<Value> {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            let code = if self.obeys("parse_error") { -32700 } else { -32603 };
            return vec![failed(Some(&Value::Null), &json!({"code": code, "message": "no JSON"}))];
        };
        if Self::is_work(&message) && flaw(&message).is_none() {
            let (mut said, say) = (self.begin("", &message), say.clone());
            tokio::spawn(async move {
                while let Some(message) = said.recv().await {
                    if say.send(message).is_err() {
                        break;
                    }
                }
            });
            return Vec::new();
        }
        if message["method"] == "initialize"
            && let Some(session) = self.sessions().get_mut("")
        {
            session.declared = message["params"]["capabilities"].clone();
        }
        let said = self.take("", &message);
        said.before.into_iter().chain(said.answer).collect()
    }
}
