//! Asking the wallet for what an invoice is due, and issuing the invoice.

use crate::CommandError;
use crate::session::{Session, refused};
use domain::billing::{Totals, WalletRef};
use domain::cart::CartBilled;
use domain::credit::{Credit, CreditCommand};
use domain::gift_card::{GiftCard, GiftCardCommand};
use domain::invoice::{CreditRedemption, GiftCardSpend, Invoice, InvoiceCommand, IssueInvoice};
use domain::{Cents, CreditId, CreditRedemptionId, GiftCardId, GiftCardSpendId, InvoiceId};

/// Asks each balance in the order that the billing fixed, for what is due after the answers before it, until nothing is due;
/// then issues the invoice: the reaction to `CartBilled`. Each balance answers once per invoice and that answer stands, so every run of this gives the same
/// invoice. Issued already: nothing happens.
pub(crate) async fn issue_invoice(session: &Session, billed: &CartBilled) -> Result<(), CommandError> {
    let invoice_id = billed.invoice_id;
    if session.look_and_reach(&invoice_id, |invoice: &Invoice| invoice.known().is_some()).await? == Some(true) {
        return Ok(());
    }
    let discount = billed.coupon.as_ref().map_or(Cents::ZERO, |coupon| coupon.amount_in_cents);
    let mut due = Totals::of(&billed.terms.lines(discount)?)?.due;
    let (mut gift_card_spends, mut credit_redemptions) = (Vec::new(), Vec::new());
    for balance in &billed.terms.wallet {
        if due.is_zero() {
            break;
        }
        let spent = match balance {
            WalletRef::GiftCard(gift_card) => {
                let spend = spend_gift_card(session, *gift_card, invoice_id, due).await?;
                gift_card_spends.extend(spend);
                spend.map_or(Cents::ZERO, |spend| spend.amount_in_cents)
            }
            WalletRef::Credit(credit) => {
                let redemption = spend_credit(session, *credit, invoice_id, due).await?;
                credit_redemptions.extend(redemption);
                redemption.map_or(Cents::ZERO, |redemption| redemption.amount_in_cents)
            }
        };
        due = due.minus(spent)?;
    }
    let issue = IssueInvoice {
        invoice_id,
        store_id: billed.store_id,
        customer_id: billed.customer_id,
        cart_id: billed.cart_id,
        terms: billed.terms.clone(),
        coupon: billed.coupon.clone(),
        gift_card_spends,
        credit_redemptions,
    };
    session
        .execute::<Invoice>(&invoice_id, InvoiceCommand::Issue(Box::new(issue)))
        .await
        .map_err(refused::<Invoice>)?;
    Ok(())
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
    let answer = answer.ok_or_else(|| CommandError::damaged("the gift card gave no answer"))?;
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
    let answer = answer.ok_or_else(|| CommandError::damaged("the credit gave no answer"))?;
    Ok((!answer.amount.is_zero()).then_some(CreditRedemption {
        credit_redemption_id: CreditRedemptionId(answer.spend_id),
        credit_id,
        amount_in_cents: answer.amount,
        remaining_balance_in_cents: answer.remaining,
    }))
}
