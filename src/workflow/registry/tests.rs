use super::*;

const GOOD: &str =
    "id: good\nname: Good\ntrigger_phrases: [do good]\nscope: Good things\nsteps:\n  - title: Do it\n";

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(folder).expect("mkdir");
    std::fs::write(folder.join(name), bytes).expect("write");
}

fn with_id(id: &str) -> String {
    GOOD.replace("id: good", &format!("id: {id}"))
}

fn errors(registry: &Registry, label: &str) -> String {
    let entry = registry.entries.iter().find(|e| e.label() == label).expect(label);
    assert!(entry.workflow().is_none(), "{label} is broken");
    entry.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_bank_loads_without_errors_and_warnings() {
    let entries = bundled();
    for entry in &entries {
        let told: Vec<String> = entry.diagnostics().iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
    assert_eq!(entries.len(), BUNDLED.files().count(), "every file of the folder is a workflow");
}

#[test]
fn later_folders_override_earlier_ones_by_id() {
    let dir = tempfile::tempdir().expect("temp dir");
    let (paths, project) = (Paths::under(&dir.path().join("home")), dir.path().join("project"));
    write(&paths.workflows(), "a.yaml", with_id("mw-001"));
    write(&paths.workflows(), "b.yml", with_id("mine"));
    write(&paths.workflows(), "notes.txt", "no workflow");
    write(&paths.workflows(), ".hidden.yaml", "no workflow");
    write(&project.join(".mwtui/workflows"), "c.yaml", with_id("mine"));
    let registry = Registry::load(&paths, &project);
    let of = |id: &str| registry.find(id).map(|e| (e.origin, e.is_trusted()));
    assert_eq!(of("MW-001"), Some((Origin::User, true)));
    assert_eq!(of("MW-002"), Some((Origin::Bundled, true)));
    assert_eq!(of(" Mine "), Some((Origin::Project, false)), "untrusted until trusted");
    assert_eq!(of("nobody"), None);
    assert_eq!(registry.workflows().filter(|w| w.id.as_str().eq_ignore_ascii_case("mine")).count(), 1);
    let labels: Vec<&str> = registry.entries.iter().map(Entry::label).collect();
    let mut sorted = labels.clone();
    sorted.sort_unstable();
    assert_eq!(labels, sorted);
}

#[test]
fn trust_reaches_the_registry_and_ends_with_an_edit() {
    let dir = tempfile::tempdir().expect("temp dir");
    let (paths, project) = (Paths::under(&dir.path().join("home")), dir.path().join("project"));
    let folder = project.join(".mwtui/workflows");
    write(&folder, "good.yaml", GOOD);
    let entry = |registry: &Registry| registry.find("good").cloned().expect("listed");
    let first = entry(&Registry::load(&paths, &project));
    assert!(!first.is_trusted());
    crate::workflow::trust::trust(&paths, first.path.as_deref().expect("path"), &first.digest)
        .expect("trusted");
    assert!(entry(&Registry::load(&paths, &project)).is_trusted());
    write(&folder, "good.yaml", format!("{GOOD}outputs: [more]\n"));
    assert!(!entry(&Registry::load(&paths, &project)).is_trusted());
    std::fs::write(paths.state.join("trust.json"), "{").expect("write");
    let registry = Registry::load(&paths, &project);
    assert!(!entry(&registry).is_trusted());
    assert!(errors(&registry, "trust.json").contains("cannot be read"));
}

#[test]
fn an_id_that_two_files_of_a_folder_claim_loads_neither() {
    let dir = tempfile::tempdir().expect("temp dir");
    write(dir.path(), "a.yaml", with_id("same"));
    write(dir.path(), "b.yaml", with_id("SAME"));
    write(dir.path(), "c.yaml", with_id("other"));
    let registry = Registry::load_folder(dir.path());
    assert_eq!(registry.workflows().count(), 1);
    assert!(
        errors(&registry, "same").contains("also claimed by") && errors(&registry, "same").contains("b.yaml")
    );
    assert!(errors(&registry, "SAME").contains("a.yaml"));
}

#[test]
fn a_broken_override_leaves_the_earlier_one_usable() {
    let dir = tempfile::tempdir().expect("temp dir");
    let paths = Paths::under(dir.path());
    write(&paths.workflows(), "x.yaml", "id: MW-004\nname: Mine\n");
    let registry = Registry::load(&paths, &dir.path().join("project"));
    assert_eq!(registry.find("MW-004").map(|e| e.origin), Some(Origin::Bundled));
    assert_eq!(
        registry.entries.iter().filter(|e| e.label() == "MW-004").count(),
        2,
        "the broken one is listed"
    );
}

#[test]
fn what_cannot_be_read_is_listed_and_hurts_no_other() {
    let dir = tempfile::tempdir().expect("temp dir");
    let folder = dir.path().join("bank");
    write(&folder, "good.yaml", GOOD);
    write(dir.path(), "secret.yaml", with_id("secret"));
    write(&folder, "large.yaml", vec![b'#'; 2 * 1024 * 1024]);
    std::os::unix::fs::symlink(dir.path().join("secret.yaml"), folder.join("out.yaml")).expect("link");
    std::os::unix::fs::symlink("nowhere.yaml", folder.join("dangling.yaml")).expect("link");
    std::fs::create_dir(folder.join("folder.yaml")).expect("mkdir");
    let registry = Registry::load_folder(&folder);
    assert_eq!(registry.workflows().count(), 1);
    assert!(errors(&registry, "large.yaml").contains("2097152 bytes large; a workflow may have 1048576"));
    assert!(errors(&registry, "out.yaml").contains("leads out of its folder"));
    assert!(errors(&registry, "dangling.yaml").contains("cannot be read"));
    assert!(errors(&registry, "folder.yaml").contains("no regular file"));
    let large = registry.entries.iter().find(|e| e.label() == "large.yaml").expect("listed");
    assert!(large.source.is_empty(), "it was not read");
    assert!(errors(&Registry::load_folder(&dir.path().join("none")), "none").contains("no such folder"));
    write(dir.path(), "file", "");
    assert!(
        errors(&Registry::load_folder(&dir.path().join("file")), "file").contains("folder cannot be read")
    );
}
