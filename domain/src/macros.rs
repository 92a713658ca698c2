//! The two shapes that every aggregate repeats: a newtype around a UUID, and the enum of an aggregate's events.

/// Declares a newtype id around a UUID.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                uuid::Uuid::parse_str(text).map(Self)
            }
        }
    };
}

/// Declares the enum of an aggregate's events: one variant per struct of the same name, and how each is stored.
///
/// `events! { pub enum CartEvent in Category::Cart { CartOpened = 1, … } }`: the number is the schema version
/// that is written today.
macro_rules! events {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident = $version:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[allow(clippy::enum_variant_names, clippy::large_enum_variant)]
        pub enum $name { $(#[doc = concat!("See [`", stringify!($variant), "`].")] $variant($variant)),+ }

        impl $name {
            /// Every event type of this aggregate with the schema version that is written today.
            pub const TYPES: &'static [(&'static str, u32)] = &[$((stringify!($variant), $version)),+];

            /// Adds the schema of each event's data, and those of what it is made of.
            pub(crate) fn schemas(schemas: &mut Vec<crate::schema::Named>) {
                $(crate::schema::collect::<$variant>(schemas);)+
            }

            /// The stable name under which the event is stored.
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant)),+ }
            }

            /// The schema version that this event is written with.
            pub fn schema_version(&self) -> u32 {
                match self { $(Self::$variant(_) => $version),+ }
            }

            /// Reads the stored data of an event of today's schema version; `None` for a type of another aggregate.
            pub fn decode(event_type: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
                match event_type {
                    $(stringify!($variant) => Some(serde_json::from_slice(data).map(Self::$variant)),)+
                    _ => None,
                }
            }
        }

        $(impl From<$variant> for $name {
            fn from(event: $variant) -> Self { Self::$variant(event) }
        })+
    };
}

pub(crate) use {events, id};
