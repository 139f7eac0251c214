//! Tools of MCP servers and agents through the whole program: configured, called by a workflow's steps, their
//! values handed on.

use serde_json::json;

use crate::support::cli::say;
use crate::support::{Home, mcp_server};

/// A home with a well server, a dead one, and an agent.
fn home() -> Home {
    let home = Home::new();
    let well = json!(mcp_server::command());
    let agent = json!(["sh", "-c", "cat > read; echo 'CAUSE: the disk is full'; echo 'STATUS: done'"]);
    let settings = format!(
        "[servers.logs]\ncommand = {well}\nenv = {{ TOKEN = \"env:HOME\" }}\n\n\
         [servers.dead]\ncommand = [\"sh\", \"-c\", \"echo 'no licence' >&2; exit 3\"]\n\n\
         [agents.analyst]\ncommand = {agent}\npersona = \"You are calm.\"\n"
    );
    std::fs::write(home.paths.config_file(), settings).expect("the settings");
    home
}

/// The spill file of a step of the only run.
fn output(home: &Home, step: &str) -> String {
    let run = std::fs::read_dir(home.paths.outputs()).expect("outputs").flatten().next().expect("a run");
    std::fs::read_to_string(run.path().join(format!("{step}.1.log"))).expect("an output")
}

#[test]
fn what_a_tool_says_goes_to_an_agent_and_what_that_says_to_a_script() {
    let home = home();
    home.workflow(
        "analyse",
        "  - { id: logs, title: Collect the logs, call: logs.echo, with: { text: 'sda: no space' }, assign: logs }
  - id: diagnose
    title: Find the cause
    agent: analyst
    prompt: |
      These are the logs:
      ${{ logs.text }}
    expects: 'status: DONE'
  - id: tell
    title: Tell it
    run: echo \"$CAUSE\" > told
    env: { CAUSE: '${{ steps.diagnose.outputs.CAUSE }}' }",
    );
    let said = say(&home, &["run", "analyse", "--no-input"]).ok();
    assert!(said.out.contains("completed"), "{said:?}");
    let read = |name: &str| std::fs::read_to_string(home.project.join(name)).expect(name);
    assert_eq!(read("read"), "You are calm.\n\nThese are the logs:\nsda: no space\n");
    assert_eq!(read("told"), "the disk is full\n");
    assert_eq!(output(&home, "logs"), "sda: no space\n");
    assert_eq!(output(&home, "diagnose"), "CAUSE: the disk is full\nSTATUS: done\n");
}

#[test]
fn a_server_s_secret_is_in_no_output_and_no_journal() {
    let home = home();
    home.workflow(
        "ask",
        "  - { id: ask, title: Ask, call: logs.variable, with: { text: TOKEN } }
  - { id: more, title: More, run: 'echo \"$VALUE\" > value', env: { VALUE: '${{ steps.ask.outputs.VALUE }}' } }",
    );
    say(&home, &["run", "ask", "--no-input"]).ok();
    assert_eq!(std::fs::read_to_string(home.project.join("value")).expect("value"), "••••\n");
    assert_eq!(output(&home, "ask"), "TOKEN is ••••\nVALUE: ••••\n");
}

#[test]
fn a_dead_server_fails_the_step_and_is_left_alone_after_a_while() {
    let home = home();
    home.workflow("call", "  - { id: ask, title: Ask, call: dead.echo }");
    for _ in 0..5 {
        let said = say(&home, &["run", "call", "--no-input"]);
        assert!(said.code == 1 || said.code == 7, "{said:?}");
        assert!(said.out.contains("it ended before it had said hello (exit 3): no licence"), "{said:?}");
    }
    let said = say(&home, &["run", "call", "--no-input"]);
    assert!(said.out.contains("The MCP server dead is left alone since"), "{said:?}");
    let status = say(&home, &["engine", "status"]).ok().out;
    assert!(
        status.contains("MCP server dead is left alone until") && status.contains("no licence"),
        "{status}"
    );
    let status = say(&home, &["engine", "status", "--json"]).ok().json();
    assert_eq!(status["engine"]["left_alone"][0]["failures"], 5);
}
