//! An independent JWT library agrees with the mint about each of its tokens.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use plumb_oauth::mint::{Realm, Rotation, Signer, Standing};
use plumb_oauth::{Access, Clock, Mint, MintError, Presentation, TokenDeviation};
use serde_json::{Value, json};

const RESOURCE: &str = "https://resource.example:8443/public/mcp";
const SCOPES: [&str; 2] = ["mcp:read", "mcp:write"];

fn mint() -> Mint {
    let mut realm = Realm::of("https://as.example/tenant");
    realm.other_tenant = Some("https://as.example/other".to_owned());
    Mint::new(realm, 1).expect("keys")
}

fn access() -> Access {
    Access::to(RESOURCE).scopes(SCOPES)
}

/// A careful resource server: the key by `kid` from the JWKS, its algorithm, issuer, audience, times.
fn verify(mint: &Mint, token: &str) -> Result<Value, ErrorKind> {
    let header = decode_header(token).map_err(|e| e.kind().clone())?;
    let keys: JwkSet = serde_json::from_value(mint.keys.jwks()).expect("a JWK set");
    let kid = header.kid.clone().ok_or(ErrorKind::InvalidToken)?;
    let jwk = keys.find(&kid).ok_or(ErrorKind::InvalidKeyFormat)?;
    let algorithm = jwk.common.key_algorithm.expect("an algorithm");
    let mut validation = Validation::new(algorithm.to_string().parse().expect("known"));
    validation.set_audience(&[RESOURCE]);
    validation.set_issuer(&[&mint.realm.issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = 30;
    let key = DecodingKey::from_jwk(jwk).expect("a key");
    decode::<Value>(token, &key, &validation).map(|t| t.claims).map_err(|e| e.kind().clone())
}

/// What the library makes of a deviation; `None` where it has nothing against the token.
fn said(deviation: TokenDeviation) -> Option<fn(&ErrorKind) -> bool> {
    use TokenDeviation as D;
    Some(match deviation {
        D::AudienceOther
        | D::AudienceParent
        | D::AudienceSibling
        | D::AudienceOtherPort
        | D::AudienceLookAlike
        | D::AudienceIssuer
        | D::AudienceClient
        | D::AudienceEmpty
        | D::AudienceArrayOthers
        | D::AudienceUpperCase
        | D::AudienceSlash
        | D::IdToken => |e| *e == ErrorKind::InvalidAudience,
        D::AudienceMissing | D::IssuerMissing | D::ExpiryMissing => {
            |e| matches!(e, ErrorKind::MissingRequiredClaim(_))
        }
        D::IssuerForeignOurKeys | D::IssuerSlash | D::IssuerOtherTenant => {
            |e| *e == ErrorKind::InvalidIssuer
        }
        D::Expired => |e| *e == ErrorKind::ExpiredSignature,
        D::NotYetValid => |e| *e == ErrorKind::ImmatureSignature,
        // The stranger's `kid` is not in the set.
        D::IssuerForeign
        | D::KidUnknown
        | D::KidPath
        | D::KeyUrl
        | D::CertificateUrl
        | D::KeyEmbedded => |e| *e == ErrorKind::InvalidKeyFormat,
        D::HmacPublicPem | D::HmacPublicDer => |e| *e == ErrorKind::InvalidAlgorithm,
        D::SignatureBad | D::SignatureStripped | D::SignatureSwapped | D::SignatureForeign => {
            |e| *e == ErrorKind::InvalidSignature
        }
        D::AlgorithmNone
        | D::AlgorithmNoneCased
        | D::ExpiryText
        | D::KidMissing
        | D::SignatureAbsent
        | D::PayloadNotJson
        | D::EncryptedGarbage
        | D::Truncated
        | D::Opaque => |_| true,
        D::AudienceArray
        | D::ExpiredJustNow
        | D::LifetimeAbsurd
        | D::NotYetValidJust
        | D::IssuedInFuture
        | D::ScopeMissing
        | D::ScopeNarrower
        | D::ScopeLookAlike
        | D::ScopeBroader
        | D::ScopeArray
        | D::TypeWrong
        | D::CriticalUnknown
        | D::Oversized => return None,
    })
}

#[test]
fn a_valid_token_is_valid_for_another_library_under_each_algorithm() {
    let mint = mint();
    for key in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let name = format!("{key:?}");
        let key = plumb_oauth::mint::Algorithm::ALL.into_iter().find(|a| a.name() == name);
        let key = mint.keys.current_for(key.expect("known")).expect("a key");
        let claims = mint.claims(&access(), None).expect("claims");
        let header = json!({"alg": name, "kid": key.kid(), "typ": "at+jwt"});
        let token =
            mint.arbitrary(&header, &Value::Object(claims), Signer::Key(&key)).expect("signs");
        let claims = verify(&mint, token.as_str()).expect("valid");
        assert_eq!(claims["scope"], "mcp:read mcp:write");
    }
    let claims = verify(&mint, mint.valid(&access()).expect("signs").as_str()).expect("valid");
    assert_eq!(claims["aud"], RESOURCE);
}

#[test]
fn another_library_says_of_each_deviation_what_the_table_says() {
    let mint = mint();
    for &deviation in TokenDeviation::ALL {
        let slug = deviation.slug();
        let token = mint.broken(&access(), deviation).expect(slug);
        let verdict = verify(&mint, token.as_str());
        match (said(deviation), verdict) {
            (Some(right), Err(error)) => assert!(right(&error), "{slug}: {error:?}"),
            (None, Ok(_)) => {}
            (expected, verdict) => panic!("{slug}: {} {verdict:?}", expected.is_some()),
        }
        if deviation.standing() == Standing::Valid {
            assert!(said(deviation).is_none(), "{slug} is valid");
        }
    }
}

#[test]
fn what_the_library_does_not_see_is_there() {
    let mint = mint();
    let header = |d| {
        let token = mint.broken(&access(), d).expect("mints");
        decode_part(token.as_str(), 0)
    };
    let claims = |d| Value::Object(mint.claims(&access(), Some(d)).expect("claims"));
    assert_eq!(header(TokenDeviation::TypeWrong)["typ"], "logout+jwt");
    assert!(header(TokenDeviation::CriticalUnknown)["crit"][0].is_string());
    assert_eq!(header(TokenDeviation::KeyUrl)["jku"], mint.realm.stranger_jwks);
    assert_eq!(header(TokenDeviation::KeyEmbedded)["jwk"]["kty"], "RSA");
    assert_eq!(claims(TokenDeviation::ScopeNarrower)["scope"], "mcp:read");
    assert_eq!(claims(TokenDeviation::ScopeMissing)["scope"], Value::Null);
    let long = mint.broken(&access(), TokenDeviation::Oversized).expect("mints");
    assert!(long.as_str().len() > 64 * 1024);
}

#[test]
fn a_deviation_without_anything_to_break_is_an_error() {
    let mint = Mint::new(Realm::of("https://as.example"), 1).expect("keys");
    for (access, deviation) in [
        (Access::to("https://resource.example"), TokenDeviation::AudienceParent),
        (Access::to(RESOURCE), TokenDeviation::ScopeNarrower),
        (Access::to(RESOURCE), TokenDeviation::IssuerOtherTenant),
    ] {
        let error = mint.broken(&access, deviation).expect_err("nothing to break");
        assert!(matches!(error, MintError::Inapplicable { .. }), "{error}");
    }
}

#[test]
fn a_seed_and_a_time_determine_everything_but_the_keys() {
    let claims = || {
        let mut mint = mint();
        mint.clock = Clock::stopped(1_800_000_000);
        let token = mint.valid(&access()).expect("signs");
        (decode_part(token.as_str(), 0), decode_part(token.as_str(), 1))
    };
    assert_eq!(claims(), claims());
}

#[test]
fn after_a_rotation_old_tokens_verify_only_if_the_old_keys_stay() {
    let mint = mint();
    let before = mint.valid(&access()).expect("signs");
    mint.keys.rotate(Rotation::Overlap).expect("rotates");
    let after = mint.valid(&access()).expect("signs");
    assert_ne!(decode_part(before.as_str(), 0)["kid"], decode_part(after.as_str(), 0)["kid"]);
    verify(&mint, before.as_str()).expect("still published");
    verify(&mint, after.as_str()).expect("published");
    mint.keys.rotate(Rotation::Replace).expect("rotates");
    assert_eq!(verify(&mint, before.as_str()), Err(ErrorKind::InvalidKeyFormat));
    assert!(mint.keys.open(after.as_str()).is_none());
}

#[test]
fn every_token_minted_is_among_the_secrets_and_shows_in_no_debug_output() {
    let mint = mint();
    for &deviation in TokenDeviation::ALL {
        let token = mint.broken(&access(), deviation).expect("mints");
        assert!(mint.secrets.all().iter().any(|s| **s == *token.as_str()), "{}", deviation.slug());
        assert!(!format!("{token:?}").contains(token.as_str()));
        for &presentation in Presentation::ALL {
            assert!(!format!("{:?}", presentation.of(&token)).contains(token.as_str()));
        }
    }
}

#[test]
fn slugs_are_unique_kebab_case_and_read_back() {
    let slugs: Vec<&str> = TokenDeviation::ALL.iter().map(|d| d.slug()).collect();
    for (at, slug) in slugs.iter().enumerate() {
        assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        assert!(!slugs[..at].contains(slug), "{slug} stands twice");
        let read: TokenDeviation = serde_json::from_value(json!(slug)).expect("reads");
        assert_eq!(read.slug(), *slug);
        assert!(read.about().ends_with('.'));
    }
    assert!("no-such-thing".parse::<Presentation>().is_err());
}

#[test]
fn a_presentation_puts_the_token_where_its_name_says() {
    let token = mint().opaque();
    let text = token.as_str();
    assert_eq!(Presentation::Header.of(&token).authorization, [format!("Bearer {text}")]);
    assert_eq!(Presentation::SchemeLowerCase.of(&token).authorization, [format!("bearer {text}")]);
    assert_eq!(Presentation::HeaderTwice.of(&token).authorization.len(), 2);
    let query = Presentation::Query.of(&token);
    assert!(query.authorization.is_empty());
    assert_eq!(query.query, [("access_token".to_owned(), text.to_owned())]);
}

fn decode_part(token: &str, part: usize) -> Value {
    use base64::engine::{Engine as _, general_purpose::URL_SAFE_NO_PAD};
    let text = token.split('.').nth(part).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
}
