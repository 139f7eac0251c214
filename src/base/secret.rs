//! A value that nobody may see, and taking it out of what is printed. Where secrets come from and
//! who is given them is not known here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands in the place of a secret, everywhere.
pub const MASK: &str = "••••";

/// Longest secret, in bytes: a private key fits.
pub const SECRET_LIMIT: usize = 64 * 1024;

/// Shorter ones are not looked for: they would stand in too much.
const SHORTEST: usize = 4;

/// The lines of a secret of many lines are looked for one by one from this length on.
const SHORTEST_LINE: usize = 8;

/// The characters of a secret's base64 that are needed to tell it.
const SHORTEST_ENCODED: usize = 8;

/// A secret's value. It is printed as a mask; only `reveal` gives it away. It serialises as a plain
/// text, for the socket alone: nothing that is kept may hold one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Takes secrets out of a stream of bytes, wherever the stream is cut: as they are, the lines of one
/// with many, and their base64, also inside a longer text. Overlapping ones are covered whole.
pub struct Redactor {
    needles: Vec<Vec<u8>>,
    /// Whether some needle begins with this byte.
    begins: [bool; 256],
    /// What may be the beginning of a secret.
    held: Vec<u8>,
    /// How much of the beginning of `held` lies under a mask that is written already.
    covered: usize,
}

