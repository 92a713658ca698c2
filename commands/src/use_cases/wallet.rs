//! Asking the wallet for what an invoice is due, and issuing the invoice.

use super::bill_size;
use super::store_day::today;
use crate::error::{CommandError, Defect, Resource};
use crate::session::{Session, refused};
use domain::billing::{BillingTerms, Totals, WalletRef};
use domain::cart::CartBilled;
use domain::credit::{Credit, CreditCommand};
use domain::gift_card::{GiftCard, GiftCardCommand};
use domain::invoice::{CreditRedemption, GiftCardSpend, Invoice, InvoiceCommand, IssueInvoice};
use domain::limits::MAX_WALLET;
use domain::{Cents, CreditId, CreditRedemptionId, GiftCardId, GiftCardSpendId, InvoiceId};
use futures::{StreamExt, TryStreamExt};

/// Reversals that are asked for at the same time: enough for the log to commit them in groups.
const AT_ONCE: usize = 64;

/// Asks each balance in the order that the billing fixed, for what is due after the answers before it, until nothing is due;
/// then issues the invoice: the reaction to `CartBilled`. Each balance answers once per invoice and that answer stands, so every
/// run of this gives the same invoice. Issued already: nothing happens.
///
/// A bill from before there was a limit may have asked more balances than an invoice takes: what those beyond it gave goes back to
/// them first, and is to be collected instead.
pub(crate) async fn issue_invoice(session: &Session, billed: &CartBilled) -> Result<(), CommandError> {
    let invoice_id = billed.invoice_id;
    if session.look_and_reach(&invoice_id, |invoice: &Invoice| invoice.known().is_some()).await? == Some(true) {
        return Ok(());
    }
    let terms = storable(session, &billed.terms)?;
    let discount = billed.coupon.as_ref().map_or(Cents::ZERO, |coupon| coupon.amount_in_cents);
    let due = Totals::of(&billed.terms.lines(discount)?)?.due;
    let (gift_card_spends, credit_redemptions) = spend(session, invoice_id, &billed.terms.wallet, due).await?;
    let issue = IssueInvoice {
        invoice_id,
        store_id: billed.store_id,
        customer_id: billed.customer_id,
        cart_id: billed.cart_id,
        terms,
        coupon: billed.coupon.clone(),
        gift_card_spends,
        credit_redemptions,
        issued_on: today(session).await?,
    };
    session
        .execute::<Invoice>(&invoice_id, InvoiceCommand::Issue(Box::new(issue)))
        .await
        .map_err(refused::<Invoice>)?;
    Ok(())
}

/// The terms as an invoice can be stored with them: as they are, unless they were fixed before their size was looked at.
fn storable(session: &Session, terms: &BillingTerms) -> Result<BillingTerms, CommandError> {
    Ok(match bill_size::longest_title(session, terms)? {
        Some(most_chars) => terms.clone().with_short_titles(most_chars),
        None => terms.clone(),
    })
}

/// Asks the wallet for what is due; an invoice takes so many spends and no more.
async fn spend(
    session: &Session,
    invoice_id: InvoiceId,
    wallet: &[WalletRef],
    mut due: Cents,
) -> Result<(Vec<GiftCardSpend>, Vec<CreditRedemption>), CommandError> {
    let (mut gift_card_spends, mut credit_redemptions) = (Vec::new(), Vec::new());
    let mut unasked = wallet.iter();
    while !due.is_zero() && gift_card_spends.len() + credit_redemptions.len() < MAX_WALLET {
        let spent = match unasked.next() {
            Some(WalletRef::GiftCard(gift_card)) => {
                let spend = spend_gift_card(session, *gift_card, invoice_id, due).await?;
                gift_card_spends.extend(spend);
                spend.map_or(Cents::ZERO, |spend| spend.amount_in_cents)
            }
            Some(WalletRef::Credit(credit)) => {
                let redemption = spend_credit(session, *credit, invoice_id, due).await?;
                credit_redemptions.extend(redemption);
                redemption.map_or(Cents::ZERO, |redemption| redemption.amount_in_cents)
            }
            None => break,
        };
        due = due.minus(spent)?;
    }
    // Where nothing is due any more, nobody ever asked these.
    if !due.is_zero() {
        give_back(session, invoice_id, unasked.as_slice()).await?;
    }
    Ok((gift_card_spends, credit_redemptions))
}

/// Gives back what these balances gave to the invoice before it was known that it takes no more. Those that were not asked are told
/// that nothing is due: whoever still asks them in the old way gets nothing.
async fn give_back(session: &Session, invoice_id: InvoiceId, balances: &[WalletRef]) -> Result<(), CommandError> {
    let give_back = |balance: WalletRef| async move {
        match balance {
            WalletRef::GiftCard(card) => {
                spend_gift_card(session, card, invoice_id, Cents::ZERO).await?;
                let reverse = GiftCardCommand::Reverse { invoice_id };
                session.execute::<GiftCard>(&card, reverse).await.map_err(refused::<GiftCard>).map(drop)
            }
            WalletRef::Credit(credit) => {
                spend_credit(session, credit, invoice_id, Cents::ZERO).await?;
                let reverse = CreditCommand::Reverse { invoice_id };
                session.execute::<Credit>(&credit, reverse).await.map_err(refused::<Credit>).map(drop)
            }
        }
    };
    futures::stream::iter(balances.iter().copied().map(give_back))
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await
}

/// What the gift card gave to the invoice; `None`: nothing.
async fn spend_gift_card(
    session: &Session,
    gift_card_id: GiftCardId,
    invoice_id: InvoiceId,
    due: Cents,
) -> Result<Option<GiftCardSpend>, CommandError> {
    let look = move |card: &GiftCard| card.known().and_then(|known| known.balance.answers.get(&invoice_id).copied());
    let command = GiftCardCommand::Spend { invoice_id, due };
    let (_, answer) =
        session.execute_then::<GiftCard, _>(&gift_card_id, command, look).await.map_err(refused::<GiftCard>)?;
    let answer = answer.ok_or_else(|| CommandError::from(Defect::NoAnswer(Resource::GiftCard)))?;
    Ok((!answer.amount.is_zero()).then_some(GiftCardSpend {
        gift_card_spend_id: GiftCardSpendId(answer.spend_id),
        gift_card_id,
        amount_in_cents: answer.amount,
        remaining_balance_in_cents: answer.remaining,
    }))
}

/// What the credit gave to the invoice; `None`: nothing.
async fn spend_credit(
    session: &Session,
    credit_id: CreditId,
    invoice_id: InvoiceId,
    due: Cents,
) -> Result<Option<CreditRedemption>, CommandError> {
    let look = move |credit: &Credit| credit.known().and_then(|known| known.balance.answers.get(&invoice_id).copied());
    let command = CreditCommand::Spend { invoice_id, due };
    let (_, answer) = session.execute_then::<Credit, _>(&credit_id, command, look).await.map_err(refused::<Credit>)?;
    let answer = answer.ok_or_else(|| CommandError::from(Defect::NoAnswer(Resource::Credit)))?;
    Ok((!answer.amount.is_zero()).then_some(CreditRedemption {
        credit_redemption_id: CreditRedemptionId(answer.spend_id),
        credit_id,
        amount_in_cents: answer.amount,
        remaining_balance_in_cents: answer.remaining,
    }))
}
