//! Exact theory against the simulator, through the scenario language alone.
//!
//! Every row of `cases.csv` that belongs to a family below is measured twice: its relative error
//! is within the tolerance of its kind at a stated run length (rows that need more than a few
//! seconds are judged by the tests named `long`), and over all rows the intervals that the
//! simulator gives contain the exact value about as often as they claim. The seed is the default
//! one everywhere.

mod theory {
    mod abandonment;
    mod arrivals;
    mod balancing;
    mod cases;
    mod chain;
    mod closed;
    mod fan_out;
    mod harness;
    mod holding;
    mod jackson;
    mod lag;
    mod lifo;
    mod loss;
    mod mg1;
    mod mm1;
    mod mmc;
    mod priority;
    mod sharing;
    mod turns;
    mod whole_suite;
}
