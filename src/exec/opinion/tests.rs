//! Scripted commands and a small HTTP server of the tests' own, on a port that the system chooses.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::ask;
use crate::base::{Millis, Result, WorkflowId};
use crate::config::{Asks, Loopback, SecondOpinion};
use crate::matching::{Opinion, Question, Subject};

const LIMIT: Duration = Duration::from_secs(30);

fn question() -> Question {
    let subject = |id: &str, sentences: &[&str]| Subject {
        id: WorkflowId::new(id),
        name: format!("Name of {id}"),
        scope: format!("Scope of {id}"),
        trigger_phrases: sentences.iter().map(|s| (*s).to_owned()).collect(),
        examples: vec![format!("an example of {id}")],
    };
    Question {
        phrase: "we are still on React 16".to_owned(),
        candidates: vec![subject("deps", &["update dependencies"]), subject("docs", &["write it down"])],
    }
}

/// A folder with what a command needs.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("temp dir"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn ask(&self, asks: Asks, within: Millis) -> Result<Opinion> {
        self.ask_about(&question(), asks, within).await
    }

    async fn ask_about(&self, question: &Question, asks: Asks, within: Millis) -> Result<Opinion> {
        let asked = SecondOpinion { name: "ada".to_owned(), asks, within };
        ask(&asked, question, self.0.path(), &self.path("vectors")).await
    }

    async fn script(&self, script: &str, within: Millis) -> Result<Opinion> {
        self.ask(shell(script), within).await
    }
}

fn shell(script: &str) -> Asks {
    Asks::Command(["sh", "-c", script].map(str::to_owned).to_vec())
}

/// Long enough for any machine.
const LONG: Millis = Millis(30_000);

async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_gone(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z"))
}

/// Waits until every process whose number a script has written down has ended.
async fn gone(file: &Path) {
    let pids = std::fs::read_to_string(file).expect("the numbers");
    assert!(!pids.trim().is_empty());
    for pid in pids.split_whitespace() {
        until(&format!("process {pid} is gone"), || is_gone(pid)).await;
    }
}

#[tokio::test]
async fn a_command_is_told_the_question_and_nothing_else() {
    let place = Place::new();
    let script = r#"cat > asked; pwd > where; echo '{"id": "deps", "reason": "React is one"}'"#;
    let opinion = place.script(script, LONG).await.expect("an answer");
    assert_eq!(opinion, Opinion { id: Some(WorkflowId::new("deps")), reason: "React is one".to_owned() });
    let asked = std::fs::read(place.path("asked")).expect("asked");
    let asked: Value = serde_json::from_slice(&asked).expect("one object");
    assert_eq!(
        asked,
        json!({
            "schema_version": 1,
            "phrase": "we are still on React 16",
            "candidates": [
                { "id": "deps", "name": "Name of deps", "scope": "Scope of deps",
                  "trigger_phrases": ["update dependencies"], "examples": ["an example of deps"] },
                { "id": "docs", "name": "Name of docs", "scope": "Scope of docs",
                  "trigger_phrases": ["write it down"], "examples": ["an example of docs"] },
            ],
        })
    );
    let folder = std::fs::read_to_string(place.path("where")).expect("where");
    assert_eq!(Path::new(folder.trim()), place.0.path().canonicalize().expect("a folder"));
}

