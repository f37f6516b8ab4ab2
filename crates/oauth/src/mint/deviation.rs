//! The ways in which a token departs from the valid one.

use super::table::deviations;

deviations! {
    /// One departure from the valid token; everything else about the token is right.
    TokenDeviation, "token deviation" {
        /// `aud` names a resource of another origin.
        AudienceOther = "audience-other", Invalid, "RFC 9068 section 4";
        /// `aud` is the origin of the resource, without its path.
        AudienceParent = "audience-parent", Invalid, "RFC 9068 section 4";
        /// `aud` is another path of the same origin.
        AudienceSibling = "audience-sibling", Invalid, "RFC 9068 section 4";
        /// `aud` is the resource at another port.
        AudienceOtherPort = "audience-other-port", Invalid, "RFC 9068 section 4";
        /// `aud` begins with the resource and goes on.
        AudienceLookAlike = "audience-look-alike", Invalid, "RFC 9068 section 4";
        /// `aud` is the issuer itself.
        AudienceIssuer = "audience-issuer", Invalid, "RFC 9068 section 4";
        /// `aud` is the client.
        AudienceClient = "audience-client", Invalid, "RFC 9068 section 4";
        /// There is no `aud`.
        AudienceMissing = "audience-missing", Invalid, "RFC 9068 section 4";
        /// `aud` is an empty array.
        AudienceEmpty = "audience-empty", Invalid, "RFC 9068 section 4";
        /// `aud` is an array of other resources.
        AudienceArrayOthers = "audience-array-others", Invalid, "RFC 7519 section 4.1.3";
        /// `aud` is an array of another resource and the resource.
        AudienceArray = "audience-array", Valid, "RFC 7519 section 4.1.3";
        /// `aud` is the resource with scheme and host in upper case.
        AudienceUpperCase = "audience-upper-case", Open, "basic/authorization#canonical-server-uri";
        /// `aud` is the resource with a slash put at its end, or taken from it.
        AudienceSlash = "audience-slash", Open, "basic/authorization#canonical-server-uri";

        /// `iss` is the stranger, who signs with his own keys.
        IssuerForeign = "issuer-foreign", Invalid, "RFC 9068 section 4";
        /// `iss` is the stranger, under the keys of the right issuer.
        IssuerForeignOurKeys = "issuer-foreign-our-keys", Invalid, "RFC 9068 section 4";
        /// `iss` is the issuer with a slash put at its end, or taken from it.
        IssuerSlash = "issuer-slash", Invalid, "RFC 9068 section 4";
        /// `iss` is another tenant of the server, signed by the keys that the tenants share.
        IssuerOtherTenant = "issuer-other-tenant", Invalid, "RFC 9068 section 4";
        /// There is no `iss`.
        IssuerMissing = "issuer-missing", Invalid, "RFC 9068 section 4";

        /// `exp` is an hour ago.
        Expired = "expired", Invalid, "RFC 7519 section 4.1.4";
        /// `exp` is five seconds ago: within the skew that most verifiers grant.
        ExpiredJustNow = "expired-just-now", Open, "RFC 7519 section 4.1.4";
        /// There is no `exp`.
        ExpiryMissing = "expiry-missing", Open, "RFC 9068 section 2.2";
        /// `exp` is a string.
        ExpiryText = "expiry-text", Invalid, "RFC 7519 section 4.1.4";
        /// `exp` is a hundred years away.
        LifetimeAbsurd = "lifetime-absurd", Open, "RFC 7519 section 4.1.4";
        /// `nbf` and `iat` are in an hour.
        NotYetValid = "not-yet-valid", Invalid, "RFC 7519 section 4.1.5";
        /// `nbf` and `iat` are in five seconds: within the skew that most verifiers grant.
        NotYetValidJust = "not-yet-valid-just", Open, "RFC 7519 section 4.1.5";
        /// `iat` alone is in an hour.
        IssuedInFuture = "issued-in-future", Open, "RFC 7519 section 4.1.6";

        /// There is no `scope`.
        ScopeMissing = "scope-missing", Insufficient, "RFC 6750 section 3.1";
        /// `scope` lacks the last of the scopes needed.
        ScopeNarrower = "scope-narrower", Insufficient, "RFC 6750 section 3.1";
        /// `scope` holds names that contain the scopes needed, or differ from them in case.
        ScopeLookAlike = "scope-look-alike", Insufficient, "RFC 6749 section 3.3";
        /// `scope` holds more than is needed.
        ScopeBroader = "scope-broader", Valid, "RFC 6749 section 3.3";
        /// `scope` is an array.
        ScopeArray = "scope-array", Open, "RFC 8693 section 4.2";

        /// `alg` is `none`; there is no signature.
        AlgorithmNone = "algorithm-none", Invalid, "RFC 8725 section 3.2";
        /// `alg` is `nOnE`; there is no signature.
        AlgorithmNoneCased = "algorithm-none-cased", Invalid, "RFC 8725 section 3.2";
        /// `alg` is `HS256`; the secret is the issuer's public key as PEM.
        HmacPublicPem = "hmac-public-pem", Invalid, "RFC 8725 section 2.1";
        /// `alg` is `HS256`; the secret is the issuer's public key as DER.
        HmacPublicDer = "hmac-public-der", Invalid, "RFC 8725 section 2.1";

        /// There is no `kid`; the signature is right.
        KidMissing = "kid-missing", Open, "RFC 7515 section 4.1.4";
        /// `kid` names no key of the issuer; a stranger's key has signed.
        KidUnknown = "kid-unknown", Invalid, "RFC 7515 section 4.1.4";
        /// `kid` is a path to an empty file; `alg` is `HS256` and the secret is empty.
        KidPath = "kid-path", Invalid, "RFC 8725 section 3.10";
        /// `jku` points to the stranger's key set; his key has signed.
        KeyUrl = "key-url", Invalid, "RFC 8725 section 3.10";
        /// `x5u` points to the stranger's certificate; his key has signed.
        CertificateUrl = "certificate-url", Invalid, "RFC 8725 section 3.10";
        /// `jwk` holds the stranger's public key; his key has signed.
        KeyEmbedded = "key-embedded", Invalid, "RFC 7515 section 10.5";

        /// One bit of the signature is another.
        SignatureBad = "signature-bad", Invalid, "RFC 7515 section 5.2";
        /// The signature is empty, and `alg` stays.
        SignatureStripped = "signature-stripped", Invalid, "RFC 7515 section 5.2";
        /// The signature and its dot are gone.
        SignatureAbsent = "signature-absent", Invalid, "RFC 7515 section 5.2";
        /// The signature is that of another valid token.
        SignatureSwapped = "signature-swapped", Invalid, "RFC 7515 section 5.2";
        /// A stranger's key has signed under the `kid` of the issuer's.
        SignatureForeign = "signature-foreign", Invalid, "RFC 7515 section 5.2";

        /// `typ` is that of a logout token.
        TypeWrong = "type-wrong", Open, "RFC 9068 section 4";
        /// It is an ID token of the client: `typ` is `JWT`, and `aud` is the client.
        IdToken = "id-token", Invalid, "RFC 9068 section 5";
        /// `crit` names an extension that nobody knows.
        CriticalUnknown = "critical-unknown", Invalid, "RFC 7515 section 4.1.11";
        /// The payload is signed, but is no JSON.
        PayloadNotJson = "payload-not-json", Invalid, "RFC 7519 section 7.2";
        /// It has the five parts of an encrypted token; they hold noise.
        EncryptedGarbage = "encrypted-garbage", Invalid, "RFC 7516 section 5.2";
        /// Its last quarter is cut off.
        Truncated = "truncated", Invalid, "RFC 7515 section 5.2";
        /// It is valid and 64 KiB long.
        Oversized = "oversized", Open, "RFC 6750 section 3.1";
        /// It is an opaque string that nobody issued.
        Opaque = "opaque", Invalid, "RFC 6750 section 3.1";
    }
}
