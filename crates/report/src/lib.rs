//! Reporters: pure functions of the folded [`plumb_model::Report`], for people and for machines.
//!
//! No I/O happens here, so a report of a recording equals the report of the live run. Everything that came
//! from a target is shown through [`text::visible`]: a hostile answer cannot steer a terminal, an XML reader
//! or a browser.

pub mod audit;
pub mod danger;
pub mod diff;
pub mod docs;
pub mod evidence;
pub mod findings;
pub mod html;
pub mod json;
mod json_text;
pub mod junit;
pub mod load;
pub mod markdown;
pub mod progress;
pub mod reproduce;
pub mod sarif;
pub mod tables;
pub mod terminal;
pub mod text;
pub mod timings;
