//! The rules. How much an invoice may spend stands in [`crate::balance`].

use super::*;
use crate::balance::NewAnswer;
use crate::past::{Fact, PastQuestion};
use crate::{Category, Cents, Context, CreditRedemptionId, Decider, Impossible, InvoiceId, StoreId, Timestamp};

type Decision = Result<Vec<CreditEvent>, CreditRejection>;

impl Decider for Credit {
    const CATEGORY: Category = Category::Credit;

    type Id = crate::CreditId;
    type Command = CreditCommand;
    type Event = CreditEvent;
    type Rejection = CreditRejection;

    fn decide(&self, command: &CreditCommand, context: &Context<'_>) -> Decision {
        match command {
            CreditCommand::Issue(command) => self.issue(command),
            CreditCommand::Spend { invoice_id, due } => self.spend(*invoice_id, *due, context),
            CreditCommand::Reverse { invoice_id } => self.reverse(*invoice_id),
            CreditCommand::Void => self.void(),
        }
    }

    fn evolve(&mut self, event: &CreditEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn asks(&self, command: &CreditCommand) -> Option<PastQuestion> {
        let credit = self.known()?;
        match command {
            CreditCommand::Spend { invoice_id, .. } | CreditCommand::Reverse { invoice_id } => {
                credit.balance.asks(credit.issued.credit_id.0, *invoice_id)
            }
            CreditCommand::Issue(_) | CreditCommand::Void => None,
        }
    }

    fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        if let Credit::Known(credit) = self {
            credit.balance.told(asked, fact);
        }
    }

    fn forget_told(&mut self) {
        if let Credit::Known(credit) = self {
            credit.balance.forget_told();
        }
    }

    fn event(event: crate::Event) -> Option<CreditEvent> {
        match event {
            crate::Event::Credit(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|credit| credit.issued.store_id)
    }

    /// An invoice that was told 'nothing' leaves no trace that a client sees.
    fn changes_representation(event: &CreditEvent) -> bool {
        !matches!(event, CreditEvent::CreditSpendDeclined(_))
    }

    fn creates(event: &CreditEvent) -> bool {
        matches!(event, CreditEvent::CreditIssued(_))
    }
}

impl Credit {
    fn issue(&self, command: &CreditIssued) -> Decision {
        if let Some(credit) = self.known() {
            let repeat = credit.was_issued_by(command);
            return if repeat { Ok(Vec::new()) } else { Err(CreditRejection::CreditExists) };
        }
        Ok(vec![command.clone().into()])
    }

    fn spend(&self, invoice_id: InvoiceId, due: Cents, context: &Context<'_>) -> Decision {
        let credit = self.known().ok_or(CreditRejection::CreditNotFound)?;
        Ok(match credit.balance.answer(invoice_id, due) {
            Some(NewAnswer::Spent { amount, remaining }) => vec![
                CreditSpent {
                    credit_redemption_id: CreditRedemptionId(context.ids.next()),
                    invoice_id,
                    amount_in_cents: amount,
                    remaining_balance_in_cents: remaining,
                }
                .into(),
            ],
            Some(NewAnswer::Declined) => vec![CreditSpendDeclined { invoice_id }.into()],
            None => Vec::new(),
        })
    }

    fn reverse(&self, invoice_id: InvoiceId) -> Decision {
        let credit = self.known().ok_or(CreditRejection::CreditNotFound)?;
        let reversed = credit.balance.reversal(invoice_id).map(|reversal| CreditSpendReversed {
            credit_redemption_id: CreditRedemptionId(reversal.spend_id),
            invoice_id,
            amount_in_cents: reversal.amount,
            remaining_balance_in_cents: reversal.remaining,
        });
        Ok(reversed.map(Into::into).into_iter().collect())
    }

    fn void(&self) -> Decision {
        let credit = self.known().ok_or(CreditRejection::CreditNotFound)?;
        if credit.balance.is_voided() {
            return Ok(Vec::new());
        }
        Ok(vec![CreditVoided {}.into()])
    }
}
