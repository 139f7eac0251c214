//! What the matcher knows of meaning: for some thirty thousand English word stems a short vector, whose
//! direction says what the word is about and whose length how much it tells. A text's vector is the sum of its
//! words'. How the data was made, from what, and under which licences is in `data/README.md`. What the vectors
//! are used for is `score`'s.

use std::collections::HashMap;
use std::sync::LazyLock;

use wide::{i16x8, i32x4};

/// Numbers a vector has.
pub const DIMENSIONS: usize = 192;

/// The stems, a line each, the most frequent in English first; at the end those that only the corpus has.
const STEMS: &str = include_str!("data/stems.txt");
/// For each stem one byte for the vector's length and [`DIMENSIONS`] for its direction.
const ROWS: &[u8] = include_bytes!("data/vectors.bin");
const ROW: usize = 1 + DIMENSIONS;

/// The length that every direction has: long enough to be precise in whole numbers, and short enough that hardly
/// any of them leaves the range.
const LENGTH: f32 = 380.0;
const SQUARE: f64 = 380.0 * 380.0;

/// Where a word or a text points, of one fixed length: each number an `i8` as the byte that the data keeps.
pub type Direction = [u8; DIMENSIONS];

/// The same for loops over many of them, by eight numbers that a processor multiplies at once.
pub type Wide = [i16x8; DIMENSIONS / 8];

/// Of what is not known.
pub const NOWHERE: Wide = [i16x8::ZERO; DIMENSIONS / 8];

/// The number of a stem's row. Lower is more frequent in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(u32);

static PLACES: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| STEMS.lines().zip(0..).collect());

/// The row of a stem, if it has one.
pub fn row(stem: &str) -> Option<Row> {
    PLACES.get(stem).copied().map(Row)
}

impl Row {
    /// How many stems are more frequent in English.
    pub fn rank(self) -> u32 {
        self.0
    }

    fn bytes(self) -> &'static [u8] {
        let from = self.0 as usize * ROW;
        &ROWS[from..from + ROW]
    }

    fn direction(self) -> &'static Direction {
        self.bytes()[1..].first_chunk().unwrap_or(&[0; DIMENSIONS])
    }

    /// How alike two words are in meaning, -1 to 1.
    pub fn likeness(self, other: Self) -> f64 {
        cosine(self.direction(), other.direction())
    }
}

/// The cosine of two directions, -1 to 1. Counted by hand, since a build for tests, in which each step of an iterator is
/// a call, would take ten times as long.
pub fn cosine(a: &Direction, b: &Direction) -> f64 {
    let (mut sum, mut at) = (0_i32, 0);
    while at < DIMENSIONS {
        sum += i32::from(a[at].cast_signed()) * i32::from(b[at].cast_signed());
        at += 1;
    }
    f64::from(sum) / SQUARE
}

/// The same numbers, wider.
pub fn wide(direction: &Direction) -> Wide {
    let mut wide = NOWHERE;
    for (slot, part) in wide.iter_mut().zip(direction.as_chunks::<8>().0) {
        *slot = i16x8::new(part.map(|number| i16::from(number.cast_signed())));
    }
    wide
}

/// As [`cosine`].
pub fn cosine_of_wide(a: &Wide, b: &Wide) -> f64 {
    let (mut sum, mut at) = (i32x4::ZERO, 0);
    while at < a.len() {
        sum += a[at].dot(b[at]);
        at += 1;
    }
    f64::from(sum.reduce_add()) / SQUARE
}

/// The direction of a text with these words; `None` where nothing is known of any of them.
pub fn of_text(rows: impl Iterator<Item = Row>) -> Option<Direction> {
    let mut sum = [0.0_f32; DIMENSIONS];
    for row in rows {
        let length = f32::from(row.bytes()[0]);
        for (total, part) in sum.iter_mut().zip(row.direction()) {
            *total += length * f32::from(part.cast_signed());
        }
    }
    normal(&sum)
}

/// Several directions together.
#[derive(Debug, Clone)]
pub struct Sum([f32; DIMENSIONS]);

impl Sum {
    pub fn of<'a>(directions: impl Iterator<Item = &'a Direction>) -> Self {
        let mut sum = [0.0_f32; DIMENSIONS];
        for direction in directions {
            for (total, part) in sum.iter_mut().zip(direction) {
                *total += f32::from(part.cast_signed());
            }
        }
        Self(sum)
    }

    /// Their middle; `None` of none.
    pub fn centre(&self) -> Option<Direction> {
        normal(&self.0)
    }

    /// The middle of the others; `None` where there is no other.
    pub fn centre_without(&self, one: &Direction) -> Option<Direction> {
        let mut rest = self.0;
        for (total, part) in rest.iter_mut().zip(one) {
            *total -= f32::from(part.cast_signed());
        }
        normal(&rest)
    }
}

fn normal(sum: &[f32; DIMENSIONS]) -> Option<Direction> {
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    (length > f32::EPSILON).then(|| sum.map(|x| ((x / length * LENGTH).round() as i8).cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::stem::stem;

    fn text(words: &str) -> Direction {
        of_text(words.split(' ').filter_map(|w| row(&stem(w)))).expect("known words")
    }

    #[test]
    fn the_data_is_whole() {
        assert_eq!(ROWS.len(), STEMS.lines().count() * ROW);
        assert_eq!(PLACES.len(), STEMS.lines().count(), "no stem stands twice");
    }

    #[test]
    fn texts_that_mean_the_same_are_near() {
        let near = cosine(&text("reset my password"), &text("forgot login credentials"));
        let far = cosine(&text("reset my password"), &text("book a flight"));
        assert!(near > far + 0.2, "{near} {far}");
        assert!(of_text(std::iter::empty()).is_none());
    }
}
