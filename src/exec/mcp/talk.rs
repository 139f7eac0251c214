//! One conversation: hello, which tools are there, this one with these arguments, goodbye.
//!
//! The protocol of 2026-07-28 is tried first (`server/discover`), then that of 2025-11-25 and earlier (`initialize`).
//! Nothing is offered to the server: it cannot ask back for anything.

use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig, ErrorCode, Implementation,
    PaginatedRequestParams, ProtocolVersion, Tool,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt as _, RunningService, ServiceError,
};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::{Heard, Lines};
use super::{Answer, schema};
use crate::base::SafeLine;

/// How many pages of tools are asked for.
const PAGES: usize = 100;

/// How many tools are named where one is missing.
const NAMED: usize = 10;

const QUOTE: usize = 300;

pub struct Request<'c> {
    pub tool: &'c str,
    pub arguments: &'c Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// The newest protocol, or an older one if the server knows no other.
    Newest,
    /// The one that begins with `initialize`.
    Old,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It went away before it had said hello. Some old servers do when they are asked something else first.
    Gone,
    /// It went away before it had answered.
    Left,
    /// It is not well: it gave no answer, or none that can be read.
    Silent(String),
    /// It is well, and this cannot be called.
    Refused(String),
}

/// The whole conversation, and whether the server speaks an old protocol.
pub async fn talk<R, W>(
    (output, input): (R, W),
    heard: &Heard,
    request: &Request<'_>,
    lifecycle: Lifecycle,
) -> Result<(Answer, Lifecycle), Trouble>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let silent = |what: String| Trouble::Silent(beside(what, heard));
    let lines = Lines::new(output, heard.clone());
    let hello = client().serve_with_lifecycle((lines, input), mode(lifecycle)).await;
    let mut service = match hello {
        Ok(service) => service,
        Err(error) if is_gone(&error) && !heard.too_long() && heard.noise().is_none() => {
            return Err(Trouble::Gone);
        }
        Err(error) => return Err(silent(format!("it does not speak MCP: {}", short(&error.to_string())))),
    };
    let spoken = match service.peer().peer_info() {
        Some(info) if !info.protocol_version.has_initialize() => Lifecycle::Newest,
        _ => Lifecycle::Old,
    };
    let answer = ask(&service, request).await.map_err(|trouble| match trouble {
        Trouble::Silent(what) => silent(what),
        Trouble::Left if heard.too_long() => silent(String::new()),
        other => other,
    });
    // Its input is closed with this: a server ends then by itself.
    if let Err(error) = service.close().await {
        tracing::debug!(%error, "a conversation with an MCP server did not end well");
    }
    answer.map(|answer| (answer, spoken))
}

fn is_gone(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. } => true,
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => is_gone(fallback),
        _ => false,
    }
}

fn client() -> ClientConfig {
    let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

fn mode(lifecycle: Lifecycle) -> ClientLifecycleMode {
    match lifecycle {
        Lifecycle::Newest => ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        },
        Lifecycle::Old => ClientLifecycleMode::Initialize,
    }
}

async fn ask(
    service: &RunningService<RoleClient, ClientConfig>,
    request: &Request<'_>,
) -> Result<Answer, Trouble> {
    let tool = find(service, request.tool).await?;
    match schema::faults(&tool.input_schema, request.arguments) {
        Ok(faults) if faults.is_empty() => {}
        Ok(faults) => {
            let takes = schema::takes(&tool.input_schema);
            let faults = faults.join("; ");
            return Err(Trouble::Refused(format!("its arguments do not fit: {faults}. It takes {takes}")));
        }
        Err(why) => {
            tracing::warn!(tool = request.tool, why, "a tool's schema cannot be used, its server will judge");
        }
    }
    let params =
        CallToolRequestParams::new(request.tool.to_owned()).with_arguments(request.arguments.clone());
    match service.peer().call_tool_once(params).await {
        Ok(CallToolResponse::Complete(result)) => Ok(result.into()),
        Ok(CallToolResponse::InputRequired(_)) => Err(Trouble::Refused(
            "it asks back, which a step cannot answer; give it all it needs under `with`".to_owned(),
        )),
        Ok(_) => Err(Trouble::Refused(
            "it answers with a task to be looked after, which a step cannot do".to_owned(),
        )),
        Err(error) => Err(trouble(error)),
    }
}

async fn find(service: &RunningService<RoleClient, ClientConfig>, name: &str) -> Result<Tool, Trouble> {
    let mut names: Vec<String> = Vec::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let params = PaginatedRequestParams::default().with_cursor(cursor);
        let page = match service.peer().list_tools(Some(params)).await {
            Ok(page) => page,
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                return Err(Trouble::Refused("its server offers no tools".to_owned()));
            }
            Err(error) => return Err(trouble(error)),
        };
        for tool in page.tools {
            if tool.name == name {
                return Ok(tool);
            }
            names.push(tool.name.into_owned());
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Err(Trouble::Refused(missing(name, &names)))
}

fn missing(name: &str, names: &[String]) -> String {
    if names.is_empty() {
        return "its server offers no tools".to_owned();
    }
    let near = names
        .iter()
        .map(|other| (strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(near, _)| *near > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, near)) = near {
        return format!("its server has no such tool; did you mean {}?", SafeLine::new(near).as_str());
    }
    let mut told: Vec<&str> = names.iter().map(String::as_str).collect();
    told.sort_unstable();
    let more = told.len().saturating_sub(NAMED);
    told.truncate(NAMED);
    let told = short(&told.join(", "));
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("its server has no such tool; it has {told}{more}")
}

fn trouble(error: ServiceError) -> Trouble {
    match error {
        ServiceError::McpError(error) => {
            Trouble::Refused(format!("its server says: {}", short(&error.message)))
        }
        ServiceError::TransportClosed | ServiceError::TransportSend(_) | ServiceError::Cancelled { .. } => {
            Trouble::Left
        }
        ServiceError::UnexpectedResponse => Trouble::Silent("its answer cannot be understood".to_owned()),
        other => Trouble::Silent(short(&other.to_string())),
    }
}

/// With what was heard beside messages, which says more than that none came.
pub fn beside(what: String, heard: &Heard) -> String {
    if heard.too_long() {
        return format!("its answer is longer than {} MiB", super::wire::MESSAGE >> 20);
    }
    match heard.noise() {
        Some(noise) => format!("{what}; it wrote “{noise}”, which is no MCP message"),
        None => what,
    }
}

fn short(text: &str) -> String {
    let line = SafeLine::new(text);
    let mut short: String = line.as_str().chars().take(QUOTE).collect();
    if line.as_str().chars().nth(QUOTE).is_some() {
        short.push('…');
    }
    short
}
