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
    /// What a schema marks is mirrored into headers.
    mirrors_parameters => kills "http.param.client-mirror",
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
    /// Invalid tools are left out of the list.
    leaves_out_invalid_tools => kills "http.xmcp.client-exclude",
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
    // basic/authorization/authorization-server-discovery
    /// The authorization server is the one that the metadata of the resource names.
    reads_resource_metadata => kills "auth.client.prm",
    /// Well-known places are looked at where no other is named.
    looks_at_well_known_places => kills "client.prm.both-mechanisms",
    /// The place that a challenge names comes first.
    prefers_the_named_place => kills "client.prm.header-first",
    /// The place with the server's path comes before the root.
    tries_the_path_first => kills "client.prm.fallback-order",
    /// All challenges are read.
    reads_every_challenge => kills "client.prm.parse-401",
    /// Metadata of another resource is not used.
    checks_the_resource => kills "client.prm.resource-check",
    /// Nor is that of another resource of the same host.
    compares_resources_whole => kills "client.prm.resource-check",
    /// OpenID Connect discovery is known.
    knows_openid => kills "auth.client.both-metadata",
    /// Also where it is appended to a path.
    appends_paths => kills "client.asmeta.multiple",
    /// The places of an issuer with a path are tried in order.
    keeps_the_order_of_paths => kills "client.asmeta.path-order",
    /// None of them is left out.
    inserts_paths => kills "client.asmeta.path-order",
    /// The places of an issuer without a path are tried in order.
    keeps_the_order_of_roots => kills "client.asmeta.root-order",
    /// Metadata of another issuer is not used.
    checks_issuers => kills "client.asmeta.issuer-validate",
    /// Issuers are compared character by character.
    compares_issuers_exactly => kills "client.asmeta.issuer-validate",
    // basic/authorization/security-considerations
    /// A challenge is sent.
    sends_a_challenge => kills "client.pkce.implement",
    /// The verifier is the one of the challenge.
    sends_the_verifier_of_the_challenge => kills "client.pkce.implement",
    /// Each request has a verifier of its own.
    renews_its_verifier => kills "client.pkce.implement",
    /// The verifier is hashed.
    hashes_its_verifier => kills "client.pkce.s256",
    /// A server that announces no PKCE is refused.
    refuses_without_pkce => kills "client.pkce.refuse-rfc8414",
    /// Also by OpenID Connect discovery.
    refuses_openid_without_pkce => kills "client.pkce.refuse-oidc",
    /// The redirect URI is a registered one.
    registers_its_redirect => kills "client.redirect.registered",
    /// It leads to this machine.
    redirects_to_this_machine => kills "authsec.redirect-https",
    /// `state` is sent.
    sends_its_state => kills "client.state.use",
    /// Each request has one of its own.
    renews_its_state => kills "client.state.use",
    /// Another one is refused.
    compares_its_state => kills "client.state.discard",
    /// None is refused as well.
    needs_its_state => kills "client.state.discard",
    // basic/authorization
    /// `iss` is compared with the issuer.
    compares_iss => kills "client.iss.compare-advertised",
    /// The issuer of the request is recorded, not only its host.
    records_the_issuer => kills "client.iss.record",
    /// An announced `iss` has to be there.
    needs_an_announced_iss => kills "client.iss.reject-missing",
    /// One that is not announced is compared, too.
    compares_an_unannounced_iss => kills "client.iss.compare-unadvertised",
    /// And taken if it is right.
    takes_an_unannounced_iss => kills "client.iss.compare-unadvertised",
    /// One that is not announced need not be there.
    does_without_an_unannounced_iss => kills "client.iss.proceed",
    /// A slash makes another issuer.
    minds_slashes => kills "client.iss.no-normalization",
    /// So does the case.
    minds_case => kills "client.iss.no-normalization",
    /// So does an escape.
    minds_escapes => kills "client.iss.no-normalization",
    /// What a foreign error says is not shown.
    hides_foreign_errors => kills "client.iss.error-response",
    /// The authorization request names the resource.
    sends_resource => kills "client.resource.authorization-request",
    /// The token request does.
    sends_resource_with_code => kills "client.resource.token-request",
    /// So does one that refreshes.
    sends_resource_with_refresh => kills "client.resource.token-request",
    /// The resource is the server.
    names_its_own_server => kills "client.resource.identifies-server",
    /// Its URI has no fragment.
    names_no_fragment => kills "client.resource.canonical",
    /// It has the path.
    names_the_whole_path => kills "client.resource.specific",
    /// It does not end with a slash.
    names_no_slash => kills "auth.resource.no-trailing-slash",
    /// The token is sent as a bearer token.
    sends_token_as_bearer => kills "client.token.header",
    /// With every message.
    sends_token_every_time => kills "client.token.every-request",
    /// Never in a query.
    keeps_token_out_of_queries => kills "client.token.not-in-query",
    /// A token of an authorization server that was left is not sent any more.
    drops_foreign_tokens => kills "client.token.only-own-as",
    /// Scopes that no metadata lists are asked for.
    asks_for_unlisted_scopes => kills "auth.client.scope-no-relation",
    /// The scopes of the challenge come first.
    takes_challenged_scopes => kills "auth.client.scope-priority-1",
    /// Without any, all of the metadata.
    takes_supported_scopes => kills "auth.client.scope-priority-2",
    /// Without those, none.
    omits_unknown_scopes => kills "auth.client.scope-omitted",
    /// No scope is asked for that is not needed.
    asks_for_what_is_needed_only => kills "auth.client.least-privilege",
    /// `offline_access` is asked for where it is listed.
    asks_for_offline_access_where_listed => kills "client.refresh.offline-access",
    /// Scopes that were asked for before are asked for again.
    keeps_earlier_scopes => kills "auth.client.scope-union",
    /// More scopes are asked for where they are wanted.
    steps_up => kills "client.stepup.respond",
    /// It ends after a few attempts.
    gives_up => kills "client.stepup.retry-few",
    /// Refresh tokens need not come.
    does_without_refresh_tokens => kills "client.refresh.not-assumed",
    // basic/authorization/client-registration
    /// The client identifier is one that the authorization server knows.
    obtains_a_client_id => kills "auth.client.obtain-client-id",
    /// One that is given comes first.
    prefers_known_client => kills "client.reg.priority-preregistered",
    /// Metadata documents are known.
    knows_documents => kills "client.cimd.support",
    /// They come before registration.
    prefers_documents => kills "client.reg.priority-cimd",
    /// They are used where they are announced.
    checks_document_support => kills "client.cimd.check-support",
    /// Their address is one of https.
    documents_are_secure => kills "client.cimd.url-form",
    /// The client registers where nothing else is left.
    registers => kills "client.reg.priority-dcr",
    /// It says which type it is of.
    says_its_application_type => kills "client.dcr.application-type",
    /// One of this machine is native.
    registers_as_native => kills "client.dcr.native",
    /// It registers for refreshing.
    registers_for_refreshing => kills "client.refresh.grant-types",
    /// A refused registration is not tried over and over.
    accepts_a_refused_registration => kills "client.dcr.handle-failure",
    /// It is told why.
    says_why_it_is_not_registered => kills "client.dcr.surface-failure",
    /// What one authorization server gave is not shown to another.
    keeps_clients_by_issuer => kills "client.as.separate-state",
    /// The client registers with the next one.
    registers_anew => kills "client.bind.reregister",
    // ext:auth
    /// The client authenticates itself.
    authenticates_itself => kills "cc.client.authenticate",
    /// An assertion is for the authorization server.
    asserts_its_audience => kills "cc.client.jwt-form",
    /// It ends.
    asserts_an_end => kills "cc.client.jwt-form",
    /// It is the client's own.
    asserts_its_name => kills "cc.client.jwt-form",
    /// It is signed by its key.
    signs_assertions => kills "cc.client.jwt-form",
    /// A grant is exchanged for the authorization server.
    exchanges_for_the_issuer => kills "ema.client.audience",
    /// And for the server.
    exchanges_for_the_server => kills "ema.client.resource",
    /// With the scopes that are needed.
    restricts_delegation => kills "ema.delegation-scope",
    /// It is brought as an assertion.
    brings_the_grant => kills "ema.jwt-bearer",
    /// It does not stand in a URL.
    keeps_grants_out_of_urls => kills "ema.no-url-tokens",
}
