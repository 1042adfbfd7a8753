//! Numbers by what they mean: `1`, `1.0` and `10e-1` are one number, however many digits it has.

/// A decimal number without leading or trailing zeros: digits times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    power: i64,
}

/// Whether two numbers are one.
pub fn same(one: &str, other: &str) -> bool {
    one == other || matches!((decimal(one), decimal(other)), (Some(one), Some(other)) if one == other)
}

/// Whether they are one number to whoever keeps doubles; RFC 8259 promises no more of any parser.
pub fn same_as_double(one: &str, other: &str) -> bool {
    let double = |digits: &str| digits.parse::<f64>().ok();
    matches!((double(one), double(other)), (Some(one), Some(other)) if one == other)
}

fn decimal(written: &str) -> Option<Decimal> {
    let (negative, rest) = match written.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, written),
    };
    let (mantissa, power) = match rest.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0').trim_end_matches('0').to_owned();
    if digits.is_empty() {
        return Some(Decimal { negative: false, digits, power: 0 });
    }
    let dropped = all.len() - all.trim_end_matches('0').len();
    let power =
        power.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(i64::try_from(dropped).ok()?)?;
    Some(Decimal { negative, digits, power })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_value_and_not_its_spelling() {
        for (one, other) in [("1", "1.0"), ("10e-1", "1"), ("-0", "0.0"), ("1E+2", "100"), ("0.50", "5e-1")] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("1", "-1"), ("9007199254740993", "9007199254740992"), ("1e400", "1e401")] {
            assert!(!same(one, other), "{one} {other}");
        }
        assert!(same_as_double("9007199254740993", "9007199254740992"));
        assert!(!same_as_double("0.1", "0.2"));
    }
}
