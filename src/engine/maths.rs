//! The few functions of real numbers that results hang on, with the same bits on every machine.
//!
//! The platform's `ln` and `exp` differ in their last bits from one C library to the next, and
//! every digest would differ with them. The logarithm is our own because it sits in the most
//! frequent draw: reduction to one of 128 cells and a short series, the scheme of musl's `log`
//! (Szabolcs Nagy, 2018), but made of `+ - * /` alone, as a fused multiply-add rounds differently
//! where it exists. The normal quantile is Michael Wichura's AS 241 (Applied Statistics 37, 1988).
//! The exponential is libm's. Left out: whatever no draw needs.

/// Cells to an octave, as a power of two.
const CELL_BITS: u32 = 7;
const CELLS: usize = 1 << CELL_BITS;
const FRACTION_BITS: u32 = 52;
/// Bits of the least reduced argument: half a cell below 0.703125, so that 1 lies inside a cell
/// of its own and logarithms close to 0 keep their relative accuracy.
const OCTAVE: u64 = 0x3FE6_8000_0000_0000 - (1 << (FRACTION_BITS - CELL_BITS - 1));

/// For each cell the reciprocal of its centre, and the logarithm of what that is the
/// reciprocal of.
static LN_CELLS: [(f64, f64); CELLS] = ln_cells();

const fn ln_cells() -> [(f64, f64); CELLS] {
    let mut cells = [(0.0, 0.0); CELLS];
    let mut index = 0;
    while index < CELLS {
        let width = 1 << (FRACTION_BITS - CELL_BITS);
        let low = OCTAVE + index as u64 * width;
        let (from, to) = (f64::from_bits(low), f64::from_bits(low + width));
        let centre = if from < 1.0 && 1.0 < to { 1.0 } else { 0.5 * (from + to) };
        // Of the reciprocal as it was rounded, not of the centre.
        let reciprocal = 1.0 / centre;
        cells[index] = (reciprocal, -ln_by_series(reciprocal));
        index += 1;
    }
    cells
}

/// ln x = 2 artanh((x - 1) / (x + 1)), for x within a factor of 1.5 of 1.
const fn ln_by_series(x: f64) -> f64 {
    let s = (x - 1.0) / (x + 1.0);
    let mut sum = 0.0;
    let mut odd = 27;
    while odd > 1 {
        sum = (sum + 1.0 / odd as f64) * s * s;
        odd -= 2;
    }
    2.0 * (s + s * sum)
}

/// The natural logarithm, off by less than 5·10^-16 of the larger of 1 and itself.
///
/// Close to 1, where it is close to 0, at least 13 digits are right.
#[inline(always)]
#[expect(clippy::inline_always, reason = "on the way of every burst")]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    // Zeros, subnormals, negatives, infinities and NaN are all outside of the positive normals.
    let above_least = bits.wrapping_sub(f64::MIN_POSITIVE.to_bits());
    if above_least >= f64::INFINITY.to_bits() - f64::MIN_POSITIVE.to_bits() {
        return ln_of_the_odd(x);
    }
    let offset = bits.wrapping_sub(OCTAVE);
    let octaves = (offset as i64) >> FRACTION_BITS;
    let cell = (offset >> (FRACTION_BITS - CELL_BITS)) as usize % CELLS;
    let reduced = f64::from_bits(bits.wrapping_sub((octaves as u64) << FRACTION_BITS));
    let (reciprocal, ln_centre) = LN_CELLS[cell];
    let r = reduced * reciprocal - 1.0;
    let r2 = r * r;
    let series = (r * (1.0 / 3.0) - 0.5) + r2 * (r * 0.2 - FOURTH);
    (whole(octaves) * std::f64::consts::LN_2 + ln_centre + r) + r2 * series
}

/// The coefficient of the fourth power: 1/4, and what makes up for the sixth power that is left
/// out, where |r| is at most 2^-8.
const FOURTH: f64 = 0.25 + 0.15 / 65_536.0;

/// A small whole number as a float, by way of the fraction's last bits: the processor's own
/// conversion takes longer and waits for whatever its register held before.
#[inline]
fn whole(number: i64) -> f64 {
    const BASE: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    f64::from_bits(BASE.to_bits().wrapping_add(number as u64)) - BASE
}

#[cold]
fn ln_of_the_odd(x: f64) -> f64 {
    libm::log(x)
}

/// e to the power of `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// A number in (0, 1), open at both ends: the middle of the one of 2^52 equal parts that the top
/// bits of a uniform word name.
///
/// It is an odd multiple of 2^-53, so that `1.0 - unit(bits)` is exactly `unit(!bits)`: both tails
/// of a distribution can be drawn without cancellation.
#[inline]
pub fn unit(bits: u64) -> f64 {
    // From 1.0 on in steps of 2^-52, less all but half a step: exact, and with less latency than
    // a conversion.
    f64::from_bits(1.0_f64.to_bits() | (bits >> 12)) - (1.0 - f64::EPSILON / 2.0)
}

/// The standard normal quantile, about 1 part in 10^16. Infinite at 0 and 1, NaN beyond.
pub fn normal_quantile(p: f64) -> f64 {
    normal_quantile_of(p, 1.0 - p)
}

