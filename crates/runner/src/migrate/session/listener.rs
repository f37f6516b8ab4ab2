//! The stream on which a server of an earlier revision speaks unasked, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::Carrier;
use plumb_wire::http;
use plumb_wire::jsonrpc::Message;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::ask::Ask;
use super::super::ground::Ground;
use super::super::inbox::Inbox;
use crate::Observed;

/// The stream gets so long to begin.
const BEGINNING: Duration = Duration::from_secs(2);

/// A stream that is heard beside everything else.
pub(in super::super) struct Listener {
    /// The number of its exchange.
    pub(in super::super) seq: u64,
    /// The status that it began with.
    pub(in super::super) status: Option<u16>,
    /// Whether it is a stream of events.
    pub(in super::super) streams: bool,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Observed>,
}

impl Listener {
    pub(super) async fn open(
        ground: &Arc<Ground>,
        client: &http::Client,
        fields: &[(&'static str, String)],
        inbox: Arc<Inbox>,
    ) -> Option<Self> {
        let seq = ground.reserve();
        let left = ground.deadline.saturating_duration_since(tokio::time::Instant::now());
        let mut live =
            client.send(Ask::verb("migrate.stream.get", "GET").http(fields, left)).await.ok()?;
        let head = timeout(BEGINNING, live.head()).await.ok().flatten();
        let status = head.map(|head| head.status);
        let media = head.and_then(|head| head.header("content-type")).unwrap_or_default();
        let streams = status == Some(200) && media.starts_with("text/event-stream");
        let (stop, mut stopped) = oneshot::channel();
        let (ground, client, fields) = (Arc::clone(ground), client.clone(), fields.to_vec());
        let task = tokio::spawn(async move {
            let mut ids = 0;
            loop {
                let frame = tokio::select! {
                    frame = live.next() => frame,
                    _ = &mut stopped => None,
                };
                let Some(frame) = frame else { break };
                // It is recorded when it ends, and looked at before.
                if matches!(&frame.carrier, Carrier::Event { id: Some(id), .. } if !id.is_empty()) {
                    ids += 1;
                    ground.carry_ids(seq, ids);
                }
                if let Some(answer) = inbox.take(&Message::parse(&frame.payload), seq).await {
                    reply(&ground, &client, &fields, answer).await;
                }
            }
            let channel = live.channel().to_owned();
            let (sent, answer) = live.close();
            ground.record(seq, "migrate.stream.get", &channel, sent, answer)
        });
        Some(Self { seq, status, streams, stop, task })
    }

    /// Ends the stream, and gives what it held.
    pub(super) async fn close(self) -> Option<Observed> {
        // A task that has ended needs no word.
        let _ = self.stop.send(());
        self.task.await.ok()
    }
}

/// Answers a request of the server.
pub(super) async fn reply(
    ground: &Ground,
    client: &http::Client,
    fields: &[(&'static str, String)],
    answer: Value,
) {
    let Some(within) = ground.patience(None) else { return };
    let ask = Ask::message("migrate.reply", answer);
    let seq = ground.reserve();
    if let Ok(live) = client.send(ask.http(fields, within)).await {
        let channel = live.channel().to_owned();
        let (sent, answer) = live.finish().await;
        ground.record(seq, "migrate.reply", &channel, sent, answer);
    }
}