#[tokio::test]
async fn what_is_no_answer_says_why() {
    let place = Place::new();
    for (script, told) in [
        ("true", "it said nothing"),
        ("echo I think it is deps", "it said something that is no JSON object"),
        (r#"echo '{"id": "rm", "reason": "x"}'"#, "it named “rm”, which it was not asked about"),
        (r#"echo '{"id": "deps", "reason": "x"}'; exit 1"#, "it failed: exit 1"),
        ("kill -9 $$", "it failed: ended by signal 9"),
        ("yes", "it said more than 64 KiB"),
    ] {
        let error = place.script(script, LONG).await.expect_err("no answer");
        assert_eq!(error.message, "ada gave no usable answer", "{script}");
        assert!(error.causes[0].starts_with(told), "{script}: {error:?}");
    }
    let missing = place.ask(Asks::Command(vec!["/no/such/program".to_owned()]), LONG).await.expect_err("no");
    assert!(missing.causes[0].starts_with("/no/such/program cannot be run"), "{missing:?}");
}

#[tokio::test]
async fn a_command_may_answer_early_remark_much_or_leave_something_running() {
    let place = Place::new();
    for script in [
        r#"exec <&-; echo '{"id": null, "reason": "neither"}'"#,
        r#"head -c 1000000 /dev/zero >&2; echo '{"id": null, "reason": "neither"}'"#,
        r#"echo '{"id": null, "reason": "neither"}'; sleep 600 & echo $! > pids"#,
    ] {
        let opinion = place.script(script, LONG).await.expect(script);
        assert_eq!((opinion.id, opinion.reason.as_str()), (None, "neither"));
    }
    gone(&place.path("pids")).await;
}

/// A command that ignores TERM, as does its child.
const STUBBORN: &str = "trap '' TERM; sleep 600 & echo $$ $! > pids.new; mv pids.new pids; wait; wait";

#[tokio::test]
async fn a_late_command_is_ended_with_all_that_it_started() {
    let place = Place::new();
    let begun = Instant::now();
    let error = place.script(STUBBORN, Millis(700)).await.expect_err("late");
    assert!(begun.elapsed() < LIMIT);
    assert_eq!(error.message, "ada gave no answer within 700 ms");
    gone(&place.path("pids")).await;
}

#[tokio::test]
async fn who_stops_waiting_ends_the_command_with_all_that_it_started() {
    let place = Place::new();
    let pids = place.path("pids");
    tokio::select! {
        answer = place.script(STUBBORN, LONG) => panic!("{answer:?}"),
        () = until("the command runs", || pids.exists()) => {}
    }
    gone(&pids).await;
}

/// What the server under test was asked: the path, and the texts.
type Asked = Arc<Mutex<Vec<(String, Vec<String>)>>>;

/// Serves until the test ends; `answer` gives the whole answer to a path and texts, or `None`: never.
async fn serve(
    answer: impl Fn(&str, &[String]) -> Option<String> + Send + Sync + 'static,
) -> (Loopback, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Asked = Arc::default();
    let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            tokio::spawn(async move {
                let mut stream = stream;
                let (path, texts) = request(&mut stream).await;
                log.lock().expect("no panic").push((path.clone(), texts.clone()));
                if let Some(text) = answer(&path, &texts) {
                    // Who has seen enough does not take the rest.
                    let _ = stream.write_all(text.as_bytes()).await;
                } else {
                    // Until the other side has gone.
                    let _ = stream.read(&mut [0; 1]).await;
                    log.lock().expect("no panic").push(("gone".to_owned(), Vec::new()));
                }
            });
        }
    });
    (Loopback::parse(&format!("http://127.0.0.1:{port}/api/embed")).expect("an address"), asked)
}

async fn request(stream: &mut TcpStream) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).expect("a length");
            if body.len() == length.parse::<usize>().expect("a number") {
                let body: Value = serde_json::from_str(body).expect("one object");
                assert_eq!(body["model"], "small");
                let texts = serde_json::from_value(body["input"].clone()).expect("texts");
                return (head.split(' ').nth(1).expect("a path").to_owned(), texts);
            }
        }
        let length = stream.read(&mut buffer).await.expect("a request");
        assert!(length > 0, "the request broke off: {text}");
        text.push_str(std::str::from_utf8(&buffer[..length]).expect("UTF-8"));
    }
}

fn ok(body: &Value) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// What is about dependencies points one way, all else another.
fn vector(text: &str) -> [f32; 2] {
    if text.contains("dependencies") || text.contains("React") { [1.0, 0.1] } else { [0.1, 1.0] }
}

fn embedded(texts: &[String]) -> String {
    ok(&json!({ "embeddings": texts.iter().map(|t| vector(t)).collect::<Vec<_>>() }))
}

fn embeddings(url: Loopback) -> Asks {
    Asks::Embeddings { url, model: "small".to_owned() }
}

#[tokio::test]
async fn the_nearest_workflow_is_found_and_every_sentence_sent_once() {
    let place = Place::new();
    let (url, asked) = serve(|_, texts| Some(embedded(texts))).await;
    for _ in 0..2 {
        let opinion = place.ask(embeddings(url.clone()), LONG).await.expect("an answer");
        assert_eq!(opinion.id, Some(WorkflowId::new("deps")));
        assert!(opinion.reason.starts_with("nearest is “update dependencies” (1.00)"), "{}", opinion.reason);
    }
    let phrase = vec!["we are still on React 16".to_owned()];
    let sentences = ["update dependencies", "an example of deps", "write it down", "an example of docs"];
    let sentences: Vec<String> = sentences.map(str::to_owned).to_vec();
    let told: Vec<Vec<String>> = asked.lock().expect("no panic").iter().map(|(_, t)| t.clone()).collect();
    assert_eq!(told, [phrase.clone(), sentences, phrase], "the second time only the phrase");
}

