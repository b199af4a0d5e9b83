//! Which lines are shown: the level of the process and the levels of namespaces.

use std::borrow::Cow;
use std::env;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

use super::level::Level;

const LEVEL_VARIABLE: &str = "AIRFLOW__LOGGING__LOGGING_LEVEL";
const NAMESPACES_VARIABLE: &str = "AIRFLOW__LOGGING__NAMESPACE_LEVELS";

/// The lowest level that is shown: one for the whole process, and others for namespaces.
///
/// Airflow's supervisor shows whatever it is sent, so the process that logs has to leave lines out itself. A namespace is a
/// dotted prefix of a logger's name. The longest one that fits decides: under `a=INFO, a.b=DEBUG` the logger `a.b.c` shows
/// debug lines and `a.bc` does not. A Rust target `orders::extract` is the logger `orders.extract`.
///
/// Used as a filter of a `tracing` layer this costs nothing for lines that are not shown: `tracing` asks once for each place
/// in the source and remembers the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    root: Level,
    namespaces: Vec<(String, Level)>,
}

impl Default for Levels {
    fn default() -> Self {
        Self::at(Level::Info)
    }
}

impl Levels {
    /// One level for everything.
    pub fn at(root: Level) -> Self {
        Self {
            root,
            namespaces: Vec::new(),
        }
    }

    /// The levels that `AIRFLOW__LOGGING__LOGGING_LEVEL` (`INFO` if not set) and `AIRFLOW__LOGGING__NAMESPACE_LEVELS` ask
    /// for, and one sentence for each entry that makes no sense. Such an entry is passed over.
    pub fn from_env() -> (Self, Vec<String>) {
        let level = env::var(LEVEL_VARIABLE).unwrap_or_default();
        let namespaces = env::var(NAMESPACES_VARIABLE).unwrap_or_default();
        Self::parse(&level, &namespaces)
    }

    /// Reads the two settings. An empty `level` means `INFO`; `namespaces` holds `logger=LEVEL` pairs with white space or
    /// commas between them, and of two pairs for one logger the later one holds.
    ///
    /// ```
    /// use aileron::logs::{Level, Levels};
    ///
    /// let (levels, problems) = Levels::parse("WARNING", "orders=INFO, orders.extract=DEBUG, http=LOUD");
    /// assert!(levels.enabled(Level::Debug, "orders.extract.file"));
    /// assert!(!levels.enabled(Level::Info, "anything.else"));
    /// assert_eq!(problems.len(), 1);
    /// ```
    pub fn parse(level: &str, namespaces: &str) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let root = match level.trim() {
            "" => Level::Info,
            name => Level::from_name(name).unwrap_or_else(|| {
                problems.push(format!(
                    "{LEVEL_VARIABLE} is {name:?}, which is no level ({KNOWN}); INFO is used"
                ));
                Level::Info
            }),
        };
        let mut levels = Self::at(root);
        let entries =
            namespaces.split(|character: char| character.is_whitespace() || character == ',');
        for entry in entries.filter(|entry| !entry.is_empty()) {
            match parse_entry(entry) {
                Ok((namespace, level)) => levels.set(namespace, level),
                Err(problem) => problems.push(problem),
            }
        }
        (levels, problems)
    }

    /// Whether a line of `level` from `logger` is shown. `logger` may be a Rust path: `::` counts as a dot.
    pub fn enabled(&self, level: Level, logger: &str) -> bool {
        level >= self.threshold(&dotted(logger))
    }

    fn threshold(&self, logger: &str) -> Level {
        let namespace = self
            .namespaces
            .iter()
            .find(|(prefix, _)| is_under(logger, prefix));
        namespace.map_or(self.root, |&(_, level)| level)
    }

    /// Keeps the longest namespaces first: the first that fits is the one that decides.
    fn set(&mut self, namespace: &str, level: Level) {
        self.namespaces.retain(|(known, _)| known != namespace);
        let at = self
            .namespaces
            .partition_point(|(known, _)| known.len() >= namespace.len());
        self.namespaces.insert(at, (namespace.to_owned(), level));
    }

    /// The most detailed level of `tracing` that anything shows.
    pub(super) fn most_detailed(&self) -> LevelFilter {
        let levels = self.namespaces.iter().map(|&(_, level)| level);
        match levels.fold(self.root, Level::min) {
            Level::Debug => LevelFilter::TRACE,
            Level::Info => LevelFilter::INFO,
            Level::Warning => LevelFilter::WARN,
            Level::Error => LevelFilter::ERROR,
            Level::Critical => LevelFilter::OFF,
        }
    }

    fn shows(&self, metadata: &Metadata<'_>) -> bool {
        self.enabled(metadata.level().into(), metadata.target())
    }
}

