//! YAML text → a tree of nodes that know where they stand. What a workflow means is not known
//! here; what a file may cost is: depth, number of values, duplicate keys, no tags.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Number;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle};

use super::report::Sink;

/// Collections within collections.
pub(super) const DEPTH_LIMIT: usize = 64;

/// Values of one file, those that anchors stand for counted each time.
pub(super) const NODE_LIMIT: usize = 50_000;

/// So many bytes of text count as one more value, so that a long text cannot be multiplied for nothing.
const TEXT_WEIGHT: usize = 100;

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Bytes of the source.
    pub span: Range<usize>,
    pub shape: Shape,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Mapping(Entries),
}

/// A mapping, in the order of the file.
pub(super) type Entries = Vec<(Key, Node)>;

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub text: String,
    pub span: Range<usize>,
}

impl Node {
    /// What it is, as an error message says it.
    pub(super) fn found(&self) -> String {
        match &self.shape {
            Shape::Null => "nothing".to_owned(),
            Shape::Boolean(value) => format!("the boolean {value}"),
            Shape::Number(value) => format!("the number {value}"),
            Shape::Text(_) => "text".to_owned(),
            Shape::List(_) => "a list".to_owned(),
            Shape::Mapping(_) => "a mapping".to_owned(),
        }
    }

    /// The value of a mapping's key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.shape {
            Shape::Mapping(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// The one document of the file. `None`: it could not be read, and the sink says why.
pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Option<Node> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        length: text.len(),
        anchors: HashMap::new(),
        nodes: 0,
        sink,
    };
    reader.document().ok()
}

/// The file cannot be read any further; the sink knows why.
struct Stop;

struct Reader<'t, 's, 'a> {
    events: Parser<'t, granit_parser::StrInput<'t>>,
    length: usize,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    sink: &'s mut Sink<'a>,
}

