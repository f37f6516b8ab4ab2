mod connections;
mod hostile;
mod peer;
mod routes;
mod streams;
mod wire;

use std::time::Duration;

use super::*;
use crate::{Clock, Limits, Live};
use peer::{Act, Peer};

/// Long enough for anything that happens on loopback.
const SOON: Duration = Duration::from_secs(5);
/// How long these tests wait for what never comes.
const NEVER: Duration = Duration::from_millis(60);

fn client(peer: &Peer) -> Client {
    client_with(peer, Limits::default())
}

fn client_with(peer: &Peer, limits: Limits) -> Client {
    let options = ClientOptions { limits, ..ClientOptions::default() };
    Client::new(peer.endpoint(), options, Clock::start()).expect("a client")
}

async fn send(client: &Client, request: HttpRequest) -> Live {
    client.send(request).await.expect("it is sent")
}

fn post(body: &'static str) -> HttpRequest {
    HttpRequest::new("POST", body)
}

#[test]
fn clients_and_what_they_send_can_cross_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    fn sent<T: Send>(_: T) {}
    let endpoint = Endpoint::parse("http://127.0.0.1:1/").expect("a url");
    let client = Client::new(endpoint, ClientOptions::default(), Clock::start()).expect("a client");
    shared(&client);
    sent(async move {
        let mut live = client.send(post("")).await?;
        live.next().await;
        live.head().await;
        Ok::<_, crate::WireError>(live.finish().await)
    });
}
