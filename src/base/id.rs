//! Identifiers as their own types, so that a run id never stands where a step id belongs.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! string_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

string_id!(
    /// `MW-004`, `fix-deploy-failure`; unique in a registry.
    WorkflowId
);
string_id!(
    /// Unique in its workflow; `[a-z0-9_-]`.
    StepId
);
string_id!(
    /// Sixteen hexadecimal digits, random, never reused. People see and type a prefix.
    RunId
);
string_id!(
    /// Sixteen hexadecimal digits, random, never reused.
    SessionId
);

/// How many characters of an id people are shown.
pub const SHORT: usize = 4;

/// Sixteen hexadecimal digits from the system's random numbers.
pub fn random_hex() -> crate::base::Result<String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).map_err(|e| {
        crate::base::Error::internal("The system gives no random numbers for a new id").because(e)
    })?;
    Ok(crate::base::digest::hex(&bytes))
}

impl RunId {
    /// A new id from the system's random numbers.
    pub fn random() -> crate::base::Result<Self> {
        random_hex().map(Self)
    }

    /// The prefix that screens show.
    pub fn short(&self) -> &str {
        self.0.get(..SHORT).unwrap_or(&self.0)
    }
}

impl SessionId {
    /// A new id from the system's random numbers.
    pub fn random() -> crate::base::Result<Self> {
        random_hex().map(Self)
    }

    /// The prefix that screens show.
    pub fn short(&self) -> &str {
        self.0.get(..SHORT).unwrap_or(&self.0)
    }
}
