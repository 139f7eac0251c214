//! What engine and drain say to each other over a stream socket. An order is its length (four bytes, little
//! end first), with which its two descriptors travel, and its JSON; an answer is a line of JSON.

use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, read, write};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

use crate::base::Secret;
use crate::exec::spill::Kept;

/// An order to keep an output: the first descriptor is to be read, the second to be written.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub id: u64,
    /// How much of it is kept, in bytes.
    pub limit: u64,
    /// What is taken out of it.
    pub secrets: Vec<Secret>,
}

/// An output has ended.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    pub id: u64,
    pub kept: Kept,
}

pub fn send(socket: impl AsFd, order: &Order, descriptors: [BorrowedFd<'_>; 2]) -> Result<()> {
    let text = serde_json::to_vec(order)?;
    let length = u32::try_from(text.len()).map_err(Error::other)?.to_le_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(ErrorKind::InvalidInput.into());
    }
    sendmsg(&socket, &[IoSlice::new(&length)], &mut control, SendFlags::NOSIGNAL)?;
    let mut text = &text[..];
    while !text.is_empty() {
        match rustix::net::send(&socket, text, SendFlags::NOSIGNAL) {
            Ok(sent) => text = text.get(sent..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The next order with its descriptors; `None` when there are no more.
pub fn receive(socket: impl AsFd) -> Result<Option<(Order, [OwnedFd; 2])>> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut parts = [IoSliceMut::new(&mut length)];
        match recvmsg(&socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(received) => break received.bytes,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    if received == 0 {
        return Ok(None);
    }
    let descriptors: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    read_whole(&socket, &mut length[received..])?;
    let mut text = vec![0; u32::from_le_bytes(length) as usize];
    read_whole(&socket, &mut text)?;
    let descriptors = descriptors.try_into().map_err(|_| Error::from(ErrorKind::InvalidData))?;
    Ok(Some((serde_json::from_slice(&text)?, descriptors)))
}

pub fn answer(socket: impl AsFd, answer: &Answer) -> Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut line = &line[..];
    while !line.is_empty() {
        match write(&socket, line) {
            Ok(written) => line = line.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn read_whole(socket: impl AsFd, mut bytes: &mut [u8]) -> Result<()> {
    while !bytes.is_empty() {
        match read(&socket, &mut *bytes) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => bytes = &mut bytes[length..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
