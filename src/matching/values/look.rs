//! Values that are told by their look, or by the word before them: URLs, numbers after # or PR, paths,
//! branches, quoted texts.

use crate::matching::values::read::{Phrase, Piece};
use crate::matching::values::takers::{Taker, Topic};
use crate::matching::values::{Fit, How, is_denied};
use crate::workflow::FieldKind;

/// Longer ones are no numbers of anything.
const DIGITS: usize = 18;
const PULL_REQUEST: [&str; 4] = ["pr", "prs", "mr", "mrs"];
const ISSUE: [&str; 8] = ["issue", "issues", "ticket", "tickets", "bug", "bugs", "incident", "incidents"];
/// Between two numbers of one list.
const JOINS: [&str; 7] = ["and", "or", "to", "&", "+", "-", "plus"];
/// Branches that are known by their name.
const BRANCHES: [&str; 4] = ["main", "master", "trunk", "develop"];
/// What stands behind “on branch” and is none.
const NO_BRANCH: [&str; 12] =
    ["for", "of", "in", "with", "the", "that", "which", "is", "and", "to", "where", "protection"];
/// Words that a path stands behind.
const PATH_WORDS: [&str; 8] = ["in", "under", "inside", "file", "folder", "directory", "dir", "path"];
/// Endings by which a name without a folder is a file's.
const ENDINGS: [&str; 30] = [
    "md", "txt", "rst", "adoc", "pdf", "csv", "json", "jsonl", "toml", "yaml", "yml", "xml", "ini", "cfg",
    "conf", "env", "lock", "log", "sql", "rs", "py", "ts", "tsx", "jsx", "rb", "java", "kt", "sh", "tf",
    "html",
];

/// What numbers are of, as far as it is said.
type Topics = &'static [Topic];

/// Finds all of them.
pub fn find(phrase: &Phrase, takers: &[Taker], fits: &mut Vec<Fit>) {
    let mut look = Look { phrase, takers, fits, last: None };
    for (n, piece) in phrase.pieces.iter().enumerate().filter(|(_, p)| p.key.is_none()) {
        let before = look.fits.len();
        if is_url(&piece.text) {
            look.url(piece);
        } else {
            look.number(n, piece);
            look.path(piece);
            look.branch(piece);
        }
        if piece.quoted && look.fits.len() == before {
            look.add(piece, &piece.text, How::Quoted, |t| t.topic == Topic::Text);
        }
    }
}

struct Look<'a, 'w> {
    phrase: &'a Phrase,
    takers: &'a [Taker<'w>],
    fits: &'a mut Vec<Fit>,
    /// The last number of something, by its piece.
    last: Option<(usize, Topics)>,
}

impl Look<'_, '_> {
    fn add(&mut self, piece: &Piece, text: &str, how: How, takes: impl Fn(&Taker) -> bool) {
        self.add_at(piece, (piece.start, piece.end), text, how, takes);
    }

    fn add_at(
        &mut self,
        piece: &Piece,
        (start, end): (usize, usize),
        text: &str,
        how: How,
        takes: impl Fn(&Taker) -> bool,
    ) {
        let denied = is_denied(self.phrase, piece.words.start);
        for (input, taker) in self.takers.iter().enumerate().filter(|(_, t)| takes(t)) {
            let near = taker.nearness(self.phrase, piece.words.start, piece.words.end);
            self.fits.push(Fit { input, text: text.to_owned(), start, end, how, near, denied });
        }
    }

    /// The words before a piece, nearest first.
    fn said(&self, piece: &Piece) -> [&str; 3] {
        let mut before = self.phrase.before(piece.words.start);
        std::array::from_fn(|_| before.next().unwrap_or_default())
    }

    fn url(&mut self, piece: &Piece) {
        self.add(piece, &piece.text, How::Url, |t| t.topic == Topic::Url);
        for (part, topic) in [
            ("/pull/", Topic::PullRequest),
            ("/merge_requests/", Topic::PullRequest),
            ("/issues/", Topic::Issue),
        ] {
            let Some((head, tail)) = piece.text.split_once(part) else { continue };
            let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
            let start = piece.start + usize::from(piece.quoted) + head.chars().count() + part.len();
            if is_digits(&digits) {
                let place = (start, start + digits.len());
                self.add_at(piece, place, &digits, How::Number, |t| t.topic == topic);
            }
        }
    }

    fn number(&mut self, n: usize, piece: &Piece) {
        if let Some((digits, topics)) = self.reference(n, piece) {
            self.last = Some((n, topics));
            self.add(piece, &digits, How::Number, |t| topics.contains(&t.topic));
            return;
        }
        let text = piece.text.as_str();
        if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && text.parse::<f64>().is_ok() {
            let (first, behind) = (piece.words.start, piece.words.end);
            let phrase = self.phrase;
            self.add(piece, text, How::Number, |t| {
                matches!(t.field.kind, FieldKind::Number { .. }) && t.nearness(phrase, first, behind) > 0
            });
        }
    }

