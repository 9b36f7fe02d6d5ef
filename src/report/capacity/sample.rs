//! A small site's capacity, made up: for the tests of reports and pictures.

use super::{
    Answer, Attempt, Banned, Busy, Capacity, Cost, Curves, Demanded, Ending, Failing, Grown,
    Growth, Kept, Known, Later, Left, Limit, Load, Loss, Losses, Method, Point, SCHEMA, Safe,
    Scenario, Size, Sized, Station, Step, Turn, Unseen,
};
use crate::report::{page::Colour, page::WIDTH, plot};

fn at(per_s: f64) -> Load {
    Load { factor: per_s / 500.0, per_s: Some(per_s), users: None }
}

fn point(per_s: f64, mean_s: f64, bad: f64) -> Point {
    Point {
        load: at(per_s),
        replications: 5,
        answered_per_s: Some(per_s.min(1_000.0)),
        latency_s: [mean_s, 0.7 * mean_s, 2.5 * mean_s, 4.0 * mean_s].map(Some),
        badness: vec![Some([bad, 0.7 * bad, 1.4 * bad]), None],
    }
}

fn station(name: &str, kind: &'static str, demand: f64, capacity: f64) -> Station {
    Station {
        name: name.to_owned(),
        service: "app".to_owned(),
        kind,
        demand,
        demands: vec![demand, if kind == "CPU" { 0.0 } else { 1.5 * demand }],
        capacity,
        utilisation: 500.0 * demand / capacity,
        saturates_at_per_s: capacity / demand,
        is_least: kind == "workers",
    }
}

fn sized(size: u32, bound_per_s: f64) -> Sized {
    let missed = [0.92, 0.9, 0.94].map(|share| at(share * bound_per_s));
    Sized { size, bound_per_s: Some(bound_per_s), missed_at: Some(missed) }
}

fn grown(service: &str, wider: &[f64], taller: &[f64]) -> Grown {
    let size = |(size, &alone): (u32, &f64)| Size {
        size,
        alone_per_s: Some(alone),
        site_per_s: Some(alone.min(1_700.0)),
    };
    Grown {
        service: service.to_owned(),
        from: 2,
        wider: (2..).zip(wider).map(size).collect(),
        taller: [2, 4, 6, 8].into_iter().zip(taller).map(size).collect(),
    }
}

fn loss(name: &str, survives: Option<f64>) -> Loss {
    let is_kept = survives == Some(912.0);
    let kept = match survives {
        Some(912.0) => Kept::Yes,
        Some(880.0) => Kept::Perhaps,
        _ => Kept::No,
    };
    Loss {
        name: name.to_owned(),
        alike: 2,
        kept,
        worst: Some("pages are quick".to_owned()),
        badness: Some(if is_kept { 0.8 } else { 31.0 }),
        failed_share: Some(if is_kept { 0.000_2 } else { 0.31 }),
        survives: survives.map(at),
        not_even: survives.is_none().then(|| at(9.12)),
        well_again: if kept == Kept::No { Kept::No } else { Kept::Yes },
        later: match survives {
            Some(880.0..) => None,
            Some(_) => Some(Later::Slow { within_s: 240.0 }),
            None => Some(Later::Stays { watched_s: 960.0 }),
        },
        ending: survives.is_none().then(|| Ending {
            failed_share: Some(0.71),
            failing: vec![Failing {
                service: "web".to_owned(),
                cause: "no server".to_owned(),
                share: 0.64,
            }],
            banned: vec![Banned { servers: "app".to_owned(), by: "web".to_owned(), share: 0.83 }],
            failed_attempts: 1.25,
        }),
    }
}

