//! Hot loops on slices. Nothing here knows what a tensor is: a kernel gets slices, extents and
//! flags, checks that they fit together, and is compared with a naive oracle in its tests.

pub(crate) mod broadcast;
pub(crate) mod crew;
pub(crate) mod gemm;
pub(crate) mod lanes;
pub(crate) mod map;
pub(crate) mod permute;
pub(crate) mod prefetch;
pub(crate) mod random;
pub(crate) mod simd;
pub(crate) mod sum;
pub(crate) mod window;
