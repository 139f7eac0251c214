//! Where a run's time went. Steps stand side by side, but a moment is counted once: what most says how the run
//! gets on hides what goes on beside it.

use crate::base::Timestamp;
use crate::run::{Run, SegmentKind, Times};

/// A pause hides what stands still under it; work hides what waits beside it. In the order of
/// [`crate::run::RunSummary::open`].
const RANK: [SegmentKind; 5] =
    [SegmentKind::Paused, SegmentKind::Work, SegmentKind::Retry, SegmentKind::Approval, SegmentKind::Person];

impl Run {
    /// What the time until `now` went into, one stretch after the other.
    pub fn stretches(&self, now: Timestamp) -> Vec<(SegmentKind, Timestamp, Timestamp)> {
        let mut edges: Vec<(Timestamp, usize, i32)> = Vec::with_capacity(self.segments.len() * 2);
        for segment in &self.segments {
            let Some(rank) = RANK.iter().position(|kind| *kind == segment.kind) else { continue };
            edges.push((segment.from, rank, 1));
            edges.push((segment.to.unwrap_or(now).max(segment.from), rank, -1));
        }
        edges.sort_unstable_by_key(|(at, ..)| *at);
        let mut open = [0_i32; RANK.len()];
        let mut stretches: Vec<(SegmentKind, Timestamp, Timestamp)> = Vec::new();
        let mut since = Timestamp(i64::MIN);
        for (at, rank, change) in edges {
            if at > since
                && let Some(first) = open.iter().position(|count| *count > 0)
            {
                match stretches.last_mut() {
                    Some((kind, _, to)) if *kind == RANK[first] && *to == since => *to = at,
                    _ => stretches.push((RANK[first], since, at)),
                }
            }
            open[rank] += change;
            since = at;
        }
        stretches
    }

    /// Where the time went until `now`.
    pub fn times(&self, now: Timestamp) -> Times {
        let mut times = Times::default();
        for (kind, from, to) in self.stretches(now) {
            let total = match kind {
                SegmentKind::Work => &mut times.work,
                SegmentKind::Person | SegmentKind::Approval => &mut times.waiting,
                SegmentKind::Retry => &mut times.retry,
                SegmentKind::Paused => &mut times.paused,
            };
            *total = total.plus(to.since(from));
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use crate::base::{Millis, StepId};
    use crate::run::testing::{Driver, manual, script, workflow};
    use crate::run::{Outcome, Report, Verb, summarise};

    #[test]
    fn a_moment_is_counted_once_where_steps_stand_side_by_side() {
        let mut steps = vec![script("one", "make one"), script("two", "make two"), manual("look")];
        for step in &mut steps {
            step.needs = Some(Vec::new());
        }
        let mut driver = Driver::start(workflow(steps));
        let done = |step: &str| Report::Completed {
            step: StepId::new(step),
            attempt: 1,
            outcome: Outcome::default(),
        };
        driver.later(60_000).report(done("one"));
        driver.later(60_000).report(done("two"));
        driver.later(60_000).act(Verb::Pause { freeze: false }).expect("paused");
        driver.later(60_000);
        let times = driver.run.times(driver.now);
        assert_eq!((times.work, times.waiting), (Millis(120_000), Millis(60_000)));
        assert_eq!(times.paused, Millis(60_000));
        let row = summarise(&driver.run);
        assert_eq!(row.times_at(driver.now), times, "a list tells the same as the run");
    }
}
