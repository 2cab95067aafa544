//! IDX, the format of MNIST: a magic number that gives the element type and the number of
//! dimensions, each dimension as four bytes, then the elements, row-major; all big-endian.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use super::file::Source;
use super::table::Table;
use crate::error::{Error, ErrorKind};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::cmp::Ordering;
use std::fmt;
use std::io::{ErrorKind as IoKind, Read};
use std::path::{Path, PathBuf};

/// The element type of an IDX file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Unsigned bytes, as in MNIST.
    U8,
    /// Signed bytes.
    I8,
    /// Signed integers of two bytes.
    I16,
    /// Signed integers of four bytes.
    I32,
    /// Floating-point numbers of four bytes.
    F32,
    /// Floating-point numbers of eight bytes.
    F64,
}

impl Kind {
    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Kind::U8,
            0x09 => Kind::I8,
            0x0b => Kind::I16,
            0x0c => Kind::I32,
            0x0d => Kind::F32,
            0x0e => Kind::F64,
            _ => return None,
        })
    }

    /// The number of bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Kind::U8 | Kind::I8 => 1,
            Kind::I16 => 2,
            Kind::I32 | Kind::F32 => 4,
            Kind::F64 => 8,
        }
    }
}

/// The array in an IDX file.
///
/// A file on disk is read as a stream whenever its elements are asked for, and never held. It must not change while the
/// `Idx` is in use; that it did is an error, as far as its length and the time of its last change tell.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::Idx};
/// let file = [0, 0, 8, 2, /* 2 × 3 */ 0, 0, 0, 2, 0, 0, 0, 3, /* entries */ 1, 2, 3, 4, 5, 6];
/// let idx = Idx::from_bytes("example", file.to_vec())?;
/// let x: Tensor = idx.tensor()?;
/// assert_eq!(x, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Idx {
    source: Source,
    kind: Kind,
    shape: Shape,
    /// Where the elements start, which reach to the end of the file.
    start: usize,
}

/// IDX allows 255 dimensions; nobody has been seen to use more than 4.
const MOST_DIMENSIONS: usize = 6;
const LONGEST_HEADER: usize = 4 + 4 * MOST_DIMENSIONS;

