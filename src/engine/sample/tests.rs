use std::f64::consts::LN_2;

use statrs::distribution::{ContinuousCDF, Gamma, LogNormal};

use super::Law;
use crate::engine::maths::{ln, unit};

fn laws() -> Vec<(&'static str, Law)> {
    [
        ("constant", Law::constant(0.006)),
        ("exponential", Law::exponential(0.02)),
        ("uniform", Law::uniform(0.001, 0.003)),
        ("erlang", Law::erlang(0.02, 3)),
        ("gamma", Law::gamma(0.02, 0.8)),
        ("gamma, heavy", Law::gamma(0.02, 3.0)),
        ("lognormal, median", Law::lognormal_median_p99(0.004, 0.05)),
        ("lognormal, cv", Law::lognormal_mean_cv(0.02, 0.5)),
        ("lognormal, mean", Law::lognormal_mean_p99(0.02, 0.1)),
        ("hyperexponential", Law::hyperexponential(&[(0.9, 0.01), (0.1, 0.2)])),
        ("balanced means", Law::hyperexponential_cv(0.02, 2.0)),
        ("pareto", Law::pareto(1000.0, 6.0)),
        ("weibull", Law::weibull(0.02, 0.7)),
        ("geometric", Law::geometric(0.4)),
        ("geometric1", Law::geometric1(5.0)),
        ("poisson", Law::poisson(2.5)),
        ("poisson, large", Law::poisson(10_000.0)),
        ("uniform_count", Law::uniform_count(3, 12)),
        ("zipf", Law::zipf(1000, 0.9)),
        ("uniform_rank", Law::uniform_rank(1000)),
    ]
    .into_iter()
    .map(|(name, law)| (name, law.expect(name)))
    .collect()
}

/// In the lower tail beyond all tables, on both sides of the body, in the upper tail.
const WORDS: [u64; 4] =
    [0x0000_5142_8A2E_0370, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0xFFFF_F8E6_38D0_1377];

