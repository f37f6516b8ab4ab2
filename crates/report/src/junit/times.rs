//! Times as the Jenkins schema takes them: at most three decimals. Durations are whole milliseconds, but what junit-report
//! makes of 2.97 s is `2.9699999999999998`.

use std::fmt::Write as _;

const OPENS: &str = "<![CDATA[";
const CLOSES: &str = "]]>";
const TIME: &str = " time=\"";

/// The XML with times of whole milliseconds. What stands in CDATA is text, whatever it looks like.
pub(super) fn whole(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((markup, text)) = rest.split_once(OPENS) {
        let (text, after) = text.split_once(CLOSES).unwrap_or((text, ""));
        out.push_str(&in_markup(markup));
        out.extend([OPENS, text, CLOSES]);
        rest = after;
    }
    out + &in_markup(rest)
}

/// A quote within a value is `&quot;`, so one that stands behind ` time=` begins that attribute.
fn in_markup(markup: &str) -> String {
    let mut parts = markup.split(TIME);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(TIME);
        match part.split_once('"').and_then(|(s, rest)| Some((s.parse::<f64>().ok()?, rest))) {
            Some((seconds, rest)) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}\"{rest}", (seconds * 1000.0).round() / 1000.0);
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_decimals_and_a_text_stays_as_it_is() {
        let xml = r#"<a time="2.9699999999999998" name="b"><c time="0"/><![CDATA[ time="0.12345"]]></a><d time="0.0010000001"/>"#;
        let whole = whole(xml);
        let expected = r#"<a time="2.97" name="b"><c time="0"/><![CDATA[ time="0.12345"]]></a><d time="0.001"/>"#;
        assert_eq!(whole, expected);
    }
}