    /// The number of a pull request, an issue, or of something that is not said.
    fn reference(&self, n: usize, piece: &Piece) -> Option<(String, Topics)> {
        let lower = piece.text.to_lowercase();
        let at = lower
            .find(['#', '!', '-'])
            .unwrap_or_else(|| lower.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        let (word, rest) = lower.split_at(at);
        let digits = rest.trim_start_matches(['#', '!', '-']);
        let sign = &rest[..rest.len() - digits.len()];
        let said = self.said(piece);
        if !is_digits(digits) {
            return None;
        }
        let digits = digits.to_owned();
        match (word, sign) {
            ("", "#" | "") => {}
            ("", "!") => return Some((digits, &[Topic::PullRequest])),
            (word, "#" | "-") if ISSUE.contains(&word) => return Some((digits, &[Topic::Issue])),
            (word, "#" | "-" | "") if PULL_REQUEST.contains(&word) => {
                return Some((digits, &[Topic::PullRequest]));
            }
            // PLAT-123, where it is said to be an issue.
            (word, "-") if !word.is_empty() && about(&said) == Some(&[Topic::Issue]) => {
                return Some((piece.text.clone(), &[Topic::Issue]));
            }
            _ => return None,
        }
        let goes_on = || {
            let (last, topics) = self.last?;
            let joined = |p: &Piece| JOINS.contains(&p.text.to_lowercase().as_str());
            let near = last + 1 == n || (last + 2 == n && self.phrase.pieces.get(n - 1).is_some_and(joined));
            near.then_some(topics)
        };
        let bare: Topics = &[Topic::PullRequest, Topic::Issue, Topic::Number];
        let topics = about(&said).or_else(goes_on).or((sign == "#").then_some(bare))?;
        Some((digits, topics))
    }

    fn path(&mut self, piece: &Piece) {
        let said = self.said(piece);
        let is_one = is_path(&piece.text, piece.quoted || PATH_WORDS.contains(&said[0]));
        if is_one {
            self.add(piece, &piece.text, How::Path, |t| t.topic == Topic::Path);
        }
    }

    fn branch(&mut self, piece: &Piece) {
        let text = piece.text.as_str();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
        let letters = text.chars().any(char::is_alphabetic);
        if !text.starts_with(char::is_alphanumeric)
            || !text.chars().all(fits)
            || text.ends_with('/')
            || !letters
        {
            return;
        }
        let lower = text.to_lowercase();
        let known = BRANCHES.contains(&lower.as_str());
        let made_up = known || text.contains(['-', '_', '/']) || text.contains(|c: char| c.is_ascii_digit());
        // `feature/login`, and no path and no EITHER/OR.
        let in_folder = text.contains('/') && !text.contains('.') && *text == lower;
        let from = ["on", "from"];
        let said = self.said(piece);
        let follows = self.phrase.words.get(piece.words.end).is_some_and(|w| w.text == "branch");
        let is_one = match said {
            ["branch", "on" | "from", _] | ["named" | "called", "branch", _] => {
                !NO_BRANCH.contains(&lower.as_str())
            }
            ["branch", ..] => made_up,
            // “The long-lived branch” names none.
            _ if follows => known || in_folder || text.contains(|c: char| c.is_ascii_digit() || c == '_'),
            [before, ..] => from.contains(&before) && (known || in_folder || piece.quoted),
        };
        if is_one {
            let value = if known { lower.as_str() } else { text };
            self.add(piece, value, How::Branch, |t| t.topic == Topic::Branch);
        }
    }
}

/// What the words before a number say that it is of.
fn about(said: &[&str; 3]) -> Option<Topics> {
    let said = if matches!(said[0], "number" | "no" | "nr") { &said[1..] } else { &said[..] };
    match said {
        [word, ..] if PULL_REQUEST.contains(word) => Some(&[Topic::PullRequest]),
        ["request" | "requests", "pull" | "merge", ..] => Some(&[Topic::PullRequest]),
        [word, ..] if ISSUE.contains(word) => Some(&[Topic::Issue]),
        _ => None,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_url(text: &str) -> bool {
    let scheme = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let spaced = text.contains(char::is_whitespace);
    let web = text.split_once("://").is_some_and(|(before, rest)| scheme(before) && !rest.is_empty());
    // git@host:owner/name
    let ssh = text.split_once(':').is_some_and(|(before, rest)| before.contains('@') && rest.contains('/'));
    !spaced && (web || ssh)
}

/// Whether it is the path of a file or folder; `said`: something else speaks for it too.
fn is_path(text: &str, said: bool) -> bool {
    if ["~/", "./", "../"].iter().any(|begin| text.starts_with(begin)) {
        return true;
    }
    let parts: Vec<&str> = text.split('/').collect();
    let named = |part: &&str| part.contains(char::is_alphabetic);
    let ending = parts.last().and_then(|last| last.rsplit_once('.')).map(|(_, ending)| ending.to_lowercase());
    let is_file = ending.is_some_and(|e| ENDINGS.contains(&e.as_str()));
    match parts.as_slice() {
        [_] => is_file && !text.starts_with('.'),
        ["", first, ..] | [first, .., ""] => named(first),
        all => all.iter().any(named) && !all.contains(&"") && (is_file || said),
    }
}
