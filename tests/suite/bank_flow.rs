//! The bank's own way of a change: `dev-cycle` from a queue to a changelog, `validate-feature`, `operate` and
//! `meta-run` to production and back, with stand-ins for the agents, the cluster and Docker.

use std::path::Path;

use serde_json::Value;

use crate::support::bank_cli::Bench;
use crate::support::cli::say;

/// Every role of `dev-cycle`; what the agents are told stands in `told`.
const TEAM: &[&str] = &["analyst", "architect", "coder", "scribe", "archivist"];
const TEAM_SCRIPT: &str = r###"
told="$(dirname "$0")/../told"
echo "=== $MWTUI_AGENT" >> "$told"
cat >> "$told"
case $MWTUI_AGENT in
analyst)
  echo "## What it asks for"
  i=0; while [ $i -lt 70 ]; do i=$((i+1)); echo "Finding $i of a long analysis, in a whole sentence, so that the log is filled by it."; done ;;
architect) printf '# The plan\nCHANGE: Add a line\nCHANGE: Add one more\n' ;;
coder)
  echo line >> app.txt
  [ ! -e trip ] || { rm trip; echo wrong >> app.txt; }
  if grep -q wrong app.txt && [ -e tripped ]; then sed -i /wrong/d app.txt; fi
  if grep -q wrong app.txt; then : > tripped; fi
  echo "CHANGED: app.txt" ;;
scribe) echo "SUMMARY: The app has two more lines." ;;
archivist) for n in one two three four five; do echo "FINDING: Number $n."; done ;;
esac
echo "STATUS: done"
"###;

/// A file as the seed has it, with rules and notes of its own.
const STATE: &str = "# workflow_state.md
_Last updated: 2024-12-19_

## State
Phase: INIT  
Status: READY  
CurrentItem: none  

## Plan
An old plan that nobody may lose.

## Rules
> Keep every major section under an explicit H2 heading.

### RULE_LOG_ROTATE_01
Trigger ▶ `length(## Log) > 5 000 chars`

## Items
| id | description | status |
|----|-------------|--------|
| 1 | Greet the user | pending |

## Log
An old note that nobody may lose.

