//! JSON read piece by piece: nothing is kept that nobody asked for, and an error does not repeat a text of any
//! length that stands in the wrong place. (Hence `deserialize_any`: the others compose that error themselves.)

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// In a visitor: says that a text is something else, without the text.
macro_rules! texts_are_none {
    () => {
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            let expected: &dyn serde::de::Expected = &self;
            Err(E::custom(format_args!("a text, where {expected} should be")))
        }
    };
}
pub(crate) use texts_are_none;

/// As much of a name as an error repeats.
pub(crate) fn shortened(name: &str) -> &str {
    name.char_indices().nth(100).and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

/// A text that is borrowed from what is read where nothing in it is escaped.
#[derive(Clone, Copy)]
pub(super) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A whole number from 0 up.
#[derive(Clone, Copy)]
pub(super) struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_any(self)
    }
}

impl Visitor<'_> for Count {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }
    fn visit_u64<E: Error>(self, count: u64) -> Result<usize, E> {
        usize::try_from(count).map_err(|_| E::custom(format_args!("{count} is too large a number")))
    }

    texts_are_none!();
}

/// A list of at most so many items, each handed on as it is read.
pub(super) struct List<S, F> {
    pub item: S,
    pub most: usize,
    pub take: F,
}

impl<'de, S, F> DeserializeSeed<'de> for List<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value),
{
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, S, F> Visitor<'de> for List<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value),
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {}", self.most)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut length = 0;
        while let Some(item) = list.next_element_seed(self.item)? {
            length += 1;
            if length > self.most {
                return Err(A::Error::custom(format_args!("a list of more than {}", self.most)));
            }
            (self.take)(item);
        }
        Ok(())
    }

    texts_are_none!();
}
