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
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        server.line(&line, &say);
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
