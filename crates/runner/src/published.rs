//! What of an exchange is written down: judgement sees all bytes, and what is published is cut to what a report may hold.

use std::sync::atomic::{AtomicUsize, Ordering};

use plumb_model::{Answer, Carrier, Exchange, Header, Payload, Sent};

/// What one exchange may take while there is room, and as the room is used up by quarters.
const ALLOWANCES: [usize; 4] = [256 << 10, 16 << 10, 4 << 10, 1 << 10];

/// What an exchange and a frame take in a report, or until it is written, beside their text, about, bytes.
const BESIDE: usize = 400;
const OF_FRAME: usize = 400;

/// The room that the exchanges of a run have in its reports.
#[derive(Debug)]
pub(crate) struct Published {
    ceiling: usize,
    spent: AtomicUsize,
}

impl Published {
    /// So many bytes in all; what comes when they are nearly used up is cut short, and nothing is left out.
    pub(crate) fn within(ceiling: usize) -> Self {
        Self { ceiling: ceiling.max(1), spent: AtomicUsize::new(0) }
    }

    /// The exchange as it is published.
    pub(crate) fn cut(&self, mut exchange: Exchange) -> Exchange {
        let spent = self.spent.load(Ordering::Relaxed);
        let quarter = spent.saturating_mul(ALLOWANCES.len()) / self.ceiling;
        let allowance = ALLOWANCES[quarter.min(ALLOWANCES.len() - 1)];
        let mut room = Room { left: allowance };
        if let Some(head) = &mut exchange.answer.head {
            room.headers(&mut head.headers);
        }
        match &mut exchange.sent {
            Sent::Http { body, headers, url, method: _ } => {
                room.text(url);
                room.headers(headers);
                room.payload(body);
            }
            Sent::Stdio { line } => room.payload(line),
            Sent::Nothing => {}
        }
        room.frames(&mut exchange.answer);
        room.payload(&mut exchange.answer.body);
        if let Some(facts) = &mut exchange.answer.stream {
            facts.unknown_fields.iter_mut().for_each(|field| room.text(field));
        }
        self.spent.fetch_add(BESIDE + allowance - room.left, Ordering::Relaxed);
        exchange
    }

    /// Whether exchanges were cut because there was no room for them.
    pub(crate) fn is_short(&self) -> bool {
        self.spent.load(Ordering::Relaxed) >= self.ceiling / ALLOWANCES.len()
    }
}

/// What is left for the parts of one exchange.
struct Room {
    left: usize,
}

impl Room {
    /// Takes what a part needs, if so much is left; a little always is.
    fn take(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.left;
        self.left = self.left.saturating_sub(bytes);
        fits
    }

    fn payload(&mut self, payload: &mut Payload) {
        let (all, left) = (payload.len(), self.left);
        if !self.take(written(payload.bytes())) {
            let mut bytes = payload.bytes().slice(..fitting(payload.bytes(), left)).to_vec();
            // A character that is cut in two would make the text binary.
            if payload.text().is_some() {
                let whole = std::str::from_utf8(&bytes).map_or_else(|e| e.valid_up_to(), str::len);
                bytes.truncate(whole);
            }
            bytes.extend_from_slice(format!("… ({all} bytes in all)").as_bytes());
            *payload = bytes.into();
        }
    }

    fn text(&mut self, text: &mut String) {
        let left = self.left;
        if !self.take(written(text.as_bytes())) {
            text.truncate(text.floor_char_boundary(fitting(text.as_bytes(), left)));
            text.push('…');
        }
    }

    fn headers(&mut self, headers: &mut Vec<Header>) {
        let mut kept = 0;
        while kept < headers.len()
            && self.take(
                written(headers[kept].name.as_bytes()) + written(headers[kept].value.as_bytes()),
            )
        {
            kept += 1;
        }
        let left_out = headers.len() - kept;
        headers.truncate(kept);
        if left_out > 0 {
            headers.push(Header::new("…", format!("({left_out} more header fields)")));
            headers.shrink_to_fit();
        }
    }

    fn frames(&mut self, answer: &mut Answer) {
        let all = answer.frames.len();
        let mut kept = 0;
        while kept < all && self.left > 0 {
            self.left = self.left.saturating_sub(OF_FRAME);
            let frame = &mut answer.frames[kept];
            if let Carrier::Event { name, id } = &mut frame.carrier {
                name.iter_mut().chain(id).for_each(|field| self.text(field));
            }
            self.payload(&mut frame.payload);
            kept += 1;
        }
        // One that ends a long answer tells how it ended.
        if all > kept {
            let last = answer.frames.pop();
            answer.frames.truncate(kept);
            answer.frames.extend(last.map(|mut last| {
                last.payload = format!(
                    "… ({} frames left out, this one of {} bytes last)",
                    all - kept,
                    last.payload.len()
                )
                .into();
                last
            }));
            // What is left out takes no room either, for as long as the exchange is kept.
            answer.frames.shrink_to_fit();
        }
    }
}

