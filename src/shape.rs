//! `Shape`: how many entries a tensor has along each axis, and every rule by which operations
//! compute their result's shape. All rules are fallible functions; what becomes of a
//! [`ShapeError`] (a panic with the user's line) is decided in one place, the tape.

use smallvec::SmallVec;
use std::fmt;
use std::ops::Deref;

/// The extents of a tensor, outermost first; row-major. Rank 0 (`[]`) is a single number.
///
/// Ranks up to 6 are stored inline.
///
/// ```
/// use wengert::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!((shape.rank(), shape.numel()), (2, 6));
/// assert_eq!(shape.to_string(), "[2, 3]");
/// ```
#[derive(PartialEq, Eq, Hash)]
pub struct Shape(SmallVec<[usize; 6]>);

impl Shape {
    /// The shape of a single number.
    pub const SCALAR: Shape = Shape(SmallVec::new_const());

    /// From extents.
    pub fn new(dims: &[usize]) -> Self {
        Shape(SmallVec::from_slice(dims))
    }

    /// The number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of entries: the product of the extents, 1 for a single number.
    pub fn numel(&self) -> usize {
        // A zero makes the product zero wherever it stands, also where the rest would overflow.
        if self.0.contains(&0) { 0 } else { self.0.iter().product() }
    }

    /// [`numel`](Self::numel), or an error where the product does not fit into a `usize`.
    pub fn checked_numel(&self) -> Result<usize, ShapeError> {
        // A Vec holds at most isize::MAX bytes; 8 is the size of the largest element.
        let product = self.0.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        match product.filter(|&n| n <= isize::MAX as usize / 8) {
            Some(n) => Ok(n),
            None => self.zero_or_too_large(),
        }
    }

    /// A zero makes the product zero wherever it stands, also where what is before it overflows.
    #[cold]
    fn zero_or_too_large(&self) -> Result<usize, ShapeError> {
        if self.0.contains(&0) {
            return Ok(0);
        }
        Err(ShapeError::new(format!("shape {self} has more entries than memory can hold")))
    }

    /// The shape with this axis taken out.
    #[must_use]
    pub fn without(&self, axis: usize) -> Shape {
        let mut dims = self.0.clone();
        dims.remove(axis);
        Shape(dims)
    }

    /// The shape with this axis set to `extent`.
    #[must_use]
    pub fn with(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = self.clone();
        shape.0[axis] = extent;
        shape
    }

    /// The shape with a new axis of this extent in front of `axis`.
    #[must_use]
    pub fn inserted(&self, axis: usize, extent: usize) -> Shape {
        let mut dims = self.0.clone();
        dims.insert(axis, extent);
        Shape(dims)
    }

    /// (outer, n, inner): the product of the extents before `axis`, its own, and after it.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        let outer = self.0[..axis].iter().product();
        let inner = self.0[axis + 1..].iter().product();
        (outer, self.0[axis], inner)
    }

    /// Whether a tensor of this shape broadcasts to `to` as NumPy does.
    pub fn expands_to(&self, to: &Shape) -> bool {
        self.rank() <= to.rank() && self.iter().rev().zip(to.iter().rev()).all(|(&a, &b)| a == b || a == 1)
    }
}

