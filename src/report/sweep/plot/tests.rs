//! `PLOT_DIR=/tmp cargo test --lib sweep::plot` leaves the pictures there to be looked at.

use super::*;
use std::{fs, path::Path, time::Duration};

impl Shown {
    /// A point that says nothing.
    pub(super) fn none() -> Shown {
        Shown {
            place: Vec::new(),
            p99_s: Estimate::default(),
            success: Estimate::default(),
            throughput_per_s: Estimate::default(),
            busiest: None,
            stability: Stability::Stable,
        }
    }
}

fn axis(title: &str, values: impl IntoIterator<Item = impl ToString>) -> AxisOf {
    AxisOf {
        title: title.to_owned(),
        values: values.into_iter().map(|it| it.to_string()).collect(),
    }
}

/// A queue at this load, measured with an interval of so much of the value.
fn point(place: Vec<u64>, load: f64, servers: f64, width: f64) -> Shown {
    let use_of = load / servers;
    let around = |value: f64| Estimate {
        value: Some(value),
        low: Some(value * (1.0 - width)),
        high: Some(value * (1.0 + width)),
        ..Estimate::default()
    };
    let mean_s = if use_of < 0.98 { 0.02 / (1.0 - use_of) } else { 1.0 + 4.0 * use_of };
    let success = (1.2 - use_of * 0.25).clamp(0.05, 1.0);
    let share = Estimate { high: Some(1.0_f64.min(success + 0.01)), ..around(success) };
    Shown {
        place,
        p99_s: around(mean_s * 4.6),
        success: Estimate { low: Some(success - 0.01), ..share },
        throughput_per_s: around(100.0 * load.min(servers)),
        busiest: Some((
            use_of.min(1.0),
            if use_of > 0.7 { "CPU of app-1" } else { "disk of db" }.to_owned(),
        )),
        stability: if use_of > 1.0 { Stability::Unstable } else { Stability::Stable },
    }
}

/// All points of these axes in their order; `of`: load and servers from the place.
fn points(axes: &[AxisOf], of: impl Fn(&[u64]) -> (f64, f64)) -> Vec<Shown> {
    let count: u64 = axes.iter().map(|it| it.values.len() as u64).product();
    (0..count)
        .map(|number| {
            let mut rest = number;
            let mut place: Vec<u64> = axes
                .iter()
                .rev()
                .map(|it| {
                    let length = it.values.len() as u64;
                    let at = rest % length;
                    rest /= length;
                    at
                })
                .collect();
            place.reverse();
            let (load, servers) = of(&place);
            point(place, load, servers, 0.08)
        })
        .collect()
}

fn check(name: &str, axes: &[AxisOf], shown: &[Shown]) {
    let title = "A web site that sells tickets";
    let files = draw(title, axes, shown).unwrap();
    let names: Vec<&str> = files.iter().map(|it| it.name).collect();
    assert_eq!(names, ["p99.png", "success.png", "throughput.png", "busiest.png"]);
    for file in &files {
        assert!(file.bytes.starts_with(b"\x89PNG"));
        if let Ok(folder) = std::env::var("PLOT_DIR") {
            let path = Path::new(&folder).join(format!("{name}-{}", file.name));
            fs::write(path, &file.bytes).unwrap();
        }
    }
}

#[test]
fn a_number_is_a_line_in_its_band() {
    let axes = [axis("app.instances", 2..=12), axis("seed", ["1"])];
    let mut shown = points(&axes, |it| (6.5, 2.0 + it[0] as f64));
    check("line", &axes, &shown);
    shown[3] = Shown { place: vec![3, 0], ..Shown::none() };
    for it in &mut shown[6..] {
        it.p99_s = Estimate { low: None, high: None, ..it.p99_s };
    }
    check("line-gaps", &axes, &shown);
    let rates = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map(|it| format!("{it}/s"));
    let axes = [axis("workload.visitors.rate", rates)];
    let shown = points(&axes, |it| (1.0 + it[0] as f64 * 1.02, 8.5));
    check("line-logarithmic", &axes, &shown);
}

