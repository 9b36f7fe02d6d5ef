//! The command in a folder of its own, and scenarios that are judged there.

use assert_cmd::{Command, cargo::cargo_bin};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// M/M/1 at load 0.8: 80 customers a second, 10 ms each, first come, first served. Its sojourn is
/// exponential with rate 20/s.
pub(crate) const QUEUE: &str = r#"
[scenario]
title        = "M/M/1"
duration     = "60s"
warm_up      = "5s"
replications = 6
[network]
latency  = 0
loopback = 0
[hardware.one]
cores      = 1
discipline = "fifo"
[service.queue]
kind     = "service"
hardware = "one"
workers  = 1
[service.queue.endpoint.serve]
steps = [ { cpu = { exponential = "10ms" } } ]
[request.customer]
to = "queue.serve"
[workload.customers]
arrivals = { poisson = "80/s" }
mix      = { customer = 1 }
"#;

/// A folder with scenarios in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) talk: String,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    /// With the queue and what is promised of it.
    pub(crate) fn with(promises: &str) -> Desk {
        let desk = Desk::new();
        desk.write("queue.toml", &format!("{QUEUE}{promises}"));
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a line of words.
    pub(crate) fn run(&self, line: &str) -> Said {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Said {
        let mut command = Command::new(cargo_bin!("simulate"));
        let output = command.current_dir(self.path()).args(words).output().unwrap();
        Said {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).unwrap(),
            talk: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// That it ended so, and said all of that on either stream.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, says: &[&str]) -> Said {
        let all = format!("{}\n{}", self.out, self.talk);
        assert_eq!(self.code, code, "{all}");
        // Wherever lines are broken.
        let flowing = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in says {
            assert!(flowing(&all).contains(&flowing(words)), "`{words}` is missing from:\n{all}");
        }
        self
    }
}

/// A promise, as a table.
pub(crate) fn promise(require: &str, rest: &str) -> String {
    format!("[[slo]]\nname = \"it\"\nrequire = \"{require}\"\n{rest}\n")
}
