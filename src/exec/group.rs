//! The process group of a short command: whatever becomes of whoever waits for it, nothing of the group is left.

use rustix::process::{Pid, Signal, kill_process_group};

/// Ends what is left of the group when dropped, at once.
pub struct Group(Option<Pid>);

impl Group {
    /// Of a child that was started as the leader of its own group.
    pub fn of(child: &tokio::process::Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0
            && let Err(error) = kill_process_group(pid, Signal::KILL)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(%error, "a command's processes could not be ended");
        }
    }
}
