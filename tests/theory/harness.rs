//! Runs a scenario and compares what it measures with what theory says.
//!
//! Each row of a study has replications of its own for its interval, so that the intervals of one
//! study are independent of each other, as a binomial test over all of them demands; the point
//! estimate is from all replications together.

use std::sync::OnceLock;

use simulate::{
    measure::{
        figures::{CallFigures, Figures, HostFigures, InstanceFigures, RequestFigures},
        tally::Tally,
        tape::Tape,
    },
    model::{self, blueprint::Blueprint},
    scenario::{self, Source},
    stats::{estimator::Estimator, interval::CONFIDENCE},
};

use super::cases;

/// For the interval of each row …
const REPLICATIONS: u32 = 12;
/// … and for each study at least.
const REPLICATIONS_MIN: u32 = 24;

/// A number that may not be there.
pub(crate) type Number = Option<f64>;

/// What a row looks at.
pub(crate) type Reader = fn(&Measured<'_>) -> Number;

/// One replication, or all of them together.
pub(crate) struct Measured<'p> {
    plan: &'p Blueprint,
    pub(crate) tally: &'p Tally,
    pub(crate) figures: Figures<Number>,
}

/// A scenario and the rows that it is to reproduce.
pub(crate) struct Study {
    /// All of the scenario but its first table.
    pub(crate) site: String,
    /// Of each replication, in seconds; many times the relaxation time of the model.
    pub(crate) warm_up_s: f64,
    /// Measured seconds of the short run, all replications together; 0: there is none.
    pub(crate) short_s: f64,
    /// The same of the long run.
    pub(crate) long_s: f64,
    pub(crate) rows: Vec<Row>,
}

/// A number and what it should be.
pub(crate) struct Row {
    id: &'static str,
    exact: f64,
    tolerance: f64,
    read: Reader,
    is_late: bool,
    has_interval: bool,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) id: &'static str,
    /// Whether the interval contains the exact value; only of a row that has one and is judged.
    pub(crate) is_inside: Option<bool>,
    /// The error is within the tolerance, or is not judged in this run.
    is_good: bool,
    text: String,
}

/// Studies of one kind; run once, whoever asks.
pub(crate) struct Family {
    studies: fn() -> Vec<Study>,
    short: OnceLock<Vec<Finding>>,
    long: OnceLock<Vec<Finding>>,
}

impl Measured<'_> {
    fn of<'p>(plan: &'p Blueprint, tally: &'p Tally) -> Measured<'p> {
        Measured { plan, tally, figures: Figures::of(tally).numbers() }
    }

    /// The service of this name.
    pub(crate) fn service(&self, name: &str) -> &CallFigures<Number> {
        let index = self.plan.services.iter().position(|service| service.name == name);
        &self.figures.services[index.expect("the scenario has this service")]
    }

    /// The first instance of a service.
    pub(crate) fn instance(
        &self,
        service: &str,
    ) -> &(CallFigures<Number>, InstanceFigures<Number>) {
        &self.figures.instances[self.instance_index(service)]
    }

    /// Where the first instance of a service is in the tables.
    pub(crate) fn instance_index(&self, service: &str) -> usize {
        let found = self.plan.services.iter().find(|known| known.name == service);
        found.expect("the scenario has this service").first_instance as usize
    }

    /// The host of the first instance of a service.
    pub(crate) fn host(&self, service: &str) -> &HostFigures<Number> {
        let instance = &self.plan.instances[self.instance_index(service)];
        &self.figures.hosts[instance.host.index()]
    }

    /// Requests of this name.
    pub(crate) fn request(&self, name: &str) -> &RequestFigures<Number> {
        let index = self.plan.requests.iter().position(|request| request.name == name);
        &self.figures.requests[index.expect("the scenario has this request")]
    }
}

impl Row {
    /// A row of the table.
    pub(crate) fn new(id: &'static str, tolerance: f64, read: Reader) -> Row {
        Row::known(id, cases::value(id), tolerance, read)
    }

    /// A number that the test itself has computed.
    pub(crate) fn known(id: &'static str, exact: f64, tolerance: f64, read: Reader) -> Row {
        Row { id, exact, tolerance, read, is_late: false, has_interval: true }
    }

    /// It needs the long run; the short one is not asked.
    pub(crate) fn late(self) -> Row {
        Row { is_late: true, ..self }
    }

    /// The value is that of a limit, which a finite site only approaches: an interval that is
    /// narrow enough does not contain it.
    pub(crate) fn of_a_limit(self) -> Row {
        Row { has_interval: false, ..self }
    }
}

impl Study {
    /// All of its rows need the long run, of so many seconds.
    pub(crate) fn late(self, long_s: f64) -> Study {
        let rows = self.rows.into_iter().map(Row::late).collect();
        Study { short_s: 0.0, long_s, rows, ..self }
    }

