//! The one declaration of every key of `config.toml`: its name, what kind of value it takes, what holds
//! without it, and a sentence. Variables, options and `mwtui config` go by it. What a value must be like
//! is said where it is read.

use crate::config::toml_file::nearest;

/// How a value is written in a variable or an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As it stands, without quotation marks.
    Text,
    /// As TOML has it: a number, `true`, a list, a table.
    Toml,
}

/// A key. `*` stands for a name of the author's own.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub path: &'static str,
    pub shape: Shape,
    /// As TOML has it; empty where nothing holds without it.
    pub default: &'static str,
    pub sentence: &'static str,
}

const fn text(path: &'static str, default: &'static str, sentence: &'static str) -> Key {
    Key { path, shape: Shape::Text, default, sentence }
}

const fn toml(path: &'static str, default: &'static str, sentence: &'static str) -> Key {
    Key { path, shape: Shape::Toml, default, sentence }
}

/// Every key, in the order in which `mwtui config` tells them.
pub static KEYS: &[Key] = &[
    text("profile", "", "The profile that is laid over the file."),
    text("theme", "\"auto\"", "auto, dark, light, or a theme of your own."),
    text("colour", "\"auto\"", "auto, truecolor, 256, 16, none."),
    text("glyphs", "\"auto\"", "auto, unicode, ascii."),
    text("log", "\"info\"", "Level of the log: error, warn, info, debug, trace."),
    toml("matching.caution", "2.5", "What a wrong guess costs, in questions."),
    toml("matching.synonyms", "true", "Whether the bundled table of words counts."),
    toml("matching.words", "[]", "Words of your own that belong together."),
    toml("second_opinion.command", "", "Who else is asked what a phrase means: a command."),
    text("second_opinion.embeddings.url", "", "Or an embeddings endpoint of this machine."),
    text("second_opinion.embeddings.model", "", "Its model."),
    text("second_opinion.name", "", "What it is called on screen."),
    text("second_opinion.within", "", "Later answers count for nothing; 2s where nothing is said."),
    toml("agents.*.command", "", "What does the agent's steps; without it, whoever takes them."),
    text("agents.*.persona", "", "Who the agent is to be."),
    text("agents.*.within", "", "How long it may take."),
    toml("servers.*.command", "", "What starts the MCP server."),
    text("servers.*.env.*", "", "A variable of the server's environment; `env:NAME` is a reference."),
    text("servers.*.within", "", "How long one call may take; 60s where nothing is said."),
    toml("hooks", "[]", "Commands that are told of events."),
    toml("limits.parallel", "4", "Steps of one run that work side by side."),
    toml("limits.hooks", "4", "Hooks that run at the same time."),
    toml(
        "limits.output_mib",
        "256",
        "MiB of one step's output that are kept: of more, the beginning and the end.",
    ),
    text("limits.lease", "\"15m\"", "How long a step is taken where nobody says."),
    text("timeouts.prerequisite", "\"10s\"", "How long the command of a prerequisite may take."),
    text("paths.workflows", "\"workflows\"", "The folder of your own workflows."),
    text("paths.themes", "\"themes\"", "The folder of your own themes."),
    text("engine.idle", "\"30s\"", "How long the engine waits for a client before it ends."),
];

/// What every variable begins with.
pub const PREFIX: &str = "MWTUI_";

/// Variables that are none of the settings: who reads them is said in `docs/CONFIGURATION.md`.
const RESERVED: &[&str] = &[
    "MWTUI_HOME",
    "MWTUI_ENGINE",
    "MWTUI_RUN",
    "MWTUI_STEP",
    "MWTUI_ATTEMPT",
    "MWTUI_AGENT",
    "MWTUI_SESSION",
    "MWTUI_EVENT",
    "MWTUI_EVENT_RUN",
    "MWTUI_EVENT_WORKFLOW",
    "MWTUI_EVENT_STEP",
];

/// The names of the first level that may stand in the file.
pub fn top() -> Vec<&'static str> {
    let mut names: Vec<&str> = KEYS.iter().filter_map(|key| key.path.split('.').next()).collect();
    names.push("profiles");
    names.dedup();
    names
}

/// The key that a path is of.
pub fn find(path: &[String]) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        let mut wanted = key.path.split('.');
        path.iter().all(|part| wanted.next().is_some_and(|w| w == "*" || w == part))
            && wanted.next().is_none()
    })
}

/// The variable of a path: `MWTUI_`, then the path in capitals, with `_` for `.` and `-`.
pub fn variable(path: &[String]) -> String {
    let mut name = PREFIX.to_owned();
    name.push_str(&path.join("_").to_ascii_uppercase().replace(['.', '-'], "_"));
    name
}

/// What a variable means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It sets this.
    Sets(Vec<String>),
    /// It could set more than one thing.
    Either(String, String),
    /// It begins like a table of settings and means none of them; the nearest one.
    Wrong(Option<String>),
    /// It is not of the settings, or it is not known at all (true).
    Other(bool),
}

