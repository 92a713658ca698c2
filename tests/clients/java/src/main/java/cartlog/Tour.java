package cartlog;

import cartlog.api.*;
import cartlog.model.*;
import java.util.List;
import java.util.Objects;

/** Buys, refunds and reads history with the client that openapi-generator makes; errors are read into Problem. */
public final class Tour {
    private static final String APP_ID = "tea-java";
    private static final String SECRET = "a good secret";

    private interface Call {
        void run() throws ApiException;
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient open = new ApiClient();
        open.updateBaseUri(arguments[0]);
        Store store = new StoreApi(open).createStore(
            new StoreInput().name("Tea & Co").appId(APP_ID).appSecret(SECRET).cartExpiresAfterMinutes(4294967295L), null).getStore();
        equal(4294967295L, store.getCartExpiresAfterMinutes());
        Credentials credentials = new Credentials().appId(APP_ID).appSecret(SECRET);
        String token = new StoreApi(open).issueToken(credentials).getToken();

        ApiClient shop = new ApiClient();
        shop.updateBaseUri(arguments[0]);
        shop.setRequestInterceptor(request -> request.header("APP-ID", APP_ID).header("ACCESS-TOKEN", token));
        ProductApi products = new ProductApi(shop);
        CustomerApi customers = new CustomerApi(shop);
        CartApi carts = new CartApi(shop);
        InvoiceApi invoices = new InvoiceApi(shop);

        Product product = products.createProduct(new ProductInput().title("Darjeeling").productType("tea").vendor("Hill Farm")
            .inventory(12L).salePriceInCents(1299L), "first product").getProduct();
        AddressInput address = new AddressInput().street("Old Mill Lane 7").city("London").zip("SW1Y").state("England").country("UK")
            .isPrimary(new RelaxedBool(true));
        Customer customer = customers.createCustomer(new CustomerInput().currency("EUR").email("ada@example.com").firstName("Ada")
            .lastName("Byron").password("analytical").addresses(List.of(address)), null).getCustomer();
        String link = customers.sendConfirmation(customer.getCustomerId()).getResult();
        new CustomerApi(open).confirmCustomer(link, null);

        Cart cart = carts.addCartItem(customer.getCustomerId(), product.getProductId(), null, new AddQuantity().quantity(2)).getCart();
        equal(CartState.OPEN, cart.getState());
        // Without a body, which may be missing.
        Invoice invoice = invoices.billCart(customer.getCustomerId(), null, null, null).getInvoice();
        equal(2598L, invoice.getTotalAmountInCents());
        Order order = invoices.collectInvoice(invoice.getInvoiceId(), null).getOrder();
        equal(OrderStatus.PENDING, order.getStatus());

        RefundLine line = new RefundLine().invoiceLineItemId(invoice.getInvoiceLineItems().get(0).getInvoiceLineItemId()).amount(100L);
        RefundDone refund =
            invoices.refundInvoice(invoice.getInvoiceId(), null, null, true, null, List.of(new RefundLineOrId(line)));
        equal(100L, refund.getRefund().getTotalAmountInCents());
        RefundDone rest = invoices.refundInvoice(invoice.getInvoiceId(), null, true, null, null, null);
        equal(InvoiceState.REFUNDED, rest.getInvoice().getState());

        History history = new HistoryApi(shop).getInvoiceHistory(invoice.getInvoiceId(), null, null, null, 250);
        List<String> types = history.getEvents().stream().map(HistoryEvent::getType).toList();
        check(types.containsAll(List.of("InvoiceIssued", "InvoiceCollected", "RefundIssued")), types);

        refused(404, Problem.ErrorEnum.PRODUCT_NOT_FOUND, () -> products.getProduct("nobody", null, null, null, null, null));
        refused(409, Problem.ErrorEnum.INSUFFICIENT_INVENTORY, () -> carts.addCartItem(
            customer.getCustomerId(), product.getProductId(), null, new AddQuantity().quantity(1000)));
        Problem bad = refused(400, Problem.ErrorEnum.VALIDATION_FAILED, () -> products.createProduct(
            new ProductInput().title("").productType("tea").vendor("x"), null));
        equal("#/title", bad.getErrors().get(0).getPointer());
        refused(401, Problem.ErrorEnum.INVALID_CREDENTIALS, () -> new StoreApi(open).issueToken(credentials.appSecret("wrong")));
        System.out.println("java: bought, refunded, read " + types.size() + " events");
    }

    /** The error that was expected, as a Problem. */
    private static Problem refused(int status, Problem.ErrorEnum code, Call call) throws Exception {
        try {
            call.run();
        } catch (ApiException error) {
            Problem problem = ApiClient.createDefaultObjectMapper().readValue(error.getResponseBody(), Problem.class);
            equal(status, error.getCode());
            equal(status, problem.getStatus());
            equal(code, problem.getError());
            return problem;
        }
        throw new AssertionError(code + " was expected");
    }

    private static void equal(Object wanted, Object found) {
        check(Objects.equals(wanted, found), wanted + " is not " + found);
    }

    private static void check(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