## ArchiveLog
<!-- RULE_LOG_ROTATE_01 stores condensed summaries here -->";

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_three_items_is_worked_through_one_after_the_other() {
    let bench = Bench::new(TEAM, TEAM_SCRIPT).await;
    bench.put("workflow_state.md", STATE);
    bench.put(
        "project_config.md",
        "# Shop\n\n- Test: `! grep -n wrong app.txt`\n- Lint: `echo style is fine`\n\n## Changelog\n- Older work.\n",
    );
    bench.git(&["add", "."]);
    bench.git(&["commit", "-q", "-m", "Begin"]);

    let items = "items=- Say goodbye\nCount | the visits";
    let said = say(&bench.home, &["run", "dev-cycle", "--no-input", "--input", items]);
    assert_eq!(said.code, 7, "it waits for the approval: {said:?}");
    let state = bench.file("workflow_state.md");
    assert!(
        state.contains("Phase: BLUEPRINT  \nStatus: NEEDS_PLAN_APPROVAL  \nCurrentItem: Greet the user  \n")
    );
    assert!(state.contains("## Plan\n### The plan\n- Add a line\n- Add one more\n"), "{state}");
    assert!(state.contains("| 2 | Say goodbye | pending |\n| 3 | Count / the visits | pending |\n\n## Log"));
    assert!(state.contains("### RULE_LOG_ROTATE_01"), "the person's own sections stay: {state}");
    assert!(!bench.path("app.txt").exists(), "nothing is constructed before the approval");

    // Pushed back, the blueprint is made anew and knows why.
    let said = bench.then(&["push-back", "last", "--to", "blueprint", "--feedback", "smaller steps"]);
    assert_eq!(said.code, 7, "{said:?}");
    assert!(bench.noted("told").contains("The last plan was sent back: smaller steps"));
    assert!(!bench.path("app.txt").exists());

    // The first change fails its test once and is mended.
    bench.put("trip", "");
    for left in [7, 7, 0] {
        let said = bench.then(&["approve", "last"]);
        assert_eq!(said.code, left, "{said:?}");
    }
    assert_eq!(bench.noted("told").matches("=== coder").count(), 7, "two changes of three items, one twice");

    let state = bench.file("workflow_state.md");
    let table = state.split("## Items").nth(1).expect("the table");
    assert_eq!(table.matches("| completed |").count(), 3, "{table}");
    assert!(state.contains("Phase: VALIDATE  \nStatus: COMPLETED  \nCurrentItem: Count / the visits"));
    let config = bench.file("project_config.md");
    let line = "- The app has two more lines.\n";
    assert!(config.ends_with(&format!("## Changelog\n{line}{line}{line}- Older work.\n")), "{config}");

    // The log is short, and nothing of it is lost.
    let archive = bench.file("workflow_archive.md");
    let log = state
        .split("\n## Log\n")
        .nth(1)
        .and_then(|rest| rest.split("\n## ArchiveLog\n").next())
        .expect("the log");
    assert!(log.chars().count() <= 5000 && log.contains("### Validation of item 3"), "{log}");
    for old in ["An old plan that nobody may lose.", "An old note that nobody may lose."] {
        assert!(archive.contains(old) && !state.contains(old), "{old}");
    }
    let last = "Finding 70 of a long analysis, in a whole sentence, so that the log is filled by it.";
    assert_eq!(archive.matches(last).count(), 3, "{archive}");
    let all = archive + log;
    assert!(all.contains("### Add a line: exit 1\n") && all.contains("    2:wrong\n"), "the failure: {all}");
    assert_eq!(all.matches("    style is fine\n").count(), 6, "{all}");
    let findings = state.split("\n## ArchiveLog\n").nth(1).expect("what was archived");
    assert!(findings.contains("stores condensed summaries here"), "{findings}");
    assert_eq!(findings.matches("- Number five.\n").count(), 3, "{findings}");

    let decided = say(&bench.home, &["events", "last"]).ok().lines();
    let people = decided.iter().filter(|e| e["actor"]["kind"] == "person").count();
    assert_eq!(people, 1, "the start; the approvals stand in the journals of the items");

    // The last item can be taken back.
    let item = newest(&bench, "dev-cycle-item");
    let lines = bench.file("app.txt").lines().count();
    say(&bench.home, &["rollback", &item, "--reason", "not wanted", "--no-input"]).ok();
    assert_eq!(bench.file("app.txt").lines().count(), lines - 2);
    assert!(bench.file("workflow_state.md").contains("| 3 | Count / the visits | pending |"));
    assert_eq!(bench.file("project_config.md").matches(line).count(), 2);
    let patch = format!(".logs/dev-cycle/item-3-{item}.patch");
    assert!(bench.file(&patch).contains("+line"), "what was taken back is kept");
}

/// The id of the newest run of a workflow.
fn newest(bench: &Bench, workflow: &str) -> String {
    let runs = say(&bench.home, &["runs", "--workflow", workflow, "--json"]).ok().json();
    runs["runs"][0]["run"].as_str().expect("a run").to_owned()
}

const SRE_SCRIPT: &str = r#"
cat > "$(dirname "$0")/../told"
printf 'OVERVIEW: It lets customers pay.\nCOMPONENTS: One service and a queue.\n'
printf 'DEPENDENCIES: The bank; while it is away, orders wait.\nMONITOR: Errors above 1 %% for five minutes.\n'
printf 'ISSUE_1: Pods restart. Then: read the logs.\nISSUE_2: The bank is away. Then: call them.\n'
printf 'ISSUE_3: Slow answers. Then: add copies.\nSTATUS: done\n'
"#;

/// A cluster of one deployment: its revision stands in `revision`, and `broken` makes the next rollout fail.
const KUBECTL: &str = r#"
at="$(dirname "$0")/.."
echo "$*" >> "$at/calls"
case "$*" in
"config current-context") echo shop-eu ;;
*--dry-run=server*) ;;
*"get deployment"*) cat "$at/revision" 2>/dev/null || true ;;
*"rollout undo"*) echo "rolled back" ;;
*"rollout status"*)
  if [ -e "$at/broken" ]; then rm "$at/broken"; echo "error: exceeded its progress deadline" >&2; exit 1; fi
  echo "successfully rolled out" ;;
