//! The engine as a process: start, handshake, sockets, ends.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use futures_util::{SinkExt as _, StreamExt as _};
use mwtui::base::{ErrorKind, RunId};
use mwtui::client::{Client, stop_engine};
use mwtui::protocol::{ClientKind, ClientMessage, Hello, PROTOCOL, Request, ServerMessage, frame};
use mwtui::run::RunFilter;
use tokio_util::codec::Framed;

use crate::support::{Home, exe, is_alive, kill, until};

#[tokio::test(flavor = "multi_thread")]
async fn eight_racing_clients_get_one_engine() {
    let home = Home::new();
    let racing: Vec<_> = (0..8)
        .map(|_| {
            let (paths, launcher) = (home.paths.clone(), home.launcher().to_owned());
            tokio::spawn(async move { Client::connect_with(&paths, ClientKind::Cli, &launcher).await })
        })
        .collect();
    let mut clients = Vec::new();
    for client in racing {
        clients.push(client.await.expect("no panic").expect("connected"));
    }
    let pids: std::collections::HashSet<u32> = clients.iter().map(|c| c.engine().pid).collect();
    assert_eq!(pids.len(), 1, "{pids:?}");
    until("the losers are gone", async || (home.engines().len() == 1).then_some(())).await;
    let status = clients[0].engine_status().await.expect("status");
    assert_eq!((status.clients, status.live_runs), (8, 0));
    assert_eq!(Some(&status.pid), pids.iter().next());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_engine_ends_and_the_next_client_starts_another() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "1")]);
    let client = home.client().await;
    let first = client.engine().pid;
    client.engine_status().await.expect("it stays while somebody is connected");
    drop(client);
    until("the engine has ended", async || (!is_alive(first)).then_some(())).await;
    assert!(!home.paths.socket().exists(), "it takes its socket along");
    assert_ne!(home.client().await.engine().pid, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_an_engine_that_ends_all_the_time_still_get_answers() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "0")]);
    for _ in 0..10 {
        let runs = home.client().await.runs(RunFilter::default()).await.expect("an answer");
        assert!(runs.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_enter() {
    let home = Home::new();
    let _client = home.client().await;
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path).map(|m| m.permissions().mode() & 0o777).expect("it is there")
    };
    assert_eq!(mode(&home.paths.socket()), 0o600);
    assert_eq!(mode(&home.paths.lock()), 0o600);
    assert_eq!(mode(&home.paths.store_file()), 0o600);
    for folder in [&home.paths.run, &home.paths.state, &home.paths.outputs(), &home.paths.logs()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&home.paths.logs().join("engine.stderr")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_told_what_to_do() {
    let home = Home::new();
    let _client = home.client().await;
    let stream = tokio::net::UnixStream::connect(home.paths.socket()).await.expect("connected");
    let mut framed = Framed::new(stream, frame::codec());
    let hello =
        Hello { protocol: PROTOCOL + 1, version: "9.9.9".to_owned(), client: ClientKind::Cli, profile: None };
    let message = ClientMessage { id: 7, request: Request::Hello(hello) };
    framed.send(frame::encode(&message).expect("JSON")).await.expect("sent");
    let answer = framed.next().await.expect("an answer").expect("a frame");
    let ServerMessage::Response { id: 7, result: Err(error) } = frame::decode(&answer).expect("JSON") else {
        panic!("{answer:?}");
    };
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains(&format!("protocol {PROTOCOL}")), "{error}");
    assert!(error.message.contains(&format!("{}", PROTOCOL + 1)), "{error}");
    assert!(error.hint.expect("a hint").contains("mwtui engine stop"));
    assert!(framed.next().await.is_none(), "and is let go");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_one_connection_alone() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let home = Home::new();
    let client = home.client().await;
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0, 0, 0, 2, b'{', b'}'], &[0xff; 64], &[]] {
        let mut stream = tokio::net::UnixStream::connect(home.paths.socket()).await.expect("connected");
        // It may have been let go in the middle.
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    client.engine_status().await.expect("the others do not notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_and_a_dead_ones_socket() {
    let home = Home::new();
    let client = home.client().await;
    let second = home.command().arg("engine").output().expect("it runs");
    assert!(!second.status.success(), "a second engine is refused");
    let first = client.engine().pid;
    kill(first);
    client.lost().await;
    assert!(client.is_lost());
    let error = client.engine_status().await.expect_err("nobody is there");
    assert!(error.hint.is_some());
    assert!(home.paths.socket().exists(), "it could not clean up");
    assert_ne!(home.client().await.engine().pid, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_until_it_has_ended() {
    let home = Home::new();
    assert!(!stop_engine(&home.paths, false).await.expect("nothing to stop"));
    let client = home.client().await;
    let pid = client.engine().pid;
    let mut updates = client.subscribe().await.expect("subscribed");
    assert!(stop_engine(&home.paths, false).await.expect("stopped"));
    assert_eq!(updates.recv().await, Some(mwtui::protocol::Update::Stopping));
    assert_eq!(updates.recv().await, None);
    until("its process is gone", async || (!is_alive(pid)).then_some(())).await;
    assert!(Client::connect_existing(&home.paths, ClientKind::Cli).await.expect("asked").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_used_says_why() {
    let home = Home::new();
    std::fs::write(home.paths.store_file(), b"this is no store").expect("written");
    let error = Client::connect_with(&home.paths, ClientKind::Cli, exe()).await.expect_err("no store");
    assert!(error.hint.is_some(), "{error:?}");
    assert_eq!(std::fs::read(home.paths.store_file()).expect("there"), b"this is no store");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_be_started_says_why() {
    let home = Home::new();
    let error = Client::connect_with(&home.paths, ClientKind::Cli, std::path::Path::new("/bin/false"))
        .await
        .expect_err("false is no engine");
    assert!(error.causes.iter().any(|c| c.contains("ended")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_dies_in_the_middle_of_a_request_hurts_nobody() {
    use std::io::Write as _;
    let home = Home::new();
    let client = home.client().await;
    for cut in [1, 3, 10, 40] {
        let mut stream = UnixStream::connect(home.paths.socket()).expect("connected");
        let hello =
            Hello { protocol: PROTOCOL, version: "0".to_owned(), client: ClientKind::Tui, profile: None };
        let body = frame::encode(&ClientMessage { id: 1, request: Request::Hello(hello) }).expect("JSON");
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        let bytes: Vec<u8> = length.into_iter().chain(body.iter().copied()).collect();
        stream.write_all(&bytes[..cut]).expect("sent");
    }
    let status = until("the dead are forgotten", async || {
        client.engine_status().await.ok().filter(|s| s.clients == 1 && s.consoles == 0)
    })
    .await;
    assert_eq!(status.live_runs, 0);
    let missing = client.run(RunId::new("0000000000000000")).await.expect_err("no such run");
    assert_eq!(missing.kind, ErrorKind::NotFound);
}
