//! One attempt's output as it grows: fetched in pieces, printed in whole lines, cleaned.

use crate::base::{Result, RunId, SafeText, StepId};
use crate::cli::{Env, link::Link};
use crate::protocol::OutputRange;

/// Bytes fetched at once.
const PIECE: u32 = 256 * 1024;
/// An unfinished line longer than this is printed without waiting for its end.
const LONGEST_WAIT: usize = 16 * 1024;

/// How far one attempt's output has been printed.
pub struct Stream {
    pub step: StepId,
    pub attempt: u32,
    offset: u64,
    /// The beginning of a line whose end has not come yet.
    partial: String,
}

impl Stream {
    pub fn new(step: StepId, attempt: u32) -> Self {
        Self { step, attempt, offset: 0, partial: String::new() }
    }

    /// Prints everything that is there. `last`: nothing more will come, so that an unfinished
    /// line is printed as well.
    pub async fn drain(
        &mut self,
        link: &Link,
        run: &RunId,
        last: bool,
        mut print: impl FnMut(&str),
    ) -> Result<()> {
        loop {
            let range = OutputRange::From { offset: self.offset, bytes: PIECE };
            let chunk = link.output(run, &self.step, self.attempt, range).await?;
            self.partial.push_str(&chunk.text);
            let advanced = chunk.next > self.offset;
            self.offset = chunk.next;
            let whole = match self.partial.rfind('\n') {
                Some(end) => end + 1,
                None if self.partial.len() > LONGEST_WAIT => self.partial.len(),
                None => 0,
            };
            let rest = self.partial.split_off(whole);
            let ready = std::mem::replace(&mut self.partial, rest);
            ready.lines().for_each(&mut print);
            if !advanced || self.offset >= chunk.total {
                if (last || chunk.complete) && !self.partial.is_empty() {
                    print(&std::mem::take(&mut self.partial));
                }
                return Ok(());
            }
        }
    }
}

/// Prints one raw line of output, cleaned; its own colours on a terminal.
pub fn print_line(env: &Env, indent: &str, raw: &str) {
    env.out.block(indent, &SafeText::new(raw));
}