pub(crate) fn document() -> Capacity {
    let steps =
        [("app: 3 instances", 1_500.0, Some(1_380.0)), ("db: 16 cores each", 1_800.0, None)];
    Capacity {
        schema: SCHEMA,
        version: "0",
        experiment: "0123456789abcdef".to_owned(),
        scenario: Scenario {
            name: "sample".to_owned(),
            title: "A shop, made up".to_owned(),
            seed: 7,
            sustained_s: 600.0,
            warm_up_s: 12.0,
            load: at(500.0),
        },
        confidence: 0.95,
        answer: Answer::Found,
        safe: Some(Safe {
            load: at(912.0),
            missed_at: Some([at(921.0), at(916.0), at(926.0)]),
            limited_by: Some("pages are quick".to_owned()),
            headroom: 0.824,
            utilisation: Some(0.912),
            relaxation_s: Some(1.25),
            is_short: false,
            confirmed_by: 60,
            unseen: None,
            below: 0.0098,
            is_coarse: false,
            is_spent: false,
            is_capped: false,
        }),
        objectives: vec![
            Limit {
                name: "pages are quick".to_owned(),
                require: "p(99) < 250ms".to_owned(),
                missed_at: Some([at(921.0), at(916.0), at(926.0)]),
                is_unfinished: false,
            },
            Limit {
                name: "replicas keep up".to_owned(),
                require: "lag < 1s".to_owned(),
                missed_at: None,
                is_unfinished: false,
            },
        ],
        islands: Vec::new(),
        operational: Known {
            bound_per_s: Some(1_000.0),
            bound: Some(at(1_000.0)),
            mix_changes: false,
            no_load_s: 0.012_5,
            forks: false,
            requests: [("page", 0.8), ("search", 0.2)]
                .map(|(name, share)| Demanded { name: name.to_owned(), share, no_load_s: 0.012_5 })
                .into(),
            stations: vec![
                station("CPU of app-2", "CPU", 0.004, 4.0),
                station("workers of app.2", "workers", 0.012, 16.0),
                station("NIC out of app-1", "NIC out", 80_000.0, 1e9),
            ],
            unknown: vec!["Flushes of commits bound nothing here.".to_owned()],
            events: Vec::new(),
            promised: Vec::new(),
        },
        curve: vec![
            point(100.0, 0.013, 0.0),
            point(500.0, 0.019, 0.001),
            point(800.0, 0.031, 0.2),
            point(912.0, 0.055, 0.8),
            point(940.0, 0.07, 1.6),
            point(1_000.0, 0.9, 60.0),
        ],
        knee: Some(at(800.0)),
        untried: None,
        busiest: vec![Busy { name: "CPU of app-2".to_owned(), utilisation: 0.91 }],
        eased: None,
        losses: Some(Losses {
            gone_s: 60.0,
            replications: 5,
            each: vec![
                loss("crash of app.1", Some(430.0)),
                loss("crash of db.2 (replica)", Some(912.0)),
                loss("loss of zone b (4 hosts)", Some(880.0)),
                loss("loss of host db-1 (primary)", None),
            ],
        }),
        growth: Some(Growth {
            services: vec![
                grown(
                    "app",
                    &[1_000.0, 1_500.0, 2_000.0, 2_500.0, 3_000.0],
                    &[500.0, 1_000.0, 1_500.0, 2_000.0],
                ),
                grown("db", &[1_700.0; 5], &[850.0, 1_700.0, 2_550.0, 3_400.0]),
            ],
            steps: steps
                .into_iter()
                .map(|(what, bound_per_s, missed)| Step {
                    what: what.to_owned(),
                    relieves: "CPU of app-2".to_owned(),
                    bound_per_s,
                    missed_at: missed.map(at),
                    cost_per_h: missed.map(|_| 4.5),
                    skipped: if missed.is_some() { 0 } else { 3 },
                })
                .collect(),
            turns: vec![
                Turn {
                    relieved: vec!["CPU of app-2".to_owned()],
                    next: "workers of app.2".to_owned(),
                    full_at_per_s: 1_333.3,
                    tried: Some(at(1_293.0)),
                    busiest: Some(Busy { name: "workers of app.2".to_owned(), utilisation: 0.98 }),
                    is_next: Some(true),
                },
                Turn {
                    relieved: ["CPU of app-2", "workers of app.2"].map(str::to_owned).into(),
                    next: "NIC out of app-1".to_owned(),
                    full_at_per_s: 12_500.0,
                    tried: None,
                    busiest: None,
                    is_next: None,
                },
            ],
            curves: vec![
                Curves {
                    service: "app".to_owned(),
                    wider: vec![
                        sized(1, 500.0),
                        sized(2, 1_000.0),
                        sized(3, 1_500.0),
                        Sized { missed_at: None, ..sized(4, 1_700.0) },
                    ],
                    taller: vec![sized(2, 500.0), sized(4, 1_000.0), sized(8, 1_700.0)],
                },
                Curves {
                    service: "db".to_owned(),
                    wider: vec![sized(1, 1_000.0), sized(2, 1_000.0), sized(3, 1_000.0)],
                    taller: vec![sized(4, 900.0), sized(8, 1_000.0), sized(16, 1_000.0)],
                },
            ],
        }),
        cost: Some(Cost {
            currency: "EUR".to_owned(),
            per_h: 3.6,
            per_million: Some(1.0965),
            per_million_now: Some(2.0),
            unpriced: 1,
        }),
        method: Method {
            replications: 420,
            requests: 123_456_789,
            loads: 21,
            precision: 0.02,
            attempts: vec![
                Attempt {
                    load: at(916.0),
                    replications: 60,
                    is_met: false,
                    says: Some("`pages are quick` undecided".to_owned()),
                    piles_up: false,
                },
                Attempt {
                    load: at(912.0),
                    replications: 60,
                    is_met: true,
                    says: None,
                    piles_up: false,
                },
            ],
        },
        unmodelled: vec!["packet loss, TCP's slow start and congestion control".to_owned()],
    }
}

