//! Aileron's supervisor by itself: as many tasks as asked for, in one process, with an Execution API in memory.
//!
//! It prints a line when the bodies of all tasks have asked for their Variable, and one when all have ended.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aileron_secrets::Masker;
use aileron_supervisor::testing::MemoryApi;
use aileron_supervisor::{
    FileSink, Settings, Stop, Supervised, TaskCommand, TaskLog, Workload, supervise,
};
use aileron_wire::SchemaVersion;
use aileron_wire::message::{BundleInfo, TaskInstance};
use anyhow::{Result, ensure};
use clap::Parser;
use futures_util::future::{join_all, try_join_all};
use uuid::Uuid;

#[derive(Debug, Parser)]
struct Arguments {
    /// The program of the tasks
    program: PathBuf,
    /// The task
    task: String,
    /// How many tasks run at the same time
    #[arg(long, default_value_t = 1)]
    count: u128,
    /// How many lines `bench-floor` logs
    #[arg(long)]
    lines: Option<usize>,
    /// Where the logs go
    #[arg(long)]
    logs: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> Result<()> {
    let masker = Arc::new(Masker::default());
    let tis: Vec<TaskInstance> = (0..arguments.count)
        .map(|number| {
            let id = Uuid::from_u128(number);
            TaskInstance::new(id, &arguments.task, "bench", "run", 1, Uuid::nil())
        })
        .collect();
    let apis: Vec<Arc<MemoryApi>> = tis.iter().map(MemoryApi::new).collect();
    for api in &apis {
        api.state().variables = [("bench_variable".to_owned(), "any".to_owned())].into();
    }
    let bodies = async {
        join_all(apis.iter().map(|api| api.called("variable", 1))).await;
        say("bodies run");
        Ok(())
    };
    let tasks = tis
        .iter()
        .zip(&apis)
        .enumerate()
        .map(|(number, (ti, api))| {
            let mut command = TaskCommand::new(&arguments.program, SchemaVersion::V2026_06_16);
            if let Some(lines) = arguments.lines {
                command.variables = vec![("BENCH_LINES".into(), Some(lines.to_string().into()))];
            }
            let file = arguments.logs.join(format!("{number}.log"));
            supervise(Supervised {
                api: Arc::clone(api) as _,
                workload: Workload::new(ti.clone(), "bench.py", BundleInfo::new("bench")),
                command,
                settings: Settings::default(),
                log: TaskLog::new(Arc::clone(&masker)).with(FileSink::new(file)),
                stop: Stop::new(),
            })
        });
    let ended = async {
        for finished in try_join_all(tasks).await? {
            ensure!(finished.state.to_string() == "success", "{finished:?}");
            ensure!(finished.log_problems.is_empty(), "{finished:?}");
        }
        say("all have ended");
        std::process::exit(0)
    };
    tokio::try_join!(bodies, ended).map(|((), ())| ())
}

fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}
