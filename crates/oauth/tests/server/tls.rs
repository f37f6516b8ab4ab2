//! TLS under an authority that lives as long as the run.

use plumb_oauth::server::{Authority, Certificate};
use plumb_oauth::{AuthorizationServer, Bind, Profile};

use crate::agent::Agent;

#[tokio::test]
async fn a_client_that_trusts_the_authority_reaches_the_server_under_each_of_its_names() {
    let authority = Authority::generate().expect("an authority");
    for host in ["127.0.0.1", "localhost"] {
        let bind = Bind::tls(&authority).host(host);
        let server = AuthorizationServer::start(Profile::SPEC, bind).await.expect("starts");
        assert!(server.issuer().starts_with(&format!("https://{host}:")));
        let answer = Agent::trusting(&[authority.pem()]).get(&server.main().metadata_url()).await;
        assert_eq!(answer.json()["issuer"], server.issuer());
        assert!(Agent::trusting(&[]).try_get(&server.jwks_uri()).await.is_err());
    }
}

#[tokio::test]
async fn a_bad_certificate_keeps_careful_clients_away() {
    let authority = Authority::generate().expect("an authority");
    let agent = Agent::trusting(&[authority.pem()]);
    for certificate in [Certificate::OtherHost, Certificate::Expired] {
        let profile = Profile { certificate, ..Profile::SPEC };
        let server =
            AuthorizationServer::start(profile, Bind::tls(&authority)).await.expect("starts");
        assert!(agent.try_get(&server.jwks_uri()).await.is_err(), "{certificate:?}");
    }
}

#[tokio::test]
async fn a_silent_peer_keeps_nobody_waiting() {
    let authority = Authority::generate().expect("an authority");
    let server =
        AuthorizationServer::start(Profile::SPEC, Bind::tls(&authority)).await.expect("starts");
    let _silent = tokio::net::TcpStream::connect(server.address()).await.expect("connects");
    let answer = Agent::trusting(&[authority.pem()]).get(&server.jwks_uri()).await;
    assert_eq!(answer.status, 200);
}