impl Clone for Shape {
    #[inline]
    fn clone(&self) -> Self {
        if self.0.is_empty() {
            return Shape::SCALAR;
        }
        // from_slice copies bytes; the derived clone would clone entry by entry.
        Shape(SmallVec::from_slice(&self.0))
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<()> for Shape {
    fn from((): ()) -> Self {
        Shape::SCALAR
    }
}

impl From<usize> for Shape {
    fn from(n: usize) -> Self {
        Shape::new(&[n])
    }
}

macro_rules! shape_from {
    ($([$($extent:tt)*] $list:ty),*) => {$(
        impl<$($extent)*> From<$list> for Shape {
            fn from(dims: $list) -> Self {
                Shape::new(&dims[..])
            }
        }
    )*};
}
shape_from!([] &[usize], [const R: usize] [usize; R], [const R: usize] &[usize; R], [] Vec<usize>, [] &Vec<usize>);

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(dims: I) -> Self {
        Shape(dims.into_iter().collect())
    }
}

impl<const R: usize> PartialEq<[usize; R]> for Shape {
    fn eq(&self, other: &[usize; R]) -> bool {
        self.dims() == other
    }
}

impl PartialEq<[usize]> for Shape {
    fn eq(&self, other: &[usize]) -> bool {
        self.dims() == other
    }
}

/// Why shapes do not fit together. The text holds the facts and the numbers, without the
/// operation's name: the tape puts that in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeError(String);

impl ShapeError {
    /// With these facts.
    pub fn new(facts: impl Into<String>) -> Self {
        ShapeError(facts.into())
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ShapeError {}

/// What a shape rule returns.
pub type Result<A, E = ShapeError> = std::result::Result<A, E>;

/// One axis; negative ones count from the end, −1 being the last. A single number has no axes:
/// any is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis(pub isize);

impl From<i32> for Axis {
    fn from(axis: i32) -> Self {
        Axis(axis as isize)
    }
}

impl From<isize> for Axis {
    fn from(axis: isize) -> Self {
        Axis(axis)
    }
}

impl From<usize> for Axis {
    fn from(axis: usize) -> Self {
        // An axis too large for an isize is out of range for any shape, as isize::MAX is.
        Axis(isize::try_from(axis).unwrap_or(isize::MAX))
    }
}

impl Axis {
    /// The axis counted from the front.
    pub fn of(self, shape: &Shape) -> Result<usize> {
        self.within(shape.rank())
            .ok_or_else(|| ShapeError::new(format!("axis {} out of range for shape {shape}", self.0)))
    }

    /// [`Shape::around`] the axis, once it is known to be in range.
    pub(crate) fn lanes(self, shape: &Shape) -> (usize, usize, usize) {
        // OK because an operation's shape rule calls `of` before its forward is run.
        shape.around(self.of(shape).expect("the shape rule has checked the axis"))
    }

    /// Where a new axis of `shape` comes to stand, counted in the shape that has it.
    pub fn of_new(self, shape: &Shape) -> Result<usize> {
        self.within(shape.rank() + 1).ok_or_else(|| {
            ShapeError::new(format!("axis {} out of range for a new axis of shape {shape}", self.0))
        })
    }

    /// The axis counted from the front where there are `rank` of them.
    fn within(self, rank: usize) -> Option<usize> {
        let rank = rank as isize;
        let axis = if self.0 < 0 { self.0 + rank } else { self.0 };
        (0..rank).contains(&axis).then_some(axis as usize)
    }
}

/// Several axes, or all (`..`). Made from a number, an array, a slice or `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axes(Option<SmallVec<[Axis; 6]>>);

impl Axes {
    /// Every axis.
    pub const ALL: Axes = Axes(None);

    /// The axes as a set of bits; naming one twice is an error.
    pub fn of(&self, shape: &Shape) -> Result<AxisSet> {
        let Some(axes) = &self.0 else {
            return Ok(AxisSet::all(shape.rank()));
        };
        let mut set = AxisSet(0);
        for axis in axes {
            let axis = axis.of(shape)?;
            if set.contains(axis) {
                return Err(ShapeError::new(format!("axis {axis} of shape {shape} is named twice")));
            }
            set.insert(axis);
        }
        Ok(set)
    }

    /// The axes in the order given, which names every axis of `shape` once; `..` is the order
    /// that they have.
    pub fn order(&self, shape: &Shape) -> Result<SmallVec<[usize; 6]>> {
        let named = self.of(shape)?;
        if let Some(missing) = (0..shape.rank()).find(|&axis| !named.contains(axis)) {
            return Err(ShapeError::new(format!("axis {missing} of shape {shape} is not named")));
        }
        match &self.0 {
            Some(axes) => axes.iter().map(|axis| axis.of(shape)).collect(),
            None => Ok((0..shape.rank()).collect()),
        }
    }
}

impl<A: Into<Axis>> From<A> for Axes {
    fn from(axis: A) -> Self {
        Axes(Some(SmallVec::from_slice(&[axis.into()])))
    }
}

impl<A: Into<Axis> + Copy, const R: usize> From<[A; R]> for Axes {
    fn from(axes: [A; R]) -> Self {
        Axes::from(&axes[..])
    }
}

impl<A: Into<Axis> + Copy, const R: usize> From<&[A; R]> for Axes {
    fn from(axes: &[A; R]) -> Self {
        Axes::from(&axes[..])
    }
}

impl<A: Into<Axis> + Copy> From<&[A]> for Axes {
    fn from(axes: &[A]) -> Self {
        Axes(Some(axes.iter().map(|&a| a.into()).collect()))
    }
}

impl<A: Into<Axis> + Copy> From<&Vec<A>> for Axes {
    fn from(axes: &Vec<A>) -> Self {
        Axes::from(&axes[..])
    }
}

impl From<std::ops::RangeFull> for Axes {
    fn from(_: std::ops::RangeFull) -> Self {
        Axes::ALL
    }
}

/// A set of axes of one shape, counted from the front.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AxisSet(pub(crate) u64);

impl AxisSet {
    /// The most axes that a tensor may have: a bit for each, and one to spare.
    pub(crate) const MOST: usize = 63;

    /// Every axis of a tensor of this rank.
    pub fn all(rank: usize) -> Self {
        assert!(rank <= Self::MOST, "a tensor of rank {rank}: at most 63 axes are supported");
        AxisSet((1 << rank) - 1)
    }

    /// Just this axis.
    pub fn one(axis: usize) -> Self {
        AxisSet(1 << axis)
    }

    /// Whether `axis` is in the set.
    pub fn contains(self, axis: usize) -> bool {
        self.0 >> axis & 1 == 1
    }

    fn insert(&mut self, axis: usize) {
        self.0 |= 1 << axis;
    }

    /// The shape with the axes of this set at 1.
    pub fn kept(self, shape: &Shape) -> Shape {
        shape.iter().enumerate().map(|(i, &d)| if self.contains(i) { 1 } else { d }).collect()
    }

    /// The shape without the axes of this set.
    pub fn dropped(self, shape: &Shape) -> Shape {
        shape.iter().enumerate().filter(|&(i, _)| !self.contains(i)).map(|(_, &d)| d).collect()
    }

    /// How many entries are taken together in each result: the product over the set.
    pub fn count(self, shape: &Shape) -> usize {
        shape.iter().enumerate().filter(|&(i, _)| self.contains(i)).map(|(_, &d)| d).product()
    }
}

impl fmt::Debug for AxisSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..64).filter(|&i| self.contains(i))).finish()
    }
}

