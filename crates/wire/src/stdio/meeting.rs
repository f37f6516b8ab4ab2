//! Where a process that a client starts and the run that answers for it meet: a port of the loopback, on every system alike.
//!
//! A file tells the port, and the secret that opens it. It lies in a folder of its user's, so nobody else can read it: who
//! says the secret first was started by the client, and whoever else finds the port is not listened to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Who has come says the secret within so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A secret in hexadecimal digits.
type Secret = [u8; 32];

/// The side that waits.
#[derive(Debug)]
pub(super) struct Meeting {
    listener: TcpListener,
    secret: Secret,
    file: PathBuf,
}

/// Somebody who has come, and has not said the secret yet.
pub(super) struct Stranger {
    stream: TcpStream,
    secret: Secret,
}

impl Meeting {
    /// Begins to wait, and tells where by a file in this folder, which nobody else should be able to enter.
    ///
    /// Must be called within a Tokio runtime. Errors: there can be no port, or no file.
    pub(super) fn in_folder(folder: &Path) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let (secret, file) = (secret()?, folder.join("server"));
        let mut told = format!("{}\n", listener.local_addr()?).into_bytes();
        told.extend(secret);
        std::fs::write(&file, told)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, secret, file })
    }

    /// The file that tells where.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Who comes next.
    pub(super) async fn next(&self) -> io::Result<Stranger> {
        let (stream, _) = self.listener.accept().await?;
        Ok(Stranger { stream, secret: self.secret })
    }
}

impl Stranger {
    /// The connection of one who knows the secret; none for anybody else.
    pub(super) async fn admitted(mut self) -> Option<TcpStream> {
        let mut said = Secret::default();
        timeout(PATIENCE, self.stream.read_exact(&mut said)).await.ok()?.ok()?;
        self.stream.set_nodelay(true).ok()?;
        (said == self.secret).then_some(self.stream)
    }
}

/// Comes to the meeting of which a file tells, and says its secret.
///
/// Errors: there is no such file, or nobody waits.
pub(super) async fn come(file: &Path) -> io::Result<TcpStream> {
    let told = std::fs::read_to_string(file)?;
    let (address, secret) = told.split_once('\n').ok_or(io::ErrorKind::InvalidData)?;
    let address: SocketAddr = address.parse().map_err(|_| io::ErrorKind::InvalidData)?;
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(secret.as_bytes()).await?;
    Ok(stream)
}

fn secret() -> io::Result<Secret> {
    let mut bytes = [0; size_of::<Secret>() / 2];
    let filled = default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| io::Error::other("the system gives no random bytes"))?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |c| c as u8);
    let mut digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    Ok(std::array::from_fn(|_| digits.next().unwrap_or(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_says_the_secret_is_admitted_and_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let meeting = Meeting::in_folder(folder.path()).expect("a port");
        let address = meeting.listener.local_addr().expect("bound");
        let guess = async {
            let mut stream = TcpStream::connect(address).await.expect("somebody waits");
            stream.write_all(&[b'0'; 32]).await.expect("it is read");
            stream
        };
        let (_guess, stranger) = tokio::join!(guess, meeting.next());
        assert!(stranger.expect("it came").admitted().await.is_none());
        let (came, known) = tokio::join!(come(meeting.file()), meeting.next());
        let known = known.expect("it came").admitted().await.expect("it knows the secret");
        let came = came.expect("somebody waits").local_addr().expect("connected");
        assert_eq!(known.peer_addr().expect("connected"), came);
        assert_ne!(meeting.secret, secret().expect("random bytes"), "each has its own");
    }
}
