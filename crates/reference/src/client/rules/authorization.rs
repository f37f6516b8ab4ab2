//! The rules of signing in.

/// Adds them to other rules.
macro_rules! authorization_rules {
    ($($others:tt)*) => {
        rules! {
            $($others)*
            // basic/authorization/authorization-server-discovery
            /// The authorization server is the one that the metadata of the resource names.
            reads_resource_metadata => kills "auth.client.prm",
            /// Well-known places are looked at where no other is named.
            looks_at_well_known_places => kills "client.prm.both-mechanisms",
            /// The place that a challenge names comes first.
            prefers_the_named_place => kills "client.prm.header-first",
            /// The place with the server's path comes before the root.
            tries_the_path_first => kills "client.prm.fallback-order",
            /// What stands there is used, whatever the root says.
            takes_the_first_metadata => kills "client.prm.fallback-order",
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
            /// Endpoints are those of the metadata.
            uses_the_named_endpoints => kills "client.asmeta.endpoints",
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
            /// It is told to nobody before.
            keeps_its_verifier => kills "client.pkce.implement",
            /// Endpoints are told by metadata, and not guessed.
            guesses_no_endpoints => kills "client.pkce.verify-support",
            /// The method of PKCE is among those that are announced.
            looks_for_its_method => kills "client.pkce.method-listed",
            /// A server that announces no PKCE is refused.
            refuses_without_pkce => kills "client.pkce.refuse-rfc8414",
            /// Also by OpenID Connect discovery.
            refuses_openid_without_pkce => kills "client.pkce.refuse-oidc",
            /// The redirect URI is a registered one.
            registers_its_redirect => kills "client.redirect.registered",
            /// There is one in a registration.
            registers_a_redirect => kills "client.redirect.registered",
            /// It leads to this machine.
            redirects_to_this_machine => kills "authsec.redirect-https",
            /// So do those that are registered beside it.
            registers_secure_redirects => kills "authsec.redirect-https",
            // basic/authorization/security-considerations, by way of OAuth 2.1
            /// Token requests are forms.
            posts_forms => kills "client.oauth21.form",
            /// They name the grant.
            names_its_grant => kills "client.oauth21.token-request",
            /// And the client, where nothing authenticates it.
            identifies_itself => kills "client.oauth21.token-request",
            /// Nothing secret stands in their query.
            keeps_codes_out_of_queries => kills "client.oauth21.no-query",
            /// The client authenticates itself in one way.
            authenticates_in_one_way => kills "client.oauth21.one-method",
            /// What HTTP Basic joins is encoded first.
            encodes_its_credentials => kills "client.oauth21.basic-encoding",
            /// And with the secret that it has.
            uses_its_secret => kills "client.oauth21.authenticates",
            /// The query of an endpoint is kept.
            keeps_queries_of_endpoints => kills "client.oauth21.endpoint-query",
            /// A code is redeemed once.
            redeems_once => kills "client.oauth21.code-once",
            /// With the redirect URI that it was asked for with.
            redeems_with_its_redirect => kills "client.oauth21.same-redirect",
            /// A refresh asks for no more than was granted.
            refreshes_what_was_granted => kills "client.oauth21.refresh-scope",
            /// The newest refresh token is used.
            replaces_refresh_tokens => kills "client.oauth21.refresh-rotation",
            /// A code is asked for, and no token.
            asks_for_a_code => kills "client.oauth21.response-type",
            /// Tokens of another type than `Bearer` are not used.
            knows_token_types => kills "client.oauth21.token-type",
            /// Endpoints are HTTPS, or on the loopback.
            uses_secure_endpoints => kills "client.oauth21.secure-endpoints",
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
            /// Once it has one.
            brings_its_token => kills "client.token.every-request",
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
            /// Nor what was configured for one.
            keeps_given_clients => kills "client.as.separate-state",
            /// The client registers with the next one.
            registers_anew => kills "client.bind.reregister",
            /// It signs in with the issuer that is trusted now.
            follows_the_trusted_issuer => kills "client.bind.reregister",
            // ext:auth
            /// The client authenticates itself.
            authenticates_itself => kills "cc.client.authenticate",
            /// An assertion is for the authorization server.
            asserts_its_audience => kills "cc.client.jwt-form",
            /// It ends.
            asserts_an_end => kills "cc.client.jwt-form",
            /// It is the client's own.
            asserts_its_name => kills "cc.client.jwt-form",
            /// And its end is to come.
            asserts_an_end_to_come => kills "cc.client.jwt-form",
            /// A token of the client itself is for this server, too.
            names_the_server_for_itself => kills "client.resource.token-request",
            /// Challenges have no padding.
            pads_no_challenge => kills "client.pkce.implement",
            /// Refresh tokens are not the server's business.
            keeps_refresh_tokens_back => kills "client.token.only-own-as",
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
            // RFC 9449
            /// A token is asked for with a proof.
            proves_at_the_token_endpoint => kills "dpop.client.token-proof",
            /// One that is bound to a key is presented as such.
            presents_bound_tokens_by_dpop => kills "dpop.client.scheme",
            /// Each time with a proof.
            proves_every_request => kills "dpop.client.proof",
            /// By the key that it was asked for with.
            keeps_its_key => kills "dpop.client.key",
            /// Proofs say that they are proofs.
            types_its_proofs => kills "dpop.client.typ",
            /// They are signed by a key that nobody else has.
            signs_by_a_private_key => kills "dpop.client.alg",
            /// In a way that the servers announce.
            signs_as_announced => kills "dpop.client.alg-announced",
            /// The key is not told.
            keeps_its_private_key => kills "dpop.client.jwk",
            /// The signature is that of the proof.
            signs_its_proofs => kills "dpop.client.signature",
            /// Each proof has a name of its own.
            renews_its_proofs => kills "dpop.client.jti",
            /// And the time at which it was made.
            dates_its_proofs => kills "dpop.client.iat",
            /// It names the method.
            names_its_method => kills "dpop.client.htm",
            /// It names the URI.
            names_its_target => kills "dpop.client.htu",
            /// Without a query.
            keeps_queries_out_of_proofs => kills "dpop.client.htu",
            /// It has the hash of the token.
            hashes_its_token => kills "dpop.client.ath",
            /// A nonce of the token endpoint is taken up.
            takes_the_nonce_of_the_authorization_server => kills "dpop.client.nonce-token",
            /// So is one of the server.
            takes_the_nonce_of_the_server => kills "dpop.client.nonce-server",
            /// What was refused for want of one is sent again.
            retries_with_a_nonce => kills "dpop.client.nonce-retry",
            /// The newest one is used.
            takes_the_newest_nonce => kills "dpop.client.nonce-newest",
            /// And only where it came from.
            keeps_nonces_apart => kills "dpop.client.nonce-apart",
        }
    };
}
