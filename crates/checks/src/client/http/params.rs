//! basic/transports/streamable-http#value-encoding, #client-behavior: parameters that are mirrored into headers.

use plumb_runner::client::{MIRRORED, Mirrored, Moment, Provoked, Received, Scenario};
use plumb_runner::{Marks, check, clip};
use plumb_wire::{header, method};
use serde_json::Value;

/// So many characters of a value are shown.
const SHOWN: usize = 80;

/// What encoded values begin and end with.
const SENTINEL: (&str, &str) = ("=?base64?", "?=");

check! {
    /// **Observed:** a call of a tool with parameters that are marked by `x-mcp-header` has `Mcp-Param-*` headers; and a client that
    /// calls other tools as its steps say calls such a one, too.
    ///
    /// **Why:** gateways route by them, and a server that looks at the body refuses a call without them.
    ///
    /// **Fix:** keep the input schemas of listed tools, and look into them where calls become HTTP.
    pub(crate) MIRROR = "http.param.client-mirror";
    judges: ["http.param.client-support"];
    happening: |moment, marks| {
        mirror(moment.now(), marks);
        supported(moment, marks);
    }
}

/// That the tools with such parameters are called, which are right, by who does what its steps say.
fn supported(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(Scenario::CustomHeaders) else { return };
    let listed = all.iter().any(|r| r.asks(method::TOOLS_LIST) && r.result().is_some());
    let called = |r: &Received| r.asks(method::TOOLS_CALL);
    let elsewhere = moment.of(Scenario::ToolsCall).iter().any(called);
    if listed && elsewhere && moment.follows_steps() && !all.iter().any(called) {
        marks.breaks("calls of tools with marked parameters", "none came after their list");
    }
}

fn mirror(received: &Received, marks: &mut Marks) {
    let given: Vec<_> = values(received).filter(|v| !v.value.is_null()).collect();
    if given.is_empty() {
        return;
    }
    let any = MIRRORED.iter().any(|m| received.header(m.header).is_some());
    marks.expect(any, "`Mcp-Param-*` headers for what the schema marks", || "there is none".into());
}

check! {
    /// **Observed:** every value that is given for a marked parameter has its header, `false` and `0` too.
    ///
    /// **Why:** a server refuses a call whose header is missing.
    ///
    /// **Fix:** ask whether the argument is there, not whether it is true.
    pub(crate) INCLUDE = "http.param.client-include";
    received: |received, marks| for v in values(received) {
        if !v.value.is_null() && v.value != "" {
            marks.expect(v.raw.is_some(), format!("`{}` for {}", v.name, v.value), || "there is none".into());
        }
    }
}

check! {
    /// **Observed:** where the value of a marked parameter is null, there is no header.
    ///
    /// **Why:** a server expects none, and takes the text `null` for a value.
    ///
    /// **Fix:** leave null out before values become text.
    pub(crate) OMIT_NULL = "http.param.client-omit-null";
    received: |received, marks| for v in values(received).filter(|v| v.value.is_null()) {
        marks.expect(v.raw.is_none(), format!("no `{}` for null", v.name), || v.told());
    }
}

check! {
    /// **Observed:** where a marked parameter is not among the arguments, there is no header, not even an empty one.
    ///
    /// **Why:** a server compares header and body, and refuses what only one of them has.
    ///
    /// **Fix:** go through the arguments that are given. Defaults of the schema are no arguments.
    pub(crate) OMIT_MISSING = "http.param.client-omit-missing";
    judges: ["http.param.absent-omitted"];
    received: omit_missing
}

fn omit_missing(received: &Received, marks: &mut Marks) {
    let Some(arguments) = arguments(received) else { return };
    for Mirrored { header, pointer } in MIRRORED {
        if arguments.pointer(pointer).is_none() {
            let raw = received.header(header);
            marks.expect(raw.is_none(), format!("no `{header}` without an argument"), || {
                format!("`{header}: {}`", clip(raw.unwrap_or_default(), SHOWN))
            });
        }
    }
}

check! {
    /// **Observed:** the header of a parameter within an object has that object's value, where a parameter of the same name
    /// stands at the top as well.
    ///
    /// **Why:** the annotation belongs to one place of the arguments, and a server reads it there.
    ///
    /// **Fix:** follow the chain of `properties` to the annotation in the arguments; search for no name.
    pub(crate) PATH = "http.param.extract-path";
    received: path
}

fn path(received: &Received, marks: &mut Marks) {
    let Some(arguments) = arguments(received) else { return };
    let decoy = arguments.get("depth").and_then(Value::as_str);
    let Some(decoy) = decoy else { return };
    let nested = arguments.pointer("/filter/depth").and_then(Value::as_str);
    let raw = received.header("Mcp-Param-Depth");
    marks.expect(
        raw != Some(decoy),
        format!("`Mcp-Param-Depth` of `filter.depth`, {nested:?}"),
        || format!("the value of `depth`, {decoy:?}"),
    );
}

check! {
    /// **Observed:** a text that a header can carry is there as it stands, inner spaces too.
    ///
    /// **Why:** gateways compare it as it is.
    ///
    /// **Fix:** write the characters of the text, with no quotes of JSON.
    pub(crate) STRING = "http.param.type-string";
    received: |received, marks| exactly(received, marks, |value| {
        value.as_str().filter(|text| !text.is_empty() && is_plain(text)).map(str::to_owned)
    })
}

check! {
    /// **Observed:** an integer is there in decimal digits, with a minus sign if it has one.
    ///
    /// **Why:** a server compares the text with the number of the body.
    ///
    /// **Fix:** write integers without fraction and exponent, up to 2^53-1.
    pub(crate) INTEGER = "http.param.type-integer";
    received: |received, marks| exactly(received, marks, |value| value.as_i64().map(|n| n.to_string()))
}

