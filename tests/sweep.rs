//! `simulate sweep`, `--shard` and `simulate merge`, as a shell sees them: the same bytes whatever
//! the threads, the parts, their order and whatever was killed; and clear words for everything else.

#[path = "support/command.rs"]
mod command;

#[path = "sweep/capacities.rs"]
mod capacities;
#[path = "sweep/checks.rs"]
mod checks;
#[path = "sweep/disks.rs"]
mod disks;
#[path = "sweep/kills.rs"]
mod kills;
#[path = "sweep/parts.rs"]
mod parts;
#[path = "sweep/points.rs"]
mod points;
#[path = "sweep/refused.rs"]
mod refused;
#[path = "sweep/rounds.rs"]
mod rounds;

use command::Desk;
use std::{ffi::OsString, fs, path::PathBuf};

/// A queue that is small, so that dozens of points take a moment.
fn desk() -> Desk {
    let desk = Desk::new();
    let text = command::QUEUE
        .replace("\"60s\"", "\"5s\"")
        .replace("\"5s\"\nreplications = 6", "\"1s\"\nreplications = 4");
    desk.write("queue.toml", &text);
    desk
}

const OUTPUTS: [&str; 3] = ["sweep.csv", "sweep.jsonl", "sweep.json"];

/// That two folders hold the same results to the byte, pictures too.
#[track_caller]
fn same(desk: &Desk, one: &str, other: &str) {
    let files = fs::read_dir(desk.file(one)).unwrap().flatten().map(|it| it.path());
    let is_picture = |it: &PathBuf| it.extension().is_some_and(|end| end == "png");
    let pictures = files.filter(is_picture).map(|it| it.file_name().unwrap().to_owned());
    let names = OUTPUTS.iter().map(OsString::from).chain(pictures);
    for name in names {
        let read = |folder: &str| fs::read(desk.file(folder).join(&name)).unwrap();
        assert!(read(one) == read(other), "{} of {one} and {other} differ", name.display());
    }
}
