//! Scenarios that are data: what a client is answered by a right server but for one thing, as vectors say it.

use std::sync::OnceLock;

use json_patch::Patch;
#[cfg(test)]
use plumb_model::pack::Outcome;
use plumb_model::pack::{Allowed, Answered, Base, Kind, Over, Pack, Reply, Vector};
use plumb_model::{Header, Payload};
use plumb_wire::http::Response;
use plumb_wire::{Asked, Transport, method};
use serde_json::Value;

use super::provocation::Stage;
use super::scenario::Scenario;

/// The packs that make scenarios and their texts, by path from the repository's root.
pub fn packs() -> [(&'static str, &'static str); 3] {
    plumb_texts::named![
        "vectors/client-results/pack.json",
        "vectors/pkce/pack.json",
        "vectors/sep-2468-issuer/pack.json",
    ]
}

/// A vector of that kind, played under a name of the official suite.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    played: &'static Played,
    /// Those that it came with.
    pack: &'static [Played],
}

#[derive(Debug)]
struct Played {
    label: String,
    vector: Vector,
    answered: Answered,
    /// Whether it is a user's own.
    given: bool,
}

impl PartialEq for Case {
    fn eq(&self, other: &Self) -> bool {
        self.played.label == other.played.label
    }
}

impl Eq for Case {}

impl Case {
    /// All of those built in, in the order of their packs.
    pub fn all() -> impl Iterator<Item = Self> {
        // What an authorization server does is a scene that exists already.
        let pack = all();
        let played = pack.iter().filter(|played| !played.answered.edits.is_empty());
        played.map(|played| Self { played, pack })
    }

    /// Those of a pack of the user's own, in its order. They are kept for the rest of the process, as those built in are.
    ///
    /// Errors: one is played under a name that no client knows, or under one that is taken; or it changes what nobody asks for.
    pub fn of(pack: &Pack) -> Result<Vec<Self>, String> {
        let mut given = Vec::new();
        for vector in pack.vectors() {
            let Some(played) = played(vector, true) else { continue };
            if let Some(why) = unplayable(&played) {
                return Err(format!("vector `{}`: {why}", vector.slug));
            }
            given.push(played);
        }
        let pack: &'static [Played] = given.leak();
        Ok(pack.iter().map(|played| Self { played, pack }).collect())
    }

    /// The official name, and after `#` the vector's own.
    pub(super) fn label(self) -> &'static str {
        &self.played.label
    }

    /// The case of this label, if it is one.
    pub fn named(label: &str) -> Option<Self> {
        Self::all().find(|case| case.played.label == label)
    }

    /// What is answered, as a plain fact.
    pub fn title(self) -> &'static str {
        &self.played.vector.title
    }

    /// What a client may do then.
    pub fn allowed(self) -> &'static Allowed {
        &self.played.vector.answer
    }

    /// Whether it is about this requirement.
    pub fn judges(self, id: &str) -> bool {
        self.played.vector.judges.iter().any(|of| of == id)
    }

    /// The case that a client has to have done right for this one to show anything.
    pub fn control(self) -> Option<Self> {
        let slug = self.played.answered.control.as_deref()?;
        let own = self.pack.iter().map(|played| Self { played, pack: self.pack });
        own.chain(Self::all()).find(|case| case.played.vector.slug == slug)
    }

    /// Whether it is a user's own: which checks read it, only its pack says.
    pub fn is_given(self) -> bool {
        self.played.given
    }

    /// The methods whose answers are changed.
    pub fn methods(self) -> impl Iterator<Item = &'static str> {
        self.played.answered.edits.iter().filter_map(|edit| asked_by(edit.to))
    }

    /// Whether an answer has another status.
    pub fn is_status(self) -> bool {
        self.played.answered.edits.iter().any(|edit| edit.status.is_some())
    }

    /// Whether it can be played over this transport.
    pub(super) fn is_over(self, transport: Transport) -> bool {
        match self.played.vector.over {
            Over::Any => true,
            Over::Http => transport == Transport::StreamableHttp,
            Over::Stdio => transport == Transport::Stdio,
        }
    }

    /// The answer to a request, changed as the vector says.
    pub(super) fn amended(self, asked: &Asked, right: Response, stage: &Stage) -> Response {
        let message = asked.message();
        let Some(method) = message.method() else { return right };
        let here = |edit: &&Reply| asked_by(edit.to) == Some(method);
        let Some(edit) = self.played.answered.edits.iter().find(here) else { return right };
        if edit.once && stage.nth(method) > 1 {
            return right;
        }
        changed(right, edit)
    }
}

