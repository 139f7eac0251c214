//! The bundled bank against the process bank's own document: every trigger phrase, prerequisite,
//! step, action, question, validation, output and success criterion, word for word.

use std::path::Path;

use mwtui::base::Paths;
use mwtui::workflow::{Distinction, Origin, Prerequisite, Registry, Step, StepKind, Workflow};

struct Expected {
    id: &'static str,
    name: &'static str,
    status: &'static str,
    triggers: &'static [&'static str],
    scope: &'static str,
    prerequisites: &'static [&'static str],
    /// Title, what is to be done or asked, validation (empty: none).
    steps: &'static [(&'static str, &'static [&'static str], &'static str)],
    outputs: &'static [&'static str],
    criteria: &'static [&'static str],
}

const BANK: [Expected; 7] = [
    Expected {
        id: "MW-001",
        name: "Thread Ending Summary",
        status: "active",
        triggers: &[
            "This thread is ending",
            "Create session summary",
            "We're running out of tokens",
            "Time to wrap up this session",
        ],
        scope: "Creating comprehensive session summary for future continuation",
        prerequisites: &[
            "Significant work has been done in this session",
            "Changes have been committed to git",
            "Token count is getting high (>800k used)",
        ],
        steps: &[
            (
                "Assess Session State",
                &[
                    "Review what was accomplished this session",
                    "Identify what's complete vs. in-progress",
                    "Note any unresolved issues or blockers",
                    "Check git commit history for changes made",
                ],
                "Clear understanding of session achievements",
            ),
            (
                "Create/Update SESSION-SUMMARY Document",
                &[
                    "Create new or update existing SESSION-SUMMARY-*.md",
                    "Include sections:",
                    "Executive Summary",
                    "System Architecture (if changed)",
                    "Implemented Tools/Features (with details)",
                    "Key Configuration Details",
                    "Testing Results",
                    "Known Issues & Gotchas",
                    "What's Next / Future Work",
                    "Quick Reference Commands",
                    "Important Notes for AI Continuation",
                    "Use current session summary as template",
                    "Update metrics (LOC, tool count, coverage)",
                ],
                "Summary document is comprehensive and self-contained",
            ),
            (
                "Document Testing Status",
                &[
                    "List what was tested and results",
                    "Document what still needs testing",
                    "Provide exact test commands for next session",
                    "Note any test failures and workarounds",
                ],
                "Future AI can resume testing immediately",
            ),
            (
                "Create Next Session Checklist",
                &[
                    "List first tasks for next session",
                    "Provide exact commands to run",
                    "Set context for what to build next",
                    "Estimate time/complexity for next work",
                ],
                "Clear starting point defined",
            ),
            (
                "Final Git State Check",
                &[
                    "Verify all changes committed",
                    "Confirm git push completed",
                    "Check no uncommitted changes remain",
                    "Document any work-in-progress branches",
                ],
                "Git state is clean and synced",
            ),
            (
                "Create Continuation Instructions",
                &[
                    "State exact file to read first",
                    "List key facts AI must remember",
                    "Provide troubleshooting checklist",
                    "Include workflow names for common operations",
                ],
                "Next AI session can start immediately without questions",
            ),
        ],
        outputs: &[
            "SESSION-SUMMARY-*.md (comprehensive state document)",
            "Updated README (if needed)",
            "Clear continuation instructions",
        ],
        criteria: &[
            "Summary document created/updated",
            "All work committed and pushed",
            "Testing status documented",
            "Next steps clearly defined",
            "Future AI can resume seamlessly",
        ],
    },
    Expected {
        id: "MW-002",
        name: "New MCP Tool Development",
        status: "active",
        triggers: &["Create new MCP tool", "Add a new tool to the MCP server", "Build a new platform tool"],
        scope: "Full lifecycle of adding a single MCP tool",
        prerequisites: &[
            "Clear understanding of what tool should do",
            "Know which existing tools/primitives it will use",
            "Have test environment ready",
        ],
        steps: &[
            (
                "Requirements Gathering",
                &[
                    "What should this tool do?",
                    "What parameters does it need?",
                    "What does it return?",
                    "Is this read-only or does it modify state?",
                    "Which existing tools/primitives will it use?",
                ],
                "Clear specification of tool behavior",
            ),
            (
                "Check for Redundancy",
                &[
                    "Review existing tools in platform_mcp.py",
                    "Search for similar functionality",
                    "Tool X does something similar. Should we extend it instead?",
                    "This is a new tool, not a modification of existing",
                ],
                "No duplicate functionality",
            ),
            (
                "Security Review",
                &[
                    "Identify all user inputs",
                    "Determine if inputs go into commands",
                    "Plan shlex.quote() usage",
                    "Verify cluster name validation",
                    "Check if sudo/privilege escalation needed",
                    "Document security measures in docstring",
                ],
                "Security requirements identified",
            ),
            (
                "Implement Tool",
                &[
                    "Follow existing code patterns (see SESSION-SUMMARY)",
                    "Use @mcp.tool() decorator",
                    "Add comprehensive docstring with examples",
                    "Implement input validation",
                    "Use run_remote_command() or other primitives",
                    "Return standard dict format: {success, message, ansible_command, ansible_steps, ...}",
                    "Add inline comments explaining each step",
                ],
                "Code follows established patterns",
            ),
            (
                "Local Testing",
                &[
                    "Test in platform-mcp-server venv",
                    "Test with valid inputs",
                    "Test with invalid inputs",
                    "Test error cases",
                    "Verify return format matches spec",
                ],
                "Tool works as expected locally",
            ),
            (
                "Commit Changes",
                &["git add platform_mcp.py", "git commit with descriptive message", "git push"],
                "Changes in git history",
            ),
            (
                "Deploy via Ansible",
                &[
                    "cd ~/personal/git/ansible-mac",
                    "ansible-playbook playbooks/zed-mcp.yml",
                    "Verify sync completed",
                ],
                "Ansible reports success",
            ),
            (
                "Integration Testing",
                &[
                    "Restart Zed Preview",
                    "Test tool with natural language prompts",
                    "Verify tool appears in MCP tool list",
                    "Test with real cluster/node",
                ],
                "Tool works in Zed Preview",
            ),
            (
                "Update Documentation",
                &[
                    "Add tool to SESSION-SUMMARY tool list",
                    "Update tool count metrics",
                    "Add usage examples",
                    "Update \"What's Next\" section if needed",
                ],
                "Documentation reflects new tool",
            ),
        ],
        outputs: &[
            "New @mcp.tool() function in platform_mcp.py",
            "Git commit with changes",
            "Updated documentation",
            "Tested and working tool",
        ],
        criteria: &[
            "Tool implemented with security measures",
            "Local tests pass",
            "Changes committed and deployed",
            "Works in Zed Preview",
            "Documentation updated",
        ],
    },
    Expected {
        id: "MW-003",
        name: "MCP Tool Testing Suite",
        status: "active",
        triggers: &["Test MCP tools", "Run MCP test suite", "Verify MCP tools work"],
        scope: "Comprehensive testing of MCP tools",
        prerequisites: &[
            "MCP server code is up to date",
            "Have access to test clusters",
            "Logged into Teleport",
        ],
        steps: &[
            (
                "Local Python Testing",
                &[
                    "cd platform-mcp-server",
                    "source venv/bin/activate",
                    "Run test files: test_teleport_v1b.py, test_teleport_v1c.py, etc.",
                    "Capture any failures",
                ],
                "Test scripts run without errors",
            ),
            (
                "Integration Testing in Zed",
                &[
                    "Use natural language prompts for each tool",
                    "Test with valid parameters",
                    "Test edge cases",
                    "Verify responses are helpful",
                ],
                "All tools respond correctly in Zed",
            ),
            (
                "Real-World Scenario Testing",
                &[
                    "Pick actual platform engineering task",
                    "Use tools to accomplish it",
                    "Verify workflow is smooth",
                    "Note any usability issues",
                ],
                "Tools solve real problems",
            ),
            (
                "Document Test Results",
                &[
                    "Update SESSION-SUMMARY with test status",
                    "Note any bugs found",
                    "List tools that need improvement",
                    "Update \"Known Issues\" section",
                ],
                "Test results recorded",
            ),
        ],
        outputs: &["Test execution results", "Bug list (if any)", "Updated documentation"],
        criteria: &[],
    },
    Expected {
        id: "MW-004",
        name: "Deploy MCP Changes",
        status: "active",
        triggers: &["Deploy MCP changes", "Sync MCP server", "Update Zed with latest MCP code"],
        scope: "Deploy committed MCP changes to Zed Preview",
        prerequisites: &["Changes committed to git", "Changes pushed to GitHub"],
        steps: &[
            (
                "Verify Git State",
                &["Check git status is clean", "Confirm changes are pushed", "Note commit hash"],
                "No uncommitted changes, push succeeded",
            ),
            (
                "Run Ansible Sync",
                &[
                    "cd ~/personal/git/ansible-mac",
                    "ansible-playbook playbooks/zed-mcp.yml",
                    "Wait for completion",
                    "Check for errors (ignore WhatsApp failure)",
                ],
                "Ansible reports success",
            ),
            (
                "Restart Zed Preview",
                &["Instruct user to restart Zed Preview", "Explain: ⌘-Shift-P → \"Zed: Restart\""],
                "User confirms restart",
            ),
            (
                "Verify Deployment",
                &[
                    "Test a tool to confirm new code is loaded",
                    "Check MCP server version/state if applicable",
                ],
                "New code is active",
            ),
        ],
        outputs: &["MCP server updated in ~/src/mcp-servers/", "Zed Preview running latest code"],
        criteria: &[],
    },
    Expected {
        id: "MW-005",
        name: "Create New Meta-Workflow",
        status: "active",
        triggers: &[
            "I want to create a new platform meta workflow",
            "Create new meta-workflow",
            "Add a new workflow to the registry",
        ],
        scope: "Creating and documenting a new repeatable workflow",
        prerequisites: &["User has a clear process in mind", "Process has been done at least once manually"],
        steps: &[
            (
                "Gather Requirements",
                &[
                    "What is the workflow name?",
                    "What natural language trigger phrases should invoke it?",
                    "What is the scope/purpose of this workflow?",
                    "What are the prerequisites before starting?",
                    "What are the main steps involved?",
                    "What outputs/artifacts should it produce?",
                ],
                "User has provided clear answers to all questions",
            ),
            (
                "Check for Ambiguity",
                &[
                    "Review existing workflows in registry",
                    "Identify any workflows with similar:",
                    "Trigger phrases",
                    "Scope/purpose",
                    "Steps or outcomes",
                    "I found similar workflow(s): [list]. How does your workflow differ?",
                    "Should this replace, extend, or coexist with [existing workflow]?",
                ],
                "No ambiguous overlaps, or overlaps are intentionally documented",
            ),
            (
                "Document the Workflow",
                &[
                    "Assign next available MW-ID (e.g., MW-008)",
                    "Create workflow documentation following structure",
                    "Add disambiguation notes if needed",
                    "Include examples of when to use vs. not use",
                ],
                "Workflow is fully documented in META-WORKFLOWS.md",
            ),
            (
                "Add to Registry",
                &[
                    "Add entry to Workflow Registry table",
                    "Update Table of Contents if new category needed",
                    "Cross-reference with related workflows",
                ],
                "Registry updated, workflow discoverable",
            ),
            (
                "Test the Workflow",
                &[
                    "AI simulates workflow execution (dry run)",
                    "Identify any unclear steps or decision points",
                    "Refine based on findings",
                ],
                "Workflow can be executed unambiguously",
            ),
        ],
        outputs: &[
            "Updated META-WORKFLOWS.md with new workflow",
            "Registry entry created",
            "Disambiguation notes (if applicable)",
        ],
        criteria: &[
            "Workflow fully documented",
            "Registry updated",
            "No ambiguous overlaps",
            "Can be executed by AI in future sessions",
        ],
    },
    Expected {
        id: "MW-006",
        name: "Flux Debugging Session",
        status: "draft",
        triggers: &["Debug Flux issues", "Investigate Flux problems", "Troubleshoot GitOps deployment"],
        scope: "Systematic debugging of Flux reconciliation issues",
        prerequisites: &[],
        steps: &[
            ("Identify Problem Kustomization", &[], ""),
            ("Check Kustomization Status", &[], ""),
            ("Review Events", &[], ""),
            ("Check Source Status", &[], ""),
            ("Review Controller Logs", &[], ""),
            ("Identify Root Cause", &[], ""),
            ("Recommend Fix", &[], ""),
        ],
        outputs: &[],
        criteria: &[],
    },
    Expected {
        id: "MW-007",
        name: "Create New Tool Category",
        status: "draft",
        triggers: &["Create new tool category", "Start a new V1x category", "Build a new suite of tools"],
        scope: "Creating an entire category of related tools (like V1c)",
        prerequisites: &[
            "Clear theme for tool category",
            "Multiple related tools identified",
            "Understand how tools relate to each other",
        ],
        steps: &[
            (
                "Category Planning",
                &[
                    "What is the category name? (e.g., V1d, V2a)",
                    "What is the theme/purpose?",
                    "What tools will be in this category?",
                    "How do these tools relate to existing categories?",
                    "Create category scope document",
                ],
                "Clear category definition",
            ),
            (
                "Design Tool Interactions",
                &[
                    "Identify primitives needed",
                    "Plan tool composition (which tools use which)",
                    "Design common patterns for this category",
                    "Document security considerations",
                ],
                "Category architecture defined",
            ),
            (
                "Implement Tools Iteratively",
                &[
                    "Use MW-002 for each tool",
                    "Test each before moving to next",
                    "Update documentation progressively",
                ],
                "All category tools implemented",
            ),
            (
                "Create Category Summary",
                &[
                    "Add category section to SESSION-SUMMARY",
                    "Document architecture",
                    "Provide usage examples",
                    "Update metrics",
                ],
                "Category fully documented",
            ),
        ],
        outputs: &["New tool category code", "Category documentation", "Updated SESSION-SUMMARY"],
        criteria: &[],
    },
];