/// What a byte takes where it is written as JSON, at most.
fn width(byte: u8) -> usize {
    match byte {
        0..=0x1f | 0x7f => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    }
}

/// What bytes take where they are written.
fn written(bytes: &[u8]) -> usize {
    bytes.iter().map(|byte| width(*byte)).sum()
}

/// How many of the bytes fit, where they are written, into so much room. They end before a word, as far as that is not long: it
/// may be the beginning of a secret in Base64 or hexadecimal, which could not be told any more.
fn fitting(bytes: &[u8], room: usize) -> usize {
    const WORD: usize = 4 << 10;
    let sums = bytes.iter().scan(0, |sum, byte| {
        *sum += width(*byte);
        Some(*sum)
    });
    let fits = sums.take_while(|sum| *sum <= room).count();
    let in_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=_-%".contains(byte);
    fits - bytes[..fits].iter().rev().take(WORD).take_while(in_word).count()
}

#[cfg(test)]
mod tests {
    use plumb_model::{Frame, Initiator};

    use super::*;

    fn exchange(frames: usize, bytes: usize) -> Exchange {
        let frame =
            || Frame { at: 0, carrier: Carrier::Line, payload: "é".repeat(bytes / 2).into() };
        Exchange {
            seq: 1,
            by: "test".into(),
            channel: "stdio-1".into(),
            initiator: Initiator::Us,
            sent: Sent::Stdio { line: "{}".into() },
            answer: Answer {
                frames: std::iter::repeat_with(frame).take(frames).collect(),
                ..Answer::default()
            },
        }
    }

    fn size(exchange: &Exchange) -> usize {
        serde_json::to_string(exchange).map_or(0, |text| text.len())
    }

    #[test]
    fn an_ordinary_exchange_is_published_whole() {
        let published = Published::within(64 << 20);
        assert_eq!(published.cut(exchange(3, 10_000)), exchange(3, 10_000));
        assert!(!published.is_short());
    }

    #[test]
    fn what_is_left_out_takes_no_room() {
        let published = Published::within(1);
        published.cut(exchange(3, 10)); // The room is used up.
        let kept = published.cut(exchange(10_000, 0)).answer.frames;
        assert!(kept.capacity() < 100, "room for {} frames, of {}", kept.capacity(), kept.len());
    }

    #[test]
    fn large_answers_do_not_add_up() {
        let published = Published::within(1 << 20);
        for (frames, bytes) in [(1, 8 << 20), (10_000, 20), (1, 8 << 20), (100, 100_000)] {
            let sum: usize = (0..50).map(|_| size(&published.cut(exchange(frames, bytes)))).sum();
            assert!(sum < 2 << 20, "{frames} frames of {bytes} bytes: {sum}");
        }
        assert!(published.is_short());
    }

    #[test]
    fn what_is_escaped_where_it_is_written_takes_its_room() {
        let published = Published::within(1 << 20);
        let sum: usize = (0..100)
            .map(|n| {
                let mut hostile = exchange(1, 0);
                let text = "\u{1b}\"\u{0}".repeat(1 << 20);
                hostile.answer.frames[0].carrier =
                    Carrier::Event { name: Some(text.clone()), id: Some(text.clone()) };
                if n % 2 == 0 {
                    hostile.answer.frames[0].payload = text.into();
                }
                size(&published.cut(hostile))
            })
            .sum();
        assert!(sum < 2 << 20, "{sum}");
    }

    #[test]
    fn what_is_cut_off_ends_before_a_word() {
        let text = "a secret: cDRzc3cwcmQtb2YtdGhlLXVzZXI= and more".as_bytes();
        assert_eq!(fitting(text, 30), "a secret: ".len());
        assert_eq!(fitting(text, 1_000), text.len() - "more".len());
        assert_eq!(fitting(&[b'x'; 20_000], 10_000), 10_000 - (4 << 10));
    }

    #[test]
    fn text_stays_text_where_it_is_cut() {
        let published = Published::within(64 << 20);
        let cut = published.cut(exchange(1, 1 << 20));
        let text = cut.answer.frames[0].payload.text().expect("text");
        assert!(text.ends_with("… (1048576 bytes in all)"), "{}", &text[text.len() - 40..]);
    }
}
