//! How elementwise operations run: rows of formulas, and the loops that all rows share.
//!
//! A row says its formula once, over [`Elementary`]. The same function is then run over numbers
//! in the forward loop, over numbers in the fused backward loop, and over `Var`s in the rule
//! that can be differentiated again.

use crate::float::{Elementary, Float};
use crate::kernel::simd::simd;
use crate::kernel::{broadcast, map};
use crate::shape::{self, Shape, ShapeError};
use crate::tape::{Point, Pullback, Slots, Var};
use crate::tensor::Tensor;
use std::mem::take;

/// y = f(x).
pub(super) trait UnaryRow: Copy + Sync {
    fn f<T: Float>(self, x: T) -> T;
    /// yᵢ ← f(xᵢ).
    #[inline]
    fn each<T: Float>(self, y: &mut [T], x: &[T]) {
        map::map(
            y,
            x,
            #[inline(always)]
            |x| self.f(x),
        );
    }
    /// x̄ for the cotangent g.
    #[track_caller]
    fn dx<N: Elementary>(self, x: N, y: N, g: N) -> N;
}

/// y = f(a, b).
pub(super) trait BinaryRow: Copy + Sync {
    /// Whether the rules read g alone. Operands need not be looked at then.
    const LINEAR: bool;
    fn f<T: Float>(self, a: T, b: T) -> T;
    /// ā for the cotangent g.
    #[track_caller]
    fn da<N: Elementary>(self, a: N, b: N, y: N, g: N) -> N;
    /// b̄ for the cotangent g.
    #[track_caller]
    fn db<N: Elementary>(self, a: N, b: N, y: N, g: N) -> N;
}

#[inline(always)]
pub(super) fn unary_on_numbers<T: Float>(row: impl UnaryRow, x: &[&Tensor<T>]) -> Option<Tensor<T>> {
    let x = x[0].as_scalar()?;
    // For one number, too: `mul_add` is a call where it is not an instruction.
    Some(Tensor::scalar(simd(
        #[inline(always)]
        || row.f(x),
    )))
}

#[inline]
pub(super) fn unary_forward<T: Float>(row: impl UnaryRow, x: &Tensor<T>, shape: Shape) -> Tensor<T> {
    Tensor::build(shape, |y| row.each(y, x.data()))
}

pub(super) fn unary_vjp<'t, T: Float>(row: impl UnaryRow, p: &Pullback<'t, T>, g: Var<'t, T>) {
    p.pull(0, || row.dx(p.x(0), p.y(), g));
}

#[inline]
pub(super) fn unary_vjp_into<T: Float>(
    row: impl UnaryRow,
    at: &Point<'_, T>,
    g: &mut Tensor<T>,
    dx: &mut Slots<'_, T>,
) -> bool {
    let (x, y) = (at.x(0), at.y());
    if let (Some(x), Some(y), Some(g)) = (x.as_scalar(), y.as_scalar(), g.as_scalar()) {
        let g = simd(
            #[inline(always)]
            || row.dx(x, y, g),
        );
        dx.add_number(0, g);
    } else {
        map::update2(
            g.data_mut(),
            x.data(),
            y.data(),
            #[inline(always)]
            |g, x, y| row.dx(x, y, g),
        );
        dx.add(0, take(g));
    }
    true
}

pub(super) fn binary_shape(x: &[&Shape]) -> Result<Shape, ShapeError> {
    shape::broadcast(x[0], x[1])
}

#[inline(always)]
pub(super) fn binary_on_numbers<T: Float>(row: impl BinaryRow, x: &[&Tensor<T>]) -> Option<Tensor<T>> {
    Some(Tensor::scalar(row.f(x[0].as_scalar()?, x[1].as_scalar()?)))
}