impl Redactor {
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut needles: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let value = secret.reveal().trim_end_matches(['\n', '\r']);
            if value.len() < SHORTEST {
                continue;
            }
            needles.push(value.as_bytes().to_vec());
            let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            needles.extend(lines.map(|line| line.as_bytes().to_vec()));
            for encoded in (0..3).map(|shift| base64(value.as_bytes(), shift)) {
                if encoded.len() >= SHORTEST_ENCODED {
                    let url: String = encoded
                        .chars()
                        .map(|c| {
                            if c == '+' {
                                '-'
                            } else if c == '/' {
                                '_'
                            } else {
                                c
                            }
                        })
                        .collect();
                    needles.extend([encoded.into_bytes(), url.into_bytes()]);
                }
            }
        }
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        let mut begins = [false; 256];
        for first in needles.iter().filter_map(|needle| needle.first()) {
            begins[usize::from(*first)] = true;
        }
        Self { needles, begins, held: Vec::new(), covered: 0 }
    }

    /// Takes the next bytes in, and puts out what is certain by now.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        self.go_on(false, out);
    }

    /// Puts out the rest.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.go_on(true, out);
    }

    fn go_on(&mut self, is_end: bool, out: &mut Vec<u8>) {
        let mut at = 0;
        while let Some(byte) = self.held.get(at) {
            if self.begins[usize::from(*byte)] {
                let rest = &self.held[at..];
                let may_begin = |needle: &Vec<u8>| needle.len() > rest.len() && needle.starts_with(rest);
                if !is_end && self.needles.iter().any(may_begin) {
                    break;
                }
                // The longest comes first.
                if let Some(needle) = self.needles.iter().find(|needle| rest.starts_with(needle)) {
                    if at >= self.covered {
                        out.extend_from_slice(MASK.as_bytes());
                    }
                    self.covered = self.covered.max(at + needle.len());
                }
            }
            if at >= self.covered {
                out.push(*byte);
            }
            at += 1;
        }
        self.held.drain(..at);
        self.covered = self.covered.saturating_sub(at);
    }

    /// The same for a text that is whole.
    pub fn clean(mut self, text: &str) -> String {
        let mut out = Vec::new();
        self.push(text.as_bytes(), &mut out);
        self.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The characters of the base64 of any text in which `bytes` stand `shift` bytes (modulo 3) from its
/// beginning, as far as they depend on `bytes` alone.
fn base64(bytes: &[u8], shift: usize) -> String {
    let bit = |n: usize| -> u8 { bytes.get(n / 8).map_or(0, |byte| byte >> (7 - n % 8) & 1) };
    let before = shift * 8;
    let first = before.div_ceil(6);
    let last = (before + bytes.len() * 8) / 6;
    (first..last)
        .map(|character| {
            let value = (0..6).fold(0_u8, |value, n| value << 1 | bit(character * 6 + n - before));
            char::from(ALPHABET[usize::from(value)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(secrets: &[&str], pieces: &[&str]) -> String {
        let secrets: Vec<Secret> = secrets.iter().map(|s| Secret::new(*s)).collect();
        let mut redactor = Redactor::new(&secrets);
        let mut out = Vec::new();
        for piece in pieces {
            redactor.push(piece.as_bytes(), &mut out);
        }
        redactor.finish(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_secret_is_found_however_the_stream_is_cut() {
        assert_eq!(cleaned(&["hunter2"], &["the token is hunter2.\n"]), "the token is ••••.\n");
        assert_eq!(cleaned(&["hunter2"], &["hun", "t", "er", "2 hunt", "er"]), "•••• hunter");
        assert_eq!(cleaned(&["hunter2"], &["hunhunter2hunter2"]), "hun••••••••");
    }

    #[test]
    fn overlapping_and_nested_secrets_are_covered_whole() {
        assert_eq!(cleaned(&["abcd", "cdef"], &["xabcdefx"]), "x••••x");
        assert_eq!(cleaned(&["abcd", "cdef"], &["xabc", "d", "ef", "x"]), "x••••x");
        assert_eq!(cleaned(&["abcd", "abcdefgh"], &["abcd", "efgh"]), "••••");
        assert_eq!(cleaned(&["abcd", "abcdefgh"], &["abcd", "efgx"]), "••••efgx");
        assert_eq!(cleaned(&["abab"], &["ababab"]), "••••");
    }

    #[test]
    fn what_is_no_secret_is_not_held_back() {
        let mut redactor = Redactor::new(&[Secret::new("hunter2")]);
        let mut out = Vec::new();
        redactor.push(b"Which one? h", &mut out);
        assert_eq!(out, b"Which one? ");
        redactor.push(b"!", &mut out);
        assert_eq!(out, b"Which one? h!");
    }

    #[test]
    fn its_base64_is_found_wherever_it_stands() {
        // base64 of hunter2pass, x:hunter2pass, xy:hunter2pass.
        for encoded in ["aHVudGVyMnBhc3M=", "eDpodW50ZXIycGFzcw==", "eHk6aHVudGVyMnBhc3M="] {
            let out = cleaned(&["hunter2pass"], &["Basic ", encoded, "\n"]);
            assert!(out.contains(MASK), "{out}");
            assert!(
                !out.contains("dW50ZXIy") && !out.contains("VudGVyMnBh") && !out.contains("50ZXIycGFz"),
                "{out}"
            );
        }
        assert_eq!(base64(b"Man", 0), "TWFu");
        assert_eq!(base64(b"light work", 0), "bGlnaHQgd29y".to_owned() + "a");
    }

    #[test]
    fn the_lines_of_a_key_are_found_one_by_one_and_short_ones_are_left() {
        let key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nab\n-----END KEY-----\n";
        assert_eq!(cleaned(&[key], &["read MIIEpAIBAAKCAQEA\nab\n"]), "read ••••\nab\n");
        assert_eq!(cleaned(&["abc", ""], &["abc abc"]), "abc abc");
    }

    #[test]
    fn it_is_printed_as_a_mask() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(••••)");
    }

    proptest! {
        #[test]
        fn no_cut_lets_one_through(
            text in "[a-c]{0,40}", secrets in prop::collection::vec("[a-c]{4,6}", 1..3), cuts in prop::collection::vec(0_usize..40, 0..6)
        ) {
            let secrets: Vec<Secret> = secrets.into_iter().map(Secret::new).collect();
            let whole = Redactor::new(&secrets).clean(&text);
            let mut redactor = Redactor::new(&secrets);
            let mut out = Vec::new();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                redactor.push(&text.as_bytes()[pair[0]..pair[1]], &mut out);
            }
            redactor.finish(&mut out);
            prop_assert_eq!(out.as_slice(), whole.as_bytes());
            for secret in &secrets {
                prop_assert!(!whole.contains(secret.reveal()));
            }
        }
    }
}
