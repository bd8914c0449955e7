//! Something per id in bounded memory.

use std::sync::atomic::{AtomicU64, Ordering};

/// One is shared by all ids whose bytes add up the same.
const COUNT: usize = 64;

/// A fixed number of `T`; which one is an id's never changes. Unrelated ids may share one, so a
/// `T` must be something that may be shared needlessly: a lock, a count of changes.
pub(crate) struct Shards<T> {
    first: T,
    others: Box<[T]>,
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self {
            first: T::default(),
            others: (1..COUNT).map(|_| T::default()).collect(),
        }
    }
}

impl<T> Shards<T> {
    /// The one of `id`.
    pub(crate) fn of(&self, id: &str) -> &T {
        let sum = id
            .bytes()
            .fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(byte)));
        let index = sum % COUNT;
        index
            .checked_sub(1)
            .and_then(|index| self.others.get(index))
            .unwrap_or(&self.first)
    }
}

/// Counts the changes made to customers through this process, so that whoever remembers one can
/// tell that it may be outdated.
#[derive(Default)]
pub(crate) struct Changes {
    counts: Shards<AtomicU64>,
    total: AtomicU64,
}

impl Changes {
    /// How often `id`, or another of its shard, has changed.
    pub(crate) fn of(&self, id: &str) -> u64 {
        self.counts.of(id).load(Ordering::SeqCst)
    }

    /// How often anything has changed.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::SeqCst)
    }

    /// Notes that `id` has changed; called once the change can be read.
    pub(crate) fn note(&self, id: &str) {
        self.counts.of(id).fetch_add(1, Ordering::SeqCst);
        self.total.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_always_has_the_same_shard_and_every_shard_is_some_ids() {
        let shards = Shards::<AtomicU64>::default();
        for byte in 0..128_u8 {
            shards
                .of(&char::from(byte).to_string())
                .fetch_add(1, Ordering::SeqCst);
        }
        for byte in 0..128_u8 {
            let count = shards.of(&char::from(byte).to_string());
            assert_eq!(count.load(Ordering::SeqCst), 2);
        }
    }

    #[test]
    fn a_change_is_noticed_by_who_remembers() {
        let changes = Changes::default();
        let before = changes.of("cus_1");
        changes.note("cus_1");
        assert_ne!(changes.of("cus_1"), before);
        assert_eq!(changes.total(), 1);
    }
}
