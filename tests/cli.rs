//! The command as a shell sees it: what goes to stdout, what to stderr, and the exit code.

use assert_cmd::{Command, assert::Assert, cargo::cargo_bin};
use std::{fs, path::Path};

/// Runs `simulate` in `folder`.
fn simulate(folder: &Path, arguments: &[&str]) -> Assert {
    let mut command = Command::new(cargo_bin!("simulate"));
    command.current_dir(folder).env_remove("NO_COLOR").args(arguments).assert()
}

/// The input is wrong: nothing on stdout, nothing written, and stderr says `expected`.
fn check_refused(folder: &Path, arguments: &[&str], expected: &[&str]) {
    let before = fs::read_dir(folder).unwrap().count();
    let assert = simulate(folder, arguments).code(2).stdout("");
    let talk = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    for part in expected {
        assert!(talk.contains(part), "`{part}` is missing from:\n{talk}");
    }
    assert!(!talk.contains('\x1b'), "colours without a terminal:\n{talk}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), before, "something was written");
}

#[test]
fn help_goes_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["-h"][..], &["--help"], &["--version"], &["run", "-h"], &["explain", "-h"]]
    {
        let assert = simulate(folder.path(), arguments).code(0).stderr("");
        assert!(!assert.get_output().stdout.is_empty());
    }
}

#[test]
fn nonsense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], expected| check_refused(folder.path(), arguments, expected);
    check(&[], &["Usage: simulate"]);
    check(&["run"], &["<FILE>"]);
    check(&["a.toml", "b.toml"], &["b.toml", "simulate [OPTIONS] <FILE>"]);
    check(&["a.toml", "--threads", "0"], &["--threads", "1..=1024"]);
    check(&["a.toml", "--seed", "-1"], &["--seed", "-1"]);
    check(&["a.toml", "--color", "blue"], &["auto", "always", "never"]);
}

#[test]
fn what_cannot_be_read_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::create_dir(file("shop")).unwrap();
    fs::write(file("latin.toml"), b"[scenario]\ntitle = \"caf\xe9\"\n").unwrap();
    fs::File::create(file("large.toml")).unwrap().set_len((64 << 20) + 1).unwrap();
    for command in [&["run"][..], &["explain"], &[]] {
        let check = |name: &str, expected| {
            check_refused(folder.path(), &[command, &[name]].concat(), expected);
        };
        check("none.toml", &["cannot read `none.toml`: there is no such file", "hint: "]);
        check("./run", &["cannot read `./run`: there is no such file"]);
        check("shop", &["cannot read `shop`: it is a directory", "hint: "]);
        check("latin.toml", &["not UTF-8", "line 2"]);
        check("large.toml", &["larger than 64 MiB"]);
        check("a\x1b[2J\n.toml", &["`a\\u{1b}[2J\\n.toml`"]);
    }
}

#[test]
fn colours_are_shown_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let assert = simulate(folder.path(), &["none.toml", "--color", "always"]).code(2);
    assert!(assert.get_output().stderr.starts_with(b"\x1b[1;31merror"));
}