#[inline]
pub(super) fn binary_forward<T: Float>(
    row: impl BinaryRow,
    a: &Tensor<T>,
    b: &Tensor<T>,
    shape: Shape,
) -> Tensor<T> {
    Tensor::build(&shape, |y| {
        broadcast::zip(
            y,
            &shape,
            (a.data(), a.shape()),
            (b.data(), b.shape()),
            #[inline(always)]
            |a, b| row.f(a, b),
        );
    })
}

pub(super) fn binary_vjp<'t, T: Float>(row: impl BinaryRow, p: &Pullback<'t, T>, g: Var<'t, T>) {
    p.pull(0, || row.da(p.x(0), p.x(1), p.y(), g));
    p.pull(1, || row.db(p.x(0), p.x(1), p.y(), g));
}

#[inline]
pub(super) fn binary_vjp_into<T: Float>(
    row: impl BinaryRow,
    at: &Point<'_, T>,
    g: &mut Tensor<T>,
    dx: &mut Slots<'_, T>,
) -> bool {
    let (a, b, y) = (at.x(0), at.x(1), at.y());
    if let (Some(a), Some(b), Some(y), Some(g)) = (a.as_scalar(), b.as_scalar(), y.as_scalar(), g.as_scalar())
    {
        if dx.wants(0) {
            dx.add_number(0, row.da(a, b, y, g));
        }
        if dx.wants(1) {
            dx.add_number(1, row.db(a, b, y, g));
        }
        return true;
    }
    // The first of two gradients gets a copy of g, the last one its buffer.
    if dx.wants(0) {
        let mut da = if dx.wants(1) { g.clone() } else { take(g) };
        in_place(
            row,
            &mut da,
            a,
            b,
            y,
            #[inline(always)]
            |a, b, y, g| row.da(a, b, y, g),
        );
        dx.add(0, da);
    }
    if dx.wants(1) {
        in_place(
            row,
            g,
            a,
            b,
            y,
            #[inline(always)]
            |a, b, y, g| row.db(a, b, y, g),
        );
        dx.add(1, take(g));
    }
    true
}

/// g ← rule(a, b, y, g) entry by entry, a and b broadcast to the shape of y and g.
fn in_place<T: Float, R: BinaryRow>(
    _: R,
    g: &mut Tensor<T>,
    a: &Tensor<T>,
    b: &Tensor<T>,
    y: &Tensor<T>,
    rule: impl Fn(T, T, T, T) -> T + Sync,
) {
    if R::LINEAR {
        let zero = T::ZERO;
        // The rule may be g itself; a loop that sets g to g is cheap, a copy of a shared g is not.
        if rule(zero, zero, zero, T::ONE) != T::ONE {
            map::apply(g.data_mut(), |g| rule(zero, zero, zero, g));
        }
        return;
    }
    let shape = y.shape();
    match (a.data(), b.data()) {
        (a, b) if a.len() == y.numel() && b.len() == y.numel() => {
            map::update3(
                g.data_mut(),
                a,
                b,
                y.data(),
                #[inline(always)]
                |g, a, b, y| rule(a, b, y, g),
            );
        }
        (a, &[b]) if a.len() == y.numel() => {
            map::update2(
                g.data_mut(),
                a,
                y.data(),
                #[inline(always)]
                |g, a, y| rule(a, b, y, g),
            );
        }
        (&[a], b) if b.len() == y.numel() => {
            map::update2(
                g.data_mut(),
                b,
                y.data(),
                #[inline(always)]
                |g, b, y| rule(a, b, y, g),
            );
        }
        _ => {
            let stretch =
                |x: &Tensor<T>| Tensor::build(shape, |z| broadcast::expand(z, shape, x.data(), x.shape()));
            let (a, b) = (stretch(a), stretch(b));
            map::update3(
                g.data_mut(),
                a.data(),
                b.data(),
                y.data(),
                #[inline(always)]
                |g, a, b, y| rule(a, b, y, g),
            );
        }
    }
}

/// A number as a word of a node's attributes.
pub(super) trait Word {
    fn to_word(self) -> u64;
    fn from_word(word: u64) -> Self;
}