fn bank() -> Registry {
    let dir = tempfile::tempdir().expect("temp dir");
    Registry::load(&Paths::under(dir.path()), &dir.path().join("project"))
}

fn workflow<'r>(registry: &'r Registry, id: &str) -> &'r Workflow {
    registry.find(id).and_then(|e| e.workflow()).expect(id)
}

/// All that a person reads of a step.
fn words(step: &Step) -> String {
    let mut words = step.description.clone().unwrap_or_default();
    let lines: Vec<&str> = match &step.kind {
        StepKind::Manual { actions } => actions.iter().map(String::as_str).collect(),
        StepKind::Ask { fields } => fields.iter().map(|f| f.prompt.as_str()).collect(),
        _ => Vec::new(),
    };
    for line in lines {
        words.push('\n');
        words.push_str(line);
    }
    words
}

#[test]
fn every_bundled_file_loads_without_error_and_warning() {
    let registry = bank();
    for entry in &registry.entries {
        let told: Vec<String> = entry.diagnostics().iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        assert!(entry.origin == Origin::Bundled && entry.is_trusted());
    }
    let ids: Vec<&str> = registry.workflows().map(|w| w.id.as_str()).collect();
    assert_eq!(ids, BANK.map(|e| e.id));
}

#[test]
fn every_word_of_the_process_bank_is_there() {
    let registry = bank();
    for expected in &BANK {
        let workflow = workflow(&registry, expected.id);
        let id = expected.id;
        assert_eq!((workflow.name.as_str(), workflow.status.word()), (expected.name, expected.status));
        assert_eq!(workflow.updated.as_deref(), Some("2024-11-02"));
        assert_eq!(workflow.trigger_phrases, expected.triggers, "{id}");
        assert_eq!(workflow.scope, expected.scope, "{id}");
        let prerequisites: Vec<&str> = workflow.prerequisites.iter().map(Prerequisite::says).collect();
        assert_eq!(prerequisites, expected.prerequisites, "{id}");
        assert_eq!(workflow.outputs, expected.outputs, "{id}");
        assert_eq!(workflow.success_criteria, expected.criteria, "{id}");

        let mut rest = workflow.steps.iter();
        for (title, lines, validation) in expected.steps {
            let step = rest.find(|s| s.title == *title).unwrap_or_else(|| panic!("{id}: {title}, in order"));
            let words = words(step);
            for line in *lines {
                assert!(words.contains(line), "{id}, {title}: {line}");
            }
            assert_eq!(step.validation.as_deref().unwrap_or(""), *validation, "{id}, {title}");
        }
    }
}

