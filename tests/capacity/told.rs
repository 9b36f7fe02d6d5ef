//! What a report has to say beside its figures: what goes with the load, what does not, and that it is
//! told whatever becomes of its files.

use crate::command::{Desk, promise};

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
