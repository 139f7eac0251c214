//! What a phrase sounds like in the world: for some 3,250 processes of many trades the direction of the ways in which
//! people ask for them. An engineering team's registry alone cannot tell that "my laptop is slow" does not ask for its
//! workflow for slow software; that the phrase is nearer to a help desk's process can. Where the words come from is in
//! `data/README.md`; what the nearness is worth is `judge`'s.

use std::sync::LazyLock;

use crate::matching::SoundsLike;
use crate::matching::vectors::{self, DIMENSIONS, Direction, Wide};

/// For each process [`DIMENSIONS`] bytes of direction, in the order of [`NAMES`].
const ROWS: &[u8] = include_bytes!("data/elsewhere.bin");
/// A line each: the trade, a tab, the process's name.
const NAMES: &str = include_str!("data/elsewhere.txt");
static WIDE: LazyLock<Vec<Wide>> =
    LazyLock::new(|| ROWS.as_chunks::<DIMENSIONS>().0.iter().map(vectors::wide).collect());
/// Processes that a phrase is compared with more closely.
const NEAREST: usize = 8;
/// How much nearer one of those must be to count about three times as much.
const SHARP: f64 = 0.07;
/// Of so many the mean is taken, beside the very nearest.
const FEW: usize = 3;

/// A process of another team.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Process {
    number: usize,
    cosine: f64,
    /// Of all [`NEAREST`] together 1.
    share: f64,
}

/// What a phrase sounds like elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Elsewhere {
    /// The nearest first; empty where nothing is known of the phrase.
    nearest: Vec<Process>,
}

impl Elsewhere {
    pub fn of(phrase: &Wide) -> Self {
        let near = |(number, process): (usize, &Wide)| Process {
            number,
            cosine: vectors::cosine_of_wide(phrase, process),
            share: 0.0,
        };
        let mut nearest: Vec<Process> = WIDE.iter().enumerate().map(near).collect();
        let by_nearness =
            |a: &Process, b: &Process| b.cosine.total_cmp(&a.cosine).then(a.number.cmp(&b.number));
        nearest.select_nth_unstable_by(NEAREST, by_nearness);
        nearest.truncate(NEAREST);
        nearest.sort_by(by_nearness);
        let most = nearest[0].cosine;
        let power = |process: &Process| ((process.cosine - most) / SHARP).exp();
        let all: f64 = nearest.iter().map(power).sum();
        for process in &mut nearest {
            process.share = power(process) / all;
        }
        Self { nearest }
    }

    /// How near the nearest is, -1 to 1, and the nearest few on average.
    pub fn nearness(&self) -> [f64; 2] {
        let few = self.nearest.len().clamp(1, FEW);
        let sum: f64 = self.nearest.iter().take(few).map(|p| p.cosine).sum();
        [self.nearest.first().map_or(0.0, |p| p.cosine), sum / few as f64]
    }

    /// How near a workflow's texts are to each of the processes that the phrase sounds like; see [`Self::weighed`].
    pub fn akin(&self, centre: &Direction) -> Vec<f64> {
        let centre = vectors::wide(centre);
        self.nearest.iter().map(|p| vectors::cosine_of_wide(&centre, &WIDE[p.number])).collect()
    }

    /// One number of that: the likelier process counts more.
    pub fn weighed(&self, akin: &[f64]) -> f64 {
        self.nearest.iter().zip(akin).map(|(process, near)| process.share * near).sum()
    }

    /// The nearest by their names, for people who ask why.
    pub fn named(&self) -> impl Iterator<Item = SoundsLike> {
        self.nearest.iter().take(FEW).filter_map(|process| {
            let (trade, name) = NAMES.lines().nth(process.number)?.split_once('\t')?;
            Some(SoundsLike { process: name.to_owned(), trade: trade.to_owned(), nearness: process.cosine })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::prepared::{Field, Text};

    fn elsewhere(phrase: &str) -> Elsewhere {
        let text = Text::new(Field::Example, phrase).expect("a text with words");
        Elsewhere::of(&vectors::wide(&text.direction.expect("known words")))
    }

    #[test]
    fn the_data_is_whole() {
        assert_eq!(ROWS.len(), NAMES.lines().count() * DIMENSIONS);
        assert!(NAMES.lines().all(|line| line.split('\t').count() == 2));
        assert!(NAMES.lines().count() > NEAREST);
    }

    #[test]
    fn a_phrase_is_near_what_other_teams_call_so() {
        let payroll = elsewhere("my payslip for october is wrong, overtime is missing");
        let near: Vec<String> = payroll.named().map(|p| p.process.to_lowercase()).collect();
        let near = near.join("; ");
        assert!(near.contains("pay"), "{near}");
        let [nearest, few] = payroll.nearness();
        assert!(nearest >= few && nearest > 0.4, "{nearest} {few}");
        let shares: f64 = payroll.nearest.iter().map(|p| p.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_nobody_knows_is_near_nothing() {
        assert!(Elsewhere::default().nearness().iter().all(|near| near.abs() < 1e-9));
        assert!(Elsewhere::default().weighed(&[]).abs() < 1e-9);
    }
}
