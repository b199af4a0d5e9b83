//! What every test needs: a task instance, an API, a log that can be read, and a supervisor.

use std::ffi::OsString;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aileron_secrets::Masker;
use aileron_supervisor::testing::MemoryApi;
use aileron_supervisor::{
    Finished, LogSink, Settings, Stop, SuperviseError, Supervised, TaskCommand, TaskLog, Workload,
    supervise,
};
use aileron_wire::SchemaVersion;
use aileron_wire::message::{BundleInfo, TaskInstance};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) const TI_ID: Uuid = Uuid::from_u128(7);

pub(crate) struct Stage {
    pub(crate) api: Arc<MemoryApi>,
    pub(crate) settings: Settings,
    pub(crate) stop: Stop,
    pub(crate) command: TaskCommand,
    pub(crate) ti: TaskInstance,
    pub(crate) log: Log,
}

/// Everything that was logged so far.
#[derive(Clone)]
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    grown: watch::Sender<usize>,
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).expect("UTF-8")
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The texts of all lines of a logger.
    pub(crate) fn of(&self, logger: &str) -> Vec<String> {
        self.lines()
            .iter()
            .filter(|line| line["logger"] == logger)
            .map(|line| line["event"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits for a text in the log.
    pub(crate) async fn has(&self, text: &str) {
        let mut grown = self.grown.subscribe();
        while !self.text().contains(text) {
            grown.changed().await.unwrap();
        }
    }

    fn sink(&self) -> impl FnMut(&[u8]) + Send + 'static {
        let log = self.clone();
        move |lines| {
            log.text.lock().unwrap().extend_from_slice(lines);
            log.grown.send_modify(|count| *count += 1);
        }
    }
}

impl Stage {
    /// This program as the task `task_id` of its bundle.
    pub(crate) fn bundle(task_id: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut settings = Settings::default();
        settings.kill_grace = Duration::from_millis(300);
        let ti = TaskInstance::new(TI_ID, task_id, "tried", "run", 1, Uuid::nil());
        Self {
            api: MemoryApi::new(&ti),
            settings,
            stop: Stop::new(),
            command: TaskCommand::new(program, SchemaVersion::V2026_06_16),
            ti,
            log: Log {
                text: Arc::default(),
                grown: watch::Sender::new(0),
            },
        }
    }

    /// This program as a task that plays `name`.
    pub(crate) fn player(name: &str) -> Self {
        let mut stage = Self::bundle("played");
        stage.command.arguments = vec![OsString::from(format!("play={name}"))];
        stage
    }

    pub(crate) async fn run(&self) -> Result<Finished, SuperviseError> {
        self.run_with(self.log.sink()).await
    }

    /// Runs it with its log in another place.
    pub(crate) async fn run_with(
        &self,
        sink: impl LogSink + 'static,
    ) -> Result<Finished, SuperviseError> {
        let log = TaskLog::new(Arc::new(Masker::default())).with(sink);
        supervise(Supervised {
            api: self.api.clone(),
            workload: Workload::new(self.ti.clone(), "dag.py", BundleInfo::new("dags")),
            command: self.command.clone(),
            settings: self.settings.clone(),
            log,
            stop: self.stop.clone(),
        })
        .await
    }

    /// Runs it to its end.
    pub(crate) fn finished(&self) -> Finished {
        block_on(self.run()).unwrap_or_else(|error| panic!("{error}\n{}", self.log.text()))
    }
}

/// On a runtime like that of `aileron run`. Nothing here takes long, but for a defect.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await })
        .expect("it ends within a minute")
}

/// Functions as tests of their own names.
macro_rules! trials {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$(libtest_mimic::Trial::test(stringify!($name), || { $name(); Ok(()) })),+]
        }
    };
}
pub(crate) use trials;
