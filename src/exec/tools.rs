//! What the settings say of steps' work, looked up before each job.

use std::sync::{Arc, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::{Executor, Helper, blocking, spill};
use crate::base::Error;
use crate::config::{Agent, Server, Settings};

/// Blocks.
pub type Lookup = dyn Fn() -> Result<Tools, Error> + Send + Sync;

/// What the settings say of steps' work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub agents: IndexMap<String, Agent>,
    pub servers: IndexMap<String, Server>,
    /// How large a spill file becomes, in bytes.
    pub output_limit: u64,
}

impl Tools {
    pub fn of(settings: &Settings) -> Self {
        Self {
            agents: settings.agents.clone(),
            servers: settings.servers.clone(),
            output_limit: (settings.limits.output_mib as u64) << 20,
        }
    }
}

impl Default for Tools {
    fn default() -> Self {
        Self { agents: IndexMap::new(), servers: IndexMap::new(), output_limit: spill::LIMIT }
    }
}

impl Executor {
    /// Which agents, servers and limits there are from now on; what works goes on as it began.
    pub(super) fn equip(&self, tools: Tools) {
        let former = std::mem::replace(&mut *self.tools_mut(), Arc::new(tools.clone()));
        for (name, server) in &former.servers {
            if tools.servers.get(name) != Some(server) {
                self.shared.breakers.forget(&Helper::Server(name.clone()));
                self.shared.old_servers.forget(name);
            }
        }
        for (name, agent) in &former.agents {
            if tools.agents.get(name) != Some(agent) {
                self.shared.breakers.forget(&Helper::Agent(name.clone()));
            }
        }
    }

    pub(super) fn tools(&self) -> Arc<Tools> {
        Arc::clone(&self.tools_mut())
    }

    /// The tools as the settings have them now. Where these cannot be read, the former ones and the reason.
    pub(super) async fn tools_now(&self) -> (Arc<Tools>, Option<Error>) {
        let executor = self.clone();
        let looked = blocking(move || executor.shared.settings.as_ref().map(|lookup| lookup())).await;
        let error = match looked {
            Some(Ok(tools)) => {
                if *self.tools() != tools {
                    self.equip(tools);
                }
                None
            }
            Some(Err(error)) => Some(error),
            None => None,
        };
        (self.tools(), error)
    }

    pub(super) fn tools_mut(&self) -> MutexGuard<'_, Arc<Tools>> {
        self.shared.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
