//! The phrases that were entered, kept between consoles: a line each in `phrases.txt` in the state folder, for
//! its owner alone. Phrases only: no values of forms, no answers. Read and written by the runtime; which of
//! them are kept is the input line's.

use std::io::Read as _;

use crate::base::atomic::{self, Existing};
use crate::base::paths::private_dir;
use crate::base::{Error, Paths, Result, SafeLine};

/// How many are kept, and bytes that are read of a file that somebody else has made larger.
const KEPT: usize = 200;
const READ: u64 = 4 * 1024 * 1024;

/// What is kept, the oldest first; nothing where there is no file yet. Whatever the file holds, what comes out
/// is safe lines.
pub fn read(paths: &Paths) -> Result<Vec<String>> {
    let file = paths.phrases_file();
    let failed = |why: String| {
        Error::internal(format!("The earlier phrases, {}, cannot be read", file.display()))
            .cause(why)
            .hint("Mend its permissions, or remove it: only the history of the input line is in it")
    };
    match std::fs::metadata(&file) {
        Ok(meta) if !meta.is_file() => return Err(failed("It is no regular file".to_owned())),
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e.to_string())),
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(&file).map_err(|e| failed(e.to_string()))?;
    opened.take(READ).read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(|line| SafeLine::new(line).as_str().trim().to_owned());
    let mut phrases: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    let surplus = phrases.len().saturating_sub(KEPT);
    phrases.drain(..surplus);
    Ok(phrases)
}

/// Keeps one more, as the newest; another console's are read anew first, so that both stay.
pub fn add(paths: &Paths, phrase: &str) -> Result<()> {
    let phrase = SafeLine::new(phrase).as_str().trim().to_owned();
    let mut phrases = read(paths)?;
    phrases.retain(|earlier| *earlier != phrase);
    phrases.push(phrase);
    let surplus = phrases.len().saturating_sub(KEPT);
    let mut text = phrases[surplus..].join("\n");
    text.push('\n');
    private_dir(&paths.state)?;
    atomic::write(&paths.phrases_file(), text.as_bytes(), 0o600, Existing::Replace)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn phrases_are_kept_once_each_and_a_bounded_number_of_them() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        assert_eq!(read(&paths), Ok(Vec::new()));
        for phrase in ["one", "two", "one", "  three\nlines "] {
            add(&paths, phrase).expect("kept");
        }
        assert_eq!(read(&paths), Ok(["two", "one", "three lines"].map(str::to_owned).to_vec()));
        let mode = std::fs::metadata(paths.phrases_file()).expect("meta").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let many: Vec<String> = (0..500).map(|n| format!("phrase {n}")).collect();
        std::fs::write(paths.phrases_file(), many.join("\n")).expect("written");
        add(&paths, "last").expect("kept");
        let kept = read(&paths).expect("read");
        assert_eq!((kept.len(), kept[0].as_str(), kept[KEPT - 1].as_str()), (KEPT, "phrase 301", "last"));
    }

    #[test]
    fn what_others_wrote_there_is_made_safe() {
        let dir = tempfile::tempdir().expect("temp dir");
        let paths = Paths::under(dir.path());
        std::fs::create_dir_all(&paths.state).expect("a folder");
        std::fs::write(paths.phrases_file(), b"\x1b]52;c;AAAA\x07evil\xe2\x80\xae\n\n\xff\xfe\nfine\n")
            .expect("written");
        assert_eq!(read(&paths), Ok(["evil", "\u{fffd}\u{fffd}", "fine"].map(str::to_owned).to_vec()));
        std::fs::write(paths.phrases_file(), vec![b'x'; 5 * 1024 * 1024]).expect("written");
        assert!(read(&paths).expect("read")[0].len() < 20_000);
        std::fs::remove_file(paths.phrases_file()).expect("removed");
        std::fs::create_dir(paths.phrases_file()).expect("a folder in its place");
        assert!(read(&paths).is_err() && add(&paths, "x").is_err());
    }
}
