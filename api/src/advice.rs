//! What to do about each error. `Code` says what it means; a code without advice does not compile.

use crate::codes::Code;

impl Code {
    /// What the client, or who writes it, can do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::ValidationFailed => {
                "Mend what `errors` names: each has a JSON pointer to the field and says what is wrong with it. The same request fails again."
            }
            Self::AmountOutOfRange => {
                "Use smaller amounts, prices or quantities: one amount is at most 10^13 minor units."
            }
            Self::MultiplePrimaryAddressesSupplied => "Mark one address as primary, or none.",
            Self::Unauthorized => "Send `APP-ID` and `ACCESS-TOKEN`. Get a token from `POST /store/token`.",
            Self::TokenExpired => "Get a new token from `POST /store/token` and send the request again.",
            Self::CustomerUnauthorized => {
                "Send the `customer_token` of the customer's log-in or sign-up as `CUSTOMER-TOKEN`; once it has ended, let the customer log in again."
            }
            Self::OperatorUnauthorized => {
                "Send a token of whoever operates the server, which `cartlog token create` makes there, as `Authorization: Bearer`. No store's token is one."
            }
            Self::Forbidden => {
                "Use a token of a role that may: `x-roles` of the operation in `/openapi.json` names them, and `POST /store/token` with `role` issues one; \
                 of whoever operates the server `cartlog token create --role` does."
            }
            Self::InvalidCredentials => "Check the name and the secret. Which of the two is wrong is not told.",
            Self::CustomerIsNotConfirmed => {
                "Let the customer confirm the email address first: `PUT /customer/{customer_id}/send_confirmation` mails a link."
            }
            Self::NotFound => "Check the path against the documentation at `/docs`.",
            Self::StoreNotFound => {
                "A deleted store does not come back. Create another one with `POST /store`, under another `app_id`."
            }
            Self::ProductNotFound
            | Self::CustomerNotFound
            | Self::AddressNotFound
            | Self::EmailNotFound
            | Self::InvoiceNotFound
            | Self::InvoiceLineItemNotFound
            | Self::OrderNotFound
            | Self::GiftCardNotFound
            | Self::CreditNotFound
            | Self::ActorNotFound
            | Self::JobNotFound => {
                "Check the id: it must be of this store, as it was answered, and not deleted. List what there is to find it."
            }
            Self::ConfirmationNotFound => {
                "Send a new link: `PUT /customer/{customer_id}/send_confirmation`. Each works once, for 24 h."
            }
            Self::NoCartIsOpen => {
                "Add an item: that opens a cart. A billed or closed cart is in `GET /customer/{customer_id}/carts`."
            }
            Self::ProductNotInCart => "Read the cart, and name a product that is in it; `POST` adds one that is not.",
            Self::TagNotFound => "Read the product: its `tags` are compared as they are, with their case.",
            Self::RefundNotFound => "Nothing is to be done: no refund of the invoice is open.",
            Self::CouponNotFound => {
                "Ask for another code. `GET /coupon_code/{code}` says whether it was voided, has expired or has not started."
            }
            Self::MethodNotAllowed => "Use one of the methods that the header `Allow` names.",
            Self::AppIdAlreadyExists => "Choose another `app_id`. If it is yours, get a token for it instead.",
            Self::NumbersCouldRepeat => {
                "Choose a format whose numbers begin otherwise than those of earlier formats: another letter in front is enough."
            }
            Self::TagAlreadyExists => "Nothing is to be done: the product has the tag.",
            Self::TooManyTags => "Remove a tag that is not needed any more.",
            Self::InsufficientInventory => {
                "Ask for less, or put more into stock with `PUT /product/{product_id}/inventory`. What carts hold comes back when they are closed."
            }
            Self::CustomerAlreadyExists | Self::EmailAlreadyExists => {
                "Use another email address, or the customer who has this one: `GET /customer?email=`. Addresses are compared in lower case."
            }
            Self::PrimaryEmail => {
                "Make another email primary first: `PUT /customer/{customer_id}/email/{email}/make_primary`."
            }
            Self::TooManyContacts => "Delete emails or addresses that are not needed any more.",
            Self::CartIsEmpty => "Add an item first.",
            Self::CartTooLarge => {
                "Bill fewer products at once: remove some, bill the rest, and go on with another cart. Nothing was spent."
            }
            Self::CartIsFull => "Bill this cart and go on with another one, or remove a product.",
            Self::CouponAlreadyExists => "Choose another code. A voided one stays taken.",
            Self::CouponUsedUp | Self::CouponAlreadyUsed => "Bill without the coupon, or with another one.",
            Self::CouponMinimumNotReached => {
                "Add items, or bill without the coupon: its `minimum_amount_in_cents` says what is needed."
            }
            Self::InvoiceIsNotOpen => "Read the invoice: its `state` says what became of it.",
            Self::InvoiceIsNotCollected => "Collect the invoice first with `POST /invoice/{invoice_id}/collected`.",
            Self::TooManyOpenRefunds => {
                "Close the open ones with `PUT /invoice/{invoice_id}/refund/close`, then refund on."
            }
            Self::RefundExceedsRemainder => {
                "Ask for less: left is total − discount + tax − refunded. `full=true` refunds all that is left."
            }
            Self::OrderIsPending | Self::OrderIsShipped | Self::OrderIsDelivered | Self::OrderIsCanceled => {
                "Read the order: its `status` says which steps are left. Pending orders are shipped or canceled, shipped ones delivered."
            }
            Self::CurrencyMismatch => "Choose a recipient with the gifter's currency: nothing is ever converted.",
            Self::RevisionMismatch => "Read the resource again, decide again, and send the new `ETag` in `If-Match`.",
            Self::TooLarge => "Send less at once: bodies are at most 1 MiB, batches 100 items.",
            Self::UnsupportedMediaType => "Send JSON, uncompressed, with `Content-Type: application/json`.",
            Self::IdempotencyKeyReused => {
                "Use a new key for a new request. To repeat the first one, send exactly its body and query."
            }
            Self::RequestTimeout => {
                "Send the request again, and its body without a pause. With an `Idempotency-Key` that is safe."
            }
            Self::RateLimited => {
                "Wait as long as `Retry-After` says. `RateLimit` tells what is left before it comes to that."
            }
            Self::ReadModelBehind => {
                "Ask again after `Retry-After`. With `Cartlog-Min-Position`, check that the position was answered by this store's server."
            }
            Self::MailRefused => {
                "Correct the email address, or give the customer another one. Asking again does not help."
            }
            Self::OutcomeUnknown => {
                "Look whether it was done, or send the request again with the same `Idempotency-Key`: it is done once all the same."
            }
            Self::DiskFull => {
                "Send the request again after `Retry-After`, with the same `Idempotency-Key`; commands go on by themselves once the \
                 server's operator has made room. Queries are answered meanwhile."
            }
            Self::HistoryDamaged => {
                "Nothing that a client can do helps. Tell whoever runs the server: its log says which stream it is, and why."
            }
            Self::Busy | Self::Unavailable => {
                "Send the request again after `Retry-After`, with the same `Idempotency-Key`. `GET /readyz` says what is away."
            }
        }
    }
}