#[tokio::test]
async fn the_answer_of_the_other_kind_of_endpoint_is_read_in_its_own_order() {
    let place = Place::new();
    let (url, _) = serve(|_, texts| {
        let data = texts.iter().enumerate().map(|(n, t)| json!({ "index": n, "embedding": vector(t) }));
        Some(ok(&json!({ "object": "list", "data": data.rev().collect::<Vec<_>>() })))
    })
    .await;
    let opinion = place.ask(embeddings(url), LONG).await.expect("an answer");
    assert_eq!(opinion.id, Some(WorkflowId::new("deps")));
}

#[tokio::test]
async fn what_was_read_in_time_is_kept_for_the_next_time() {
    let place = Place::new();
    let mut question = question();
    question.candidates[1].trigger_phrases = (0..30).map(|n| format!("write down {n}")).collect();
    // It never comes to an end with the second part.
    let (slow, asked) =
        serve(|_, texts| (!texts.iter().any(|t| t == "write down 20")).then(|| embedded(texts))).await;
    let late = place.ask_about(&question, embeddings(slow), Millis(2_000)).await.expect_err("late");
    assert_eq!(late.message, "ada gave no answer within 2 s");
    assert!(late.causes[0].starts_with("16 of 33 sentences are known so far"), "{late:?}");
    until("the connection is closed", || asked.lock().expect("no panic").iter().any(|(p, _)| p == "gone"))
        .await;
    let (quick, asked) = serve(|_, texts| Some(embedded(texts))).await;
    place.ask_about(&question, embeddings(quick), LONG).await.expect("an answer");
    let told: usize = asked.lock().expect("no panic").iter().map(|(_, texts)| texts.len()).sum();
    assert_eq!(told, 1 + 33 - 16);
}

#[tokio::test]
async fn vectors_of_another_length_are_made_anew() {
    let place = Place::new();
    let (short, _) = serve(|_, texts| Some(ok(&json!({ "embeddings": vec![[1.0]; texts.len()] })))).await;
    place.ask(embeddings(short), LONG).await.expect("an answer");
    let (long, _) = serve(|_, texts| Some(embedded(texts))).await;
    let opinion = place.ask(embeddings(long), LONG).await.expect("an answer");
    assert_eq!(opinion.id, Some(WorkflowId::new("deps")));
}

#[tokio::test]
async fn an_endpoint_that_is_out_of_order_says_why_and_no_redirection_is_followed() {
    let place = Place::new();
    let (elsewhere, asked) = serve(|_, _| Some(ok(&json!({})))).await;
    let there = elsewhere.authority().to_owned();
    let answers = [
        (
            format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{there}/x\r\nContent-Length: 0\r\n\r\n"),
            "answered 307 Temporary Redirect",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 34\r\n\r\n{\"error\":\"model \\\"small\\\" not found\"".to_owned(),
            "answered 404 Not Found: {\"error\":\"model",
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "does not answer"),
        (String::new(), "does not answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_owned(), "broke off in its answer"),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n{}", " ".repeat(9_000_000)),
            "answered with more than 8 MiB",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_owned(), "neither `embeddings` nor `data`"),
    ];
    for (answer, told) in answers {
        let (url, _) = serve(move |_, _| Some(answer.clone())).await;
        let error = place.ask(embeddings(url), LONG).await.expect_err(told);
        assert_eq!(error.message, "ada gave no usable answer");
        assert!(error.causes[0].contains(told), "{told}: {error:?}");
    }
    assert!(asked.lock().expect("no panic").is_empty(), "a redirection was followed");
    let unused = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = unused.local_addr().expect("an address").port();
    drop(unused);
    let nobody = Loopback::parse(&format!("http://127.0.0.1:{port}/api/embed")).expect("an address");
    let error = place.ask(embeddings(nobody), LONG).await.expect_err("nobody listens");
    assert!(error.causes[0].contains("cannot be reached"), "{error:?}");
}
