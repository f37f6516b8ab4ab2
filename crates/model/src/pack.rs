//! Vector packs: what to send and which answers the text allows, as data.
//!
//! A vector never says how to decide: there are no variables, captures, predicates or sequences.

mod kind;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Edition, Ledger};

pub use kind::{
    Act, Answered, Edit, GrantDeviation, GrantUse, HeaderEdit, HeaderValue, Interruption, Kind,
    Moment, Next, ParamType, Reply, TokenUse,
};

/// A folder of vectors on one proposal or RFC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The schema that the file follows, relative to it.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The pack's name, which is its folder's.
    pub pack: String,
    /// Where the rules stand that the vectors probe.
    pub source: String,
    /// What the pack is about, one line.
    pub about: String,
    /// The first revision that it is for; see [`Edition::spans`] for what says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The last revision that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The kinds of bug that the vectors provoke, explained once.
    pub flags: BTreeMap<String, Flag>,
    /// The vectors, in groups that share a rule.
    pub groups: Vec<Group>,
}

/// A kind of bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What the server, or the client, does wrong.
    pub bug: String,
    /// What it costs.
    pub cost: String,
}

/// Vectors that probe one rule, with at least one that must be accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name within the pack.
    pub slug: String,
    /// The rule, as a plain fact.
    pub about: String,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// One deviation, or one legal sibling of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Its name within the pack, stable for ever.
    pub slug: String,
    /// What is sent, as a plain fact.
    pub title: String,
    /// The kinds of bug that it provokes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// The requests that it starts from; each one makes a case.
    pub bases: Vec<Base>,
    /// Where it makes sense.
    #[serde(default, skip_serializing_if = "Over::is_any")]
    pub over: Over,
    /// What is changed.
    #[serde(flatten)]
    pub kind: Kind,
    /// Which answers the text allows.
    pub answer: Allowed,
    /// The requirements that the answer is judged by.
    pub judges: Vec<String>,
}

/// A request that every conforming server accepts when it declares the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// `server/discover`.
    Discover,
    /// `tools/list`.
    ToolsList,
    /// `tools/call` of a tool that may be called, with valid arguments.
    ToolsCall,
    /// `resources/list`.
    ResourcesList,
    /// `resources/templates/list`.
    TemplatesList,
    /// `resources/read` of a listed resource.
    ResourcesRead,
    /// `prompts/list`.
    PromptsList,
    /// `prompts/get` of a listed prompt with its required arguments.
    PromptsGet,
    /// `completion/complete` of an argument of a listed prompt or template.
    Complete,
    /// `subscriptions/listen` for what the server declares to notify of; closed once it is acknowledged.
    Listen,
    /// `tools/call` of a tool that asks for input, by a client with every capability; accepted when it asks.
    InputCall,
    /// `prompts/get` of a prompt that asks for input, by a client with every capability; accepted when it asks.
    InputPrompt,
    /// `tasks/get` of a task that has ended.
    TasksGet,
    /// `tasks/update` of a task that has ended, without answers.
    TasksUpdate,
    /// `tasks/cancel` of a task that has ended.
    TasksCancel,
    /// `tools/call` of a tool with an annotated parameter of the vector's type.
    AnnotatedCall,
    /// `tools/call` for each further annotated parameter of the vector's type, beyond that of [`Base::AnnotatedCall`].
    AnnotatedEach,
    /// `tools/call` of a tool that answers with a task, by a client that declares the extension.
    TaskCall,
    /// The code flow at an authorization server: authorization request and token request, with PKCE.
    CodeFlow,
    /// The registration of a client at an authorization server (RFC 7591).
    Registration,
}

/// The transport that a vector is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// Both.
    #[default]
    Any,
    /// Streamable HTTP only.
    Http,
    /// Standard streams only.
    Stdio,
}

/// Which answers the text allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// Whether the request is served.
    pub outcome: Outcome,
    /// HTTP statuses; empty where the text names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// JSON-RPC error codes; empty where the text names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<i64>,
    /// Whether an error answer carries the request's id.
    #[serde(default, skip_serializing_if = "IdEcho::is_echoed")]
    pub id: IdEcho,
    /// Whether a client sends the request again; absent where the text leaves it to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

/// Whether a client sends again what was answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// It does.
    Asked,
    /// It does not.
    NotAsked,
}

/// Whether a request is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A result comes.
    Accepted,
    /// An error comes, and nothing is executed.
    #[default]
    Refused,
    /// Both are allowed.
    Either,
}

/// Whether an error answer carries the request's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdEcho {
    /// It does.
    #[default]
    Echoed,
    /// The id could not be read: none, or null.
    Unreadable,
}

impl Over {
    fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

impl IdEcho {
    fn is_echoed(&self) -> bool {
        *self == Self::Echoed
    }
}

impl Base {
    /// Its name as it stands in packs and case addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::ToolsList => "tools-list",
            Self::ToolsCall => "tools-call",
            Self::ResourcesList => "resources-list",
            Self::TemplatesList => "templates-list",
            Self::ResourcesRead => "resources-read",
            Self::PromptsList => "prompts-list",
            Self::PromptsGet => "prompts-get",
            Self::Complete => "complete",
            Self::Listen => "listen",
            Self::InputCall => "input-call",
            Self::InputPrompt => "input-prompt",
            Self::TasksGet => "tasks-get",
            Self::TasksUpdate => "tasks-update",
            Self::TasksCancel => "tasks-cancel",
            Self::AnnotatedCall => "annotated-call",
            Self::AnnotatedEach => "annotated-each",
            Self::TaskCall => "task-call",
            Self::CodeFlow => "code-flow",
            Self::Registration => "registration",
        }
    }
}

