//! Threads that lend a hand: a piece of work is cut into parts, and whoever is free takes the next one.
//!
//! The thread that has the work does parts of it, too, and never waits for a helper to wake up: a part that nobody has taken
//! it does itself. A helper stays awake for a while after its last part, since the products of a training step
//! follow one another closely, and waking a thread takes longer than most of them: on two cores of an Intel Xeon a step of
//! 784-256-128-10 on 32 rows took 486 µs on one thread and 660 to 870 µs on two with a pool whose threads slept in
//! between.
//!
//! There is one crew, and it works for one thread at a time. Another thread that has work in the meantime does it alone, as
//! does a part that has parts of its own: the cores are taken then.
//!
//! What a part does must not depend on who does it. Then the results do not depend on the number of threads.
#![allow(unsafe_code)]

use smallvec::SmallVec;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// 0 until somebody asks or says.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The most threads that a large product, a loop over a large tensor or a step of an optimizer on a large parameter is
/// shared between: as many as there are cores, unless the environment variable `WENGERT_NUM_THREADS` (or `RAYON_NUM_THREADS`) or
/// [`set_num_threads`] says another number. Without the feature `parallel` it is 1.
///
/// The number changes how long a program takes and no bit of what it computes.
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let threads = first_number();
            // Unless another thread has said a number in the meantime.
            match THREADS.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => threads,
                Err(said) => said,
            }
        }
        threads => threads,
    }
}

/// Sets [`num_threads`] for the whole program, from here on.
///
/// ```
/// wengert::set_num_threads(1); // as for a program that runs many trainings side by side, each on a thread of its own
/// assert_eq!(wengert::num_threads(), 1);
/// ```
///
/// # Panics
/// If `threads` is 0.
#[track_caller]
pub fn set_num_threads(threads: usize) {
    assert!(threads > 0, "set_num_threads: at least one thread does the work");
    THREADS.store(if cfg!(feature = "parallel") { threads } else { 1 }, Ordering::Relaxed);
}

fn first_number() -> usize {
    if !cfg!(feature = "parallel") {
        return 1;
    }
    let said = |name| std::env::var(name).ok()?.trim().parse().ok().filter(|&threads| threads > 0);
    said("WENGERT_NUM_THREADS").or_else(|| said("RAYON_NUM_THREADS")).unwrap_or_else(cores)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// As many pieces take no memory of their own; a loop is cut into no more.
pub(crate) const PIECES: usize = 16;

/// A thread takes at least as many entries of a loop: relu needs 3 µs for them, a step of Adam 10; to hand a part over
/// takes 1 µs.
pub(crate) const SHARE: usize = 1 << 15;

/// How many entries a piece has of a loop over so many: all of them, where it does not pay to share.
pub(crate) fn piece_of(len: usize) -> usize {
    let shares = len / SHARE;
    // The number of threads is asked for, the first time of the environment, only where there is something to share.
    if shares < 2 {
        return len;
    }
    len.div_ceil(shares.min(num_threads()).min(PIECES)).next_multiple_of(64)
}

/// Calls `work` once with each piece, on as many threads as there are.
///
/// # Panics
/// With what `work` panicked with, when no piece is being worked on any more.
pub(crate) fn each<P: Send>(pieces: impl IntoIterator<Item = P>, work: impl Fn(P) + Sync) {
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return };
    let Some(second) = pieces.next() else { return work(first) };
    let pieces = [first, second].into_iter().chain(pieces);
    let pieces: SmallVec<[Mutex<Option<P>>; PIECES]> = pieces.map(|piece| Mutex::new(Some(piece))).collect();
    share(pieces.len(), &|i| {
        // Each number comes once, so that no lock is waited for and no piece is gone.
        let piece = pieces[i].try_lock().ok().and_then(|mut piece| piece.take());
        work(piece.expect("a part is done once"));
    });
}

/// Calls `work` once with each of 0 .. parts.
///
/// # Panics
/// With what `work` panicked with, when no part is being worked on any more.
pub(crate) fn share(parts: usize, work: &(dyn Fn(usize) + Sync)) {
    #[cfg(feature = "parallel")]
    if parts > 1 && num_threads() > 1 && CREW.share(parts, work) {
        return;
    }
    (0..parts).for_each(work);
}

#[cfg(feature = "parallel")]
use threads::CREW;

#[cfg(feature = "parallel")]
mod threads {
    use super::{cores, num_threads};
    use std::any::Any;
    use std::cell::UnsafeCell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    /// How long a helper looks for work before it goes to sleep.
    const LINGER: Duration = Duration::from_micros(300);

    pub(super) static CREW: Crew = Crew::new();

    type Work = dyn Fn(usize) + Sync;

