//! What the specification leaves to a client: every value here is legal.

use serde_json::{Value, json};

/// The choices of a conforming client. The default is the plainest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientChoices {
    /// What ids of requests look like.
    pub(super) ids: Ids,
    /// What progress tokens look like.
    pub(super) tokens: Tokens,
    /// What is declared beside the extensions.
    pub(super) capabilities: Capabilities,
    /// When it is asked which versions a server speaks.
    pub(super) discovers: Discovers,
    /// `_meta` has keys of the client's own, of every form that the text allows.
    pub(super) own_meta: bool,
    /// `_meta` has no trace.
    pub(super) untraced: bool,
    /// Header fields in another case and order, a weight for each media type, a parameter, and fields of the client's own.
    pub(super) odd_headers: bool,
    /// Connections serve more than one request.
    pub(super) keeps_connections: bool,
    /// Bodies are sent in chunks.
    pub(super) chunked: bool,
    /// JSON with spaces between its tokens, escapes for what is not ASCII, and members in another order.
    pub(super) spaced: bool,
    /// Every message is long, and comes in pieces.
    pub(super) long: bool,
    /// Tasks are looked at less often than they ask for.
    pub(super) slow_looks: bool,
    /// The user declines, and no model is there.
    pub(super) declines: bool,
    /// It listens to nothing.
    pub(super) deaf: bool,
    /// It listens to changes of tools, whatever else it is to listen to.
    pub(super) hears_of_tools: bool,
    /// It keeps all results that may be kept.
    pub(super) keeps_all: bool,
    /// A stream that was cut is not asked for again.
    pub(super) hasty: bool,
    /// The verifier of PKCE is as long as one may be.
    pub(super) long_verifier: bool,
    /// A token that is no longer good is never refreshed.
    pub(super) never_refreshes: bool,
    /// It is a confidential client wherever it registers.
    pub(super) confidential: bool,
    /// Metadata speak of this very URL, or are refused.
    pub(super) exact_resource: bool,
    /// `offline_access` is asked for where an authorization server lists it.
    pub(super) asks_for_offline_access: bool,
    /// The scheme of a token is written in lower case.
    pub(super) lower_case_scheme: bool,
    /// It proves possession of no key, and takes bearer tokens alone.
    pub(super) knows_no_proofs: bool,
    /// A result that asks for nothing but another try is not tried again: who asked may ask anew.
    pub(super) tries_once: bool,
}

/// What ids of requests look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ids {
    /// 1, 2, 3.
    #[default]
    Counted,
    /// Texts.
    Texts,
    /// The largest integers that every reader takes, counted down.
    Large,
    /// Zero and below.
    Negative,
}

/// What progress tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tokens {
    #[default]
    Numbers,
    Texts,
    /// There are none.
    Absent,
}

/// What is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Capabilities {
    #[default]
    Usual,
    /// Nothing that may be left out.
    Bare,
    /// All that there is, deprecated or experimental, and forms by an empty object.
    All,
}

/// When it is asked which versions a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Discovers {
    /// Where a scenario needs it.
    #[default]
    Seldom,
    /// Before anything else.
    First,
    /// Before every request.
    Always,
}

/// A bundle of choices that go together.
#[derive(Debug, Clone, Copy)]
pub struct ClientStyle {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it chooses.
    pub choices: ClientChoices,
}

const PLAIN: ClientChoices = ClientChoices {
    ids: Ids::Counted,
    tokens: Tokens::Numbers,
    capabilities: Capabilities::Usual,
    discovers: Discovers::Seldom,
    own_meta: false,
    untraced: false,
    odd_headers: false,
    keeps_connections: false,
    chunked: false,
    spaced: false,
    long: false,
    slow_looks: false,
    declines: false,
    deaf: false,
    hears_of_tools: false,
    keeps_all: false,
    hasty: false,
    long_verifier: false,
    never_refreshes: false,
    confidential: false,
    exact_resource: false,
    asks_for_offline_access: false,
    lower_case_scheme: false,
    knows_no_proofs: false,
    tries_once: false,
};

