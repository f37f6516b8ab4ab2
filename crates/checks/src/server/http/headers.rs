//! streamable-http#server-validation: the headers that mirror the method, the name and the version.

use plumb_runner::check;
use plumb_runner::facet::{code, outcome, refused_with_status, status};

check! {
    /// **Observed:** `Mcp-Name` in the Base64 sentinel form is accepted when it decodes to the name of the body: for
    /// tool calls, prompts and resources.
    ///
    /// **Why:** names beyond ASCII have no other way into a header.
    ///
    /// **Fix:** decode `=?base64?…?=` before the comparison.
    pub(crate) NAME_DECODE = "http.name.server-decode";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests whose header names are in lower, upper or mixed case are served.
    ///
    /// **Why:** HTTP/2 and many proxies send names in lower case; HTTP gives the case no meaning.
    ///
    /// **Fix:** look headers up without case.
    pub(crate) NAMES_ANY_CASE = "http.header-names-server";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests whose `Mcp-Method` is the body's method in upper case are refused, and so is the header
    /// of an annotated parameter in another case: of a string, and of a boolean, which is `true` or `false` in lower case.
    ///
    /// **Why:** methods and values are case-sensitive; who folds them compares something else than it acts on.
    ///
    /// **Fix:** compare values byte by byte.
    pub(crate) VALUES_CASE = "http.header-values-case";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests whose `Mcp-Method` differs from the body's method are refused, on every method, and so are those
    /// that have it in the Base64 form, which is for `Mcp-Name` and `Mcp-Param-*` alone.
    ///
    /// **Why:** a gateway lets through or routes by what the header says.
    ///
    /// **Fix:** compare them before the method is looked up.
    pub(crate) METHOD_MISMATCH = "http.validate.method-mismatch";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests without `Mcp-Method` are refused, on every method.
    ///
    /// **Why:** leaving the header out would be enough to get past a gateway.
    ///
    /// **Fix:** demand the header on every request.
    pub(crate) METHOD_MISSING = "http.validate.method-missing";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** tool calls whose `Mcp-Name` differs from the body's `name` are refused: another name, a longer
    /// one, an empty one, another one in the Base64 sentinel form.
    ///
    /// **Why:** a gateway that allows one tool would let another one run.
    ///
    /// **Fix:** compare the decoded header with the body before the tool is looked up.
    pub(crate) NAME_MISMATCH_TOOL = "http.validate.name-mismatch-tool";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** reads whose `Mcp-Name` differs from the body's `uri` are refused.
    ///
    /// **Why:** a gateway that allows one resource would let another one be read.
    ///
    /// **Fix:** compare the decoded header with the body, letter by letter, before the resource is looked up.
    pub(crate) NAME_MISMATCH_RESOURCE = "http.validate.name-mismatch-resource";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests for a prompt whose `Mcp-Name` differs from the body's `name` are refused.
    ///
    /// **Why:** a gateway that allows one prompt would let another one through.
    ///
    /// **Fix:** compare the decoded header with the body before the prompt is looked up.
    pub(crate) NAME_MISMATCH_PROMPT = "http.validate.name-mismatch-prompt";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** tool calls without `Mcp-Name` are refused.
    ///
    /// **Why:** leaving the header out would be enough to get past a gateway.
    ///
    /// **Fix:** demand the header on `tools/call`.
    pub(crate) NAME_MISSING_TOOL = "http.validate.name-missing-tool";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** reads without `Mcp-Name` are refused.
    ///
    /// **Why:** leaving the header out would be enough to get past a gateway.
    ///
    /// **Fix:** demand the header on `resources/read`.
    pub(crate) NAME_MISSING_RESOURCE = "http.validate.name-missing-resource";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests for a prompt without `Mcp-Name` are refused.
    ///
    /// **Why:** leaving the header out would be enough to get past a gateway.
    ///
    /// **Fix:** demand the header on `prompts/get`.
    pub(crate) NAME_MISSING_PROMPT = "http.validate.name-missing-prompt";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** requests whose `Mcp-Method` or `Mcp-Name` ends in a byte that no header may hold (0x01, 0x7F,
    /// 0xFF) get 400, whether the HTTP library or the server refuses them.
    ///
    /// **Why:** parties that drop, replace or decode such bytes in different ways read different values.
    ///
    /// **Fix:** refuse values beyond visible ASCII, space and tab before they are compared.
    pub(crate) INVALID_CHARS = "http.validate.invalid-chars";
    applies: [Http];
    cases: refused_with_status
}

check! {
    /// **Observed:** requests whose `Mcp-Name` has both markers with something else than Base64 of UTF-8 between them
    /// are refused.
    ///
    /// **Why:** a server that lets pass what it cannot decode compares nothing.
    ///
    /// **Fix:** treat a value that does not decode as a mismatch.
    pub(crate) BAD_SENTINEL_NAME = "http.validate.bad-sentinel-name";
    applies: [Http];
    cases: outcome
}

check! {
    /// **Observed:** every refusal of a missing or differing header has the status 400.
    ///
    /// **Why:** gateways and clients see by the status that the request itself is at fault.
    ///
    /// **Fix:** set the status beside the JSON-RPC error.
    pub(crate) STATUS_400 = "http.validate.status-400";
    applies: [Http];
    cases: status
}

check! {
    /// **Observed:** every refusal of a missing or differing header carries the JSON-RPC error -32020.
    ///
    /// **Why:** by the code a client knows that it must mirror the body again, perhaps after listing the tools anew.
    ///
    /// **Fix:** answer with a JSON-RPC error of this code and the request's id.
    pub(crate) CODE = "http.validate.code-32020";
    applies: [Http];
    cases: code
}

check! {
    /// **Observed:** white space around the values of `Mcp-Method`, `Mcp-Name`, `MCP-Protocol-Version` and of the
    /// header of an annotated parameter changes nothing.
    ///
    /// **Why:** HTTP allows it, and proxies add or remove it.
    ///
    /// **Fix:** trim spaces and tabs before the comparison; what must keep them is in the Base64 form.
    pub(crate) OWS = "http.validate.ows";
    applies: [Http];
    cases: outcome
}