    /// Compiles and runs it.
    fn run(&self, name: &str, is_long: bool) -> Vec<Finding> {
        let count = (REPLICATIONS * self.rows.len() as u32).max(REPLICATIONS_MIN);
        let total = if is_long { self.long_s } else { self.short_s };
        let plan = self.compile(name, total / f64::from(count));
        let shape = model::shape::shape(&plan);
        let mut all: Vec<Vec<f64>> = vec![Vec::new(); self.rows.len()];
        let mut own = all.clone();
        let mut pool: Option<Tally> = None;
        for replication in 0..count {
            let mut tape = Tape::new(&shape);
            let number = u64::from(replication);
            model::run::replicate(&plan, number, &mut tape).expect("conservation");
            let tally = tape.close(shape.until);
            tally.check_conservation().expect("conservation");
            let measured = Measured::of(&plan, &tally);
            for (index, row) in self.rows.iter().enumerate() {
                let value = (row.read)(&measured);
                all[index].extend(value);
                if replication as usize % self.rows.len() == index {
                    own[index].extend(value);
                }
            }
            match &mut pool {
                Some(pool) => pool.merge(&tally),
                None => pool = Some(tally),
            }
        }
        let pool = pool.expect("a study has rows");
        let together = Measured::of(&plan, &pool);
        let judge = |(index, row): (usize, &Row)| {
            let value = (row.read)(&together);
            row.judge(value, &all[index], &own[index], is_long)
        };
        self.rows.iter().enumerate().map(judge).collect()
    }

    /// All luck is that of the visitors and named after their workload: with a name of its own a
    /// study owes nothing to the luck of the others.
    fn compile(&self, name: &str, duration_s: f64) -> Blueprint {
        let site = self.site.replace("[workload.visitors]", &format!("[workload.{name}]"));
        assert_ne!(site, self.site, "`{name}` has no workload `visitors`");
        let text = format!(
            "[scenario]\nduration = \"{duration_s:.6}s\"\nwarm_up = \"{:.6}s\"\n\
             [network]\nlatency = 0\nloopback = 0\n{site}",
            self.warm_up_s
        );
        let source = Source { path: "theory.toml".to_owned(), text };
        scenario::compile(&source, &[])
            .unwrap_or_else(|mistakes| panic!("{}", mistakes.draw(false)))
    }
}

impl Row {
    fn judge(&self, value: Number, all: &[f64], own: &[f64], is_long: bool) -> Finding {
        let Row { id, exact, tolerance, .. } = *self;
        let value = value.unwrap_or_else(|| panic!("`{id}` has no value"));
        let error = value / exact - 1.0;
        let all = Estimator::of(all).expect("several replications");
        let half = all.half_width(CONFIDENCE) / exact;
        let is_judged = self.is_late == is_long;
        // A run far too short for its tolerance would pass by luck.
        let is_good = !is_judged || (error.abs() <= tolerance && half <= 1.5 * tolerance);
        let own = Estimator::of(own).expect("several replications");
        let (low, high) = own.interval(CONFIDENCE);
        let is_inside = low <= exact && exact <= high;
        let verdict = match (is_judged, is_good) {
            (false, _) => " (not judged)",
            (true, true) => "",
            (true, false) => " FAILS",
        };
        let text = format!(
            "{id:<30} exact {exact:<12.6} measured {value:<12.6} error {:+7.3}% ± {:.3}% \
             of ± {:.1}%{verdict}, interval {low:.6}..{high:.6}{}",
            100.0 * error,
            100.0 * half,
            100.0 * tolerance,
            if is_inside { "" } else { " misses" },
        );
        let is_inside = (self.has_interval && is_judged).then_some(is_inside);
        Finding { id, is_inside, is_good, text }
    }
}

impl Family {
    pub(crate) const fn new(studies: fn() -> Vec<Study>) -> Family {
        Family { studies, short: OnceLock::new(), long: OnceLock::new() }
    }

    /// The ids of all rows that some run judges.
    pub(crate) fn ids(&self) -> Vec<&'static str> {
        let studies = (self.studies)();
        let judged = |study: &Study, row: &Row| {
            (if row.is_late { study.long_s } else { study.short_s }) > 0.0
        };
        let rows = studies.iter().flat_map(|study| study.rows.iter().map(move |row| (study, row)));
        rows.filter(|(study, row)| judged(study, row)).map(|(_, row)| row.id).collect()
    }

    /// What the short or the long run gives.
    pub(crate) fn findings(&self, is_long: bool) -> &[Finding] {
        let cell = if is_long { &self.long } else { &self.short };
        cell.get_or_init(|| {
            let length = |study: &Study| if is_long { study.long_s } else { study.short_s };
            let studies = (self.studies)();
            let wanted = studies.iter().enumerate().filter(|(_, study)| length(study) > 0.0);
            let run = |(number, study): (usize, &Study)| {
                let first = study.rows[0].id.replace('.', "_");
                study.run(&format!("{first}-{number}"), is_long)
            };
            wanted.flat_map(run).collect()
        })
    }

    /// Rows that the short run can judge are within their tolerances.
    pub(crate) fn check(&self) {
        report(self.findings(false));
    }

    /// The others are, in a long run.
    pub(crate) fn check_long(&self) {
        report(self.findings(true));
    }
}

#[expect(clippy::print_stdout, reason = "shown where a test fails, or on demand")]
fn report(findings: &[Finding]) {
    for finding in findings {
        println!("{}", finding.text);
    }
    let bad: Vec<_> = findings.iter().filter(|it| !it.is_good).map(|it| it.id).collect();
    assert!(bad.is_empty(), "beyond their tolerances, or too short to tell: {}", bad.join(", "));
}
