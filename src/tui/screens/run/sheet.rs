//! Text for panes and cards, built line by line at a width: prose, labelled fields, scripts.
//! Whatever comes in as `&str` and is not the program's own passes the sanitiser here.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::{Map, Value};

use crate::base::SafeText;
use crate::config::Role;
use crate::run::{EvidenceKind, Opened, Work};
use crate::tui::look::Look;
use crate::tui::screens::run::rows;
use crate::tui::widgets::text::{untrusted, wrap};
use crate::workflow::{Reference, secret};

/// Cells of a label, its gap included.
const LABEL: usize = 12;
/// Lines of a file or a script that a pane shows before it says how many more there are.
pub const PREVIEW: usize = 40;

/// Lines that are being put together.
pub struct Sheet<'a> {
    pub look: &'a Look,
    pub width: usize,
    pub lines: Vec<Line<'static>>,
    /// What is told has begun already, rather than being about to.
    pub began: bool,
}

impl<'a> Sheet<'a> {
    pub fn new(look: &'a Look, width: usize) -> Self {
        Self { look, width: width.max(1), lines: Vec::new(), began: false }
    }

    /// A free line, unless there is one already or nothing before it.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|l| l.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A line that is wrapped, later lines `indent` cells in.
    pub fn line(&mut self, line: Line<'static>, indent: usize) {
        self.lines.extend(wrap(&line, self.width, indent));
    }

    /// Prose of unknown origin, its paragraphs kept.
    pub fn prose(&mut self, text: &str, style: Style) {
        for line in SafeText::new(text).plain().trim_end().lines() {
            self.line(Line::styled(line.to_owned(), style), 0);
        }
    }

    /// A dim label and what it says; several lines stand below each other.
    pub fn field(&mut self, label: &'static str, text: &str, style: Style) {
        let plain = SafeText::new(text).plain();
        for (n, line) in plain.trim_end().lines().enumerate() {
            self.labelled(if n == 0 { label } else { "" }, vec![Span::styled(line.to_owned(), style)]);
        }
    }

    /// The same with spans, which are safe already.
    pub fn labelled(&mut self, label: &'static str, spans: Vec<Span<'static>>) {
        let pad = if self.width >= 3 * LABEL { LABEL } else { label.len() + 1 };
        let mut all = vec![Span::styled(format!("{label:<pad$}"), self.look.muted())];
        all.extend(spans);
        self.line(Line::from(all), pad);
    }

    pub fn heading(&mut self, text: &'static str) {
        self.gap();
        self.lines.push(Line::styled(text, self.look.heading()));
    }

    /// A script as it will be handed to the shell: nothing of it is changed or left out, but what
    /// cannot be shown is told.
    pub fn script(&mut self, label: Option<&'static str>, script: &str, limit: usize) {
        let plain = exact(script);
        let count = plain.lines().count();
        for (n, line) in plain.lines().take(limit).enumerate() {
            let line = Span::styled(line.to_owned(), self.look.text());
            if let Some(label) = label {
                self.labelled(if n == 0 { label } else { "" }, vec![line]);
            } else {
                let lead = Span::styled(if n == 0 { "$ " } else { "  " }, self.look.accent());
                self.line(Line::from(vec![lead, line]), 2);
            }
        }
        if count > limit {
            let more = format!("  {} more lines", count - limit);
            self.lines.push(Line::styled(more, self.look.muted()));
        }
        self.unseen(script);
    }

    /// Says so where a text holds what a screen cannot show.
    fn unseen(&mut self, text: &str) {
        let count = hidden(text);
        if count > 0 {
            let told = if count == 1 { "1 character".to_owned() } else { format!("{count} characters") };
            let told = format!("It holds {told} that cannot be shown as they are.");
            self.line(Line::styled(told, self.look.style(Role::Warning)), 0);
        }
    }

    fn values(&mut self, values: &Map<String, Value>) {
        for (n, (name, value)) in values.iter().enumerate() {
            let text = plain(value);
            let label = if n == 0 { "with" } else { "" };
            self.labelled(
                label,
                vec![
                    untrusted(name, self.look.text()),
                    Span::styled(" = ", self.look.muted()),
                    untrusted(&exact(&text).replace('\n', "⏎"), self.look.text()),
                ],
            );
            self.unseen(&text);
        }
    }

    fn expects(&mut self, expects: Option<&str>) {
        if let Some(expects) = expects {
            self.field("expects", expects, self.look.text());
        }
    }

    /// What an approval lets happen, step by step.
    pub fn opened(&mut self, opens: &[Opened], limit: usize) {
        if opens.is_empty() {
            let none = "It opens no automatic step: the next one is done by a person, or decided later.";
            self.line(Line::styled(none, self.look.muted()), 0);
        }
        for (n, opened) in opens.iter().enumerate() {
            if opens.len() > 1 {
                if n > 0 {
                    self.gap();
                }
                self.field("opens", opened.step.as_str(), self.look.strong());
            }
            self.work(&opened.work, limit);
        }
    }