impl<'t> Reader<'t, '_, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    self.sink.error(
                        &span,
                        "a second YAML document begins here",
                        "A file holds one workflow: move this one into a file of its own, or remove the `---`",
                    );
                    return Err(Stop);
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, 0)?.0),
            }
        }
        match root {
            Some(root) if !matches!(root.shape, Shape::Null) => Ok(root),
            _ => {
                self.sink.error(
                    &(0..0),
                    "the file holds no workflow: it is empty",
                    "A workflow has at least `id`, `name`, `trigger_phrases`, `scope` and `steps`",
                );
                Err(Stop)
            }
        }
    }

    /// The next event that carries data.
    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Stop> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Anchor(..), _))) => {}
                Some(Ok((event, span))) => {
                    return Ok((event, span.byte_range().unwrap_or(self.length..self.length)));
                }
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(self.length).min(self.length);
                    // The scanner looks ahead and may meet its own limit before ours.
                    if matches!(error.kind(), granit_parser::ErrorKind::RecursionLimitExceeded) {
                        return Err(self.too_deep(&(at..at)));
                    }
                    self.sink.error(
                        &(at..at),
                        format!("this is no valid YAML: {}", error.info()),
                        hint(&error),
                    );
                    return Err(Stop);
                }
                None => return Ok((Event::StreamEnd, self.length..self.length)),
            }
        }
    }

    /// A node and how many values it holds.
    fn node(&mut self, event: Event<'t>, span: Range<usize>, depth: usize) -> Result<(Node, usize), Stop> {
        if depth > DEPTH_LIMIT {
            return Err(self.too_deep(&span));
        }
        self.count(1, &span)?;
        let (node, size, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                let size = 1 + text.len() / TEXT_WEIGHT;
                let shape =
                    if style == ScalarStyle::Plain { plain(&text) } else { Shape::Text(text.into_owned()) };
                (Node { span, shape }, size, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                let mut items = Vec::new();
                let mut size = 1;
                let end = loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break at.start;
                    }
                    let (item, inner) = self.node(event, at, depth + 1)?;
                    size += inner;
                    items.push(item);
                };
                (Node { span: span.start..end.max(span.end), shape: Shape::List(items) }, size, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span);
                let (entries, size, end) = self.entries(depth)?;
                (Node { span: span.start..end.max(span.end), shape: Shape::Mapping(entries) }, size, anchor)
            }
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    self.sink.error(
                        &span,
                        "this alias stands inside the very value that it names",
                        "Write the value out",
                    );
                    return Err(Stop);
                };
                self.count(size, &span)?;
                (Node { span, shape: node.shape }, size, 0)
            }
            other => {
                self.sink.error(&span, format!("unexpected YAML here: {other:?}"), "");
                return Err(Stop);
            }
        };
        if anchor != 0 {
            // A named value is kept once more, which costs as well.
            self.count(size, &node.span)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok((node, size))
    }

    /// The entries of a mapping that has just begun, how many values they hold, and where it ends.
    fn entries(&mut self, depth: usize) -> Result<(Entries, usize, usize), Stop> {
        let mut entries: Entries = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut size = 1;
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((entries, size, at.start));
            }
            let key = match event {
                Event::Scalar(text, ..) => Some(Key { text: text.into_owned(), span: at }),
                other => {
                    self.node(other, at.clone(), depth + 1)?;
                    self.sink.error(
                        &at,
                        "a key must be plain text",
                        "Write `key: value`; put text with `{` or `[` in quotes",
                    );
                    None
                }
            };
            let (event, at) = self.next()?;
            let (value, inner) = self.node(event, at, depth + 1)?;
            size += inner;
            let Some(key) = key else { continue };
            if let Some(first) = seen.get(&key.text) {
                let line = self.sink.line(*first);
                self.sink.error(
                    &key.span,
                    format!("duplicate key `{}`", key.text),
                    format!("It is already given on line {line}: keep one of the two"),
                );
                continue;
            }
            if key.text == "<<" {
                self.sink.error(&key.span, "merge keys (`<<`) are not supported", "Write the keys out");
                continue;
            }
            seen.insert(key.text.clone(), key.span.start);
            entries.push((key, value));
        }
    }

    fn too_deep(&mut self, span: &Range<usize>) -> Stop {
        self.sink.error(
            span,
            format!("lists and mappings are nested more than {DEPTH_LIMIT} deep here"),
            "A workflow needs a depth of about six",
        );
        Stop
    }

    fn count(&mut self, more: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes <= NODE_LIMIT {
            return Ok(());
        }
        self.sink.error(
            span,
            format!("the file stands for more than {NODE_LIMIT} values"),
            "Aliases (`*name`) count each time they are used: write what you need, and split large workflows",
        );
        Err(Stop)
    }

    fn refuse_tag(&mut self, tagged: bool, span: &Range<usize>) {
        if tagged {
            self.sink.error(
                span,
                "YAML tags (`!…`) are not supported",
                "Remove the tag; text that begins with `!` needs quotes",
            );
        }
    }
}

/// What an unquoted scalar means in YAML 1.2: `yes` and `no` are text.
pub(super) fn plain(text: &str) -> Shape {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Shape::Null,
        "true" | "True" | "TRUE" => return Shape::Boolean(true),
        "false" | "False" | "FALSE" => return Shape::Boolean(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        // 007 is a name somebody wrote, hardly the number 7.
        && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."));
    if numeric {
        if let Ok(whole) = text.parse::<i64>() {
            return Shape::Number(whole.into());
        }
        if let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64) {
            return Shape::Number(number);
        }
    }
    Shape::Text(text.to_owned())
}

fn hint(error: &granit_parser::ScanError) -> &'static str {
    let info = error.info();
    if info.contains("mapping values are not allowed") {
        "Text that holds `: ` needs quotes around it"
    } else if info.contains("tab") {
        "Indent with spaces"
    } else if info.contains("anchor") {
        "Text that begins with `*` or `&` needs quotes"
    } else {
        "Look at the indentation and the quotes of this line and the one before"
    }
}
