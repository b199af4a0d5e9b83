//! Enums whose values are text on the wire.

/// Declares an enum that is read from and written as text.
///
/// The `Deserialize` that `serde` derives also takes the number of a variant; an Airflow peer never
/// means that, so these accept text only.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* #[doc = concat!("`", $text, "`.")] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            const TEXTS: &[&str] = &[$($text),+];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = $crate::message::text_enum::read(deserializer, stringify!($name), Self::TEXTS)?;
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err(serde::de::Error::unknown_variant(other, Self::TEXTS)),
                }
            }
        }
    };
}

use std::fmt;

use serde::de::{Deserializer, EnumAccess, Error, VariantAccess, Visitor};

pub(super) use text_enum;

/// Reads one of `texts`.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
    texts: &'static [&'static str],
) -> Result<&'static str, D::Error> {
    // As an enum, so that whoever looks at the types sees its values.
    deserializer.deserialize_enum(name, texts, TextVisitor(texts))
}

struct TextVisitor(&'static [&'static str]);

impl<'de> Visitor<'de> for TextVisitor {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.0.join(", "))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<&'static str, A::Error> {
        let (text, rest) = data.variant::<String>()?;
        rest.unit_variant()?;
        let known = self.0.iter().find(|known| **known == text);
        known
            .copied()
            .ok_or_else(|| A::Error::unknown_variant(&text, self.0))
    }
}