impl Idx {
    /// Of a file, packed by gzip or not.
    ///
    /// # Errors
    /// If the file cannot be read, or its bytes are not as many as its header says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(Source::open(path.as_ref())?)
    }

    /// From the bytes of a file, packed by gzip or not. Errors call it by `name`.
    ///
    /// No more is unpacked than the header promises.
    ///
    /// # Errors
    /// If the bytes are not as many as the header says.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        Self::new(Source::from_bytes(name, bytes))
    }

    fn new(source: Source) -> Result<Self, Error> {
        let header = Header::parse(source.name(), &source.first_bytes(LONGEST_HEADER as u64)?)?;
        // One byte more, so that bytes after the end are seen, and the checksum of a packed file is.
        header.compare(source.name(), source.count(header.total as u64 + 1)?)?;
        let Header { kind, shape, start, .. } = header;
        Ok(Self { source, kind, shape, start })
    }

    /// The element type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements as numbers.
    ///
    /// # Errors
    /// If one is infinite or NaN, or too large for `T`, or if the file was changed or cannot be read any more.
    pub fn tensor<T: Float>(&self) -> Result<Tensor<T>, Error> {
        self.numbers(|at, number| {
            let number = T::from_f64(number);
            match number.is_finite() {
                true => Ok(number),
                false => {
                    let name = self.source.name();
                    Err(Error::data(format!("{name}: element {at} is {number}; numbers must be finite")))
                }
            }
        })
    }

    /// What `of` makes of each element and its number, in the shape of the file.
    fn numbers<T: Float>(&self, of: impl Fn(usize, f64) -> Result<T, Error>) -> Result<Tensor<T>, Error> {
        let fill = |y: &mut [T]| {
            let mut places = y.iter_mut().enumerate();
            self.each(|number| {
                // OK because there are as many elements as places, which both are of the same shape.
                let Some((at, place)) = places.next() else { return Ok(()) };
                *place = of(at, number)?;
                Ok(())
            })
        };
        let (tensor, filled) = Tensor::build_exact(self.shape.clone(), fill);
        filled.map(|()| tensor)
    }

    /// The elements as class numbers.
    ///
    /// # Errors
    /// If the array does not have one dimension, an element is not a whole number from 0 up, or the file was changed or
    /// cannot be read any more.
    pub fn labels(&self) -> Result<Vec<usize>, Error> {
        self.class_numbers(u32::MAX)
    }

    /// [`labels`](Self::labels) of which none is above `most`.
    fn class_numbers(&self, most: u32) -> Result<Vec<usize>, Error> {
        let name = self.source.name();
        if self.shape.rank() != 1 {
            return Err(Error::data(format!(
                "{name}: labels have one dimension, and this has {}",
                self.shape
            )));
        }
        // Looked at before any is kept, which takes eight bytes for each of the file's.
        let mut row = 0;
        self.each(|x| {
            if !(x >= 0.0 && x.fract() == 0.0 && x <= f64::from(most)) {
                let classes = if most == u32::MAX {
                    "a class".to_owned()
                } else {
                    format!("one of {} classes", most + 1)
                };
                let facts = format!("label {x} of row {row} is not the number of {classes}");
                return Err(Error::data(format!("{name}: {facts}")));
            }
            row += 1;
            Ok(())
        })?;
        // Not by way of a tensor, which would be larger than file and labels together.
        let mut labels = Vec::with_capacity(row);
        self.each(|x| {
            labels.push(x as usize);
            Ok(())
        })?;
        Ok(labels)
    }

    /// Hands out the elements one after another, up to an error.
    fn each(&self, mut take: impl FnMut(f64) -> Result<(), Error>) -> Result<(), Error> {
        let mut stream = self.source.stream(self.start as u64)?;
        let mut block = [0; 1 << 13];
        let mut left = self.shape.numel() * self.kind.size();
        while left > 0 {
            let part = left.min(block.len());
            left -= part;
            let bytes = block.get_mut(..part).unwrap_or_default();
            stream.read_exact(bytes).map_err(|error| match error.kind() {
                // The header was compared with the bytes.
                IoKind::UnexpectedEof => self.source.changed(),
                _ => self.source.unreadable(error),
            })?;
            match self.kind {
                Kind::U8 => bytes.iter().try_for_each(|&byte| take(f64::from(byte))),
                Kind::I8 => bytes.iter().try_for_each(|&byte| take(f64::from(byte.cast_signed()))),
                Kind::I16 => chunks(bytes).try_for_each(|bytes| take(f64::from(i16::from_be_bytes(bytes)))),
                Kind::I32 => chunks(bytes).try_for_each(|bytes| take(f64::from(i32::from_be_bytes(bytes)))),
                Kind::F32 => chunks(bytes).try_for_each(|bytes| take(f64::from(f32::from_be_bytes(bytes)))),
                Kind::F64 => chunks(bytes).try_for_each(|bytes| take(f64::from_be_bytes(bytes))),
            }?;
        }
        self.source.check()
    }
}

/// The bytes of each element.
fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

impl fmt::Debug for Idx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idx {} {} of {:?}", self.source.name(), self.shape, self.kind)
    }
}

/// What the first bytes say.
struct Header {
    kind: Kind,
    shape: Shape,
    /// Where the elements start.
    start: usize,
    /// Where they end, and the file with them.
    total: usize,
}

impl Header {
    fn parse(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let bad = |facts: String| Error::format(format!("{name}: {facts}"));
        let Some((&[zero, also_zero, code, rank], rest)) = bytes.split_first_chunk::<4>() else {
            return Err(bad(format!("{} bytes are too few for an IDX file; it is cut short", bytes.len())));
        };
        let Some(kind) = Kind::from_code(code).filter(|_| zero == 0 && also_zero == 0) else {
            return Err(bad(format!(
                "not an IDX file: it starts with {zero:02x} {also_zero:02x} {code:02x} and not with 00 00 \
                 and a type (08, 09, 0b, 0c, 0d or 0e)"
            )));
        };
        let rank = usize::from(rank);
        if rank > MOST_DIMENSIONS {
            return Err(bad(format!("{rank} dimensions; at most {MOST_DIMENSIONS} can be read")));
        }
        let Some(dims) = rest.as_chunks::<4>().0.get(..rank) else {
            return Err(bad(format!("the header promises {rank} dimensions; it is cut short")));
        };
        let shape: Shape = dims.iter().map(|&dim| u32::from_be_bytes(dim) as usize).collect();
        let start = 4 + 4 * rank;
        // A dimension of 0 must not hide an overflow of the others, so they are multiplied as 1.
        let total = shape
            .iter()
            .try_fold(kind.size(), |n, &d| n.checked_mul(d.max(1)))
            .filter(|&n| n <= isize::MAX as usize / size_of::<f64>())
            .map(|n| start + if shape.contains(&0) { 0 } else { n })
            .ok_or_else(|| bad(format!("the header says {shape} of {kind:?}, more than memory can hold")))?;
        Ok(Self { kind, shape, start, total })
    }