/// The answer, changed.
fn changed(mut answer: Response, edit: &Reply) -> Response {
    let message = serde_json::from_slice::<Value>(answer.body.bytes());
    let patch = serde_json::from_value::<Patch>(Value::Array(edit.body.clone()));
    if let (Ok(mut message), Ok(patch)) = (message, patch)
        && !edit.body.is_empty()
        && json_patch::patch(&mut message, &patch).is_ok()
    {
        answer.body = message.to_string().into();
    }
    if let Some(status) = edit.status {
        answer.status = status;
    }
    if edit.empty {
        answer.body = Payload::default();
        answer.headers.retain(|header| !header.name.eq_ignore_ascii_case("content-type"));
    }
    for (name, value) in &edit.headers {
        answer.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
        answer.headers.push(Header::new(name, value));
    }
    answer
}

fn all() -> &'static [Played] {
    static ALL: OnceLock<Vec<Played>> = OnceLock::new();
    ALL.get_or_init(|| {
        // That they can be read is a test of theirs.
        let packs = packs().into_iter().filter_map(|(file, text)| Pack::parse(file, text).ok());
        let vectors = packs.flat_map(|pack| pack.vectors().cloned().collect::<Vec<_>>());
        vectors.filter_map(|vector| played(&vector, false)).collect()
    })
}

fn played(vector: &Vector, given: bool) -> Option<Played> {
    let Kind::Answered(answered) = &vector.kind else { return None };
    let label = format!("{}#{}", answered.scenario, vector.slug);
    Some(Played { label, vector: vector.clone(), answered: answered.clone(), given })
}

/// Why a vector of a user's own cannot be played, if it cannot.
fn unplayable(played: &Played) -> Option<String> {
    let Played { label, answered, .. } = played;
    let names = ["tools_call", "http-standard-headers", "request-metadata"];
    if !names.contains(&answered.scenario.as_str()) {
        return Some(format!("its `scenario` is one of {}", names.join(", ")));
    }
    if Scenario::all().iter().any(|scenario| scenario.label() == label) {
        return Some(format!("`{label}` is a scenario already"));
    }
    let unasked = answered.edits.iter().find(|edit| asked_by(edit.to).is_none());
    if answered.edits.is_empty() || unasked.is_some() {
        return Some("it changes no answer to what a client asks for".to_owned());
    }
    None
}

/// How the authorization server of the scene with this label departs, by the names of deviations.
pub(super) fn departures(label: &str) -> impl Iterator<Item = &'static str> {
    let of = all().iter().filter(move |played| played.answered.scenario == label);
    of.flat_map(|played| played.answered.authority.iter().map(String::as_str))
}

/// The vectors of authorization servers, each with what a client does.
#[cfg(test)]
pub(super) fn authorities() -> impl Iterator<Item = (&'static Answered, Outcome)> {
    let all = all().iter().filter(|played| played.answered.edits.is_empty());
    all.map(|played| (&played.answered, played.vector.answer.outcome))
}

/// The method of a base that clients ask for.
fn asked_by(base: Base) -> Option<&'static str> {
    Some(match base {
        Base::Discover => method::DISCOVER,
        Base::ToolsList => method::TOOLS_LIST,
        Base::ToolsCall => method::TOOLS_CALL,
        Base::ResourcesList => method::RESOURCES_LIST,
        Base::TemplatesList => method::TEMPLATES_LIST,
        Base::ResourcesRead => method::RESOURCES_READ,
        Base::PromptsList => method::PROMPTS_LIST,
        Base::PromptsGet => method::PROMPTS_GET,
        Base::Complete => method::COMPLETE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_pack_can_be_read_and_every_case_is_answered_in_its_own_way() {
        for (file, text) in packs() {
            Pack::parse(file, text).expect("it is a pack");
        }
        assert!(Case::all().count() > 0);
        for case in Case::all() {
            assert!(case.methods().count() > 0, "{}", case.label());
            assert_eq!(
                case.control().is_some(),
                case.played.answered.control.is_some(),
                "{} has a control that is no case",
                case.label()
            );
        }
    }

    #[test]
    fn a_patch_changes_the_answer_and_a_status_its_head() {
        let edit = Reply {
            to: Base::ToolsCall,
            body: vec![json!({ "op": "add", "path": "/result/isError", "value": false })],
            status: Some(400),
            headers: [("Retry-After".to_owned(), "1".to_owned())].into(),
            empty: false,
            once: false,
        };
        let answer = changed(Response::json(&json!({ "result": {} })), &edit);
        assert_eq!(answer.status, 400);
        assert!(answer.headers.contains(&Header::new("Retry-After", "1")));
        let said: Value = serde_json::from_slice(answer.body.bytes()).expect("JSON");
        assert_eq!(said, json!({ "result": { "isError": false } }));
    }
}
