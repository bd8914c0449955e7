//! Places for live calls: a fair queue, and a share of it per tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Entries of tenants without a call are swept when there are more than this.
const SWEEP_AT: usize = 1024;

pub(crate) struct Queue {
    places: Arc<Semaphore>,
    per_tenant: usize,
    tenants: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The right to be alive, until it is dropped.
pub(crate) struct Place {
    _place: OwnedSemaphorePermit,
    _share: OwnedSemaphorePermit,
}

impl Queue {
    pub(crate) fn new(places: usize, per_tenant: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            per_tenant,
            tenants: Mutex::default(),
        }
    }

    /// Waits for a place. First come, first served, among those whose tenant has not used up its share; a tenant
    /// waits for its own share before it stands in the common queue, so that its calls cannot fill that.
    pub(crate) async fn place(&self, tenant: &str) -> Result<Place, AcquireError> {
        let share = self.tenant(tenant).acquire_owned().await?;
        let place = Arc::clone(&self.places).acquire_owned().await?;
        Ok(Place {
            _place: place,
            _share: share,
        })
    }

    fn tenant(&self, tenant: &str) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = tenants.get(tenant).and_then(Weak::upgrade) {
            return share;
        }
        if tenants.len() >= SWEEP_AT {
            tenants.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.per_tenant));
        tenants.insert(tenant.to_owned(), Arc::downgrade(&share));
        share
    }
}