/// A wanted shape in which one extent may be −1: "whatever fits" in a reshape, "as it is" in an
/// expand. Made from an array of numbers, a slice or a [`Shape`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dims(SmallVec<[isize; 6]>);

macro_rules! dims_from {
    ($($int:ty),*) => {$(
        impl<const R: usize> From<[$int; R]> for Dims {
            fn from(dims: [$int; R]) -> Self {
                Dims::from(&dims[..])
            }
        }
        impl<const R: usize> From<&[$int; R]> for Dims {
            fn from(dims: &[$int; R]) -> Self {
                Dims::from(&dims[..])
            }
        }
        impl From<Vec<$int>> for Dims {
            fn from(dims: Vec<$int>) -> Self {
                Dims::from(&dims[..])
            }
        }
        impl From<&Vec<$int>> for Dims {
            fn from(dims: &Vec<$int>) -> Self {
                Dims::from(&dims[..])
            }
        }
        impl From<&[$int]> for Dims {
            fn from(dims: &[$int]) -> Self {
                // What does not fit into an isize cannot be an extent; MAX is refused later.
                Dims(dims.iter().map(|&d| isize::try_from(d).unwrap_or(isize::MAX)).collect())
            }
        }
    )*};
}
dims_from!(i32, isize, usize);

impl From<&Shape> for Dims {
    fn from(shape: &Shape) -> Self {
        Dims::from(shape.dims())
    }
}

impl From<Shape> for Dims {
    fn from(shape: Shape) -> Self {
        Dims::from(shape.dims())
    }
}