#[test]
fn names_are_points_with_whiskers() {
    let names =
        ["roundrobin", "leastconn", "random(2)", "first", "source", "hash header x-user-id"];
    let axes = [axis("web.balance", names)];
    let mut shown = points(&axes, |it| (2.0 + it[0] as f64, 6.5));
    shown[1] = Shown { place: vec![1], ..Shown::none() };
    check("names", &axes, &shown);
    let many = (0..40).map(|it| format!("{}, {} GiB memory", it, 2 * it));
    let axes = [axis("app.cores, app.memory", many)];
    let shown = points(&axes, |it| (it[0] as f64 * 0.1, 3.0));
    check("names-many", &axes, &shown);
}

#[test]
fn two_parameters_are_a_heat_map() {
    let axes = [axis("web.balance", ["leastconn", "roundrobin"]), axis("app.instances", 2..=6)];
    let mut shown = points(&axes, |it| (3.4 + it[0] as f64, 2.0 + it[1] as f64));
    shown[8] = Shown { place: vec![1, 3], ..Shown::none() };
    check("heat", &axes, &shown);
    let axes = [
        axis("db.disk.latency", (1..=25).map(|it| format!("{}us", it * 40))),
        axis("app.instances", 1..=40),
    ];
    let shown = points(&axes, |it| (3.0 + it[0] as f64 * 0.7, 1.0 + it[1] as f64));
    check("heat-many", &axes, &shown);
    let axes = [
        axis("visitors.rate", (1..=150).map(|it| format!("{}/s", it * 10))),
        axis("app.instances", 1..=70),
    ];
    let shown = points(&axes, |it| (1.0 + it[0] as f64 * 0.3, 1.0 + it[1] as f64 * 0.7));
    check("heat-thousands", &axes, &shown);
}

#[test]
fn three_parameters_are_small_multiples() {
    let of = |it: &[u64]| (3.0 + it[0] as f64 + 0.3 * it[2] as f64, 2.0 + it[1] as f64);
    let axes = [
        axis("web.balance", ["leastconn", "roundrobin", "random(2)"]),
        axis("app.instances", 2..=12),
        axis("network.delay", ["100us", "200us", "500us", "1000us"]),
        axis("visitors.think", ["1s", "2s"]),
    ];
    check("multiples-lines", &axes, &points(&axes, of));
    let axes = [
        axis("app.instances", 2..=9),
        axis("visitors.rate", (1..=10).map(|it| format!("{}/s", it * 100))),
        axis("db.buffer_pool", (1..=7).map(|it| format!("{it} GiB"))),
    ];
    check("multiples-heat", &axes, &points(&axes, |it| (1.0 + it[1] as f64, 2.0 + it[0] as f64)));
    let axes = [
        axis("app.policy", (0..30).map(|it| format!("policy {it}"))),
        axis("visitors.rate", (1..=30).map(|it| format!("{}/s", it * 100))),
        axis("db.buffer_pool", (1..=25).map(|it| format!("{it} GiB"))),
    ];
    check(
        "multiples-many",
        &axes,
        &points(&axes, |it| (1.0 + it[1] as f64, 2.0 + it[0] as f64 + it[2] as f64)),
    );
    let axes = [
        axis("a", ["x", "y"]),
        axis("b.of.a.long.name", ["no", "yes"]),
        axis("c", ["u", "v", "w"]),
    ];
    check("multiples-names", &axes, &points(&axes, |it| (1.0 + it[1] as f64, 2.0 + it[0] as f64)));
}

#[test]
fn nothing_is_drawn_as_nothing() {
    check("one", &[], &[point(Vec::new(), 1.0, 2.0, 0.1)]);
    check("one-of-axes", &[axis("a", ["1"])], &[point(vec![0], 1.0, 2.0, 0.1)]);
    let axes = [axis("a", 1..=3), axis("b", 1..=3)];
    check("nothing", &axes, &[]);
    check("nothing-line", &axes[..1], &[Shown { place: vec![0], ..Shown::none() }]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is the point")]
fn thousands_of_points_are_drawn_at_once() {
    let axes = [axis("visitors.rate", (0..10_000).map(|it| format!("{}/s", it + 1)))];
    let begin = std::time::Instant::now();
    let shown = points(&axes, |it| (it[0] as f64 / 900.0 + (it[0] % 7) as f64 * 0.1, 10.0));
    check("line-thousands", &axes, &shown);
    // Up and down at once: nothing may stick out of the panel.
    let shown = points(&axes, |it| (7.0 + ((it[0] * 7919) % 101) as f64 * 0.02, 10.0));
    check("line-noise", &axes, &shown);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}
