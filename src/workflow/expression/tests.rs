use serde_json::json;

use super::*;

fn scope() -> Scope {
    let value = json!({
        "inputs": { "service": "api", "count": 3, "flag": true, "list": ["a", "b"], "in": "x" },
        "answers": { "plan": "rollback", "open": null },
        "steps": { "my-step": { "outputs": { "exit": 0 } } },
        "repo": { "root": "", "branch": "", "owner": "", "name": "" },
        "logs": { "text": "line }} one" },
    });
    match value {
        Value::Object(map) => Scope(map),
        _ => Scope::default(),
    }
}

fn fails(text: &str) -> String {
    render(text, &scope()).expect_err(text).reason
}

#[test]
fn a_whole_expression_keeps_its_type_and_a_mixed_text_is_text() {
    for (text, value) in [
        ("${{ inputs.count }}", json!(3)),
        ("${{inputs.flag}}", json!(true)),
        ("${{ inputs.list }}", json!(["a", "b"])),
        ("n=${{ inputs.count }} ${{ inputs.list }}", json!("n=3 [\"a\",\"b\"]")),
        ("open: ${{ answers.open }}.", json!("open: .")),
        ("${{ answers.open }}", json!(null)),
        ("${{ answers.open | default('x') }}", json!("x")),
        ("${{ '}}' }}${{ logs.text }}", json!("}}line }} one")),
        ("${{ {'a': {'b': 1}}['a']['b'] }}", json!(1)),
        ("${NAME} $((1+2)) {{ x }}", json!("${NAME} $((1+2)) {{ x }}")),
        ("${{ steps[\"my-step\"].outputs.exit + 1 }}", json!(1)),
        ("${{ inputs.service | upper }}", json!("API")),
        ("${{ inputs.service | replace('p', '-') }}", json!("a-i")),
        ("${{ inputs.list | join(', ') }}", json!("a, b")),
        ("${{ 'a b' | split(' ') | join }}", json!("ab")),
        ("${{ 'yes' if inputs.count > 2 else 'no' }}", json!("yes")),
    ] {
        assert_eq!(render(text, &scope()).expect(text), value, "{text}");
    }
}

#[test]
fn an_unknown_name_is_an_error_wherever_it_stands() {
    for text in [
        "${{ inputs.nope }}",
        "${{ nope }}",
        "a ${{ inputs.nope }} b",
        "${{ [inputs.nope] }}",
        "${{ {'a': inputs.nope} }}",
        "${{ inputs.nope ~ 'x' }}",
        "${{ inputs.nope == 'x' }}",
        "${{ 'x' in inputs.nope }}",
        "${{ not inputs.nope }}",
        "${{ inputs.nope.deeper }}",
        "${{ inputs.nope | upper }}",
        "${{ 1 if inputs.nope else 2 }}",
        "${{ inputs.nope and true }}",
        "${{ false or inputs.nope }}",
    ] {
        let reason = fails(text);
        assert!(reason.contains("there is no `") && reason.contains("nope"), "{text}: {reason}");
    }
    assert!(!condition("inputs.nope is defined", &scope()).expect("defined is asked for"));
}

#[test]
fn comparing_different_types_is_an_error() {
    for (expression, reason) in [
        ("inputs.count == '3'", "a number is compared with text"),
        ("'3' != inputs.count", "text is compared with a number"),
        ("inputs.flag == 'true'", "a boolean is compared with text"),
        ("inputs.flag == 1", "a boolean is compared with a number"),
        ("inputs.count > '2'", "not a number and text"),
        ("answers.open == 'x'", "ask with `is none`"),
        ("inputs.list == ['a', 1]", "text is compared with a number"),
        ("1 in inputs.list", "a number is compared with text"),
        ("1 in 'abc'", "not for a number in text"),
        ("inputs.flag < true", "not a boolean and a boolean"),
        ("true and (1 == '1')", "a number is compared with text"),
        ("not 1 == '1'", "a number is compared with text"),
        ("[1 == '1'] == [true]", "a number is compared with text"),
        (
            "(inputs.service | replace('a' if 1 == '1' else 'b', 'c')) == 'x'",
            "a number is compared with text",
        ),
        ("1 < 2 < 3", "follows another comparison"),
        ("inputs.service", "must give true or false"),
        ("inputs.count", "the number 3"),
        ("inputs.service is eq('api')", "there are boolean, defined"),
        ("[1, 'a'] | sort", "there are default, first"),
        ("range(10)", "unknown"),
        ("1 +", "unexpected end"),
    ] {
        let error = condition(expression, &scope()).expect_err(expression);
        assert!(error.reason.contains(reason), "{expression}: {error}");
    }
}

#[test]
fn comparing_the_same_types_works_as_written() {
    for (expression, value) in [
        ("answers.plan == \"rollback\"", true),
        ("answers.plan != 'rollback'", false),
        ("inputs.count == 3.0", true),
        ("inputs.count + 1 >= 4 and inputs.count * 2 < 7", true),
        ("not answers.plan == 'patch'", true),
        ("answers.plan == 'patch' or inputs.flag", true),
        ("'a' in inputs.list and 'c' not in inputs.list", true),
        ("'service' in inputs", true),
        ("'rol' in answers.plan", true),
        ("answers.open == none", true),
        ("answers.open is none", true),
        ("answers.plan != none", true),
        ("answers.plan is not none and answers.plan == 'rollback'", true),
        ("answers.open is none or answers.open == 'x'", true),
        ("inputs.in == 'x'", true),
        ("(inputs.count == 3) == inputs.flag", true),
        ("repo.root != \"\"", false),
        ("inputs.list | length == 2", true),
        ("(inputs.service | upper) == 'API'", true),
        ("'==' == '=='", true),
        ("'a' < 'b'", true),
        ("inputs.service is startingwith('a')", true),
        ("-1 < 1", true),
    ] {
        assert_eq!(condition(expression, &scope()).expect(expression), value, "{expression}");
    }
}