/// Scattered over all words, the same ones for ever.
fn scattered(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|step| step.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

#[test]
fn draws_are_pinned_to_the_bit() {
    let drawn: Vec<String> = laws()
        .into_iter()
        .map(|(name, law)| {
            let bits = WORDS.map(|word| format!(" {:016x}", law.draw(word).to_bits()));
            format!("{name:18}{}", bits.concat())
        })
        .collect();
    assert_eq!(drawn, PINS.trim().lines().collect::<Vec<&str>>());
}

/// Mean and variance of the draws at the midpoints of cells that shrink towards both ends, so that
/// tails count for what they weigh.
fn moments(law: &Law) -> (f64, f64) {
    const CELL_BITS: u32 = 12;
    let (mut mean, mut square) = (0.0, 0.0);
    for octave in 1..50 - CELL_BITS {
        let weight = 1.0 / (1_u64 << (octave + 1 + CELL_BITS)) as f64;
        for cell in 1 << CELL_BITS..2 << CELL_BITS {
            let near: u64 = (2 * cell + 1) << (62 - CELL_BITS - octave);
            for word in [near, !near] {
                let value = law.draw(word);
                mean += weight * value;
                square += weight * value * value;
            }
        }
    }
    (mean, square - mean * mean)
}

#[test]
fn draws_have_the_moments_of_their_law() {
    for (name, law) in laws() {
        // A cubic may be off by 1e-7; a step that falls into a cell by half of the cell's weight.
        let tolerance = if law.is_count() { 4e-5 } else { 2e-7 };
        let (mean, variance) = moments(&law);
        assert!((mean / law.mean() - 1.0).abs() < tolerance, "{name}: {mean} {}", law.mean());
        let expected = law.variance().expect(name);
        // Squares weigh the tails more, where the cells are as wide as ever on that scale.
        let off = (variance - expected).abs();
        assert!(
            off <= 20.0 * tolerance * (expected + 1e-3 * mean * mean),
            "{name}: {variance} {expected}"
        );
    }
}

#[test]
fn heavy_tails_have_no_variance() {
    assert_eq!(Law::pareto(1.0, 2.0).unwrap().variance(), None);
    assert!(Law::pareto(1.0, 2.01).unwrap().variance().is_some());
}

#[test]
fn a_draw_is_the_quantile_of_its_word() {
    for (name, law) in laws() {
        for word in scattered(10_000).chain(WORDS) {
            let (drawn, expected) = (law.draw(word), law.quantile(unit(word)));
            let tolerance = if law.is_count() { 0.0 } else { 2e-7 * (expected + law.mean()) };
            assert!((drawn - expected).abs() <= tolerance, "{name}: {drawn} {expected}");
        }
    }
}

#[test]
fn greater_words_draw_greater_values() {
    for (name, law) in laws() {
        let mut last = law.draw(0);
        for step in 1..1 << 16 {
            let value = law.draw(step << 48);
            assert!(last <= value, "{name}: {value} after {last}");
            last = value;
        }
        assert!(last <= law.draw(u64::MAX), "{name}");
    }
}

#[test]
fn quantiles_agree_with_statrs() {
    for (mean, cv) in [(0.02, 0.8), (1.0, 3.0), (5.0, 0.1), (1.0, 0.01), (1.0, 10.0)] {
        let shape = 1.0 / (cv * cv);
        let variance = libm::log1p(cv * cv);
        let our_gamma = Law::gamma(mean, cv).unwrap();
        let our_lognormal = Law::lognormal_mean_cv(mean, cv).unwrap();
        let gamma = Gamma::new(shape, shape / mean).unwrap();
        let lognormal = LogNormal::new(ln(mean) - variance / 2.0, variance.sqrt()).unwrap();
        for p in [1e-6, 0.001, 0.05, 0.3, 0.5, 0.9, 0.99, 0.999_999] {
            let (ours, theirs) = (our_gamma.quantile(p), gamma.inverse_cdf(p));
            // Theirs is found by bisection down to an absolute width.
            assert!((ours - theirs).abs() < 1e-8 * (theirs + mean), "{p}: {ours} {theirs}");
            let (ours, theirs) = (our_lognormal.quantile(p), lognormal.inverse_cdf(p));
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{p}: {ours} {theirs}");
        }
    }
}

#[test]
fn parameters_mean_what_they_say() {
    let close =
        |left: f64, right: f64| assert!((left / right - 1.0).abs() < 1e-9, "{left} {right}");
    let law = Law::lognormal_median_p99(0.004, 0.05).unwrap();
    close(law.quantile(0.5), 0.004);
    close(law.quantile(0.99), 0.05);
    for p99 in [0.02001, 0.05, 0.29] {
        let law = Law::lognormal_mean_p99(0.02, p99).unwrap();
        close(law.mean(), 0.02);
        close(law.quantile(0.99), p99);
    }
    for law in [Law::gamma(0.02, 1.7), Law::lognormal_mean_cv(0.02, 1.7)] {
        close(law.clone().unwrap().mean(), 0.02);
        close(law.unwrap().variance().unwrap(), 0.034 * 0.034);
    }
    let law = Law::hyperexponential_cv(0.02, 30.0).unwrap();
    close(law.mean(), 0.02);
    close(law.variance().unwrap(), 0.6 * 0.6);
    // Equal exponentials in a row are an Erlang distribution, which is a gamma.
    assert_eq!(
        Law::erlang(1.0, 4).unwrap().draw(77 << 50),
        Law::gamma(1.0, 0.5).unwrap().draw(77 << 50)
    );
    close(Law::hyperexponential_cv(2.0, 1.0).unwrap().quantile(0.5), 2.0 * LN_2);
    assert_eq!(Law::zipf(3, 0.0).unwrap().mean(), 1.0);
}

#[test]
fn degenerate_laws_are_constants() {
    for (law, value) in [
        (Law::exponential(0.0), 0.0),
        (Law::uniform(2.0, 2.0), 2.0),
        (Law::gamma(3.0, 0.0), 3.0),
        (Law::lognormal_mean_cv(3.0, 0.0), 3.0),
        (Law::lognormal_median_p99(1.0, 1.0), 1.0),
        (Law::lognormal_mean_p99(1.0, 1.0), 1.0),
        (Law::geometric(0.0), 0.0),
        (Law::geometric1(1.0), 1.0),
        (Law::poisson(0.0), 0.0),
        (Law::uniform_count(7, 7), 7.0),
        (Law::uniform_rank(1), 0.0),
        (Law::zipf(1, 0.9), 0.0),
    ] {
        let law = law.unwrap();
        assert_eq!(law.as_constant(), Some(value), "{law:?}");
        assert_eq!(law.draw(0x1234_5678_9ABC_DEF0), value);
        assert_eq!((law.mean(), law.variance()), (value, Some(0.0)));
    }
}

#[test]
fn extremes_stay_finite() {
    for law in [
        Law::gamma(1.0, 10.0),
        Law::gamma(1.0, 0.001),
        Law::erlang(1.0, 1_000_000),
        Law::lognormal_mean_p99(1.0, 14.96),
        Law::lognormal_mean_cv(1.0, 1e6),
        Law::hyperexponential_cv(1.0, 1000.0),
        Law::hyperexponential(&[(0.5, 1e-9), (0.499_999, 1.0), (1e-6, 1e9)]),
        Law::pareto(1.0, 1.001),
        Law::weibull(1.0, 0.05),
        Law::weibull(1.0, 100.0),
        Law::geometric(1e9),
        Law::poisson(1e-9),
        Law::poisson(1e6),
        Law::zipf(100_000, 5.0),
        Law::uniform_count(0, (1 << 53) - 1),
    ] {
        let law = law.unwrap();
        assert!(law.mean().is_finite() && law.mean() > 0.0, "{law:?}");
        for word in scattered(1000).chain([1, u64::MAX]) {
            let value = law.draw(word);
            assert!(value.is_finite() && value >= 0.0, "{law:?}: {value}");
        }
    }
}

#[test]
fn impossible_laws_are_refused_with_a_reason() {
    for (law, reason) in [
        (Law::constant(-1.0), "not negative"),
        (Law::constant(f64::NAN), "finite"),
        (Law::exponential(f64::INFINITY), "finite"),
        (Law::uniform(2.0, 1.0), "lies above"),
        (Law::uniform(2.0, f64::INFINITY), "the upper end must be finite"),
        (Law::erlang(1.0, 0), "at least one stage"),
        (Law::erlang(0.0, 2), "more than 0"),
        (Law::gamma(1.0, 11.0), "between 0.001 and 10"),
        (Law::gamma(1.0, f64::NAN), "finite"),
        (Law::lognormal_median_p99(2.0, 1.0), "below the median"),
        (Law::lognormal_median_p99(1e-300, 1e300), "nothing but extremes"),
        (Law::lognormal_mean_p99(1.0, 20.0), "never more than 14.97 times the mean"),
        (Law::lognormal_mean_p99(1.0, 0.5), "rarest 1%"),
        (Law::hyperexponential(&[]), "at least one branch"),
        (Law::hyperexponential(&[(0.5, 1.0), (0.4, 2.0)]), "add up to 0.9"),
        (Law::hyperexponential(&[(1.5, 1.0)]), "between 0 and 1"),
        (Law::hyperexponential(&[(0.5, 1.0), (0.5, 0.0)]), "branch's mean"),
        (Law::hyperexponential_cv(1.0, 0.5), "1 or more, not 0.5"),
        (Law::hyperexponential_cv(1.0, f64::NAN), "between"),
        (Law::pareto(1.0, 1.0), "no finite mean"),
        (Law::pareto(1.0, f64::NAN), "finite"),
        (Law::weibull(1.0, 0.0), "between 0.05 and 100"),
        (Law::geometric1(0.5), "at least 1, not 0.5"),
        (Law::poisson(2e6), "between 0 and 1000000"),
        (Law::uniform_count(2, 1), "lies above"),
        (Law::uniform_count(0, 1 << 53), "2^53"),
        (Law::zipf(0, 1.0), "something to choose from"),
        (Law::zipf(u32::MAX, 1.0), "too many"),
        (Law::zipf(10, -1.0), "not negative"),
        (Law::uniform_rank(0), "something to choose from"),
    ] {
        let message = law.expect_err(reason);
        assert!(message.contains(reason), "{message}");
        assert!(!message.ends_with('.'), "{message}");
    }
}

const PINS: &str = "
constant           3f789374bc6a7efa 3f789374bc6a7efa 3f789374bc6a7efa 3f789374bc6a7efa
exponential        3e7a00d42f3dca90 3f5968632ca689ce 3f94f78ec68ac26e 3fd2c8d0b5ce602b
uniform            3f50625839ab497a 3f52d42a43546882 3f62b0b7d108cecc 3f68937448140520
erlang             3f2b12e4e4fccfd4 3f7a72a83cd181f6 3f9688d720a211fd 3fc122ce4dddd287
gamma              3eda4e6633596eb1 3f6b2b49e47dffa1 3f9608b1c05657d8 3fcaddf9e4ad39bc
gamma, heavy       35ce3f7ec360d3f5 3da15caf0e24d217 3f609c031f3f8271 3ffde2a9c6521b10
lognormal, median  3f013425b42e3b77 3f4b616769e1b485 3f783b9b71d5f934 3feadc45cf21dbe7
lognormal, cv      3f6220e46f78ffa1 3f82892f2033fe72 3f95b7fc13d4bc0e 3fc7718f761232e0
lognormal, mean    3f35c543092b283f 3f70ed5fe014a7bb 3f936e2f5448b0b8 3fecc77ed51ee9af
hyperexponential   3e6cbb9d1ec888e0 3f4c2fa2a646c0a3 3f89071687f50811 4003cbe15750e732
balanced means     3e704084db6e5793 3f4fe0d762a0c8b6 3f8c188795800c81 3ff1bc2deac4f5f0
pareto             408f4001a73ade0d 408fa80e2c33e7ee 4092883526a3c155 40c68a6863fdb4cf
weibull            3dfbbd68ed071f62 3f3ad63cbc5354da 3f90bb4b552fe90d 3fe77638890d467a
geometric          0000000000000000 0000000000000000 0000000000000000 4026000000000000
geometric1         3ff0000000000000 3ff0000000000000 4014000000000000 4050800000000000
poisson            0000000000000000 0000000000000000 4008000000000000 402a000000000000
poisson, large     40c2ac8000000000 40c3400000000000 40c39a0000000000 40c4800000000000
uniform_count      4008000000000000 4008000000000000 4022000000000000 4028000000000000
zipf               0000000000000000 0000000000000000 405e400000000000 408f380000000000
uniform_rank       0000000000000000 4052800000000000 4084000000000000 408f380000000000
";
