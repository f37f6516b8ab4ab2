//! A client of an earlier revision: the handshake, what follows it, and the stream on which the server may speak.

mod listener;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plumb_model::Payload;
use plumb_wire::jsonrpc::Message;
use plumb_wire::stdio::{self, Expect, Reply};
use plumb_wire::{Live, header, http, notification};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::ask::{Ask, fields, opening};
use super::ground::Ground;
use super::inbox::Inbox;
use super::way::Way;
use crate::Observed;
use crate::polling::{Next, Polling};
use crate::process::mortal::{DYING, Mortal};
use listener::Listener;

/// A process gets so long to say its first word.
const FIRST_WORD: Duration = Duration::from_secs(20);
/// And so long to end.
const GRACE: Duration = Duration::from_secs(2);

/// A client in a session with the server.
pub(super) struct Session {
    pub(super) ground: Arc<Ground>,
    carrier: Carried,
    /// The answer to `initialize`.
    pub(super) welcome: Observed,
    /// The revision that was negotiated.
    pub(super) revision: String,
    pub(super) speaks: Speaks,
    pub(super) inbox: Arc<Inbox>,
    listener: Option<Listener>,
    ids: AtomicU64,
}

/// Whether requests carry what the newest revision demands of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Earlier,
    Newest,
}

/// What carries a session.
pub(super) enum Carried {
    Http { client: http::Client, id: Option<String> },
    Stdio(stdio::Session),
}

/// Why there is no session.
pub(super) struct Refused {
    pub(super) seen: Option<Observed>,
    /// How the process ended and its last words, if it has.
    pub(super) epitaph: Option<String>,
}

impl Refused {
    /// Whether nobody was there to hear the handshake.
    pub(super) fn is_unheard(&self) -> bool {
        self.seen.as_ref().is_none_or(Observed::is_broken_off)
    }
}

impl Session {
    /// Opens a session. With `listens`, the stream of the server is opened, too, if it has one.
    pub(super) async fn open(
        ground: &Arc<Ground>,
        way: &Way,
        revision: &str,
        capabilities: &Value,
        listens: bool,
    ) -> Result<Self, Refused> {
        let bare = Self::bare(ground, way, Speaks::Earlier);
        let mut session = bare.ok_or(Refused { seen: None, epitaph: None })?;
        session.revision = revision.to_owned();
        let ask = opening("migrate.handshake", revision, capabilities).patience(FIRST_WORD);
        let seen = session.ask(ask.alone()).await;
        let spoken = seen.as_ref().and_then(negotiated);
        let (Some(seen), Some(spoken)) = (seen.clone(), spoken) else {
            let epitaph = session.epitaph(seen.as_ref()).await;
            session.close().await;
            return Err(Refused { seen, epitaph });
        };
        session.revision = spoken;
        if let Carried::Http { id, .. } = &mut session.carrier {
            *id = seen.exchange.answer.header(header::OLD_SESSION_ID).map(str::to_owned);
            if let Some(id) = id {
                ground.secrets.add_named("session", id.as_bytes());
            }
        }
        session.welcome = seen;
        session.send(&Ask::notification("migrate.handshake", notification::OLD_INITIALIZED)).await;
        if listens && let Carried::Http { client, .. } = &session.carrier {
            let fields = session.fields();
            session.listener =
                Listener::open(ground, client, &fields, Arc::clone(&session.inbox)).await;
        }
        Ok(session)
    }

    /// A client that opens with no handshake.
    pub(super) fn bare(ground: &Arc<Ground>, way: &Way, speaks: Speaks) -> Option<Self> {
        let carrier = match way {
            Way::Http { client, .. } => Carried::Http { client: client.clone(), id: None },
            Way::Stdio(launch) => {
                let started = stdio::Session::spawn(launch, ground.limits.clone(), ground.clock);
                Carried::Stdio(started.ok()?)
            }
        };
        let revision = match speaks {
            Speaks::Earlier => ground.edition.last_with_handshake(),
            Speaks::Newest => &ground.edition.revision,
        };
        Some(Self {
            ground: Arc::clone(ground),
            carrier,
            welcome: Observed::new(nothing()),
            revision: revision.to_owned(),
            speaks,
            inbox: Arc::default(),
            listener: None,
            ids: AtomicU64::new(1),
        })
    }

    /// How the process ended and its last words, if it broke off what it was asked.
    pub(super) async fn epitaph(&self, seen: Option<&Observed>) -> Option<String> {
        let Carried::Stdio(process) = &self.carrier else { return None };
        let is_gone = seen.is_none_or(Observed::is_broken_off);
        if !is_gone || !process.wait_output_end(DYING).await {
            return None;
        }
        Mortal::Session(process.clone()).epitaph().await
    }

    /// The id of the session, if the server gave one out.
    pub(super) fn id(&self) -> Option<&str> {
        match &self.carrier {
            Carried::Http { id, .. } => id.as_deref(),
            Carried::Stdio(_) => None,
        }
    }

    /// The capabilities that the server declares.
    pub(super) fn capabilities(&self) -> &Value {
        self.welcome.result().and_then(|r| r.get("capabilities")).unwrap_or(&Value::Null)
    }

    /// What came of the request for the server's stream, if it was opened.
    pub(super) fn listening(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    /// Sends a request with an id of its own and waits for its answer.
    pub(super) async fn ask(&self, ask: Ask) -> Option<Observed> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let ask = ask.id(id);
        match self.speaks {
            Speaks::Earlier => self.send(&ask).await,
            Speaks::Newest => self.send(&ask.in_revision(&self.ground.edition.revision)).await,
        }
    }

