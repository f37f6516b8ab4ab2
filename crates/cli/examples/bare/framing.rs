//! Where an answer ends.

/// Whether an answer has come to its end, where its framing tells: RFC 9112, section 6.
pub(crate) fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let fields = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let value = |name: &str| fields.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if value("transfer-encoding:").is_some_and(|coding| coding.ends_with("chunked")) {
        return answer.ends_with(b"0\r\n\r\n");
    }
    let empty = fields.starts_with("http/1.1 204") || fields.starts_with("http/1.1 304");
    match value("content-length:").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => answer.len() >= head + 4 + length,
        None => empty,
    }
}
