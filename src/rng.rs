//! `Rng`: the one visible source of randomness. It is passed, never ambient.

use crate::float::Float;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// A seeded stream of random numbers (ChaCha8): the same seed gives the same numbers on every
/// machine.
///
/// ```
/// use wengert::Rng;
/// let (mut a, mut b) = (Rng::new(42), Rng::new(42));
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Rng(ChaCha8Rng);

impl Clone for Rng {
    fn clone(&self) -> Self {
        Self::from_state(&self.state())
    }
}

impl Rng {
    /// The stream that starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Where the stream stands: 49 bytes from which [`from_state`](Self::from_state) goes on.
    pub fn state(&self) -> [u8; 49] {
        self.0.serialize_state()
    }

    /// The stream that goes on from a [`state`](Self::state).
    pub fn from_state(state: &[u8; 49]) -> Self {
        Self(ChaCha8Rng::deserialize_state(state))
    }

    /// Sixty-four random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.random()
    }

    /// A number drawn evenly from [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// A number drawn evenly from [low, high).
    pub fn uniform_in(&mut self, low: f64, high: f64) -> f64 {
        self.uniform_between(low, high)
    }

    /// [`uniform_in`](Self::uniform_in), rounded to T. Where rounding reaches the end that is
    /// excluded, it goes on at the other one, as on a circle.
    pub(crate) fn uniform_between<T: Float>(&mut self, low: f64, high: f64) -> T {
        let x = T::from_f64(low + (high - low) * self.uniform());
        if x < T::from_f64(high) { x } else { T::from_f64(low) }
    }

    /// A number drawn from the normal distribution of mean 0 and variance 1
    /// (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        // 1 − u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A whole number drawn evenly from 0..n.
    ///
    /// # Panics
    /// If n is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "Rng::below: there is no whole number below 0");
        // Drawn as u64, so that 32-bit machines see the same numbers.
        self.0.random_range(0..n as u64) as usize
    }

    /// Brings `items` into a random order (Fisher and Yates).
    pub fn shuffle<A>(&mut self, items: &mut [A]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// A stream of its own, seeded from this one.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::new(self.next_u64())
    }
}

/// The n-th number of the stream of `seed` (SplitMix64: Steele, Lea and Flood, 2014): any one of
/// them at the cost of a few multiplications, without making those before it.
pub(crate) fn nth(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_does_not_reach_the_excluded_end() {
        let mut rng = Rng::new(0);
        // One number in 500 of these rounds to the upper bound.
        for (low, high) in [(0.0, 1.0), (1.0, 1.0 + 1e-4), (-3.0, -3.0 + 1e-4)] {
            for _ in 0..10_000 {
                let x: f32 = rng.uniform_between(low, high);
                assert!(low as f32 <= x && x < high as f32, "{x} of [{low}, {high})");
            }
        }
        assert_eq!(rng.uniform_between::<f32>(2.0, 2.0), 2.0);
    }
}
