//! A server that the client starts itself and speaks to over its standard streams, a line for each message.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use super::post::Answer;
use super::rules::ClientRules;

/// A server that is asked which revision it speaks answers within this time, or is an earlier one.
const PROBE: Duration = Duration::from_millis(1_500);
/// A server ends within this time after its input.
const PATIENCE: Duration = Duration::from_millis(700);

/// The server.
#[derive(Debug)]
pub(super) struct Pipe {
    command: Vec<String>,
    rules: ClientRules,
    running: Option<Running>,
    /// What is listened for: the request is sent again to a server that was started again.
    listening: Vec<Vec<u8>>,
    /// Whether a list of prompts changed.
    changed: Arc<AtomicBool>,
    /// The ids of requests that were given up.
    given_up: Arc<Inbox>,
    /// Whether messages are written in pieces.
    pub(super) in_pieces: bool,
    /// Whether something was written to the standard error.
    complained: Arc<AtomicBool>,
    /// The id of the call that was made last.
    pub(super) called: Value,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: Input,
    inbox: Arc<Inbox>,
    /// Whether the output has ended; said again whenever a line came.
    told: watch::Receiver<bool>,
}

/// The input of the server, until it is closed.
type Input = Arc<tokio::sync::Mutex<Option<ChildStdin>>>;

/// The lines that came, as messages.
type Inbox = Mutex<Vec<Value>>;

impl Pipe {
    pub(super) fn new(command: Vec<String>, rules: ClientRules, changed: Arc<AtomicBool>) -> Self {
        let (running, listening, called, in_pieces) = (None, Vec::new(), Value::Null, false);
        let (given_up, complained) = (Arc::default(), Arc::default());
        Self {
            command,
            rules,
            running,
            listening,
            changed,
            given_up,
            in_pieces,
            complained,
            called,
        }
    }

    /// Sends a message, and waits for the response if it is a request.
    ///
    /// Errors: the server cannot be started, or is gone before it has responded.
    pub(super) async fn send(&mut self, body: &[u8]) -> Result<Answer, String> {
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        if !self.rules.keeps_its_process {
            self.close().await;
        }
        self.write(body).await?;
        if message["method"] == "tools/call" {
            self.called = message["id"].clone();
        }
        let none = Answer {
            status: 400,
            messages: Vec::new(),
            location: None,
            challenges: Vec::new(),
            nonce: None,
        };
        if message.get("id").is_none() || message.get("method").is_none() {
            return Ok(Answer { status: 202, ..none });
        }
        let patience =
            if message["method"] == "server/discover" { PROBE } else { Duration::from_secs(20) };
        let Ok(response) = timeout(patience, self.response(&message["id"])).await else {
            return Ok(none);
        };
        let response = response?;
        if !self.rules.cancels_nothing_answered {
            self.cancel(&message["id"]).await?;
        }
        let status = if response.get("error").is_some() { 400 } else { 200 };
        Ok(Answer { status, messages: vec![response], ..none })
    }

    /// What a server wrote to its standard error is none of ours.
    ///
    /// Errors: it is taken for one.
    pub(super) fn complaints(&self) -> Result<(), String> {
        let complained = self.complained.load(Ordering::Relaxed);
        if complained && !self.rules.ends_well_after_complaints {
            return Err("the server complains".into());
        }
        Ok(())
    }

    /// Begins to listen, and goes on at once.
    pub(super) async fn listen(&mut self, body: &[u8]) -> Result<(), String> {
        self.listening.push(body.to_vec());
        self.write(body).await
    }

    /// Tells that a request is given up.
    pub(super) async fn cancel(&mut self, id: &Value) -> Result<(), String> {
        let mut told = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": id, "reason": "given up" } });
        if !self.rules.notifications_have_no_ids {
            told["id"] = json!("cancel");
        }
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        self.write(told.to_string().as_bytes()).await
    }

    async fn write(&mut self, body: &[u8]) -> Result<(), String> {
        let gone = self.running.as_ref().is_some_and(|running| *running.told.borrow());
        if gone && !self.rules.restarts {
            return Err("the server is gone".into());
        }
        if gone || self.running.is_none() {
            let running = self.start()?;
            if !self.rules.writes_messages_alone {
                write(&running.input, b"plumb-reference\n").await?;
            }
            if gone && self.rules.listens_again {
                for body in &self.listening {
                    let text = String::from_utf8_lossy(body);
                    let lost = text.replace("\"toolsListChanged\":true", "");
                    let lost = Some(lost.as_bytes()).filter(|_| !self.rules.listens_for_the_same);
                    let body = lost.unwrap_or(body);
                    write(&running.input, &[body, &b"\n"[..]].concat()).await?;
                }
            }
            self.running = Some(running);
        }
        let Some(running) = &self.running else { return Ok(()) };
        let body = if !self.rules.pipes_one_message {
            [b"[", body, b"]"].concat()
        } else if self.rules.lines_are_whole {
            body.to_vec()
        } else {
            let message: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
            serde_json::to_vec_pretty(&message).map_err(|e| e.to_string())?
        };
        let (first, rest) = body.split_at(if self.in_pieces { body.len() / 2 } else { 0 });
        write(&running.input, first).await?;
        write(&running.input, &[rest, b"\n"].concat()).await
    }

