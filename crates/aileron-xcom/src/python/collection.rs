//! `tuple`, `set` and `frozenset`.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::wrap;

/// What can be a Python tuple: Rust's tuples, arrays, slices and `Vec`.
pub trait IsTuple: Serialize {}

impl<T: Serialize> IsTuple for Vec<T> {}
impl<T: Serialize> IsTuple for [T] {}
impl<T: IsTuple + ?Sized> IsTuple for &T {}

macro_rules! arrays {
    ($($len:literal)*) => {$(impl<T: Serialize> IsTuple for [T; $len] {})*};
}
arrays! { 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 }

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(impl<$($name: Serialize),+> IsTuple for ($($name,)+) {})*};
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
    A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L;
}

/// A `tuple`: `Tuple((1, "a"))`, `Tuple(vec![1, 2])`.
///
/// Without it, Rust's tuples become Python lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tuple<T>(pub T);

impl<T: IsTuple> Serialize for Tuple<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wrap(serializer, "builtins.tuple", 1, &self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tuple<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

impl<T> From<T> for Tuple<T> {
    fn from(tuple: T) -> Self {
        Self(tuple)
    }
}

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident $class:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<T>(pub BTreeSet<T>);

        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                wrap(serializer, $class, 1, &self.0)
            }
        }

        impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                BTreeSet::deserialize(deserializer).map(Self)
            }
        }

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self(BTreeSet::new())
            }
        }

        impl<T> std::ops::Deref for $name<T> {
            type Target = BTreeSet<T>;
            fn deref(&self) -> &BTreeSet<T> {
                &self.0
            }
        }

        impl<T: Ord> FromIterator<T> for $name<T> {
            fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
                Self(items.into_iter().collect())
            }
        }

        impl<T> IntoIterator for $name<T> {
            type Item = T;
            type IntoIter = std::collections::btree_set::IntoIter<T>;
            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<T> From<BTreeSet<T>> for $name<T> {
            fn from(set: BTreeSet<T>) -> Self {
                Self(set)
            }
        }

        impl<T: Ord + Eq + Hash> From<HashSet<T>> for $name<T> {
            fn from(set: HashSet<T>) -> Self {
                set.into_iter().collect()
            }
        }
    )*};
}

sets! {
    /// A `set`. It is written in order, so that the same set is always the same bytes.
    Set "builtins.set";
    /// A `frozenset`. It is written in order, so that the same set is always the same bytes.
    FrozenSet "builtins.frozenset";
}
