//! A GET over plain HTTP: enough for the keys of a test issuer and for a service behind a tool.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest answer read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The body of the answer; `authorization` is the value of that header.
pub(crate) async fn get(url: &str, authorization: Option<&str>) -> io::Result<Vec<u8>> {
    let rest =
        url.strip_prefix("http://").ok_or_else(|| io::Error::other("only http is spoken here"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let address =
        if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let mut stream = TcpStream::connect(address).await?;
    let authorization =
        authorization.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\n{authorization}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::other("the answer has no head"))?;
    Ok(answer.split_off(end + 4))
}