/// Clients that differ in all that is theirs to choose: between them, every choice is made.
pub const CLIENT_STYLES: &[ClientStyle] = &[
    ClientStyle {
        name: "spare",
        choices: ClientChoices {
            ids: Ids::Texts,
            tokens: Tokens::Absent,
            capabilities: Capabilities::Bare,
            untraced: true,
            keeps_connections: true,
            deaf: true,
            never_refreshes: true,
            knows_no_proofs: true,
            ..PLAIN
        },
    },
    ClientStyle {
        name: "rich",
        choices: ClientChoices {
            ids: Ids::Large,
            tokens: Tokens::Texts,
            capabilities: Capabilities::All,
            discovers: Discovers::First,
            own_meta: true,
            long: true,
            keeps_all: true,
            long_verifier: true,
            confidential: true,
            asks_for_offline_access: true,
            ..PLAIN
        },
    },
    ClientStyle {
        name: "odd",
        choices: ClientChoices {
            ids: Ids::Negative,
            discovers: Discovers::Always,
            odd_headers: true,
            chunked: true,
            spaced: true,
            slow_looks: true,
            lower_case_scheme: true,
            ..PLAIN
        },
    },
    ClientStyle {
        name: "wary",
        choices: ClientChoices {
            declines: true,
            hasty: true,
            hears_of_tools: true,
            exact_resource: true,
            tries_once: true,
            ..PLAIN
        },
    },
];

impl ClientChoices {
    /// The id of the request with this number.
    pub(super) fn id(&self, number: u64) -> Value {
        match self.ids {
            Ids::Counted => json!(number),
            Ids::Texts => json!(format!("request {number} of \u{fc}")),
            Ids::Large => json!((1_u64 << 53) - number),
            Ids::Negative => json!(1_i64.saturating_sub_unsigned(number)),
        }
    }

    /// The progress token of that request, if it has one.
    pub(super) fn token(&self, number: u64) -> Option<Value> {
        match self.tokens {
            Tokens::Numbers => Some(json!(number)),
            Tokens::Texts => Some(json!(format!("token/{number}"))),
            Tokens::Absent => None,
        }
    }

    /// A message as it is written.
    pub(super) fn written(&self, mut message: Value) -> String {
        if self.long {
            message["params"]["_meta"]["com.example/padding"] = json!("plumb ".repeat(20_000));
        }
        if !self.spaced {
            return message.to_string();
        }
        let mut turned = serde_json::Map::new();
        for (name, value) in message.as_object().into_iter().flatten().rev() {
            turned.insert(name.clone(), value.clone());
        }
        let spaced = serde_json::to_string_pretty(&turned).unwrap_or_default();
        let spaced = spaced.replace('\n', " ");
        spaced.chars().map(escaped).collect()
    }
}

/// A character of JSON, escaped if it is not ASCII.
fn escaped(c: char) -> String {
    if c.is_ascii() {
        return c.to_string();
    }
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}"));
    units.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_means_the_same_however_it_is_written() {
        let message = json!({ "id": 1, "params": { "name": "grüße 😀", "text": "a\nb" } });
        let spaced = ClientChoices { spaced: true, ..PLAIN }.written(message.clone());
        assert!(spaced.is_ascii() && !spaced.contains('\n') && spaced.contains("\": "), "{spaced}");
        assert_eq!(serde_json::from_str::<Value>(&spaced).expect("JSON"), message);
    }

    #[test]
    fn ids_are_integers_or_texts_and_differ() {
        for style in CLIENT_STYLES {
            let id = |n| style.choices.id(n);
            assert_ne!(id(1), id(2), "{}", style.name);
            assert!(id(1).is_string() || id(1).is_i64() || id(1).is_u64(), "{}", id(1));
        }
    }
}
