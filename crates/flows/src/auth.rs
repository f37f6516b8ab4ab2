//! What checks of protected servers share.

pub mod challenge;
pub mod lists;
pub mod logs;
