//! A text as it is once its escapes are undone: those of JSON, of URLs and of markup, in any mixture.

/// Escapes within escapes are undone so often.
pub(super) const DEEPEST: usize = 4;

/// Bytes with their escapes undone, and where each of them stood.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// For each byte, and for the end, its place in the text that was there first.
    places: Vec<u32>,
}

/// The view of a text; none if it has no escapes.
pub(super) fn unescaped(bytes: &[u8]) -> Option<View> {
    View::new(bytes, |at| u32::try_from(at).unwrap_or(u32::MAX))
}

impl View {
    fn new(bytes: &[u8], place: impl Fn(usize) -> u32) -> Option<Self> {
        if !bytes.iter().any(|b| matches!(b, b'\\' | b'%' | b'&')) {
            return None;
        }
        let mut view = Self {
            bytes: Vec::with_capacity(bytes.len()),
            places: Vec::with_capacity(bytes.len() + 1),
        };
        let (mut at, mut any) = (0, false);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let escape = match rest[0] {
                b'\\' => of_json(rest),
                b'%' => of_url(rest),
                b'&' => of_markup(rest),
                _ => None,
            };
            let mut utf8 = [0; 4];
            let (stands_for, length) = match &escape {
                Some((Escaped::Byte(byte), length)) => (std::slice::from_ref(byte), *length),
                Some((Escaped::Char(c), length)) => (c.encode_utf8(&mut utf8).as_bytes(), *length),
                None => (&rest[..1], 1),
            };
            any |= escape.is_some();
            view.bytes.extend_from_slice(stands_for);
            view.places.extend(stands_for.iter().map(|_| place(at)));
            at += length;
        }
        view.places.push(place(bytes.len()));
        any.then_some(view)
    }

    /// Where a byte of the view stood in the text that was there first; with the length of the view, its end.
    pub(super) fn place(&self, at: usize) -> usize {
        self.places.get(at).map_or(0, |place| *place as usize)
    }

    /// The view of this view; none if no escapes are left.
    pub(super) fn unescaped(&self) -> Option<Self> {
        Self::new(&self.bytes, |at| self.places.get(at).copied().unwrap_or(0))
    }
}

enum Escaped {
    Byte(u8),
    Char(char),
}

fn of_json(rest: &[u8]) -> Option<(Escaped, usize)> {
    let plain = |byte: u8| Some((Escaped::Byte(byte), 2));
    match rest.get(1)? {
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'b' => plain(8),
        b'f' => plain(12),
        b'u' => {
            let high = hex(rest.get(2..6)?)?;
            if let Some(c) = char::from_u32(high) {
                return Some((Escaped::Char(c), 6));
            }
            let low = rest.get(6..12).filter(|low| low.starts_with(b"\\u"));
            let low = low.and_then(|low| hex(&low[2..]))?.checked_sub(0xDC00)?;
            let pair = 0x1_0000 + (high.checked_sub(0xD800)? << 10) + low;
            Some((Escaped::Char(char::from_u32(pair)?), 12))
        }
        other @ (b'"' | b'\\' | b'/' | b'\'') => plain(*other),
        b'x' => Some((Escaped::Byte(u8::try_from(hex(rest.get(2..4)?)?).ok()?), 4)),
        _ => None,
    }
}

fn of_url(rest: &[u8]) -> Option<(Escaped, usize)> {
    let byte = hex(rest.get(1..3)?)?;
    Some((Escaped::Byte(u8::try_from(byte).ok()?), 3))
}

fn of_markup(rest: &[u8]) -> Option<(Escaped, usize)> {
    let end = rest.iter().take(12).position(|b| *b == b';')?;
    let name = std::str::from_utf8(&rest[1..end]).ok()?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((Escaped::Char(c), end + 1))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let all = digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| all)?;
    u32::from_str_radix(text, 16).ok()
}
