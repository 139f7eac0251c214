//! The workflows of the process bank's own document and those about the bank itself, run to their end with real
//! commands in a git project of their own. Only what cannot be here stands in: Ansible, kubectl, the editor.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{Said, say_by};

/// A home, a git project with a remote that has all of it, and a folder of stand-ins that comes first on the PATH.
struct Desk {
    home: Home,
    root: PathBuf,
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder");
    std::fs::write(file, text).expect("written");
}

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let root = home.project.parent().expect("a folder above").to_owned();
        let desk = Self { home, root };
        std::fs::create_dir(desk.root.join("bin")).expect("a folder for stand-ins");
        for words in
            [&["init", "-q", "--bare", "-b", "main", "../origin.git"][..], &["init", "-q", "-b", "main"]]
        {
            desk.git(words);
        }
        for (name, text) in files {
            write(&desk.home.project.join(name), text);
        }
        for words in [
            &["remote", "add", "origin", "../origin.git"][..],
            &["add", "--all"],
            &["commit", "-q", "--allow-empty", "-m", "Begin the server"],
            &["push", "-q", "-u", "origin", "main"],
        ] {
            desk.git(words);
        }
        desk
    }

    fn command(&self, mut command: Command) -> Command {
        let path = std::env::var("PATH").expect("a PATH");
        command
            .env("PATH", format!("{}:{path}", self.root.join("bin").display()))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
            .envs([("GIT_AUTHOR_NAME", "Ana"), ("GIT_AUTHOR_EMAIL", "ana@example.org")])
            .envs([("GIT_COMMITTER_NAME", "Ana"), ("GIT_COMMITTER_EMAIL", "ana@example.org")])
            .current_dir(&self.home.project);
        command
    }

    #[track_caller]
    fn git(&self, words: &[&str]) -> String {
        #[expect(clippy::disallowed_methods, reason = "a test's own git, waited for at once")]
        let git = Command::new("git");
        let output = self.command(git).args(words).output().expect("git is there");
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A program that writes down how it was called and then does this.
    fn stand_in(&self, name: &str, script: &str) {
        let file = self.root.join("bin").join(name);
        let calls = self.root.join(format!("{name}.calls"));
        write(&file, &format!("#!/bin/sh\necho \"$*\" >> '{}'\n{script}\n", calls.display()));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn calls(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.join(format!("{name}.calls"))).unwrap_or_default()
    }

    #[track_caller]
    fn say(&self, words: &[&str]) -> Said {
        self.say_with(words, "")
    }

    #[track_caller]
    fn say_with(&self, words: &[&str], input: &str) -> Said {
        say_by(self.command(self.home.command()), words, input)
    }

    #[track_caller]
    fn start(&self, id: &str, inputs: &[&str]) {
        let mut words = vec!["run", id, "--detach"];
        for input in inputs {
            words.extend(["--input", input]);
        }
        self.say(&words).ok();
    }

    /// The step that waits for somebody, once nothing works any more; the word of the run's end where it is over.
    #[track_caller]
    fn waits_at(&self) -> String {
        let walked = self.say(&["walk", "last", "--no-input", "--json"]);
        let run = &walked.json()["run"];
        run["need"]["step"].as_str().or(run["status"].as_str()).expect("a step or an end").to_owned()
    }

    #[track_caller]
    fn at(&self, step: &str) -> &Self {
        let here = self.waits_at();
        assert_eq!(here, step, "{}", self.say(&["logs", "last"]).out);
        self
    }

    #[track_caller]
    fn answer(&self, answers: &[&str]) -> &Self {
        let mut words = vec!["answer", "last"];
        for answer in answers {
            words.extend(["--set", answer]);
        }
        self.say(&words).ok();
        self
    }

    /// What an agent, or whoever does its work, says.
    #[track_caller]
    fn agent(&self, text: &str) -> &Self {
        self.say_with(&["answer", "last", "--file", "-"], text).ok();
        self
    }

    #[track_caller]
    fn approve(&self) -> &Self {
        self.say(&["approve", "last"]).ok();
        self
    }

    #[track_caller]
    fn done(&self, evidence: &str) -> &Self {
        self.say(&["done", "last", "--evidence", evidence]).ok();
        self
    }

    #[track_caller]
    fn logs(&self, step: &str) -> String {
        self.say(&["logs", "last", step]).ok().out
    }

    fn status(&self, step: &str) -> String {
        let status = self.say(&["status", "last", "--json"]).ok().json();
        let steps = status["state"]["steps"].as_array().expect("steps").clone();
        let found =
            steps.into_iter().find(|s| s["id"] == step).unwrap_or_else(|| panic!("no {step} in {status}"));
        found["state"]["state"].as_str().expect("a state").to_owned()
    }

    /// Who decided about each approval of the last run.
    fn deciders(&self) -> Vec<String> {
        let events = self.say(&["events", "last"]).ok().lines();
        let decided = |e: &&Value| e["event"] == "step.completed" && e.to_string().contains("\"decision\"");
        events.iter().filter(decided).map(|e| e["actor"].to_string()).collect()
    }

    fn matched(&self, phrase: &str) -> (String, String) {
        let found = self.say(&["match", "--json", "--no-learned", phrase]).json();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (word(&found["decision"]), word(&found["candidates"][0]["id"]))
    }

    fn user_file(&self, name: &str) -> String {
        let path = self.home.paths.workflows().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Ansible as far as these workflows see it: it copies the server to where it is installed.
    fn ansible(&self, code: &str) -> [String; 2] {
        let installed = self.root.join("installed");
        write(&installed.join("platform/platform_mcp.py"), "old\n");
        std::fs::create_dir_all(self.root.join("ansible")).expect("the Ansible repository");
        let (from, to) = (self.home.project.join(code), installed.join("platform/platform_mcp.py"));
        self.stand_in(
            "ansible-playbook",
            &format!(
                "case \"$*\" in *--syntax-check*|*--check*) exit 0 ;; esac\n\
                 echo 'TASK [Sync the server] ***'\n\
                 if [ -e '{root}/broken' ]; then echo 'fatal: [mac]: FAILED! => {{}}'; exit 2; fi\n\
                 cp '{from}' '{to}'\n\
                 echo 'TASK [Open WhatsApp] ***'; echo 'fatal: [mac]: FAILED! => {{}}'; exit 2",
                root = self.root.display(),
                from = from.display(),
                to = to.display(),
            ),
        );
        [
            format!("ansible_dir={}", self.root.join("ansible").display()),
            format!("installed_dir={}", installed.display()),
        ]
    }

    fn installed(&self) -> String {
        std::fs::read_to_string(self.root.join("installed/platform/platform_mcp.py")).expect("installed")
    }
}

const SERVER: &str =
    "import shlex\n\n\n@mcp.tool()\ndef list_nodes(cluster):\n    return {\"success\": True}\n";

const TOOL: &str = "\n\n@mcp.tool()\ndef drain_node(node):\n    \"\"\"Drain a node.\n\n    Example: drain_node(\"web-1\")\n    \"\"\"\n    command = \"drain \" + shlex.quote(node)\n    return {\"success\": True, \"message\": command}\n";

/// Whether a program of this machine is there.
fn is_here(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).exists())
}

