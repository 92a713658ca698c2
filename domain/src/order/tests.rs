//! The steps of an order: which may follow which, and that none counts twice.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::testing::{Given, History, NOW, decide, given, id, nothing};
use crate::{CartId, CustomerId, InvoiceId, InvoiceLineItemId, OrderId, OrderLineItemId, ProductId, StoreId};
use proptest::collection::vec;
use proptest::prelude::*;

fn place() -> OrderCommand {
    let placed = placed();
    OrderCommand::Place(OrderPlaced {
        order_id: placed.order_id,
        store_id: placed.store_id,
        customer_id: placed.customer_id,
        invoice_id: placed.invoice_id,
        cart_id: placed.cart_id,
        lines: placed.lines,
    })
}

fn placed() -> OrderPlaced {
    OrderPlaced {
        order_id: OrderId(id(1)),
        store_id: StoreId(id(2)),
        customer_id: CustomerId(id(3)),
        invoice_id: InvoiceId(id(4)),
        cart_id: CartId(id(5)),
        lines: vec![OrderLine {
            order_line_item_id: OrderLineItemId(id(6)),
            invoice_line_item_id: InvoiceLineItemId(id(7)),
            product_id: ProductId(id(8)),
            product_title: "A product".to_owned(),
            quantity: 3,
        }],
    }
}

fn canceled() -> OrderCanceled {
    OrderCanceled { reason: CancelReason::Requested }
}

const CANCEL: OrderCommand = OrderCommand::Cancel { reason: CancelReason::Requested };
const CANCEL_IF_PENDING: OrderCommand = OrderCommand::CancelIfPending { reason: CancelReason::Refunded };

fn pending() -> Given<Order> {
    given::<Order>([placed()])
}

#[test]
fn each_step_happens_once() {
    nothing::<Order>().when(place()).then([placed()]).and_a_repeat_gives_nothing();
    let shipped = pending().when(OrderCommand::Ship).then([OrderShipped {}]).and_a_repeat_gives_nothing();
    let delivered = OrderDelivered { was_shipped: true };
    shipped.when(OrderCommand::Deliver).then([delivered]).and_a_repeat_gives_nothing();
    let at_once = OrderDelivered { was_shipped: false };
    pending().when(OrderCommand::Deliver).then([at_once]).and_a_repeat_gives_nothing();
    pending().when(CANCEL).then([canceled()]).and_a_repeat_gives_nothing();
    let refunded = OrderCanceled { reason: CancelReason::Refunded };
    pending().when(CANCEL_IF_PENDING).then([refunded]).and_a_repeat_gives_nothing();
}

/// `+`: an event, `.`: accepted without one, `n`: there is no such order, else the status it is refused for.
#[test]
fn every_command_has_its_answer_at_every_step() {
    let delivered = pending().and([OrderDelivered { was_shipped: false }]).state;
    let states = [
        Order::None,
        pending().state,
        pending().and([OrderShipped {}]).state,
        delivered,
        pending().and([canceled()]).state,
    ];
    let rows = [
        ("Place", place(), "+...."),
        ("Ship", OrderCommand::Ship, "n+.dc"),
        ("Deliver", OrderCommand::Deliver, "n++.c"),
        ("Cancel", CANCEL, "n+sd."),
        ("CancelIfPending", CANCEL_IF_PENDING, "n+..."),
    ];
    for (name, command, expected) in rows {
        let answers: String = states.iter().map(|state| letter(state, &command)).collect();
        assert_eq!(answers, expected, "{name}");
    }
}

fn letter(state: &Order, command: &OrderCommand) -> char {
    match decide(state, command, NOW) {
        Ok(events) if events.is_empty() => '.',
        Ok(_) => '+',
        Err(OrderRejection::OrderNotFound) => 'n',
        Err(OrderRejection::OrderIs { status: OrderStatus::Pending }) => 'p',
        Err(OrderRejection::OrderIs { status: OrderStatus::Shipped }) => 's',
        Err(OrderRejection::OrderIs { status: OrderStatus::Delivered }) => 'd',
        Err(OrderRejection::OrderIs { status: OrderStatus::Canceled }) => 'c',
    }
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    let shipped = || pending().and([OrderShipped {}]);
    nothing::<Order>().is_impossible(OrderShipped {});
    nothing::<Order>().is_impossible(canceled());
    pending().is_impossible(placed());
    pending().is_impossible(OrderDelivered { was_shipped: true });
    shipped().is_impossible(OrderShipped {});
    shipped().is_impossible(OrderDelivered { was_shipped: false });
    shipped().is_impossible(canceled());
    pending().and([canceled()]).is_impossible(OrderShipped {});
}

fn any_command() -> impl Strategy<Value = OrderCommand> {
    prop_oneof![
        Just(place()),
        Just(OrderCommand::Ship),
        Just(OrderCommand::Deliver),
        Just(CANCEL),
        Just(CANCEL_IF_PENDING),
    ]
}

proptest! {
    #[test]
    fn an_order_is_placed_once_and_its_stock_goes_one_way(commands in vec(any_command(), 0..12)) {
        let mut history = History::<Order>::new();
        for command in &commands {
            if history.send(command).is_ok() {
                prop_assert_eq!(history.send(command), Ok(Vec::new()), "{:?} was repeated", command);
            }
        }
        let count = |of: fn(&OrderEvent) -> bool| history.events.iter().filter(|(event, _)| of(event)).count();
        prop_assert!(count(|event| matches!(event, OrderEvent::OrderPlaced(_))) <= 1);
        // The stock is consumed by the first of these, or released by the other, never both.
        let gone = count(|event| match event {
            OrderEvent::OrderShipped(_) => true,
            OrderEvent::OrderDelivered(event) => !event.was_shipped,
            OrderEvent::OrderPlaced(_) | OrderEvent::OrderCanceled(_) => false,
        });
        prop_assert!(gone + count(|event| matches!(event, OrderEvent::OrderCanceled(_))) <= 1);
        history.assert_survives_storage();
    }
}