    pub(super) struct Crew {
        /// Locked by the thread that the crew works for. The number of helpers there are.
        employer: Mutex<usize>,
        /// The number of parts, how many helpers have taken from the end, and how many the employer from the start. One number, so that
        /// who takes a part knows that it is one of the work that is there now.
        ticket: AtomicU64,
        /// How many parts are done.
        done: AtomicUsize,
        /// Written by the employer while every part of the work before is done, and read by who has taken a part.
        work: UnsafeCell<Option<*const Work>>,
        /// What the first part that panicked did so with.
        panic: Mutex<Option<Box<dyn Any + Send>>>,
        /// How many helpers sleep, or are about to.
        asleep: AtomicUsize,
        bed: Mutex<()>,
        bell: Condvar,
    }

    // SAFETY: `work` is the one field that is not Sync itself. Nobody reads it but in `run`, after taking a part with
    // `take`, and nobody writes it but the employer in `share`, when all parts that were taken are done.
    unsafe impl Sync for Crew {}

    /// Who takes a part. The employer begins with the first and helpers with the last, so that of two threads each gets the same
    /// part of one loop after the other, and finds there in its cache what it has written before.
    #[derive(Clone, Copy)]
    enum Hand {
        Employer,
        Helper,
    }

    /// The parts of a ticket, those taken from the end, and those taken from the start.
    fn parts(ticket: u64) -> (usize, usize, usize) {
        let number = |shift: u32| (ticket >> shift & 0xFFFF) as usize;
        (number(32), number(16), number(0))
    }

    /// A lock whose content is sound whatever panicked while it was held.
    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what a part panicked with. If that panics, too, it ends here: nothing may unwind from a part that is not done.
    fn discard(panic: Box<dyn Any + Send>) {
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
    }

    impl Crew {
        const fn new() -> Self {
            Crew {
                employer: Mutex::new(0),
                ticket: AtomicU64::new(0),
                done: AtomicUsize::new(0),
                work: UnsafeCell::new(None),
                panic: Mutex::new(None),
                asleep: AtomicUsize::new(0),
                bed: Mutex::new(()),
                bell: Condvar::new(),
            }
        }

