//! The rules that the client keeps, and the mutants that come of breaking one.

/// Declares the switches, and for each the requirement whose check must notice when it is off.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident => kills $requirement:literal,)+) => {
        /// One switch for each rule of the client; `true` keeps it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct ClientRules {
            $($(#[doc = $doc])+ pub $rule: bool,)+
        }

        impl ClientRules {
            /// Every rule kept.
            pub const SPEC: Self = Self { $($rule: true,)+ };
        }

        /// Every rule of the client broken, one at a time.
        pub const CLIENT_MUTANTS: &[ClientMutant] = &[
            $(ClientMutant {
                name: stringify!($rule),
                kills: $requirement,
                rules: ClientRules { $rule: false, ..ClientRules::SPEC },
            },)+
        ];
    };
}

/// The client with one rule broken.
#[derive(Debug, Clone, Copy)]
pub struct ClientMutant {
    /// The rule that it breaks: a field of [`ClientRules`].
    pub name: &'static str,
    /// The requirement that it violates, and whose check must say so.
    pub kills: &'static str,
    /// All its rules.
    pub rules: ClientRules,
}

rules! {
    /// Messages say `"jsonrpc": "2.0"`.
    says_jsonrpc => kills "base.jsonrpc.client-conform",
    /// `method` is a string.
    methods_are_text => kills "base.jsonrpc.client-conform",
    /// Requests have an id.
    sends_ids => kills "base.request.id-present",
    /// Ids are integers.
    ids_are_whole => kills "base.request.id-present",
    /// No id is null.
    ids_are_not_null => kills "base.request.id-not-null",
    /// `_meta` has the version.
    names_version => kills "base.meta.client-protocol-version",
    /// `_meta` has the capabilities.
    declares_capabilities => kills "base.meta.client-capabilities",
    /// The capabilities are an object.
    capabilities_are_an_object => kills "base.meta.client-capabilities",
    /// `_meta` has name and version of the client.
    names_itself => kills "base.meta.client-info-should",
    /// What a schema refers to is not fetched.
    leaves_references => kills "base.schema.client-no-network-deref",
    /// Messages are written in UTF-8.
    writes_utf8 => kills "transport.utf8-client",
    /// Messages are posted.
    posts => kills "http.client.post",
    /// Event streams are accepted.
    accepts_streams => kills "http.client.accept",
    /// JSON is accepted.
    accepts_json => kills "http.client.accept",
    /// A POST has one message.
    sends_one_message => kills "http.client.single-message",
    /// There is a header with the version.
    version_header => kills "http.version-header.present",
    /// It says what the body says.
    version_header_matches => kills "http.version-header.match",
    /// There is a header with the method.
    method_header => kills "http.client.mcp-method",
    /// It says what the body says, case included.
    method_header_matches => kills "http.client.mcp-method",
    /// A call has a header with the tool's name.
    tool_header => kills "http.client.mcp-name-tool",
    /// A read has a header with the URI.
    resource_header => kills "http.client.mcp-name-resource",
    /// The URI stands there as it stands in the body.
    resource_header_matches => kills "http.client.mcp-name-resource",
    /// Getting a prompt has a header with its name.
    prompt_header => kills "http.client.mcp-name-prompt",
    /// Names beyond ASCII are encoded in the header.
    encodes_names => kills "http.client.mcp-name-encode",
}