#[test]
fn ending_a_session_shows_a_person_the_six_steps_of_the_document() {
    let registry = bank();
    let workflow = workflow(&registry, "MW-001");
    assert!(workflow.ends_session);
    let person: Vec<&str> =
        workflow.steps.iter().filter(|s| !s.kind.is_automatic()).map(|s| s.title.as_str()).collect();
    let document: Vec<&str> = BANK[0].steps.iter().map(|(title, ..)| *title).collect();
    assert_eq!(person, document);
    for step in &workflow.steps {
        let StepKind::Ask { fields } = &step.kind else { continue };
        assert!(fields.iter().filter(|f| f.required).count() <= 1, "{}: one answer is enough", step.id);
        assert!(fields.iter().all(|f| f.summary.is_some()), "{}: every answer reaches the summary", step.id);
    }
    let exports = workflow
        .steps
        .iter()
        .filter(|s| matches!(&s.kind, StepKind::Run { script, .. } if script.contains("summary \"$MWTUI_SESSION\" --export")));
    assert_eq!(exports.count(), 2, "after the document step, and at the end");
}

#[test]
fn adding_a_tool_can_be_asked_about() {
    let registry = bank();
    let names = |from: &str, to: &str| {
        let found = workflow(&registry, from).disambiguates_from.iter().any(|Distinction { id, because }| {
            id.as_ref().is_some_and(|i| i.as_str() == to) && !because.is_empty()
        });
        assert!(found, "{from} tells itself from {to}");
    };
    names("MW-002", "MW-007");
    names("MW-007", "MW-002");
    names("MW-002", "MW-004");
    names("MW-001", "MW-002");
}

