//! Which questions of a form are asked, and all of its answers taken together. Later questions may
//! depend on the answers to earlier ones.

use serde_json::{Map, Value, json};

use crate::workflow::Field;
use crate::workflow::expression::{self, Scope};
use crate::workflow::field::{check, empty};

/// What the conditions of a form's questions may read; grows with every answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    /// Under which name the form's own answers are read.
    own: &'static str,
    scope: Scope,
}

impl Asking {
    /// The inputs of a workflow, before its start.
    pub fn inputs() -> Self {
        Self::of("inputs", Map::new(), Map::new())
    }

    /// The questions of a step: the run's inputs and the answers of the steps before are known.
    pub fn answers(inputs: &Map<String, Value>, before: &Map<String, Value>) -> Self {
        Self::of("answers", inputs.clone(), before.clone())
    }

    fn of(own: &'static str, inputs: Map<String, Value>, answers: Map<String, Value>) -> Self {
        let scope = json!({ "inputs": inputs, "answers": answers });
        let Value::Object(scope) = scope else { return Self { own, scope: Scope::default() } };
        Self { own, scope: Scope(scope) }
    }

    /// Whether the question is asked now; a sentence where that cannot be told. A condition on an
    /// answer that was left open is false, unless it asks for just that.
    pub fn asks(&self, field: &Field) -> Result<bool, String> {
        let Some(source) = &field.condition else { return Ok(true) };
        match expression::condition(source, &self.scope) {
            Ok(asked) => Ok(asked),
            Err(_) if self.reads_nothing(source) => Ok(false),
            Err(error) => Err(format!("whether it is asked cannot be told: {error}")),
        }
    }

    /// Whether the expression reads something that has no value.
    fn reads_nothing(&self, source: &str) -> bool {
        expression::references(source).iter().any(|reference| {
            let mut place = self.scope.0.get(&reference.path[0]);
            for part in &reference.path[1..] {
                place = place.and_then(|p| p.get(part));
            }
            place.is_none_or(Value::is_null)
        })
    }

    /// Takes the answer to a question in.
    pub fn take(&mut self, field: &Field, value: Value) {
        if let Some(Value::Object(own)) = self.scope.0.get_mut(self.own) {
            own.insert(field.name.clone(), value);
        }
    }

    /// The form's answers so far, and what was known before, by name: `inputs`, `answers`.
    pub fn known(&self, name: &str) -> Map<String, Value> {
        self.scope.0.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The answers to all fields, defaults filled in, or every problem at once: unknown names,
    /// missing answers, values that do not fit. A field that was left open is null, and so is one
    /// that is not asked.
    pub fn complete(
        mut self,
        fields: &[Field],
        values: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<String>> {
        let mut problems = Vec::new();
        for name in values.keys().filter(|name| fields.iter().all(|f| &f.name != *name)) {
            let known: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
            problems.push(format!("there is no field “{name}” (there are: {})", known.join(", ")));
        }
        let mut answers = Map::new();
        for field in fields {
            let answer = match self.asks(field) {
                Ok(true) => answer(field, values),
                Ok(false) => Ok(Value::Null),
                Err(problem) => Err(problem),
            };
            let answer = answer.unwrap_or_else(|problem| {
                problems.push(format!("{}: {problem}", field.name));
                Value::Null
            });
            self.take(field, answer.clone());
            answers.insert(field.name.clone(), answer);
        }
        if problems.is_empty() { Ok(answers) } else { Err(problems) }
    }
}

fn answer(field: &Field, values: &Map<String, Value>) -> Result<Value, String> {
    match values.get(&field.name).filter(|v| !v.is_null()).or(field.default.as_ref()) {
        Some(value) => check(field, value).map(|()| value.clone()),
        None if field.required => Err("an answer is needed".to_owned()),
        None => Ok(empty(field)),
    }
}

/// The answers to a workflow's inputs; see [`Asking::complete`].
pub fn complete(fields: &[Field], values: &Map<String, Value>) -> Result<Map<String, Value>, Vec<String>> {
    Asking::inputs().complete(fields, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::FieldKind;

    fn fields() -> Vec<Field> {
        let options = vec!["rollback".to_owned(), "patch".to_owned()];
        let mut plan = Field::new("plan", FieldKind::Choice { options }, "What shall we do?");
        plan.required = false;
        let mut branch = Field::new("branch", FieldKind::String { max_length: None }, "Which branch?");
        branch.condition = Some("answers.plan == \"patch\" and inputs.live".to_owned());
        let mut reviewer = Field::new("reviewer", FieldKind::String { max_length: None }, "Who reviews it?");
        reviewer.condition = Some("answers.branch != \"main\"".to_owned());
        vec![plan, branch, reviewer]
    }

    fn asking() -> Asking {
        Asking::answers(&map(json!({ "live": true })), &Map::new())
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn a_question_is_asked_only_where_its_condition_holds() {
        let all = map(json!({ "plan": "patch", "branch": "fix", "reviewer": "ana" }));
        assert_eq!(asking().complete(&fields(), &all), Ok(all.clone()));
        let main = map(json!({ "plan": "patch", "branch": "main", "reviewer": null }));
        assert_eq!(
            asking().complete(&fields(), &map(json!({ "plan": "patch", "branch": "main" }))),
            Ok(main)
        );
        // What is not asked is null, whatever was given, and what depends on it is not asked either.
        let none = map(json!({ "plan": "rollback", "branch": null, "reviewer": null }));
        let given = map(json!({ "plan": "rollback", "branch": "fix" }));
        assert_eq!(asking().complete(&fields(), &given), Ok(none));
        let open = map(json!({ "plan": null, "branch": null, "reviewer": null }));
        assert_eq!(asking().complete(&fields(), &Map::new()), Ok(open));
    }

    #[test]
    fn one_that_is_asked_is_needed() {
        let missing = asking().complete(&fields(), &map(json!({ "plan": "patch" })));
        assert_eq!(missing, Err(vec!["branch: an answer is needed".to_owned()]));
    }

    #[test]
    fn a_condition_on_nothing_is_false_unless_it_asks_for_that() {
        let mut fields = fields();
        fields[1].condition = Some("answers.plan is none".to_owned());
        let answers = asking().complete(&fields, &map(json!({ "branch": "main" }))).expect("asked");
        assert_eq!(answers["branch"], "main");
    }

    #[test]
    fn a_condition_that_cannot_be_told_is_a_problem_and_not_false() {
        let mut fields = fields();
        fields[1].condition = Some("answers.plan > 3".to_owned());
        let problems =
            asking().complete(&fields, &map(json!({ "plan": "patch" }))).expect_err("unequal types");
        assert!(problems[0].starts_with("branch: whether it is asked cannot be told"), "{problems:?}");
    }
}
