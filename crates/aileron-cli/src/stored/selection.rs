//! Options that choose entries.

use aileron_metastore::inventory::Filter;

/// Which task instances, and which key.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Selection {
    /// Only of this Dag.
    #[arg(long, value_name = "DAG_ID")]
    dag: Option<String>,
    /// Only of this run.
    #[arg(long, value_name = "RUN_ID")]
    run_id: Option<String>,
    /// Only of this task.
    #[arg(long, value_name = "TASK_ID")]
    task: Option<String>,
    /// Only of this instance of a mapped task; -1 for a task that is not mapped.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    map_index: Option<i64>,
    /// Only under this key.
    #[arg(long)]
    key: Option<String>,
}

impl Selection {
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            dag_id: self.dag.clone(),
            run_id: self.run_id.clone(),
            task_id: self.task.clone(),
            map_index: self.map_index,
            key: self.key.clone(),
        }
    }

    /// The same with a key, if none was given.
    pub(crate) fn filter_with_key(&self, key: &str) -> Filter {
        let mut filter = self.filter();
        filter.key.get_or_insert_with(|| key.to_owned());
        filter
    }

    /// The options that were not given, of those that a task instance is told by.
    pub(super) fn missing(filter: &Filter) -> String {
        let mut missing = Vec::new();
        if filter.dag_id.is_none() {
            missing.push("--dag");
        }
        if filter.run_id.is_none() {
            missing.push("--run-id");
        }
        if filter.task_id.is_none() {
            missing.push("--task");
        }
        if filter.map_index.is_none() {
            missing.push("--map-index");
        }
        if filter.key.is_none() {
            missing.push("--key");
        }
        missing.join(", ")
    }
}

/// How much of a list.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Page {
    /// At most this many.
    #[arg(long, default_value_t = 200, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl Page {
    /// How many to ask for: one more than are shown, so that it is known whether there are more.
    pub(crate) fn asked(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Leaves as many as are shown, and says on stderr if there are more.
    pub(crate) fn cut<T>(self, entries: &mut Vec<T>) {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if entries.len() > shown {
            entries.truncate(shown);
            anstream::eprintln!("there are more than {shown}; choose fewer, or raise --limit");
        }
    }
}
