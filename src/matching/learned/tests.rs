//! What lessons weigh, and which phrases are alike.

use super::*;

const DAY: i64 = 24 * 3_600_000;

fn choice(phrase: &str, workflow: &str, how: Chosen, day: i64) -> Choice {
    Choice {
        phrase: phrase.to_owned(),
        workflow: WorkflowId::new(workflow),
        how,
        project: None,
        at: Timestamp(day * DAY),
        by: Actor::Person("ana@laptop".to_owned()),
    }
}

/// The weights of a phrase's lessons on a day, the strongest first.
fn weights(choices: &[Choice], day: i64) -> Vec<(String, f64)> {
    let learned = Learned::new(choices, Timestamp(day * DAY));
    learned.of("add a tool").iter().map(|l| (l.workflow.to_string(), l.weight)).collect()
}

#[test]
fn one_answer_leads_at_once_and_fades_unless_it_is_confirmed() {
    let once = [choice("Add a tool!", "MW-002", Chosen::Asked, 0)];
    let learned = Learned::new(&once, Timestamp(0));
    let [lesson] = learned.of("add a tool") else { panic!("one lesson: {learned:?}") };
    assert!(lesson.leads() && (lesson.weight - 0.75).abs() < 1e-9, "{lesson:?}");
    assert_eq!((lesson.times, lesson.against, lesson.phrase.as_str()), (1, 0, "Add a tool!"));
    assert!(weights(&once, 60)[0].1 >= LEADS && weights(&once, 100)[0].1 < LEADS);

    let kept = [once[0].clone(), choice("add a tool", "MW-002", Chosen::Confirmed, 50)];
    assert!(weights(&kept, 100)[0].1 >= LEADS, "a confirmation renews it");
    let taken = [choice("add a tool", "MW-002", Chosen::Instead, 0)];
    assert!((LEADS..0.75).contains(&weights(&taken, 0)[0].1));
}

#[test]
fn a_later_choice_of_another_workflow_weakens_the_earlier() {
    let ask = |workflow, day| choice("add a tool", workflow, Chosen::Asked, day);
    let changed = weights(&[ask("MW-002", 0), ask("MW-007", 1)], 1);
    assert_eq!(changed[0].0, "MW-007");
    assert!(changed[1].1 < LEADS, "{changed:?}");
    // A habit is questioned by one choice, and given up after two.
    let habit: Vec<Choice> = (0..10).map(|day| ask("MW-002", day)).collect();
    let questioned = weights(&[&habit[..], &[ask("MW-007", 10)]].concat(), 10);
    assert!((questioned[0].1 - questioned[1].1).abs() < CLEARLY, "{questioned:?}");
    let left = weights(&[&habit[..], &[ask("MW-007", 10), ask("MW-007", 11)]].concat(), 11);
    assert_eq!(left[0].0, "MW-007");
    assert!(left[0].1 - left[1].1 >= CLEARLY, "{left:?}");
}

#[test]
fn three_choices_and_never_another_prove_a_phrase() {
    let times = |n: i64| (0..n).map(|d| choice("add a tool", "MW-002", Chosen::Confirmed, d)).collect();
    let proved = |choices: Vec<Choice>| {
        Learned::new(&choices, Timestamp(9 * DAY)).lessons().any(Lesson::has_proved_itself)
    };
    let (two, three): (Vec<_>, Vec<_>) = (times(2), times(3));
    assert!(!proved(two) && proved(three.clone()));
    for (place, day) in (0..=3).enumerate() {
        let mut contradicted = three.clone();
        contradicted.insert(place, choice("add a tool", "MW-007", Chosen::Asked, day));
        assert!(!proved(contradicted), "contradicted at {place}");
    }
}

#[test]
fn a_lesson_stands_as_its_workflow_does() {
    use crate::workflow::testing;
    let choices: Vec<Choice> = (0..3).map(|d| choice("add a tool", "new", Chosen::Asked, d)).collect();
    let learned = Learned::new(&choices, Timestamp(3 * DAY));
    let lesson = learned.of("add a tool").first().expect("a lesson");
    let mut workflow = testing::workflow("new", Vec::new());
    assert_eq!(lesson.standing(Some(&workflow)), Standing::Proved);
    workflow.trigger_phrases.push("Add a tool.".to_owned());
    assert_eq!(lesson.standing(Some(&workflow)), Standing::Counts, "it is a trigger already");
    workflow.status = Status::Deprecated { replaced_by: None, reason: None };
    assert_eq!(lesson.standing(Some(&workflow)), Standing::Gone);
    assert_eq!(lesson.standing(None), Standing::Gone);
    let later = Learned::new(&choices, Timestamp(999 * DAY));
    workflow.status = Status::Active;
    assert_eq!(later.of("add a tool")[0].standing(Some(&workflow)), Standing::Faded);
}

#[test]
fn phrases_are_alike_by_the_words_that_say_something() {
    let twice = [
        choice("please rotate the vault keys", "keys", Chosen::Asked, 0),
        choice("please rotate the vault keys", "keys", Chosen::Confirmed, 1),
        choice("please rotate the logs", "logs", Chosen::Asked, 1),
    ];
    let learned = Learned::new(&twice, Timestamp(DAY));
    let like = |phrase: &str| {
        let found = learned.like(&key(phrase));
        found.iter().map(|(l, alike)| (l.workflow.to_string(), *alike)).collect::<Vec<_>>()
    };
    assert_eq!(like("rotating vault keys now please").first().map(|l| l.0.as_str()), Some("keys"));
    assert_eq!(like("please the"), [], "common words make nothing alike");
    assert!(like("rotate something else").iter().all(|(id, _)| id == "keys"), "one choice is too few");
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_stronger() {
    let ask = |day| choice("add a tool", "MW-002", Chosen::Asked, day);
    let back = weights(&[ask(10), ask(0)], 0);
    assert!(back[0].1 <= weights(&[ask(10), ask(10)], 10)[0].1, "{back:?}");
    assert_eq!(Learned::new(&[choice("?!", "MW-002", Chosen::Asked, 0)], Timestamp(0)), Learned::default());
}
