//! One loop, compiled for several instruction sets: the choice is made when the program runs.

use multiversion::multiversion;

/// Runs `work`, a loop or what takes longer than the choice (2 ns), compiled for the instruction set of this processor.
///
/// `work` and all it calls in its loop must be inlined to gain from it: it is passed as
/// `#[inline(always)] || ..`. The results do not depend on the instruction set, because vectorised code does the
/// same operations, and nothing is fused but what says `mul_add`, which rounds once everywhere.
#[inline(always)]
pub(crate) fn simd<R>(work: impl FnOnce() -> R) -> R {
    dispatch(work)
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    work()
}
