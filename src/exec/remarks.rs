//! What an MCP server says, written into the attempt's spill file with its secrets hidden: what it answers, and
//! what it says beside the conversation.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::ChildStderr;

use crate::exec::secrets::Secrets;
use crate::exec::spill::Place;

/// The longest line that is kept as one, in bytes.
const LINE: usize = 64 << 10;

pub async fn append(place: &Place, said: &str) -> std::io::Result<()> {
    let mut log = tokio::fs::File::from_std(place.log()?);
    log.write_all(said.as_bytes()).await?;
    if !said.is_empty() && !said.ends_with('\n') {
        log.write_all(b"\n").await?;
    }
    log.flush().await
}

/// Writes what the server says beside the conversation into the spill file, up to `limit`, and gives
/// the last line that says anything.
pub async fn keep(mut errors: ChildStderr, place: Place, secrets: Secrets, limit: u64) -> String {
    let mut log = match place.log() {
        Ok(log) => Some(tokio::fs::File::from_std(log)),
        Err(error) => {
            tracing::warn!(%error, file = %place.log.display(), "a server's remarks cannot be written down");
            None
        }
    };
    let (mut pending, mut last, mut written) = (Vec::new(), String::new(), 0_u64);
    loop {
        let open = match errors.read_buf(&mut pending).await {
            Ok(length) => length > 0,
            Err(error) => {
                tracing::debug!(%error, "a server's remarks cannot be read");
                false
            }
        };
        let whole = match pending.iter().rposition(|b| *b == b'\n') {
            Some(at) => at + 1,
            None if open && pending.len() < LINE => 0,
            None => pending.len(),
        };
        let whole = if open { whole } else { pending.len() };
        let piece: Vec<u8> = pending.drain(..whole).collect();
        let piece = secrets.hide(String::from_utf8_lossy(&piece).into_owned());
        if let Some(line) = piece.lines().rev().find(|line| !line.trim().is_empty()) {
            line.clone_into(&mut last);
        }
        written += piece.len() as u64;
        if let Some(file) = log.as_mut().filter(|_| written <= limit)
            && let Err(error) = file.write_all(piece.as_bytes()).await
        {
            tracing::warn!(%error, file = %place.log.display(), "a server's remarks cannot be written down");
            log = None;
        }
        if !open {
            if let Some(file) = log.as_mut()
                && let Err(error) = file.flush().await
            {
                tracing::warn!(%error, file = %place.log.display(), "a server's remarks cannot be written down");
            }
            return last;
        }
    }
}
