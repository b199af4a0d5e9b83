//! Sizes for people.

/// `bytes` with a unit: `17 B`, `1.2 KiB`, `4.0 MiB`.
pub(crate) fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB"] {
        if value < 1024.0 {
            return if unit == "B" {
                format!("{bytes} B")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    format!("{value:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_are_short_and_carry_their_unit() {
        let all = [0, 1023, 1024, 1536, 5 << 20, 3 << 30].map(human);
        assert_eq!(
            all,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.0 GiB"]
        );
    }
}