#[test]
fn a_session_ends_with_facts_pushed_commits_and_a_summary() {
    let desk = Desk::new(&[("platform_mcp.py", SERVER), ("pytest.ini", "[pytest]\n")]);
    write(&desk.home.project.join("loose.txt"), "x\n");
    let refused = desk.say(&["run", "MW-001", "--detach"]);
    assert!(refused.code != 0 && refused.err.contains("Changes have been committed to git"), "{refused:?}");
    desk.git(&["add", "--all"]);
    desk.git(&["commit", "-q", "-m", "Add a loose end"]);

    desk.start("MW-001", &[]);
    desk.at("assess").answer(&["accomplished=The nodes can be listed"]);
    desk.at("document").answer(&["executive_summary=It works"]);
    desk.at("testing").answer(&["tested=By hand, all green"]);
    desk.at("next").answer(&["first_tasks=Drain nodes"]);
    desk.at("unpushed").answer(&["unpushed=push"]).at("approve-push");
    assert!(desk.say(&["status", "last"]).out.contains("Push the 1 commits of main to origin/main?"));
    assert_eq!(desk.git(&["rev-list", "--count", "origin/main..HEAD"]), "1", "nothing is pushed before");
    desk.approve().at("continuation");
    assert_eq!(
        desk.git(&["ls-remote", "origin", "main"]).split('\t').next(),
        Some(&*desk.git(&["rev-parse", "HEAD"]))
    );
    assert_eq!(desk.status("git-check"), "skipped", "git has said that all is pushed");
    assert_eq!(desk.deciders().len(), 1);
    desk.answer(&["read_first=platform_mcp.py"]).at("completed");

    let summary = std::fs::read_dir(&desk.home.project)
        .expect("the project")
        .filter_map(|e| Some(e.ok()?.path()))
        .find(|p| p.to_string_lossy().contains("SESSION-SUMMARY-"))
        .expect("the summary");
    let text = std::fs::read_to_string(summary).expect("the summary");
    for told in
        ["The nodes can be listed", "Drain nodes", "TOOL_COUNT: 1", "LOC: ", "python3 -m pytest -q", "MW-001"]
    {
        assert!(text.contains(told), "{told}:\n{text}");
    }
    assert!(!text.contains("exit: 0"), "no commits in this session, and nothing said in their place: {text}");
}

