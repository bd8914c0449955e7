//! The simulated provider, beside the tests, which are not asynchronous.

use std::ops::Deref;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use authbridge_testkit::{Provider, ProviderOptions, TokenCheck};
use tokio::sync::oneshot;

use super::SECRET;

/// A running provider; dropping it stops it.
pub(crate) struct Upstream {
    provider: Arc<Provider>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let (started, provider) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let tokens = TokenCheck {
                    workspace_secret: Some(SECRET.to_owned()),
                    ..TokenCheck::default()
                };
                let options = ProviderOptions {
                    tokens,
                    ..ProviderOptions::default()
                };
                let provider = Provider::start(options).await.unwrap();
                started.send(Arc::new(provider)).unwrap();
                stopped.await.unwrap_or(());
            });
        });
        Self {
            provider: provider.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Deref for Upstream {
    type Target = Provider;

    fn deref(&self) -> &Provider {
        &self.provider
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ignored = thread.join();
        }
    }
}
