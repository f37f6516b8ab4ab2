//! Where a browser comes back to: one path on the loopback (RFC 8252 §7.3).

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use super::LoginError;

/// Bytes of a request line and its fields.
const MOST: u64 = 64 << 10;
/// Visitors at a time; one more, and who came first has to go.
const MOST_VISITS: usize = 32;
/// The path of the redirect.
const PATH: &str = "/callback";

/// Waits for a browser.
pub(super) struct Loopback {
    listener: TcpListener,
    uri: String,
}

/// What a browser brought back.
pub(super) struct Back {
    /// The code, or why there is none.
    pub(super) code: Result<String, String>,
    /// Who says so.
    pub(super) iss: Option<String>,
}

impl Loopback {
    pub(super) async fn bind(port: u16) -> Result<Self, LoginError> {
        let unbound = |e| LoginError::at("the redirect could not be listened for", e);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(unbound)?;
        let port = listener.local_addr().map_err(unbound)?.port();
        Ok(Self { listener, uri: format!("http://127.0.0.1:{port}{PATH}") })
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// What comes back with this state; whoever comes with another is sent away. Nobody waits for a visitor who says nothing:
    /// browsers open connections before they need them.
    pub(super) async fn back(self, state: &str) -> Result<Back, LoginError> {
        let (mut visits, mut order) = (JoinSet::new(), VecDeque::new());
        loop {
            tokio::select! {
                came = self.listener.accept() => {
                    let lost = |e| LoginError::at("the redirect could not be listened for", e);
                    let (stream, _) = came.map_err(lost)?;
                    order.retain(|visit: &AbortHandle| !visit.is_finished());
                    if order.len() == MOST_VISITS {
                        order.pop_front().inspect(AbortHandle::abort);
                    }
                    order.push_back(visits.spawn(visited(stream, state.to_owned())));
                }
                Some(visit) = visits.join_next(), if !visits.is_empty() => {
                    if let Ok(Some(back)) = visit {
                        return Ok(back);
                    }
                }
            }
        }
    }
}

/// What a visitor has brought; whether they wait for our words does not matter.
async fn visited(stream: TcpStream, state: String) -> Option<Back> {
    let mut stream = BufReader::new(stream);
    let back = read(&asked(&mut stream).await.ok()??, &state);
    let _ = answered(stream.get_mut(), back.as_ref()).await;
    back
}

/// What is asked for, if that is all of it.
async fn asked(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut head = stream.take(MOST);
    let mut line = String::new();
    head.read_line(&mut line).await?;
    let mut field = String::new();
    while head.read_line(&mut field).await? > 2 {
        field.clear();
    }
    let words = line.strip_suffix('\n').and_then(|line| line.strip_prefix("GET "));
    Ok(words.and_then(|rest| rest.split(' ').next()).map(str::to_owned))
}

async fn answered(stream: &mut TcpStream, back: Option<&Back>) -> std::io::Result<()> {
    let (status, words) = match back {
        Some(Back { code: Ok(_), .. }) => ("200 OK", "Signed in. This page can be closed."),
        Some(_) => ("200 OK", "Not signed in. This page can be closed."),
        None => ("404 Not Found", "Nothing is here."),
    };
    let length = words.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{words}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn read(target: &str, state: &str) -> Option<Back> {
    let query = target.strip_prefix(PATH)?.strip_prefix('?')?;
    let mut said: BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if said.remove("state")? != state {
        return None;
    }
    let code = match (said.remove("error"), said.remove("code")) {
        (Some(error), _) => {
            let why = said.remove("error_description").map(|d| format!(": {d}"));
            Err(format!("{error}{}", why.unwrap_or_default()))
        }
        (None, Some(code)) => Ok(code),
        (None, None) => Err("neither code nor error".to_owned()),
    };
    Some(Back { code, iss: said.remove("iss") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_says_nothing_or_too_much_keeps_nobody_from_coming_back() {
        let loopback = Loopback::bind(0).await.expect("a port");
        let address = loopback.uri().strip_prefix("http://").expect("plain").to_owned();
        let host = address.strip_suffix(PATH).expect("the path").to_owned();
        let mut visitors = Vec::new();
        let hurry = async {
            for _ in 0..2 * MOST_VISITS {
                visitors.push(TcpStream::connect(&host).await.expect("somebody listens"));
            }
            let long = "a".repeat(usize::try_from(MOST).expect("fits"));
            for query in [format!("state=s&code={long}"), "state=t&code=c".to_owned()] {
                let mut visitor = TcpStream::connect(&host).await.expect("somebody listens");
                let line = format!("GET {PATH}?{query} HTTP/1.1\r\n\r\n");
                let _ = visitor.write_all(line.as_bytes()).await;
                visitors.push(visitor);
            }
            let mut browser = TcpStream::connect(&host).await.expect("somebody listens");
            let line = format!("GET {PATH}?state=s&code=right HTTP/1.1\r\n\r\n");
            browser.write_all(line.as_bytes()).await.expect("sent");
            // It is gone before it is answered.
        };
        let (back, ()) = tokio::join!(loopback.back("s"), hurry);
        assert_eq!(back.expect("somebody came back").code, Ok("right".to_owned()));
    }

    #[test]
    fn only_what_has_our_state_comes_back() {
        let back = read("/callback?code=c%20d&state=s&iss=https%3A%2F%2Fa", "s").expect("ours");
        assert_eq!((back.code, back.iss.as_deref()), (Ok("c d".to_owned()), Some("https://a")));
        assert!(read("/callback?code=c&state=t", "s").is_none());
        assert!(read("/favicon.ico", "s").is_none());
        let refused = read("/callback?error=access_denied&state=s", "s").expect("ours");
        assert_eq!(refused.code, Err("access_denied".to_owned()));
    }
}