    fn start(&self) -> Result<Running, String> {
        let (program, args) = self.command.split_first().ok_or("there is no server")?;
        let piped = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = piped.map_err(|error| format!("{program}: {error}"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (input, output) = (input.ok_or("no input")?, output.ok_or("no output")?);
        let input = Arc::new(tokio::sync::Mutex::new(Some(input)));
        let inbox = Arc::<Inbox>::default();
        let (tell, told) = watch::channel(false);
        let given_up = Arc::clone(&self.given_up);
        let reader = Reader {
            rules: self.rules,
            given_up,
            inbox: Arc::clone(&inbox),
            changed: Arc::clone(&self.changed),
            input: Arc::clone(&input),
        };
        tokio::spawn(async move { reader.read(output, tell).await });
        if let Some(mut complaints) = child.stderr.take() {
            let tolerates = self.rules.tolerates_complaints;
            let complained = Arc::clone(&self.complained);
            tokio::spawn(async move {
                let mut piece = [0; 4096];
                while let Ok(1..) = complaints.read(&mut piece).await {
                    complained.store(true, Ordering::Relaxed);
                    if !tolerates {
                        std::process::exit(1);
                    }
                }
            });
        }
        Ok(Running { child, input, inbox, told })
    }

    /// Waits for the response to this request.
    async fn response(&mut self, id: &Value) -> Result<Value, String> {
        let running = self.running.as_mut().ok_or("the server is gone")?;
        loop {
            let ended = *running.told.borrow_and_update();
            if let Some(response) = taken(&running.inbox, id) {
                return Ok(response);
            }
            if ended || running.told.changed().await.is_err() {
                return Err("the server is gone".into());
            }
        }
    }

    /// Ends the server: its input first, and then for sure.
    pub(super) async fn close(&mut self) {
        let Some(Running { mut child, input, .. }) = self.running.take() else { return };
        if self.rules.closes_input_first {
            drop(input.lock().await.take());
            let patience =
                if self.rules.waits_for_the_end { PATIENCE } else { Duration::from_millis(80) };
            if timeout(patience, child.wait()).await.is_ok() {
                return;
            }
        }
        child.kill().await.ok();
    }
}

/// The response to this request, if it has come.
fn taken(inbox: &Inbox, id: &Value) -> Option<Value> {
    let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    let at = inbox.iter().position(|message| responds(message, id))?;
    Some(inbox.swap_remove(at))
}

/// Whether a message is the response to this request. One that refuses what could not be read names none.
fn responds(message: &Value, id: &Value) -> bool {
    let names = message["id"] == *id || message.get("id").is_none() || id.is_null();
    names && (message.get("result").is_some() || message.get("error").is_some())
}

async fn write(input: &Input, bytes: &[u8]) -> Result<(), String> {
    let mut input = input.lock().await;
    let input = input.as_mut().ok_or("the input is closed")?;
    input.write_all(bytes).await.map_err(|error| error.to_string())?;
    input.flush().await.map_err(|error| error.to_string())
}

/// What reads the output of the server.
struct Reader {
    rules: ClientRules,
    given_up: Arc<Inbox>,
    inbox: Arc<Inbox>,
    changed: Arc<AtomicBool>,
    input: Input,
}

impl Reader {
    async fn read(self, output: impl AsyncRead + Unpin, tell: watch::Sender<bool>) {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let cut = |end: char| line.contains(end) && !self.rules.ends_lines_at_newlines;
            let long = line.len() > 64 * 1024 && !self.rules.reads_long_lines;
            if cut('\u{2028}') || cut('\u{85}') || long {
                // A part of a message is none, and its response never comes.
                std::process::exit(1);
            }
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if let Some(method) = message["method"].as_str() {
                self.hear(method, &message).await;
                continue;
            }
            let late = |ids: &Vec<Value>| ids.contains(&message["id"]);
            let late = late(&self.given_up.lock().unwrap_or_else(PoisonError::into_inner));
            if late && !self.rules.drops_late_responses {
                std::process::exit(1);
            }
            self.inbox.lock().unwrap_or_else(PoisonError::into_inner).push(message);
            tell.send_replace(false);
        }
        tell.send_replace(true);
    }

    async fn hear(&self, method: &str, message: &Value) {
        let updated = method == "notifications/resources/updated";
        if method == "notifications/prompts/list_changed"
            || updated && self.rules.forgets_what_is_updated
        {
            self.changed.store(true, Ordering::Relaxed);
        }
        let acknowledged = method.ends_with("/acknowledged");
        if acknowledged && !self.rules.takes_partial_acknowledgments {
            std::process::exit(1);
        }
        if let Some(id) = message.get("id").filter(|_| !self.rules.pipes_no_responses) {
            let response = json!({ "jsonrpc": "2.0", "id": id, "result": {} });
            write(&self.input, format!("{response}\n").as_bytes()).await.ok();
        }
    }
}
