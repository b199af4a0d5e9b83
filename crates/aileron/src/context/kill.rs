//! What a task wants done when it is ended from outside.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// The on-kill hooks of one task.
#[derive(Default)]
pub(crate) struct KillHooks(Mutex<Vec<Hook>>);

impl KillHooks {
    pub(crate) fn add<F, Fut>(&self, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.lock().push(Box::new(move || Box::pin(hook())));
    }

    /// Runs the hooks in order, each once.
    pub(crate) async fn run(&self) {
        let hooks = std::mem::take(&mut *self.lock());
        for hook in hooks {
            hook().await;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Hook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
