//! A protected server: a resource server in the terms of OAuth 2.1 (basic/authorization).
//!
//! Every request is judged by the token that it carries itself, before anything else of it is looked at.

pub(crate) mod access;
pub(crate) mod admission;
mod challenge;
pub(crate) mod fetch;
pub(crate) mod guard;
mod jwt;
mod keys;
pub(crate) mod metadata;
pub(crate) mod principal;
pub(crate) mod protection;
mod scopes;
