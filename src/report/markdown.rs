//! A session summary as the Markdown file that the next person, or the next assistant, reads
//! first. Sections without content are left out, but for those that a successor looks for.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::base::{Millis, Timestamp};
use crate::report::content::{DecisionPart, Entry, GitPart, RunPart, StepPart, Summary, When, count};
use crate::report::deviation::Deviation;
use crate::report::escape::{code, fenced, inline, paragraphs};
use crate::workflow::SummarySection;

/// The whole document. Times are shown in `zone`, which the document names.
pub fn render(summary: &Summary, zone: &TimeZone) -> String {
    let mut page = Page { text: String::new(), opened: summary.session.opened_at.0, zone };
    page.head(summary);
    page.executive(summary);
    page.done(&summary.runs);
    page.deviations(&summary.deviations);
    page.decisions(summary);
    page.section(summary, SummarySection::Architecture, "System Architecture", None);
    page.section(summary, SummarySection::Features, "Implemented Tools and Features", None);
    page.section(summary, SummarySection::Configuration, "Key Configuration Details", None);
    page.section(
        summary,
        SummarySection::Testing,
        "Testing Results",
        Some("No tests were recorded in this session."),
    );
    page.git(summary.git.as_ref());
    page.section(
        summary,
        SummarySection::Issues,
        "Known Issues & Gotchas",
        Some("None were recorded in this session."),
    );
    page.next(summary);
    page.commands(summary);
    page.notes(summary);
    let mut text = page.text;
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

struct Page<'a> {
    text: String,
    opened: Timestamp,
    zone: &'a TimeZone,
}

