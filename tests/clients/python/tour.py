"""Buys, refunds and reads history with the client that openapi-python-client makes; errors are parsed into Problem."""

import sys

from cartlog_client import AuthenticatedClient, Client
from cartlog_client.api.cart import add_cart_item
from cartlog_client.api.customer import confirm_customer, create_customer, send_confirmation
from cartlog_client.api.history import get_invoice_history
from cartlog_client.api.invoice import bill_cart, collect_invoice, refund_invoice
from cartlog_client.api.product import create_product, get_product
from cartlog_client.api.store import create_store, issue_token
from cartlog_client import models

url = sys.argv[1]
APP_ID, SECRET = "tea-py", "a good secret"


def done(response):
    """What was answered; an error ends the tour."""
    assert response.status_code < 300, response.content
    assert response.parsed is not None and not isinstance(response.parsed, models.Problem), response.content
    return response.parsed


def refused(response, status, code):
    """The error that was expected, as a Problem."""
    problem = response.parsed
    assert isinstance(problem, models.Problem), response.content
    assert (int(response.status_code), problem.status, str(problem.error)) == (status, status, code), problem
    assert problem.type_ == "/errors/" + code.lower().replace("_", "-")
    return problem


anyone = Client(base_url=url)
store = done(create_store.sync_detailed(client=anyone, body=models.StoreInput(
    name="Tea & Co", app_id=APP_ID, app_secret=SECRET, cart_expires_after_minutes=4294967295)))
assert store.store.cart_expires_after_minutes == 4294967295
credentials = models.Credentials(app_id=APP_ID, app_secret=SECRET)
token = done(issue_token.sync_detailed(client=anyone, body=credentials)).token
shop = AuthenticatedClient(base_url=url, token=token, prefix="", auth_header_name="ACCESS-TOKEN", headers={"APP-ID": APP_ID})

product = done(create_product.sync_detailed(client=shop, idempotency_key="first product", body=models.ProductInput(
    title="Darjeeling", product_type="tea", vendor="Hill Farm", inventory=12, sale_price_in_cents=1299))).product
address = models.AddressInput(
    street="Old Mill Lane 7", city="London", zip_="SW1Y", state="England", country="UK", is_primary=True)
customer = done(create_customer.sync_detailed(client=shop, body=models.CustomerInput(
    currency="EUR", email="ada@example.com", first_name="Ada", last_name="Byron", password="analytical",
    addresses=[address]))).customer
sent = done(send_confirmation.sync_detailed(customer.customer_id, client=shop))
done(confirm_customer.sync_detailed(sent.result, client=anyone))

cart = done(add_cart_item.sync_detailed(
    customer.customer_id, product.product_id, client=shop, body=models.AddQuantity(quantity=2)))
assert cart.cart.state == models.CartState.OPEN
# Without a body, which may be missing.
invoice = done(bill_cart.sync_detailed(customer.customer_id, client=shop)).invoice
assert invoice.total_amount_in_cents == 2598
order = done(collect_invoice.sync_detailed(invoice.invoice_id, client=shop)).order
assert order.status == models.OrderStatus.PENDING

line = models.RefundLine(invoice_line_item_id=invoice.invoice_line_items[0].invoice_line_item_id, amount=100)
refund = done(refund_invoice.sync_detailed(invoice.invoice_id, client=shop, body=[line], credit=True))
assert refund.refund.total_amount_in_cents == 100
rest = done(refund_invoice.sync_detailed(invoice.invoice_id, client=shop, full=True))
assert rest.invoice.state == models.InvoiceState.REFUNDED

history = done(get_invoice_history.sync_detailed(invoice.invoice_id, client=shop, limit=250))
types = [event.type_ for event in history.events]
assert {"InvoiceIssued", "InvoiceCollected", "RefundIssued"} <= set(types), types

refused(get_product.sync_detailed("nobody", client=shop), 404, "PRODUCT_NOT_FOUND")
refused(add_cart_item.sync_detailed(
    customer.customer_id, product.product_id, client=shop, body=models.AddQuantity(quantity=1000)),
    409, "INSUFFICIENT_INVENTORY")
bad = refused(create_product.sync_detailed(client=shop, body=models.ProductInput(
    title="", product_type="tea", vendor="x")), 400, "VALIDATION_FAILED")
assert bad.errors[0].pointer == "#/title"
refused(issue_token.sync_detailed(client=anyone, body=models.Credentials(app_id=APP_ID, app_secret="wrong")),
        401, "INVALID_CREDENTIALS")
print("python: bought, refunded, read", len(types), "events")
