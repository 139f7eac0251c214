//! Frames: a length of four bytes, big-endian, then that many bytes of JSON.

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::bytes::Bytes;
use tokio_util::codec::LengthDelimitedCodec;

use crate::base::{Error, Result};

/// Largest frame either side takes, in bytes.
pub const FRAME_LIMIT: usize = 16 * 1024 * 1024;

/// The codec that both sides put around the socket.
pub fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(FRAME_LIMIT).new_codec()
}

pub fn encode(message: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .map_err(|e| Error::internal("A message could not be written down").because(e))
}

pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T> {
    serde_json::from_slice(frame).map_err(|e| {
        Error::usage("A message could not be read")
            .because(e)
            .hint("Client and engine may be of different versions: `mwtui engine stop`, then try again")
    })
}
