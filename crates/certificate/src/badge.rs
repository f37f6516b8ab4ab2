//! A certificate in one line: an SVG, and what the shields service reads from an address.

use crate::{Judgement, Standing};

/// Pixels beside each text.
const MARGIN: usize = 6;
/// Pixels of a character of Verdana at 11 pixels, about.
const CHARACTER: usize = 7;

/// The badge as SVG.
pub fn svg(judgement: &Judgement) -> String {
    let (label, message) = (label(judgement), judgement.standing.words());
    let wide = |text: &str| text.chars().count() * CHARACTER + 2 * MARGIN;
    let (left, right) = (wide(&label), wide(message));
    let (whole, colour) = (left + right, colour(judgement.standing));
    let text = |from: usize, wide: usize, text: &str| {
        format!(
            "<text x=\"{}\" y=\"14\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>",
            from + wide / 2,
            wide - 2 * MARGIN
        )
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{label}: {message}\">\
         <title>{label}: {message}</title>\
         <clipPath id=\"r\"><rect width=\"{whole}\" height=\"20\" rx=\"3\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#444\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g></svg>\n",
        text(0, left, &label),
        text(left, right, message)
    )
}

/// What `https://img.shields.io/endpoint?url=…` reads.
pub fn endpoint(judgement: &Judgement) -> String {
    let endpoint = serde_json::json!({
        "schemaVersion": 1,
        "label": label(judgement),
        "message": judgement.standing.words(),
        "color": colour(judgement.standing).trim_start_matches('#'),
    });
    format!("{endpoint:#}\n")
}

/// The set is named: a badge of last year's set must not pass for one of this year's.
fn label(judgement: &Judgement) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-./".contains(*c);
    format!("MCP {}", judgement.set.chars().filter(plain).collect::<String>())
}

/// White text on each has a contrast above 4.5.
fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Conformant => "#1a7f37",
        Standing::ConformantWithReservations => "#6b6500",
        Standing::NotConformant => "#b3261e",
        Standing::Undecided => "#5f6368",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    #[test]
    fn a_badge_names_the_set_and_the_standing() {
        let judgement = Judgement {
            set: "2026-07-28/1".into(),
            set_digest: Digest::of(b""),
            standing: Standing::ConformantWithReservations,
            violated: Vec::new(),
            undecided: Vec::new(),
            reservations: Vec::new(),
        };
        let svg = svg(&judgement);
        assert!(svg.contains("MCP 2026-07-28/1: conformant with reservations"), "{svg}");
        let endpoint: serde_json::Value =
            serde_json::from_str(&endpoint(&judgement)).expect("JSON");
        assert_eq!(endpoint["schemaVersion"], 1);
        assert_eq!(endpoint["color"], "6b6500");
    }
}
