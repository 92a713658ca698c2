//! The shop as lists of what there is. Everything is named by its place in its list; ids are learned from answers.

/// The whole of a store.
pub struct Shop {
    pub tax_rate_in_basis_points: i64,
    pub gift_cards_first: bool,
    pub products: Vec<Product>,
    pub customers: Vec<Customer>,
    pub invoices: Vec<Invoice>,
    pub orders: Vec<Order>,
    pub gift_cards: Vec<Balance>,
    pub credits: Vec<Balance>,
    pub coupons: Vec<Coupon>,
    /// Rises with every balance: the oldest is spent first.
    pub balances_made: usize,
}

#[derive(Default)]
pub struct Product {
    pub id: String,
    pub inventory: i64,
    pub price: i64,
    pub deleted: bool,
    /// By POST, whatever became of it.
    pub added_to_carts: i64,
}

pub struct Customer {
    pub id: String,
    pub currency: &'static str,
    pub confirmed: bool,
    pub deleted: bool,
    pub cart: Option<Cart>,
}

#[derive(Clone, Default)]
pub struct Cart {
    pub id: String,
    /// Product and quantity, in the order of their first add.
    pub lines: Vec<(usize, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Collected,
    Failed,
    PartiallyRefunded,
    Refunded,
}

pub struct Invoice {
    pub id: String,
    pub customer: usize,
    pub cart_id: String,
    pub state: State,
    pub lines: Vec<Line>,
    pub coupon: Option<usize>,
    pub gift_card_spends: Vec<Spend>,
    pub credit_spends: Vec<Spend>,
    pub due: i64,
    pub refunds: Vec<Refund>,
    pub order: Option<usize>,
}

#[derive(Clone)]
pub struct Line {
    pub id: String,
    /// `None`: shipping.
    pub product: Option<usize>,
    pub quantity: i64,
    pub unit: i64,
    pub total: i64,
    pub discount: i64,
    pub tax: i64,
    pub refunded: i64,
}

#[derive(Clone)]
pub struct Spend {
    pub balance: usize,
    pub amount: i64,
    pub remaining: i64,
}

pub struct Refund {
    pub id: String,
    /// Of each line.
    pub parts: Vec<i64>,
    pub credit: Option<usize>,
    pub credit_amount: i64,
    pub open: bool,
}

pub struct Order {
    pub id: String,
    pub invoice: usize,
    pub status: &'static str,
}

/// A gift card or a credit.
pub struct Balance {
    pub id: String,
    /// Who spends it.
    pub customer: usize,
    pub currency: &'static str,
    pub original: i64,
    pub current: i64,
    pub voided: bool,
    pub source: &'static str,
    pub number: usize,
    pub spends: Vec<BalanceSpend>,
}

pub struct BalanceSpend {
    pub invoice: usize,
    pub amount: i64,
    pub remaining: i64,
    pub reversed: bool,
}

#[derive(Default)]
pub struct Coupon {
    pub id: String,
    pub code: String,
    pub is_percent: bool,
    pub amount: i64,
    pub limit: Option<usize>,
    pub limit_per_customer: Option<usize>,
    pub minimum: Option<i64>,
    pub voided: bool,
    pub begun: bool,
    /// Uses that count, by customer.
    pub uses: Vec<usize>,
    /// All uses there ever were.
    pub used: i64,
}

/// Why a command is refused: status and error code.
pub type Refusal = (u16, &'static str);

impl Line {
    /// total − discount + tax.
    pub fn gross(&self) -> i64 {
        self.total - self.discount + self.tax
    }

    pub fn left(&self) -> i64 {
        self.gross() - self.refunded
    }
}

impl Invoice {
    pub fn sum(&self, of: impl Fn(&Line) -> i64) -> i64 {
        self.lines.iter().map(of).sum()
    }
}

impl Refund {
    pub fn total(&self) -> i64 {
        self.parts.iter().sum()
    }
}

impl Shop {
    pub fn new(tax_rate_in_basis_points: i64) -> Self {
        Self {
            tax_rate_in_basis_points,
            gift_cards_first: true,
            products: Vec::new(),
            customers: Vec::new(),
            invoices: Vec::new(),
            orders: Vec::new(),
            gift_cards: Vec::new(),
            credits: Vec::new(),
            coupons: Vec::new(),
            balances_made: 0,
        }
    }

    /// The customer, who must be there.
    pub fn customer(&self, customer: usize) -> Result<&Customer, Refusal> {
        self.customers.get(customer).filter(|customer| !customer.deleted).ok_or((404, "CUSTOMER_NOT_FOUND"))
    }

    /// The customer, who must be there and confirmed: for writing to carts.
    pub fn buyer(&mut self, customer: usize) -> Result<&mut Customer, Refusal> {
        if !self.customer(customer)?.confirmed {
            return Err((403, "CUSTOMER_IS_NOT_CONFIRMED"));
        }
        Ok(&mut self.customers[customer])
    }

    pub fn product(&mut self, product: usize) -> Result<&mut Product, Refusal> {
        self.products.get_mut(product).filter(|product| !product.deleted).ok_or((404, "PRODUCT_NOT_FOUND"))
    }

    pub fn invoice(&mut self, invoice: usize) -> Result<&mut Invoice, Refusal> {
        self.invoices.get_mut(invoice).ok_or((404, "INVOICE_NOT_FOUND"))
    }

    /// What open carts, open invoices and pending orders have of the product.
    pub fn reserved(&self, product: usize) -> i64 {
        let in_carts = self.customers.iter().filter_map(|customer| customer.cart.as_ref()).flat_map(|cart| &cart.lines);
        let in_carts: i64 = in_carts.filter(|(of, _)| *of == product).map(|(_, quantity)| quantity).sum();
        let holds = |invoice: &&Invoice| {
            let pending = invoice.order.is_some_and(|order| self.orders[order].status == "pending");
            invoice.state == State::Open || pending
        };
        let lines = self.invoices.iter().filter(holds).flat_map(|invoice| &invoice.lines);
        in_carts + lines.filter(|line| line.product == Some(product)).map(|line| line.quantity).sum::<i64>()
    }

    /// Puts the items of an invoice back on the shelf.
    pub fn put_back(&mut self, invoice: usize) {
        for line in &self.invoices[invoice].lines {
            if let Some(product) = line.product {
                self.products[product].inventory += line.quantity;
            }
        }
    }
}