        /// `false`, and nothing is done, if the crew works for somebody.
        pub(super) fn share(&'static self, parts: usize, work: &(dyn Fn(usize) + Sync)) -> bool {
            let Ok(mut helpers) = self.employer.try_lock() else { return false };
            if parts > 0xFFFF {
                return false;
            }
            // No more than there are parts for, whatever number somebody has said.
            while *helpers + 1 < num_threads().min(parts) {
                let index = *helpers;
                let helper = std::thread::Builder::new().name(format!("wengert-{index}"));
                if helper.spawn(move || self.help(index)).is_err() {
                    break; // There are fewer then, and the work gets done.
                }
                *helpers += 1;
            }

            self.done.store(0, Ordering::Relaxed);
            // SAFETY: this thread is the employer, and all parts of the work before are done: nobody reads. The reference
            // is used as long as parts of this work are not done, and this function does not return, nor unwind, before
            // all are: `run` catches what unwinds.
            unsafe {
                let work: *const (dyn Fn(usize) + Sync + '_) = work;
                *self.work.get() =
                    Some(std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Work>(work));
            }
            self.ticket.store((parts as u64) << 32, Ordering::SeqCst);
            if self.asleep.load(Ordering::SeqCst) > 0 {
                let _bed = lock(&self.bed);
                self.bell.notify_all();
            }

            while self.work_on(Hand::Employer) {}
            let mut turns = 0;
            while self.done.load(Ordering::Acquire) < parts {
                if turns < 1 << 12 {
                    turns += 1;
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now(); // Whoever has the last part may be waiting for this core.
                }
            }
            let panic = lock(&self.panic).take();
            drop(helpers);
            if let Some(panic) = panic {
                resume_unwind(panic);
            }
            true
        }

        /// Does the next part, if there is one.
        fn work_on(&self, hand: Hand) -> bool {
            let part = self.take(hand);
            if let Some(part) = part {
                self.run(part);
            }
            part.is_some()
        }

        fn take(&self, hand: Hand) -> Option<usize> {
            let mut ticket = self.ticket.load(Ordering::Acquire);
            loop {
                let (parts, last, first) = parts(ticket);
                if first + last >= parts {
                    return None;
                }
                let (part, taken) = match hand {
                    Hand::Employer => (first, ticket + 1),
                    Hand::Helper => (parts - 1 - last, ticket + (1 << 16)),
                };
                match self.ticket.compare_exchange_weak(ticket, taken, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return Some(part),
                    Err(now) => ticket = now,
                }
            }
        }

        /// Does a part that was taken just now.
        fn run(&self, part: usize) {
            let result = catch_unwind(AssertUnwindSafe(|| {
                // SAFETY: this part is taken and not done, so the employer is still in `share`: the work is there, was
                // written before the ticket that the part was taken from, and is not written now.
                let work = unsafe { &*(*self.work.get()).expect("a part is of some work") };
                work(part);
            }));
            if let Err(panic) = result
                && let Some(later) = self.keep_first(panic)
            {
                discard(later);
            }
            self.done.fetch_add(1, Ordering::Release);
        }

        /// Keeps what the first part panicked with, and gives back what a later one did: the lock is not held while a
        /// stranger's `drop` runs.
        fn keep_first(&self, panic: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
            let mut first = lock(&self.panic);
            if first.is_some() {
                return Some(panic);
            }
            *first = Some(panic);
            None
        }

        /// What a helper does for ever.
        fn help(&self, index: usize) {
            let wanted = || index + 1 < num_threads();
            // One that has no core of its own is in the way while it looks for work.
            let linger = if index + 1 < cores() { LINGER } else { Duration::ZERO };
            let mut last = Instant::now();
            loop {
                let mut worked = false;
                for _ in 0..64 {
                    worked |= wanted() && self.work_on(Hand::Helper);
                    std::hint::spin_loop();
                }
                if worked {
                    last = Instant::now();
                } else if last.elapsed() > linger {
                    self.sleep(wanted);
                    last = Instant::now();
                }
            }
        }

        fn sleep(&self, wanted: impl Fn() -> bool) {
            let bed = lock(&self.bed);
            // Said before the last look for work, as the employer says that there is work before it looks who sleeps:
            // one of the two sees the other.
            self.asleep.fetch_add(1, Ordering::SeqCst);
            let (parts, last, first) = parts(self.ticket.load(Ordering::SeqCst));
            if first + last >= parts || !wanted() {
                drop(self.bell.wait(bed));
            }
            self.asleep.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_employer_takes_parts_from_the_start_and_helpers_from_the_end() {
        use Hand::{Employer, Helper};
        let crew = Crew::new();
        assert_eq!([Employer, Helper].map(|hand| crew.take(hand)), [None, None]);
        for (parts, hands, taken) in [
            (2, vec![Employer, Helper], vec![0, 1]),
            (2, vec![Helper, Helper], vec![1, 0]),
            (5, vec![Employer, Helper, Helper, Employer, Employer], vec![0, 4, 3, 1, 2]),
        ] {
            crew.ticket.store(parts << 32, Ordering::Relaxed);
            assert_eq!(hands.into_iter().map(|hand| crew.take(hand).unwrap()).collect::<Vec<_>>(), taken);
            assert_eq!([Employer, Helper].map(|hand| crew.take(hand)), [None, None]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicU32;

    /// [`super::share`] with helpers, also where there is one core.
    fn share(parts: usize, work: &(dyn Fn(usize) + Sync)) {
        set_num_threads(num_threads().max(3));
        super::share(parts, work);
    }

    #[test]
    fn each_part_is_done_once() {
        for parts in [0, 1, 2, 3, 100, 70_000] {
            for _ in 0..20 {
                let done: Vec<AtomicU32> = (0..parts).map(|_| AtomicU32::new(0)).collect();
                share(parts, &|i| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn pieces_are_written_where_they_lie() {
        set_num_threads(num_threads().max(3));
        let mut numbers = vec![0u64; 999];
        for turn in 0..2000 {
            let (a, rest) = numbers.split_at_mut(333);
            let (b, c) = rest.split_at_mut(333);
            each([a, b, c], |piece| piece.iter_mut().for_each(|x| *x += turn));
        }
        assert!(numbers.iter().all(|&x| x == 1999 * 2000 / 2));
    }

    #[test]
    fn many_threads_share_at_once_and_within_parts() {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let sum = AtomicUsize::new(0);
                        share(5, &|i| {
                            share(4, &|j| {
                                sum.fetch_add(10 * i + j, Ordering::Relaxed);
                            });
                        });
                        assert_eq!(sum.load(Ordering::Relaxed), 4 * 100 + 5 * 6);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_comes_back_when_all_is_done_and_leaves_the_crew_as_it_was() {
        for _ in 0..50 {
            let done = AtomicUsize::new(0);
            let result = catch_unwind(AssertUnwindSafe(|| {
                share(20, &|i| {
                    assert!(i % 7 != 3, "a part failed");
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }));
            assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "a part failed");
            assert!(done.load(Ordering::Relaxed) <= 17);
            let sum = AtomicUsize::new(0);
            share(10, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.load(Ordering::Relaxed), 45);
        }
    }

    #[test]
    fn a_panic_that_panics_when_it_is_dropped_ends_no_helper() {
        struct Twice;
        impl Drop for Twice {
            fn drop(&mut self) {
                std::panic::panic_any(()); // of which nothing is left over: it has no bytes
            }
        }
        for _ in 0..50 {
            let result = catch_unwind(|| share(20, &|_| std::panic::panic_any(Twice)));
            let panic = result.unwrap_err();
            assert!(panic.is::<Twice>());
            std::mem::forget(panic);
        }
    }

    #[test]
    fn helpers_that_went_to_sleep_wake_up() {
        for pause in [0, 100, 1000, 5000] {
            std::thread::sleep(std::time::Duration::from_micros(pause));
            let sum = AtomicUsize::new(0);
            share(64, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.load(Ordering::Relaxed), 63 * 32);
        }
    }
}