#[test]
fn what_is_not_to_be_pushed_stays_here_and_a_person_says_so() {
    let desk = Desk::new(&[]);
    desk.git(&["commit", "-q", "--allow-empty", "-m", "Half done"]);
    desk.start("MW-001", &[]);
    desk.at("assess").answer(&["accomplished=Little"]);
    desk.at("document").answer(&[]);
    desk.at("testing").answer(&["tested=Nothing"]);
    desk.at("next").answer(&["first_tasks=The other half"]);
    desk.at("unpushed").answer(&["unpushed=leave"]);
    desk.at("git-check").done("half done, on main here").at("continuation");
    assert_eq!(desk.status("push"), "skipped");
    assert_eq!(desk.git(&["rev-list", "--count", "origin/main..HEAD"]), "1");
    desk.answer(&["read_first=README.md"]).at("completed");
}

#[test]
fn a_tool_is_written_inspected_approved_pushed_and_deployed() {
    let desk = Desk::new(&[("platform-mcp-server/platform_mcp.py", SERVER)]);
    if !is_here("python3") {
        // The workflow reads the tool's code with it, and a stand-in could not.
        eprintln!("python3 is not here, so that no tool is written");
        return;
    }
    let code = desk.home.project.join("platform-mcp-server/platform_mcp.py");
    let [ansible, installed] = desk.ansible("platform-mcp-server/platform_mcp.py");
    let test = "test_command=grep -q drain_node platform_mcp.py && echo 1 passed";
    let taken = ["tool_name=list_nodes", &ansible, &installed, test];

    desk.start("MW-002", &taken);
    let requirements = [
        "purpose=Drain a node",
        "parameters=node",
        "returns=a dict",
        "effect=modifies state",
        "primitives=none",
    ];
    desk.at("requirements").answer(&requirements).at("existing-tools");
    assert!(desk.logs("existing-tools").contains("There is a function list_nodes already"));
    desk.say(&["cancel", "last"]).ok();

    desk.start("MW-002", &["tool_name=drain_node", &ansible, &installed, test]);
    desk.at("requirements").answer(&requirements).at("redundancy");
    assert!(desk.logs("existing-tools").contains("- list_nodes"));
    desk.answer(&["extend=no similar tool", "confirm_new=true"]).at("security");
    desk.answer(&[
        "user_inputs=node",
        "into_commands=true",
        "quoting=the node",
        "measures=The node is quoted",
    ]);
    desk.at("implement");
    assert!(desk.say(&["status", "last"]).out.contains("Quoting: the node"), "the prompt has the answers");

    // What does not follow the patterns goes back to whoever wrote it.
    write(&code, &format!("{SERVER}\n\ndef drain_node(node):\n    return {{}}\n"));
    desk.agent("STATUS: done").at("implement");
    let told = desk.logs("inspect");
    assert!(told.contains("no @mcp.tool() decorator") && told.contains("no example"), "{told}");
    write(&code, &format!("{SERVER}{TOOL}"));
    desk.agent("STATUS: done").at("local-testing");
    assert_eq!(desk.say(&["done", "last"]).code, 4, "trying it out needs something that shows it");
    let before = desk.git(&["rev-parse", "HEAD"]);
    desk.done("drain_node(web-1) answered").at("approve-commit");
    assert_eq!(desk.git(&["rev-parse", "HEAD"]), before, "nothing is committed before it is approved");
    desk.approve().at("approve-deploy");
    assert_eq!(desk.git(&["log", "-1", "--format=%s", "origin/main"]), "Add the MCP tool drain_node");
    assert!(
        desk.calls("ansible-playbook").lines().all(|call| call.contains("check")),
        "nothing is deployed yet"
    );
    assert_eq!(desk.installed(), "old\n");
    desk.approve().at("integration");
    assert_eq!(desk.installed(), format!("{SERVER}{TOOL}"));
    assert!(desk.logs("deploy").contains("ANSIBLE: success but for WhatsApp"));
    desk.done("asked Zed to drain web-1").at("documentation");
    assert!(desk.logs("count").contains("Tools in all: 2"));
    desk.answer(&["usage=drain web-1, please"]).at("completed");
    let deciders = desk.deciders();
    assert!(deciders.len() == 2 && deciders.iter().all(|who| who.contains("person")), "{deciders:?}");
}