#[test]
fn nothing_is_deployed_before_it_is_approved() {
    let registry = bank();
    for id in ["MW-002", "MW-004"] {
        let steps = &workflow(&registry, id).steps;
        let playbook = steps
            .iter()
            .position(|s| matches!(&s.kind, StepKind::Run { script, .. } if script.contains("ansible-playbook \"$PLAYBOOK\"")))
            .expect("a playbook step");
        assert!(matches!(steps[playbook - 1].kind, StepKind::Approve { .. }), "{id}");
    }
}

/// Scripts explain themselves and end with an error where a tool or a folder is missing; none of
/// them hangs, and what they leave undone is the person's step after it.
#[test]
fn scripts_outside_a_repository_and_without_tools_explain_themselves() {
    let registry = bank();
    let dir = tempfile::tempdir().expect("temp dir");
    // Only what every system has: no ansible, kubectl, python.
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).expect("mkdir");
    for tool in ["grep", "cat"] {
        let found = ["/bin", "/usr/bin"].iter().map(|d| Path::new(d).join(tool)).find(|p| p.exists());
        std::os::unix::fs::symlink(found.expect(tool), bin.join(tool)).expect("link");
    }
    let mut tried = 0;
    for workflow in registry.workflows() {
        for step in &workflow.steps {
            let StepKind::Run { script, shell, env, .. } = &step.kind else { continue };
            let needs_repo = step.condition.as_deref() == Some("repo.root != \"\"");
            assert!(
                needs_repo || !script.contains("git "),
                "{}/{}: git needs its condition",
                workflow.id,
                step.id
            );
            assert!(
                step.continue_on_error || script.contains("$MWTUI"),
                "{}/{}: a missing tool must not stop the run",
                workflow.id,
                step.id
            );
            let output = std::process::Command::new(Path::new("/bin").join(&shell[0]))
                .args(&shell[1..])
                .arg(script)
                .env_clear()
                .env("PATH", &bin)
                .env("HOME", dir.path())
                .envs(env.keys().map(|name| (name, "~/nowhere")))
                .current_dir(dir.path())
                .output()
                .expect("a shell");
            assert!(!output.status.success(), "{}/{}", workflow.id, step.id);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.trim().is_empty(), "{}/{} says why", workflow.id, step.id);
            assert!(!said.contains("yntax"), "{}/{}: {said}", workflow.id, step.id);
            tried += 1;
        }
    }
    assert!(tried >= 15, "{tried}");
}
