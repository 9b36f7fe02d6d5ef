//! What a report has to say beside its figures: what goes with the load, what does not, and that it is
//! told whatever becomes of its files.

use crate::{
    command::{Desk, promise},
    site::Asking,
};

const SHORT: &str = "capacity queue.toml --set duration=20s --no-losses --no-scaling --no-plots";

/// A promised throughput goes with the load: more than comes is never answered.
#[test]
fn more_is_promised_than_comes() {
    let more = "[[slo]]\nname = \"lots\"\nrequire = \"throughput > 160/s\"\n";
    let desk = Desk::with(&format!("{}{more}", promise("p(95) < 250ms", "")));
    let said = desk.run(&format!("{SHORT} --budget 20")).expect(
        3,
        &[
            "no load holds all objectives",
            "`lots` promises 200% of what comes: a promised throughput goes with the load",
            "throughput > 160/s (200% of what comes)",
        ],
    );
    assert!(!said.out.contains("all but idle"), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
}

/// What the scenario has in store happens at every load: that is said, and what it is without.
#[test]
fn events_are_part_of_every_load() {
    let event = "[[event]]\nat = \"5s\"\nfor = \"10s\"\ncrash = \"queue.1\"\n";
    let desk = Desk::with(&format!("{}{event}", promise("p(95) < 250ms", "")));
    let events = "part of every load is what the scenario has in store: crash of queue.1 at 5 s for \
                  10 s; `--set event=[]` asks without it";
    let said = desk
        .run(&format!("{SHORT} --budget 20"))
        .expect(3, &["no load holds all objectives", "happens at every load, however low", events]);
    assert!(!said.out.contains("all but idle"), "{}", said.out);
    let said = desk
        .run(&format!("{SHORT} --budget 20 --set event=[] --out without"))
        .expect(0, &["SAFE LOAD"]);
    assert!(!said.out.contains("EVENTS"), "{}", said.out);
    // Where it is borne it is told as well, to those who read the report.
    desk.write("queue.toml", &desk.read("queue.toml").replace("p(95) < 250ms", "p(10) < 100s"));
    desk.run(&format!("{SHORT} --budget 20 --out with"));
    if desk.file("with/capacity.md").exists() {
        let report = desk.read("with/capacity.md");
        assert!(report.contains("**Events**: part of every load is"), "{report}");
    }
}

/// Loads are told with no more digits than they have.
#[test]
fn no_dust_of_binary_fractions() {
    let desk = Desk::with(&promise("p(95) < 250ms", ""));
    desk.run(&format!("{SHORT} --budget 20 --out R --quiet")).expect(0, &[]);
    let json = desk.read("R/capacity.json");
    let loads = json.lines().filter(|line| line.trim_start().starts_with("\"per_s\""));
    for line in loads {
        assert!(line.trim().len() < "\"per_s\": 123456.7,".len() + 2, "{line}");
    }
}

/// A disk that is full, as a limit on the size of files makes it.
#[cfg(unix)]
#[test]
fn an_answer_is_printed_and_kept_although_the_disk_is_full() {
    let desk = Desk::with(&promise("p(95) < 250ms", ""));
    let line = SHORT.replace(" --no-plots", "");
    // Blocks of 512 bytes, or of 1,024: room for the document and the report, not for a picture.
    let output = std::process::Command::new("sh")
        .current_dir(desk.path())
        .args(["-c", "trap '' XFSZ; ulimit -f 30; exec \"$0\" \"$@\""])
        .arg(assert_cmd::cargo::cargo_bin!("simulate"))
        .args(format!("{line} --budget 20 --out R").split_whitespace())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{out}{talk}");
    assert!(out.contains("SAFE LOAD") && out.contains("Not modelled"), "{out}");
    assert!(talk.contains("what was written of it is in `R.unfinished`"), "{talk}");
    assert!(!desk.file("R").exists());
    assert!(desk.read("R.unfinished/capacity.json").ends_with("}\n"));
    assert!(desk.read("R.unfinished/capacity.md").contains("What isn't modelled"));
}

/// Workers are held while others queue behind them: how busy they are is no matter of the law.
const HELD: &str = r#"
[network]
latency = 0
loopback = 0
[hardware.big]
cores = 8
[hardware.one]
cores = 1
discipline = "fifo"
[service.web]
kind = "service"
hardware = "big"
workers = 12
[service.web.endpoint.page]
steps = [ { cpu = "1ms" }, { call = "b.page" } ]
[service.b]
kind = "service"
hardware = "one"
[service.b.endpoint.page]
steps = [ { cpu = { exponential = "8ms" } }, { wait = "92ms" } ]
"#;

#[test]
fn what_is_busiest_is_measured() {
    let desk = Desk::new();
    let visitors = Asking { enters: "web", page: "web.page", per_s: 50, require: "p(99) < 300ms" };
    desk.write("held.toml", &visitors.at(HELD));
    let line = "capacity held.toml --no-losses --no-scaling --no-plots --budget 40 --out R";
    let said = desk.run(line).expect(0, &["SAFE LOAD"]);
    let of = |text: &str, before: &str| -> f64 {
        let after = text.split(before).nth(1).unwrap_or_else(|| panic!("{before}: {text}"));
        after.split('%').next().unwrap().trim().parse().unwrap()
    };
    let report = desk.read("R/capacity.md");
    let told = of(&said.out, "busiest    workers of web.1,");
    assert_eq!(told, of(&report, "| First bottleneck | workers of web.1,"));
    assert_eq!(told, of(&report, "Measured at the safe load: workers of web.1"));
    // By the law they are busy for 101 ms a request.
    let safe: f64 = {
        let text = desk.read("R/capacity.json");
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        found["safe"]["load"]["per_s"].as_f64().unwrap()
    };
    assert!(told > 100.0 * safe * 0.101 / 12.0 + 2.0, "{told}");
}

/// Ten at once on one core are in each other's way, though nobody else is.
#[test]
fn what_goes_on_side_by_side_takes_at_least_so_long() {
    let desk = Desk::new();
    let fork = r#"
[hardware.one]
cores = 1
[hardware.big]
cores = 64
[service.a]
kind = "service"
hardware = "big"
[service.a.endpoint.page]
steps = [ { parallel = "leaf.x", count = 10 } ]
[service.leaf]
kind = "service"
hardware = "one"
[service.leaf.endpoint.x]
steps = [ { cpu = "10ms" } ]
"#;
    let visitors = Asking { enters: "a", page: "a.page", per_s: 1, require: "p(99) < 5ms" };
    desk.write("fork.toml", &visitors.at(fork));
    desk.run("capacity fork.toml --no-losses --no-scaling --no-plots")
        .expect(3, &["a request takes at least 10."]);
}
