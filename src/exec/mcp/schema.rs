//! Arguments against a tool's input schema, before they are sent. Nothing is fetched: a schema that refers
//! to another document cannot be checked, and the server is left to judge.

use serde_json::{Map, Value};

use crate::base::SafeLine;

/// How many faults are told, and how long each may be, in characters.
const FAULTS: usize = 5;
const LENGTH: usize = 200;

/// How many names of what a tool takes are told.
const NAMES: usize = 20;

/// What is wrong with the arguments, in words; empty where they fit. `Err`: the schema itself says nothing.
pub fn faults(schema: &Map<String, Value>, arguments: &Map<String, Value>) -> Result<Vec<String>, String> {
    let told = |text: String| -> String { SafeLine::new(&text).as_str().chars().take(LENGTH).collect() };
    let whole = Value::Object(schema.clone());
    let validator = jsonschema::options().build(&whole).map_err(|e| told(e.to_string()))?;
    let arguments = Value::Object(arguments.clone());
    let faults = validator.iter_errors(&arguments).take(FAULTS).map(|error| {
        let place = error.instance_path().to_string();
        let place = place.trim_start_matches('/').replace('/', ".");
        told(if place.is_empty() { error.to_string() } else { format!("{place}: {error}") })
    });
    Ok(faults.collect())
}

/// `service (required), since`: what the tool takes.
pub fn takes(schema: &Map<String, Value>) -> String {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let names = schema.get("properties").and_then(Value::as_object).map(|p| p.keys().take(NAMES));
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .map(|name| {
            let needed = if required.contains(&name.as_str()) { " (required)" } else { "" };
            format!("{}{needed}", SafeLine::new(name).as_str())
        })
        .collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    fn schema() -> Map<String, Value> {
        object(json!({
            "type": "object",
            "properties": {
                "service": { "type": "string" },
                "since": { "type": "integer", "minimum": 1 },
                "labels": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["service"],
            "additionalProperties": false,
        }))
    }

    #[test]
    fn what_fits_has_no_faults() {
        let arguments = object(json!({ "service": "api", "since": 5, "labels": ["a"] }));
        assert_eq!(faults(&schema(), &arguments), Ok(Vec::new()));
        assert_eq!(
            faults(&Map::new(), &arguments),
            Ok(Vec::new()),
            "a tool that says nothing takes everything"
        );
        assert_eq!(takes(&schema()), "service (required), since, labels");
        assert_eq!(takes(&Map::new()), "nothing");
    }

    #[test]
    fn each_fault_has_its_place_and_its_reason() {
        let found = |arguments| faults(&schema(), &object(arguments)).expect("a schema").join(" | ");
        assert!(found(json!({})).contains("\"service\" is a required property"), "{}", found(json!({})));
        let said = found(json!({ "service": 5, "since": 0, "labels": [1] }));
        for part in
            ["service: 5 is not of type \"string\"", "since: 0 is less than", "labels.0: 1 is not of type"]
        {
            assert!(said.contains(part), "{said}");
        }
        let said = found(json!({ "service": "api", "sicne": 5 }));
        assert!(said.contains("sicne"), "{said}");
        let long = found(json!({ "service": vec!["x"; 1000] }));
        assert!(long.chars().count() <= LENGTH, "{long}");
    }

    #[test]
    fn a_schema_that_cannot_be_read_alone_says_so_and_nothing_is_fetched() {
        for schema in [
            json!({ "$ref": "https://example.org/schema.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "type": 5 }),
        ] {
            assert!(faults(&object(schema.clone()), &Map::new()).is_err(), "{schema}");
        }
        let own = json!({ "$defs": { "a": { "required": ["x"] } }, "$ref": "#/$defs/a" });
        assert_eq!(faults(&object(own), &Map::new()).map(|f| f.len()), Ok(1));
    }
}
