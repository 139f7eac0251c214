//! What may be set of matching, what is measured, and what an index keeps from reading to reading.

use super::*;
use crate::config;

/// Options from a `config.toml` with this table.
fn options(matching: &str) -> Options {
    let settings = config::Settings::read("config.toml", &format!("[matching]\n{matching}")).expect("reads");
    Options::new(&settings.matching).expect("words")
}

#[test]
fn words_of_ones_own_count() {
    let (bank, said) = (bank(), "zorp the quux");
    assert_eq!(told(&Index::new(&bank), said), "none");
    let own = options("words = [\"= zorp restore\", \"= quux database\"]");
    let index = Index::with(&bank, &own);
    assert_eq!(told(&index, said), "match db-restore");
    let best = &index.decide(said, &Learned::default()).candidates[0];
    let met: Vec<(&str, &str)> = best.met.iter().map(|p| (p.meant.as_str(), p.how.as_str())).collect();
    assert!(
        met.contains(&("restore", "abbreviation")) && met.contains(&("database", "abbreviation")),
        "{met:?}"
    );
}

#[test]
fn without_the_table_synonyms_and_opposites_count_no_more() {
    let bank = bank();
    let hows = |options: &Options, phrase: &str| -> Vec<String> {
        let answer = Index::with(&bank, options).decide(phrase, &Learned::default());
        answer.candidates.iter().flat_map(|c| c.met.iter().map(|p| p.how.clone())).collect()
    };
    let without = options("synonyms = false");
    assert!(hows(&Options::default(), "restore the db").contains(&"abbreviation".to_owned()));
    assert!(!hows(&without, "restore the db").contains(&"abbreviation".to_owned()));
    let own = options("synonyms = false\nwords = [\"= db database\"]");
    assert!(
        hows(&own, "restore the db").contains(&"abbreviation".to_owned()),
        "words of one's own count still"
    );
    let opposed = |options: &Options| {
        Index::with(&bank, options).measure("stop a new V1x category").candidates.iter().any(|c| c.opposed)
    };
    assert!(opposed(&options("words = [\"x stop | start\"]")));
    assert!(!opposed(&without));
}

/// From bold to careful: what was asked before is never guessed afterwards.
#[test]
fn more_caution_asks_more_and_guesses_less() {
    let bank = bank();
    let guesses = |caution: f64| -> Vec<&str> {
        let index = Index::with(&bank, &options(&format!("caution = {caution}")));
        let phrases = FOUND.iter().chain(UNSURE).map(|(phrase, _)| *phrase);
        phrases.filter(|p| index.decide(p, &Learned::default()).decision == Decision::Match).collect()
    };
    let all: Vec<Vec<&str>> = [1.0, 2.0, 5.0, 20.0].map(guesses).into();
    for (bold, careful) in all.iter().zip(&all[1..]) {
        assert!(careful.iter().all(|phrase| bold.contains(phrase)), "{careful:?}");
    }
    assert!(all[0].len() > all[3].len() && !all[3].is_empty(), "{all:?}");
}

const UNSURE: &[(&str, &str)] =
    &[("Add a tool", ""), ("build a tool", ""), ("update the tools", ""), ("debug the tools", "")];

#[test]
fn what_is_measured_is_what_the_decision_is_made_of() {
    let index = Index::new(&bank());
    let phrase = "please deploy the mcp frobnicator";
    let (answer, measured) = (index.decide(phrase, &Learned::default()), index.measure(phrase));
    for candidate in &answer.candidates {
        let same = measured.candidates.iter().find(|c| c.id == candidate.id).expect("measured");
        assert_eq!(same.features, candidate.features);
        assert_eq!(same.features.len(), FEATURES.len());
    }
    assert!(measured.candidates.len() >= answer.candidates.len());
    let refused = index.measure("please don't deploy the mcp frobnicator").phrase.signs;
    assert!(refused.refuses && !refused.asks_past && !measured.phrase.signs.refuses);
    assert!(measured.phrase.unknown > 0.0 && measured.phrase.workflows == bank().len());
    assert!(index.measure("").candidates.is_empty());
}

type Bank = Vec<Arc<Workflow>>;

/// The workflow, no longer the one that others hold.
fn changed(bank: &mut Bank, at: usize) -> &mut Workflow {
    Arc::make_mut(&mut bank[at])
}

/// Everything that a bank can go through between two readings.
#[test]
fn an_updated_index_answers_as_a_new_one() {
    let own = options("caution = 4\nwords = [\"= zorp restore\"]");
    let mut bank = bank();
    let mut index = Index::with(&bank, &own);
    let steps: [fn(&mut Bank); 6] = [
        |_| {},
        |bank| changed(bank, 3).trigger_phrases.push("ship the tools".to_owned()),
        |bank| changed(bank, 9).status = Status::Deprecated { replaced_by: None, reason: None },
        |bank| changed(bank, 0).version += 1,
        |bank| drop(bank.remove(5)),
        |bank| {
            bank.insert(1, Arc::new(workflow("new", "Ship the docs", "Docs", &["publish the handbook"])));
        },
    ];
    let others = [
        "ship the tools",
        "publish the handbook",
        "zorp the database",
        "debug flux",
        "load the nightly dump",
    ];
    for (n, step) in steps.iter().enumerate() {
        step(&mut bank);
        index = index.updated(&bank);
        let new = Index::with(&bank, &own);
        for phrase in FOUND.iter().map(|(phrase, _)| *phrase).chain(others) {
            let (updated, new) =
                (index.decide(phrase, &Learned::default()), new.decide(phrase, &Learned::default()));
            assert_eq!(updated, new, "after step {n}: {phrase}");
        }
    }
    assert_eq!(told(&index, "publish the handbook"), "match new");
}
