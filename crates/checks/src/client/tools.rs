//! server/tools#output-schema, #security-considerations, basic#json-schema-usage: results of calls, and whether they are what
//! they are said to be. Whether a client refuses one shows by how it ends, if its end speaks of errors.

use plumb_runner::client::{Moment, Provoked, REFERRED, Received, Scenario};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::method;
use serde_json::{Value, json};

use super::conduct::{calls, vectors};

pub(crate) const CHECKS: &[&Check] = &[
    &OUTPUT,
    &DEFAULT_DIALECT,
    &NAMED_DIALECT,
    &MIN_DIALECT,
    &CONTENT,
    &REFERENCE,
    &UNRESOLVED,
    &AS_ASKED,
    &READ_AS_ASKED,
    &GET_AS_ASKED,
];

/// So many characters of a call are shown.
const SHOWN: usize = 120;

/// What shows whether a client looks at structured content at all.
const INVALID_OUTPUT: &str = "tools_call#invalid-output";

check! {
    /// **Observed:** a client that ends with an error where a call is refused also does so where `structuredContent` is not
    /// what the `outputSchema` says: a text in place of a number. What it takes as an object, it takes as an array, a text, a number, a
    /// truth and null as well.
    ///
    /// **Why:** a program that trusts the schema computes with what it is not.
    ///
    /// **Fix:** validate `structuredContent` by the schema of the listed tool, and give an error to who called.
    pub(crate) OUTPUT = "tools.output.client-validate";
    happening: |moment, marks| vectors(moment, marks, "tools.output.client-validate")
}

check! {
    /// **Observed:** a client takes structured content that is valid by JSON Schema 2020-12, for a schema without `$schema`,
    /// and not by an earlier draft. One that refuses invalid content also refuses what is invalid by 2020-12 alone.
    ///
    /// **Why:** by another dialect, right results are refused and wrong ones are taken.
    ///
    /// **Fix:** choose the validator for 2020-12 where no `$schema` stands; many libraries begin with draft-07.
    pub(crate) DEFAULT_DIALECT = "base.schema.client-2020-12-default";
    happening: |moment, marks| vectors(moment, marks, "base.schema.client-2020-12-default")
}

check! {
    /// **Observed:** a client that refuses invalid structured content also refuses what is invalid by JSON Schema 2020-12, in
    /// a schema that names that dialect, or by draft-07 alone, where that is named.
    ///
    /// **Why:** by another dialect, keywords say nothing, and wrong results are taken.
    ///
    /// **Fix:** choose the validator by `$schema`.
    pub(crate) NAMED_DIALECT = "base.schema.client-validate-dialect";
    happening: |moment, marks| vectors(moment, marks, "base.schema.client-validate-dialect")
}

check! {
    /// **Observed:** a client that looks at structured content knows JSON Schema 2020-12 by its name: it takes what is valid by a
    /// schema that names that dialect, and refuses what is not.
    ///
    /// **Why:** it is the one dialect that everybody has.
    ///
    /// **Fix:** choose a validator that has 2020-12.
    pub(crate) MIN_DIALECT = "base.schema.min-dialect";
    happening: |moment, marks| vectors(moment, marks, "base.schema.min-dialect")
}

check! {
    /// **Observed:** a client that ends with an error where a call is refused also does so where the content of a result is
    /// none: a text without its text, and a number; blocks of other kinds, and an empty list, it takes.
    ///
    /// **Why:** what is no content reaches a model, or ends a program elsewhere.
    ///
    /// **Fix:** validate results by the schema of the protocol.
    pub(crate) CONTENT = "tools.sec.client-validate-results";
    happening: |moment, marks| vectors(moment, marks, "tools.sec.client-validate-results")
}

check! {
    /// **Observed:** a client does not fetch what the `outputSchema` of a tool refers to over the network, before or after the
    /// tool is called.
    ///
    /// **Why:** whoever writes a schema would else choose what the client's machine asks for.
    ///
    /// **Fix:** give the schema validator a resolver that knows no network.
    pub(crate) REFERENCE = "tools.sec.client-ref";
    happening: reference
}

