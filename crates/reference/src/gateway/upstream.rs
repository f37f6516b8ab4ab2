//! The way to the server behind the gateway.

use std::io;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::Asked;

/// The head of an answer, and its body while it comes in.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    connection: Connection,
    within: Option<Duration>,
}

/// A connection to the server; dropping it closes it.
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks the server at `to`, on a connection of its own. Dropping the future closes that.
pub(super) async fn ask(to: String, asked: Asked) -> io::Result<Answer> {
    let authority = to.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let stream = TcpStream::connect(authority).await?;
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, served) = opened.await.map_err(io::Error::other)?;
    let connection = Connection(
        tokio::spawn(async move {
            // How it ends is seen by who reads the answer.
            let _ = served.await;
        })
        .abort_handle(),
    );
    let mut request = Request::new(Full::new(asked.body));
    *request.method_mut() = asked.method;
    *request.uri_mut() = asked.target.parse().map_err(io::Error::other)?;
    *request.headers_mut() = asked.headers;
    let host = HeaderValue::from_str(authority).map_err(io::Error::other)?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().append(header::VIA, HeaderValue::from_static("1.1 plumb"));
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let (head, body) = answer.into_parts();
    Ok(Answer { status: head.status, headers: head.headers, body, connection, within: None })
}

impl Answer {
    /// The same, cut off if it is not whole within a time.
    pub(super) fn hasty(self, within: Duration) -> Self {
        Self { within: Some(within), ..self }
    }

    /// The body, piece by piece, as it comes in.
    pub(super) fn pieces(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let Self { body, connection, within, .. } = self;
        let end = async move {
            match within {
                Some(within) => tokio::time::sleep(within).await,
                None => std::future::pending().await,
            }
        };
        body.into_data_stream().take_until(Box::pin(end)).map(move |piece| {
            let _held = &connection;
            piece.map_err(io::Error::other)
        })
    }

    /// The whole body.
    pub(super) async fn whole(self) -> io::Result<Bytes> {
        let mut pieces = std::pin::pin!(self.pieces());
        let mut whole = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.freeze())
    }
}
