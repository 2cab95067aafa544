//! The header of a safetensors file: a JSON object that gives each tensor's name its type, shape and place.
//!
//! Read strictly and in little memory: a name that comes twice, a gap between tensors, a size that overflows, an
//! axis too many are errors, and what is kept of a tensor is no larger than what the header says of it.

use super::json::{Count, List, Text, shortened, texts_are_none};
use crate::shape::AxisSet;
use safetensors::Dtype;
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// The type, the shape and the place of a tensor.
pub(super) struct Place {
    pub dtype: Dtype,
    pub shape: Box<[usize]>,
    /// Its bytes, counted from the end of the header.
    pub bytes: Range<usize>,
}

/// The tensors by name, each where the one before it ends.
pub(super) type Places<'a> = BTreeMap<Cow<'a, str>, Place>;

/// Reads a header; also how many bytes its tensors have together.
pub(super) fn parse(header: &[u8]) -> Result<(Places<'_>, usize), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(header);
    let places = json.deserialize_any(Header)?;
    json.end()?;
    let mut in_order: Vec<(&Cow<'_, str>, &Place)> = places.iter().collect();
    in_order.sort_unstable_by_key(|(_, place)| (place.bytes.start, place.bytes.end));
    let mut end = 0;
    for (name, place) in in_order {
        let (bytes, size) = (&place.bytes, place.size());
        if bytes.start != end {
            let start = bytes.start;
            return Err(wrong(name, format_args!("starts at byte {start}, the one before ends at {end}")));
        }
        if bytes.end.checked_sub(bytes.start) != size || size.is_none() {
            let size = size.map_or("more than memory can hold".into(), |size| size.to_string());
            return Err(wrong(name, format_args!("of {size} bytes is said to be at {bytes:?}")));
        }
        end = bytes.end;
    }
    Ok((places, end))
}

impl Place {
    /// How many bytes the shape and the type need, if it can be said. As where such files are written, the product
    /// must not overflow on the way to an extent of 0.
    fn size(&self) -> Option<usize> {
        let bits = self.shape.iter().try_fold(self.dtype.bitsize(), |n, &extent| n.checked_mul(extent))?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }
}

fn wrong(name: &str, what: impl fmt::Display) -> serde_json::Error {
    serde_json::Error::custom(format_args!("the tensor {:?} {what}", shortened(name)))
}

/// The object of all tensors.
struct Header;

impl<'de> Visitor<'de> for Header {
    type Value = Places<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors by name")
    }

    texts_are_none!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Places<'de>, A::Error> {
        let mut places = Places::new();
        while let Some(name) = map.next_key_seed(Text)? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let place = map.next_value_seed(OnePlace)?;
            if places.contains_key(&name) {
                let name = shortened(&name);
                return Err(A::Error::custom(format_args!("the tensor {name:?} comes twice")));
            }
            places.insert(name, place);
        }
        Ok(places)
    }
}

/// The object of one tensor.
struct OnePlace;

impl<'de> DeserializeSeed<'de> for OnePlace {
    type Value = Place;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Place, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OnePlace {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of dtype, shape and data_offsets")
    }

    texts_are_none!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Place, A::Error> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        while let Some(key) = map.next_key_seed(Text)? {
            let twice = match &*key {
                "dtype" => {
                    let name = map.next_value_seed(Text)?;
                    let found = Dtype::deserialize(StrDeserializer::<A::Error>::new(&name));
                    let unknown = |_| A::Error::custom(format_args!("{:?} is no type", shortened(&name)));
                    dtype.replace(found.map_err(unknown)?).is_some()
                }
                "shape" => shape.replace(counts(&mut map, AxisSet::MOST)?).is_some(),
                "data_offsets" => offsets.replace(counts(&mut map, 2)?).is_some(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if twice {
                return Err(A::Error::custom(format_args!("{key} comes twice")));
            }
        }
        let missing = |what| A::Error::custom(format_args!("a tensor without {what}"));
        let dtype = dtype.ok_or_else(|| missing("dtype"))?;
        let shape = shape.ok_or_else(|| missing("shape"))?;
        match *offsets.unwrap_or_default() {
            [start, end] => Ok(Place { dtype, shape, bytes: start..end }),
            _ => Err(missing("the two data_offsets")),
        }
    }
}

/// A list of at most so many counts.
fn counts<'de, A: MapAccess<'de>>(map: &mut A, most: usize) -> Result<Box<[usize]>, A::Error> {
    let mut counts = Vec::new();
    map.next_value_seed(List { item: Count, most, take: |count| counts.push(count) })?;
    Ok(counts.into())
}