#[test]
fn a_deployment_asks_first_compares_and_can_be_taken_back() {
    let desk = Desk::new(&[("platform_mcp.py", SERVER)]);
    let [ansible, installed] = desk.ansible("platform_mcp.py");
    let inputs = [&*ansible, &installed];
    desk.git(&["commit", "-q", "--allow-empty", "-m", "Not pushed"]);
    let refused = desk.say(&["run", "MW-004", "--detach", "--input", &ansible, "--input", &installed]);
    assert!(refused.code != 0 && refused.err.contains("Changes pushed to GitHub"), "{refused:?}");
    desk.git(&["push", "-q"]);

    // A playbook that fails is a failure, and nothing claims that the code is installed.
    write(&desk.root.join("broken"), "");
    desk.start("MW-004", &inputs);
    desk.at("approve-deploy");
    assert!(desk.calls("ansible-playbook").lines().all(|call| call.contains("check")));
    desk.approve().at("ansible");
    assert!(desk.logs("ansible").contains("FAILED: TASK [Sync the server]"));
    assert_eq!(desk.status("synced"), "pending");
    std::fs::remove_file(desk.root.join("broken")).expect("mended");
    // What was approved is done again as it is.
    desk.say(&["retry", "last"]).ok();
    desk.at("restart").done("restarted").at("verify");
    assert_eq!(desk.installed(), SERVER);
    desk.done("list_nodes answers").at("completed");
    desk.say(&["rollback", "last", "--reason", "it is slow", "--no-input"]).ok();
    desk.waits_at();
    assert_eq!(desk.installed(), "old\n", "the version from before is back");
}

const BOOK: &str = "# Bank\n\n| ID | Name | Trigger | Status | Last Updated |\n|----|------|---------|--------|----|\n| MW-007 | New Tool Category | \"x\" | Draft | 2024-11-02 |\n\n## The rest\n";

/// Takes a create run from its first question to the approval.
fn describe(desk: &Desk, name: &str, trigger: &str, relation: &[&str]) {
    let steps = "main_steps=1. Look at the dates $ echo \"until $(date +%Y)\"\n2. Ask for new ones\n";
    let answers = [
        &*format!("workflow_name={name}"),
        &*format!("triggers=- {trigger}\n"),
        "purpose=Bring new certificates: to the edge # all of it",
        "before=You are on call",
        steps,
    ];
    desk.at("requirements").answer(&answers).at("ambiguity").answer(relation).at("document");
    desk.answer(&[
        "use_when=the edge certs expire on Friday",
        "not_when=Internal ones, which renew themselves",
    ]);
    desk.at("approve-register");
}

