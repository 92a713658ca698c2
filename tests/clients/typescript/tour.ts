// Buys, refunds and reads history by the types that openapi-typescript makes; every answer and error is typed by its status.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.argv[2] ?? assert.fail("the server's address is missing");
const open = createClient<paths>({ baseUrl });

/** What was answered; an error ends the tour. */
function done<T>(answer: { data?: T; error?: Problem; response: Response }): T {
  return answer.data ?? assert.fail(`${answer.response.url}: ${JSON.stringify(answer.error)}`);
}

/** The error that was expected. */
function refused(answer: { data?: unknown; error?: Problem }, status: number, code: Problem["error"]): Problem {
  const problem = answer.error ?? assert.fail(`${code} was expected`);
  assert.equal(problem.status, status);
  assert.equal(problem.error, code);
  assert.equal(problem.type, `/errors/${code.toLowerCase().replaceAll("_", "-")}`);
  return problem;
}

const credentials = { app_id: "tea-ts", app_secret: "a good secret" };
const store = done(await open.POST("/store", { body: { name: "Tea & Co", ...credentials, cart_expires_after_minutes: 4294967295 } }));
assert.equal(store.store?.cart_expires_after_minutes, 4294967295);
const { token } = done(await open.POST("/store/token", { body: credentials }));
const shop = createClient<paths>({ baseUrl, headers: { "APP-ID": credentials.app_id, "ACCESS-TOKEN": token } });

const product = done(await shop.POST("/product", {
  params: { header: { "Idempotency-Key": "first product" } },
  body: { title: "Darjeeling", product_type: "tea", vendor: "Hill Farm", inventory: 12, sale_price_in_cents: 1299 },
})).product ?? assert.fail("late");
const customer = done(await shop.POST("/customer", {
  body: {
    currency: "EUR", email: "ada@example.com", first_name: "Ada", last_name: "Byron", password: "analytical",
    addresses: [{ street: "Old Mill Lane 7", city: "London", zip: "SW1Y", state: "England", country: "UK", is_primary: true }],
  },
})).customer ?? assert.fail("late");
const customer_id = customer.customer_id;
const sent = done(await shop.PUT("/customer/{customer_id}/send_confirmation", { params: { path: { customer_id } } }));
done(await open.PUT("/customer/confirm/{token}", { params: { path: { token: sent.result } } }));

const path = { customer_id, product_id: product.product_id };
const cart = done(await shop.POST("/customer/{customer_id}/cart/item/{product_id}", { params: { path }, body: { quantity: 2 } }));
assert.equal(cart.cart?.state, "open");
const invoice = done(await shop.POST("/customer/{customer_id}/cart/billcart", { params: { path: { customer_id } } })).invoice
  ?? assert.fail("late");
assert.equal(invoice.total_amount_in_cents, 2598);
const invoice_id = invoice.invoice_id;
const order = done(await shop.POST("/invoice/{invoice_id}/collected", { params: { path: { invoice_id } } }));
assert.equal(order.order?.status, "pending");

const line = invoice.invoice_line_items[0] ?? assert.fail("no line");
const refund = done(await shop.POST("/invoice/{invoice_id}/refund", {
  params: { path: { invoice_id }, query: { credit: true } },
  body: [{ invoice_line_item_id: line.invoice_line_item_id, amount: 100 }],
}));
assert.equal(refund.refund?.total_amount_in_cents, 100);
const rest = done(await shop.POST("/invoice/{invoice_id}/refund", { params: { path: { invoice_id }, query: { full: true } } }));
assert.equal(rest.invoice?.state, "refunded");

const history = done(await shop.GET("/invoice/{invoice_id}/history", { params: { path: { invoice_id }, query: { limit: 250 } } }));
const types = history.events.map((event) => event.type);
for (const type of ["InvoiceIssued", "InvoiceCollected", "RefundIssued"]) assert.ok(types.includes(type), types.join());
for (const event of history.events) assert.ok(Number.isSafeInteger(event.position));

refused(await shop.GET("/product/{product_id}", { params: { path: { product_id: "nobody" } } }), 404, "PRODUCT_NOT_FOUND");
refused(
  await shop.POST("/customer/{customer_id}/cart/item/{product_id}", { params: { path }, body: { quantity: 1000 } }),
  409, "INSUFFICIENT_INVENTORY",
);
const bad = refused(
  await shop.POST("/product", { body: { title: "", product_type: "tea", vendor: "x" } }), 400, "VALIDATION_FAILED",
);
assert.equal(bad.errors?.[0]?.pointer, "#/title");
refused(await open.POST("/store/token", { body: { ...credentials, app_secret: "wrong" } }), 401, "INVALID_CREDENTIALS");
console.log("typescript: bought, refunded, read", history.events.length, "events");
