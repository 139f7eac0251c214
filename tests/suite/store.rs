//! The store as a file: backups, putting one back, a full disk, and what the doctor says of it all.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mwtui::run::RunStatus;
use rustix::process::{Pid, Resource, Rlimit};

use crate::support::cli::{Said, say};
use crate::support::{Home, run_is, until};

const ASK: &str = "  - id: go\n    title: Go\n    run: echo went\n  - id: look\n    title: Look\n    actions: [Look at it]\n";

/// A home with one run that waits.
fn waiting() -> Home {
    let home = Home::new();
    home.workflow("ask", ASK);
    assert_eq!(say(&home, &["run", "ask", "--no-input"]).code, 7);
    home
}

fn runs(home: &Home) -> usize {
    say(home, &["runs", "--json"]).ok().json()["runs"].as_array().expect("a list").len()
}

#[track_caller]
fn healthy(home: &Home) -> Said {
    let said = say(home, &["doctor"]);
    assert_eq!(said.code, 0, "{said:?}");
    said
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_backup_is_made_while_a_run_works_and_puts_back_what_was_then() {
    let home = waiting();
    let client = home.client().await;
    home.workflow("slow", "  - id: wait\n    title: Wait\n    run: until [ -e go ]; do sleep 0.05; done\n");
    let started = client.start(home.start("slow")).await.expect("started");
    let made = say(&home, &["backup", "--json"]).ok().json();
    assert_eq!(
        (&made["backup"]["contents"]["runs"], &made["backup"]["contents"]["live_runs"]),
        (&2.into(), &2.into())
    );
    let file = made["backup"]["path"].as_str().expect("a path").to_owned();
    assert_eq!((mode(Path::new(&file)), mode(&home.paths.backups())), (0o600, 0o700));

    let refused = say(&home, &["restore", "last"]);
    assert_eq!(refused.code, 4, "a run works: {refused:?}");
    std::fs::write(home.project.join("go"), "").expect("it may go on");
    run_is(&client, &started.run, RunStatus::Completed).await;
    drop(client);
    let said = say(&home, &["list"]).ok();
    assert!(said.out.contains("ask"));
    say(&home, &["run", "slow", "--no-input"]).ok();
    assert_eq!(runs(&home), 3);

    let restored = say(&home, &["restore", "last"]).ok();
    assert!(restored.out.contains(&file) && restored.out.contains("-aside.redb"), "{restored:?}");
    assert_eq!(runs(&home), 2);
    // The run that worked then is live again, and nobody knows how far it came.
    let status = say(&home, &["status", started.run.as_str()]);
    assert!(status.out.contains("uncertain"), "{status:?}");
    let doctor = say(&home, &["doctor"]);
    assert!(
        doctor.code == 1 && doctor.out.contains("outputs of a run that is not in the store"),
        "{doctor:?}"
    );
    assert!(say(&home, &["backup", "--list"]).ok().out.contains("set aside"));
}

#[test]
fn backups_asked_for_at_the_same_time_are_all_made() {
    let home = waiting();
    std::thread::scope(|scope| {
        let makers: Vec<_> = (0..3).map(|_| scope.spawn(|| say(&home, &["backup"]))).collect();
        for maker in makers {
            maker.join().expect("it ran").ok();
        }
    });
    let listed = say(&home, &["backup", "--list", "--json"]).ok().json();
    let listed = listed["backups"].as_array().expect("a list");
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert!(listed.iter().all(|b| b["contents"]["runs"] == 1 && b["error"].is_null()), "{listed:?}");
    assert!(healthy(&home).out.contains("backups: 3 usable"));
}

#[test]
fn without_an_engine_a_backup_starts_none_and_a_file_is_never_replaced() {
    let home = Home::new();
    let none = say(&home, &["backup"]);
    assert_eq!(none.code, 3, "there is no store yet: {none:?}");
    home.workflow("ask", ASK);
    assert_eq!(say(&home, &["run", "ask", "--no-input"]).code, 7);
    say(&home, &["engine", "stop"]).ok();
    let before = std::fs::read(home.paths.store_file()).expect("the store");
    say(&home, &["backup", "-o", "mine.redb"]).ok();
    let doctor = healthy(&home);
    assert!(doctor.out.contains("journals: 1 folded"), "{doctor:?}");
    assert!(home.engines().is_empty(), "neither starts an engine");
    assert!(
        std::fs::read(home.paths.store_file()).expect("the store") == before,
        "neither changes the store"
    );
    assert_eq!(mode(&home.project.join("mine.redb")), 0o600);
    assert_eq!(say(&home, &["backup", "-o", "mine.redb"]).code, 4, "it is there already");
    say(&home, &["runs"]).ok();
    assert_eq!(say(&home, &["backup", "-o", "mine.redb"]).code, 4, "the engine says the same");
    say(&home, &["backup", "-o", "other.redb"]).ok();
}

#[test]
fn a_damaged_store_says_which_backup_to_put_back_and_that_works() {
    let home = waiting();
    say(&home, &["backup"]).ok();
    say(&home, &["engine", "stop"]).ok();
    let store = home.paths.store_file();
    let mut bytes = std::fs::read(&store).expect("the store");
    bytes[4096..].fill(0xaa);
    std::fs::write(&store, &bytes).expect("damaged");
    let runs_said = say(&home, &["runs"]);
    assert_eq!(runs_said.code, 6, "{runs_said:?}");
    assert!(runs_said.err.contains("mwtui restore "), "{runs_said:?}");
    let doctor = say(&home, &["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("mwtui restore "), "{doctor:?}");
    let command = doctor.out.split("mwtui restore ").nth(1).and_then(|rest| rest.split(' ').next());
    let restored = say(&home, &["restore", command.expect("the file's name")]).ok();
    assert_eq!(runs(&home), 1);
    assert!(
        std::fs::read_dir(home.paths.backups()).expect("the folder").flatten().any(|entry| {
            entry.file_name().to_string_lossy().contains("aside")
                && std::fs::read(entry.path()).expect("kept") == bytes
        }),
        "{restored:?}"
    );
    // The damaged one cannot be put back by mistake.
    let listed = say(&home, &["backup", "--list"]).ok();
    assert!(listed.out.contains("not usable"), "{listed:?}");
    let name = listed.out.split_whitespace().find(|word| word.ends_with("aside.redb")).expect("its file");
    assert_eq!(say(&home, &["restore", name]).code, 6);
    assert_eq!(runs(&home), 1);
}

#[test]
fn the_doctor_finds_what_is_left_over_and_what_is_open() {
    let home = waiting();
    say(&home, &["engine", "stop"]).ok();
    healthy(&home);
    let outputs = home.paths.outputs();
    let run = std::fs::read_dir(&outputs).expect("outputs").flatten().next().expect("of the run").path();
    std::fs::write(run.join("go.1.pid"), "999999 1\n").expect("written");
    std::fs::create_dir(outputs.join("00000000aaaa")).expect("made");
    std::fs::set_permissions(run.join("go.1.log"), std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let old = std::fs::File::create(home.paths.state.join(".mwtui-half")).expect("made");
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("long ago");
    let said = say(&home, &["doctor"]);
    assert_eq!(said.code, 1, "{said:?}");
    for sign in
        ["go.1.pid: left over", "outputs of a run that is not", "chmod -R go=", ".mwtui-half was never"]
    {
        assert!(said.out.contains(sign), "{sign}: {}", said.out);
    }
    // What it says is what helps.
    for command in said.out.lines().filter_map(|line| line.trim().strip_prefix("try: ")) {
        #[expect(clippy::disallowed_methods, reason = "the doctor's own advice")]
        let done = std::process::Command::new("sh").args(["-c", command]).status().expect("sh");
        assert!(done.success(), "{command}");
    }
    healthy(&home);
}

#[tokio::test]
async fn on_a_full_disk_commands_say_so_and_the_engine_goes_on_once_there_is_room() {
    // A limit of the size of files stands in for the disk: no more can be written to the store.
    let home = Home::launched_by("trap '' XFSZ\n");
    home.workflow("ask", ASK);
    let client = home.client().await;
    let started = client.start(home.start("ask")).await.expect("started");
    run_is(&client, &started.run, RunStatus::Waiting).await;
    let engine = Pid::from_raw(home.engines()[0].cast_signed()).expect("a process");
    let limit = |bytes: Option<u64>| {
        rustix::process::prlimit(Some(engine), Resource::Fsize, Rlimit { current: bytes, maximum: None })
            .expect("its limit");
    };
    limit(Some(4096));
    let note = |text: &str| mwtui::run::Verb::Note { step: None, text: text.to_owned() };
    let error = client.act(started.run.clone(), note("lost")).await.expect_err("no room");
    assert_eq!(error.kind, mwtui::base::ErrorKind::NoRoom, "{error:?}");
    let run = client.run(started.run.clone()).await.expect("it can be looked at");
    assert_eq!(run.status(), RunStatus::Waiting);
    let said = say(&home, &["note", "last", "lost as well"]);
    assert!(said.code == 6 && said.err.contains("disk is full"), "{said:?}");
    assert!(client.runs(mwtui::run::RunFilter::default()).await.is_ok(), "lists can be read");
    limit(None);
    until("a note is taken again", async || client.act(started.run.clone(), note("kept")).await.ok()).await;
    let events = client.events(started.run.clone(), 0).await.expect("its journal");
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(text.contains("kept") && !text.contains("lost"), "{text}");
    drop(client);
    say(&home, &["engine", "stop"]).ok();
    healthy(&home);
}
