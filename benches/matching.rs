//! What a decision costs over large registries, beside bare fuzzy scans of the same phrases,
//! and what building the index costs. Phrases are made up by a fixed rule: no file is read.

use std::sync::Arc;

use divan::{AllocProfiler, Bencher, black_box};
use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;
use mwtui::matching::{Index, Learned};
use mwtui::workflow::{Defaults, Status, Step, StepKind, Workflow};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

/// Tells what building an index allocates at its peak: its memory.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Trigger phrases of each workflow.
const TRIGGERS: usize = 5;
/// Asked in turn: exact, reordered, mistyped, unfinished, long, and about nothing.
const ASKED: [&str; 6] = [
    "deploy the checkout service to staging",
    "staging billing backup restore",
    "rotaet the certificate of the gatway",
    "drain node",
    "hey, since last night the search replicas are slow and customers complain, can you find out why and scale the database",
    "please order a pizza with olives",
];

const VERBS: [&str; 16] = [
    "deploy",
    "restore",
    "rotate",
    "drain",
    "scale",
    "debug",
    "roll back",
    "migrate",
    "restart",
    "test",
    "create",
    "review",
    "archive",
    "provision",
    "audit",
    "tune",
];
const THINGS: [&str; 25] = [
    "service",
    "database",
    "certificate",
    "node",
    "cluster",
    "pipeline",
    "queue",
    "index",
    "dashboard",
    "backup",
    "secret",
    "gateway",
    "bucket",
    "volume",
    "replica",
    "schema",
    "release",
    "alert",
    "user account",
    "firewall rule",
    "cache",
    "topic",
    "job",
    "image",
    "tenant",
];
const AREAS: [&str; 32] = [
    "checkout",
    "billing",
    "search",
    "catalogue",
    "identity",
    "mail",
    "reports",
    "payments",
    "stock",
    "shipping",
    "pricing",
    "media",
    "support",
    "mobile",
    "partner",
    "ledger",
    "orders",
    "reviews",
    "fraud",
    "analytics",
    "loyalty",
    "invoices",
    "returns",
    "chat",
    "maps",
    "video",
    "print",
    "tax",
    "voucher",
    "warehouse",
    "courier",
    "archive",
];
const PLACES: [&str; 4] = ["in staging", "in production", "for the test team", "on the spare site"];

fn phrase(number: usize) -> String {
    // Steps that share no factor with the lists' lengths, so that pairs do not repeat early.
    let verb = VERBS[number % VERBS.len()];
    let area = AREAS[(number / 3) % AREAS.len()];
    let thing = THINGS[(number * 7) % THINGS.len()];
    let place = PLACES[(number / 97) % PLACES.len()];
    // A few thousand distinct words, as names in a large bank make them.
    format!("{verb} the {area} {thing} unit{} {place}", number % 3001)
}

fn bank(phrases: usize) -> Vec<Arc<Workflow>> {
    (0..phrases / TRIGGERS)
        .map(|number| {
            let trigger_phrases: Vec<String> = (0..TRIGGERS).map(|n| phrase(number * TRIGGERS + n)).collect();
            Arc::new(Workflow {
                id: format!("WF-{number}").as_str().into(),
                name: trigger_phrases[0].clone(),
                version: 1,
                status: Status::Active,
                category: None,
                tags: Vec::new(),
                updated: None,
                scope: format!("What it takes to {}", trigger_phrases[1]),
                trigger_phrases,
                examples: Vec::new(),
                disambiguates_from: Vec::new(),
                prerequisites: Vec::new(),
                inputs: Vec::new(),
                env: Vec::new(),
                moves: None,
                config: Defaults::default(),
                ends_session: false,
                steps: vec![Step {
                    id: "one".into(),
                    title: "Do it".to_owned(),
                    ..Step::bare(StepKind::Manual { actions: Vec::new() })
                }],
                outputs: Vec::new(),
                success_criteria: Vec::new(),
            })
        })
        .collect()
}

fn phrases(bank: &[Arc<Workflow>]) -> Vec<String> {
    bank.iter().flat_map(|w| w.trigger_phrases.clone()).collect()
}

/// One decision, by turns over the asked phrases.
#[divan::bench(args = SIZES)]
fn decide(bencher: Bencher, size: usize) {
    let index = Index::new(&bank(size));
    let mut asked = ASKED.iter().cycle();
    bencher.bench_local(|| {
        index.decide(black_box(asked.next().expect("a cycle never ends")), &Learned::default())
    });
}

/// The dearest of the asked phrases alone.
#[divan::bench(args = SIZES)]
fn decide_long_phrase(bencher: Bencher, size: usize) {
    let index = Index::new(&bank(size));
    bencher.bench_local(|| index.decide(black_box(ASKED[4]), &Learned::default()));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn build_index(bencher: Bencher, size: usize) {
    let bank = bank(size);
    bencher.bench_local(|| Index::new(black_box(&bank)));
}

/// One workflow gets another trigger phrase; what is known of the others is used again.
#[divan::bench(args = SIZES, sample_count = 10)]
fn update_one_workflow(bencher: Bencher, size: usize) {
    let mut bank = bank(size);
    let index = Index::new(&bank);
    let mut changed = Workflow::clone(&bank[0]);
    changed.trigger_phrases.push("say it in yet another way".to_owned());
    bank[0] = Arc::new(changed);
    bencher.bench_local(|| index.updated(black_box(&bank)));
}

/// The same phrases scanned letter by letter: it ranks, and decides nothing.
#[divan::bench(args = SIZES, sample_count = 24)]
fn skim_scan(bencher: Bencher, size: usize) {
    let phrases = phrases(&bank(size));
    let matcher = SkimMatcherV2::default();
    let mut asked = ASKED.iter().cycle();
    bencher.bench_local(|| {
        let asked = asked.next().expect("a cycle never ends");
        phrases.iter().filter_map(|p| matcher.fuzzy_match(p, black_box(asked))).max()
    });
}

#[divan::bench(args = SIZES, sample_count = 24)]
fn nucleo_scan(bencher: Bencher, size: usize) {
    let phrases = phrases(&bank(size));
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut asked = ASKED.iter().cycle();
    bencher.bench_local(|| {
        let asked = asked.next().expect("a cycle never ends");
        let pattern = Pattern::parse(black_box(asked), CaseMatching::Ignore, Normalization::Smart);
        pattern.match_list(phrases.iter(), &mut matcher).len()
    });
}

fn main() {
    divan::main();
}