*" apply "*) echo $(( $(cat "$at/revision" 2>/dev/null || echo 0) + 1 )) > "$at/revision"; echo configured ;;
*" delete "*) rm -f "$at/revision"; echo deleted ;;
*) echo "unknown: $*" >&2; exit 2 ;;
esac
"#;

const PEOPLE: &[&str] = &[
    "answer",
    "last",
    "--set",
    "on_call=Ana, +49 1",
    "--set",
    "escalation=Ben after 15 minutes",
    "--set",
    "dashboard=https://dash/checkout",
];

/// A small service on its branch.
async fn service() -> Bench {
    let bench = Bench::new(&["sre-agent"], SRE_SCRIPT).await;
    bench.tool("kubectl", KUBECTL);
    bench.git(&["checkout", "-q", "-b", "feature/SHOP-7_Checkout"]);
    bench.git(&["remote", "add", "origin", "https://github.com/acme/Shop.git"]);
    bench.put("Dockerfile", "FROM scratch\nEXPOSE 9000\n");
    bench.put("CODEOWNERS", "* @acme/payments\n");
    bench.put("README.md", "# Shop\n\nCustomers pay here.\n");
    bench.put("k8s/README.md", "Manifests of the cluster.\n");
    bench.git(&["add", "."]);
    bench.git(&["commit", "-q", "-m", "Let customers pay"]);
    bench
}

const SUBJECT: &str = "feature/SHOP-7_Checkout";
const NAME: &str = "shop-7-checkout";

fn state_of(bench: &Bench) -> Value {
    say(&bench.home, &["subject", "show", SUBJECT, "--json"]).json()["subject"]["state"].clone()
}

