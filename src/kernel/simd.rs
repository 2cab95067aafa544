//! One loop, compiled for several instruction sets: the choice is made when the program runs.

use multiversion::multiversion;

/// Runs `work`, about `len` steps of a loop, compiled for the instruction set of this processor.
///
/// `work` and all it calls in its loop must be inlined to gain from it: it is passed as
/// `#[inline(always)] || ..`. The results do not depend on the instruction set, because
/// vectorised code does the same additions and multiplications, and nothing fuses them.
#[inline(always)]
pub(crate) fn simd<R>(len: usize, work: impl FnOnce() -> R) -> R {
    // A choice costs about 2 ns, which a loop of a few steps does not earn back.
    if len < 8 { work() } else { dispatch(work) }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    work()
}
