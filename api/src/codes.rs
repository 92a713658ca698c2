//! Every error code that a client can meet, in one table: status, title and what it means. The same table feeds the answers
//! and the OpenAPI document.

use http::StatusCode;

/// Where the type of each error stands, on the server that answers; the code in lower case and with hyphens follows. RFC 9457
/// allows a relative reference: so it leads somewhere wherever the server runs, also where there is no other network.
pub const TYPE_BASE: &str = "/errors/";

macro_rules! codes {
    ($($variant:ident = $code:literal, $status:literal, $title:literal, $meaning:literal;)+) => {
        /// A machine-readable error code (api.md §1, Errors).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant),+ }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// As it stands in the member `error`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code),+ }
            }

            /// The HTTP status, as a number.
            pub const fn status_code(self) -> u16 {
                match self { $(Code::$variant => $status),+ }
            }

            /// The same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),+ }
            }

            /// When it is answered, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning),+ }
            }
        }
    };
}

codes! {
    ValidationFailed = "VALIDATION_FAILED", 400, "Validation failed", "The request is malformed; `errors` lists every bad field.";
    AmountOutOfRange = "AMOUNT_OUT_OF_RANGE", 400, "Amount out of range", "An amount passes 10^13, given or computed.";
    MultiplePrimaryAddressesSupplied = "MULTIPLE_PRIMARY_ADDRESSES_SUPPLIED", 400, "Multiple primary addresses supplied",
        "More than one address is marked as primary.";
    Unauthorized = "UNAUTHORIZED", 401, "Unauthorized", "`APP-ID` or `ACCESS-TOKEN` is missing, unknown or revoked.";
    TokenExpired = "TOKEN_EXPIRED", 401, "Token expired", "The access token has expired; ask for a new one.";
    InvalidCredentials = "INVALID_CREDENTIALS", 401, "Invalid credentials", "The name or the secret is wrong.";
    CustomerUnauthorized = "CUSTOMER_UNAUTHORIZED", 401, "Customer unauthorized",
        "With a token of role `storefront`: `CUSTOMER-TOKEN` is missing, unknown, expired, or not the customer's whom the request is about.";
    OperatorUnauthorized = "OPERATOR_UNAUTHORIZED", 401, "Operator unauthorized",
        "The request carries no operator's token as `Authorization: Bearer`, or one that is unknown, expired or revoked.";
    Forbidden = "FORBIDDEN", 403, "Forbidden", "The token's role may not do that.";
    CustomerIsNotConfirmed = "CUSTOMER_IS_NOT_CONFIRMED", 403, "Customer is not confirmed",
        "Writing to carts needs a customer who has confirmed the email address.";
    NotFound = "NOT_FOUND", 404, "Not found", "No route has this path.";
    StoreNotFound = "STORE_NOT_FOUND", 404, "Store not found", "The store was deleted.";
    ProductNotFound = "PRODUCT_NOT_FOUND", 404, "Product not found", "The store has no such product.";
    CustomerNotFound = "CUSTOMER_NOT_FOUND", 404, "Customer not found", "The store has no such customer.";
    AddressNotFound = "ADDRESS_NOT_FOUND", 404, "Address not found", "The customer has no such address.";
    EmailNotFound = "EMAIL_NOT_FOUND", 404, "Email not found", "The customer has no such email.";
    ConfirmationNotFound = "CONFIRMATION_NOT_FOUND", 404, "Confirmation not found", "The link is unknown, used or expired.";
    NoCartIsOpen = "NO_CART_IS_OPEN", 404, "No cart is open", "The customer has no open cart.";
    ProductNotInCart = "PRODUCT_NOT_IN_CART", 404, "Product not in cart", "The open cart has no such product.";
    TagNotFound = "TAG_NOT_FOUND", 404, "Tag not found", "The product has no such tag.";
    InvoiceNotFound = "INVOICE_NOT_FOUND", 404, "Invoice not found", "The store has no such invoice.";
    InvoiceLineItemNotFound = "INVOICE_LINE_ITEM_NOT_FOUND", 404, "Invoice line item not found", "The invoice has no such line.";
    RefundNotFound = "REFUND_NOT_FOUND", 404, "Refund not found", "The invoice has no open refund.";
    OrderNotFound = "ORDER_NOT_FOUND", 404, "Order not found", "The store has no such order.";
    GiftCardNotFound = "GIFT_CARD_NOT_FOUND", 404, "Gift card not found", "The store has no such gift card.";
    CreditNotFound = "CREDIT_NOT_FOUND", 404, "Credit not found", "The customer has no such credit.";
    CouponNotFound = "COUPON_NOT_FOUND", 404, "Coupon not found", "There is no such coupon, or it can't be used now.";
    JobNotFound = "JOB_NOT_FOUND", 404, "Job not found", "The store has no such job.";
    ActorNotFound = "ACTOR_NOT_FOUND", 404, "Actor not found", "The store knows no such person at its desk.";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "Method not allowed", "`Allow` names the methods of this path.";
    AppIdAlreadyExists = "APP_ID_ALREADY_EXISTS", 409, "App id already exists", "The `app_id` is taken, also by a deleted store.";
    TagAlreadyExists = "TAG_ALREADY_EXISTS", 409, "Tag already exists", "The product has the tag already.";
    TooManyTags = "TOO_MANY_TAGS", 409, "Too many tags", "A product has at most 250 tags.";
    NumbersCouldRepeat = "NUMBERS_COULD_REPEAT", 409, "Numbers could repeat", "With this format a number could be given twice: an earlier format of the store gave it, or could have.";
    InsufficientInventory = "INSUFFICIENT_INVENTORY", 409, "Insufficient inventory", "Less is left than was asked for; nothing changed.";
    CustomerAlreadyExists = "CUSTOMER_ALREADY_EXISTS", 409, "Customer already exists", "Another customer of the store has the email.";
    EmailAlreadyExists = "EMAIL_ALREADY_EXISTS", 409, "Email already exists", "The email is in use in the store.";
    PrimaryEmail = "PRIMARY_EMAIL", 409, "Primary email", "The primary email can't be deleted; make another one primary first.";
    TooManyContacts = "TOO_MANY_CONTACTS", 409, "Too many contacts", "A customer has at most 250 emails and 250 addresses.";
    CartIsEmpty = "CART_IS_EMPTY", 409, "Cart is empty", "An empty cart can't be billed.";
    CartIsFull = "CART_IS_FULL", 409, "Cart is full", "A cart has at most 1,000 different products.";
    CartTooLarge = "CART_TOO_LARGE", 409, "Cart is too large", "What the bill would come to is too large to be stored; nothing was spent. Bill it in parts.";
    CouponAlreadyExists = "COUPON_ALREADY_EXISTS", 409, "Coupon already exists", "The code is taken in the store, in any case of its letters.";
    CouponUsedUp = "COUPON_USED_UP", 409, "Coupon used up", "The coupon was used as often as it may be.";
    CouponAlreadyUsed = "COUPON_ALREADY_USED", 409, "Coupon already used", "The customer has used the coupon as often as allowed.";
    CouponMinimumNotReached = "COUPON_MINIMUM_NOT_REACHED", 409, "Coupon minimum not reached", "The items cost less than the coupon asks for.";
    InvoiceIsNotOpen = "INVOICE_IS_NOT_OPEN", 409, "Invoice is not open", "Only an open invoice can be collected or failed.";
    InvoiceIsNotCollected = "INVOICE_IS_NOT_COLLECTED", 409, "Invoice is not collected", "Only a collected or partially refunded invoice can be refunded.";
    RefundExceedsRemainder = "REFUND_EXCEEDS_REMAINDER", 409, "Refund exceeds remainder", "More was asked for than is left to refund.";
    TooManyOpenRefunds = "TOO_MANY_OPEN_REFUNDS", 409, "Too many open refunds", "An invoice has at most 1,000 open refunds; close them, then go on.";
    OrderIsPending = "ORDER_IS_PENDING", 409, "Order is pending", "The step can't be taken from pending.";
    OrderIsShipped = "ORDER_IS_SHIPPED", 409, "Order is shipped", "The step can't be taken from shipped.";
    OrderIsDelivered = "ORDER_IS_DELIVERED", 409, "Order is delivered", "The step can't be taken from delivered.";
    OrderIsCanceled = "ORDER_IS_CANCELED", 409, "Order is canceled", "The step can't be taken from canceled.";
    CurrencyMismatch = "CURRENCY_MISMATCH", 409, "Currency mismatch", "Gifter and recipient have different currencies.";
    RequestTimeout = "REQUEST_TIMEOUT", 408, "Request timeout", "The body took too long to arrive; nothing was done.";
    RevisionMismatch = "REVISION_MISMATCH", 412, "Revision mismatch", "`If-Match` names another revision than the resource has.";
    TooLarge = "TOO_LARGE", 413, "Too large", "The body, or what it asks for, is too large.";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported media type", "The body must be JSON, with `Content-Type: application/json`.";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 422, "Idempotency key reused", "The key was used with another body or query.";
    MailRefused = "MAIL_REFUSED", 422, "Mail refused", "No mail can be sent to the address, or its mail server refuses it for good; `detail` has the SMTP code.";
    RateLimited = "RATE_LIMITED", 429, "Rate limited", "The store, or an address without a valid token, sent too many requests, or an account was tried wrongly too often, or too many mails were wanted for one address; `Retry-After` says when to go on.";
    HistoryDamaged = "HISTORY_DAMAGED", 500, "History damaged",
        "What is stored of it can't be read: damaged, deleted from the log, or of a newer version. Nothing was done; trying again does not help, somebody has to look.";
    ReadModelBehind = "READ_MODEL_BEHIND", 503, "Read model behind", "The views did not reach the position within 2 s.";
    DiskFull = "DISK_FULL", 503, "Disk full",
        "The server's disk has less room than is kept free; nothing was done, and queries go on. Try again after `Retry-After`.";
    Busy = "BUSY", 503, "Busy", "Too much is waiting; nothing was done. Try again after `Retry-After`.";
    OutcomeUnknown = "OUTCOME_UNKNOWN", 503, "Outcome unknown",
        "A backing service did not say in time whether it did what was asked: look, or repeat the request with its `Idempotency-Key`.";
    Unavailable = "UNAVAILABLE", 503, "Unavailable", "A backing service is away; nothing was done. Try again after `Retry-After`.";
}

impl Code {
    pub fn status(self) -> StatusCode {
        // Every number in the table is a valid status; a test reads them all.
        StatusCode::from_u16(self.status_code()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The URI reference of the error's type.
    pub fn type_uri(self) -> String {
        let mut uri = String::with_capacity(TYPE_BASE.len() + self.as_str().len());
        uri.push_str(TYPE_BASE);
        uri.extend(self.slug());
        uri
    }

    /// The code in lower case and with hyphens.
    fn slug(self) -> impl Iterator<Item = char> {
        self.as_str().chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() })
    }

    /// The code whose type ends so.
    pub fn of_slug(slug: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.slug().eq(slug.chars()))
    }

    /// The code of this name.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}