const KNOWN: &str = "known are CRITICAL, ERROR, WARNING, INFO, DEBUG";

fn parse_entry(entry: &str) -> Result<(&str, Level), String> {
    let Some((namespace, name)) = entry.split_once('=') else {
        return Err(format!(
            "{NAMESPACES_VARIABLE} has the entry {entry:?}, which is not of the form logger=LEVEL; it is passed over"
        ));
    };
    if namespace.is_empty() {
        return Err(format!(
            "{NAMESPACES_VARIABLE} has the entry {entry:?} without a logger; it is passed over"
        ));
    }
    match Level::from_name(name) {
        Some(level) => Ok((namespace, level)),
        None => Err(format!(
            "{NAMESPACES_VARIABLE} has the entry {entry:?}, and {name:?} is no level ({KNOWN}); it is passed over"
        )),
    }
}

fn is_under(logger: &str, namespace: &str) -> bool {
    match logger.strip_prefix(namespace) {
        Some(rest) => rest.is_empty() || rest.starts_with('.'),
        None => false,
    }
}

/// A Rust path as the dotted name that Airflow's namespaces are made of.
pub(super) fn dotted(target: &str) -> Cow<'_, str> {
    if target.contains("::") {
        Cow::Owned(target.replace("::", "."))
    } else {
        Cow::Borrowed(target)
    }
}

impl<S: Subscriber> Filter<S> for Levels {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.shows(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.shows(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most_detailed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_dotted_prefix_decides() {
        let (levels, problems) = Levels::parse(
            "WARNING",
            "a=INFO, a.b=DEBUG\tc=CRITICAL\nd=error,,e=notset a.b.quiet=ERROR",
        );
        assert_eq!(problems, Vec::<String>::new());
        let table = [
            ("", Level::Warning),
            ("other", Level::Warning),
            ("a", Level::Info),
            ("a.x", Level::Info),
            ("a::x::y", Level::Info),
            ("a.b", Level::Debug),
            ("a::b", Level::Debug),
            ("a.b.c", Level::Debug),
            ("a.bc", Level::Info),
            ("ab", Level::Warning),
            ("A", Level::Warning),
            ("a.b.quiet.x", Level::Error),
            ("c.anything", Level::Critical),
            ("d", Level::Error),
            ("e", Level::Debug),
        ];
        for (logger, lowest) in table {
            for level in [
                Level::Debug,
                Level::Info,
                Level::Warning,
                Level::Error,
                Level::Critical,
            ] {
                assert_eq!(
                    levels.enabled(level, logger),
                    level >= lowest,
                    "{level} from {logger:?}"
                );
            }
        }
        assert_eq!(levels.most_detailed(), LevelFilter::TRACE);
    }

    #[test]
    fn the_later_of_two_entries_holds() {
        let (levels, _) = Levels::parse("", "a=DEBUG a=ERROR");
        assert_eq!(levels.threshold("a"), Level::Error);
    }

    #[test]
    fn what_makes_no_sense_is_told_and_passed_over() {
        let (levels, problems) = Levels::parse("LOUD", "a, =INFO, b=QUIET, c=DEBUG");
        assert_eq!(problems.len(), 4);
        for (problem, part) in problems
            .iter()
            .zip(["\"LOUD\"", "\"a\"", "\"=INFO\"", "\"QUIET\""])
        {
            assert!(problem.contains(part), "{problem}");
        }
        assert_eq!(levels.threshold("b"), Level::Info);
        assert_eq!(levels.threshold("c"), Level::Debug);
    }

    #[test]
    fn at_critical_no_tracing_macro_is_shown() {
        assert_eq!(
            Levels::at(Level::Critical).most_detailed(),
            LevelFilter::OFF
        );
    }
}