impl Page<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// A paragraph, a list or a fence, with a blank line after it.
    fn part(&mut self, part: impl AsRef<str>) {
        self.line(part);
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str) {
        self.part(format!("## {title}"));
    }

    fn at(&self, at: Timestamp, format: &str) -> String {
        jiff::Timestamp::from_millisecond(at.0)
            .map_or_else(|_| at.0.to_string(), |t| t.to_zoned(self.zone.clone()).strftime(format).to_string())
    }

    fn minute(&self, at: When) -> String {
        self.at(at.0, "%Y-%m-%d %H:%M")
    }

    /// The clock alone on the day that the session was opened; the date as well on any other.
    fn short(&self, at: When) -> String {
        let day = |at: Timestamp| self.at(at, "%F");
        if day(at.0) == day(self.opened) { self.at(at.0, "%H:%M") } else { self.minute(at) }
    }

    fn head(&mut self, summary: &Summary) {
        let head = &summary.session;
        self.part(format!("# Session Summary: {}", inline(&head.name)));
        let first = summary.sections.get(&SummarySection::ReadFirst);
        self.part(
            "**Read this file first.** It tells what was done, where things stand and what comes next.",
        );
        for entry in first.into_iter().flatten() {
            self.entry(entry);
        }
        let ended =
            head.ended_at.map_or_else(|| "still open".to_owned(), |at| format!("ended {}", self.minute(at)));
        let zone = self.at(head.made_at.0, "%Z");
        self.line(format!("- Person: {}", inline(&head.person)));
        self.line(format!("- Dates: opened {}, {ended} (times are {zone})", self.minute(head.opened_at)));
        self.line(format!("- Duration: {}", head.duration_ms));
        self.line(format!("- Folder: {}", code(&head.folder)));
        self.part(format!("- Written: {}", self.minute(head.made_at)));
    }

    fn executive(&mut self, summary: &Summary) {
        self.heading("Executive Summary");
        for entry in summary.sections.get(&SummarySection::Executive).into_iter().flatten() {
            self.entry(entry);
        }
        self.part(inline(&summary.overview));
    }

    fn done(&mut self, runs: &[RunPart]) {
        self.heading("What Was Done");
        if runs.is_empty() {
            self.part("No workflow was run.");
        }
        for run in runs {
            self.run(run);
        }
    }

    fn run(&mut self, run: &RunPart) {
        self.part(format!(
            "### {} {}, version {}: {}",
            inline(&run.workflow),
            inline(&run.name),
            run.version,
            run.status
        ));
        let ended =
            run.ended_at.map_or_else(|| "not over".to_owned(), |at| format!("over {}", self.minute(at)));
        let short = run.run.get(..crate::base::id::SHORT).unwrap_or(&run.run);
        self.line(format!(
            "- Run {short}, started {} by {}, {ended}",
            self.minute(run.started_at),
            inline(&run.started_by)
        ));
        let mut times = format!("- Work {}, waiting for people {}", run.work_ms, run.waiting_ms);
        for (length, what) in [(run.retry_ms, "waiting to try again"), (run.paused_ms, "paused")] {
            if length > Millis::ZERO {
                let _ = write!(times, ", {what} {length}");
            }
        }
        self.line(times);
        if let Some(phrase) = &run.phrase {
            self.line(format!("- Asked for as: {}", code(phrase)));
        }
        if !run.inputs.is_empty() {
            let inputs: Vec<String> = run
                .inputs
                .iter()
                .map(|(name, value)| format!("{} = {}", inline(name), code(value)))
                .collect();
            self.line(format!("- Inputs: {}", inputs.join(", ")));
        }
        self.text.push('\n');
        for (place, step) in run.steps.iter().enumerate() {
            self.step(place + 1, step);
        }
        self.text.push('\n');
    }

    fn step(&mut self, number: usize, step: &StepPart) {
        let mut head =
            format!("{number}. {} {}: **{}**", glyph(step.status), step.status, inline(&step.title));
        let by = step.by.as_deref().map(|by| format!("by {}", inline(by)));
        let at = step.at.map(|at| self.short(at));
        let tries = (step.attempts > 1).then(|| format!("{} attempts", step.attempts));
        let unverified = step.unverified.then(|| "unverified".to_owned());
        let facts: Vec<String> = [by, at, tries, unverified].into_iter().flatten().collect();
        if !facts.is_empty() {
            let _ = write!(head, " ({})", facts.join(", "));
        }
        self.line(head);
        let indent = " ".repeat(number.to_string().len() + 2);
        if let Some(detail) = &step.detail {
            self.item(&indent, "", detail);
        }
        for (kind, text) in &step.evidence {
            self.item(&indent, &format!("evidence, {kind}: "), text);
        }
        for (question, answer) in &step.answers {
            self.item(&indent, &format!("{} ", inline(question)), answer);
        }
        for (name, value) in &step.outputs {
            self.item(&indent, &format!("{} = ", inline(name)), value);
        }
        for action in &step.unticked {
            self.item(&indent, "not ticked: ", action);
        }
    }

    /// One line under a step; a text of several goes into a fence.
    fn item(&mut self, indent: &str, label: &str, text: &str) {
        if text.contains('\n') {
            self.line(format!("{indent}- {}", label.trim_end()));
            self.line(fenced(text, "text", &format!("{indent}  ")));
        } else {
            self.line(format!("{indent}- {label}{}", inline(text)));
        }
    }

    fn deviations(&mut self, deviations: &[Deviation]) {
        if deviations.is_empty() {
            return;
        }
        self.heading("What Deviated");
        for deviation in deviations {
            let step = deviation.step.as_deref().map_or(String::new(), |s| format!(", **{}**", inline(s)));
            self.line(format!(
                "- {} {}{step}: {}",
                self.short(deviation.at),
                inline(&deviation.workflow),
                inline(&deviation.text)
            ));
        }
        self.text.push('\n');
    }

    fn decisions(&mut self, summary: &Summary) {
        let written = summary.sections.get(&SummarySection::Decisions);
        if summary.decisions.is_empty() && written.is_none_or(Vec::is_empty) {
            return;
        }
        self.heading("Decisions");
        for DecisionPart { at, by, workflow, question, decision, reason } in &summary.decisions {
            let why = reason.as_deref().map_or(String::new(), |r| format!(" ({})", inline(r)));
            self.line(format!(
                "- {} {}: {} **{}** by {}{why}",
                self.short(*at),
                inline(workflow),
                inline(question),
                inline(decision),
                inline(by)
            ));
        }
        if !summary.decisions.is_empty() {
            self.text.push('\n');
        }
        for entry in written.into_iter().flatten() {
            self.entry(entry);
        }
    }

    /// `otherwise`: what is said where nothing was recorded; without it the section is left out.
    fn section(&mut self, summary: &Summary, section: SummarySection, title: &str, otherwise: Option<&str>) {
        let entries = summary.sections.get(&section).map_or(&[][..], Vec::as_slice);
        match (entries, otherwise) {
            ([], None) => {}
            ([], Some(sentence)) => {
                self.heading(title);
                self.part(sentence);
            }
            (entries, _) => {
                self.heading(title);
                for entry in entries {
                    self.entry(entry);
                }
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let result = entry.result.as_deref().map_or(String::new(), |r| format!(", {}", inline(r)));
        let source = format!(
            "**{}** ({}, {}{result})",
            inline(&entry.label),
            inline(&entry.workflow),
            inline(&entry.by)
        );
        self.part(source);
        if entry.text.is_empty() {
            self.part("It printed nothing.");
        } else if entry.output {
            self.part(fenced(&entry.text, "text", ""));
        } else {
            self.part(paragraphs(&entry.text));
        }
    }

    fn git(&mut self, git: Option<&GitPart>) {
        self.heading("Git State");
        let Some(git) = git else {
            self.part("The folder is no git working tree.");
            return;
        };
        self.line(format!(
            "- Branch: {}",
            if git.branch.is_empty() { "none (detached)".to_owned() } else { code(&git.branch) }
        ));
        let diff = git.diff.as_deref().map_or(String::new(), |d| format!(" ({})", inline(d)));
        match git.commits.as_slice() {
            [] => self.line("- No commits in this session"),
            commits => {
                self.line(format!("- {} in this session{diff}:", count(commits.len(), "commit")));
                for (hash, subject) in commits {
                    self.line(format!("  - {} {}", code(hash), inline(subject)));
                }
            }
        }
        match git.uncommitted.as_slice() {
            [] => self.line("- Nothing is uncommitted"),
            changes => {
                self.line(format!("- {} not committed:", count(changes.len(), "change")));
                for change in changes {
                    self.line(format!("  - {}", code(change)));
                }
            }
        }
        self.part(match git.unpushed {
            None => "- The branch has no upstream: nothing is pushed".to_owned(),
            Some(0) => "- Everything is pushed".to_owned(),
            Some(n) => format!("- {} not pushed", count(n as usize, "commit")),
        });
    }

    fn next(&mut self, summary: &Summary) {
        self.heading("What's Next");
        let entries = summary.sections.get(&SummarySection::Next).map_or(&[][..], Vec::as_slice);
        for entry in entries {
            self.entry(entry);
        }
        if !summary.unfinished.is_empty() {
            self.part("Runs that are not over:");
            for run in &summary.unfinished {
                self.line(format!("- {}", inline(run)));
            }
            self.text.push('\n');
        } else if entries.is_empty() {
            self.part("Nothing was recorded, and every run is over.");
        }
    }

    fn commands(&mut self, summary: &Summary) {
        let Some(entries) = summary.sections.get(&SummarySection::Commands).filter(|e| !e.is_empty()) else {
            return;
        };
        self.heading("Quick Reference Commands");
        for entry in entries {
            self.part(format!(
                "**{}** ({}, {})",
                inline(&entry.label),
                inline(&entry.workflow),
                inline(&entry.by)
            ));
            self.part(fenced(&without_fence(&entry.text), if entry.output { "text" } else { "sh" }, ""));
        }
    }

    fn notes(&mut self, summary: &Summary) {
        let entries = summary.sections.get(&SummarySection::Notes).map_or(&[][..], Vec::as_slice);
        if summary.notes.is_empty() && entries.is_empty() {
            return;
        }
        self.heading("Important Notes for AI Continuation");
        for entry in entries {
            self.entry(entry);
        }
        if summary.notes.is_empty() {
            return;
        }
        self.part("Notes taken on the way:");
        for note in &summary.notes {
            let about = note.about.as_deref().map_or(String::new(), |a| format!(", on {}", inline(a)));
            self.item("", &format!("{} {}{about}: ", self.short(note.at), inline(&note.by)), &note.text);
        }
        self.text.push('\n');
    }
}

/// Commands that were written in a fence already need no second one.
fn without_fence(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.as_slice() {
        [first, inner @ .., "```"]
            if first.starts_with("```") && !inner.iter().any(|l| l.starts_with("```")) =>
        {
            inner.join("\n")
        }
        _ => text.to_owned(),
    }
}

fn glyph(status: &str) -> &'static str {
    match status {
        "done" => "✓",
        "failed" => "✗",
        "waiting" => "▲",
        "running" => "▶",
        "skipped" => "–",
        "uncertain" => "?",
        "cancelled" => "⊘",
        _ => "·",
    }
}
