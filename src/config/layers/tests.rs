use super::*;
use crate::base::Millis;
use crate::config::{Asks, ColourDepth};

const FILE: &str = r#"
theme = "light"
profile = "staging"

[matching]
caution = 3
synonyms = false

[agents.code-reader]
command = ["reader"]
persona = "You read code"

[servers.git]
command = ["git-mcp"]
env = { TOKEN = "env:GIT_TOKEN" }

[second_opinion]
embeddings = { url = "http://127.0.0.1:1/e", model = "m" }
within = "5s"

[[hooks]]
on = "run.failed"
command = ["a"]

[profiles.staging.matching]
caution = 4

[profiles.production]
theme = "dark"
hooks = []
second_opinion = { command = ["ask"] }

[profiles.production.limits]
parallel = 1
"#;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

fn all(file: &str, profile: Option<&str>, environment: &[(&str, &str)], options: &[&str]) -> Result<Layered> {
    assemble(&Given {
        file: Some(("config.toml", file)),
        profile,
        options: &texts(options),
        environment: &pairs(environment),
    })
}

/// Where a value comes from, and where it stands.
fn origin(layered: &Layered, key: &str) -> (Layer, String) {
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().expect("a key");
    let table = parts.iter().fold(&layered.table, |table, part| match &table[*part].node.value {
        Value::Table(inner) => inner,
        other => panic!("{part} is {other:?}"),
    });
    let place = &table[last].node.place;
    (place.layer, place.at.clone())
}

#[test]
fn each_layer_goes_before_those_below_and_every_value_keeps_its_origin() {
    let layered = all(
        FILE,
        None,
        &[
            ("MWTUI_THEME", "mine"),
            ("MWTUI_MATCHING_CAUTION", "5"),
            ("MWTUI_MATCHING_SYNONYMS", ""),
            ("MWTUI_AGENTS_CODE_READER_WITHIN", "10m"),
            ("MWTUI_RUN", "7f3a"),
            ("MWTUI_ODD", "1"),
        ],
        &["matching.caution = 6", "colour=256"],
    )
    .expect("reads");
    let settings = &layered.settings;
    assert_eq!((settings.theme.as_str(), settings.matching.caution), ("mine", Some(6.0)));
    assert_eq!(settings.colour, Some(ColourDepth::Indexed), "a text needs no quotation marks");
    assert!(!settings.matching.synonyms, "set to nothing is not set");
    assert_eq!(settings.profile.as_deref(), Some("staging"));
    assert_eq!(settings.agents["code-reader"].within, Some(Millis(600_000)));
    assert_eq!(settings.agents["code-reader"].command, ["reader"], "the rest of the table stands");
    let expected = [
        ("theme", Layer::Environment, "MWTUI_THEME"),
        ("matching.caution", Layer::Option, "--config matching.caution"),
        ("matching.synonyms", Layer::File, "config.toml:7:12"),
        ("agents.code-reader.persona", Layer::File, "config.toml:11:11"),
        ("profile", Layer::File, "config.toml:3:11"),
    ];
    for (key, layer, at) in expected {
        assert_eq!(origin(&layered, key), (layer, at.to_owned()), "{key}");
    }
    assert_eq!(layered.unknown, ["MWTUI_ODD"]);
    let plain = all(FILE, None, &[], &[]).expect("reads");
    assert_eq!(plain.settings.matching.caution, Some(4.0), "the file chooses its profile");
    assert_eq!(origin(&plain, "matching.caution").0, Layer::Profile);
}

