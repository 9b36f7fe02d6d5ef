//! M/G/1 with processor sharing: a worker for everybody on one core that is shared. The mean does
//! not depend on the law of work, nor does that of a job of a given size, which is proportional to
//! it; the jobs of two given sizes may therefore be many, as long as the load stays what it is.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(law: &str) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "sharing"
[service.shared]
kind = "service"
hardware = "machine"
[service.shared.endpoint.job]
steps = [ {{ cpu = {law} }} ]
[service.shared.endpoint.small]
steps = [ {{ cpu = "5ms" }} ]
[service.shared.endpoint.large]
steps = [ {{ cpu = "50ms" }} ]
[request.job]
to = "shared.job"
[request.small]
to = "shared.small"
[request.large]
to = "shared.large"
"#
    )
}

/// All visitors are alike.
const ALIKE: &str = r#"
[workload.visitors]
mix = { job = 1 }
arrivals = { poisson = "80/s" }
"#;

/// 58 · 10 ms + 4 · 5 ms + 4 · 50 ms = 0.8 of a core.
const SIZES: &str = r#"
[workload.visitors]
mix = { job = 58, small = 4, large = 4 }
arrivals = { poisson = "66/s" }
"#;

const EXPONENTIAL: &str = r#"{ exponential = "10ms" }"#;
const HYPEREXPONENTIAL: &str = r#"{ hyperexponential = { mean = "10ms", cv = 2 } }"#;

fn studies() -> Vec<Study> {
    let mean = |id, law| {
        let row = Row::new(id, 0.01, |it| it.service("shared").sojourn_mean_s);
        let site = site(law) + ALIKE;
        Study { site, warm_up_s: 10.0, short_s: 0.0, long_s: 0.0, rows: vec![row] }
    };
    let sizes = vec![
        Row::new("ps1-size-0.005", 0.02, |it| it.request("small").ok.mean_s),
        Row::new("ps1-size-0.05", 0.02, |it| it.request("large").ok.mean_s),
    ];
    vec![
        Study { short_s: 6e4, ..mean("ps1-mean-deterministic", r#""10ms""#) },
        mean("ps1-mean-exponential", EXPONENTIAL).late(1e5),
        mean("ps1-mean-hyperexponential", HYPEREXPONENTIAL).late(2e5),
        Study {
            site: site(EXPONENTIAL) + SIZES,
            warm_up_s: 30.0,
            short_s: 3e4,
            long_s: 0.0,
            rows: sizes,
        },
    ]
}

#[test]
fn short() {
    FAMILY.check();
}

#[test]
#[ignore = "long"]
fn long() {
    FAMILY.check_long();
}
