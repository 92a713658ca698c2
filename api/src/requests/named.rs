//! Things that a list names: by an object with their id, or by the id alone.

use serde::Deserializer;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, Type};
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, SchemaFormat};

/// What an object in a list holds: its id, and for some an amount.
pub trait Fields {
    const ID: &'static str;
    /// The name of the optional amount.
    const AMOUNT: Option<&'static str>;
    fn new(id: String, amount: Option<i64>) -> Self;
}

/// Reads `"id"` or `{"…_id": "id", "amount": 1}`; the schema has checked the fields before.
pub fn deserialize<'de, D: Deserializer<'de>, F: Fields>(deserializer: D) -> Result<F, D::Error> {
    struct Either<F>(PhantomData<F>);
    impl<'de, F: Fields> Visitor<'de> for Either<F> {
        type Value = F;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id, or an object with one")
        }

        fn visit_str<E: de::Error>(self, id: &str) -> Result<F, E> {
            Ok(F::new(id.to_owned(), None))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<F, A::Error> {
            let (mut id, mut amount) = (None, None);
            while let Some(name) = fields.next_key::<String>()? {
                if name == F::ID {
                    id = Some(fields.next_value()?);
                } else if Some(name.as_str()) == F::AMOUNT {
                    amount = Some(fields.next_value()?);
                } else {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
            id.map(|id| F::new(id, amount)).ok_or_else(|| de::Error::missing_field(F::ID))
        }
    }
    deserializer.deserialize_any(Either(PhantomData))
}

/// The object.
pub fn object<F: Fields>(description: &str) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .property(F::ID, ObjectBuilder::new().schema_type(Type::String))
        .required(F::ID)
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    if let Some(amount) = F::AMOUNT {
        let cents = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(domain::Cents::MAX.get()))
            .description(Some("Minor units; without it all that is left"));
        object = object.property(amount, cents);
    }
    object.into()
}

/// Both forms: the object, by its name, or an id alone.
pub fn either(name: &str, description: &str) -> RefOr<Schema> {
    let either =
        OneOfBuilder::new().item(Ref::from_schema_name(name)).item(ObjectBuilder::new().schema_type(Type::String));
    either.description(Some(format!("{description}, or its id alone"))).into()
}

/// Makes a type such a thing.
macro_rules! named {
    ($name:ident, $description:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::requests::named::deserialize(deserializer)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::requests::named::either(stringify!($name), $description)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(concat!(stringify!($name), "OrId"))
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                let object = $crate::requests::named::object::<$name>($description);
                schemas.push((stringify!($name).to_owned(), object));
            }
        }
    };
}
pub(crate) use named;