/// What a variable means, where these names are there: `names("agents")` gives those of agents.
pub fn meaning(variable_name: &str, names: &dyn Fn(&[String]) -> Vec<String>) -> Meaning {
    if RESERVED.contains(&variable_name) {
        return Meaning::Other(false);
    }
    let Some(rest) = variable_name.strip_prefix(PREFIX) else { return Meaning::Other(false) };
    let mut known = Vec::new();
    for key in KEYS {
        expand(&mut known, Vec::new(), &key.path.split('.').collect::<Vec<_>>(), names);
    }
    let mut found = known.iter().filter(|path| variable(path) == variable_name);
    match (found.next(), found.next()) {
        (Some(path), None) => return Meaning::Sets(path.clone()),
        (Some(one), Some(other)) => return Meaning::Either(one.join("."), other.join(".")),
        _ => {}
    }
    if let Some(path) = KEYS.iter().find_map(|key| fresh(key.path, rest)) {
        return Meaning::Sets(path);
    }
    let of_a_table = |top: &&str| {
        let begin = format!("{}_", top.to_ascii_uppercase());
        rest.starts_with(&begin)
            && (KEYS.iter().any(|k| k.path.starts_with(&format!("{top}."))) || *top == "profiles")
    };
    if top().iter().any(of_a_table) {
        let variables: Vec<String> = known.iter().map(|path| variable(path)).collect();
        let near = nearest(variable_name, variables.iter().map(String::as_str));
        return Meaning::Wrong(near.map(str::to_owned));
    }
    Meaning::Other(true)
}

/// Every path that a pattern may stand for with the names that are there.
fn expand(
    known: &mut Vec<Vec<String>>,
    begun: Vec<String>,
    rest: &[&str],
    names: &dyn Fn(&[String]) -> Vec<String>,
) {
    let Some((part, rest)) = rest.split_first() else {
        known.push(begun);
        return;
    };
    let parts = if *part == "*" { names(&begun) } else { vec![(*part).to_owned()] };
    for part in parts {
        expand(known, [begun.clone(), vec![part]].concat(), rest, names);
    }
}

/// A name that is nowhere yet: `AGENTS_ANA_COMMAND` makes the agent `ana`.
fn fresh(pattern: &str, variable: &str) -> Option<Vec<String>> {
    let (table, after) = pattern.split_once(".*.")?;
    let rest = variable.strip_prefix(&format!("{}_", table.to_ascii_uppercase()))?;
    let own = |name: &str| (!name.is_empty()).then(|| name.to_ascii_lowercase().replace('_', "-"));
    if let Some(inner) = after.strip_suffix(".*") {
        let (name, last) = rest.split_once(&format!("_{}_", inner.to_ascii_uppercase()))?;
        let whole = !last.is_empty();
        return whole.then_some(vec![table.to_owned(), own(name)?, inner.to_owned(), last.to_owned()]);
    }
    let name = rest.strip_suffix(&format!("_{}", after.to_ascii_uppercase()))?;
    Some(vec![table.to_owned(), own(name)?, after.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    fn told(name: &str) -> Meaning {
        meaning(name, &|begun| match begun {
            [t] if t == "agents" => vec!["code-reader".into(), "ana".into(), "ANA".into()],
            [t] if t == "servers" => vec!["git_env".into()],
            [t, _, e] if t == "servers" && e == "env" => vec!["token".into()],
            _ => Vec::new(),
        })
    }

    #[test]
    fn a_variable_is_the_key_in_capitals() {
        for (name, key) in [
            ("MWTUI_THEME", "theme"),
            ("MWTUI_LOG", "log"),
            ("MWTUI_MATCHING_CAUTION", "matching.caution"),
            ("MWTUI_SECOND_OPINION_EMBEDDINGS_URL", "second_opinion.embeddings.url"),
            ("MWTUI_ENGINE_IDLE", "engine.idle"),
            ("MWTUI_HOOKS", "hooks"),
            ("MWTUI_AGENTS_CODE_READER_WITHIN", "agents.code-reader.within"),
            ("MWTUI_AGENTS_NEW_ONE_COMMAND", "agents.new-one.command"),
            ("MWTUI_SERVERS_GIT_ENV_COMMAND", "servers.git_env.command"),
            ("MWTUI_SERVERS_GIT_ENV_ENV_TOKEN", "servers.git_env.env.token"),
            ("MWTUI_SERVERS_NEW_ENV_API_TOKEN", "servers.new.env.API_TOKEN"),
        ] {
            assert_eq!(told(name), Meaning::Sets(path(key)), "{name}");
            assert!(find(&path(key)).is_some(), "{key}");
        }
        assert_eq!(
            told("MWTUI_AGENTS_ANA_PERSONA"),
            Meaning::Either("agents.ana.persona".into(), "agents.ANA.persona".into())
        );
    }

    #[test]
    fn what_scripts_are_told_is_no_setting_and_a_misspelt_one_is_found() {
        for name in RESERVED {
            assert_eq!(told(name), Meaning::Other(false), "{name}");
        }
        assert_eq!(told("MWTUI_SOMETHING"), Meaning::Other(true));
        assert_eq!(told("MWTUI_MATCHING_CAUTON"), Meaning::Wrong(Some("MWTUI_MATCHING_CAUTION".into())));
        assert!(matches!(told("MWTUI_PROFILES_X_THEME"), Meaning::Wrong(_)));
        for key in KEYS.iter().filter(|key| !key.path.contains('*')) {
            assert_eq!(told(&variable(&path(key.path))), Meaning::Sets(path(key.path)));
        }
    }
}
