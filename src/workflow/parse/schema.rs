//! The format as a JSON Schema (draft 2020-12), for editors. Which keys there are, and which belong to which
//! kind of step, comes from the tables that files are read with. What a schema cannot say (names in
//! expressions, circles, times that contradict each other) is said by `mwtui validate`.

use serde_json::{Map, Value, json};

use super::document::{DISTINCTION, MOVES, PREREQUISITE, STATUSES, WORKFLOW};
use super::question::{QUESTION, TYPES};
use super::retry::{BACKOFFS, CONFIG, PARALLEL, RETRY};
use super::step::belongs::BELONGS;
use super::step::each::FOR_EACH;
use super::step::failure::{ON_FAILURE, TIMES, WORDS};
use super::step::kinds::ON_TIMEOUT;
use super::step::script::SHELLS;
use super::step::undo::UNDO;
use super::step::{EVIDENCE, KINDS, STEP, STEPS};
use super::table::{Keys, SECTIONS};
use super::{PHRASE_LENGTH, PHRASES};
use crate::workflow::{Final, ITEMS_LIMIT};

/// A mapping of the format, by the name under which others refer to it.
const TABLES: [(&str, &Keys); 11] = [
    ("step", &STEP),
    ("undo", &UNDO),
    ("question", &QUESTION),
    ("distinction", &DISTINCTION),
    ("prerequisite", &PREREQUISITE),
    ("moves", &MOVES),
    ("config", &CONFIG),
    ("retry", &RETRY),
    ("for_each", &FOR_EACH),
    ("on_failure", &ON_FAILURE),
    ("workflow", &WORKFLOW),
];

/// The schema of a workflow file.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert("sentence".to_owned(), json!({ "type": "string", "pattern": "\\S" }));
    definitions.insert(
        "duration".to_owned(),
        json!({ "type": "string", "pattern": "^\\s*([0-9]+(ms|s|m|min|h|d)\\s*)+$" }),
    );
    definitions.insert(
        "name".to_owned(),
        json!({ "type": "string", "pattern": "^\\s*[A-Za-z_][A-Za-z0-9_]{0,63}\\s*$" }),
    );
    for (name, keys) in TABLES {
        definitions.insert(name.to_owned(), table(name, keys));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workflow of mwtui",
        "$ref": "#/$defs/workflow",
        "$defs": definitions,
    })
}