impl Dims {
    /// The shape of the same number of entries as `from`; one −1 is worked out.
    pub fn reshape(&self, from: &Shape) -> Result<Shape> {
        let bad = |why: &str| {
            ShapeError::new(format!("{from} ({} entries) into {:?}: {why}", from.numel(), &self.0[..]))
        };
        let mut known = self.0.iter().filter(|&&d| d != -1);
        if known.clone().any(|&d| d < 0) {
            return Err(bad("extents are ≥ 0, or −1 for one to be worked out"));
        }
        let product = known.try_fold(1usize, |n, &d| n.checked_mul(d as usize));
        let product = product.ok_or_else(|| bad("the product overflows"))?;
        let inferred = match self.0.iter().filter(|&&d| d == -1).count() {
            0 if product == from.numel() => 0,
            0 => return Err(bad(&format!("that would be {product} entries"))),
            1 if product > 0 && from.numel().is_multiple_of(product) => from.numel() / product,
            1 => return Err(bad("no extent in place of −1 fits")),
            _ => return Err(bad("at most one extent can be −1")),
        };
        Ok(self.0.iter().map(|&d| if d == -1 { inferred } else { d as usize }).collect())
    }

    /// The shape that `from` is broadcast to; −1 keeps an extent.
    pub fn expand(&self, from: &Shape) -> Result<Shape> {
        let bad = || ShapeError::new(format!("{from} does not broadcast to {:?}", &self.0[..]));
        let new_axes = self.0.len().checked_sub(from.rank()).ok_or_else(bad)?;
        let to = self.0.iter().enumerate().map(|(i, &d)| match d {
            -1 if i >= new_axes => Ok(from[i - new_axes]),
            0.. => Ok(d as usize),
            _ => Err(bad()),
        });
        let to: Shape = to.collect::<Result<SmallVec<[usize; 6]>>>().map(Shape)?;
        to.checked_numel()?;
        if from.expands_to(&to) { Ok(to) } else { Err(bad()) }
    }
}

/// The shape that both broadcast to, as NumPy does: aligned at the last axis, 1 stretches.
#[inline]
pub fn broadcast(a: &Shape, b: &Shape) -> Result<Shape> {
    if a.is_empty() && b.is_empty() {
        return Ok(Shape::SCALAR);
    }
    if a == b {
        return Ok(a.clone());
    }
    stretch(a, b)
}

fn stretch(a: &Shape, b: &Shape) -> Result<Shape> {
    let rank = a.rank().max(b.rank());
    let at = |s: &Shape, i: usize| {
        if i + s.rank() < rank { 1 } else { s[i + s.rank() - rank] }
    };
    let mut dims = SmallVec::with_capacity(rank);
    for i in 0..rank {
        dims.push(match (at(a, i), at(b, i)) {
            (m, n) if m == n => m,
            (1, n) => n,
            (m, 1) => m,
            (m, n) => {
                return Err(ShapeError::new(format!(
                    "shapes do not broadcast: {a} and {b}  ({m} ≠ {n} on axis {i})"
                )));
            }
        });
    }
    let shape = Shape(dims);
    shape.checked_numel()?;
    Ok(shape)
}

/// The product of two stacks of matrices, each read transposed where its flag is set. Both have
/// rank ≥ 2; the axes before the last two broadcast.
pub fn matmul(a: &Shape, ta: bool, b: &Shape, tb: bool) -> Result<Shape> {
    let split = |s: &Shape, t: bool| -> Result<(Shape, usize, usize)> {
        let [batch @ .., rows, columns] = s.dims() else {
            return Err(ShapeError::new(format!("operands need at least 2 axes, got {s}")));
        };
        let (rows, columns) = if t { (*columns, *rows) } else { (*rows, *columns) };
        Ok((Shape::new(batch), rows, columns))
    };
    let (batch_a, m, k) = split(a, ta)?;
    let (batch_b, l, n) = split(b, tb)?;
    if k != l {
        return Err(inner_dimensions_differ((a, ta, k), (b, tb, l)));
    }
    let mut shape = broadcast(&batch_a, &batch_b)
        .map_err(|_| ShapeError::new(format!("batch dimensions do not broadcast: {a} · {b}")))?;
    shape.0.extend([m, n]);
    shape.checked_numel()?;
    Ok(shape)
}

