//! The same work for many numbers, on several threads. Stops at the first failure.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Does `work` for each number of `range`, on up to `threads` threads, roughly in order. Of several failures, that of the
/// lowest number is answered.
pub(super) fn for_each<E: Send>(
    range: Range<u64>,
    threads: usize,
    work: impl Fn(u64) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let (next, stop) = (AtomicU64::new(range.start), AtomicBool::new(false));
    let failure: Mutex<Option<(u64, E)>> = Mutex::new(None);
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= range.end {
                return;
            }
            if let Err(error) = work(number) {
                stop.store(true, Ordering::Relaxed);
                let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                if failure.as_ref().is_none_or(|(earlier, _)| number < *earlier) {
                    *failure = Some((number, error));
                }
            }
        }
    };
    let count = range.end.saturating_sub(range.start);
    let threads = u64::try_from(threads).unwrap_or(u64::MAX).min(count);
    std::thread::scope(|scope| {
        // The calling thread is one of them.
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
}

/// What `work` gives for each number of `range`, in order.
pub(super) fn map<T: Send, E: Send>(
    range: Range<u64>,
    threads: usize,
    work: impl Fn(u64) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let done: Mutex<Vec<(u64, T)>> = Mutex::default();
    for_each(range, threads, |number| {
        let result = work(number)?;
        done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_the_first_failure_ends_it() {
        for threads in [1, 2, 7, 100] {
            let squares = map(3..50, threads, |number| Ok::<_, ()>(number * number)).unwrap();
            assert_eq!(squares, (3..50).map(|number| number * number).collect::<Vec<_>>());
            assert_eq!(map(5..5, threads, Ok::<_, ()>), Ok(vec![]));
            let failed = for_each(0..1_000, threads, |number| if number >= 10 { Err(number) } else { Ok(()) });
            assert!(failed.is_err_and(|number| (10..10 + threads as u64).contains(&number)));
        }
        assert_eq!(for_each(0..9, 1, |number| if number % 4 == 3 { Err(number) } else { Ok(()) }), Err(3));
    }
}