/// The standard normal quantile of `p`, given `q` = 1 - `p` for accuracy where `p` is close to 1.
pub fn normal_quantile_of(p: f64, q: f64) -> f64 {
    let centred = if p < q { p - 0.5 } else { 0.5 - q };
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let tail = p.min(q);
    if tail <= 0.0 {
        return if tail < 0.0 { f64::NAN } else { f64::INFINITY.copysign(centred) };
    }
    let r = (-ln(tail)).sqrt();
    let distance = if r <= 5.0 {
        polynomial(&SHOULDER_ABOVE, r - 1.6) / polynomial(&SHOULDER_BELOW, r - 1.6)
    } else {
        polynomial(&TAIL_ABOVE, r - 5.0) / polynomial(&TAIL_BELOW, r - 5.0)
    };
    distance.copysign(centred)
}

/// Horner's scheme, the constant first.
#[inline]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_545e3,
];
const SHOULDER_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const SHOULDER_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const TAIL_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const TAIL_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    const PROBES: [f64; 10] =
        [1.0 / 9_007_199_254_740_992.0, 1e-10, 0.001, 0.02, 0.1, 0.25, 0.5, 0.7, 0.975, 0.999_999];

    #[test]
    fn bits_are_pinned() {
        let bits: Vec<String> = PROBES
            .iter()
            .map(|&x| {
                let bits = [ln(x), exp(x), normal_quantile(x)].map(f64::to_bits);
                format!("{:016x} {:016x} {:016x}", bits[0], bits[1], bits[2])
            })
            .collect();
        assert_eq!(bits, PINS.trim().lines().collect::<Vec<&str>>());
        let words = [0x243F_6A88_85A3_08D3, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89];
        let units = [0x3FC2_1FB5_4442_D184, 0x3FE4_8127_0445_33E7, 0x3FA0_5DF5_31D8_9CD0];
        assert_eq!(words.map(|word| unit(word).to_bits()), units);
    }

    #[test]
    fn ln_agrees_with_libm() {
        let (mut scaled, mut relative) = (0.0_f64, 0.0_f64);
        for step in 0..2_000_000_u64 {
            let x = unit(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for x in [x, x * x * x * x, 1.0 - x / 1024.0, 1.0 + x / 128.0, 1e5 * x] {
                let expected = libm::log(x);
                let error = (ln(x) - expected).abs();
                relative = relative.max(error / expected.abs());
                scaled = scaled.max(error / expected.abs().max(1.0));
            }
        }
        assert!(scaled < 5e-16, "{scaled:e}");
        assert!(relative < 1e-13, "{relative:e}");
    }

    #[test]
    fn ln_of_the_odd_is_what_it_should_be() {
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        let least = f64::from_bits(1);
        assert_eq!(ln(least), libm::log(least));
    }

    #[test]
    fn units_are_open_at_both_ends_and_symmetric() {
        assert_eq!(unit(0), 1.0 / 9_007_199_254_740_992.0);
        assert_eq!(unit(u64::MAX), 1.0 - 1.0 / 9_007_199_254_740_992.0);
        for step in 0..10_000_u64 {
            let bits = step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            assert_eq!(1.0 - unit(bits), unit(!bits));
            assert_eq!(unit(bits), ((bits >> 11) | 1) as f64 / 9_007_199_254_740_992.0);
        }
    }

    /// P(Z < z) through the complementary error function, which keeps both tails.
    #[test]
    fn the_normal_quantile_inverts_the_distribution() {
        let mut worst = 0.0_f64;
        for exponent in 0..1000 {
            let tail = 0.5 * exp(-f64::from(exponent) * 0.03);
            let z = normal_quantile(tail);
            let back = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
            // An error of one rounding in z is one of z² in the tail.
            worst = worst.max((back / tail - 1.0).abs() / (1.0 + z * z));
            if tail > 1e-12 {
                let upper = normal_quantile_of(1.0 - tail, tail);
                assert!(upper == -z, "{upper} against {z}");
            }
        }
        assert!(worst < 1e-15, "{worst:e}");
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(-0.1).is_nan() && normal_quantile(1.1).is_nan());
        assert!(normal_quantile(f64::NAN).is_nan());
    }

    /// Of `ln`, `exp` and `normal_quantile` at each probe.
    const PINS: &str = "
c0425e4f7b2737fa 3ff0000000000000 c0206b48528cea51
c037069e2aa2aa5a 3ff000000006df38 c0197203597a2154
c01ba18a998fffa1 3ff0041919b7ee34 c008b8cbb7204470
c00f4bd2b7ac1bae 3ff052bea3ec0132 c0006e13e8aadfdb
c0026bb1bbb55515 3ff1aec7b35a00d4 bff4813c36e26d34
bff62e42fefa39ef 3ff48b5e3c3e8186 bfe5956b87528a49
bfe62e42fefa39ef 3ffa61298e1e069c 0000000000000000
bfd6d3c324e13f4f 40001c2a61268987 3fe0c7e39582c5fa
bf99ece955321b80 40053597279b2ec0 3fff5c0331eeff82
beb0c6f82d74d230 4005bf091e3cef8b 40130381a97985f1
";
}
