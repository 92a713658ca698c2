// Buys, refunds and reads history with the client that oapi-codegen makes; errors are parsed into Problem by their status.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"

	"cartlog/clients/api"
)

const (
	appID  = "tea-go"
	secret = "a good secret"
)

func main() {
	ctx, url := context.Background(), os.Args[1]
	open := must(api.NewClientWithResponses(url))
	expires := int64(4294967295)
	store := must(open.CreateStoreWithResponse(ctx, nil, api.StoreInput{
		Name: "Tea & Co", AppId: appID, AppSecret: secret, CartExpiresAfterMinutes: &expires,
	}))
	equal(done(store.JSON201, store.Body).Store.CartExpiresAfterMinutes, expires)
	issued := must(open.IssueTokenWithResponse(ctx, api.Credentials{AppId: appID, AppSecret: secret}))
	token := done(issued.JSON201, issued.Body).Token
	shop := must(api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("APP-ID", appID)
		request.Header.Set("ACCESS-TOKEN", token)
		return nil
	})))

	inventory, price, key := int64(12), int64(1299), "first product"
	created := must(shop.CreateProductWithResponse(ctx, &api.CreateProductParams{IdempotencyKey: &key}, api.ProductInput{
		Title: "Darjeeling", ProductType: "tea", Vendor: "Hill Farm", Inventory: &inventory, SalePriceInCents: &price,
	}))
	product := done(created.JSON201, created.Body).Product
	var primary api.RelaxedBool
	must(0, primary.FromRelaxedBool0(true))
	addresses := []api.AddressInput{{
		Street: "Old Mill Lane 7", City: "London", Zip: "SW1Y", State: "England", Country: "UK", IsPrimary: &primary,
	}}
	joined := must(shop.CreateCustomerWithResponse(ctx, nil, api.CustomerInput{
		Currency: "EUR", Email: "ada@example.com", FirstName: "Ada", LastName: "Byron", Password: "analytical", Addresses: &addresses,
	}))
	customer := done(joined.JSON201, joined.Body).Customer.CustomerId
	sent := must(shop.SendConfirmationWithResponse(ctx, customer))
	confirmed := must(open.ConfirmCustomerWithResponse(ctx, done(sent.JSON200, sent.Body).Result, nil))
	done(confirmed.JSON200, confirmed.Body)

	two := int32(2)
	added := must(shop.AddCartItemWithResponse(ctx, customer, product.ProductId, nil, api.AddQuantity{Quantity: &two}))
	equal(done(added.JSON201, added.Body).Cart.State, api.CartState("open"))
	billed := must(shop.BillCartWithResponse(ctx, customer, nil, api.Shipping{}))
	invoice := done(billed.JSON201, billed.Body).Invoice
	equal(invoice.TotalAmountInCents, 2598)
	collected := must(shop.CollectInvoiceWithResponse(ctx, invoice.InvoiceId, nil))
	equal(done(collected.JSON201, collected.Body).Order.Status, api.OrderStatus("pending"))

	amount, yes := int64(100), true
	var line api.RefundLineOrId
	must(0, line.FromRefundLine(api.RefundLine{InvoiceLineItemId: invoice.InvoiceLineItems[0].InvoiceLineItemId, Amount: &amount}))
	part := must(shop.RefundInvoiceWithResponse(ctx, invoice.InvoiceId, &api.RefundInvoiceParams{Credit: &yes}, api.RefundLines{line}))
	equal(done(part.JSON201, part.Body).Refund.TotalAmountInCents, amount)
	rest := must(shop.RefundInvoiceWithResponse(ctx, invoice.InvoiceId, &api.RefundInvoiceParams{Full: &yes}, nil))
	equal(done(rest.JSON201, rest.Body).Invoice.State, api.InvoiceState("refunded"))

	limit := int32(250)
	read := must(shop.GetInvoiceHistoryWithResponse(ctx, invoice.InvoiceId, &api.GetInvoiceHistoryParams{Limit: &limit}))
	var types []string
	for _, event := range done(read.JSON200, read.Body).Events {
		types = append(types, event.Type)
	}
	for _, wanted := range []string{"InvoiceIssued", "InvoiceCollected", "RefundIssued"} {
		equal(slices.Contains(types, wanted), true)
	}

	unknown := must(shop.GetProductWithResponse(ctx, "nobody", nil))
	refused(unknown.ApplicationproblemJSON404, 404, "PRODUCT_NOT_FOUND")
	many := int32(1000)
	short := must(shop.AddCartItemWithResponse(ctx, customer, product.ProductId, nil, api.AddQuantity{Quantity: &many}))
	refused(short.ApplicationproblemJSON409, 409, "INSUFFICIENT_INVENTORY")
	bad := must(shop.CreateProductWithResponse(ctx, nil, api.ProductInput{ProductType: "tea", Vendor: "x"}))
	refused(bad.ApplicationproblemJSON400, 400, "VALIDATION_FAILED")
	equal((*bad.ApplicationproblemJSON400.Errors)[0].Pointer, "#/title")
	wrong := must(open.IssueTokenWithResponse(ctx, api.Credentials{AppId: appID, AppSecret: "wrong"}))
	refused(wrong.ApplicationproblemJSON401, 401, "INVALID_CREDENTIALS")
	fmt.Println("go: bought, refunded, read", len(types), "events")
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Panic(err)
	}
	return value
}

// What was answered; an error ends the tour.
func done[T any](answer *T, body []byte) *T {
	if answer == nil {
		log.Panic(string(body))
	}
	return answer
}

// The error that was expected.
func refused(problem *api.Problem, status int32, code api.ProblemError) {
	if problem == nil {
		log.Panic(code, " was expected")
	}
	equal(problem.Status, status)
	equal(problem.Error, code)
}

func equal[T comparable](found, wanted T) {
	if found != wanted {
		log.Panicf("%v is not %v", found, wanted)
	}
}
