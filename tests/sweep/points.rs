//! What points are, what they say, and that each is what it would be by itself.

use crate::{desk, same};

fn rows(text: &str, about: &str, measure: &str) -> Vec<f64> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let titles = reader.headers().unwrap().clone();
    let column = |name: &str| titles.iter().position(|it| it == name).unwrap();
    let (of, which, value) = (column("about"), column("measure"), column("value"));
    let rows = reader.records().map(|row| row.unwrap());
    let rows = rows.filter(|row| &row[of] == about && &row[which] == measure);
    rows.map(|row| row[value].parse().unwrap()).collect()
}

#[test]
fn a_point_is_what_it_would_be_by_itself() {
    let desk = desk();
    let vary = "--vary customers.arrivals.poisson=40/s,80/s --vary hardware.one.speed=1,2";
    desk.run(&format!("sweep queue.toml {vary} --out swept --quiet")).expect(0, &[]);
    let swept = rows(&desk.read("swept/sweep.csv"), "all requests", "mean");
    let mut alone = Vec::new();
    for rate in ["40/s", "80/s"] {
        for speed in [1, 2] {
            desk.run(&format!(
                "queue.toml --set customers.arrivals.poisson={rate} --set hardware.one.speed={speed} \
                 --out alone --quiet --no-plots"
            ))
            .expect(0, &[]);
            let summary: serde_json::Value =
                serde_json::from_str(&desk.read("alone/summary.json")).unwrap();
            alone.push(summary["site"]["ok"]["mean_s"]["value"].as_f64().unwrap());
        }
    }
    assert_eq!(swept, alone);
    assert!(swept[3] < swept[2] && swept[0] < swept[2]);
}

/// They share their warm-up, and nobody can tell.
#[test]
fn points_that_differ_in_events_alone_are_what_they_would_be_by_themselves() {
    let desk = desk();
    let events = "[[event]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"queue.1\"\n\
                  [[event]]\nat = \"2s\"\nspike = { workload = \"customers\", extra = \"x2\", hold = \"1s\" }\n\
                  [[slo]]\nname = \"it\"\nrequire = \"p(90) < 100ms\"\nwindow = \"during event 1\"\n\
                  [[slo]]\nname = \"level\"\nrequire = \"queue < 3\"\nwhere = { service = \"queue\" }\n";
    let text = format!("{}{events}", desk.read("queue.toml"));
    desk.write("queue.toml", &text);
    let vary = [
        "--vary",
        "event.1.at=0s,1s,2.5s",
        "--vary",
        "customers.arrivals.poisson=40/s,70/s",
        "--vary",
        "event.2.spike.extra=x1,x2",
    ];
    let words = [&["sweep", "queue.toml", "--out", "swept", "--quiet"], &vary[..]].concat();
    desk.run_words(&words).expect(0, &[]);
    let text = desk.read("swept/sweep.jsonl");
    let mut lines =
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    for at in ["0s", "1s", "2.5s"] {
        for rate in ["40/s", "70/s"] {
            for extra in ["x1", "x2"] {
                desk.run(&format!(
                    "queue.toml --set event.1.at={at} --set customers.arrivals.poisson={rate} \
                     --set event.2.spike.extra={extra} --out alone --quiet --no-plots"
                ))
                .expect(0, &[]);
                let alone: serde_json::Value =
                    serde_json::from_str(&desk.read("alone/summary.json")).unwrap();
                let point = lines.next().unwrap();
                assert_eq!(point["events_digest"], alone["events_digest"], "{at} {rate} {extra}");
                assert_eq!(point["objectives"], alone["objectives"], "{at} {rate} {extra}");
            }
        }
    }
}

#[test]
fn the_same_bytes_whatever_the_threads_and_the_folder() {
    let desk = desk();
    let vary = "--vary customers.arrivals.poisson=20/s..90/s:10/s";
    desk.run(&format!("sweep queue.toml {vary} --out one --quiet --threads 1")).expect(0, &[]);
    desk.run(&format!("sweep ./queue.toml {vary} --out two --quiet --threads 3")).expect(0, &[]);
    same(&desk, "one", "two");
    // And again, from what is kept.
    desk.run(&format!("sweep queue.toml {vary} --out one"))
        .expect(0, &["32 replications are done already", "90/s"]);
    same(&desk, "one", "two");
}

#[test]
fn points_share_their_luck_unless_told_otherwise() {
    let desk = desk();
    // Nobody ever waits for the second core of ten and of eleven.
    let vary = "--vary hardware.one.cores=10,11 --set queue.workers=unlimited";
    desk.run(&format!("sweep queue.toml {vary} --out common --quiet")).expect(0, &[]);
    let common = rows(&desk.read("common/sweep.csv"), "all requests", "mean");
    assert_eq!(common[0], common[1]);
    desk.run(&format!("sweep queue.toml {vary} --independent --out own --quiet")).expect(0, &[]);
    let own = rows(&desk.read("own/sweep.csv"), "all requests", "mean");
    assert_ne!(own[0], own[1]);
    assert!(desk.read("own/sweep.json").contains("\"luck\": \"independent\""));
    // Each has its own seed, and all of them come from the scenario's.
    desk.run(&format!("sweep queue.toml {vary} --independent --seed 4711 --out set"))
        .expect(0, &["seed 4711, each with its own luck"]);
    assert!(desk.read("set/sweep.json").contains("\"seed\": 4711"));
}

#[test]
fn the_file_says_what_to_vary() {
    let desk = desk();
    let text = format!(
        "{}[sweep]\ncustomers.arrivals.poisson = \"30/s..50/s:20/s\"\n",
        desk.read("queue.toml")
    );
    desk.write("queue.toml", &text);
    desk.run("queue.toml --out run --quiet --no-plots").expect(0, &[]);
    let said = desk.run("sweep queue.toml --out swept");
    said.expect(0, &["2 points, 4 replications", "30/s", "50/s", "busiest", "CPU queue-1"]);
}

#[test]
fn a_sweep_of_titles_is_called_like_its_file() {
    let desk = desk();
    desk.run("sweep queue.toml --vary title=one,two --out swept").expect(0, &["\nqueue\n"]);
    assert!(desk.read("swept/sweep.json").contains("\"title\": \"queue\""));
}

#[test]
fn one_is_not_several() {
    let desk = desk();
    desk.run("sweep queue.toml --vary queue.workers=1 --replications 1 --out swept")
        .expect(0, &["1 point, 1 replication of"]);
}

#[test]
fn above_capacity_is_told() {
    let desk = desk();
    let vary = "--vary customers.arrivals.poisson=50/s,300/s";
    let said = desk.run(&format!("sweep queue.toml {vary} --out swept"));
    said.expect(0, &["! 300/s", "above capacity, work piles up"]);
    let csv = desk.read("swept/sweep.csv");
    assert!(csv.lines().any(|line| line.starts_with("1,300/s,") && line.ends_with(",unstable")));
    assert!(csv.lines().any(|line| line.starts_with("0,50/s,") && line.ends_with(",stable")));
}
