//! The engine simulated: a virtual clock, seeded chance, faults at every commit and at calls of the
//! executor, and deaths at any moment; after every turn it is checked that nothing was lost, done
//! twice or passed by. Only the run loop's thread, sockets and real processes are not in here.
//!
//! `MWTUI_SIM_SEEDS=100000 cargo test simulation` lives more lives, `MWTUI_SIM_SEED=7` that one, told.

mod boot;
mod chance;
mod checker;
mod flows;
mod leases;
mod legal;
mod mutants;
mod people;
mod starts;
mod trace;
mod world;
mod yard;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::events::EVENTS;
use crate::store::Store;
use crate::store::disk::Disk;
use world::{Broken, live};

/// How many lives a plain `cargo test` lives.
const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.trim().parse().unwrap_or_else(|_| panic!("{name} is “{text}”, which is no number")))
}

/// What happened in all lives together.
#[derive(Default)]
struct Much {
    events: usize,
    deaths: usize,
    seen: BTreeSet<&'static str>,
}

/// The names of all events of runs' journals.
fn run_events() -> impl Iterator<Item = &'static str> {
    EVENTS.iter().filter(|event| !event.derived).map(|event| event.name)
}

/// A disk with a new store.
fn empty() -> Disk {
    let disk = Disk::new();
    drop(Store::open_on(&disk).expect("a new store"));
    disk
}

/// The first of these seeds whose life goes wrong, with what went wrong. On as many threads as there
/// are processors.
fn first_wrong(seeds: std::ops::Range<u64>, broken: Broken) -> (Option<(u64, String)>, Much) {
    let empty = empty();
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((None, Much::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let life = live(seed, &empty, broken, false);
                    let mut found = found.lock().expect("no life panics");
                    found.1.events += life.events;
                    found.1.deaths += life.deaths;
                    found.1.seen.extend(life.seen);
                    if let Err(why) = life.checked {
                        next.store(seeds.end, Ordering::Relaxed);
                        if found.0.as_ref().is_none_or(|(earlier, _)| seed < *earlier) {
                            found.0 = Some((seed, why));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().expect("no life panics")
}

#[test]
fn whatever_happens_nothing_is_lost_done_twice_or_passed_by() {
    let seeds = match number("MWTUI_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MWTUI_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let begun = std::time::Instant::now();
    let lives = seeds.end - seeds.start;
    let (wrong, much) = first_wrong(seeds, Broken::default());
    if let Some((seed, why)) = wrong {
        let life = live(seed, &empty(), Broken::default(), true);
        panic!(
            "seed {seed}: {why}\n\n{}\n\nseed {seed}: {}\nLive it again: MWTUI_SIM_SEED={seed} cargo test simulation",
            life.trace.join("\n"),
            life.checked.err().unwrap_or_else(|| "and does not go wrong again".to_owned())
        );
    }
    eprintln!("{lives} lives, {} events, {} deaths in {:?}", much.events, much.deaths, begun.elapsed());
    let never: Vec<&str> = run_events().filter(|name| !much.seen.contains(name)).collect();
    assert!(
        lives < SEEDS || (never.is_empty() && much.deaths as u64 > lives / 4),
        "these never come: {never:?}"
    );
}

#[test]
fn a_seed_lives_the_same_life_again() {
    let empty = empty();
    for seed in 0..20 {
        let [one, two] = [(), ()].map(|()| live(seed, &empty, Broken::default(), true));
        assert_eq!(one.trace, two.trace, "seed {seed}");
    }
}