    fn verb(&self, will: &'static str, does: &'static str) -> &'static str {
        if self.began { does } else { will }
    }

    /// What a try does, with every value filled in: the thing itself, not a summary of it.
    pub fn work(&mut self, work: &Work, limit: usize) {
        let look = self.look;
        match work {
            Work::Run { script, shell, env, secrets, cwd, done_exits, expects, .. } => {
                self.script(Some(self.verb("will run", "runs")), script, limit);
                if shell.iter().map(String::as_str).ne(["sh", "-c"]) {
                    self.field("by", &shell.join(" "), look.subtext());
                }
                let secrets = secrets.iter().map(|(name, reference)| (name, secret::masked(reference)));
                let shown = env.iter().map(|(name, value)| (name, String::clone(value))).chain(secrets);
                for (n, (name, value)) in shown.enumerate() {
                    let label = if n == 0 { "with" } else { "" };
                    self.labelled(
                        label,
                        vec![
                            untrusted(name, look.text()),
                            Span::styled(" = ", look.muted()),
                            untrusted(&exact(&value).replace('\n', "⏎"), look.text()),
                        ],
                    );
                    self.unseen(&value);
                }
                if !cwd.is_empty() {
                    self.field("in", cwd, look.text());
                }
                if !done_exits.is_empty() {
                    let codes: Vec<String> = done_exits.iter().map(ToString::to_string).collect();
                    self.field("done on", &format!("exit {}", codes.join(", ")), look.subtext());
                }
                self.expects(expects.as_deref());
            }
            Work::Call { server, tool, arguments, expects } => {
                self.field(self.verb("will call", "calls"), &format!("{server}.{tool}"), look.text());
                self.values(arguments);
                self.expects(expects.as_deref());
            }
            Work::Agent { agent, persona, prompt, expects, by_command } => {
                let how = if *by_command { self.verb("will ask", "asks") } else { "in place of" };
                self.field(how, agent, look.text());
                self.expects(expects.as_deref());
                if !persona.is_empty() {
                    self.gap();
                    self.preview(persona, limit);
                }
                self.gap();
                self.preview(prompt, limit);
            }
            Work::Workflow { workflow, inputs, run } => {
                self.field(self.verb("will start", "started"), workflow.as_str(), look.text());
                self.values(inputs);
                // Before a try has a number its run has no id.
                if self.began && !run.as_str().is_empty() {
                    self.field("as run", run.short(), look.subtext());
                }
            }
            Work::Rollback { run } => {
                let how = self.verb("will roll back", "rolls back");
                self.field(how, &format!("run {}", run.short()), look.text());
            }
            Work::ForEach { items } => {
                self.field("goes through", &format!("{} items", items.len()), look.text());
                for (n, item) in items.iter().enumerate().take(limit) {
                    let lead = Span::styled(format!("{:>3}. ", n + 1), look.muted());
                    self.line(Line::from(vec![lead, untrusted(&rows::item_name(item), look.subtext())]), 5);
                }
            }
            Work::Write { path, content, overwrite } => {
                self.field(self.verb("will write", "writes"), path, look.text());
                let note = if *overwrite {
                    "replaces the file where it exists"
                } else {
                    "only where no file is yet"
                };
                self.labelled("", vec![Span::styled(note, look.muted())]);
                self.gap();
                self.preview(content, limit);
            }
            Work::Manual | Work::Ask | Work::Approve { .. } | Work::Unresolved => {}
        }
    }

    /// A file's content.
    pub fn preview(&mut self, content: &str, limit: usize) {
        let plain = exact(content);
        let bar = Span::styled(self.look.glyph("▏ ", "| "), self.look.style(Role::Border));
        for line in plain.lines().take(limit) {
            self.line(Line::from(vec![bar.clone(), Span::styled(line.to_owned(), self.look.subtext())]), 2);
        }
        let count = plain.lines().count();
        if count > limit {
            self.lines.push(Line::styled(format!("  {} more lines", count - limit), self.look.muted()));
        }
        self.unseen(content);
    }
}

/// A value as it stands: text without quotation marks, a secret by where it comes from.
pub fn plain(value: &Value) -> String {
    match Reference::of(value) {
        Some(reference) => reference.shown(),
        None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// A text that somebody decides about, safe to show, with every control character as its visible
/// picture: an escape or a carriage return must not hide what stands before it.
pub fn exact(text: &str) -> String {
    let picture = |c: char| match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let text: String = text.replace("\r\n", "\n").trim_end().chars().map(picture).collect();
    SafeText::new(&text).plain()
}

/// How many characters `exact` leaves out, because nothing shows them.
fn hidden(text: &str) -> usize {
    let count = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    count(&text.replace("\r\n", "\n").replace('\r', "_")).saturating_sub(count(&exact(text)))
}

/// What kind of evidence it is, in a word.
pub fn evidence_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Note => "note",
        EvidenceKind::Link => "link",
        EvidenceKind::File => "file",
        EvidenceKind::Output => "output",
        EvidenceKind::Decision => "decision",
        EvidenceKind::Run => "run",
        EvidenceKind::Answer => "answers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_counted() {
        assert_eq!(hidden("echo one\n\techo two\n"), 0);
        assert_eq!(hidden("echo \u{202e}one"), 1);
        assert_eq!(exact("rm -r x\recho \u{1b}[31mone\u{7}\n"), "rm -r x␍echo ␛[31mone␇");
        assert_eq!(hidden("rm -r x\recho \u{1b}[31mone\u{7}"), 0);
    }
}