fn reference(moment: &Moment<'_>, marks: &mut Marks) {
    let here = Scenario::Provoked(Provoked::OutputReference);
    if moment.scenario != here {
        return;
    }
    let fetches = |r: &Received| r.path() == REFERRED;
    if fetches(moment.now()) {
        marks.breaks("nothing is fetched", format!("GET {REFERRED}"));
    } else if calls(moment.now()) {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client that refuses invalid structured content also refuses a result whose `outputSchema` refers to the
    /// network, and so cannot be read.
    ///
    /// **Why:** a schema that allows everything is none, and nobody learns of it.
    ///
    /// **Fix:** give an error where a `$ref` leads nowhere.
    pub(crate) UNRESOLVED = "base.schema.unresolved-ref-reject";
    happening: unresolved
}

fn unresolved(moment: &Moment<'_>, marks: &mut Marks) {
    let here = Scenario::Provoked(Provoked::OutputReference);
    let invalid = Scenario::answered(INVALID_OUTPUT).and_then(|of| moment.failed(of));
    let validates = moment.tells_errors() && invalid == Some(true);
    if moment.whole_of(here).is_none() || !validates {
        return;
    }
    marks.expect(
        moment.failed(here) == Some(true),
        "a schema that cannot be read is an error",
        || "the client ended well".into(),
    );
}

check! {
    /// **Observed:** a client that is told to call a tool calls it by that name, case and signs included, with the arguments that it
    /// is told: a number stays a number, and what is false or empty is there.
    ///
    /// **Why:** another name is another tool, and another argument another call: a server tells them apart.
    ///
    /// **Fix:** hand names and arguments on as they are; what a model needs otherwise is translated back.
    pub(crate) AS_ASKED = "tools.call.client-as-asked";
    happening: as_asked
}

check! {
    /// **Observed:** a client that is told to read a resource reads the one of that URI, character by character.
    ///
    /// **Why:** another URI is another resource, or none: an escape may be part of a name.
    ///
    /// **Fix:** hand the URI on as it is listed, neither parsed nor normalised.
    pub(crate) READ_AS_ASKED = "resources.read.client-as-asked";
    happening: |moment, marks| names_as_told(moment, marks, method::RESOURCES_READ, "read", "uri")
}

check! {
    /// **Observed:** a client that is told to get a prompt gets the one of that name, character by character; and one that is told
    /// nothing gets none by another form of Unicode of a name that was listed to it.
    ///
    /// **Why:** another name is another prompt, or none: names are compared as they are written.
    ///
    /// **Fix:** hand the name on as it is listed, and bring it into no other form of Unicode.
    pub(crate) GET_AS_ASKED = "prompts.get.client-as-asked";
    happening: |moment, marks| {
        names_as_told(moment, marks, method::PROMPTS_GET, "get", "name");
        keeps_form(moment, marks);
    }
}

/// That nobody who is told nothing asks for a prompt by a listed name in another form: none but a client brings it into that.
fn keeps_form(moment: &Moment<'_>, marks: &mut Marks) {
    let now = moment.now();
    let named = now.param("name").and_then(Value::as_str).filter(|_| now.asks(method::PROMPTS_GET));
    let Some(named) = named.filter(|_| !moment.follows_steps()) else { return };
    let lists = moment.before().iter().filter_map(|r| r.result()?["prompts"].as_array());
    let mut listed = lists.flatten().filter_map(|prompt| prompt["name"].as_str());
    // The one letter of our prompts that has two forms.
    let decomposed = |name: &str| name.replace('\u{fc}', "u\u{308}");
    let other = listed.find(|name| *name != named && decomposed(name) == named);
    if let Some(other) = other {
        marks.breaks(format!("{other:?}, as it is listed"), format!("{named:?}"));
    }
}

/// That what is asked for by this method is named as in a step.
fn names_as_told(moment: &Moment<'_>, marks: &mut Marks, method: &str, step: &str, member: &str) {
    if !moment.now().asks(method) {
        return;
    }
    let told = moment.told(step);
    let Some(named) = moment.now().param(member).filter(|_| !told.is_empty()) else { return };
    // A client may well ask for all that is listed to it.
    let listed = |r: &Received| {
        let list = ["resources", "prompts"].into_iter().find_map(|of| r.result()?[of].as_array());
        list.is_some_and(|all| all.iter().any(|item| item[member] == *named))
    };
    let asked_for = told.iter().any(|step| step[member] == *named);
    let fits = asked_for || moment.before().iter().any(listed);
    let all: Vec<String> = told.iter().map(|step| step[member].to_string()).collect();
    marks.expect(fits, clip(&format!("one of {}", all.join(", ")), SHOWN), || {
        clip(&named.to_string(), SHOWN)
    });
}

fn as_asked(moment: &Moment<'_>, marks: &mut Marks) {
    let here = Scenario::Provoked(Provoked::Names);
    let Some(all) = moment.whole_of(here) else { return };
    let asked = moment.calls_to_make();
    let made: Vec<&Received> = all.iter().filter(|r| calls(r)).collect();
    // Who calls more or less does not follow the steps, or tries again.
    if made.len() != asked.len() {
        return;
    }
    for (step, call) in asked.iter().zip(made) {
        let nothing = json!({});
        let of = |name: &str| call.param(name).unwrap_or(&nothing);
        let told = |name: &Value, with: &Value| clip(&format!("{name} with {with}"), SHOWN);
        let (name, arguments) = (of("name"), of("arguments"));
        let same = *name == step["name"] && *arguments == step["arguments"];
        marks.expect(same, told(&step["name"], &step["arguments"]), || told(name, arguments));
    }
}
