//! What the states of commands don't keep of the past: what each invoice was told, which carts ended, which refunds were
//! issued. Asked for by id when a command could be a repeat of something old; its fold is the domain's own.

use super::STORE;
use crate::store::{Column, Flaw, Index, KeyKind, List, ParkedUnit, ReadStoreError, Value, ViewDeclaration};
use crate::view::stream_id;
use crate::{Keys, Misfit, ReadError, RowKey, Source, View, Views};
use domain::coupon::{CouponAnswer, CouponEvent};
use domain::credit::CreditEvent;
use domain::gift_card::GiftCardEvent;
use domain::past::{Fact, PastQuestion};
use domain::{Category, CouponId, CustomerId, Event, StoreId};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A fact, under the key that [`PastQuestion::key`] gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastRow {
    pub store_id: StoreId,
    pub fact: Fact,
    /// Whose answer it is, if it is a coupon's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_id: Option<CouponId>,
}

impl PastRow {
    /// The customer whose use of the coupon counts.
    fn counts_for(&self) -> Option<CustomerId> {
        match self.fact {
            Fact::CouponAnswer(CouponAnswer::Redeemed { customer_id, reversed: false, .. }) => Some(customer_id),
            _ => None,
        }
    }
}

pub struct Past;

/// The uses that count, of one customer.
const BY_USE: Index = Index { name: "by_use", equal: &["coupon_id", "customer_id"], sort: None, covering: &[] };

impl View for Past {
    type Row = PastRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "past",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        // Null unless it is a use that counts.
        columns: &[STORE, Column::id("coupon_id").or_null(), Column::id("customer_id").or_null()],
        indexes: &[BY_USE],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[
        Category::Cart,
        Category::Coupon,
        Category::GiftCard,
        Category::Credit,
        Category::Invoice,
        Category::Customer,
    ]);

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        let keys: Vec<RowKey> = asked(envelope).iter().filter_map(PastQuestion::key).map(RowKey::from).collect();
        match keys.as_slice() {
            [] => Keys::None,
            [key] => Keys::One(*key),
            _ => Keys::Many(keys),
        }
    }

    /// All but a reversal tell of something for the first time.
    fn begins(envelope: &Envelope) -> bool {
        !matches!(
            &envelope.event,
            Event::Coupon(CouponEvent::CouponRedemptionReversed(_))
                | Event::GiftCard(GiftCardEvent::GiftCardSpendReversed(_))
                | Event::Credit(CreditEvent::CreditSpendReversed(_))
        )
    }

    fn apply(row: &mut Option<PastRow>, key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let asked = asked(envelope).into_iter().find(|asked| asked.key() == key.id());
        let asked = asked.ok_or(Misfit("the event tells of nothing here"))?;
        let before = row.as_ref().map(|row| row.fact);
        let fact = Fact::after(before, &asked, &envelope.event, envelope.revision);
        let fact = fact.ok_or(Misfit("the event can't follow on what was told before"))?;
        let coupon_id = match asked {
            PastQuestion::CouponAnswer { coupon_id, .. } => Some(coupon_id),
            _ => None,
        };
        *row = Some(PastRow { store_id: envelope.metadata.store_id, fact, coupon_id });
        Ok(())
    }

    fn columns(row: &PastRow) -> Vec<Value> {
        let customer = row.counts_for();
        let coupon = row.coupon_id.filter(|_| customer.is_some());
        vec![row.store_id.0.into(), coupon.map(|coupon| coupon.0).into(), customer.map(|customer| customer.0).into()]
    }
}

fn asked(envelope: &Envelope) -> Vec<PastQuestion> {
    stream_id(envelope.stream.as_str()).map_or(Vec::new(), |stream| PastQuestion::answered_by(stream, &envelope.event))
}

impl Views {
    /// What was told of it in the stream; `None`: nothing, up to where the views are.
    ///
    /// # Errors
    /// Also when it is parked: a wrong 'nothing' would do something twice.
    pub async fn past(&self, stream: &str, asked: &PastQuestion) -> Result<Option<Fact>, ReadError> {
        let reader = self.of::<Past>()?;
        if self.is_parked::<Past>(stream, asked.key()).await? {
            let parked = Flaw::PastParked { stream: stream.to_owned() };
            return Err(ReadStoreError::Unavailable(parked.into()).into());
        }
        match (asked, asked.key()) {
            (_, Some(key)) => Ok(reader.get(key).await?.map(|row| row.fact)),
            (PastQuestion::CouponUses { coupon_id, customer_id }, None) => {
                let list = List::through(&BY_USE, vec![coupon_id.0.into(), customer_id.0.into()]);
                Ok(Some(Fact::CouponUses(reader.count(list).await?)))
            }
            (_, None) => Ok(None),
        }
    }

    async fn is_parked<V: View>(&self, stream: &str, key: Option<Uuid>) -> Result<bool, ReadError> {
        let parked = self.inner.watched.parked(V::DECLARATION.name);
        let is_it = |unit: &ParkedUnit| match unit {
            ParkedUnit::Row(row) => row.id() == key,
            ParkedUnit::Stream(of) => of == stream,
        };
        match parked {
            None => Ok(false),
            Some((count, shown)) if shown.len() as u64 >= count => Ok(shown.iter().any(|parked| is_it(&parked.unit))),
            Some(_) => Ok(self.of::<V>()?.parked().await?.iter().any(|parked| is_it(&parked.unit))),
        }
    }
}