/// What is said of a product of a and b, transposed or not, whose inner dimensions are k and l.
pub(crate) fn inner_dimensions_differ(
    (a, ta, k): (&Shape, bool, usize),
    (b, tb, l): (&Shape, bool, usize),
) -> ShapeError {
    let t = |flag| if flag { "ᵀ" } else { "" };
    ShapeError::new(format!("inner dimensions differ: {a}{} · {b}{}  ({k} ≠ {l})", t(ta), t(tb)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(dims: &[usize]) -> Shape {
        Shape::new(dims)
    }

    #[test]
    fn shapes_broadcast_as_numpy_does() {
        for (a, b, y) in [
            (s(&[]), s(&[]), Some(s(&[]))),
            (s(&[4]), s(&[]), Some(s(&[4]))),
            (s(&[4, 1]), s(&[4]), Some(s(&[4, 4]))),
            (s(&[2, 1, 4]), s(&[1, 3, 4]), Some(s(&[2, 3, 4]))),
            (s(&[4, 0]), s(&[4, 1]), Some(s(&[4, 0]))),
            (s(&[3]), s(&[4]), None),
            (s(&[0]), s(&[2]), None),
        ] {
            assert_eq!(broadcast(&a, &b).ok(), y, "{a} and {b}");
            assert_eq!(broadcast(&b, &a).ok(), y, "{b} and {a}");
        }
    }

    #[test]
    fn a_reshape_works_out_one_extent() {
        let from = s(&[2, 3, 4]);
        assert_eq!(Dims::from([4, -1]).reshape(&from), Ok(s(&[4, 6])));
        assert_eq!(Dims::from([24usize]).reshape(&from), Ok(s(&[24])));
        for bad in [vec![5, -1], vec![-1, -1], vec![4, 5], vec![-2, 12]] {
            assert!(Dims::from(&bad[..]).reshape(&from).is_err(), "{bad:?}");
        }
        assert!(Dims::from([-1, 0]).reshape(&s(&[0, 3])).is_err(), "−1 beside 0 is ambiguous");
    }

    #[test]
    fn a_product_that_overflows_is_an_error() {
        assert!(s(&[usize::MAX, 2]).checked_numel().is_err());
        assert!(s(&[1 << 40, 1 << 40]).checked_numel().is_err());
        assert_eq!(s(&[usize::MAX, 2, 0]).checked_numel(), Ok(0));
        assert_eq!(s(&[usize::MAX, 2, 0]).numel(), 0);
        assert!(broadcast(&s(&[1 << 40, 1]), &s(&[1, 1 << 40])).is_err());
    }

    #[test]
    fn axes_count_from_both_ends() {
        let shape = s(&[2, 3, 4]);
        assert_eq!(Axis(-1).of(&shape), Ok(2));
        assert_eq!(Axis(0).of(&shape), Ok(0));
        assert!(Axis(3).of(&shape).is_err() && Axis(-4).of(&shape).is_err());
        assert_eq!(Axis(-4).of_new(&shape), Ok(0));
        assert!(Axis(4).of_new(&shape).is_err());
        assert!(Axes::from([0, -3]).of(&shape).is_err(), "named twice");
        assert_eq!(Axes::from([-1, 0, 1]).order(&shape).unwrap()[..], [2, 0, 1]);
        assert_eq!(Axes::ALL.order(&shape).unwrap()[..], [0, 1, 2]);
        assert!(Axes::from([0, 2]).order(&shape).is_err(), "1 is not named");
        let set = Axes::from([0, -1]).of(&shape).unwrap();
        assert_eq!((set.kept(&shape), set.dropped(&shape)), (s(&[1, 3, 1]), s(&[3])));
        assert_eq!(set.count(&shape), 8);
    }

    #[test]
    fn a_matmul_error_names_the_two_numbers() {
        let error = matmul(&s(&[32, 10]), false, &s(&[12, 5]), false).unwrap_err();
        assert_eq!(error.to_string(), "inner dimensions differ: [32, 10] · [12, 5]  (10 ≠ 12)");
        assert_eq!(matmul(&s(&[5, 2, 3]), true, &s(&[4, 2]), true), Ok(s(&[5, 3, 4])));
    }
}
