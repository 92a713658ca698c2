//! The JSON schemas of stored events, made from the events' own types. What lives here: all of them together, and those of the types
//! that are written in a way of their own. Sealed, as stored: that is what whoever reads along gets.

use crate::cart::CartEvent;
use crate::claim::ClaimEvent;
use crate::coupon::CouponEvent;
use crate::credit::CreditEvent;
use crate::customer::CustomerEvent;
use crate::gift_card::GiftCardEvent;
use crate::invoice::InvoiceEvent;
use crate::order::OrderEvent;
use crate::product::ProductEvent;
use crate::remembered::RequestRemembered;
use crate::store::StoreEvent;
use crate::{Cents, Currency, Event, Personal, Timestamp};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{KnownFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A schema with its name, as references name it.
pub(crate) type Named = (String, RefOr<Schema>);

impl Event {
    /// The schema of each event type's data, under its name, and of what they are made of. References are to `#/components/schemas`.
    pub fn schemas() -> BTreeMap<String, RefOr<Schema>> {
        let mut schemas: Vec<Named> = Vec::new();
        let of_each = [
            StoreEvent::schemas,
            ProductEvent::schemas,
            CustomerEvent::schemas,
            CartEvent::schemas,
            InvoiceEvent::schemas,
            OrderEvent::schemas,
            GiftCardEvent::schemas,
            CreditEvent::schemas,
            CouponEvent::schemas,
            ClaimEvent::schemas,
        ];
        of_each.iter().for_each(|collect| collect(&mut schemas));
        collect::<RequestRemembered>(&mut schemas);
        schemas.into_iter().collect()
    }
}

/// Of one event type.
pub(crate) fn collect<T: ToSchema>(schemas: &mut Vec<Named>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

impl PartialSchema for Cents {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(Cents::ZERO.get()))
            .maximum(Some(Cents::MAX.get()))
            .description(Some("An amount in minor units (cents) of one currency"))
            .into()
    }
}

impl ToSchema for Cents {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        text()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment: RFC 3339 in UTC with milliseconds"))
            .into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        text().pattern(Some("^[A-Z]{3}$")).description(Some("An active code of ISO 4217")).into()
    }
}

impl ToSchema for Currency {}

impl PartialSchema for Personal {
    fn schema() -> RefOr<Schema> {
        let sealed = text()
            .pattern(Some("^[A-Za-z0-9+/]*={0,2}$"))
            .description(Some("XChaCha20-Poly1305 with the customer's key, bound to stream and event id, in base64"));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("sealed", sealed)
            .required("sealed")
            .description(Some(
                "A person's data, sealed. The key is in the store's vault and nowhere else; once it is destroyed, nobody can read this \
                 any more, in the log or in any copy.",
            ))
            .into()
    }
}

impl ToSchema for Personal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_type_has_a_schema_and_no_two_schemas_share_a_name() {
        let mut all: Vec<Named> = Vec::new();
        CartEvent::schemas(&mut all);
        InvoiceEvent::schemas(&mut all);
        CustomerEvent::schemas(&mut all);
        let schemas = Event::schemas();
        for (name, schema) in all {
            assert!(schemas[&name] == schema, "{name} is two");
        }
        for (event_type, _) in Event::TYPES.iter().flat_map(|(_, types)| types.iter()).chain(Event::COMMON_TYPES) {
            assert!(schemas.contains_key(*event_type), "{event_type}");
        }
    }
}
