//! How tensors are printed: as nested lists, large ones abbreviated in the middle of each axis.

use super::Tensor;
use crate::float::Float;
use std::fmt;

/// Axes longer than this show their first and last three entries.
const LONGEST: usize = 8;
/// Up to this many entries a tensor is shown whole, whatever its axes.
const WHOLE: usize = 128;

impl<T: Float> fmt::Display for Tensor<T> {
    /// `{:.4}` sets the digits; without, a number is printed as Rust prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn level<T: Float>(
            f: &mut fmt::Formatter<'_>,
            data: &[T],
            dims: &[usize],
            depth: usize,
            whole: bool,
        ) -> fmt::Result {
            let [extent, inner @ ..] = dims else {
                return fmt::Display::fmt(&data[0], f);
            };
            let step = inner.iter().product::<usize>();
            f.write_str("[")?;
            let mut i = 0;
            while i < *extent {
                if i > 0 && inner.is_empty() {
                    f.write_str(", ")?;
                } else if i > 0 {
                    write!(f, ",\n{:depth$}", "")?;
                }
                if !whole && *extent > LONGEST && i == 3 {
                    f.write_str("…")?;
                    i = extent - 3;
                    continue;
                }
                level(f, &data[i * step..(i + 1) * step], inner, depth + 1, whole)?;
                i += 1;
            }
            f.write_str("]")
        }
        level(f, self.data(), self.shape(), 1, self.numel() <= WHOLE)
    }
}

impl<T: Float> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor<{}> {} {self}", T::NAME, self.shape())
    }
}

#[cfg(test)]
mod tests {
    use crate::Tensor;

    #[test]
    fn tensors_print_as_nested_lists() {
        assert_eq!(Tensor::scalar(1.5f32).to_string(), "1.5");
        assert_eq!(Tensor::from([1.0f32, 2.5]).to_string(), "[1, 2.5]");
        assert_eq!(
            format!("{:.2}", Tensor::from([[1.0, 2.0], [3.0, 4.0]])),
            "[[1.00, 2.00],\n [3.00, 4.00]]"
        );
        assert_eq!(Tensor::<f64>::zeros([0, 3]).to_string(), "[]");
        assert_eq!(Tensor::<f32>::arange(200).to_string(), "[0, 1, 2, …, 197, 198, 199]");
        assert_eq!(format!("{:?}", Tensor::from([1.0f32])), "Tensor<f32> [1] [1]");
    }
}