    /// Sends as told and waits for the whole answer, and answers what the server asks meanwhile. `None` if nothing could be
    /// sent, or there was no time.
    pub(super) async fn send(&self, ask: &Ask) -> Option<Observed> {
        let within = self.ground.patience(ask.patience)?;
        let seq = self.ground.reserve();
        let mut live = match &self.carrier {
            Carried::Http { client, .. } => {
                client.send(ask.http(&self.fields(), within)).await.ok()?
            }
            Carried::Stdio(process) => {
                let body = ask.body.as_ref()?;
                let expect = Expect { answer_within: Some(within), ..Expect::after(body) };
                process.send(body.to_string(), expect).await.ok()?
            }
        };
        while let Some(frame) = live.next().await {
            self.hear(&frame.payload, seq).await;
        }
        let seen = self.finish(live, &ask.by, seq).await;
        self.hear_strays().await;
        let answered = ask.id_sent().is_none_or(|id| seen.messages.iter().any(|m| m.answers(id)));
        if answered { Some(seen) } else { Some(self.fetch(&seen, ask).await.unwrap_or(seen)) }
    }

    async fn finish(&self, live: Live, by: &str, seq: u64) -> Observed {
        let channel = live.channel().to_owned();
        let (sent, answer) = live.finish().await;
        self.ground.record(seq, by, &channel, sent, answer)
    }

    /// Fetches the rest of a stream that the server closed before its answer, as the older revisions allow.
    async fn fetch(&self, seen: &Observed, ask: &Ask) -> Option<Observed> {
        let within = self.ground.patience(ask.patience)?;
        let mut polling = Polling::until(Instant::now() + within);
        let mut part = seen.clone();
        while let Next::Fetch(wait, last) = polling.next(&part.exchange.answer) {
            self.ground.pause(wait).await;
            part = self.fetch_behind(last, ask).await?;
            if ask.id_sent().is_some_and(|id| part.messages.iter().any(|m| m.answers(id))) {
                return Some(part);
            }
        }
        None
    }

    async fn fetch_behind(&self, last: String, ask: &Ask) -> Option<Observed> {
        let again = Ask {
            patience: ask.patience,
            ..Ask::verb(&ask.by, "GET").header(header::OLD_LAST_EVENT_ID, last)
        };
        let within = self.ground.patience(again.patience)?;
        let Carried::Http { client, .. } = &self.carrier else { return None };
        let seq = self.ground.reserve();
        let mut live = client.send(again.http(&self.fields(), within)).await.ok()?;
        while let Some(frame) = live.next().await {
            let message = self.hear(&frame.payload, seq).await;
            if ask.id_sent().is_some_and(|id| message.answers(id)) {
                break;
            }
        }
        let channel = live.channel().to_owned();
        let (sent, answer) = live.close();
        Some(self.ground.record(seq, &ask.by, &channel, sent, answer))
    }

    /// Takes in what a frame says, and answers it if it asks.
    async fn hear(&self, payload: &Payload, seq: u64) -> Message {
        let message = Message::parse(payload);
        if let Some(answer) = self.inbox.take(&message, seq).await {
            match &self.carrier {
                Carried::Http { client, .. } => {
                    listener::reply(&self.ground, client, &self.fields(), answer).await;
                }
                Carried::Stdio(process) => {
                    // A process that is gone tells so to the next request.
                    let _ = process.send(answer.to_string(), Reply::Nothing).await;
                }
            }
        }
        message
    }

    /// Hears what came over standard streams and belonged to no exchange.
    pub(super) async fn hear_strays(&self) {
        let Carried::Stdio(process) = &self.carrier else { return };
        let frames = process.take_strays();
        if frames.is_empty() {
            return;
        }
        let seq = self.ground.reserve();
        for frame in &frames {
            self.hear(&frame.payload, seq).await;
        }
        let answer = plumb_model::Answer { frames, ..plumb_model::Answer::default() };
        let nothing = plumb_model::Sent::Nothing;
        self.ground.record(seq, "stdout", process.channel(), nothing, answer);
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        fields(self.id(), &self.revision)
    }

    /// Ends the stream of the server, and then the session; gives the answer to that, if there was anything to be ended.
    pub(super) async fn close(mut self) -> Option<Observed> {
        if let Some(listener) = self.listener.take() {
            listener.close().await;
        }
        match &self.carrier {
            Carried::Http { .. } => self.delete().await,
            Carried::Stdio(process) => {
                self.hear_strays().await;
                process.stop(GRACE).await;
                None
            }
        }
    }

    /// Ends it where it has an id, and asks in it all the same; gives the answers to both.
    pub(super) async fn outlive(mut self, ask: Ask) -> Option<(Observed, Option<Observed>)> {
        if let Some(listener) = self.listener.take() {
            listener.close().await;
        }
        let deleted = self.delete().await?;
        let after = self.ask(ask).await;
        Some((deleted, after))
    }

    async fn delete(&self) -> Option<Observed> {
        let Carried::Http { id: Some(_), client } = &self.carrier else { return None };
        // Even if the time is over: nothing of ours is left there.
        let request = Ask::verb("migrate.farewell", "DELETE").http(&self.fields(), GRACE);
        let seq = self.ground.reserve();
        let live = client.send(request).await.ok()?;
        Some(self.finish(live, "migrate.farewell", seq).await)
    }
}

/// The revision that a server answers the handshake with.
pub(crate) fn negotiated(seen: &Observed) -> Option<String> {
    Some(seen.result()?.get("protocolVersion")?.as_str()?.to_owned())
}

fn nothing() -> plumb_model::Exchange {
    serde_json::from_value(json!({
        "seq": 0, "by": "", "channel": "", "sent": {"over": "nothing"},
        "answer": {"sent_at": 0, "ended_at": 0, "frames": [], "end": "complete"}
    }))
    .unwrap_or_else(|error| unreachable!("an empty exchange reads: {error}"))
}
