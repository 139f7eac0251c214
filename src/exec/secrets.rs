//! Variables that are named by reference: resolved when a process is started, and taken out again of whatever it says.

use indexmap::IndexMap;
use serde_json::Value;

use crate::base::{Redactor, Secret};
use crate::config::servers::REFERENCE;

/// Values that nobody may read.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// The environment with each `env:NAME` replaced by the value that `lookup` has, and those values;
    /// else what is missing.
    pub fn resolve(
        env: &IndexMap<String, String>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<(Vec<(String, String)>, Self), String> {
        let mut secrets = Vec::new();
        let mut resolved = Vec::new();
        for (name, value) in env {
            let value = match value.strip_prefix(REFERENCE) {
                None => value.clone(),
                Some(reference) => {
                    let value = lookup(reference).ok_or_else(|| {
                        format!(
                            "{name} is to come from the environment variable {reference}, which the engine does not \
                             have; set it, and start the engine anew (`mwtui engine stop`)"
                        )
                    })?;
                    secrets.push(Secret::new(value.clone()));
                    value
                }
            };
            resolved.push((name.clone(), value));
        }
        Ok((resolved, Self(secrets)))
    }

    pub fn hide(&self, text: String) -> String {
        if self.0.is_empty() { text } else { Redactor::new(&self.0).clean(&text) }
    }

    pub fn hide_in(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.hide(text)),
            Value::Array(items) => items.into_iter().map(|item| self.hide_in(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (self.hide(name), self.hide_in(value))).collect()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(env: &[(&str, &str)]) -> Result<(Vec<(String, String)>, Secrets), String> {
        let env = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Secrets::resolve(&env, |name| match name {
            "TOKEN" => Some("hunter2".to_owned()),
            "LONGER" => Some("hunter2-and-more".to_owned()),
            "SHORT" => Some("a".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn references_are_resolved_and_hidden_and_plain_values_are_neither() {
        let (env, secrets) =
            resolve(&[("A", "env:TOKEN"), ("B", "plain"), ("C", "env:LONGER"), ("D", "env:SHORT")])
                .expect("known");
        let values: Vec<&str> = env.iter().map(|(_, v)| v.as_str()).collect();
        assert_eq!(values, ["hunter2", "plain", "hunter2-and-more", "a"]);
        let said = secrets.hide("plain a hunter2, hunter2-and-more".to_owned());
        assert_eq!(said, "plain a ••••, ••••");
        let value = secrets.hide_in(json!({ "hunter2": ["x hunter2", 1, null, { "k": "hunter2" }] }));
        assert_eq!(value, json!({ "••••": ["x ••••", 1, null, { "k": "••••" }] }));
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let why = resolve(&[("A", "env:NOWHERE")]).err().expect("unknown");
        assert!(why.contains("NOWHERE") && why.starts_with("A "), "{why}");
    }
}
