//! The authorization server, seen by its clients.

mod agent;
mod authorization;
mod back_channel;
mod consent;
mod deviations;
mod discovery;
mod documents;
mod flows;
mod forgeries;
mod registration;
mod resource_server;
mod tls;
mod token_endpoint;
