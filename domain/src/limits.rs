//! The limits that the contract sets (api.md §1, Limits), each named once.

/// The largest quantity of one line of a cart, after the change.
pub const MAX_LINE_QUANTITY: u32 = 10_000;
/// The most lines that a cart may have.
pub const MAX_CART_LINES: usize = 1_000;
/// The most balances that an invoice is paid with, the first in spending order.
pub const MAX_WALLET: usize = 250;
/// The largest inventory of a product.
pub const MAX_INVENTORY: i64 = 1_000_000_000;
/// The most live tokens that a store may have; the oldest goes first.
pub const MAX_TOKENS: usize = 1_000;
/// The most tokens of a customer; the oldest goes first.
pub const MAX_CUSTOMER_TOKENS: usize = 100;
/// How long a token, a log-in and a confirmation link live, in hours.
pub const TOKEN_HOURS: i64 = 24;
/// How long a coupon lives that is created without an end, in days.
pub const COUPON_DAYS: i64 = 30;
/// The most tags of a product.
pub const MAX_TAGS: usize = 250;
/// The most confirmation links of a customer that are remembered, used ones too; the oldest goes first.
pub const MAX_CONFIRMATIONS: usize = 100;
/// The most refunds of an invoice that are open at the same time.
pub const MAX_OPEN_REFUNDS: usize = 1_000;
/// The most confirmations that are mailed to one address within an hour; to all of a customer's it is [`MAX_CONFIRMATIONS`].
pub const MAX_MAILS_AN_HOUR: usize = 5;
/// The most emails or addresses of a customer that are not deleted.
pub const MAX_CONTACTS: usize = 250;
