//! basic/transports/streamable-http#schema-extension: tools with an invalid `x-mcp-header` are left out.

use plumb_runner::client::{INVALID, KEPT, Moment, Scenario};
use plumb_runner::{Marks, check};
use plumb_wire::method;

use crate::client::conduct::{calls, lists};

check! {
    /// **Observed:** a tool with an `x-mcp-header` with an empty name is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** check that the name is not empty, and leave out of the list each tool that fails.
    pub(crate) EMPTY = "http.xmcp.client-reject-empty";
    happening: |moment, marks| rejects(moment, marks, "empty")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` whose name has a space, a colon or characters beyond ASCII is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** hold the name against `1*tchar` of RFC 9110, and leave out of the list each tool that fails.
    pub(crate) NO_TOKEN = "http.xmcp.client-reject-non-token";
    happening: |moment, marks| rejects(moment, marks, "no token")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` whose name has control characters is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** hold the name against `1*tchar` of RFC 9110, before anything is written, and leave out of the list each tool that fails.
    pub(crate) CONTROL = "http.xmcp.client-reject-control";
    happening: |moment, marks| rejects(moment, marks, "control")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` with one name twice, in the same case or in another is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** collect the names of a tool in lower case, and leave out of the list each tool that fails.
    pub(crate) DUPLICATE = "http.xmcp.client-reject-duplicate";
    happening: |moment, marks| rejects(moment, marks, "duplicate")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` on an object, an array or null is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** allow the types `string`, `integer` and `boolean`, and leave out of the list each tool that fails.
    pub(crate) NO_PRIMITIVE = "http.xmcp.client-reject-non-primitive";
    happening: |moment, marks| rejects(moment, marks, "no primitive")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` on a `number` is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** allow the types `string`, `integer` and `boolean`, since a number has no one decimal form, and leave out of the list each tool that fails.
    pub(crate) NUMBER = "http.xmcp.client-reject-number";
    happening: |moment, marks| rejects(moment, marks, "number")
}

check! {
    /// **Observed:** a tool with an `x-mcp-header` below `items`, `oneOf`, `then` or `$ref` is not called, where a client calls all tools that it was left with.
    ///
    /// **Why:** a header that cannot be written, or of which nobody knows what it says, misleads whatever routes by it.
    ///
    /// **Fix:** walk the whole schema, and leave out of the list each tool with an annotation that no chain of `properties` reaches.
    pub(crate) UNREACHABLE = "http.xmcp.client-reject-unreachable";
    happening: |moment, marks| rejects(moment, marks, "unreachable")
}

check! {
    /// **Observed:** of a list in which most tools have an invalid `x-mcp-header`, only the valid ones are called, and one of
    /// those is, by a client that makes the calls that it is told to.
    ///
    /// **Why:** one malformed definition keeps nobody from using the others.
    ///
    /// **Fix:** filter the result of `tools/list`; do not refuse it as a whole.
    pub(crate) EXCLUDE = "http.xmcp.client-exclude";
    happening: exclude
}

fn exclude(moment: &Moment<'_>, marks: &mut Marks) {
    // Who makes calls where it is told which ones calls what it was left with, too, if it was left with anything.
    let told = moment.of(Scenario::CustomHeaders).iter().any(calls);
    let all = moment.whole_of(Scenario::InvalidHeaders).filter(|_| told);
    if all.is_some_and(|all| all.iter().any(lists) && !all.iter().any(calls)) {
        marks.breaks("a call of a tool that is valid", "no tool was called");
    }
    let Some(name) = called(moment) else { return };
    if KEPT.contains(&name) {
        marks.fits();
    } else if INVALID.iter().any(|(_, names)| names.contains(&name)) {
        marks.breaks("calls of valid tools only", format!("a call of `{name}`"));
    }
}

fn rejects(moment: &Moment<'_>, marks: &mut Marks, flaw: &str) {
    let Some(name) = called(moment) else { return };
    let of_flaw = INVALID.iter().find(|(of, _)| *of == flaw).map_or(&[][..], |(_, names)| names);
    if of_flaw.contains(&name) {
        marks.breaks("the tool is left out", format!("a call of `{name}`"));
    } else if KEPT.contains(&name) && calls_all(moment) {
        marks.fits();
    }
}

/// Whether the client called everything that it was surely left with: what it did not call then, it has left out.
fn calls_all(moment: &Moment<'_>) -> bool {
    let all = moment.of(Scenario::InvalidHeaders);
    KEPT.iter().all(|name| all.iter().any(|received| received.calls(name)))
}

/// The tool that is called, in the scenario with that list.
fn called<'a>(moment: &Moment<'a>) -> Option<&'a str> {
    let here = moment.scenario == Scenario::InvalidHeaders && moment.now().asks(method::TOOLS_CALL);
    moment.now().param("name").filter(|_| here)?.as_str()
}