#[test]
fn a_new_workflow_comes_into_the_bank_and_is_found() {
    let desk = Desk::new(&[("META-WORKFLOWS.md", BOOK)]);
    assert_eq!(desk.matched("rotate the edge certificates").0, "none");
    desk.start("MW-005", &[]);
    describe(
        &desk,
        "Rotate the \"edge\" certificates",
        "rotate the edge certificates",
        &["relation=nothing is similar"],
    );
    assert!(desk.say(&["show", "MW-008"]).code == 3, "not in the bank before it is approved");

    // What was approved is what is registered.
    let draft = desk.home.project.join("drafts/MW-008.yaml");
    let text = std::fs::read_to_string(&draft).expect("the draft");
    write(&draft, &format!("{text}# more\n"));
    desk.approve().at("register");
    assert!(desk.logs("register").contains("changed since it was approved"));
    desk.say(&["back", "last", "check"]).ok();
    desk.at("approve-register").approve().at("test");
    let found = desk.matched("rotate the edge certificates");
    assert_eq!(found, ("match".to_owned(), "MW-008".to_owned()));
    assert!(desk.logs("findable").contains("found: rotate the edge certificates"));
    assert!(desk.logs("dry-run").contains("Look at the dates"));
    desk.agent("Step 2 does not say whom to ask.\nUNCLEAR: 2\nSTATUS: done")
        .at("refine")
        .done("step 2 names them");
    desk.at("completed");
    assert!(!draft.exists());

    let book = std::fs::read_to_string(desk.home.project.join("META-WORKFLOWS.md")).expect("the document");
    let row = book.lines().position(|l| l.starts_with("| MW-008 | Rotate the \"edge\" certificates |"));
    assert_eq!(row, Some(5), "{book}");
    assert!(book.contains("\n### MW-008 Rotate"), "{book}");
    desk.say(&["run", "MW-008", "--skip-prerequisites", "--detach"]).ok();
    desk.at("ask-for-new-ones").done("asked").at("completed");
}

#[test]
fn a_project_gets_a_workflow_that_replaces_another() {
    let desk = Desk::new(&[]);
    desk.start("MW-005", &["place=this project"]);
    let relation = ["relation=replace", "similar=MW-007", "difference=Tools are designed \"one by one\" now"];
    describe(&desk, "Design tools one by one", "design the tools one by one", &relation);
    desk.approve().at("trust").say(&["trust", "MW-008"]).ok();
    desk.done("trusted").at("test").agent("UNCLEAR: none\nSTATUS: done").at("replace");
    desk.approve().at("completed");
    assert!(desk.home.project.join(".mwtui/workflows/MW-008.yaml").exists());
    assert_eq!(desk.matched("create new tool category"), ("match".to_owned(), "MW-008".to_owned()));
    let shown = desk.say(&["show", "MW-007"]).ok().out;
    assert!(
        shown.contains("Tools are designed \"one by one\" now") && shown.contains("Use MW-008"),
        "{shown}"
    );
}

#[test]
fn an_update_raises_the_version_and_keeps_why() {
    let desk = Desk::new(&[]);
    desk.start("update-workflow", &["workflow=MW-004"]);
    desk.at("note")
        .answer(&["what=- other words\nfewer steps", "why=Nobody said it so", "by_whom=Ben"])
        .at("change");
    // Who changes nothing is asked again.
    desk.agent("STATUS: done").at("change");
    let draft = desk.home.project.join("drafts/MW-004.yaml");
    let text = std::fs::read_to_string(&draft).expect("the draft");
    write(&draft, &text.replace("Sync MCP server", "Bring the whole MCP server up to date"));
    desk.agent("STATUS: done").at("approve-update");
    let shown = desk.say(&["status", "last"]).out;
    assert!(shown.contains("+  - Bring the whole MCP server up to date"), "the difference is shown: {shown}");
    assert_eq!(desk.say(&["show", "MW-004", "--path"]).code, 4, "still the bundled one");
    desk.say(&["push-back", "last", "--to", "change", "--feedback", "shorter"]).ok();
    desk.at("change");
    assert!(desk.say(&["status", "last"]).out.contains("Sent back, because: shorter"));
    desk.agent("STATUS: done").at("approve-update").approve().at("try");
    let shown = desk.say(&["show", "MW-004", "--json"]).ok().json();
    assert_eq!((&shown["version"], &shown["origin"]), (&2.into(), &"user".into()));
    assert_eq!(desk.matched("bring the whole mcp server up to date").1, "MW-004");
    let changes = desk.user_file("MW-004.changes.md");
    for told in
        ["## Version 2, ", "- other words\n- fewer steps", "Why: Nobody said it so", "Asked for by: Ben"]
    {
        assert!(changes.contains(told), "{changes}");
    }
    desk.done("a dry run").at("completed");
    assert!(!desk.home.project.join("drafts").exists());

    // Once more, from the copy; and back again.
    desk.start("update-workflow", &["workflow=MW-004"]);
    desk.at("note").answer(&["what=less", "why=more"]).at("change");
    let text = std::fs::read_to_string(&draft).expect("the draft");
    write(&draft, &format!("{text}# a remark\n"));
    desk.agent("STATUS: done").at("approve-update").approve().at("try");
    assert!(desk.user_file("MW-004.yaml").contains("version: 3"));
    desk.say(&["rollback", "last", "--reason", "no", "--no-input"]).ok();
    desk.waits_at();
    assert!(desk.user_file("MW-004.yaml").contains("version: 2"));
    assert!(desk.user_file("MW-004.changes.md").contains("Taken back, "));
}

