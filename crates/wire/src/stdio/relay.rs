//! A process that stands for a server which is somewhere else: a client starts it, and what the client writes to its standard
//! input goes to where the [`Launches`](super::Launches) wait that answer.
//!
//! It decides nothing: what it is sent it writes, and it ends when it is told to, or when nobody is left to tell it.

use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

use super::meeting;
use crate::process;

/// How much is read at once, in bytes.
pub(super) const PIECE: usize = 16 << 10;
/// How many words may wait to be written.
pub(super) const WAITING: usize = 64;
/// No word is longer, in bytes.
const LONGEST: usize = 1 << 20;

/// What goes either way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Bytes of the client.
    Input(Vec<u8>),
    /// The client has closed its side.
    InputEnded,
    /// The process was signalled, by this number.
    Signalled(i32),
    /// Bytes for standard output.
    Output(Vec<u8>),
    /// Bytes for standard error.
    Error(Vec<u8>),
    /// The process is to end with this code.
    Exit(i32),
}

impl Word {
    /// The next one; `None` where nothing more comes.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let kind = match from.read_u8().await {
            Ok(kind) => kind,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length];
        from.read_exact(&mut bytes).await?;
        let number = |bytes: &[u8]| bytes.try_into().map(i32::from_be_bytes).unwrap_or_default();
        Ok(Some(match kind {
            b'i' => Self::Input(bytes),
            b'e' => Self::InputEnded,
            b's' => Self::Signalled(number(&bytes)),
            b'o' => Self::Output(bytes),
            b'r' => Self::Error(bytes),
            b'x' => Self::Exit(number(&bytes)),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }))
    }

    /// Writes it.
    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let number;
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Input(bytes) => (b'i', bytes),
            Self::InputEnded => (b'e', &[]),
            Self::Signalled(n) => {
                number = n.to_be_bytes();
                (b's', &number)
            }
            Self::Output(bytes) => (b'o', bytes),
            Self::Error(bytes) => (b'r', bytes),
            Self::Exit(code) => {
                number = code.to_be_bytes();
                (b'x', &number)
            }
        };
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        to.write_all(&[&[kind][..], &length.to_be_bytes(), bytes].concat()).await?;
        to.flush().await
    }
}

/// Is the process, until it is told to end; gives the exit code. The file tells where it is waited for.
///
/// Errors: nobody waits for it.
pub async fn relay(file: &Path) -> io::Result<i32> {
    let (from, mut to) = meeting::come(file).await?.into_split();
    let (tell, mut told) = mpsc::channel::<Word>(WAITING);
    tokio::spawn(async move {
        while let Some(word) = told.recv().await {
            if word.write(&mut to).await.is_err() {
                return;
            }
        }
    });
    let (mut signals, signalled) = (process::signals()?, tell.clone());
    tokio::spawn(async move {
        while let Some(number) = signals.recv().await {
            if signalled.send(Word::Signalled(number)).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        let (mut input, mut piece) = (tokio::io::stdin(), vec![0; PIECE]);
        while let Ok(read @ 1..) = input.read(&mut piece).await {
            if tell.send(Word::Input(piece[..read].to_vec())).await.is_err() {
                return;
            }
        }
        // Who does not hear it is gone.
        let _ = tell.send(Word::InputEnded).await;
    });
    obey(from).await
}

async fn obey(mut from: OwnedReadHalf) -> io::Result<i32> {
    let (mut output, mut error) = (tokio::io::stdout(), tokio::io::stderr());
    while let Some(word) = Word::read(&mut from).await? {
        // Who does not read is told no more, and that is no reason to end.
        match word {
            Word::Output(bytes) => {
                let _ = output.write_all(&bytes).await;
                let _ = output.flush().await;
            }
            Word::Error(bytes) => {
                let _ = error.write_all(&bytes).await;
                let _ = error.flush().await;
            }
            Word::Exit(code) => return Ok(code),
            Word::Input(_) | Word::InputEnded | Word::Signalled(_) => {}
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_come_as_they_were_written() {
        let words = || {
            let bytes = || vec![0, 10, 255];
            [
                Word::Input(bytes()),
                Word::InputEnded,
                Word::Signalled(15),
                Word::Output(bytes()),
                Word::Error(Vec::new()),
                Word::Exit(-1),
            ]
        };
        let mut written = Vec::new();
        for word in words() {
            word.write(&mut written).await.expect("a vector takes all");
        }
        let mut read = &written[..];
        for word in words() {
            assert_eq!(Word::read(&mut read).await.expect("whole"), Some(word));
        }
        assert_eq!(Word::read(&mut read).await.expect("the end"), None);
        let long = [b"i".as_slice(), &u32::MAX.to_be_bytes()].concat();
        assert!(Word::read(&mut &long[..]).await.is_err());
    }
}
