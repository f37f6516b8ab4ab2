//! The server over standard streams.

use std::io;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use super::{Asker, Earlier, Session};

/// Serves the process's standard streams until its input ends.
///
/// # Errors
///
/// Those of the streams.
pub async fn serve_earlier_stdio(ways: Vec<String>) -> io::Result<()> {
    let server = Earlier::new(ways);
    let (way, mut said) = mpsc::unbounded_channel::<Value>();
    let writing = tokio::spawn(async move {
        let mut output = tokio::io::stdout();
        while let Some(message) = said.recv().await {
            if output.write_all(format!("{message}\n").as_bytes()).await.is_err() {
                break;
            }
            // A client that is gone takes no more.
            let _ = output.flush().await;
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let asker = Asker {
            session: Some(String::new()),
            modern: message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
                .is_string(),
            way: Some(way.clone()),
        };
        tokio::spawn(take(Arc::clone(&server), asker, message));
    }
    drop(way);
    writing.abort();
    Ok(())
}

async fn take(server: Arc<Earlier>, asker: Asker, message: Value) {
    let Some(way) = asker.way.clone() else { return };
    if let Some(batch) = message.as_array().filter(|_| server.has("batch.accepted")) {
        let mut all = Vec::new();
        for request in batch {
            all.push(server.answer(&asker, request).await);
        }
        // The client may be gone.
        let _ = way.send(Value::Array(all));
        return;
    }
    match (message["method"].as_str(), message.get("id")) {
        (None, _) => server.answered(&message),
        (Some("notifications/initialized"), None) if server.has("push.outside-call") => {
            server.ask_for_roots(Some(""));
        }
        (Some("notifications/roots/list_changed"), None)
            if server.has("method.roots-list-changed") =>
        {
            server.ask_for_roots(Some(""));
        }
        (Some(_), None) => {}
        (Some(method), Some(_)) => {
            let new = method == "initialize";
            if new {
                let capabilities = message["params"]["capabilities"].clone();
                let stream = Some(way.clone());
                let session = Session { capabilities, stream, ..Session::default() };
                server.sessions().insert(String::new(), session);
            }
            let known = server.sessions().contains_key("");
            let answer = if !known && !asker.modern && server.has("core.handshake-required") {
                let error = serde_json::json!({"code": -32600, "message": "initialize first"});
                serde_json::json!({"jsonrpc": "2.0", "id": message["id"], "error": error})
            } else {
                server.answer(&asker, &message).await
            };
            // The client may be gone.
            let _ = way.send(answer);
        }
    }
}