#[test]
fn the_report_of_a_small_site() {
    let it = document();
    let opening = super::terminal::opening(&it.scenario.title, &it.operational, Colour::Off);
    let text = opening + &super::terminal::render(&it, Colour::Off);
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    insta::assert_snapshot!("terminal", text);
    let pictures = ["load.png", "losses.png", "scaling.png", "sizes.png"];
    insta::assert_snapshot!("markdown", super::markdown::render(&document(), &pictures));
}

/// Users who wait for ever ask for nothing: that is no success.
#[test]
fn that_nobody_came_is_said() {
    let mut it = document();
    let losses = it.losses.as_mut().unwrap();
    for ending in losses.each.iter_mut().filter_map(|it| it.ending.as_mut()) {
        ending.failed_share = None;
        ending.failing.clear();
    }
    let said = super::words::afterwards(losses).join("\n");
    assert!(said.contains("nobody came once all was back"), "{said}");
    assert!(!said.contains("0% fail"), "{said}");
}

/// One is not several, and one user misses.
#[test]
fn one_user_and_one_core() {
    let mut it = document();
    it.answer = Answer::NoLoad;
    let one = Load { factor: 0.1, per_s: None, users: Some(1) };
    it.curve = vec![Point { load: one, ..point(1.0, 1.0, 2.0) }];
    assert!(super::words::verdict(&it).contains("1 user already misses"));
    assert_eq!(super::terminal::capacity("CPU", 1.0), "1 core");
    assert_eq!(super::terminal::capacity("CPU", 4.0), "4 cores");
}

/// The report that ships is what would be written of its document, which says what was measured.
#[test]
fn the_sample_among_the_results() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/results/sample/3-scale_up-capacity");
    let folder = std::path::Path::new(folder);
    let text: &'static str = std::fs::read_to_string(folder.join("capacity.json")).unwrap().leak();
    let document: Capacity = serde_json::from_str(text).unwrap();
    let pictures = ["load.png", "losses.png", "scaling.png", "sizes.png"];
    let report = super::markdown::render(&document, &pictures);
    let path = folder.join("capacity.md");
    if std::env::var_os("SAMPLE").is_some() {
        std::fs::write(&path, &report).unwrap();
        for file in plot::capacity::render(&document).unwrap() {
            std::fs::write(folder.join(file.name), file.bytes).unwrap();
        }
    }
    let shipped = std::fs::read_to_string(&path).unwrap();
    assert!(shipped == report, "`SAMPLE=1 cargo test --lib capacity` writes it anew");
}

/// `PLOT_DIR=/tmp cargo test --lib capacity` leaves the pictures there to be looked at.
#[test]
fn pictures_of_a_capacity() {
    let files = plot::capacity::render(&document()).unwrap();
    assert_eq!(files.len(), 4);
    for file in &files {
        assert!(file.bytes.starts_with(b"\x89PNG"));
        if let Ok(folder) = std::env::var("PLOT_DIR") {
            std::fs::write(std::path::Path::new(&folder).join(file.name), &file.bytes).unwrap();
        }
    }
    // Nothing lost, nothing added, and no load: there is less to draw.
    let bare = Capacity { losses: None, growth: None, safe: None, ..document() };
    assert_eq!(plot::capacity::render(&bare).unwrap().len(), 1);
}

