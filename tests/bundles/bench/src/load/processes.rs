//! What the processes of a server use.

use std::fs;

use anyhow::{Context as _, Result};

/// The processor time that they have used so far, in seconds.
pub(crate) fn processor_seconds(processes: &[u32]) -> Result<f64> {
    let ticks: Vec<u64> = processes
        .iter()
        .map(|process| ticks(*process))
        .collect::<Result<_>>()?;
    Ok(ticks.iter().sum::<u64>() as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// User and system time of all threads.
fn ticks(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("it has no name")?;
    let field = |at| fields.split_whitespace().nth(at)?.parse::<u64>().ok();
    field(11)
        .zip(field(12))
        .map(|(user, system)| user + system)
        .with_context(|| format!("{path} has no times"))
}

/// A line of `/proc/PROCESS/status` over all of them, in megabytes.
pub(crate) fn megabytes(processes: &[u32], line: &str) -> Result<f64> {
    let each = processes.iter().map(|process| {
        let path = format!("/proc/{process}/status");
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let kibibytes = status.lines().find_map(|text| {
            let value = text.strip_prefix(line)?.strip_prefix(':')?;
            value.trim().strip_suffix(" kB")?.parse::<f64>().ok()
        });
        kibibytes.with_context(|| format!("{path} has no {line}"))
    });
    let kibibytes: Vec<f64> = each.collect::<Result<_>>()?;
    Ok(kibibytes.iter().sum::<f64>() * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_some_of_both() {
        let own = [std::process::id()];
        let begun = std::time::Instant::now();
        while processor_seconds(&own).unwrap() == 0.0 {
            assert!(begun.elapsed().as_secs() < 20);
        }
        let (now, peak) = (
            megabytes(&own, "VmRSS").unwrap(),
            megabytes(&own, "VmHWM").unwrap(),
        );
        assert!(0.5 < now && now <= peak, "{now} {peak}");
        assert!(megabytes(&own, "VmNothing").is_err());
    }
}
