//! The rules that the client keeps, and the mutants that come of breaking one.

#[macro_use]
mod authorization;
#[macro_use]
mod provoked;
#[macro_use]
mod piped;

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

piped_rules! {
    /// Messages say `"jsonrpc": "2.0"`.
    says_jsonrpc => kills "base.jsonrpc.client-conform",
    /// `method` is a string.
    methods_are_text => kills "base.jsonrpc.client-conform",
    /// The arguments of a call are an object.
    arguments_are_an_object => kills "base.jsonrpc.client-conform",
    /// A completion names its model.
    names_its_model => kills "base.jsonrpc.client-conform",
    /// What a user is to be told of is a level that there is.
    log_levels_are_known => kills "base.jsonrpc.client-conform",
    /// A filter says yes and no by truth values.
    filters_by_truth => kills "base.jsonrpc.client-conform",
    /// Nor are endpoints got or deleted, as sessions were.
    leaves_no_session => kills "versioning.client-removed",
    /// Nor does a request take up a stream that was cut.
    takes_up_no_stream => kills "versioning.client-removed",
    /// Nor is the endpoint got before anything is asked.
    asks_before_it_streams => kills "versioning.client-removed",
    /// What is gone from the revision is not sent to a server that speaks it.
    sends_nothing_removed => kills "versioning.client-removed",
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
    /// Its body is said to be JSON.
    says_its_media_type => kills "http.client.content-type",
    /// A POST has one message.
    sends_one_message => kills "http.client.single-message",
    /// There is a header with the version.
    version_header => kills "http.version-header.present",
    /// It says what the body says.
    version_header_matches => kills "http.version-header.match",
    /// There is a header with the method.
    method_header => kills "http.client.mcp-method",
    /// There is one of them.
    one_method_header => kills "http.client.mcp-method",
    /// It says what the body says, case included.
    method_header_matches => kills "http.client.mcp-method",
    /// A call has a header with the tool's name.
    tool_header => kills "http.client.mcp-name-tool",
    /// There is one of them.
    one_name_header => kills "http.client.mcp-name-tool",
    /// A read has a header with the URI.
    resource_header => kills "http.client.mcp-name-resource",
    /// The URI stands there as it stands in the body.
    resource_header_matches => kills "http.client.mcp-name-resource",
    /// Getting a prompt has a header with its name.
    prompt_header => kills "http.client.mcp-name-prompt",
    /// Names beyond ASCII are encoded in the header.
    encodes_names => kills "http.client.mcp-name-encode",
    /// What a schema marks is mirrored into headers.
    mirrors_parameters => kills "http.param.client-mirror",
    /// Each of them, not the first one alone.
    mirrors_every_parameter => kills "http.param.client-include",
    /// Also what is false.
    mirrors_false => kills "http.param.client-include",
    /// Null is not mirrored.
    leaves_out_null => kills "http.param.client-omit-null",
    /// What is not given is not mirrored.
    leaves_out_missing => kills "http.param.client-omit-missing",
    /// A parameter is looked for at its place, not by its name.
    follows_paths => kills "http.param.extract-path",
    /// Texts are mirrored without quotes.
    mirrors_text_as_it_is => kills "http.param.type-string",
    /// Integers have no fraction.
    mirrors_whole_integers => kills "http.param.type-integer",
    /// Truth values are in lower case.
    mirrors_lower_case => kills "http.param.type-boolean",
    /// What is unsafe in a header is encoded in Base64, not in percent escapes.
    encodes_in_base64 => kills "http.param.base64-unsafe",
    /// Line breaks are encoded, not dropped.
    encodes_line_breaks => kills "http.param.encode",
    /// What looks encoded is encoded.
    escapes_markers => kills "http.param.sentinel-escape",
    /// The markers are in lower case.
    writes_markers_in_lower_case => kills "http.param.sentinel-exact",
    /// An empty text is mirrored.
    mirrors_empty_text => kills "sep2243.empty-string",
    /// A tool that marks a parameter with an empty name is left out.
    rejects_empty_annotation => kills "http.xmcp.client-reject-empty",
    /// So is one with a name that is no token.
    rejects_non_token => kills "http.xmcp.client-reject-non-token",
    /// So is one with a control character in the name.
    rejects_control => kills "http.xmcp.client-reject-control",
    /// So is one with a name twice.
    rejects_duplicate => kills "http.xmcp.client-reject-duplicate",
    /// So is one that marks what is no primitive.
    rejects_non_primitive => kills "http.xmcp.client-reject-non-primitive",
    /// So is one that marks a number.
    rejects_number => kills "http.xmcp.client-reject-number",
    /// So is one that marks what no chain of properties reaches.
    rejects_unreachable => kills "http.xmcp.client-reject-unreachable",
    /// By whatever keyword.
    rejects_all_that_is_unreachable => kills "http.xmcp.client-reject-unreachable",
    /// Invalid tools are left out of the list.
    leaves_out_invalid_tools => kills "http.xmcp.client-exclude",
    /// And no others with them.
    keeps_the_other_tools => kills "http.xmcp.client-exclude",
    /// JSON is read.
    reads_json => kills "http.client.both-content-types",
    /// Event streams are read.
    reads_streams => kills "http.client.both-content-types",
    /// Their comments are skipped.
    skips_comments => kills "http.client.ignore-comments",
    /// Names of headers have no case.
    compares_headers_without_case => kills "http.header-names-client",
    /// Nothing is posted that responds to nothing.
    posts_no_responses => kills "http.client.no-responses",
    /// Notifications are not responded to.
    ignores_notifications => kills "base.notif.client-no-response",
    /// A version of the list is tried after a refusal.
    retries_with_a_listed_version => kills "versioning.client-retry",
    /// No earlier revision is tried after a refusal.
    stays_modern => kills "versioning.modern-error-no-fallback",
    /// Cursors are sent as they came.
    keeps_cursors => kills "pagination.client-opaque",
    /// With all that stands at their edges.
    keeps_edges_of_cursors => kills "pagination.client-opaque",
    /// An empty cursor is followed.
    follows_empty_cursors => kills "pagination.client-empty-cursor",
    /// A list ends where no cursor is given.
    ends_with_the_last_page => kills "pagination.client-missing-end",
    /// Results of unknown type are not used.
    refuses_unknown_results => kills "base.result-type.unknown-invalid",
    /// The state is sent again.
    sends_state => kills "mrtr.client-echo-state",
    /// It is sent as it came.
    keeps_state => kills "mrtr.client-opaque-state",
    /// What is sent again has an id of its own.
    renews_ids => kills "mrtr.client-new-id",
    /// What is sent again has the same arguments.
    keeps_arguments => kills "mrtr.client-same-params",
}
