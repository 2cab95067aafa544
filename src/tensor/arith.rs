//! `+ - * /` of tensors that are on no tape: data to be scaled, a step written by hand. They broadcast as NumPy does, and as
//! those of `Var`, which are recorded.

use super::{Tensor, shape_panic};
use crate::float::Float;
use crate::kernel::{broadcast, map};
use crate::shape;
use std::ops;

macro_rules! operators {
    ($($Trait:ident $method:ident, $Assign:ident $assign:ident, $operator:tt;)*) => {$(
        impl<T: Float> ops::$Trait for &Tensor<T> {
            type Output = Tensor<T>;
            /// # Panics
            /// If the shapes do not broadcast.
            #[track_caller]
            fn $method(self, other: Self) -> Tensor<T> {
                match shape::broadcast(self.shape(), other.shape()) {
                    Ok(shape) => Tensor::build(&shape, |y| {
                        let [a, b] = [self, other].map(|x| (x.data(), x.shape().dims()));
                        broadcast::zip(y, &shape, a, b, |a, b| a $operator b);
                    }),
                    Err(error) => shape_panic(stringify!($method), &error),
                }
            }
        }
        operators!(@owned $Trait $method $operator [Tensor<T>, Tensor<T>] |a, b| &a, &b);
        operators!(@owned $Trait $method $operator [Tensor<T>, &Tensor<T>] |a, b| &a, b);
        operators!(@owned $Trait $method $operator [&Tensor<T>, Tensor<T>] |a, b| a, &b);
        operators!(@owned $Trait $method $operator [Tensor<T>, T] |a, b| &a, &Tensor::scalar(b));
        operators!(@owned $Trait $method $operator [&Tensor<T>, T] |a, b| a, &Tensor::scalar(b));
        operators!(@number f32 $Trait $method $operator);
        operators!(@number f64 $Trait $method $operator);

        impl<T: Float> ops::$Assign<&Tensor<T>> for Tensor<T> {
            /// # Panics
            /// If the other one does not broadcast to this one's shape.
            #[track_caller]
            fn $assign(&mut self, other: &Tensor<T>) {
                if self.shape() == other.shape() {
                    return map::update(self.data_mut(), other.data(), |a, b| a $operator b);
                }
                // Before anything is worked out: [n, 1] and [n] would make n² entries.
                if !shape::broadcast(self.shape(), other.shape()).is_ok_and(|shape| shape == *self.shape()) {
                    let wider = format!("{} does not broadcast to {}", other.shape(), self.shape());
                    shape_panic(stringify!($assign), &shape::ShapeError::new(wider));
                }
                *self = &*self $operator other;
            }
        }
        impl<T: Float> ops::$Assign for Tensor<T> {
            #[track_caller]
            fn $assign(&mut self, other: Self) {
                ops::$Assign::$assign(self, &other);
            }
        }
        impl<T: Float> ops::$Assign<T> for Tensor<T> {
            fn $assign(&mut self, number: T) {
                self.data_mut().iter_mut().for_each(|x| *x = *x $operator number);
            }
        }
    )*};
    (@owned $Trait:ident $method:ident $operator:tt [$A:ty, $B:ty] |$a:ident, $b:ident| $left:expr, $right:expr) => {
        impl<T: Float> ops::$Trait<$B> for $A {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: $B) -> Tensor<T> {
                let ($a, $b) = (self, other);
                $left $operator $right
            }
        }
    };
    (@number $t:ident $Trait:ident $method:ident $operator:tt) => {
        impl ops::$Trait<Tensor<$t>> for $t {
            type Output = Tensor<$t>;
            fn $method(self, other: Tensor<$t>) -> Tensor<$t> {
                &Tensor::scalar(self) $operator &other
            }
        }
        impl ops::$Trait<&Tensor<$t>> for $t {
            type Output = Tensor<$t>;
            fn $method(self, other: &Tensor<$t>) -> Tensor<$t> {
                &Tensor::scalar(self) $operator other
            }
        }
    };
}
operators! {
    Add add, AddAssign add_assign, +;
    Sub sub, SubAssign sub_assign, -;
    Mul mul, MulAssign mul_assign, *;
    Div div, DivAssign div_assign, /;
}

impl<T: Float> ops::Neg for &Tensor<T> {
    type Output = Tensor<T>;
    fn neg(self) -> Tensor<T> {
        self.map(|x| -x)
    }
}

impl<T: Float> ops::Neg for Tensor<T> {
    type Output = Self;
    fn neg(self) -> Self {
        -&self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_added_subtracted_multiplied_and_divided_as_numpy_does() {
        let (a, row) = (Tensor::<f64>::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([10.0, 20.0]));
        let column = Tensor::from([[2.0], [4.0]]);
        assert_eq!(&a + &row, [[11.0, 22.0], [13.0, 24.0]]);
        assert_eq!(row.clone() - &a, [[9.0, 18.0], [7.0, 16.0]]);
        assert_eq!(&a * column.clone(), [[2.0, 4.0], [12.0, 16.0]]);
        assert_eq!(a.clone() / column, [[0.5, 1.0], [0.75, 1.0]]);
        assert_eq!(Tensor::from([[1.0], [2.0]]) * row, [[10.0, 20.0], [20.0, 40.0]]);
        assert_eq!(
            (&a / 2.0, a.clone() - 1.0),
            ([[0.5, 1.0], [1.5, 2.0]].into(), [[0.0, 1.0], [2.0, 3.0]].into())
        );
        assert_eq!((1.0 - &a, 12.0 / a.clone()), (-(&a - 1.0), [[12.0, 6.0], [4.0, 3.0]].into()));
        assert_eq!(Tensor::<f32>::zeros([0, 2]) + Tensor::ones([2]), Tensor::zeros([0, 2]));
    }

    #[test]
    fn a_step_is_written_as_in_a_textbook() {
        let mut w = Tensor::<f32>::from([[1.0, 2.0], [3.0, 4.0]]);
        let before = w.clone();
        w -= Tensor::from([10.0, 20.0]) * 0.1;
        assert_eq!(w, [[0.0, 0.0], [2.0, 2.0]]);
        w += &before;
        w *= 2.0;
        w /= &Tensor::scalar(4.0);
        assert_eq!(w, [[0.5, 1.0], [2.5, 3.0]]);
        assert_eq!(before, [[1.0, 2.0], [3.0, 4.0]], "a clone is a value of its own");
    }

    #[test]
    #[should_panic(expected = "add: shapes do not broadcast: [2, 3] and [2]")]
    fn shapes_that_do_not_broadcast_panic() {
        let _ = Tensor::<f32>::ones([2, 3]) + Tensor::ones([2]);
    }

    #[test]
    #[should_panic(expected = "sub_assign: [3] does not broadcast to [2]")]
    fn what_does_not_broadcast_is_told_of_the_assignment() {
        let mut row = Tensor::<f32>::ones([2]);
        row -= Tensor::ones([3]);
    }

    #[test]
    #[should_panic(expected = "add_assign: [9000000] does not broadcast to [9000000, 1]")]
    fn a_tensor_does_not_grow_in_place() {
        let mut column = Tensor::<f32>::zeros([9_000_000, 1]);
        column += Tensor::zeros([9_000_000]); // the sum would take 324 TB
    }
}