#[test]
fn a_knee_that_misses_is_both_and_mixed_loads_keep_their_units() {
    let mixed = |per_s: f64| Load { users: Some(per_s as u64 / 5), ..at(per_s) };
    let missed = [921.0, 916.0, 926.0].map(mixed);
    let safe = document().safe.map(|it| Safe { missed_at: Some(missed), ..it });
    let it = Capacity { knee: Some(at(1_000.0)), safe, ..document() };
    let text = super::terminal::render(&it, Colour::Off);
    let row = text.lines().find(|line| line.starts_with("1,000 ")).unwrap();
    assert!(row.ends_with("60× MISS knee"), "{row}");
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let interval = "from about 921.0 requests/s and 184 users on [916.0 requests/s and 183 users, \
                    926.0 requests/s and 185 users]";
    assert!(flowing.contains(interval), "{text}");
    // Columns have no room for that.
    let limit = Limit { missed_at: Some(missed), ..document().objectives.remove(0) };
    let text = super::terminal::render(&Capacity { objectives: vec![limit], ..it }, Colour::Off);
    assert!(text.contains("×1.84 the load  [×1.83, ×1.85]"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
}

/// Where nothing can be added there is no table of it; and what fills the site earlier is told.
#[test]
fn growth_that_is_none_is_told_as_such() {
    let mut it = document();
    let growth = it.growth.as_mut().unwrap();
    growth.steps.clear();
    growth.services[0].wider[1].site_per_s = Some(900.0);
    let worse = "instances of app fill the site earlier: 3 at 900.0/s, now at";
    let text = super::terminal::render(&it, Colour::Off);
    assert!(text.contains(super::words::NOTHING) && text.contains(worse), "{text}");
    assert!(
        text.contains("Each service at other sizes") && !text.contains("relieves  full"),
        "{text}"
    );
    let text = super::markdown::render(&it, &[]);
    assert!(text.contains(super::words::NOTHING) && text.contains(worse), "{text}");
    assert!(!text.contains("| add |"), "{text}");
}

/// Nobody is sent for more replications where there were enough of them.
#[test]
fn a_budget_is_called_spent_if_it_was() {
    let coarse = |is_spent| {
        let safe = document().safe.map(|it| Safe { is_coarse: true, is_spent, ..it });
        super::words::coarse(&Capacity { safe, ..document() }).unwrap()
    };
    assert!(coarse(true).contains("the budget was spent"));
    assert!(coarse(false).ends_with("higher loads were not confirmed"));
}

/// Twenty that are well say nothing of one in forty that is not.
#[test]
fn what_was_not_to_be_seen_is_said() {
    let unseen = |once_in: f64, breaks_it| {
        let unseen = Some(Unseen { once_in, breaks_it });
        let safe = document().safe.map(|it| Safe { unseen, confirmed_by: 20, ..it });
        let it = Capacity { safe, ..document() };
        let text = super::terminal::render(&it, Colour::Off);
        let report = super::markdown::render(&it, &[]);
        let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let rare = super::words::unseen(&it).unwrap();
        assert!(flowing.contains(&rare) && report.contains(&rare), "{text}{report}");
        rare
    };
    let enough = unseen(6.68, None);
    assert!(enough.ends_with("what hits fewer than about 1 in 7 replications"), "{enough}");
    let few = unseen(6.68, Some(40.2));
    assert!(few.contains("1 in 7 replications, and 1 in 40 would break the promise"), "{few}");
    assert!(unseen(1.0, None).ends_with("what does not hit all replications"));
}

/// A law's bound is no measurement, and where things go on side by side they may be in each other's way.
#[test]
fn what_is_a_bound_is_told_as_one() {
    let mut it = document();
    let both = |it: &Capacity| {
        let opening = super::terminal::opening("", &it.operational, Colour::Off);
        let text = opening + &super::terminal::render(it, Colour::Off);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (text, super::markdown::render(it, &[]))
    };
    let (text, report) = both(&it);
    assert!(text.contains("CPU of app-2, 91% busy then confirmed"), "{text}");
    assert!(report.contains("CPU of app-2, 91% busy at the safe load |"), "{report}");
    assert!(text.contains("a request takes 12.5 ms if"), "{text}");
    assert!(text.contains("in the order of 1.25 s"), "{text}");
    it.busiest.clear();
    it.operational.stations.swap(0, 1);
    it.operational.forks = true;
    it.safe.as_mut().unwrap().relaxation_s = None;
    let (text, report) = both(&it);
    assert!(text.contains("workers of app.2, at least 91% busy then, by the law"), "{text}");
    let row = "workers of app.2, at least 91% busy at the safe load, by the law |";
    assert!(report.contains(row), "{report}");
    assert!(text.contains("a request takes at least 12.5 ms if"), "{text}");
    assert!(report.contains("request takes at least 12.5 ms on average"), "{report}");
    assert!(!text.contains("is forgotten"), "{text}");
}

#[test]
fn a_load_that_was_left_out_and_a_knee_that_is_none_are_told() {
    let untried = Some(Left { load: at(2_000.0), requests: 2.5e10 });
    let it = Capacity { answer: Answer::EveryLoad, safe: None, untried, knee: None, ..document() };
    let text = super::terminal::render(&it, Colour::Off);
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = "no load up to 1,000 requests/s misses an objective; more was not tried: 2,000 \
                requests/s take 25,000,000,000 requests";
    assert!(flowing.contains(says) && flowing.contains("`--yes`"), "{text}");
    assert!(flowing.contains("no knee up to 1,000 requests/s"), "{text}");
    let it = Capacity { knee: None, ..document() };
    let report = super::markdown::render(&it, &[]);
    assert!(report.contains("| Knee | none up to 1,000 requests/s"), "{report}");
}

#[test]
fn answers_that_are_none_are_told_as_such() {
    let none = |answer, islands| Capacity { answer, safe: None, islands, ..document() };
    let says = |it: &Capacity, words: &str| {
        let text = super::terminal::render(it, Colour::Off);
        let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(words) && !text.contains("SAFE LOAD"), "{text}");
    };
    says(&none(Answer::NoLoad, vec![]), "no load holds all objectives");
    says(&none(Answer::NoLoad, vec![at(100.0)]), "miss although a higher load holds");
    says(&none(Answer::EveryLoad, vec![]), "no load misses an objective, not even 1,000");
    let mut unconfirmed = none(Answer::Unconfirmed, vec![]);
    says(&unconfirmed, "no load was confirmed");
    says(&unconfirmed, "more replications of a load (`--budget`) may tell");
    unconfirmed.method.attempts.last_mut().unwrap().piles_up = true;
    says(&unconfirmed, "work piles up at the loads that were tried for it");
}

/// That all objectives are kept says little where many requests fail.
#[test]
fn what_no_objective_counts_is_told() {
    let mut it = document();
    let losses = it.losses.as_mut().unwrap();
    let first = losses.each[0].clone();
    let loss = |name: &str, alike, share| Loss {
        name: name.to_owned(),
        alike,
        kept: Kept::Yes,
        failed_share: Some(share),
        survives: Some(at(912.0)),
        well_again: Kept::Yes,
        later: None,
        ending: None,
        ..first.clone()
    };
    losses.each = vec![loss("crash of a.1", 1, 0.997), loss("crash of b.1", 2, 0.499)];
    losses.each.push(loss("crash of c.1", 1, 0.09));
    let text = super::terminal::render(&it, Colour::Off);
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("crash of a.1 1 yes 99.70% fails 99.70% yes"), "{text}");
    assert!(flowing.contains("crash of b.1 2 yes 49.9% fails 49.9% yes"), "{text}");
    assert!(flowing.contains("crash of c.1 1 yes 9.0% the safe load yes"), "{text}");
    assert!(flowing.contains("single points of failure: crash of a.1 the objectives"), "{text}");
    let blind = "many requests fail all the same: crash of a.1 (99.70%); crash of b.1 (49.9%)";
    assert!(flowing.contains(blind), "{text}");
    let text = super::markdown::render(&it, &[]);
    assert!(text.contains("**fails 99.70%**") && text.contains(blind), "{text}");
}
