//! `mwtui new`, and the way there from a phrase that fits nothing.

use crate::support::Home;
use crate::support::cli::{say, say_with};

#[test]
fn a_phrase_that_fits_nothing_becomes_a_workflow() {
    let home = Home::new();
    let none = say(&home, &["match", "bake a chocolate cake"]);
    assert_eq!(none.code, 5);
    assert!(none.out.contains("mwtui new --from-phrase \"bake a chocolate cake\""), "{none:?}");

    let made = say(&home, &["new", "--from-phrase", "bake a chocolate cake", "--no-input"]).ok();
    let path = made.out.trim();
    assert_eq!(std::path::Path::new(path), home.paths.workflows().join("bake-chocolate-cake.yaml"));
    let checked = say(&home, &["validate", path]).ok();
    assert!(checked.out.contains("no errors, 1 warning"), "what it lacks is examples: {checked:?}");
    assert!(checked.out.contains("no examples yet"), "{checked:?}");
    let found = say(&home, &["match", "Bake a chocolate cake!", "--json"]).ok().json();
    assert_eq!(
        (&found["decision"], &found["candidates"][0]["id"]),
        (&"match".into(), &"bake-chocolate-cake".into())
    );

    let twice = say(&home, &["new", "--from-phrase", "bake a chocolate cake", "--json"]).ok().json();
    assert_eq!(twice["id"], "bake-chocolate-cake-2", "nothing is written over");
    assert_eq!(say(&home, &["new", "bake-chocolate-cake"]).code, 4);
    assert_eq!(say(&home, &["new"]).code, 2);
    let noted = say(&home, &["new", "third", "--from-phrase", "create new MCP tool"]).ok();
    assert!(noted.err.contains("MW-002") && noted.err.contains("mwtui validate"), "{noted:?}");
}

#[test]
fn an_empty_phrase_shows_what_can_be_done() {
    let home = Home::new();
    let empty = say_with(&home, &["match", "  "], "");
    assert_eq!(empty.code, 5);
    for told in ["mwtui match \"This thread is ending\"", "mwtui list"] {
        assert!(empty.out.contains(told), "{empty:?}");
    }
    assert!(!empty.out.contains("mwtui new"), "{empty:?}");
}
