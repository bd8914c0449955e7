//! Failures on demand.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::StatusCode;
use tokio::sync::watch;

use crate::record::unpoisoned;

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The answer is this status, with a JSON body.
    Status(StatusCode),
    /// The connection is closed without an answer.
    Disconnect,
    /// The connection is closed in the middle of the body.
    CutShort,
}

/// Faults that wait for their request, in the order they were ordered.
#[derive(Debug)]
pub(crate) struct Faults {
    planned: Mutex<VecDeque<(u32, Fault)>>,
    hanging: watch::Sender<bool>,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self {
            planned: Mutex::default(),
            hanging: watch::Sender::new(false),
        }
    }

    /// The next `count` requests that no earlier fault takes meet `fault`.
    pub(crate) fn plan(&self, count: u32, fault: Fault) {
        unpoisoned(&self.planned).push_back((count, fault));
    }

    /// From now on no request is answered.
    pub(crate) fn hang(&self) {
        self.hanging.send_replace(true);
    }

    /// Forgets planned faults and answers what hangs.
    pub(crate) fn recover(&self) {
        unpoisoned(&self.planned).clear();
        self.hanging.send_replace(false);
    }

    /// The fault of the request at hand; waits as long as the provider hangs.
    pub(crate) async fn next(&self) -> Option<Fault> {
        // An error would mean that `self` is gone.
        self.hanging
            .subscribe()
            .wait_for(|hanging| !hanging)
            .await
            .ok()?;
        let mut planned = unpoisoned(&self.planned);
        loop {
            let (count, fault) = planned.front_mut()?;
            if let Some(rest) = count.checked_sub(1) {
                *count = rest;
                return Some(*fault);
            }
            planned.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn faults_come_in_order_and_run_out() {
        let faults = Faults::none();
        faults.plan(2, Fault::Disconnect);
        faults.plan(0, Fault::CutShort);
        faults.plan(1, Fault::Status(StatusCode::BAD_GATEWAY));
        assert_eq!(faults.next().await, Some(Fault::Disconnect));
        assert_eq!(faults.next().await, Some(Fault::Disconnect));
        assert_eq!(
            faults.next().await,
            Some(Fault::Status(StatusCode::BAD_GATEWAY))
        );
        assert_eq!(faults.next().await, None);
    }

    #[tokio::test]
    async fn recovery_answers_what_hangs_and_cancels_what_is_planned() {
        let faults = Faults::none();
        faults.plan(1, Fault::Disconnect);
        faults.hang();
        let (fault, ()) = tokio::join!(faults.next(), async { faults.recover() });
        assert_eq!(fault, None);
    }
}