    /// A file of so many bytes is all that the header says, and no more.
    fn compare(&self, name: &str, length: u64) -> Result<(), Error> {
        let Self { kind, shape, total, .. } = self;
        let (there, fault) = match length.cmp(&(*total as u64)) {
            Ordering::Equal => return Ok(()),
            Ordering::Less => (format!("there are {length}"), "it is cut short"),
            Ordering::Greater => ("there are more".to_owned(), "it goes on after its end"),
        };
        Err(Error::format(format!(
            "{name}: the header says {shape} of {kind:?}, {total} bytes in all, and {there}; {fault}"
        )))
    }
}

/// MNIST, or a data set of the same form (Fashion-MNIST, KMNIST), from the four files in a
/// directory, packed by gzip or not: (to train on, to test on). Pixels are divided by 255 and lie
/// in [0, 1]; an image is a row of the features, [n, 784].
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
/// and `t10k-labels-idx1-ubyte`, with or without `.gz`.
///
/// # Errors
/// If a file is missing or its bytes do not follow the format, images and labels are not equally
/// many, or a label is above 9.
///
/// ```no_run
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::data::{Table, idx};
/// let (train, test): (Table, Table) = idx::mnist("path/to/mnist")?;
/// assert_eq!(train.features().shape().dims(), [60_000, 784]);
/// # Ok(()) }
/// ```
pub fn mnist<T: Float>(directory: impl AsRef<Path>) -> Result<(Table<T>, Table<T>), Error> {
    let directory = directory.as_ref();
    let part = |name| {
        let images = Idx::open(find(directory, &format!("{name}-images"), "idx3-ubyte")?)?;
        let labels = Idx::open(find(directory, &format!("{name}-labels"), "idx1-ubyte")?)?;
        digits(&images, &labels)
    };
    let (train, test): (Table<T>, Table<T>) = (part("train")?, part("t10k")?);
    if train.width() != test.width() {
        return Err(Error::data(format!(
            "{}: images of {} pixels to train on and of {} to test on",
            directory.display(),
            train.width(),
            test.width()
        )));
    }
    Ok((train, test))
}

/// The file of this name, in one of the forms in which it is passed around.
fn find(directory: &Path, stem: &str, form: &str) -> Result<PathBuf, Error> {
    let names = ["-", "."].map(|dot| [format!("{stem}{dot}{form}"), format!("{stem}{dot}{form}.gz")]);
    let names = names.as_flattened();
    names.iter().map(|name| directory.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        let place = directory.display();
        let facts = match directory.is_dir() {
            true => format!("{place} has no file {}", names.join(" or ")),
            false => format!("{place} is not a directory; looked there for {}", names.join(" or ")),
        };
        Error::new(ErrorKind::Io, facts)
    })
}

/// Images of bytes and their labels as a table.
fn digits<T: Float>(images: &Idx, labels: &Idx) -> Result<Table<T>, Error> {
    let (Kind::U8, &[n, height, width]) = (images.kind, images.shape.dims()) else {
        return Err(Error::data(format!("{images:?}: images must be [n, height, width] of U8")));
    };
    if n == 0 {
        return Err(Error::data(format!("{}: there are no images", images.source.name())));
    }
    if labels.shape.rank() == 1 && labels.shape.numel() != n {
        return Err(Error::data(format!(
            "{} has {n} images and {} has {} labels",
            images.source.name(),
            labels.source.name(),
            labels.shape.numel()
        )));
    }
    let classes = labels.class_numbers(9)?;
    // Divided in f64: the quotient rounded to f32 is the same as if divided there.
    let pixels = images.numbers(|_, byte| Ok(T::from_f64(byte / 255.0)))?;
    Table::new(pixels.with_shape(Shape::new(&[n, height * width])), classes, 10)
}

#[cfg(test)]
mod tests;
