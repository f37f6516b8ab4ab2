//! server/tools#output-schema, #security-considerations, basic#json-schema-usage: results of calls, and whether they are what
//! they are said to be. Whether a client refuses one shows by how it ends, if its end speaks of errors.

use plumb_runner::client::{Moment, Provoked, REFERRED, Received, Scenario};
use plumb_runner::{Check, Marks, check};

use super::conduct::{calls, vectors};

pub(crate) const CHECKS: &[&Check] =
    &[&OUTPUT, &DEFAULT_DIALECT, &NAMED_DIALECT, &MIN_DIALECT, &CONTENT, &REFERENCE, &UNRESOLVED];

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