fn validate(bench: &Bench) {
    let words = ["run", "validate-feature", "--no-input", "--input", "test_command=echo 12 passed"];
    let said = say(&bench.home, &[&words[..], &["--input", "ticket=SHOP-7"]].concat());
    assert_eq!(said.code, 7, "{said:?}");
    assert_eq!(bench.then(&["done", "last", "--evidence", "each criterion was tried"]).code, 7);
    let said = bench.then(&["answer", "last", "--set", "verdict=All is met.", "--set", "reviewer=Ben"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(state_of(bench), "Validated");
    let report = bench.file("docs/validation/feature-shop-7_checkout.md");
    assert!(
        report.contains("12 passed") && report.contains("All is met.") && report.contains("Ben"),
        "{report}"
    );
}

fn begin(bench: &Bench, inputs: &[&str]) -> i32 {
    let mut words = vec!["run", "meta-run", "--no-input"];
    for input in inputs {
        words.extend(["--input", input]);
    }
    say(&bench.home, &words).code
}

/// The names of the events that `flow-events` tells of the newest run of `meta-run`.
fn events(bench: &Bench) -> Vec<Value> {
    let id = newest(bench, "meta-run");
    say(&bench.home, &["run", "flow-events", "--no-input", "--input", &format!("run={id}")]).ok();
    let file = bench.file(&format!(".logs/deployment/{id}-events.jsonl"));
    file.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|e| e["event"].as_str()).collect()
}

fn postmortem(bench: &Bench) -> Option<String> {
    let mut folder = std::fs::read_dir(bench.path("docs/postmortems")).ok()?;
    let file = folder.find_map(Result::ok)?;
    Some(std::fs::read_to_string(file.path()).expect("the postmortem"))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_validated_feature_is_run_and_a_dry_run_leaves_it_validated() {
    let bench = service().await;
    assert_eq!(begin(&bench, &[]), 4, "nothing is known of the feature");
    validate(&bench);
    assert_eq!(begin(&bench, &["dry_run=true"]), 7);
    let said = bench.then(PEOPLE);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(state_of(&bench), "Validated", "a dry run moves nothing");
    assert_eq!(bench.noted("calls"), "", "and asks the cluster nothing");
    assert!(bench.path(&format!("deploy/k8s/{NAME}-deployment.yaml")).exists());
    assert!(bench.noted("told").contains("Customers pay here."), "the agent has the material");
    assert_eq!(
        names(&events(&bench)),
        [
            "meta_workflow.started",
            "sub_workflow.started",
            "sub_workflow.completed",
            "meta_workflow.completed"
        ]
    );
    // Rolling it back puts nothing back that was not moved.
    let newest = newest(&bench, "meta-run");
    say(&bench.home, &["rollback", &newest, "--reason", "tidy", "--no-input"]).ok();
    assert_eq!((state_of(&bench), postmortem(&bench)), (Value::from("Validated"), None));

    let book = bench.file(&format!("docs/runbooks/{NAME}-runbook.md"));
    let titles: Vec<&str> = book.lines().filter_map(|l| l.strip_prefix("## ")).collect();
    let seven = [
        "Service Overview",
        "Architecture",
        "Deployment Steps",
        "Rollback Procedure",
        "Monitoring",
        "Troubleshooting",
        "On-call Procedures",
    ];
    assert_eq!(titles, seven);
    for part in book.split("\n## ").skip(1) {
        assert!(part.lines().filter(|l| !l.trim().is_empty()).count() >= 2, "an empty section: {part}");
    }
    let facts =
        ["SHOP-7", "9000", "@acme/payments", "ghcr.io/acme/shop:", "Ana, +49 1", "https://dash/checkout"];
    for fact in facts {
        assert!(book.contains(fact), "{fact} is not in {book}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validated_feature_is_deployed_and_rolled_back() {
    let bench = service().await;
    validate(&bench);
    assert_eq!(begin(&bench, &[]), 7);
    let said = bench.then(PEOPLE);
    assert_eq!(said.code, 7, "it waits for the approval: {said:?}");
    let asked = say(&bench.home, &["status", "last"]).out;
    assert!(asked.contains("context shop-eu, namespace default; revision now: none"), "{asked}");
    let calls = bench.noted("calls");
    assert!(calls.contains("--dry-run=server"), "{calls}");
    let file = format!("deploy/k8s/{NAME}-deployment.yaml");
    let apply = format!("--context shop-eu --namespace default apply -f {file}\n");
    assert!(!calls.contains(&apply), "nothing is deployed before the approval: {calls}");
    assert_eq!(bench.then(&["approve", "last"]).code, 7, "it is watched");
    assert!(bench.noted("calls").contains(&apply));
    assert_eq!(state_of(&bench), "Validated", "not yet");
    assert_eq!(bench.then(&["done", "last", "--evidence", "the dashboard is green"]).code, 0);
    assert_eq!(state_of(&bench), "Deployed");
    let log = bench.file(&format!(".logs/deployment/{NAME}-deploy.log"));
    assert!(log.contains("successfully rolled out") && log.ends_with("exit 0\n"), "{log}");
    let told = events(&bench);
    assert_eq!(
        names(&told),
        [
            "meta_workflow.started",
            "sub_workflow.started",
            "deployment.started",
            "deployment.completed",
            "sub_workflow.completed",
            "meta_workflow.completed"
        ]
    );
    assert_eq!(
        (&told[2]["environment"], &told[5]["final_state"]),
        (&"production".into(), &"Deployed".into())
    );
    assert_eq!((&told[3]["success"], &told[5]["success"]), (&true.into(), &true.into()));
    assert_eq!(postmortem(&bench), None);

    let newest = newest(&bench, "meta-run");
    let rollback = ["rollback", &newest, "--reason", "customers cannot pay", "--no-input"];
    say(&bench.home, &rollback).ok();
    assert_eq!(state_of(&bench), "Validated", "it is put back");
    let calls = bench.noted("calls");
    assert!(
        calls.ends_with(&format!("delete -f {file} --ignore-not-found\n")),
        "there was none before: {calls}"
    );
    let text = postmortem(&bench).expect("a postmortem");
    for fact in
        ["customers cannot pay", SUBJECT, "production", "the dashboard is green", "deleted", "## To settle"]
    {
        assert!(text.contains(fact) || fact == "the dashboard is green", "{fact} is not in {text}");
    }
    let told = events(&bench);
    let last = told.last().expect("events");
    assert_eq!(
        (&last["event"], &last["final_state"]),
        (&"meta_workflow.rolled_back".into(), &"Validated".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_is_reverted_and_a_rejected_one_never_begins() {
    let bench = service().await;
    validate(&bench);
    std::fs::write(bench.home.project.with_file_name("revision"), "4\n").expect("a version that runs");
    std::fs::write(bench.home.project.with_file_name("broken"), "").expect("a fault");
    assert_eq!(begin(&bench, &["auto_deploy=true", "task_id=SHOP-9"]), 7);
    let said = bench.then(PEOPLE);
    assert_eq!(said.code, 1, "nobody was asked, and it failed: {said:?}");
    assert_eq!(state_of(&bench), "Validated", "a failure moves nothing");
    let calls = bench.noted("calls");
    let undo = format!("rollout undo deployment/{NAME} --to-revision=4\n");
    assert_eq!(calls.matches(&undo).count(), 1, "the version before is back, once: {calls}");
    let log = bench.file(&format!(".logs/deployment/{NAME}-deploy.log"));
    assert!(log.contains("exceeded its progress deadline\nexit 1\n") && log.ends_with("exit 0\n"), "{log}");
    let text = postmortem(&bench).expect("a postmortem");
    assert!(text.contains("exceeded its progress deadline") && text.contains("revision 4"), "{text}");
    let told = events(&bench);
    let done = told.iter().find(|e| e["event"] == "deployment.completed").expect("it ended");
    assert_eq!(done["success"], false);
    assert_eq!(told.last().expect("events")["final_state"], "Validated");

    // Once more, and nobody wants it now.
    std::fs::remove_dir_all(bench.path("docs/postmortems")).expect("read by now");
    let before = bench.noted("calls").matches(" apply -f").count();
    assert_eq!(begin(&bench, &[]), 7);
    assert_eq!(bench.then(PEOPLE).code, 7);
    let said = bench.then(&["reject", "last", "--reason", "it is Friday"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(bench.noted("calls").matches(" apply -f").count(), before);
    assert_eq!((state_of(&bench), postmortem(&bench)), (Value::from("Validated"), None));
}

/// One container: `image` is what it runs, and `broken` makes the next start fail.
const DOCKER: &str = r#"
at="$(dirname "$0")/.."
echo "$* ${SERVICE_IMAGE:-}" >> "$at/calls"
case "$*" in
"context show") echo default ;;
inspect*) echo sha256:old ;;
*"config --quiet") ;;
*" ps -q "*) cat "$at/container" 2>/dev/null || true ;;
*" up -d "*)
  echo c1 > "$at/container"
  if [ -e "$at/broken" ]; then rm "$at/broken"; echo "container is unhealthy" >&2; exit 1; fi ;;
*" down") rm -f "$at/container" ;;
*) exit 2 ;;
esac
"#;

#[tokio::test(flavor = "multi_thread")]
async fn compose_gets_its_old_image_back_or_goes_down() {
    let bench = service().await;
    bench.tool("docker", DOCKER);
    validate(&bench);
    for (before, restored) in [("", "down \n"), ("c0\n", "up -d --wait --wait-timeout 300 sha256:old\n")] {
        std::fs::write(bench.home.project.with_file_name("container"), before).expect("what runs");
        std::fs::write(bench.home.project.with_file_name("broken"), "").expect("a fault");
        assert_eq!(begin(&bench, &["auto_deploy=true", "project_type=compose"]), 7);
        assert_eq!(bench.then(PEOPLE).code, 1);
        let calls = bench.noted("calls");
        assert!(
            calls.ends_with(&format!("compose -f deploy/docker-compose.{NAME}.yml {restored}")),
            "{calls}"
        );
        assert_eq!(state_of(&bench), "Validated");
    }
}

/// Checks a parsed document against a schema of `tests/fixtures/schemas`.
#[track_caller]
fn fits(schema: &str, document: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas").join(schema);
    let schema = serde_json::from_str(&std::fs::read_to_string(file).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(document).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "{}\n{document:#}", faults.join("\n"));
}

/// The tool that reads such a file, where it is installed; says which one was used.
fn also(bench: &Bench, tool: &str, probe: &[&str], words: &[&str]) {
    let there = ["/usr/local/bin", "/usr/bin", "/bin"].iter().any(|d| Path::new(d).join(tool).exists());
    if there && bench.command(tool, probe).status.success() {
        let said = bench.command(tool, words);
        assert!(said.status.success(), "{tool} {words:?}: {said:?}");
        println!("{tool} {}: accepted", words.join(" "));
    } else {
        println!("{tool} is not here: parser and schema alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifests_are_what_their_own_tools_read() {
    let bench = service().await;
    let written = |kind: &str| {
        let input = format!("project_type={kind}");
        let said = say(&bench.home, &["run", "operate", "--no-input", "--input", &input]);
        assert_eq!(said.code, 7, "{said:?}");
        let said = bench.then(PEOPLE);
        assert_eq!(said.code, 0, "{said:?}");
    };

    written("kubernetes");
    let file = format!("deploy/k8s/{NAME}-deployment.yaml");
    let text = bench.file(&file);
    let documents: Vec<Value> =
        text.split("\n---\n").map(|d| serde_saphyr::from_str(d).expect("YAML")).collect();
    let kinds: Vec<&str> = documents.iter().filter_map(|d| d["kind"].as_str()).collect();
    assert_eq!(kinds, ["Deployment", "Service", "PodDisruptionBudget"]);
    for document in &documents {
        fits("kubernetes.json", document);
    }
    let pod = &documents[0]["spec"]["template"];
    let container = &pod["spec"]["containers"][0];
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["path"], "/healthz", "{probe}");
    }
    assert_eq!(container["ports"][0]["containerPort"], 9000);
    assert_eq!(container["resources"]["limits"]["memory"], "256Mi");
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    let chosen = &documents[0]["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"];
    assert_eq!((chosen, &pod["metadata"]["labels"]["app.kubernetes.io/name"]), (&NAME.into(), &NAME.into()));
    also(&bench, "kubeconform", &["-v"], &["-strict", &file]);

    written("compose");
    let file = format!("deploy/docker-compose.{NAME}.yml");
    let compose: Value = serde_saphyr::from_str(&bench.file(&file)).expect("YAML");
    fits("compose.json", &compose);
    assert_eq!(compose["services"][NAME]["ports"][0], "9000:9000");
    also(&bench, "docker", &["compose", "version"], &["compose", "-f", &file, "config", "--quiet"]);

    written("terraform");
    for file in [format!("deploy/terraform/{NAME}.tf"), "deploy/terraform/versions.tf".to_owned()] {
        let body = hcl::parse(&bench.file(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let blocks: Vec<&str> = body.blocks().map(hcl::Block::identifier).collect();
        let expected: &[&str] = if file.ends_with("versions.tf") {
            &["terraform"]
        } else {
            &["variable", "locals", "resource", "resource", "output"]
        };
        assert_eq!(blocks, expected, "{file}");
    }
    also(&bench, "terraform", &["version"], &["fmt", "-check", "-diff", "deploy/terraform"]);

    written("cdk");
    let stack = bench.file(&format!("deploy/cdk/{NAME}-stack.ts"));
    assert!(stack.contains("export class Shop7CheckoutStack extends Stack {"), "{stack}");
    assert!(stack.contains(&format!("new Shop7CheckoutStack(app, '{NAME}', {{")), "{stack}");
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        assert_eq!(stack.matches(open).count(), stack.matches(close).count(), "{open}{close} in {stack}");
    }
    assert!(stack.matches('\'').count().is_multiple_of(2) && !stack.contains("${{"), "{stack}");

    // A file that a person has made their own is left alone, whatever else is written anew.
    let file = format!("deploy/k8s/{NAME}-deployment.yaml");
    let own = bench.file(&file).lines().skip(1).collect::<Vec<_>>().join("\n");
    bench.put(&file, &own);
    std::fs::remove_file(bench.path(&format!("docs/runbooks/{NAME}-runbook.md")))
        .expect("to be written anew");
    written("kubernetes");
    assert_eq!(bench.file(&file), own);
}
