//! Who is at the other end of the socket, and who this engine works for.

use crate::base::Actor;
use crate::protocol::ClientKind;

/// `user@host` for the user with this number.
pub fn person(uid: u32) -> String {
    let user = passwd_name(uid)
        .or_else(|| std::env::var("USER").ok().filter(|name| !name.is_empty()))
        .or_else(|| std::env::var("LOGNAME").ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| uid.to_string());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host = host.split('.').next().unwrap_or_default();
    format!("{user}@{host}")
}

fn passwd_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

/// Longest agent name that is kept, in characters.
const NAME_LIMIT: usize = 80;

/// A console or a command line acts for the person; an MCP client is an agent, whatever it says.
pub fn actor(person: &str, client: &ClientKind) -> Actor {
    match client {
        ClientKind::Tui | ClientKind::Cli => Actor::Person(person.to_owned()),
        ClientKind::Mcp { agent } => {
            let name: String = agent.chars().filter(|c| !c.is_control()).take(NAME_LIMIT).collect();
            let name = name.trim();
            Actor::Agent(if name.is_empty() { "agent".to_owned() } else { name.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_a_name_and_strangers_a_number_or_one_from_the_environment() {
        assert!(person(0).starts_with("root@"));
        assert_eq!(passwd_name(4_000_000_000), None);
    }

    #[test]
    fn an_agent_never_becomes_a_person() {
        let kind = ClientKind::Mcp { agent: "ana@laptop\u{1b}[31m".to_owned() };
        assert!(!actor("ana@laptop", &kind).is_person());
        assert_eq!(actor("ana@laptop", &ClientKind::Mcp { agent: " ".to_owned() }).short(), "agent");
    }
}
