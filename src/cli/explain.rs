//! `mwtui match --explain`: everything behind a decision, for people and for programs. Tells what `matching` found;
//! decides nothing.

use serde_json::{Map, Value, json};

use crate::cli::Env;
use crate::cli::output::{Line, Tone};
use crate::matching::{Answer, Candidate, FEATURES, Measured, Pair, Signs};

/// Columns of what stands before each line.
const LABEL: usize = 11;

/// Puts `explain` and `measured` into the object of an answer.
pub fn insert(object: &mut Value, answer: &Answer, measured: &Measured) {
    let Some(fields) = object.as_object_mut() else { return };
    fields.insert("explain".to_owned(), explained(answer, measured));
    fields.insert("measured".to_owned(), json!(measured));
}

fn explained(answer: &Answer, measured: &Measured) -> Value {
    let candidate = |c: &Candidate| {
        let features: Map<String, Value> = FEATURES
            .iter()
            .zip(&c.features)
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "id": c.id,
            "score": c.score,
            "text": c.text,
            "lit": c.lit,
            "reason": c.reason,
            "met": c.met,
            "features": features,
        })
    };
    json!({
        "candidates": answer.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "none": answer.none,
        "doubt": answer.doubt,
        "signs": measured.phrase.signs,
    })
}

/// The same for people.
pub fn tell(env: &Env, answer: &Answer, measured: &Measured) {
    for one in &answer.candidates {
        candidate(env, one);
        env.out.blank();
    }
    let none = format!("{:.2}  how likely no workflow is meant", answer.none);
    env.out.line(labelled("none").plain(none));
    let doubt = answer.doubt.as_deref().unwrap_or("nothing");
    env.out.line(labelled("doubt").plain(doubt));
    env.out.line(labelled("signs").plain(signs(measured.phrase.signs)));
    let (weight, unknown) = (measured.phrase.weight, measured.phrase.unknown * 100.0);
    env.out.line(
        labelled("phrase").plain(format!(
            "its words weigh {weight:.2}; {unknown:.0} of 100 of that is in words nobody knows"
        )),
    );
    for (n, like) in measured.sounds_like.iter().enumerate() {
        let label = labelled(if n == 0 { "elsewhere" } else { "" });
        env.out.line(label.plain(format!("{:>5.2}  {}  ", like.nearness, like.process)).dim(&like.trade));
    }
}

fn candidate(env: &Env, one: &Candidate) {
    let score = Line::new().put(Tone::Accent, format!("{:<LABEL$.2}", one.score));
    env.out.line(score.strong(one.id.as_str()).plain("  ").plain(&one.name));
    env.out.line(labelled("  text").then(lit(one)));
    env.out.line(labelled("  why").plain(&one.reason));
    let widest = |of: fn(&Pair) -> &str| one.met.iter().map(|p| of(p).chars().count()).max().unwrap_or(0);
    let (said, meant) = (widest(|p| &p.said), widest(|p| &p.meant));
    for (n, pair) in one.met.iter().enumerate() {
        env.out.line(
            labelled(if n == 0 { "  met" } else { "" })
                .plain(format!("{:<said$}  ", pair.said))
                .plain(format!("{:<meant$}  ", pair.meant))
                .dim(&pair.how),
        );
    }
    for (n, (name, value)) in FEATURES.iter().zip(&one.features).enumerate() {
        let label = labelled(if n == 0 { "  numbers" } else { "" });
        env.out.line(label.plain(format!("{value:>5.2}  ")).dim(name));
    }
}

fn labelled(label: &str) -> Line {
    Line::new().dim(format!("{label:<LABEL$}"))
}

/// The text, with what the phrase meets of it strong.
fn lit(one: &Candidate) -> Line {
    let mut line = Line::new();
    let mut run = String::new();
    let mut strong = false;
    for (place, c) in one.text.chars().enumerate() {
        let now = one.lit.binary_search(&place).is_ok();
        if now != strong {
            line = line.put(if strong { Tone::Strong } else { Tone::Plain }, std::mem::take(&mut run));
            strong = now;
        }
        run.push(c);
    }
    line.put(if strong { Tone::Strong } else { Tone::Plain }, run)
}

fn signs(signs: Signs) -> String {
    let all = [
        (signs.refuses, "sounds like a refusal"),
        (signs.asks_past, "asks about what was"),
        (signs.asks_to_know, "asks to know something"),
        (signs.tells, "tells that something is done"),
    ];
    let shown: Vec<&str> = all.into_iter().filter(|(on, _)| *on).map(|(_, what)| what).collect();
    if shown.is_empty() { "none that it asks for no work".to_owned() } else { shown.join("; ") }
}
