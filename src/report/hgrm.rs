//! The distribution of latency as the tools of the HDR histogram read and plot it (`.hgrm`, the output
//! of `outputPercentileDistribution`), so that it can be laid over that of a load generator such as wrk2.

use std::fmt::Write;

use crate::measure::latency::Latency;

/// Steps to each halving of what is left, as those tools have it.
const TICKS: u32 = 5;

/// Of three significant digits.
const SUB_BUCKETS: u32 = 2048;

/// All values in milliseconds.
pub fn render(latency: &Latency) -> String {
    let hdr = latency.hdr();
    let millis = |nanos: f64| nanos / 1e6;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut seen = 0;
    for step in hdr.iter_quantiles(TICKS) {
        seen += step.count_since_last_iteration();
        let value = millis(step.value_iterated_to() as f64);
        let share = step.quantile_iterated_to();
        let _ = write!(text, "{value:>12.3} {share:>14.12} {seen:>10}");
        // The last stands for all, of which nothing is left.
        let _ = if share < 1.0 {
            writeln!(text, " {:>14.2}", 1.0 / (1.0 - share))
        } else {
            writeln!(text)
        };
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]",
        millis(hdr.mean()),
        millis(hdr.stdev())
    );
    let _ = writeln!(
        text,
        "#[Max     = {:>12.3}, Total count    = {:>12}]",
        millis(hdr.max() as f64),
        hdr.len()
    );
    let buckets = hdr.buckets();
    let _ = writeln!(text, "#[Buckets = {buckets:>12}, SubBuckets     = {SUB_BUCKETS:>12}]");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::time::Span, measure::latency::Latencies};

    #[test]
    fn a_distribution_for_other_tools() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|millis| latencies.record(Span::from_millis(millis)));
        insta::assert_snapshot!("hgrm", render(&latencies.close()));
    }

    #[test]
    fn nothing_at_all() {
        assert!(render(&Latencies::default().close()).contains("Total count    =            0"));
    }
}
