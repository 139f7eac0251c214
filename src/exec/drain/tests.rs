use std::io::Write as _;

use super::*;
use crate::base::{RunId, Secret};

struct Bench {
    folder: tempfile::TempDir,
    drain: Drain,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temp dir");
        let drain = Drain::new(folder.path().to_owned());
        Self { folder, drain }
    }

    fn place(&self, step: &str) -> Place {
        Place::of(self.folder.path(), &RunId::new("aa"), &step.into(), 1).expect("a place")
    }

    fn log(&self, step: &str) -> String {
        std::fs::read_to_string(self.place(step).log).expect("the log")
    }

    fn keep(&self, step: &str, limit: u64, secrets: &[Given]) -> (std::io::PipeWriter, Keeping) {
        let (source, writer) = std::io::pipe().expect("a pipe");
        let keeping =
            self.drain.keep(&self.place(step), &OwnedFd::from(source), limit, secrets).expect("kept");
        (writer, keeping)
    }
}

#[tokio::test]
async fn outputs_side_by_side_go_each_into_its_own_file() {
    let bench = Bench::new();
    let (mut one, kept_one) = bench.keep("one", 100, &[]);
    let (mut two, kept_two) = bench.keep("two", 100, &[]);
    one.write_all(b"first").expect("write");
    two.write_all(b"second").expect("write");
    drop(two);
    assert_eq!(kept_two.finish().await, Kept::Whole);
    one.write_all(b" and last").expect("write");
    drop(one);
    assert_eq!(kept_one.finish().await, Kept::Whole);
    assert_eq!((bench.log("one").as_str(), bench.log("two").as_str()), ("first and last", "second"));
}

#[tokio::test]
async fn what_holds_its_output_open_is_not_waited_for() {
    let bench = Bench::new();
    let (mut writer, keeping) = bench.keep("step", 100, &[]);
    writer.write_all(b"so far").expect("write");
    assert_eq!(keeping.finish().await, Kept::Open);
    assert_eq!(bench.log("step"), "so far");
}

#[tokio::test]
async fn secrets_are_taken_out_also_where_the_output_is_cut() {
    let bench = Bench::new();
    let given = ("TOKEN".to_owned(), Secret::new("hunter2-correct"));
    let (mut writer, keeping) = bench.keep("step", 1 << 20, &[given]);
    writer.write_all(b"it is hunter2-").expect("write");
    writer.write_all(b"correct, and hunter2-").expect("write");
    drop(writer);
    assert_eq!(keeping.finish().await, Kept::Whole);
    assert_eq!(bench.log("step"), "it is ••••, and hunter2-");
}

#[tokio::test]
async fn an_output_goes_on_being_kept_after_its_engine_is_gone() {
    let bench = Bench::new();
    let (mut writer, keeping) = bench.keep("step", 100, &[]);
    drop((bench.drain, keeping));
    writer.write_all(b"still here").expect("write");
    drop(writer);
    let log = bench.folder.path().join("aa").join("step.1.log");
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while std::fs::read(&log).expect("the log") != b"still here" {
        assert!(std::time::Instant::now() < until, "it was not kept");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn one_that_broke_off_is_told_and_another_is_started() {
    let bench = Bench::new();
    let (mut writer, keeping) = bench.keep("step", 100, &[]);
    {
        let mut link = lock(&bench.drain.link);
        let live = link.as_mut().expect("a link");
        // Nothing that the drain can read.
        rustix::io::write(&live.socket, &[9, 0, 0, 0, b'x', b'x', b'x', b'x', b'x', b'x', b'x', b'x', b'x'])
            .expect("written");
        live.socket.shutdown(Shutdown::Both).expect("shut");
    }
    assert_eq!(keeping.finish().await, Kept::Partly("what writes it down broke off".to_owned()));
    writer.write_all(b"kept all the same").expect("write");
    drop(writer);
    let (writer, keeping) = bench.keep("next", 100, &[]);
    drop(writer);
    assert_eq!(keeping.finish().await, Kept::Whole);
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_rest_is_read_all_the_same() {
    let bench = Bench::new();
    let place = bench.place("step");
    std::os::unix::fs::symlink("/dev/full", &place.log).expect("link");
    let (mut writer, keeping) = bench.keep("step", 1 << 20, &[]);
    for _ in 0..100 {
        writer.write_all(&[b'x'; 4096]).expect("the script can go on writing");
    }
    drop(writer);
    assert_eq!(keeping.finish().await, Kept::Partly("No space left on device".to_owned()));
}
