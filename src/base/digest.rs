//! SHA-256 as lowercase hexadecimal: what runs, trust, approvals and exports are bound to.

use std::fmt::Write as _;

use sha2::Digest as _;

/// The SHA-256 of these bytes, 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

/// Two lowercase hexadecimal digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
