//! `simulate sweep`, `--shard` and `simulate merge`, as a shell sees them: the same bytes whatever
//! the threads, the parts, their order and whatever was killed; and clear words for everything else.

#[path = "support/command.rs"]
mod command;

#[path = "sweep/capacities.rs"]
mod capacities;
#[path = "sweep/checks.rs"]
mod checks;
#[path = "sweep/kills.rs"]
mod kills;
#[path = "sweep/parts.rs"]
mod parts;
#[path = "sweep/points.rs"]
mod points;
#[path = "sweep/refused.rs"]
mod refused;

use command::Desk;
use std::fs;

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
    let pictures = fs::read_dir(desk.file(one)).unwrap().flatten();
    let pictures = pictures.map(|it| it.file_name().to_string_lossy().into_owned());
    let pictures: Vec<String> = pictures.filter(|it| it.ends_with(".png")).collect();
    for name in OUTPUTS.iter().copied().chain(pictures.iter().map(String::as_str)) {
        let read = |folder: &str| fs::read(desk.file(folder).join(name)).unwrap();
        assert!(read(one) == read(other), "{name} of {one} and {other} differ");
    }
}
