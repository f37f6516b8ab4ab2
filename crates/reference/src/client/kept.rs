//! Connections that serve more than one request (RFC 9112 section 9.3).

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Connections on which nothing is asked, and where they lead to.
static IDLE: Mutex<Vec<(String, TcpStream)>> = Mutex::new(Vec::new());

/// Sends a request on a connection that is open, or on a new one, and reads the answer to its end.
pub(super) async fn exchange(host: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    if let Some(stream) = taken(host) {
        // The server may have closed it meanwhile: nothing has come then.
        match asked(host, stream, request).await {
            Ok(answer) if !answer.is_empty() => return Ok(answer),
            _ => {}
        }
    }
    asked(host, TcpStream::connect(host).await?, request).await
}

fn taken(host: &str) -> Option<TcpStream> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let at = idle.iter().position(|(of, _)| of == host)?;
    Some(idle.swap_remove(at).1)
}

async fn asked(host: &str, mut stream: TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Ok(answer);
        }
        if is_whole(&answer) {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((host.to_owned(), stream));
            return Ok(answer);
        }
    }
}

/// Whether an answer that has a length, or says where it ends, is all there.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    let field = |name: &str| {
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(n, _)| *n == name).map(|(_, value)| value.trim().to_owned()).next()
    };
    if field("connection").is_some_and(|value| value.contains("close")) {
        return false;
    }
    if field("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return body.ends_with(b"0\r\n\r\n");
    }
    let length = field("content-length").and_then(|value| value.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_where_its_framing_ends() {
        for (answer, whole) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\n", false),
        ] {
            assert_eq!(is_whole(answer.as_bytes()), whole, "{answer}");
        }
    }
}
