//! Arrays longer than serde's own, for snapshots.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple as _, Serializer};

/// Writes every element.
pub fn serialize<S, T, const N: usize>(array: &[T; N], serializer: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize,
{
    let mut tuple = serializer.serialize_tuple(N)?;
    for element in array {
        tuple.serialize_element(element)?;
    }
    tuple.end()
}

/// Reads as many elements as there are.
pub fn deserialize<'a, D, T, const N: usize>(deserializer: D) -> Result<[T; N], D::Error>
where
    D: Deserializer<'a>,
    T: Deserialize<'a> + Copy + Default,
{
    struct Elements<T, const N: usize>(PhantomData<T>);

    impl<'a, T, const N: usize> Visitor<'a> for Elements<T, N>
    where
        T: Deserialize<'a> + Copy + Default,
    {
        type Value = [T; N];

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{N} elements")
        }

        fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<[T; N], A::Error> {
            let mut array = [T::default(); N];
            for (index, place) in array.iter_mut().enumerate() {
                let element = elements.next_element()?;
                *place = element.ok_or_else(|| A::Error::invalid_length(index, &self))?;
            }
            Ok(array)
        }
    }

    deserializer.deserialize_tuple(N, Elements(PhantomData))
}
