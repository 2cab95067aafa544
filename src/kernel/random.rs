//! Random numbers by place: the bits for entry i are a hash of (seed, i), so that a loop may be
//! cut into pieces of any number without changing a bit.

use super::simd::simd;
use crate::float::Float;

/// Thirty-two well-mixed bits for a place: two rounds of multiply and shift, keyed by a seed's two
/// halves (the finaliser of MurmurHash3, Appleby, 2011, applied twice).
#[inline(always)]
fn bits([low, high]: [u32; 2], place: u32) -> u32 {
    let mut h = place ^ low;
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    h = (h ^ (h >> 16)).wrapping_add(high);
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}

/// Whether an entry is dropped, with probability p, by its bits.
///
/// The comparison is one of 32 bits, so that as many fit into a vector as f32; p = 1, which is
/// 2³² of 2³² values, stands beside it, and joined by `|`, which is no branch (0.7 ns an entry
/// instead of 2.2).
#[inline(always)]
fn drops(p: f64) -> impl Fn(u32) -> bool + Copy {
    let (all, threshold) = (p >= 1.0, (p * 4_294_967_296.0) as u32);
    #[inline(always)]
    move |bits| (bits < threshold) | all
}

/// Entry i of a block has place i·STEP, modulo 2³²: 2³² over the golden ratio.
const STEP: u32 = 0x9E37_79B9;
/// Entries are numbered in blocks of 2³¹, each with a seed of its own.
const BLOCK: usize = 1 << 31;

/// The halves of a block's seed.
fn seed_of(seed: u64, block: usize) -> [u32; 2] {
    let seed = seed.wrapping_add((block as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    [seed as u32, (seed >> 32) as u32]
}

/// yᵢ ← 0 with probability p, else xᵢ/(1 − p).
pub(crate) fn dropout<T: Float>(y: &mut [T], x: &[T], p: f64, seed: u64) {
    assert_eq!(y.len(), x.len());
    let (scale, drops) = (T::from_f64(1.0 / (1.0 - p)), drops(p));
    for (block, (y, x)) in y.chunks_mut(BLOCK).zip(x.chunks(BLOCK)).enumerate() {
        let seed = seed_of(seed, block);
        // `move`: what is only borrowed may be read anew for each entry, as a gather (twice the time).
        simd(
            #[inline(always)]
            move || {
                let mut place = 0;
                for (y, &x) in y.iter_mut().zip(x) {
                    let kept = x * scale;
                    *y = if drops(bits(seed, place)) { T::ZERO } else { kept };
                    place = place.wrapping_add(STEP);
                }
            },
        );
    }
}

/// [`dropout`] of y itself.
pub(crate) fn dropout_in_place<T: Float>(y: &mut [T], p: f64, seed: u64) {
    let (scale, drops) = (T::from_f64(1.0 / (1.0 - p)), drops(p));
    for (block, y) in y.chunks_mut(BLOCK).enumerate() {
        let seed = seed_of(seed, block);
        simd(
            #[inline(always)]
            move || {
                let mut place = 0;
                for y in y.iter_mut() {
                    let kept = *y * scale;
                    *y = if drops(bits(seed, place)) { T::ZERO } else { kept };
                    place = place.wrapping_add(STEP);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_have_their_share_of_zeros_and_do_not_resemble_one_another() {
        let n = 1 << 16;
        let ones = vec![1.0f32; n];
        for p in [0.1, 0.3, 0.5, 0.9] {
            let mask = |seed| {
                let mut y = vec![f32::NAN; n];
                dropout(&mut y, &ones, p, seed);
                y.iter().map(|&y| f64::from(u8::from(y == 0.0))).collect::<Vec<_>>()
            };
            let sigma = (p * (1.0 - p) / n as f64).sqrt();
            let mean = |m: &[f64]| m.iter().sum::<f64>() / n as f64;
            let masks: Vec<Vec<f64>> = (0..8).map(|i| mask(i << (8 * i))).collect();
            for (i, a) in masks.iter().enumerate() {
                assert!((mean(a) - p).abs() < 5.0 * sigma, "{p}: share {}", mean(a));
                // Neighbours within a mask, and equal places of two masks, are uncorrelated.
                let correlation = |b: &[f64]| {
                    let products = a.iter().zip(b).map(|(x, y)| (x - p) * (y - p));
                    products.sum::<f64>() / (p * (1.0 - p) * n as f64)
                };
                for shift in [1, 2, 32, 64, 256] {
                    let mut shifted = a.clone();
                    shifted.rotate_left(shift);
                    assert!(correlation(&shifted).abs() < 5.0 / (n as f64).sqrt(), "{p}: shift {shift}");
                }
                for b in &masks[..i] {
                    assert!(correlation(b).abs() < 5.0 / (n as f64).sqrt(), "{p}: two masks");
                }
            }
        }
    }

    #[test]
    fn all_is_dropped_at_one_and_nothing_at_zero() {
        let mut y = [f64::NAN; 1000];
        dropout(&mut y, &[3.0; 1000], 1.0, 5);
        assert_eq!(y, [0.0; 1000]);
        dropout(&mut y, &[3.0; 1000], 0.0, 5);
        assert_eq!(y, [3.0; 1000]);
    }
}
