//! Workflow files as people meet them: the reference's examples load, and hostile files in a
//! folder are told with their place while everything else goes on working.

use std::fmt::Write as _;
use std::path::Path;

use mwtui::base::Paths;
use mwtui::workflow::{Registry, Severity, parse};

/// The fenced ```yaml blocks of a document that are whole workflows, with the line they begin on.
fn examples(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in document.lines().enumerate() {
        match &mut block {
            None if line.trim() == "```yaml" => block = Some((number + 2, String::new())),
            None => {}
            Some(_) if line.trim() == "```" => {
                found.extend(
                    block
                        .take()
                        .filter(|(_, text)| text.starts_with("id:") || text.starts_with("workflow_name:")),
                );
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    found
}

#[test]
fn every_example_of_the_reference_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/WORKFLOWS.md");
    let document = std::fs::read_to_string(path).expect("docs/WORKFLOWS.md");
    let examples = examples(&document);
    assert!(examples.len() >= 6, "{}", examples.len());
    for (line, text) in examples {
        match parse(&format!("docs/WORKFLOWS.md, block on line {line}"), text.as_bytes()) {
            Ok((_, warnings)) => assert_eq!(warnings, [], "line {line}"),
            Err(errors) => {
                panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// Name, contents, line and column, part of what is told.
type Hostile = (&'static str, Vec<u8>, (u32, u32), &'static str);

#[test]
fn hostile_files_are_told_and_the_rest_of_the_registry_works() {
    let dir = tempfile::tempdir().expect("temp dir");
    let paths = Paths::under(dir.path());
    let folder = paths.workflows();
    std::fs::create_dir_all(&folder).expect("mkdir");
    let head = "name: T\ntrigger_phrases: [x]\nscope: s\n";
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (name, inner) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
        let _ = writeln!(bomb, "{name}: &{name} [{}]", vec![format!("*{inner}"); 10].join(", "));
    }
    let deep = format!("{head}steps: {}{}", "[".repeat(300), "]".repeat(300));
    let files: Vec<Hostile> = vec![
        (
            "misspelt",
            format!("{head}trigger_phrase: [y]\nsteps: [{{title: A}}]\n").into(),
            (4, 1),
            "did you mean `trigger_phrases`?",
        ),
        ("type", format!("{head}version: [1]\nsteps: [{{title: A}}]\n").into(), (4, 10), "found a list"),
        (
            "twice",
            format!("{head}steps: [{{title: A, id: a}}, {{title: B, id: a}}]\n").into(),
            (4, 43),
            "duplicate step id `a`",
        ),
        (
            "unknown",
            format!("{head}steps: [{{title: A, approve: \"${{{{ inputs.nope }}}}?\"}}]\n").into(),
            (4, 34),
            "unknown name `inputs.nope`",
        ),
        (
            "script",
            format!("{head}steps: [{{title: A, run: \"ls ${{{{ inputs.x }}}}\"}}]\n").into(),
            (4, 33),
            "env: { X: \"${{ inputs.x }}\" }",
        ),
        ("utf8", b"name: caf\xff\n".to_vec(), (1, 10), "byte 10 of the file (0xff) is no UTF-8"),
        ("nul", b"name: a\0\n".to_vec(), (1, 8), "a NUL byte"),
        ("large", vec![b'a'; 2 * 1024 * 1024], (0, 0), "2097152 bytes large"),
        ("bomb", bomb.into(), (5, 1), "stands for more than 50000 values"),
        ("deep", deep.into(), (4, 8), "nested more than 64 deep"),
        ("empty", Vec::new(), (1, 1), "it is empty"),
        (
            "two",
            format!("{head}steps: [{{title: A}}]\n---\nname: B\n").into(),
            (5, 1),
            "a second YAML document",
        ),
    ];
    for (name, bytes, ..) in &files {
        std::fs::write(folder.join(format!("{name}.yaml")), bytes).expect("write");
    }
    std::fs::write(folder.join("good.yaml"), format!("id: good\n{head}steps: [{{title: A}}]\n"))
        .expect("write");

    let registry = Registry::load(&paths, &dir.path().join("project"));
    assert!(registry.find("good").is_some() && registry.find("MW-001").is_some());
    let of_home = registry.entries.iter().filter(|e| e.workflow().is_some() && e.path.is_some());
    assert_eq!(of_home.count(), 1, "the good one, beside the bundled ones");
    for (name, _, place, part) in &files {
        let label = format!("{name}.yaml");
        let entry = registry.entries.iter().find(|e| e.label() == label).expect(name);
        let error = entry.diagnostics().iter().find(|d| d.severity == Severity::Error).expect(name);
        let told = error.to_string();
        assert!(told.contains(part), "{told}");
        assert!(error.file.ends_with(&label) && told.starts_with(&error.file), "{told}");
        if *name != "bomb" && *name != "deep" {
            assert_eq!((error.line, error.column), *place, "{told}");
        } else {
            assert_eq!(error.line, place.0, "{told}");
        }
        assert_eq!(error.snippet.is_empty(), matches!(*name, "large" | "empty"), "{told}");
    }
}
