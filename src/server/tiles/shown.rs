//! The checkpoint as the public sees it. It moves at most once a second: every size that was shown is one for which
//! clients come for partial tiles, and caches in front of the server keep each for a while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Unreadable;

/// How long a checkpoint is shown at least.
const PACE: Duration = Duration::from_secs(1);

/// The note that is shown, and since when.
#[derive(Default)]
pub(super) struct Shown(Mutex<Option<(Instant, Arc<str>)>>);

impl Shown {
    /// The note to show now; `newest` is asked once the one before has been shown long enough.
    pub fn note(
        &self,
        now: Instant,
        newest: impl FnOnce() -> Result<Option<Arc<str>>, Unreadable>,
    ) -> Result<Option<Arc<str>>, Unreadable> {
        // Nothing in here can panic half-way.
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, note)) = &*shown
            && now.duration_since(*since) < PACE
        {
            return Ok(Some(Arc::clone(note)));
        }
        let newest = newest()?;
        *shown = newest.clone().map(|note| (now, note));
        Ok(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_shown_for_a_second_at_least() {
        let shown = Shown::default();
        let start = Instant::now();
        let at = |millis, note: &str| {
            let note: Arc<str> = note.into();
            shown.note(start + Duration::from_millis(millis), || Ok(Some(note))).unwrap().unwrap().to_string()
        };
        assert_eq!(shown.note(start, || Ok(None)), Ok(None));
        assert_eq!(at(0, "one"), "one", "what was not there is not waited for");
        assert_eq!(at(999, "two"), "one");
        assert_eq!(at(1_000, "two"), "two");
        assert_eq!(at(1_001, "three"), "two");
        assert_eq!(shown.note(start + Duration::from_secs(9), || Err(Unreadable)), Err(Unreadable));
    }
}