#[test]
fn what_costs_too_much_is_refused() {
    assert!(fails("${{ inputs.count").contains("no closing"));
    assert!(fails("${{ }}").contains("no expression"));
    assert!(fails(&format!("${{{{ '{}' }}}}", "x".repeat(5000))).contains("bytes long"));
    let big = Scope(Map::from_iter([("a".to_owned(), Value::String("x".repeat(3_000_000)))]));
    let error = render("${{ a }}${{ a }}", &big).expect_err("too large");
    assert!(error.reason.contains("larger than"), "{error}");
    let error = render("${{ a ~ a }}", &big).expect_err("too large");
    assert!(error.reason.contains("larger than"), "{error}");
    for expression in [
        "a | replace('x', a)",
        "(a | split('x')) | join(a)",
        "'x' * 100000000000",
        "a * 1000",
        "[1] * 1000000000",
    ] {
        let error = render(&format!("${{{{ {expression} }}}}"), &big).expect_err(expression);
        assert!(error.reason.contains("large"), "{error}");
    }
    let deep = format!("${{{{ {}1{} }}}}", "(".repeat(2000), ")".repeat(2000));
    assert!(render(&deep, &scope()).is_err());
}

#[test]
fn the_names_an_expression_reads_are_known_before_it_runs() {
    let names =
        |source: &str| -> Vec<String> { references(source).into_iter().map(|r| r.path.join("/")).collect() };
    assert_eq!(
        names("inputs.a + steps['b-c'].outputs.d | default(env.E) if x is defined else y[z]"),
        ["inputs/a", "steps/b-c/outputs/d", "env/E", "x", "y", "z"]
    );
    assert_eq!(names("'inputs.a' == \"x}}\" and not true"), Vec::<String>::new());
    let source = "a.b == 'c' and [d, e.f] | join(sep=g) is string";
    let mut ours: Vec<String> = references(source).into_iter().map(|r| r.path[0].clone()).collect();
    let env = environment();
    let compiled = env.compile_expression(source).expect("valid");
    let mut theirs: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs, "minijinja sees the same names");
}

/// A comparison tree of known meaning, printed in every bracketing, must evaluate as meant.
mod property {
    use proptest::prelude::*;

    use super::super::*;

    #[derive(Debug, Clone)]
    enum Tree {
        Equal(i8, i8),
        Less(i8, i8),
        Mixed(i8),
        Not(Box<Tree>),
        And(Box<Tree>, Box<Tree>),
        Or(Box<Tree>, Box<Tree>),
        Choose(Box<Tree>, Box<Tree>, Box<Tree>),
    }

    impl Tree {
        fn print(&self) -> String {
            match self {
                Self::Equal(a, b) => format!("{a}+0 == {b}"),
                Self::Less(a, b) => format!("n[\"{a}\"]<n['{b}']"),
                Self::Mixed(a) => format!("'{a}' == {a}"),
                Self::Not(t) => format!("not ({})", t.print()),
                Self::And(a, b) => format!("({}) and {}", a.print(), b.loose()),
                Self::Or(a, b) => format!("{} or ({})", a.loose(), b.print()),
                Self::Choose(c, a, b) => format!("({}) if {} else ({})", a.print(), c.loose(), b.print()),
            }
        }

        /// Without brackets where the grammar needs none.
        fn loose(&self) -> String {
            match self {
                Self::Equal(..) | Self::Less(..) | Self::Mixed(_) | Self::Not(_) => self.print(),
                _ => format!("({})", self.print()),
            }
        }

        fn value(&self) -> Option<bool> {
            Some(match self {
                Self::Equal(a, b) => a == b,
                Self::Less(a, b) => a < b,
                Self::Mixed(_) => return None,
                Self::Not(t) => !t.value()?,
                Self::And(a, b) => a.value()? && b.value()?,
                Self::Or(a, b) => a.value()? || b.value()?,
                Self::Choose(c, a, b) => return if c.value()? { a.value() } else { b.value() },
            })
        }
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            4 => (-2_i8..3, -2_i8..3).prop_map(|(a, b)| Tree::Equal(a, b)),
            4 => (-2_i8..3, -2_i8..3).prop_map(|(a, b)| Tree::Less(a, b)),
            1 => (0_i8..3).prop_map(Tree::Mixed),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|t| Tree::Not(Box::new(t))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::And(Box::new(a), Box::new(b))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::Or(Box::new(a), Box::new(b))),
                (inner.clone(), inner.clone(), inner).prop_map(|(c, a, b)| Tree::Choose(
                    Box::new(c),
                    Box::new(a),
                    Box::new(b)
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn rewriting_keeps_the_meaning(tree in trees()) {
            let numbers = (-2..3).map(|n: i8| (n.to_string(), Value::from(n))).collect();
            let scope = Scope(Map::from_iter([("n".to_owned(), Value::Object(numbers))]));
            let source = tree.print();
            prop_assert_eq!(condition(&source, &scope).ok(), tree.value(), "{}", source);
        }

        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,60}|[-a-z0-9 .()\\[\\]{}'\"=!<>|,:$]{0,60}") {
            let _ = render(&text, &Scope::default());
            let _ = condition(&text, &Scope::default());
            let _ = references(&text);
        }
    }
}
