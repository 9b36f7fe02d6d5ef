//! The buffer pool of `MySQL`: hits by Che's equation, a cold start, a restart. Source: reference
//! manual 8.4, 17.5.1, and Che, Tung and Wang 2002.

use crate::{
    compile::compile,
    story::{plan, run, story},
};
use simulate::{
    engine::{
        maths::{exp, ln},
        time::Span,
    },
    experiment::{
        pilot::{Settling, settling},
        rounds::Crew,
    },
    model::operational::{Kind, Operational},
};
use std::sync::atomic::AtomicBool;

/// Visitors who look up rows.
fn site(pool: &str, table: &str, query: &str, arrivals: &str) -> String {
    format!(
        r#"
[service.db]
kind = "mysql"
hardware = "box"
innodb_buffer_pool_size = "{pool}"
[service.db.table.items]
{table}
[service.db.query.read]
access = "read"
cpu = "0ms"
table = "items"
{query}
[request.ask]
to = "db.read"
[workload.visitors]
to = "db"
mix = {{ ask = 1 }}
arrivals = {arrivals}
latency = "1ms"
"#
    )
}

#[test]
fn a_page_is_read_once_and_a_restart_forgets_it() {
    let table = "size = \"16KiB\"\npopularity = { uniform = true }\nstart = \"cold\"";
    let text = site("1MiB", table, "pages = 3", "{ even = \"1/s\" }");
    let crash = "[[event]]\nat = \"2500ms\"\ncrash = \"db.1\"\nfor = \"10ms\"\n";
    let took = story(&format!("{text}{crash}"), 5).took_ms();
    // A round trip to connect and one to ask, and one read of 10 ms for the only page there is.
    assert_eq!(took, [14.0, 4.0, 14.0, 4.0, 4.0]);
    let warm = text.replace("start = \"cold\"", "");
    assert_eq!(story(&warm, 2).took_ms(), [4.0, 4.0]);
}

#[test]
fn pages_that_miss_are_read_one_after_the_other() {
    let table = "size = \"100GiB\"\npopularity = { uniform = true }\nstart = \"cold\"";
    let text = site("1GiB", table, "pages = 4", "{ even = \"1/s\" }");
    assert_eq!(story(&text, 1).took_ms(), [44.0]);
}

/// 20,000 pages, by Zipf's law, through a pool of 4,000.
const TABLE: &str = "size = \"320000KiB\"\npopularity = { zipf = 0.8 }\n";
const POOL: &str = "64000KiB";

/// The share that an LRU list of so many hits: an item is there if it was asked for within the time
/// in which as many different ones are as there is room for.
fn che(pages: u32, zipf: f64, room: f64) -> f64 {
    let weights: Vec<f64> = (1..=pages).map(|rank| exp(-zipf * ln(f64::from(rank)))).collect();
    let all: f64 = weights.iter().sum();
    let there = |time: f64| weights.iter().map(move |it| 1.0 - exp(-it / all * time));
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if there(middle).sum::<f64>() < room { low = middle } else { high = middle }
    }
    weights.iter().zip(there(low)).map(|(weight, there)| weight / all * there).sum()
}

fn share(found: &[bool]) -> f64 {
    found.iter().filter(|is_hit| **is_hit).count() as f64 / found.len() as f64
}

#[test]
fn hits_are_those_of_equilibrium() {
    let expected = che(20_000, 0.8, 4_000.0);
    let text = site(POOL, TABLE, "pages = 2", "{ poisson = \"2000/s\" }");
    let mut plan = plan(&text);
    plan.duration = Span::from_millis(60_000);
    let warm = run(&plan, 0).pages;
    assert!(warm.len() > 200_000);
    // At once as much as after a long time; the clock's ratio is a little less than LRU's.
    let (first, last) = (share(&warm[..20_000]), share(&warm[100_000..]));
    assert!((first - expected).abs() < 0.015, "{first}, {expected} in equilibrium");
    assert!((last - expected).abs() < 0.015, "{last}, {expected} in equilibrium");
    // What the bottleneck analysis takes of the disk is what is read.
    let stations = Operational::of(&plan).stations;
    let disk = stations.iter().find(|it| it.kind == Kind::Disk).unwrap();
    let reads_s = 2.0 * (1.0 - expected) * 0.010;
    assert!((disk.demand / reads_s - 1.0).abs() < 0.001, "{} s, {reads_s} s", disk.demand);
    plan.tables[0].starts_warm = false;
    let cold = run(&plan, 0).pages;
    let (first, last) = (share(&cold[..4_000]), share(&cold[100_000..]));
    assert!(first < 0.75 * expected, "{first}, {expected} in equilibrium");
    assert!((last - expected).abs() < 0.015, "{last}, {expected} in equilibrium");
}

/// A restart: the pool is empty, the disk is busy, visitors wait; after a while all is as before.
#[test]
fn a_restart_is_felt_until_the_pool_is_full_again() {
    let text = site(POOL, TABLE, "pages = 5", "{ poisson = \"500/s\" }");
    let crash = "[[event]]\nat = \"20s\"\ncrash = \"db.1\"\nfor = \"100ms\"\n";
    let mut plan = plan(&format!("{text}{crash}"));
    plan.duration = Span::from_millis(60_000);
    let story = run(&plan, 0);
    let mean_ms = |from: f64, until: f64| {
        let took: Vec<f64> = story
            .visits
            .iter()
            .filter(|it| (from..until).contains(&it.arrived.seconds()) && it.outcome.is_ok())
            .map(|it| it.ended.since(it.arrived).seconds() * 1e3)
            .collect();
        took.iter().sum::<f64>() / took.len() as f64
    };
    let (before, after, late) = (mean_ms(10.0, 20.0), mean_ms(20.2, 21.2), mean_ms(50.0, 60.0));
    assert!(after > 1.3 * before, "{before} ms before, {after} ms after");
    assert!((late / before - 1.0).abs() < 0.05, "{before} ms before, {late} ms in the end");
}

/// Each instance has a pool; what replicas apply goes through theirs.
#[test]
fn replicas_read_what_they_apply() {
    let text =
        site(POOL, "size = \"16KiB\"\npopularity = { uniform = true }\n", "", "{ even = \"1/s\" }");
    let text = text
        .replace("access = \"read\"", "access = \"write\"")
        .replace("[service.db.table", "instances = 3\n[service.db.table")
        .replace("[request.ask]", "[request.ask]\nmethod = \"POST\"");
    let story = story(&text, 4);
    assert_eq!((story.pages.len(), story.lags.len()), (4 * 3, 4 * 2));
}

/// 500 pages a second, half of which miss at first, do not fill it in less.
#[test]
fn a_cold_pool_has_to_warm_up() {
    let table = format!("{TABLE}start = \"cold\"");
    let text = site(POOL, &table, "pages = 5", "{ poisson = \"100/s\" }");
    let ground = "[scenario]\nduration = \"60s\"\nwarm_up = \"0s\"\n\
                  [network]\nlatency = \"1ms\"\n[hardware.box]\ncores = 64\n\
                  disk = { read = \"1ms\", fsync = \"1ms\", parallel = 64 }\n";
    let plan = compile(&format!("{ground}{text}"));
    let never = AtomicBool::new(false);
    let settled = settling(&plan, Crew::new(Some(2), &never)).unwrap().unwrap();
    let least = Span::from_millis(16_000);
    match settled {
        Settling::After(cut) => assert!(cut >= least, "{cut:?}"),
        Settling::TooShort(what, _) => assert_eq!(what, "hit ratio of buffer pools"),
        Settling::Never => panic!("it settles"),
    }
}
