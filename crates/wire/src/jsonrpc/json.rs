//! JSON read in one pass that also notices members that stand twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A text with more values than this is not read: each takes many times its bytes.
const MAX_VALUES: usize = 100_000;

/// Why a text with too many values is none.
pub(super) const TOO_MANY: &str = "more values than are read";

/// How many duplicates are told.
const MAX_DUPLICATES: usize = 16;

/// Bytes that a parsed value takes in memory, about: small objects take many times their text.
pub fn footprint(value: &Value) -> usize {
    size_of::<Value>() + beside(value)
}

/// What a value takes beside its own place.
fn beside(value: &Value) -> usize {
    /// An allocation, and what it wastes.
    const ALLOCATED: usize = 24;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::Array(items) if items.is_empty() => 0,
        Value::Object(members) if members.is_empty() => 0,
        Value::String(text) => ALLOCATED + text.len(),
        Value::Array(items) => {
            let places = items.len().next_power_of_two().max(4) * size_of::<Value>();
            ALLOCATED + places + items.iter().map(beside).sum::<usize>()
        }
        Value::Object(members) => {
            // Entries with their name and hash, and the table that finds them.
            let entry = size_of::<Value>() + size_of::<String>() + size_of::<u64>();
            let places = members.len().next_power_of_two().max(4) * (entry + 2 * (8 + 1));
            let held = |(name, value): (&String, &Value)| ALLOCATED + name.len() + beside(value);
            2 * ALLOCATED + places + members.iter().map(held).sum::<usize>()
        }
    }
}

/// What a JSON text holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The value, the last one of duplicate members; or why there is none.
    pub value: Result<Value, String>,
    /// JSON pointers (RFC 6901) of duplicate members in order of their second appearance, at most sixteen.
    pub duplicate_keys: Vec<String>,
}

/// Reads a JSON text (RFC 8259) in UTF-8; nesting is bounded to 128 levels, values to 100,000.
pub fn parse(bytes: &[u8]) -> Parsed {
    if bytes.is_empty() {
        return Parsed { value: Err("empty".to_owned()), duplicate_keys: Vec::new() };
    }
    let mut duplicates = Duplicates { left: MAX_VALUES, ..Duplicates::default() };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Seed(&mut duplicates)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|e| if duplicates.left == 0 { TOO_MANY.to_owned() } else { e.to_string() });
    Parsed { value, duplicate_keys: duplicates.found }
}

#[derive(Default)]
struct Duplicates {
    path: Vec<String>,
    found: Vec<String>,
    /// So many values more are read.
    left: usize,
}

impl Duplicates {
    fn note(&mut self) {
        if self.found.len() >= MAX_DUPLICATES {
            return;
        }
        let token = |t: &String| format!("/{}", t.replace('~', "~0").replace('/', "~1"));
        self.found.push(self.path.iter().map(token).collect());
    }
}

struct Seed<'a>(&'a mut Duplicates);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.left = self.0.left.saturating_sub(1);
        if self.0.left == 0 {
            return Err(D::Error::custom(TOO_MANY));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            self.0.path.push(array.len().to_string());
            let item = items.next_element_seed(Seed(self.0))?;
            self.0.path.pop();
            let Some(item) = item else { return Ok(Value::Array(array)) };
            array.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.0.path.push(name.clone());
            if object.contains_key(&name) {
                self.0.note();
            }
            let value = members.next_value_seed(Seed(self.0))?;
            self.0.path.pop();
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn duplicate_members_are_named_and_the_last_one_counts() {
        let parsed = parse(br#"{"a":1,"b":[{"x/y":1,"x/y":2}],"a":3}"#);
        assert_eq!(parsed.value, Ok(json!({"a": 3, "b": [{"x/y": 2}]})));
        assert_eq!(parsed.duplicate_keys, ["/b/0/x~1y", "/a"]);
    }

    #[test]
    fn equal_names_in_different_objects_are_no_duplicates() {
        assert!(parse(br#"[{"a":{"a":1}},{"a":1}]"#).duplicate_keys.is_empty());
    }

    #[test]
    fn what_is_no_json_has_a_reason() {
        for bad in [&b""[..], b"{", b"{} x", b"\xff", b"\"\\ud800\"", b"1e999", b"\xef\xbb\xbf{}"] {
            assert!(parse(bad).value.is_err(), "{bad:?}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).value.is_err());
    }

    #[test]
    fn too_many_values_are_not_read() {
        let array = |n: usize| format!("[{}0]", "0,".repeat(n - 2));
        assert!(parse(array(MAX_VALUES - 1).as_bytes()).value.is_ok());
        assert_eq!(parse(array(MAX_VALUES).as_bytes()).value, Err(TOO_MANY.to_owned()));
    }

    #[test]
    fn many_duplicates_are_told_up_to_a_bound() {
        let text = format!("{{{}\"a\":0}}", "\"a\":0,".repeat(1000));
        assert_eq!(parse(text.as_bytes()).duplicate_keys.len(), MAX_DUPLICATES);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_serde_json_reads_them(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let ours = parse(&bytes).value.ok();
            prop_assert_eq!(ours, serde_json::from_slice::<Value>(&bytes).ok());
        }
    }
}
