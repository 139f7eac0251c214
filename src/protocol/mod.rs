//! What clients and the engine say to each other: requests, responses, updates, the frame they
//! travel in and the handshake. Data and framing only; who connects is `client`, who answers `engine`.

pub mod frame;
pub mod message;
pub mod queue;
pub mod upkeep;

pub use message::{
    ClientKind, ClientMessage, Difference, EngineStatus, Hello, HookFailure, HooksStatus, LeftAlone,
    MoveOver, OptionsOf, OutputChunk, OutputRange, PROTOCOL, Request, Response, ServerMessage, Start,
    StoreTrouble, Update, Welcome,
};
