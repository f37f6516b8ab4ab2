//! The forms that a secret takes on its way through somebody else's program.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

use super::SHORTEST;

/// What a blot says of a secret that stood there in another form than its own.
pub(super) const ENCODED: &str = ", encoded";

/// Secrets of so many bytes are found in capital and in small letters, too; shorter ones would be found in everyday words.
const CASED: usize = 8;

/// A line of a secret of several lines is a secret if it has so many bytes.
const LINE: usize = 16;

/// One form of a secret.
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    pub(super) encoded: bool,
}

/// All forms of a secret but those that [`super::views`] undoes, its own first.
pub(super) fn of(secret: &[u8]) -> Vec<Form> {
    let mut forms = vec![Form { bytes: secret.to_vec(), encoded: false }];
    let mut add = |bytes: Vec<u8>| {
        if bytes.len() >= SHORTEST && forms.iter().all(|form| form.bytes != bytes) {
            forms.push(Form { bytes, encoded: true });
        }
    };
    if secret.len() >= CASED {
        add(secret.to_ascii_lowercase());
        add(secret.to_ascii_uppercase());
    }
    // What looks like an escape in the secret itself is undone with those around it.
    let mut view = super::views::unescaped(secret);
    for _ in 0..super::views::DEEPEST {
        let Some(seen) = view else { break };
        add(seen.bytes.clone());
        view = seen.unescaped();
    }
    if secret.contains(&b' ') {
        add(secret.iter().map(|b| if *b == b' ' { b'+' } else { *b }).collect());
    }
    if secret.contains(&b'\'') {
        // As one quoted word of a shell.
        let quoted = secret.split(|b| *b == b'\'').collect::<Vec<_>>().join(&b"'\\''"[..]);
        add(quoted);
    }
    if !secret.is_ascii() {
        // Header fields are shown byte by byte.
        add(secret.iter().map(|b| char::from(*b)).collect::<String>().into_bytes());
    }
    for alphabet in [alphabet::STANDARD, alphabet::URL_SAFE] {
        for before in 0..3 {
            add(base64(secret, before, &alphabet));
        }
    }
    add(secret.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect());
    add(secret.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect());
    let lines = secret.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    for line in lines.filter(|line| line.len() >= LINE) {
        add(line.to_vec());
    }
    forms
}

/// The characters of Base64 that a secret alone decides, with so many bytes before it in their group of three.
fn base64(secret: &[u8], before: usize, alphabet: &alphabet::Alphabet) -> Vec<u8> {
    let whole = [&[0; 2][..before], secret].concat();
    let text = GeneralPurpose::new(alphabet, NO_PAD).encode(&whole);
    let (first, last) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    text.as_bytes()[first..last].to_vec()
}

/// The blot of a secret that stood there in another form.
pub(super) fn encoded(blot: &str) -> String {
    match blot.strip_suffix(']') {
        Some(open) if !open.ends_with(ENCODED) => format!("{open}{ENCODED}]"),
        _ => blot.to_owned(),
    }
}
