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

/// A queue with one server, half busy.
const QUEUE: &str = r#"
[scenario]
title = "one server"
duration = "5s"
replications = 5
[hardware.box]
cores = 1
[service.web]
kind = "service"
hardware = "box"
[service.web.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } }, { respond = "12KiB" } ]
[request.page]
to = "web.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "50/s" }
"#;

fn queue() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("queue.toml"), QUEUE).unwrap();
    folder
}

fn read(path: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries.map(|it| (name(&it), fs::read(&it).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_run_reports_and_leaves_its_results() {
    let folder = queue();
    let assert =
        simulate(folder.path(), &["queue.toml"]).code(0).stderr("results are in results/queue\n");
    let page = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(page.starts_with("one server\n") && !page.contains('\x1b'), "{page}");
    let names: Vec<_> =
        read(&folder.path().join("results/queue")).into_iter().map(|it| it.0).collect();
    assert!(names.contains(&"summary.json".to_owned()) && names.contains(&"load.png".to_owned()));
}

#[test]
fn a_service_that_nothing_reaches_is_named() {
    let folder = queue();
    let text = fs::read_to_string(folder.path().join("queue.toml")).unwrap();
    let balancer = "[service.lb]\nkind = \"haproxy\"\nhardware = \"box\"\n\
                    timeout = { connect = \"1s\", server = \"1s\" }\n\
                    [service.lb.backend.web]\nservers = \"web\"\n";
    let says = |to: &str| {
        let to = format!("{balancer}[workload.visitors]\n{to}");
        fs::write(folder.path().join("lb.toml"), text.replace("[workload.visitors]", &to)).unwrap();
        let assert = simulate(folder.path(), &["lb.toml", "--no-plots", "--out", "lb"]).code(0);
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    };
    assert!(!says("to = \"lb\"").contains("nothing has reached"));
    let around = "nothing has reached lb; a workload's `to` says where visitors connect";
    assert!(says("").contains(around));
}

#[test]
fn threads_and_the_way_of_calling_change_no_byte() {
    let folder = queue();
    let run = |arguments: &[&str]| {
        simulate(folder.path(), &[arguments, &["--quiet", "--no-plots"]].concat())
            .code(0)
            .stdout("")
            .stderr("");
    };
    run(&["queue.toml", "--out", "one", "--threads", "1"]);
    run(&["run", "queue.toml", "--out", "three", "--threads", "3"]);
    run(&["queue.toml", "--out", "one", "--threads", "2"]);
    run(&["queue.toml", "--out", "other", "--seed", "2"]);
    run(&["queue.toml", "--out", "fewer", "--replications", "2"]);
    let results = |name| read(&folder.path().join(name));
    assert!(results("one") == results("three"));
    assert!(results("one") != results("other"));
    assert!(results("one") != results("fewer"));
}

#[test]
fn what_is_not_ours_is_not_replaced() {
    let folder = queue();
    fs::create_dir(folder.path().join("thesis")).unwrap();
    fs::write(folder.path().join("thesis/chapter.txt"), "…").unwrap();
    let expected = ["`thesis` is not replaced", "`chapter.txt`"];
    check_refused(folder.path(), &["queue.toml", "--out", "thesis"], &expected);
    assert_eq!(read(&folder.path().join("thesis")).len(), 1);
}

#[test]
fn another_scenarios_results_are_not_replaced() {
    let folder = queue();
    simulate(folder.path(), &["queue.toml", "--no-plots", "--out", "R"]).success();
    let before = read(&folder.path().join("R"));
    std::fs::copy(folder.path().join("queue.toml"), folder.path().join("kiosk.toml")).unwrap();
    let arguments = ["kiosk.toml", "--no-plots", "--out", "R"];
    let expected = ["`R` is not replaced: it holds the results of another scenario, `queue`"];
    check_refused(folder.path(), &arguments, &expected);
    assert_eq!(read(&folder.path().join("R")), before);
}

#[test]
fn mistakes_of_the_scenario_are_drawn() {
    let folder = queue();
    fs::write(folder.path().join("bad.toml"), QUEUE.replace("50/s", "50")).unwrap();
    check_refused(folder.path(), &["bad.toml"], &["error: ", "bad.toml:17:24", "50"]);
    check_refused(folder.path(), &["queue.toml", "--set", "web"], &["PATH=VALUE", "`web`"]);
}

/// `simulate FILE | true`: the reader is gone before anything is printed.
#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let folder = queue();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = std::process::Command::new(cargo_bin!("simulate"))
        .current_dir(folder.path())
        .args(["queue.toml", "--no-plots"])
        .stdout(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(folder.path().join("results/queue/summary.json").exists());
}

#[test]
fn explain_prints_what_runs_the_same() {
    let folder = queue();
    let explain = ["explain", "queue.toml", "--set", "scenario.duration=4s"];
    let assert = simulate(folder.path(), &explain).code(0).stderr("");
    fs::write(folder.path().join("full.toml"), &assert.get_output().stdout).unwrap();
    let digest = |arguments: &[&str]| {
        let assert = simulate(folder.path(), &[arguments, &["--no-plots"]].concat()).code(0);
        let page = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        page.lines().find(|line| line.starts_with("events ")).unwrap().to_owned()
    };
    assert_eq!(digest(&["full.toml"]), digest(&["queue.toml", "--set", "scenario.duration=4s"]));
    assert_ne!(digest(&["full.toml"]), digest(&["queue.toml"]));
}
