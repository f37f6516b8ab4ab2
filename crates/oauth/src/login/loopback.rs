//! Where a browser comes back to: one path on the loopback (RFC 8252 §7.3).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::LoginError;

/// Bytes of a request line and its fields.
const MOST: u64 = 64 << 10;
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

    /// What comes back with this state; whoever comes with another is sent away, and waited past.
    pub(super) async fn back(self, state: &str) -> Result<Back, LoginError> {
        loop {
            let lost = |e| LoginError::at("the redirect could not be listened for", e);
            let (stream, _) = self.listener.accept().await.map_err(lost)?;
            // Whoever breaks off has not come back.
            if let Ok(Some(back)) = visited(stream, state).await {
                return Ok(back);
            }
        }
    }
}

async fn visited(stream: TcpStream, state: &str) -> std::io::Result<Option<Back>> {
    let mut stream = BufReader::new(stream);
    let mut head = (&mut stream).take(MOST);
    let mut line = String::new();
    head.read_line(&mut line).await?;
    let mut field = String::new();
    while head.read_line(&mut field).await? > 2 {
        field.clear();
    }
    let target = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let back = target.and_then(|target| read(target, state));
    let (status, words) = match &back {
        Some(Back { code: Ok(_), .. }) => ("200 OK", "Signed in. This page can be closed."),
        Some(_) => ("200 OK", "Not signed in. This page can be closed."),
        None => ("404 Not Found", "Nothing is here."),
    };
    let length = words.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{words}"
    );
    stream.get_mut().write_all(answer.as_bytes()).await?;
    stream.get_mut().shutdown().await?;
    Ok(back)
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
