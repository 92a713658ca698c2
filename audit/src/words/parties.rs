//! Stores, customers, and the names that they claim.

use super::several;
use domain::claim::ClaimEvent;
use domain::customer::CustomerEvent;
use domain::numbers::{NumberRestart, NumberSettings};
use domain::store::{StoreEvent, TokenRevocation};
use domain::{Personal, PersonalData};

pub fn store(event: &StoreEvent) -> String {
    match event {
        StoreEvent::StoreCreated(event) => format!("store '{}' created with app_id '{}'", event.name, event.app_id),
        StoreEvent::StoreRenamed(event) => format!("renamed to '{}'", event.name),
        StoreEvent::StoreTaglineChanged(event) => match &event.tagline {
            Some(tagline) => format!("tagline set to '{tagline}'"),
            None => "tagline removed".to_owned(),
        },
        StoreEvent::StoreCreditOrderChanged(event) => match event.credit_order_preference {
            domain::store::CreditOrder::GiftCard => "gift cards are spent before credits from now on".to_owned(),
            domain::store::CreditOrder::Credit => "credits are spent before gift cards from now on".to_owned(),
        },
        StoreEvent::StoreTaxRateChanged(event) => {
            let rate = event.tax_rate_in_basis_points;
            format!("tax rate set to {}.{:02} %", rate / 100, rate % 100)
        }
        StoreEvent::StoreTimezoneChanged(event) => format!("time zone set to {}", event.timezone),
        StoreEvent::StoreCartExpiryChanged(event) => match event.cart_expires_after_minutes {
            0 => "idle carts never expire from now on".to_owned(),
            minutes => format!("idle carts expire after {minutes} minutes from now on"),
        },
        StoreEvent::StoreNumberingChanged(event) => numbering(&event.numbering),
        StoreEvent::StoreSecretChanged(_) => "app secret changed".to_owned(),
        StoreEvent::StoreTokenIssued(event) => {
            format!("token {} of role {} issued, valid until {}", event.token_id, event.role, event.expires_at)
        }
        StoreEvent::StoreTokenRevoked(event) => match event.reason {
            TokenRevocation::Requested => format!("token {} revoked", event.token_id),
            TokenRevocation::Evicted => {
                format!("token {} revoked: there were too many, it was the oldest", event.token_id)
            }
        },
        StoreEvent::StoreTokensAllRevoked(_) => "all tokens revoked".to_owned(),
        StoreEvent::StoreDeleted(_) => "store deleted".to_owned(),
        StoreEvent::BatchCreditStarted(event) => {
            // Each customer gets it in a currency of their own.
            format!("a credit of {} minor units for every customer begun (job {})", event.amount_in_cents, event.job_id)
        }
        StoreEvent::BatchCreditCompleted(event) => {
            format!("job {} done: {} credits issued", event.job_id, event.issued)
        }
        StoreEvent::StoreActorForgotten(event) => format!("the name of actor {} forgotten", event.actor_id),
        StoreEvent::StoreClaimGivenUp(event) => {
            format!("an attempt to create the store given up (claim {})", event.claim_id)
        }
    }
}

fn numbering(settings: &NumberSettings) -> String {
    let invoices = &settings.invoice_number_format;
    let credit_notes = match &settings.credit_note_number_format {
        Some(format) => format!("credit notes {format}"),
        None => "credit notes likewise".to_owned(),
    };
    let restart = match settings.number_restart {
        NumberRestart::Never => "counted on without end",
        NumberRestart::Yearly => "counted anew each year",
    };
    format!("invoices are numbered {invoices} from now on, {credit_notes}, {restart}")
}

pub fn customer(event: &CustomerEvent) -> String {
    match event {
        CustomerEvent::CustomerCreated(event) => {
            let addresses = several(event.addresses.len(), "address").replace("addresss", "addresses");
            format!("customer created: {}, in {}, with {addresses}", person(&event.personal), event.currency)
        }
        CustomerEvent::CustomerRenamed(event) => format!("renamed: {}", person(&event.personal)),
        CustomerEvent::CustomerCurrencyChanged(event) => format!("currency changed to {}", event.currency),
        CustomerEvent::CustomerPasswordChanged(_) => "password changed".to_owned(),
        CustomerEvent::CustomerEmailAdded(event) => match event.is_primary {
            true => format!("primary email added: {}", person(&event.personal)),
            false => format!("email added: {}", person(&event.personal)),
        },
        CustomerEvent::CustomerEmailMadePrimary(event) => format!("email {} made the primary one", event.email_id),
        CustomerEvent::CustomerEmailRemoved(event) => format!("email {} removed", event.email_id),
        CustomerEvent::CustomerAddressAdded(event) => match event.is_primary {
            true => format!("primary address {} added", event.address_id),
            false => format!("address {} added", event.address_id),
        },
        CustomerEvent::CustomerAddressChanged(event) => format!("address {} changed", event.address_id),
        CustomerEvent::CustomerAddressMarked(event) => match event.is_primary {
            true => format!("address {} made the primary one", event.address_id),
            false => format!("address {} is the primary one no more", event.address_id),
        },
        CustomerEvent::CustomerAddressRemoved(event) => format!("address {} removed", event.address_id),
        CustomerEvent::CustomerLoggedIn(event) => format!("logged in until {}", event.expires_at),
        CustomerEvent::CustomerLoggedOut(_) => "logged out".to_owned(),
        CustomerEvent::CustomerTokenIssued(event) => {
            format!("token {} for a shop window issued, valid until {}", event.token_id, event.expires_at)
        }
        CustomerEvent::CustomerConfirmationRequested(event) => {
            format!("confirmation asked for, valid until {}", event.expires_at)
        }
        CustomerEvent::CustomerConfirmed(_) => "email confirmed".to_owned(),
        CustomerEvent::CustomerDeleted(_) => "customer deleted".to_owned(),
        CustomerEvent::CustomerClaimGivenUp(event) => {
            format!("an attempt at an email given up (claim {})", event.claim_id)
        }
    }
}

pub fn claim(event: &ClaimEvent) -> String {
    match event {
        ClaimEvent::NameClaimed(event) => format!("the name was claimed by {} (claim {})", event.owner, event.claim_id),
        ClaimEvent::NameReleased(event) => {
            format!("the name was released by {} (claim {})", event.owner, event.claim_id)
        }
    }
}

/// Names and email, as far as the event has them.
fn person(personal: &Personal) -> String {
    let Some(PersonalData { email, first_name, last_name, addresses: _ }) = personal.open() else {
        return "(erased)".to_owned();
    };
    let email = email.as_ref().map(|email| format!("<{email}>"));
    [first_name.clone(), last_name.clone(), email].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
