//! Where the target lets a vector be tried.

use plumb_model::pack::{Base, HeaderValue, Kind, Over, Pack, Vector};
use plumb_wire::Transport;
use serde_json::Value;

use super::edit::edited;
use super::given::Given;
use crate::survey::annotated::Annotated;
use crate::{Probe, Survey, sample};

/// At most so many annotated parameters of a type are looked at beyond the first.
const FURTHER: usize = 4;

/// The address of a vector on a base, within its check: the slug, and the base if there are several.
pub(crate) fn address(vector: &Vector, base: Base) -> String {
    if vector.bases.len() == 1 {
        vector.slug.clone()
    } else {
        format!("{}@{}", vector.slug, base.name())
    }
}

/// Where the target lets a vector be tried on a base: once, or on each further parameter that it is about; the
/// parameter's place and the address of the case.
pub(super) fn places(given: Given<'_>, base: Base, vector: &Vector) -> Vec<(usize, String)> {
    let survey = given.survey;
    let address = address(vector, base);
    match &vector.kind {
        Kind::HeaderValue(value) if base == Base::AnnotatedEach => survey
            .annotated(value.of)
            .enumerate()
            .skip(1)
            .take(FURTHER)
            .filter(|(_, tool)| fits(tool, value))
            .map(|(at, tool)| (at, format!("{address}-{}", tool.header.to_lowercase())))
            .collect(),
        Kind::HeaderValue(value) => {
            let first = survey.annotated(value.of).position(|tool| fits(&tool, value));
            first.map(|at| (at, address)).into_iter().collect()
        }
        _ if offered(given, base, vector) => vec![(0, address)],
        _ => Vec::new(),
    }
}

fn offered(given: Given<'_>, base: Base, vector: &Vector) -> bool {
    let survey = given.survey;
    match &vector.kind {
        Kind::HeaderValue(value) => survey.annotated(value.of).any(|tool| fits(&tool, value)),
        Kind::Edit(edit) => given.base(base).is_some_and(|probe| {
            edited(probe.clone(), edit).is_some_and(|sent| !names_another(survey, &probe, &sent))
        }),
        Kind::Interruption(_) => given.base(base).is_some(),
        // A flow at an authorization server, and what clients are answered.
        Kind::Grant(_) | Kind::Answered(_) => false,
        Kind::Token(what) => {
            let used = |probe| given.auth.filter(|_| survey.protected)?.used(probe, what);
            given.base(base).and_then(used).is_some()
        }
    }
}

/// Whether an edit names something else that the target has: a word that no table should hold by itself may be a tool's name.
fn names_another(survey: &Survey, plain: &Probe, sent: &Probe) -> bool {
    let named = |probe: &Probe, at| probe.message_value().and_then(|m| m.pointer(at)).cloned();
    let lists = [
        ("/params/name", &survey.tools),
        ("/params/name", &survey.prompts),
        ("/params/ref/name", &survey.prompts),
    ];
    lists.into_iter().any(|(at, list)| {
        let name = named(sent, at).filter(|name| named(plain, at).as_ref() != Some(name));
        name.is_some_and(|name| list.items.iter().any(|item| item.value["name"] == name))
    })
}

/// Whether the tool's schema takes the value, so that a refusal can only be due to the header.
fn fits(tool: &Annotated, vector: &HeaderValue) -> bool {
    let mut arguments = Value::Object(tool.arguments.clone());
    if let (Some(value), Some((parent, key))) = (&vector.value, tool.pointer.rsplit_once('/'))
        && let Some(parent) = arguments.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        parent.insert(key.to_owned(), value.clone());
    }
    sample::validator(&tool.tool["inputSchema"]).is_none_or(|schema| schema.is_valid(&arguments))
}

/// Whether a vector is meant for a transport.
pub(super) fn goes_over(vector: &Vector, transport: Transport) -> bool {
    match vector.over {
        Over::Any => true,
        Over::Http => transport == Transport::StreamableHttp,
        Over::Stdio => transport == Transport::Stdio,
    }
}

/// Whether a vector is carried out by the scenario that it names: more than one request is at stake.
pub(super) fn of_scenarios(vector: &Vector) -> bool {
    matches!(vector.kind, Kind::Interruption(_) | Kind::Grant(_) | Kind::Answered(_))
}

/// The vectors that the scenario of a check carries out, each with a base that the target offers and its case's address.
pub(crate) fn of_scenario(
    packs: &[Pack],
    check: &str,
    given: Given<'_>,
) -> Vec<(String, Base, Vector)> {
    let given = Given { auth: None, ..given };
    let here = |v: &&Vector| goes_over(v, given.survey.transport);
    let named = |v: &&Vector| of_scenarios(v) && v.judges.iter().any(|id| id == check);
    let vectors = packs.iter().flat_map(Pack::vectors).filter(named).filter(here);
    let offered = |vector: &&Vector, base: &Base| offered(given, *base, vector);
    vectors
        .flat_map(|v| v.bases.iter().filter(move |b| offered(&v, b)).map(move |b| (v, *b)))
        .map(|(vector, base)| (address(vector, base), base, vector.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use plumb_wire::method;
    use serde_json::json;

    use super::*;
    use crate::survey::listing::Item;

    #[test]
    fn a_word_that_nobody_should_have_is_sent_to_nobody_who_lists_it() {
        let mut survey = Survey::default();
        let call = |name: &str| Probe::request(method::TOOLS_CALL, json!({"name": name}));
        assert!(!names_another(&survey, &call("add"), &call("__proto__")));
        let tools = ["add", "__proto__"].map(|name| Item { value: json!({"name": name}), seq: 0 });
        survey.tools.items.extend(tools);
        assert!(names_another(&survey, &call("add"), &call("__proto__")));
        assert!(!names_another(&survey, &call("add"), &call("add")));
    }
}
