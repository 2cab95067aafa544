//! The safetensors format: the length of a header (8 bytes, little-endian), the header (JSON: name, type,
//! shape and place of each tensor), and the tensors' bytes, row-major, without a gap.

use super::header::{self, Place, Places};
use super::json::{List, Text, shortened};
use crate::error::Error;
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use safetensors::{Dtype, View};
use serde::de::DeserializeSeed;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

/// An entry that is to be written.
pub(super) struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Entry {
    pub fn tensor<T: Float>(tensor: &Tensor<T>) -> Self {
        let width = size_of::<T>();
        let mut bytes = Vec::with_capacity(tensor.numel() * width);
        for x in tensor.data() {
            // Little-endian, so that the lower bytes come first; an f32 has no others.
            bytes.extend_from_slice(x.bits().to_le_bytes().get(..width).unwrap_or_default());
        }
        Entry { dtype: dtype::<T>(), shape: tensor.shape().dims().to_vec(), bytes }
    }

    pub fn bytes(bytes: &[u8]) -> Self {
        Entry { dtype: Dtype::U8, shape: vec![bytes.len()], bytes: bytes.to_vec() }
    }
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

fn dtype<T: Float>() -> Dtype {
    if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 }
}

/// The bytes of a file with these entries: the same ones for the same entries.
pub(super) fn write(entries: BTreeMap<String, Entry>) -> Result<Vec<u8>, Error> {
    // What Python's libraries look for before they take the file for PyTorch's.
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    safetensors::serialize(entries, Some(metadata))
        .map_err(|error| Error::format(format!("the checkpoint cannot be written: {error}")).caused_by(error))
}

/// A file's entries, by name.
pub(super) struct File<'a> {
    /// What errors call the file.
    name: &'a str,
    entries: Places<'a>,
    data: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the header, and holds it against the bytes that are there: whatever they are, it ends
    /// with entries that lie within the file and fit their shapes, or with an error.
    pub fn read(name: &'a str, bytes: &'a [u8]) -> Result<Self, Error> {
        let broken = |what: String| Error::format(format!("{name}: {what}; is it a whole safetensors file?"));
        let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(broken(format!("its {} bytes are too few for a header", bytes.len())));
        };
        // Behind its length, a header begins with a brace.
        if rest.first().is_some_and(|&first| first != b'{') {
            let what = if bytes.starts_with(b"PK\x03\x04") {
                "this is a zip archive, as `torch.save` writes them; PyTorch writes what is read here with \
                 `safetensors.torch.save_file(model.state_dict(), path)`"
            } else {
                "this is no safetensors file: it does not begin with a header"
            };
            return Err(Error::format(format!("{name}: {what}")));
        }
        let length = u64::from_le_bytes(*length);
        let Some((header, data)) = usize::try_from(length).ok().and_then(|n| rest.split_at_checked(n)) else {
            return Err(broken(format!("its header should have {length} bytes, {} are there", rest.len())));
        };
        // `SafeTensors::deserialize` is not used: it adds up sizes unchecked, and panics, takes a name
        // that comes twice for one, and needs many times the header's own memory.
        let (entries, needed) = header::parse(header)
            .map_err(|error| broken(format!("its header does not hold: {error}")).caused_by(error))?;
        if needed != data.len() {
            return Err(broken(format!("its tensors should have {needed} bytes, {} are there", data.len())));
        }
        Ok(File { name, entries, data })
    }

    pub fn name(&self) -> &str {
        self.name
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(|name| &**name)
    }

    /// The names that begin so.
    pub fn names_below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'s str> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.entries
            .range::<str, _>(from)
            .map(|(name, _)| &**name)
            .take_while(move |name| name.starts_with(prefix))
    }

    /// The shape of the tensor of this name.
    pub fn shape(&self, key: &str) -> Option<Shape> {
        Some(Shape::new(&self.entries.get(key)?.shape))
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A tensor of either float type, converted to `T`.
    pub fn tensor<T: Float>(&self, key: &str) -> Result<Tensor<T>, Error> {
        let (info, bytes) = self.entry(key)?;
        let shape = Shape::new(&info.shape);
        match info.dtype {
            Dtype::F32 => Ok(decode(shape, bytes, |&b| T::from_f64(f32::from_le_bytes(b).into()))),
            Dtype::F64 => Ok(decode(shape, bytes, |&b| T::from_f64(f64::from_le_bytes(b)))),
            other => Err(self.wrong(key, &format!("is of type {other}; it must be F32 or F64"))),
        }
    }

    /// A tensor of type `T` and no other: the same bits.
    pub fn exact_tensor<T: Float>(&self, key: &str) -> Result<Tensor<T>, Error> {
        let (info, _) = self.entry(key)?;
        match info.dtype == dtype::<T>() {
            true => self.tensor(key),
            false => {
                Err(self.wrong(key, &format!("is of type {}, this training of {}", info.dtype, dtype::<T>())))
            }
        }
    }

    pub fn bytes(&self, key: &str) -> Result<&'a [u8], Error> {
        let (info, bytes) = self.entry(key)?;
        match info.dtype {
            Dtype::U8 => Ok(bytes),
            other => Err(self.wrong(key, &format!("is of type {other}; it must be U8"))),
        }
    }

    /// An array of so many texts.
    pub fn texts(&self, key: &str, count: usize, mut take: impl FnMut(&str)) -> Result<(), Error> {
        let mut json = serde_json::Deserializer::from_slice(self.bytes(key)?);
        let mut length = 0;
        let list = List {
            item: Text,
            most: count,
            take: |text: Cow<'_, str>| {
                take(&text);
                length += 1;
            },
        };
        list.deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| self.wrong(key, &format!("is not a list of names: {error}")).caused_by(error))?;
        match length == count {
            true => Ok(()),
            false => Err(self.wrong(key, &format!("has {length} names for {count}"))),
        }
    }

    /// An error about an entry.
    pub fn wrong(&self, key: &str, what: &str) -> Error {
        Error::format(format!("{}: {} {what}", self.name, shortened(key)))
    }

    fn entry(&self, key: &str) -> Result<(&Place, &'a [u8]), Error> {
        let place = self.entries.get(key).ok_or_else(|| self.wrong(key, "is missing"))?;
        // `read` compared the offsets with the data: they are in range.
        let bytes = self.data.get(place.bytes.clone()).ok_or_else(|| self.wrong(key, "is out of range"))?;
        Ok((place, bytes))
    }
}

/// Texts as an entry; [`File::texts`] reads them.
pub(super) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Entry {
    Entry::bytes(serde_json::Value::from_iter(texts).to_string().as_bytes())
}

fn decode<T: Float, const N: usize>(shape: Shape, bytes: &[u8], number: impl Fn(&[u8; N]) -> T) -> Tensor<T> {
    let (numbers, _) = bytes.as_chunks::<N>();
    Tensor::build(shape, |y| y.iter_mut().zip(numbers).for_each(|(y, bytes)| *y = number(bytes)))
}
