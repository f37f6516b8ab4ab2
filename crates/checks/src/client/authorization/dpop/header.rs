//! RFC 9449 section 4.2: the header of a proof, and its signature.

use plumb_runner::client::Moment;
use plumb_runner::client::protected::{ALGORITHMS, PRIVATE_MEMBERS};
use plumb_runner::{Marks, check, clip};

use super::super::SHOWN;
use super::proof;

/// The type of a proof.
const TYPE_OF_PROOFS: &str = "dpop+jwt";

check! {
    /// **Observed:** the header of every proof has `typ` `dpop+jwt`.
    ///
    /// **Why:** the type keeps a JWT that was signed for something else from being taken for a proof.
    ///
    /// **Fix:** set `typ` (RFC 9449 section 4.2).
    pub(crate) TYPE = "dpop.client.typ";
    happening: typ
}

fn typ(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let typ = &proof.header["typ"];
    // Media types have no case (RFC 7515 section 4.1.9).
    let fits = typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE_OF_PROOFS));
    let actual = || format!("`typ` {}", clip(&typ.to_string(), SHOWN));
    marks.expect(fits, format!("`typ` \"{TYPE_OF_PROOFS}\""), actual);
}

check! {
    /// **Observed:** the header of every proof names an algorithm that is neither `none` nor symmetric.
    ///
    /// **Why:** whoever verifies a symmetric signature can make one, and `none` is no signature.
    ///
    /// **Fix:** sign by a private key, such as with ES256 (RFC 9449 section 4.2).
    pub(crate) ALGORITHM = "dpop.client.alg";
    happening: algorithm
}

fn algorithm(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let named = proof.algorithm().unwrap_or_default();
    let actual = || format!("`alg` {}", clip(&proof.header["alg"].to_string(), SHOWN));
    marks.expect(is_asymmetric(named), "an asymmetric algorithm in `alg`", actual);
}

/// Whether an algorithm signs by a private key; what names none does not.
fn is_asymmetric(named: &str) -> bool {
    !(named.is_empty() || named.eq_ignore_ascii_case("none") || named.starts_with("HS"))
}

check! {
    /// **Observed:** the algorithm of a proof is one of `dpop_signing_alg_values_supported`; both servers announce the same ones.
    ///
    /// **Why:** a proof that nobody can verify is refused.
    ///
    /// **Fix:** choose from `dpop_signing_alg_values_supported` of the metadata, and from `algs` of the challenge (RFC 9449 sections 5.1 and
    /// 7.1).
    pub(crate) ANNOUNCED = "dpop.client.alg-announced";
    happening: announced
}

fn announced(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let named = proof.algorithm().unwrap_or_default();
    // What is no signature is told by itself.
    if is_asymmetric(named) {
        let expected = format!("one of {}", ALGORITHMS.join(", "));
        marks.expect(ALGORITHMS.contains(&named), expected, || clip(named, SHOWN));
    }
}

check! {
    /// **Observed:** the header of every proof has a public key in `jwk`, and no member that belongs to its private half.
    ///
    /// **Why:** who reads the private key can make all proofs.
    ///
    /// **Fix:** export the public key alone (RFC 9449 section 4.2).
    pub(crate) PUBLIC_KEY = "dpop.client.jwk";
    happening: public_key
}

fn public_key(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    let Some(key) = proof.header["jwk"].as_object() else {
        return marks.breaks("the public key in `jwk`", "there is none");
    };
    let private = PRIVATE_MEMBERS.into_iter().find(|member| key.contains_key(*member));
    marks.expect(private.is_none(), "the public key alone in `jwk`", || {
        format!("it has `{}`", private.unwrap_or_default())
    });
}

check! {
    /// **Observed:** the signature of every proof verifies by the key in its header. Judged for ES256, ES384, EdDSA with Ed25519, and for RSA
    /// with 2048 bits or more.
    ///
    /// **Why:** the signature is the proof.
    ///
    /// **Fix:** sign by the private half of the key in `jwk`; signatures by ECDSA are r and s, one behind the other, and not
    /// DER (RFC 7518 section 3.4).
    pub(crate) SIGNATURE = "dpop.client.signature";
    happening: signature
}

fn signature(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((_, proof)) = proof(moment) else { return };
    if let Some(verifies) = proof.verifies() {
        marks.expect(verifies, "a signature by the key in `jwk`", || "it does not verify".into());
    }
}