impl Word for f64 {
    fn to_word(self) -> u64 {
        self.to_bits()
    }
    fn from_word(word: u64) -> Self {
        f64::from_bits(word)
    }
}

impl Word for i32 {
    fn to_word(self) -> u64 {
        self as u32 as u64
    }
    fn from_word(word: u64) -> Self {
        word as u32 as i32
    }
}

/// What every row has: a struct of its attributes, which packs into words.
macro_rules! row_struct {
    ($Op:ident { $($field:ident: $type:ty),* }, $on_numbers:ident) => {
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $Op { $($field: $type),* }

        impl $crate::tape::Inline for $Op {
            #[inline(always)]
            #[allow(unused_mut, unused_assignments, unused_variables)]
            fn pack(&self) -> Option<$crate::tape::Words> {
                let mut words = [0; 3];
                let mut at = 0;
                $(words[at] = $crate::ops::elementwise::Word::to_word(self.$field); at += 1;)*
                Some(words)
            }
            #[inline(always)]
            #[allow(unused_mut, unused_variables)]
            fn unpack(words: &$crate::tape::Words) -> Self {
                let mut words = words.iter();
                $Op { $($field: $crate::ops::elementwise::Word::from_word(*words.next().expect("three words")),)* }
            }
            #[inline(always)]
            fn on_numbers<T: $crate::float::Float>(&self, x: &[&$crate::tensor::Tensor<T>]) -> Option<$crate::tensor::Tensor<T>> {
                $crate::ops::elementwise::$on_numbers(*self, x)
            }
        }
    };
}

macro_rules! attributes {
    ($self:ident;) => { String::new() };
    ($self:ident; $($field:ident),+) => {
        [$(format!("{} {}", stringify!($field), $self.$field)),+].join(", ")
    };
}

/// Rows of unary operations: the struct, the method, the trait, and the samples. After `=>` stands a loop that
/// is faster than the usual one and gives the bits of the formula, which the tests of `kernel/map.rs` hold it to.
macro_rules! unary {
    ($(
        $(#[$doc:meta])*
        $method:ident as $Op:ident $(($($field:ident: $type:ty = $at:literal),*))?:
        |$x:ident| $f:expr $(=> $each:path)?, dx |$rx:ident, $ry:ident, $rg:ident| $dx:expr, on $low:literal to $high:literal;
    )*) => {
        $(
            row_struct!($Op { $($($field: $type),*)? }, unary_on_numbers);

            #[allow(unused_variables)]
            impl $crate::ops::elementwise::UnaryRow for $Op {
                #[inline(always)]
                fn f<T: $crate::float::Float>(self, $x: T) -> T {
                    $($(let $field = self.$field;)*)?
                    $f
                }
                $(#[inline]
                fn each<T: $crate::float::Float>(self, y: &mut [T], x: &[T]) {
                    $each(y, x);
                })?
                #[inline(always)]
                #[track_caller]
                fn dx<N: $crate::float::Elementary>(self, $rx: N, $ry: N, $rg: N) -> N {
                    $($(let $field = self.$field;)*)?
                    $dx
                }
            }

            impl<T: $crate::float::Float> $crate::tape::Op<T> for $Op {
                fn name(&self) -> &'static str {
                    stringify!($method)
                }
                #[inline]
                fn shape(&self, x: &[&$crate::shape::Shape]) -> Result<$crate::shape::Shape, $crate::shape::ShapeError> {
                    Ok(x[0].clone())
                }
                #[inline]
                fn forward(&self, x: &[&$crate::tensor::Tensor<T>], shape: $crate::shape::Shape, _: &mut $crate::tape::Keep<T>) -> $crate::tensor::Tensor<T> {
                    $crate::ops::elementwise::unary_forward(*self, x[0], shape)
                }
                fn vjp<'t>(&self, p: &$crate::tape::Pullback<'t, T>, g: $crate::tape::Var<'t, T>) {
                    $crate::ops::elementwise::unary_vjp(*self, p, g);
                }
                fn vjp_into(&self, at: &$crate::tape::Point<'_, T>, g: &mut $crate::tensor::Tensor<T>, dx: &mut $crate::tape::Slots<'_, T>) -> bool {
                    $crate::ops::elementwise::unary_vjp_into(*self, at, g, dx)
                }
                fn attributes(&self) -> String {
                    attributes!(self; $($($field),*)?)
                }
            }

            impl<'t, T: $crate::float::Float> $crate::tape::Var<'t, T> {
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $method(self $($(, $field: $type)*)?) -> Self {
                    self.tape().record_inline($Op { $($($field),*)? }, &[self])
                }
            }
        )*

        /// Every row at a single number, a vector, a matrix, nothing, and a stack, on its domain.
        #[inline]
        fn row_samples() -> Vec<$crate::ops::Sample> {
            use $crate::ops::{inputs, sample};
            let mut samples = Vec::new();
            $(for (i, shape) in [&[][..], &[5], &[3, 4], &[0, 3], &[2, 3, 2]].into_iter().enumerate() {
                let mut sample = sample!("", x.$method($($($at),*)?), [x = inputs(shape, $low, $high, i as u64)]);
                sample.op = stringify!($method);
                samples.push(sample);
            })*
            samples
        }
    };
}