#[test]
fn what_is_deprecated_leads_to_what_replaces_it() {
    let desk = Desk::new(&[("META-WORKFLOWS.md", BOOK)]);
    assert_eq!(desk.matched("create new tool category").1, "MW-007");
    let reason = "reason=Tools are built \"one by one\": see the talk";
    desk.start("deprecate-workflow", &["workflow=MW-007", "replaced_by=MW-099", reason]);
    desk.at("look");
    assert!(desk.logs("look").contains("There is no workflow MW-099"));
    desk.say(&["cancel", "last"]).ok();

    desk.start("deprecate-workflow", &["workflow=MW-007", "replaced_by=MW-002", reason]);
    desk.at("approve-deprecate");
    assert_eq!(desk.matched("create new tool category").1, "MW-007", "not before it is approved");
    desk.approve().at("completed");
    for phrase in ["create new tool category", "Start a new V1x category", "build a new suite of tools"] {
        assert_eq!(desk.matched(phrase), ("match".to_owned(), "MW-002".to_owned()), "{phrase}");
    }
    let listed = desk.say(&["list"]).ok().out;
    assert!(!listed.contains("MW-007"), "{listed}");
    assert!(desk.say(&["list", "--all"]).ok().out.contains("MW-007"));
    let refused = desk.say(&["run", "MW-007", "--detach"]);
    assert!(refused.code == 4 && refused.err.contains("MW-002"), "{refused:?}");
    let file = desk.user_file("MW-007.yaml");
    assert!(
        file.contains("version: 2")
            && file.contains("reason: \"Tools are built \\\"one by one\\\": see the talk\"")
    );
    let book = std::fs::read_to_string(desk.home.project.join("META-WORKFLOWS.md")).expect("the document");
    assert!(book.contains("| Deprecated, replaced by MW-002 |"), "{book}");
    desk.start("deprecate-workflow", &["workflow=MW-007", reason]);
    desk.at("look");
    assert!(desk.logs("look").contains("deprecated already"));
    desk.say(&["cancel", "last"]).ok();
}

#[test]
fn flux_is_debugged_with_its_own_facts() {
    let desk = Desk::new(&[]);
    desk.stand_in(
        "kubectl",
        "case \"$*\" in\n\
         'config current-context') echo staging ;;\n\
         *jsonpath*) printf 'READY: False\\nSUSPENDED: false\\nREVISION: main@sha1:abc\\n' ;;\n\
         *describe*) echo 'Message: kustomize build failed: no such file apps.yaml' ;;\n\
         *'get events'*) echo 'no events for you' >&2; exit 1 ;;\n\
         *logs*) echo 'error: apps.yaml' ;;\n\
         *) echo apps ;;\n\
         esac",
    );
    desk.start("MW-006", &[]);
    desk.at("identify").answer(&["kustomization=apps"]).at("hypotheses");
    let shown = desk.say(&["status", "last"]).out;
    assert!(shown.contains("no such file apps.yaml"), "the prompt has what was found: {shown}");
    desk.agent("The file is missing.\nCAUSE: apps.yaml is gone\nSTATUS: done").at("cause");
    desk.answer(&["root_cause=apps.yaml was deleted", "proof=kustomize build failed"]).at("fix");
    desk.answer(&["recommendation=Put it back", "action=reconcile now"]).at("approve-reconcile");
    assert!(!desk.calls("kubectl").contains("annotate"), "nothing is changed before it is approved");
    desk.approve().at("completed");
    assert!(desk.calls("kubectl").contains("reconcile.fluxcd.io/requestedAt="));
    let mut folder = std::fs::read_dir(desk.home.project.join("docs/incidents")).expect("a report");
    let report = folder.find_map(|e| Some(e.ok()?.path())).expect("a report");
    let text = std::fs::read_to_string(report).expect("the report");
    for told in ["| Cluster | staging |", "| Ready | False |", "apps.yaml was deleted", "Put it back"] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
}