check! {
    /// **Observed:** a truth value is there as `true` or `false`, in lower case.
    ///
    /// **Why:** gateways compare the text.
    ///
    /// **Fix:** write it as JSON does.
    pub(crate) BOOLEAN = "http.param.type-boolean";
    received: |received, marks| exactly(received, marks, |value| value.as_bool().map(|flag| flag.to_string()))
}

check! {
    /// **Observed:** a text with characters beyond ASCII, or padded by spaces, is sent in Base64 between the two markers.
    ///
    /// **Why:** such bytes are changed or refused on the way, and padding is lost.
    ///
    /// **Fix:** encode the UTF-8 bytes in Base64, with padding.
    pub(crate) BASE64 = "http.param.base64-unsafe";
    received: |received, marks| decoded(received, marks, |text| !is_plain(text) && !is_like(text) && !has_control(text))
}

check! {
    /// **Observed:** a text with line breaks is sent encoded, so that it adds no header of its own.
    ///
    /// **Why:** whoever chooses the argument would else choose headers.
    ///
    /// **Fix:** encode before anything is written; drop no characters instead.
    pub(crate) ENCODE = "http.param.encode";
    received: |received, marks| decoded(received, marks, has_control)
}

check! {
    /// **Observed:** a plain text that begins and ends like an encoded one is encoded as well.
    ///
    /// **Why:** a server would decode it to another text.
    ///
    /// **Fix:** treat `=?base64?` at the start together with `?=` at the end as unsafe.
    pub(crate) ESCAPE = "http.param.sentinel-escape";
    received: |received, marks| decoded(received, marks, is_like)
}

check! {
    /// **Observed:** an empty text gives a header with an empty value.
    ///
    /// **Why:** a value is given, so a server expects its header.
    ///
    /// **Fix:** tell a text that is empty from an argument that is not there.
    pub(crate) EMPTY = "sep2243.empty-string";
    applies: [Http];
    received: |received, marks| for v in values(received).filter(|v| v.value == "") {
        let says = v.raw.and_then(|raw| header::decode(raw).ok());
        marks.expect(says.as_deref() == Some(""), format!("`{}` with nothing in it", v.name), || v.told());
    }
}

/// A value of a marked parameter, and its header.
struct Given<'a> {
    name: &'static str,
    value: &'a Value,
    raw: Option<&'a str>,
}

impl Given<'_> {
    fn told(&self) -> String {
        match self.raw {
            Some(raw) => format!("`{}: {}`", self.name, clip(raw, SHOWN)),
            None => format!("no `{}`", self.name),
        }
    }
}

fn values(received: &Received) -> impl Iterator<Item = Given<'_>> {
    let arguments = arguments(received);
    MIRRORED.into_iter().filter_map(move |Mirrored { header, pointer }| {
        let value = arguments?.pointer(pointer)?;
        Some(Given { name: header, value, raw: received.header(header) })
    })
}

/// The arguments of a call in the scenario whose tools have marked parameters.
fn arguments(received: &Received) -> Option<&Value> {
    let all = [Scenario::CustomHeaders, Scenario::Provoked(Provoked::MirroredAgain)];
    let here = all.iter().any(|scenario| received.exchange.by == scenario.label());
    let call = here && received.method() == Some(method::TOOLS_CALL);
    received.param("arguments").filter(|_| call)
}

/// That the header is there as text, wherever the value has one.
fn exactly(received: &Received, marks: &mut Marks, text: fn(&Value) -> Option<String>) {
    for given in values(received) {
        // That it is not there at all is the business of another check.
        let (Some(text), Some(raw)) = (text(given.value), given.raw) else { continue };
        marks.expect(raw == text, format!("`{}: {text}`", given.name), || given.told());
    }
}

/// That the header is encoded and says the value, wherever the value is such a text.
fn decoded(received: &Received, marks: &mut Marks, such: fn(&str) -> bool) {
    for given in values(received) {
        let Some(text) = given.value.as_str().filter(|text| such(text)) else { continue };
        let Some(raw) = given.raw else { continue };
        let encoded =
            raw.get(..SENTINEL.0.len()).is_some_and(|s| s.eq_ignore_ascii_case(SENTINEL.0));
        let says = header::decode(raw).ok();
        // The case of the markers is judged by another check.
        let fits = encoded && (says.as_deref() == Some(text) || !raw.starts_with(SENTINEL.0));
        let expected = format!("`{}: {}`", given.name, header::encode(text));
        marks.expect(fits, expected, || given.told());
    }
}

check! {
    /// **Observed:** encoded values begin with `=?base64?` and end with `?=`, in lower case.
    ///
    /// **Why:** a server decodes only what is marked so, and takes anything else as it stands.
    ///
    /// **Fix:** write the markers as they are printed.
    pub(crate) EXACT = "http.param.sentinel-exact";
    received: exact
}

fn exact(received: &Received, marks: &mut Marks) {
    for given in values(received) {
        let Some(raw) = given.raw else { continue };
        let like = raw.get(..SENTINEL.0.len()).is_some_and(|s| s.eq_ignore_ascii_case(SENTINEL.0));
        if like {
            let fits = raw.starts_with(SENTINEL.0) && raw.ends_with(SENTINEL.1);
            marks.expect(fits, "`=?base64?…?=`", || given.told());
        }
    }
}

fn is_plain(text: &str) -> bool {
    header::encode(text) == text
}

fn is_like(text: &str) -> bool {
    text.starts_with(SENTINEL.0) && text.ends_with(SENTINEL.1)
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
