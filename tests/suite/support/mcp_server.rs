//! An MCP server for tests: it speaks the protocol by hand, so that it is no proof of the client's own library, and
//! misbehaves on request.
//!
//! It is the test program itself, which starts itself once more with the name of one ignored test: nothing but
//! Rust is needed, nothing is built beside it, and nothing of it is in the package. A test program's standard output
//! belongs to its harness, so the shell that starts it puts the real one at descriptor 3.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, Write};
use std::process::exit;

use serde_json::{Value, json};

/// How it behaves; see `Server`.
pub const MANNERS: &str = "MWTUI_TEST_MCP";

/// A file into which it writes what its tools for GitHub are asked.
pub const ASKED: &str = "MWTUI_TEST_MCP_ASKED";

/// The command that starts it.
pub fn command() -> Vec<String> {
    started_by("exec")
}

/// One that does not hear TERM.
pub fn stubborn_command() -> Vec<String> {
    started_by("trap '' TERM; exec")
}

fn started_by(how: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("the test program").to_string_lossy().into_owned();
    let (_, module) = module_path!().split_once("::").expect("a module of a crate");
    let script = format!("{how} \"$0\" --ignored --exact {module}::speak --nocapture 3>&1 >/dev/null");
    ["sh", "-c", &script, &program].map(str::to_owned).to_vec()
}

#[test]
#[ignore = "no test, but the server that tests start by this name"]
fn speak() {
    let manners = std::env::var(MANNERS).unwrap_or_default();
    let out = OpenOptions::new().write(true).open("/dev/fd/3").expect("the real standard output");
    let mut server = Server { manners, out, greeted: false };
    match server.manners.as_str() {
        "dies" => {
            eprintln!("the server is not in the mood");
            exit(3);
        }
        "rubbish" => {
            server.line("Hello, I am no MCP server.");
            hang();
        }
        "chatty" => server.line("Starting up, please wait …"),
        "deaf" => hang(),
        _ => {}
    }
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let message: Value = serde_json::from_str(&line).expect("a message");
        if message.get("id").is_some() && message.get("method").is_some() {
            server.answer(&message);
        }
    }
    exit(0);
}

/// Manners: `old` knows `initialize` alone, `abrupt` ends when it is asked anything else first, `bare` has no
/// tools, `wrong` answers tool calls by protocol errors; `dies`, `rubbish`, `chatty` and `deaf` are above.
struct Server<W> {
    manners: String,
    out: W,
    greeted: bool,
}

impl<W: Write> Server<W> {
    fn answer(&mut self, message: &Value) {
        let old = matches!(self.manners.as_str(), "old" | "abrupt");
        let id = &message["id"];
        let name = message["params"]["name"].as_str().unwrap_or_default();
        match message["method"].as_str().unwrap_or_default() {
            "server/discover" if self.manners == "abrupt" => exit(1),
            "server/discover" if !old => self.result(
                id,
                json!({
                    "resultType": "complete", "supportedVersions": ["2026-07-28"],
                    "capabilities": { "tools": {} }, "ttlMs": 0, "cacheScope": "private",
                }),
            ),
            "initialize" if old => {
                self.greeted = true;
                self.result(
                    id,
                    json!({
                        "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                        "serverInfo": { "name": "test", "version": "1" },
                    }),
                );
            }
            _ if old && !self.greeted => self.error(id, -32601, "say initialize first"),
            "tools/list" if self.manners == "bare" => self.error(id, -32601, "no such method"),
            "tools/list" => {
                let first = message["params"]["cursor"].is_null();
                self.result(id, if first { first_page() } else { second_page() });
            }
            "tools/call" if self.manners == "wrong" => self.error(id, -32000, "the database is away"),
            "tools/call" => self.call(id, name, &message["params"]["arguments"]),
            method => self.error(id, -32601, &format!("no method {method}")),
        }
    }

    fn call(&mut self, id: &Value, name: &str, arguments: &Value) {
        let text = arguments["text"].as_str().unwrap_or_default().to_owned();
        match name {
            "echo" => self.text(id, &text, false),
            "fail" => self.text(id, &text, true),
            "hang" => hang(),
            "die" => {
                eprintln!("cannot go on: {text}");
                exit(9);
            }
            "rubbish" => {
                self.line("not a message");
                self.line("{\"jsonrpc\": \"2.0\", \"this\": [\"is\", \"none\"]}");
                exit(0);
            }
            "huge" => {
                let size = arguments["bytes"].as_u64().expect("a size");
                self.text(id, &"x".repeat(usize::try_from(size).expect("a size")), false);
            }
            "record" => {
                let file = arguments["file"].as_str().expect("a file");
                let mut file = OpenOptions::new().create(true).append(true).open(file).expect("open");
                writeln!(file, "{text}").expect("write");
                eprintln!("recorded {text}");
                self.text(id, "recorded", false);
            }
            "variable" => {
                let value = std::env::var(&text).unwrap_or_else(|_| "unset".to_owned());
                eprintln!("{text} is {value}");
                let content = json!([{ "type": "text", "text": format!("VALUE: {value}") }]);
                self.result(id, json!({ "content": content, "structuredContent": { "value": value } }));
            }
            "getIssue" | "createPullRequest" => {
                let file = std::env::var(ASKED).expect("where to write it");
                let mut file = OpenOptions::new().create(true).append(true).open(file).expect("open");
                writeln!(file, "{name} {arguments}").expect("write");
                let issue = json!({ "number": 42, "title": "The cart forgets", "body": null, "state": "open" });
                let pull = json!({ "number": 43, "html_url": "https://github.example/team/shop/pull/43" });
                self.text(id, &if name == "getIssue" { issue } else { pull }.to_string(), false);
            }
            "ask" => self.result(id, json!({
                "resultType": "input_required",
                "inputRequests": { "who": { "method": "elicitation/create", "params": {
                    "mode": "form", "message": "Who?", "requestedSchema": { "type": "object", "properties": {} },
                } } },
            })),
            name => self.error(id, -32602, &format!("no tool {name}")),
        }
    }

    fn text(&mut self, id: &Value, text: &str, error: bool) {
        self.result(id, json!({ "content": [{ "type": "text", "text": text }], "isError": error }));
    }

    fn result(&mut self, id: &Value, mut result: Value) {
        if !matches!(self.manners.as_str(), "old" | "abrupt") && result["resultType"].is_null() {
            result["resultType"] = json!("complete");
        }
        self.line(&json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string());
    }

    fn error(&mut self, id: &Value, code: i32, message: &str) {
        let error = json!({ "code": code, "message": message });
        self.line(&json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string());
    }

    fn line(&mut self, line: &str) {
        self.out.write_all(format!("{line}\n").as_bytes()).expect("written");
    }
}

/// For ever, whatever becomes of its input.
fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn first_page() -> Value {
    let text = json!({
        "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"],
        "additionalProperties": false,
    });
    let tool = |name: &str| json!({ "name": name, "inputSchema": text });
    let tools: Vec<Value> = ["echo", "fail", "die", "variable"].map(tool).to_vec();
    json!({ "tools": tools, "nextCursor": "2" })
}

fn second_page() -> Value {
    let any = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    let tools: Vec<Value> =
        ["hang", "rubbish", "huge", "record", "ask", "getIssue", "createPullRequest"].map(any).to_vec();
    json!({ "tools": tools })
}
