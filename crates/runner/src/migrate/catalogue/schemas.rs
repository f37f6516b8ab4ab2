//! Schemas, names and error codes.

use plumb_model::audit::Effort::{Large, Medium, Small};
use plumb_model::audit::Phase::Schemas;

use super::Entry;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        Schemas,
        Small,
        "migrate.schema.draft07",
        "schemas name another dialect than 2020-12",
    )
    .to(
        "base.schema.recommend-2020-12",
        "Write schemas in 2020-12 and drop `$schema`, or name its address; a client need not know any other dialect.",
    ),
    Entry::new(
        Schemas,
        Medium,
        "migrate.schema.tuple-items",
        "schemas write tuples as an array under `items`",
    )
    .to(
        "base.schema.valid",
        "Write `prefixItems` for `items: […]`, and `items` for `additionalItems`: 2020-12 refuses the one and ignores the other.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.schema.definitions",
        "schemas keep their parts under `definitions`",
    )
    .to(
        "base.schema.valid",
        "Call it `$defs`, and change the references; `definitions` still resolves, and is no keyword any more.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.schema.dependencies",
        "schemas use `dependencies`",
    )
    .to(
        "base.schema.valid",
        "Split it into `dependentRequired` and `dependentSchemas`: 2020-12 ignores `dependencies`, so what it demands is lost.",
    ),
    Entry::new(
        Schemas,
        Medium,
        "migrate.schema.invalid",
        "schemas are not valid under 2020-12",
    )
    .to(
        "base.schema.valid",
        "Rewrite what 2020-12 does not allow, such as `exclusiveMinimum: true` or `items: […]`; clients drop such a tool.",
    ),
    Entry::new(
        Schemas,
        Medium,
        "migrate.schema.remote-ref",
        "schemas refer to addresses on the network",
    )
    .to(
        "base.schema.server-no-network-deref",
        "Put what is referred to under `$defs`: nobody fetches it by default, and a client may refuse the tool.",
    ),
    Entry::new(
        Schemas,
        Medium,
        "migrate.names.charset",
        "tools have names outside of letters, digits, `_`, `-` and `.`, or longer than 128 characters",
    )
    .to(
        "tools.name.charset",
        "Rename them, and keep the old name as an alias for as long as clients call it.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.names.encoded",
        "names or addresses need Base64 to stand in `Mcp-Name`",
    )
    .to(
        "http.name.server-decode",
        "Decode `=?base64?…?=` before comparing `Mcp-Name` with the body, or rename to visible ASCII.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.names.title",
        "tools have their title in `annotations` only",
    )
    .to(
        "schema.tool.shape",
        "Give the tool itself a `title`: it comes first, and hints need not be trusted.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.error.resource-not-found",
        "a resource that does not exist is answered with another code than -32602",
    )
    .to("base.errcode.no-32002", "Answer -32602 (invalid params), with the address in `data.uri`."),
    Entry::new(
        Schemas,
        Large,
        "migrate.error.url-elicitation",
        "a call is refused with -32042, which asks for a URL to be opened",
    )
    .to(
        "base.errcode.no-32042",
        "Answer with `resultType: \"input_required\"` and an `elicitation/create` of mode `url` among its `inputRequests`; the \
         client asks again when the user is done.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.error.reserved-codes",
        "errors use codes that are now reserved for the specification",
    )
    .to(
        "base.errcode.reserved-undefined",
        "Take codes of your own from outside -32768 to -32000; of -32099 to -32020 only those that the revision defines mean \
         anything.",
    ),
    Entry::new(
        Schemas,
        Small,
        "migrate.error.implementation-codes",
        "errors use codes from -32019 to -32000, whose meaning is nobody's",
    )
    .to(
        "base.errcode.avoid-legacy-range",
        "No client gives them a meaning: answer with a code that the revision defines where there is one, such as -32020 and \
         -32022 for headers and versions.",
    ),
];
