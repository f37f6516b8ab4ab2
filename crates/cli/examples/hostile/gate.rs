//! A gate before a server that closes connections between requests, without a word before.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::framing::is_whole;

/// Behind each of so many answers a connection is closed.
const EVERY: u64 = 7;

/// It stands until it is dropped.
pub(crate) struct Gate {
    address: SocketAddr,
    standing: JoinHandle<()>,
}

impl Gate {
    /// Stands before whoever listens there.
    pub(crate) async fn before(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let standing = tokio::spawn(async move {
            let answers = Arc::new(AtomicU64::new(0));
            while let Ok((client, _)) = listener.accept().await {
                let answers = Arc::clone(&answers);
                // A connection that fails is closed, as others are.
                tokio::spawn(async move { carry(client, server, &answers).await });
            }
        });
        Ok(Self { address, standing })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

/// Carries bytes both ways until one side closes, or it is this connection's turn to be closed.
async fn carry(mut client: TcpStream, server: SocketAddr, answers: &AtomicU64) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asking, mut reading) = client.split();
    let (mut answering, mut asked) = server.split();
    let back = async {
        let mut answer = Vec::new();
        loop {
            let before = answer.len();
            if answering.read_buf(&mut answer).await? == 0 {
                return Ok(());
            }
            reading.write_all(&answer[before..]).await?;
            if is_whole(&answer) {
                answer.clear();
                if (answers.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(EVERY) {
                    return Ok(());
                }
            }
        }
    };
    tokio::select! {
        there = tokio::io::copy(&mut asking, &mut asked) => there.map(drop),
        back = back => back,
    }
}