/// Rows of binary operations: the struct and the trait. Their methods are written out, for they
/// take operands of several types.
macro_rules! binary {
    ($(
        $name:ident as $Op:ident $(, $linear:ident)?: |$a:ident, $b:ident| $f:expr,
        da |$aa:ident, $ab:ident, $ay:ident, $ag:ident| $da:expr,
        db |$ba:ident, $bb:ident, $by:ident, $bg:ident| $db:expr;
    )*) => {$(
        row_struct!($Op {}, binary_on_numbers);

        #[allow(unused_variables)]
        impl $crate::ops::elementwise::BinaryRow for $Op {
            const LINEAR: bool = {
                let marks: &[&str] = &[$(stringify!($linear))?];
                !marks.is_empty()
            };
            #[inline(always)]
            fn f<T: $crate::float::Float>(self, $a: T, $b: T) -> T {
                $f
            }
            #[inline(always)]
            #[track_caller]
            fn da<N: $crate::float::Elementary>(self, $aa: N, $ab: N, $ay: N, $ag: N) -> N {
                $da
            }
            #[inline(always)]
            #[track_caller]
            fn db<N: $crate::float::Elementary>(self, $ba: N, $bb: N, $by: N, $bg: N) -> N {
                $db
            }
        }

        impl<T: $crate::float::Float> $crate::tape::Op<T> for $Op {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            #[inline]
            fn shape(&self, x: &[&$crate::shape::Shape]) -> Result<$crate::shape::Shape, $crate::shape::ShapeError> {
                $crate::ops::elementwise::binary_shape(x)
            }
            #[inline]
            fn forward(&self, x: &[&$crate::tensor::Tensor<T>], shape: $crate::shape::Shape, _: &mut $crate::tape::Keep<T>) -> $crate::tensor::Tensor<T> {
                $crate::ops::elementwise::binary_forward(*self, x[0], x[1], shape)
            }
            fn vjp<'t>(&self, p: &$crate::tape::Pullback<'t, T>, g: $crate::tape::Var<'t, T>) {
                $crate::ops::elementwise::binary_vjp(*self, p, g);
            }
            fn vjp_into(&self, at: &$crate::tape::Point<'_, T>, g: &mut $crate::tensor::Tensor<T>, dx: &mut $crate::tape::Slots<'_, T>) -> bool {
                $crate::ops::elementwise::binary_vjp_into(*self, at, g, dx)
            }
        }
    )*};
}

pub(super) use {attributes, binary, row_struct, unary};
