//! The jobs in `examples/ci/` do what they say: their own command lines are run, on a small site.

use crate::command::{Desk, QUEUE, promise};
use assert_cmd::cargo::cargo_bin;

use std::{env, fs, process::Command};

/// The commands of a job that call the program, without the YAML around them: a line, or a block
/// below a `|`.
fn commands(file: &str) -> Vec<String> {
    let path = format!("{}/examples/ci/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut commands: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let command = line.trim().trim_start_matches("- ");
        let command = command.trim_start_matches("run: ").trim_start_matches("entry: ");
        if command != "|" {
            commands.push(command.to_owned());
            continue;
        }
        let mut block = String::new();
        while let Some(inner) = lines.next_if(|inner| indent(inner) > indent(line)) {
            block += inner.trim();
            block.push('\n');
        }
        commands.push(block);
    }
    commands.retain(|it| it.contains("simulate check") || it.contains("simulate run"));
    assert!(!commands.is_empty(), "{file} calls nothing");
    commands
}

/// Runs a line in a shell that finds the program.
fn shell(desk: &Desk, line: &str) -> (i32, String) {
    let program = cargo_bin!("simulate").parent().unwrap().to_owned();
    let path = env::join_paths(
        std::iter::once(program).chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new("bash")
        .args(["-euc", line])
        .current_dir(desk.path())
        .env("PATH", path.unwrap())
        .env("GITHUB_STEP_SUMMARY", desk.file("summary.md"))
        .output()
        .expect("a shell");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A checkout with one scenario, and the base branch beside it.
fn checkout(speed: &str, limit: &str) -> Desk {
    let desk = Desk::new();
    fs::create_dir_all(desk.file("scenarios")).unwrap();
    fs::create_dir_all(desk.file("base/scenarios")).unwrap();
    let site = format!("{QUEUE}{}", promise(&format!("p(95) < {limit}"), "margin = \"2%\""));
    desk.write("base/scenarios/shop.toml", &site);
    let changed = site.replace("cores      = 1", &format!("cores      = 1\nspeed      = {speed}"));
    desk.write("scenarios/shop.toml", &changed);
    desk
}

#[test]
fn github() {
    let commands = commands("github-actions.yml");
    let [check, baseline] = &commands[..] else { panic!("{commands:#?}") };
    let desk = checkout("1.0", "220ms");
    let (code, said) = shell(&desk, check);
    assert_eq!(code, 0, "{said}");
    assert!(desk.read("slo.xml").contains("failures=\"0\""));
    assert!(desk.read("summary.md").contains("✅ met"));
    let (code, said) = shell(&desk, baseline);
    assert_eq!(code, 0, "{said}");
    // A change that keeps the promise, and is worse all the same.
    let desk = checkout("0.9", "900ms");
    let (code, said) = shell(&desk, check);
    assert_eq!(code, 0, "{said}");
    let (code, said) = shell(&desk, baseline);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("::error file=scenarios/shop.toml"), "{said}");
    // What never settled there, and does not here, hides no other.
    let over = desk.read("base/scenarios/shop.toml").replace("80/s", "130/s");
    let over = over.replace("\"5s\"", "\"auto\"");
    desk.write("base/scenarios/over.toml", &over);
    desk.write("scenarios/over.toml", &over);
    fs::remove_dir_all(desk.file("baseline")).unwrap();
    let (code, said) = shell(&desk, baseline);
    assert!(code == 1 && said.contains("::error file=scenarios/shop.toml"), "{said}");
    // A scenario that the base branch does not have is held against nothing.
    let desk = checkout("1.0", "900ms");
    fs::rename(desk.file("scenarios/shop.toml"), desk.file("scenarios/kiosk.toml")).unwrap();
    let (code, said) = shell(&desk, baseline);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("scenarios/kiosk.toml is new"), "{said}");
    // One that breaks it.
    let desk = checkout("0.85", "100ms");
    let (code, said) = shell(&desk, check);
    assert_eq!(code, 1, "{said}");
    assert!(desk.read("summary.md").contains("❌ missed"), "{said}");
}

#[test]
fn gitlab() {
    let commands = commands("gitlab-ci.yml");
    let [check, baseline] = &commands[..] else { panic!("{commands:#?}") };
    let desk = checkout("1.0", "100ms");
    let (code, said) = shell(&desk, check);
    assert_eq!(code, 1, "{said}");
    assert!(desk.read("slo.xml").contains("failures=\"1\""), "{said}");
    let desk = checkout("0.9", "900ms");
    let (code, said) = shell(&desk, baseline);
    assert_eq!(code, 1, "{said}");
    assert!(desk.read("worse.xml").contains("failures=\"1\""), "{said}");
}

#[test]
fn before_a_commit() {
    let commands = commands(".pre-commit-config.yaml");
    for (limit, expected) in [("400ms", 0), ("80ms", 1)] {
        let desk = checkout("1.0", limit);
        let (code, said) = shell(&desk, &format!("{} scenarios/shop.toml", commands[0]));
        assert_eq!(code, expected, "{said}");
    }
}
