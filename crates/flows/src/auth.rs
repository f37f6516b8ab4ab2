//! What checks of protected servers share.

pub mod challenge;
pub mod denied;
pub mod lists;
pub mod logs;