/// Why a pack could not be read or is not well made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}: {what}")]
pub struct PackError {
    /// The file's name.
    pub file: String,
    /// The group and vector, or the line.
    pub place: String,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl Pack {
    /// Reads a pack; structure is checked by [`Pack::lint`].
    pub fn parse(file: &str, text: &str) -> Result<Self, PackError> {
        serde_json::from_str(text).map_err(|e| PackError {
            file: file.to_owned(),
            place: format!("line {}, column {}", e.line(), e.column()),
            what: e.to_string(),
        })
    }

    /// The canonical form: two spaces, fields in the order of the types, a newline at the end.
    pub fn canonical(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Whether it is for the revision of this edition.
    pub fn is_for(&self, edition: &Edition) -> bool {
        edition.spans(self.since.as_deref(), self.until.as_deref())
    }

    /// The vectors, over all groups.
    pub fn vectors(&self) -> impl Iterator<Item = &Vector> {
        self.groups.iter().flat_map(|g| &g.vectors)
    }

    /// What is not well made, beyond the schema; what it judges is in the ledger.
    pub fn lint(&self, file: &str, ledger: &Ledger) -> Vec<PackError> {
        let mut errors = Vec::new();
        let mut say = |place: String, what: String| {
            errors.push(PackError { file: file.to_owned(), place, what });
        };
        let mut slugs = BTreeSet::new();
        let mut used = BTreeSet::new();
        for group in &self.groups {
            if !group.vectors.iter().any(|v| v.answer.outcome == Outcome::Accepted) {
                say(
                    group.slug.clone(),
                    "has no accepted sibling: add the legal form of what it breaks".into(),
                );
            }
            for vector in &group.vectors {
                let place = || format!("{}/{}", group.slug, vector.slug);
                if !slugs.insert(&vector.slug) {
                    say(place(), "the slug stands twice in this pack".into());
                }
                if vector.slug.is_empty()
                    || vector
                        .slug
                        .bytes()
                        .any(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
                {
                    say(place(), "a slug is lower-case words joined by `-`".into());
                }
                if vector.bases.is_empty() {
                    say(place(), "names no base request".into());
                }
                if vector.judges.is_empty() {
                    say(place(), "judges no requirement".into());
                }
                for what in answers(vector).into_iter().chain(unknown(vector, ledger)) {
                    say(place(), what);
                }
                if vector.answer.outcome == Outcome::Refused && vector.flags.is_empty() {
                    say(place(), "a deviation names the kind of bug it provokes in `flags`".into());
                }
                for flag in &vector.flags {
                    used.insert(flag.clone());
                    if !self.flags.contains_key(flag) {
                        say(place(), format!("flag `{flag}` is not explained in this pack"));
                    }
                }
                if ["should", "test that", "must"]
                    .iter()
                    .any(|w| vector.title.to_lowercase().split_whitespace().any(|t| t == *w))
                {
                    say(place(), "a title is a plain fact, without `should` or `must`".into());
                }
            }
        }
        for flag in self.flags.keys().filter(|f| !used.contains(*f)) {
            say("flags".into(), format!("`{flag}` is used by no vector"));
        }
        errors
    }
}

/// What a vector judges and nobody knows.
fn unknown(vector: &Vector, ledger: &Ledger) -> Vec<String> {
    let unknown = vector.judges.iter().filter(|id| ledger.requirement(id).is_none());
    unknown.map(|id| format!("`{id}` is not in the ledger")).collect()
}

/// What is wrong with a vector of what clients are answered.
fn answers(vector: &Vector) -> Vec<String> {
    let mut wrong = Vec::new();
    let Kind::Answered(answered) = &vector.kind else {
        if vector.answer.again.is_some() {
            wrong.push("`again` is said of clients alone".to_owned());
        }
        return wrong;
    };
    let edited: BTreeSet<Base> = answered.edits.iter().map(|edit| edit.to).collect();
    let bases: BTreeSet<Base> = vector.bases.iter().copied().collect();
    if answered.edits.is_empty()
        && answered.authority.is_empty()
        && bases != [Base::CodeFlow].into()
    {
        wrong.push("changes no answer".to_owned());
    }
    if !answered.edits.is_empty() && edited != bases {
        wrong.push("its `bases` are not what its `edits` are for".to_owned());
    }
    if !vector.answer.status.is_empty() || !vector.answer.codes.is_empty() {
        wrong.push("a client answers with no status and no code".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_a_legal_sibling_is_an_error() {
        let text = r#"{"$schema":"s","pack":"p","source":"s","about":"a","flags":{},
            "groups":[{"slug":"g","about":"a","vectors":[{"slug":"v","title":"t","bases":["discover"],
            "edit":{"headers":[{"remove":"Mcp-Method"}]},"answer":{"outcome":"refused"},
            "judges":["http.validate.method-missing"]}]}]}"#;
        let pack = Pack::parse("p.json", text).expect("parses");
        let said: Vec<String> = pack
            .lint("p.json", &crate::Edition::latest().ledger)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(said[0].contains("no accepted sibling"), "{said:?}");
        assert!(said[1].contains("names the kind of bug"), "{said:?}");
        assert_eq!(Pack::parse("p.json", &pack.canonical()).expect("parses"), pack);
    }
}
