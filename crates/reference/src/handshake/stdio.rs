//! The server over standard streams.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::{Server, Session, failed};

/// Serves the process's standard streams until its input ends.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_handshake_stdio(broken: Vec<String>) -> io::Result<()> {
    let server = Server::new(&broken);
    let mut input = BufReader::new(tokio::io::stdin());
    let mut output = tokio::io::stdout();
    server.sessions().insert(String::new(), Session::default());
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        for message in server.lines(&line) {
            output.write_all(format!("{message}\n").as_bytes()).await?;
        }
        output.flush().await?;
    }
}

impl Server {
    /// What a line is answered with.
    fn lines(&self, line: &[u8]) -> Vec<Value> {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            let code = if self.obeys("parse_error") { -32700 } else { -32603 };
            return vec![failed(Some(&Value::Null), &json!({"code": code, "message": "no JSON"}))];
        };
        let said = self.take("", &message);
        said.before.into_iter().chain(said.answer).collect()
    }
}
