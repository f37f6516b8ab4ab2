//! Header fields on their way out, changed one by one.

use plumb_model::pack::HeaderEdit;
use plumb_wire::header;

/// A header field in raw bytes: name and value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// Applies one change; names are compared without case, as HTTP does.
pub(super) fn apply(fields: &mut Vec<Field>, edit: &HeaderEdit) {
    let latin1 = |text: &str| -> Vec<u8> {
        text.chars()
            .flat_map(|c| {
                u8::try_from(u32::from(c)).map_or_else(|_| c.to_string().into_bytes(), |b| vec![b])
            })
            .collect()
    };
    let is = |name: &str| {
        let name = name.to_owned();
        move |(n, _): &Field| n.eq_ignore_ascii_case(name.as_bytes())
    };
    let mut change = |name: &str, f: &dyn Fn(&mut Field)| {
        let named = is(name);
        fields.iter_mut().filter(|h| named(h)).for_each(f);
    };
    match edit {
        HeaderEdit::Set(name, value) => {
            let named = is(name);
            let at = fields.iter().position(named).unwrap_or(fields.len());
            fields.retain(|h| !is(name)(h));
            fields.insert(at.min(fields.len()), (latin1(name), latin1(value)));
        }
        HeaderEdit::Add(name, value) => fields.push((latin1(name), latin1(value))),
        HeaderEdit::Remove(name) => fields.retain(|h| !is(name)(h)),
        HeaderEdit::Rename(name, written) => change(name, &|h| h.0 = latin1(written)),
        HeaderEdit::Encode(name) => change(name, &|h| {
            // What has to be encoded is so already.
            if let Ok(plain) = header::decode(&String::from_utf8_lossy(&h.1)) {
                h.1 = header::encode_always(&plain).into_bytes();
            }
        }),
        HeaderEdit::Upper(name) => change(name, &|h| h.1.make_ascii_uppercase()),
        HeaderEdit::SwapCase(name) => change(name, &|h| h.1.iter_mut().for_each(swap_case)),
        HeaderEdit::PercentEncode(name) => change(name, &|h| percent_encode(&mut h.1)),
        HeaderEdit::Pad(name) => change(name, &|h| h.1 = [b" \t", h.1.as_slice(), b"\t "].concat()),
        HeaderEdit::Append(name, suffix) => change(name, &|h| h.1.extend(latin1(suffix))),
        HeaderEdit::AppendByte(name, byte) => change(name, &|h| h.1.push(*byte)),
    }
}

/// Writes the last letter or digit as a URI could have it, too; what stands between the markers of Base64 is left alone.
fn percent_encode(value: &mut Vec<u8>) {
    let plain =
        header::decode(&String::from_utf8_lossy(value)).is_ok_and(|d| d.as_bytes() == *value);
    if let Some(at) = value.iter().rposition(u8::is_ascii_alphanumeric).filter(|_| plain) {
        value.splice(at..=at, format!("%{:02X}", value[at]).into_bytes());
    }
}

fn swap_case(byte: &mut u8) {
    if byte.is_ascii_alphabetic() {
        *byte ^= 0x20;
    }
}
