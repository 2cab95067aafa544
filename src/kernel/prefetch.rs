//! A hint to the processor.

#![allow(unsafe_code)]

/// Has the cache line of an address fetched, without waiting for it: for memory that is read or written a little later. Does nothing
/// on other processors than x86-64.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 processor has SSE, which is all that the function asks for. The address may be any: nothing is read or
        // written.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