fn table(name: &str, keys: &Keys) -> Value {
    let properties: Map<String, Value> =
        keys.known.iter().map(|key| ((*key).to_owned(), property(name, key))).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let more = match name {
        "workflow" => json!({
            "required": ["trigger_phrases", "steps"],
            "oneOf": [{ "required": ["name"] }, { "required": ["workflow_name"] }],
        }),
        "step" => json!({
            "anyOf": [{ "required": ["title"] }, { "required": ["description"] }],
            "oneOf": one_kind(keys),
            "dependentSchemas": belongs(keys),
        }),
        "undo" => json!({ "minProperties": 1, "oneOf": one_kind(keys), "dependentSchemas": belongs(keys) }),
        "distinction" => json!({ "required": ["because"] }),
        "prerequisite" => json!({ "required": ["check"] }),
        "moves" => json!({ "required": ["to"] }),
        "retry" => json!({ "required": ["max_attempts"] }),
        "for_each" => json!({ "required": ["items"] }),
        "on_failure" => json!({
            "oneOf": [{ "required": ["back"] }, { "required": ["escalate"] }],
            "dependentRequired": { "times": ["back"], "within": ["escalate"] },
        }),
        _ => json!({}),
    };
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

/// A step has one of the keys that say what it does, or none of them.
fn one_kind(keys: &Keys) -> Vec<Value> {
    let kinds = || KINDS.iter().filter(|kind| keys.known.contains(kind));
    let mut all: Vec<Value> = kinds().map(|kind| json!({ "required": [kind] })).collect();
    all.push(
        json!({ "not": { "anyOf": kinds().map(|kind| json!({ "required": [kind] })).collect::<Vec<_>>() } }),
    );
    all
}

fn belongs(keys: &Keys) -> Map<String, Value> {
    let required = |kinds: &[&str]| -> Vec<Value> {
        let known = kinds.iter().filter(|kind| keys.known.contains(kind));
        known.map(|kind| json!({ "required": [kind] })).collect()
    };
    let mut all: Map<String, Value> = BELONGS
        .iter()
        .filter(|(key, _)| keys.known.contains(key))
        .map(|(key, kinds)| ((*key).to_owned(), json!({ "anyOf": required(kinds) })))
        .collect();
    all.insert("actions".to_owned(), json!({ "not": { "anyOf": required(&KINDS) } }));
    if keys.known.contains(&"for_each") {
        all.insert("for_each".to_owned(), json!({ "not": { "anyOf": required(&["ask", "approve"]) } }));
    }
    all
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list(of: &Value, most: usize) -> Value {
    json!({ "type": "array", "items": of, "minItems": 1, "maxItems": most })
}

/// What stands after a key. `true` where anything may.
fn property(table: &str, key: &str) -> Value {
    let (sentence, name, duration, boolean) =
        (of("sentence"), of("name"), of("duration"), json!({ "type": "boolean" }));
    let number = |least: u64, most: u64| json!({ "type": "integer", "minimum": least, "maximum": most });
    let words = |words: &[&str]| json!({ "enum": words });
    let sentences = json!({ "type": "array", "items": sentence });
    let values = json!({ "type": "object" });
    let exits = json!({ "type": "array", "items": number(0, 255), "minItems": 1 });
    let step_id = json!({ "type": "string", "pattern": "^\\s*[a-z0-9][a-z0-9_-]{0,63}\\s*$" });
    let workflow_id = json!({ "type": "string", "pattern": "^\\s*[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\s*$" });
    match (table, key) {
        ("workflow", "version") => number(1, u64::from(u32::MAX)),
        ("workflow", "status") => words(&STATUSES),
        ("workflow", "trigger_phrases") => {
            list(&json!({ "type": "string", "pattern": "\\S", "maxLength": PHRASE_LENGTH }), PHRASES)
        }
        ("workflow", "examples") => json!({
            "type": "array", "maxItems": PHRASES,
            "items": { "type": "string", "pattern": "\\S", "maxLength": PHRASE_LENGTH },
        }),
        ("workflow", "disambiguates_from") => {
            json!({ "type": "array", "items": { "anyOf": [sentence, of("distinction")] } })
        }
        ("workflow", "prerequisites") => {
            json!({ "type": "array", "items": { "anyOf": [sentence, of("prerequisite")] } })
        }
        ("workflow", "inputs") => json!({
            "type": "object", "propertyNames": name,
            "additionalProperties": {
                "anyOf": [{ "type": ["string", "number", "boolean", "null"] }, of("question")],
            },
        }),
        ("workflow", "env") => json!({ "type": "array", "items": name }),
        ("workflow", "steps") => list(&of("step"), STEPS),
        ("workflow", "moves") => of("moves"),
        ("workflow", "config") => of("config"),
        ("workflow", "tags" | "outputs" | "success_criteria") | (_, "actions") => sentences,
        ("config" | "for_each", "parallel") => number(1, PARALLEL),
        (_, "retry") => of("retry"),
        ("retry", "max_attempts") => number(1, 10),
        ("retry", "backoff") => words(&BACKOFFS),
        ("retry", "multiplier") => json!({ "type": "number", "exclusiveMinimum": 1, "maximum": 10 }),
        ("retry", "final") => {
            let kinds: Vec<&str> = Final::WORDS.iter().map(|(word, _)| *word).collect();
            json!({ "type": "array", "items": { "anyOf": [number(0, 255), words(&kinds)] } })
        }
        ("retry", "initial" | "max") | (_, "timeout" | "within" | "remind") => duration,
        ("moves", "from") => json!({ "anyOf": [sentence, list(&sentence, STEPS)] }),
        ("step", "ask") => list(&of("question"), STEPS),
        ("step", "if") => json!({ "anyOf": [boolean, sentence] }),
        ("step", "needs") => json!({ "type": "array", "items": step_id, "uniqueItems": true }),
        ("step", "for_each") => {
            json!({ "anyOf": [list(&json!(true), ITEMS_LIMIT), sentence, of("for_each")] })
        }
        ("for_each", "items") => json!({ "anyOf": [list(&json!(true), ITEMS_LIMIT), sentence] }),
        ("step" | "undo", "on_failure") => json!({ "anyOf": [words(&WORDS), of("on_failure")] }),
        ("on_failure", "times") => number(1, TIMES),
        ("step", "rollback") => json!({ "anyOf": [sentence, of("undo")] }),
        ("step", "assign") | ("question", "name") => name,
        ("step", "outputs") => {
            json!({ "type": "object", "propertyNames": name, "additionalProperties": sentence })
        }
        ("step" | "undo", "evidence") => json!({ "anyOf": [boolean, words(&EVIDENCE)] }),
        ("step" | "question", "summary") => {
            let sections: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
            words(&sections)
        }
        ("step" | "undo", "shell") => {
            let shells: Vec<&str> = SHELLS.iter().map(|(name, _)| *name).collect();
            json!({ "anyOf": [words(&shells), list(&sentence, STEPS)] })
        }
        ("step" | "undo", "env") => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        ("step" | "undo", "done_exits") => exits,
        ("step" | "undo", "with" | "inputs") => values,
        ("step", "on_timeout") => words(&ON_TIMEOUT),
        ("question", "type") => words(&TYPES),
        ("step" | "on_failure", "escalate") | ("question", "options") => list(&sentence, STEPS),
        ("question", "max_length") => number(1, 4096),
        ("question", "min" | "max") => json!({ "type": "number" }),
        ("question", "default") => json!(true),
        ("question", "required")
        | (
            _,
            "ends_session" | "continue_on_error" | "idempotent" | "overwrite" | "pty" | "required" | "jitter",
        ) => boolean,
        (_, "template") => json!({ "type": "string" }),
        ("step", "id") | ("on_failure", "back") => step_id,
        ("distinction" | "workflow", "id") | ("workflow", "replaced_by") | ("step" | "undo", "workflow") => {
            workflow_id
        }
        // Everything else is a text that people read, or a script.
        _ => sentence,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::report::Sink;
    use super::super::{table, tree};
    use super::*;

    fn validator() -> jsonschema::Validator {
        jsonschema::draft202012::new(&schema()).expect("a schema")
    }

    fn data(text: &str) -> Value {
        let mut sink = Sink::new("", text);
        table::data(&tree::read(text, &mut sink).expect("YAML"))
    }

    fn texts(folder: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path());
        entries
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a file")))
            .collect()
    }

    #[test]
    fn every_workflow_that_loads_fits_the_schema() {
        let validator = validator();
        let files: Vec<_> = ["workflows", "docs/workflows"].into_iter().flat_map(texts).collect();
        assert!(files.len() > 30, "{}", files.len());
        for (file, text) in files {
            let faults: Vec<String> =
                validator.iter_errors(&data(&text)).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(faults.is_empty(), "{file}: {faults:#?}");
        }
    }

    #[test]
    fn what_does_not_load_does_not_fit_it() {
        let validator = validator();
        let head = "name: T\ntrigger_phrases: [t]\nscope: s\nsteps:\n";
        let good =
            format!("{head}  - title: A\n    run: x\n    rollback: {{ call: s.t }}\n    for_each: [a]\n");
        assert!(validator.is_valid(&data(&good)));
        for step in [
            "{ titel: A }",
            "{ title: A, run: x, call: s.t }",
            "{ title: A, run: x, within: 3m }",
            "{ title: A, timeout: 3m }",
            "{ title: A, run: x, timeout: 3 }",
            "{ title: A, run: x, timeout: soon }",
            "{ title: A, run: x, retry: { max_attempts: 11 } }",
            "{ title: A, run: x, retry: { max_attempts: 2, final: [never] } }",
            "{ title: A, run: x, actions: [b] }",
            "{ title: A, run: x, for_each: [] }",
            "{ title: A, approve: y, for_each: [b] }",
            "{ title: A, run: x, on_failure: retry }",
            "{ title: A, run: x, on_failure: { times: 2 } }",
            "{ title: A, run: x, rollback: { run: y, if: z } }",
            "{ title: A, run: x, rollback: { actions: [y], timeout: 1m } }",
            "{ title: A, run: x, done_exits: [256] }",
            "{ title: A, ask: [{ name: a, type: strng }] }",
            "{ title: A, evidence: perhaps }",
            "{ id: A b, title: A }",
        ] {
            let text = format!("{head}  - {step}\n");
            assert!(super::super::parse("t", text.as_bytes()).is_err(), "{step} does not load");
            assert!(!validator.is_valid(&data(&text)), "{step} does not fit");
        }
        for whole in ["name: T\n", "name: T\ntrigger_phrases: []\nsteps: [{ title: A }]\n"] {
            assert!(!validator.is_valid(&data(whole)), "{whole}");
        }
    }
}