#[test]
fn a_profile_is_chosen_by_option_then_variable_then_file() {
    let chosen = |profile, environment: &[(&str, &str)], options: &[&str]| {
        all(FILE, profile, environment, options).expect("reads").settings
    };
    let production = chosen(Some("production"), &[("MWTUI_PROFILE", "staging")], &[]);
    assert_eq!(production.profile.as_deref(), Some("production"));
    assert_eq!((production.theme.as_str(), production.limits.parallel), ("dark", 1));
    assert!(production.hooks.is_empty(), "a list is laid over as a whole");
    let asked = production.second_opinion.expect("asked");
    assert_eq!(asked.asks, Asks::Command(vec!["ask".to_owned()]), "who is asked takes the other's place");
    assert_eq!(asked.within, Millis(5_000));
    assert_eq!(chosen(None, &[("MWTUI_PROFILE", "production")], &[]).limits.parallel, 1);
    assert_eq!(chosen(None, &[], &["profile=production"]).limits.parallel, 1);
    for (profile, environment, told, hint) in [
        (
            Some("prodction"),
            &[][..],
            "--profile: there is no profile `prodction`",
            "Did you mean `production`?",
        ),
        (
            None,
            &[("MWTUI_PROFILE", "x")],
            "MWTUI_PROFILE: there is no profile `x`",
            "The profiles are staging, production",
        ),
    ] {
        let error = all(FILE, profile, environment, &[]).expect_err(told);
        assert_eq!((error.message.as_str(), error.hint.as_deref()), (told, Some(hint)));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_in_every_layer() {
    let in_file = |text: &str| all(text, None, &[], &[]).expect_err(text);
    for (text, told) in [
        ("them = \"dark\"", "config.toml:1:1: there is no setting `them`"),
        ("theme = 1", "config.toml:1:9: `theme` is a text that is not empty"),
        ("[limits]\nparallel = 0", "config.toml:2:12: `parallel` is a whole number from 1 to 64"),
        ("[limits]\nparalel = 2", "config.toml:2:1: `limits` has no setting `paralel`"),
        (
            "[timeouts]\nprerequisite = \"1h\"",
            "config.toml:2:16: `prerequisite` is a length from 100 ms to 10 m",
        ),
        ("[engine]\nidle = 5", "config.toml:2:8: `idle` is a length from 0 ms to 7 d"),
        ("[paths]\nworkflow = \"x\"", "config.toml:2:1: `paths` has no setting `workflow`"),
        ("log = \"loud\"", "config.toml:1:7: `loud` is no level of the log"),
        ("[agents.\"a b\"]", "config.toml:1:9: `a b` is no name here"),
        (
            "[agents.a]\ncommand = \"x\"",
            "config.toml:2:11: `command` is a list: the program, then its arguments",
        ),
        ("[agents.a]\nwithin = \"1ms\"", "config.toml:2:10: `within` is a length from 1 s to 1 d"),
        ("[servers.a]\n", "config.toml:1:1: `servers.a` lacks `command`"),
        (
            "[servers.a]\ncommand = [\"a\"]\nenv = { A = \"env:\" }",
            "config.toml:3:9: the value of `A` names no variable after `env:`",
        ),
        (
            "[servers.a]\ncommand = [\"a\"]\nenv = { \"A-B\" = \"x\" }",
            "config.toml:3:9: `A-B` is no name of a variable",
        ),
        ("hooks = 1", "config.toml:1:9: `hooks` is a list of tables"),
        ("[[hooks]]\non = \"run.failed\"", "config.toml:1:1: this hook lacks `command`"),
        (
            "[[hooks]]\non = []\ncommand = [\"a\"]",
            "config.toml:2:6: `on` is the name of an event, or a list of such",
        ),
        (
            "[[hooks]]\non = [\"run.failed\", \"run.complete\"]\ncommand = [\"a\"]",
            "config.toml:2:21: no event is called `run.complete`",
        ),
        ("[profiles.x]\nthem = \"a\"", "config.toml:2:1: there is no setting `them`"),
        ("[profiles.x]\nprofile = \"a\"", "config.toml:2:1: a profile has no `profile` of its own"),
        ("profiles.x = 1", "config.toml:1:14: the profile `x` is a table, and here stands another value"),
        ("theme = \"a\"\ntheme = \"b\"", "config.toml:2:1: duplicate key"),
    ] {
        let error = in_file(text);
        assert_eq!(error.message, told);
        assert!(error.hint.is_some() || error.message.contains("duplicate") || text == "theme = 1", "{told}");
    }
    assert_eq!(
        in_file("[[hooks]]\non = \"run.complete\"\ncommand = [\"a\"]").hint.as_deref(),
        Some("Did you mean `run.completed`?")
    );
    let secret = in_file("[servers.a]\ncommand = [\"a\"]\nenv = { \"A-B\" = \"hunter2\" }");
    assert!(!format!("{secret:?}").contains("hunter2"), "{secret:?}");
    for (environment, options, told) in [
        (
            &[("MWTUI_LIMITS_PARALLEL", "many")][..],
            &[][..],
            "MWTUI_LIMITS_PARALLEL: `parallel` is a whole number from 1 to 64",
        ),
        (&[("MWTUI_LIMITS_PARALEL", "2")], &[], "MWTUI_LIMITS_PARALEL: this variable names no setting"),
        (&[("MWTUI_PROFILES_X_THEME", "a")], &[], "MWTUI_PROFILES_X_THEME: this variable names no setting"),
        (&[], &["limits.parallel=0"], "--config limits.parallel: `parallel` is a whole number from 1 to 64"),
        (&[], &["limits.paralel=2"], "--config limits.paralel: `limits` has no setting `paralel`"),
        (&[], &["theme"], "--config theme: there is no `=`"),
        (&[], &["a b=1"], "--config: `a b` is no key"),
        (&[], &["profiles.x.theme=a"], "--config profiles.x.theme: profiles stand in the file alone"),
    ] {
        let error = all("", None, environment, options).expect_err(told);
        assert_eq!(error.message, told);
        assert!(error.hint.is_some(), "{told}");
    }
}

#[test]
fn variables_and_options_take_lists_tables_and_names_of_ones_own() {
    let set = all(
        "",
        None,
        &[
            ("MWTUI_HOOKS", "[{ on = 'step.*', command = ['a', 'b'], within = '1s' }]"),
            ("MWTUI_SERVERS_GIT_COMMAND", "['git-mcp']"),
            ("MWTUI_SERVERS_GIT_ENV_API_TOKEN", "env:TOKEN"),
            ("MWTUI_ENGINE_IDLE", "250"),
        ],
        &["agents.ana={ command = [\"x\"] }", "agents.\"ana\".persona=Calm, and brief", "theme='a=b'"],
    )
    .expect("reads")
    .settings;
    assert_eq!(set.hooks.len(), 1);
    assert!(set.hooks[0].wants("step.failed") && !set.hooks[0].wants("run.failed"));
    assert_eq!(set.servers["git"].env["API_TOKEN"], "env:TOKEN");
    assert_eq!(set.engine_idle, Millis(250));
    assert_eq!(set.agents["ana"].persona.as_deref(), Some("Calm, and brief"));
    assert_eq!(set.theme, "a=b");
}

#[test]
fn the_folders_that_are_named_take_the_place_of_the_usual_ones() {
    let home = Paths::under(std::path::Path::new("/h"));
    let set = |text: &str| Settings::read("c", text).expect("reads").place(&home);
    assert_eq!(set("").workflows(), std::path::Path::new("/h/workflows"));
    assert_eq!(set("paths.workflows = \"/bank\"").workflows(), std::path::Path::new("/bank"));
    assert_eq!(set("paths.themes = \"looks\"").themes(), std::path::Path::new("/h/looks"));
}
