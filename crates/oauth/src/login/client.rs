//! The client of a sign-in, as the crate `oauth2` has it.

use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, TokenUrl};

use super::LoginError;

pub(super) type Client<Auth = EndpointNotSet> =
    BasicClient<Auth, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// How a secret is shown to the token endpoint.
pub(super) fn shown(in_form: bool) -> AuthType {
    if in_form { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// A client that can redeem.
pub(super) fn client(
    id: &str,
    secret: Option<&str>,
    how: AuthType,
    token_endpoint: &str,
) -> Result<Client, LoginError> {
    let client = BasicClient::new(ClientId::new(id.to_owned())).set_auth_type(how);
    let client = match secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
        None => client,
    };
    Ok(client.set_token_uri(TokenUrl::new(token_endpoint.to_owned()).map_err(broken)?))
}

/// An address that is none.
pub(super) fn broken(error: impl std::fmt::Display) -> LoginError {
    LoginError::at("an address of the authorization server is none", error)
}
