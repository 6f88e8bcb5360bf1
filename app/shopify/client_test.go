package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
)

// adminServer answers the Admin API by a script: one step a request, the last
// one again and again.
type adminServer struct {
	*httptest.Server
	mu    sync.Mutex
	steps []step
	asked []asked
}

type step struct {
	status int
	header map[string]string
	body   string
	hangUp bool
}

type asked struct {
	host, path, token string
	query             string
	variables         map[string]any
}

func newAdminServer(t *testing.T, steps ...step) *adminServer {
	t.Helper()
	s := &adminServer{steps: steps}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Query     string         `json:"query"`
			Variables map[string]any `json:"variables"`
		}
		json.NewDecoder(r.Body).Decode(&body)
		s.mu.Lock()
		s.asked = append(s.asked, asked{r.Host, r.URL.Path, r.Header.Get("X-Shopify-Access-Token"), body.Query, body.Variables})
		now := s.steps[0]
		if len(s.steps) > 1 {
			s.steps = s.steps[1:]
		}
		s.mu.Unlock()
		if now.hangUp {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Shopify-API-Version", APIVersion)
		for k, v := range now.header {
			w.Header().Set(k, v)
		}
		if now.status == 0 {
			now.status = 200
		}
		w.WriteHeader(now.status)
		io.WriteString(w, now.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *adminServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// seen collects what the hooks tell.
type seen struct {
	mu      sync.Mutex
	calls   []string
	waits   []time.Duration
	cost    float64
	version string
	slept   []time.Duration
}

// apiAt returns an API that sleeps in no time and remembers how long it wanted to.
func apiAt(t *testing.T, srv *adminServer) (*API, *tokenRow, *seen) {
	t.Helper()
	clk := clock.NewFixed(sessionNow)
	row := &tokenRow{c: Credential{Domain: demoShop, Access: "access-0", Refresh: "refresh-0", Expires: sessionNow.Add(time.Hour), Version: 1}}
	app := appAt(t, srv.Server, clk)
	log := slog.New(slog.DiscardHandler)
	heard := &seen{}
	api := NewAPI(app, NewSource(row, &issuer{clock: clk, current: "refresh-0"}, clk, log), log, Hooks{
		Call:      func(doc, outcome string, _ time.Duration) { heard.calls = append(heard.calls, doc+" "+outcome) },
		Cost:      func(_ ids.Shop, _ string, requested, _, _ float64) { heard.cost += requested },
		Throttled: func(_ ids.Shop, _ string, d time.Duration) { heard.waits = append(heard.waits, d) },
		Version:   func(v string) { heard.version = v },
	})
	api.sleep = func(ctx context.Context, d time.Duration) error {
		heard.mu.Lock()
		defer heard.mu.Unlock()
		heard.slept = append(heard.slept, d)
		return ctx.Err()
	}
	return api, row, heard
}

func costOf(requested, available float64) string {
	return fmt.Sprintf(`"extensions":{"cost":{"requestedQueryCost":%v,"actualQueryCost":%v,"throttleStatus":{"maximumAvailable":2000,"currentlyAvailable":%v,"restoreRate":100}}}`, requested, requested, available)
}

var (
	readDoc  = Document{Name: "read", Text: "query Read { shop { id } }", Safe: true}
	writeDoc = Document{Name: "write", Text: "mutation Write { tagsAdd(id: 1, tags: []) { userErrors { message } } }"}
	okBody   = `{"data":{"shop":{"id":"gid://shopify/Shop/7"}},` + costOf(2, 1998) + `}`
)

func throttledBody(requested, available float64) string {
	return `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],` + costOf(requested, available) + `}`
}

func TestClientAsksTheShop(t *testing.T) {
	srv := newAdminServer(t, step{body: okBody})
	api, _, heard := apiAt(t, srv)
	var out struct{ Shop struct{ ID ID } }
	if _, err := api.Client(7).Do(context.Background(), readDoc, map[string]any{"id": 1}, &out); err != nil {
		t.Fatal(err)
	}
	got := srv.asked[0]
	if got.host != string(demoShop) || got.path != "/admin/api/2026-10/graphql.json" || got.token != "access-0" || got.query != readDoc.Text || out.Shop.ID != 7 {
		t.Errorf("asked %+v, got %d", got, out.Shop.ID)
	}
	if len(heard.calls) != 1 || heard.calls[0] != "read ok" || heard.cost != 2 || heard.version != "" {
		t.Errorf("hooks heard %+v", heard)
	}
}

func TestClientOutcomes(t *testing.T) {
	ok := step{body: okBody}
	rows := []struct {
		name  string
		doc   Document
		steps []step
		want  error // nil: it worked
		calls int
	}{
		{"read: 500 twice", readDoc, []step{{status: 500}, {status: 502}, ok}, nil, 3},
		{"read: connection cut", readDoc, []step{{hangUp: true}, ok}, nil, 2},
		{"read: half an answer", readDoc, []step{{body: `{"data":{"shop":{"id":"gi`}, ok}, nil, 2},
		{"read: HTML", readDoc, []step{{body: "<html>"}, ok}, nil, 2},
		{"read: internal error", readDoc, []step{{body: `{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`}, ok}, nil, 2},
		{"read: for ever away", readDoc, []step{{status: 503}}, ErrUnavailable, maxAttempts},
		{"read: answer of nothing", readDoc, []step{{body: `{}`}}, ErrUnavailable, maxAttempts},
		{"read: redirected", readDoc, []step{{status: 302, header: map[string]string{"Location": "https://other.myshopify.com/"}}}, ErrUnavailable, maxAttempts},
		{"write: 500", writeDoc, []step{{status: 500}, ok}, ErrUnavailable, 1},
		{"write: connection cut", writeDoc, []step{{hangUp: true}, ok}, ErrUnavailable, 1},
		{"write: half an answer", writeDoc, []step{{body: `{"da`}, ok}, ErrUnavailable, 1},
		{"write: throttled", writeDoc, []step{{body: throttledBody(100, 50)}, ok}, nil, 2},
		{"write: 429", writeDoc, []step{{status: 429, header: map[string]string{"Retry-After": "1.5"}}, ok}, nil, 2},
		{"read: throttled for ever", readDoc, []step{{body: throttledBody(1000, 0)}}, ErrThrottled, 2},
		{"read: 429 for an hour", readDoc, []step{{status: 429, header: map[string]string{"Retry-After": "3600"}}}, ErrThrottled, 1},
		{"plain text error", readDoc, []step{{body: `{"errors":"[API] Invalid API key or access token"}`}}, ErrRefused, 1},
		{"unknown field", readDoc, []step{{body: `{"errors":[{"message":"Field 'x' doesn't exist","path":["query","x"],"extensions":{"code":"undefinedField"}}]}`}}, ErrRefused, 1},
		{"denied", readDoc, []step{{body: `{"data":null,"errors":[{"message":"Access denied","path":["orders"],"extensions":{"code":"ACCESS_DENIED"}}]}`}}, ErrAccessDenied, 1},
		{"frozen shop", readDoc, []step{{status: 402}}, ErrAccessDenied, 1},
		{"403", readDoc, []step{{status: 403, body: `{"errors":"x"}`}}, ErrAccessDenied, 1},
		{"no such shop", readDoc, []step{{status: 404}}, ErrRefused, 1},
		{"another type", readDoc, []step{{body: `{"data":{"shop":{"id":{"x":1}}}}`}}, ErrAnswer, 1},
		{"wrong token once", readDoc, []step{{status: 401, body: `{"errors":"x"}`}, ok}, nil, 2},
		{"wrong token for ever", readDoc, []step{{status: 401}}, ErrNeedsReauth, 2},
		{"write: wrong token once", writeDoc, []step{{status: 401}, ok}, nil, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			srv := newAdminServer(t, row.steps...)
			api, _, _ := apiAt(t, srv)
			var out struct{ Shop struct{ ID ID } }
			_, err := api.Client(7).Do(context.Background(), row.doc, nil, &out)
			if row.want == nil && err != nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if n := srv.count(); n != row.calls {
				t.Errorf("asked %d times, want %d", n, row.calls)
			}
		})
	}
}

func TestClientReplacesARefusedToken(t *testing.T) {
	srv := newAdminServer(t, step{status: 401}, step{body: okBody})
	api, row, _ := apiAt(t, srv)
	c := api.Client(7)
	if _, err := c.Do(context.Background(), readDoc, nil, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	if srv.asked[0].token != "access-0" || srv.asked[1].token != "access-1" || row.worked != 1 || row.c.PreviousRefresh != "" {
		t.Errorf("asked with %q then %q, worked %d", srv.asked[0].token, srv.asked[1].token, row.worked)
	}
	srv.steps = []step{{status: 401}}
	if _, err := api.Client(7).Do(context.Background(), readDoc, nil, &struct{}{}); !errors.Is(err, ErrNeedsReauth) || !row.c.NeedsReauth {
		t.Errorf("got %v, marked %v", err, row.c.NeedsReauth)
	}
	if _, err := api.ClientWith(demoShop, "t").Do(context.Background(), readDoc, nil, &struct{}{}); !errors.Is(err, ErrNeedsReauth) {
		t.Errorf("a token of an installation: %v", err)
	}
}

func TestThrottleWaits(t *testing.T) {
	srv := newAdminServer(t, step{body: throttledBody(450, 50)}, step{body: okBody})
	api, _, heard := apiAt(t, srv)
	if _, err := api.Client(7).Do(context.Background(), readDoc, nil, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	// 400 points at 100 a second, and up to a fifth more by chance.
	if len(heard.slept) == 0 || heard.slept[0] < 4*time.Second || heard.slept[0] > 5*time.Second {
		t.Errorf("slept %v", heard.slept)
	}
	srv.steps = []step{{status: 429, header: map[string]string{"Retry-After": "3600"}}}
	_, err := api.Client(8).Do(context.Background(), readDoc, nil, &struct{}{})
	if d, ok := RetryAfter(err); !ok || d < time.Hour || problem.Of(err).Kind != problem.Throttled {
		t.Errorf("got %v after %v", err, d)
	}
	if _, ok := RetryAfter(errors.New("x")); ok {
		t.Error("any error has a wait")
	}
}

func TestThrottleWaitEndsWithItsContext(t *testing.T) {
	srv := newAdminServer(t, step{body: throttledBody(1000, 0)})
	api, _, _ := apiAt(t, srv)
	api.sleep = sleep
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := api.Client(7).Do(ctx, readDoc, nil, &struct{}{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	short, cancelShort := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancelShort()
	if _, err := api.Client(7).Do(short, readDoc, nil, &struct{}{}); !errors.Is(err, ErrThrottled) {
		t.Errorf("a wait longer than the context: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestBudgetWaitsBeforeItAsks(t *testing.T) {
	b := newBudgets()
	now := time.Unix(1000, 0)
	one, other := b.of("1"), b.of("2")
	if d := one.reserve("doc", now, false); d != 0 {
		t.Errorf("an unknown shop waits %v", d)
	}
	var c cost
	c.Requested, c.Throttle.Available, c.Throttle.Maximum, c.Throttle.Restore = 100, 150, 2000, 100
	one.learn("doc", c, now)
	if d := one.reserve("doc", now, false); d != 0 {
		t.Errorf("with 150 points, 100 wait %v", d)
	}
	if d := one.reserve("doc", now, false); d != 500*time.Millisecond {
		t.Errorf("with 50 points, 100 wait %v", d)
	}
	if d := other.reserve("doc", now, false); d != 0 {
		t.Errorf("the other shop waits %v", d)
	}
	if d := one.reserve("doc", now.Add(10*time.Second), false); d != 0 {
		t.Errorf("ten seconds later it waits %v", d)
	}
	for i := range maxBudgets + 10 {
		b.of(fmt.Sprint("shop", i))
	}
	if len(b.shops) != maxBudgets || b.order.Len() != maxBudgets {
		t.Errorf("%d budgets are kept", len(b.shops))
	}
}

// TestBackgroundWorkLeavesHalf reads a history while somebody waits for an order.
func TestBackgroundWorkLeavesHalf(t *testing.T) {
	b := newBudgets().of("1")
	now := time.Unix(1000, 0)
	var c cost
	c.Requested, c.Throttle.Available, c.Throttle.Maximum, c.Throttle.Restore = 200, 2000, 2000, 100
	b.learn("doc", c, now)
	passed := 0
	for b.reserve("doc", now, true) == 0 {
		passed++
	}
	if passed != 5 {
		t.Errorf("%d documents passed in the background, want 5", passed)
	}
	if d := b.reserve("doc", now, true); d != 2*time.Second {
		t.Errorf("the next one is told to wait %v", d)
	}
	first, second := b.book("doc", now, 2*time.Second), b.book("doc", now, 2*time.Second)
	if first != 4*time.Second || second != 6*time.Second {
		t.Errorf("two that must wait come back in %v and %v", first, second)
	}
	for range 5 {
		if d := b.reserve("doc", now, false); d != 0 {
			t.Errorf("work that somebody waits for waits %v", d)
		}
	}
	srv := newAdminServer(t, step{body: throttledBody(500, 100)})
	api, _, heard := apiAt(t, srv)
	_, err := api.Client(7).Do(Background(context.Background()), readDoc, nil, &struct{}{})
	if d, ok := RetryAfter(err); !ok || d < 4*time.Second || len(heard.slept) > 0 || !errors.Is(err, ErrThrottled) {
		t.Errorf("got %v, slept %v", err, heard.slept)
	}
}

func TestAnswerIsReadUpToALimit(t *testing.T) {
	srv := newAdminServer(t, step{body: `{"data":{"shop":"` + strings.Repeat("a", maxAnswer) + `"}}`})
	api, _, _ := apiAt(t, srv)
	if _, err := api.Client(7).Do(context.Background(), writeDoc, nil, &struct{}{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAnotherVersionIsTold(t *testing.T) {
	srv := newAdminServer(t, step{body: okBody, header: map[string]string{"X-Shopify-API-Version": "2027-01"}})
	api, _, heard := apiAt(t, srv)
	if _, err := api.Client(7).Do(context.Background(), readDoc, nil, &struct{}{}); err != nil || heard.version != "2027-01" {
		t.Errorf("got %v, heard %q", err, heard.version)
	}
}

func TestErrorsHoldNoCustomer(t *testing.T) {
	srv := newAdminServer(t, step{body: `{"data":{"shop":{"id":{"x":"canary@example.com"}}}}`})
	api, _, _ := apiAt(t, srv)
	var out struct{ Shop struct{ ID ID } }
	_, err := api.Client(7).Do(context.Background(), readDoc, nil, &out)
	if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "access-0") {
		t.Errorf("got %v", err)
	}
}

func TestUserErrors(t *testing.T) {
	if UserErrors(nil) != nil {
		t.Error("no user errors are an error")
	}
	err := UserErrors([]UserError{{Field: []string{"input", "email"}, Message: "is invalid", Code: "INVALID"}})
	p := problem.Of(err)
	if !errors.Is(err, ErrRefused) || len(p.Fields) != 1 || p.Fields[0].Field != "input.email" || p.Fields[0].Detail != "is invalid" {
		t.Errorf("got %+v", p)
	}
}

const bag = `{"shopMoney":{"amount":"12.30","currencyCode":"USD"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`

func orderBody(lines, page string) string {
	return `{"data":{"order":{"id":"gid://shopify/Order/1","name":"#1042","number":1042,"email":null,"customer":null,"tags":["a"],
		"createdAt":"2026-11-21T10:00:00Z","processedAt":"2026-11-21T10:00:00Z","updatedAt":"2026-11-21T11:00:00Z","cancelledAt":null,
		"currencyCode":"USD","presentmentCurrencyCode":"JPY","totalPriceSet":` + bag + `,"subtotalPriceSet":null,
		"shippingAddress":{"name":"Ana","countryCodeV2":"JP","zip":null},
		"discountApplications":{"nodes":[
			{"__typename":"DiscountCodeApplication","index":0,"allocationMethod":"ACROSS","targetType":"LINE_ITEM","targetSelection":"ALL","code":"TEN","value":{"__typename":"PricingPercentageValue","percentage":10.5}},
			{"__typename":"AutomaticDiscountApplication","index":1,"allocationMethod":"EACH","targetType":"LINE_ITEM","targetSelection":"ALL","title":"Auto","value":{"__typename":"MoneyV2","amount":"5.0","currencyCode":"USD"}}]},
		"shippingLines":{"nodes":[{"id":"gid://shopify/ShippingLine/5","title":"Express","originalPriceSet":` + bag + `,"discountedPriceSet":` + bag + `,"currentDiscountedPriceSet":` + bag + `,"discountAllocations":[]}]},
		"transactions":[{"id":"gid://shopify/OrderTransaction/9","kind":"SALE","status":"SUCCESS","createdAt":"2026-11-21T10:00:00Z","amountSet":` + bag + `,"parentTransaction":null,
			"paymentDetails":{"__typename":"CardPaymentDetails","company":"Visa","number":"•••• 4242"}}],
		"refunds":[{"id":"gid://shopify/Refund/3","processedAt":"2026-11-21T10:00:00Z","totalRefundedSet":` + bag + `}],
		"lineItems":{"nodes":[` + lines + `],"pageInfo":` + page + `}}}}`
}

func lineBody(id int) string {
	return fmt.Sprintf(`{"id":"gid://shopify/LineItem/%d","title":"Lamp","quantity":2,"currentQuantity":1,"product":{"id":"gid://shopify/Product/11"},"variant":null,
		"image":{"url":"https://cdn.example/x.jpg","altText":null},"originalUnitPriceSet":%s,"originalTotalSet":%s,
		"discountAllocations":[{"allocatedAmountSet":%s,"discountApplication":{"index":1}}],"customAttributes":[{"key":"Engraving","value":"A"}]}`, id, bag, bag, bag)
}

func TestOrderIsReadWhole(t *testing.T) {
	srv := newAdminServer(t,
		step{body: orderBody(lineBody(100), `{"hasNextPage":true,"endCursor":"c1"}`)},
		step{body: `{"data":{"order":{"lineItems":{"nodes":[` + lineBody(101) + `],"pageInfo":{"hasNextPage":false}}}}}`},
		step{body: `{"data":{"refund":{"refundLineItems":{"nodes":[{"quantity":1,"restockType":"RETURN","lineItem":{"id":"gid://shopify/LineItem/100"},"subtotalSet":` + bag + `,"totalTaxSet":` + bag + `}],"pageInfo":{"hasNextPage":false}}}}}`},
	)
	api, _, _ := apiAt(t, srv)
	o, err := api.Client(7).Order(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if o.ID != 1 || o.Number != 1042 || o.Total.Shop.Minor != 1230 || o.Total.Presentment.Minor != 1800 || o.Total.Presentment.Currency != "JPY" || o.Subtotal != nil || o.Customer != nil || o.Shipping.CountryCode != "JP" {
		t.Errorf("got %+v", o)
	}
	if len(o.Lines) != 2 || o.Lines[0].ProductID != 11 || o.Lines[0].VariantID != 0 || o.Lines[1].ID != 101 || o.Lines[0].Allocations[0].Application != 1 || o.Lines[0].Attributes[0].Name != "Engraving" {
		t.Errorf("lines %+v", o.Lines)
	}
	if len(o.Applications) != 2 || o.Applications[0].Type != "DiscountCode" || o.Applications[0].Percentage != "10.5" || o.Applications[1].Type != "Automatic" || o.Applications[1].Amount.Minor != 500 {
		t.Errorf("discounts %+v", o.Applications)
	}
	if o.Transactions[0].Payment.Company != "Visa" || o.ShippingLines[0].ID != 5 {
		t.Errorf("got %+v", o)
	}
	if r := o.Refunds[0]; len(r.Lines) != 1 || r.Lines[0].LineID != 100 || r.Lines[0].Subtotal.Shop.Minor != 1230 {
		t.Errorf("refund %+v", r)
	}
	if srv.asked[1].variables["after"] != "c1" || srv.asked[2].variables["id"] != "gid://shopify/Refund/3" {
		t.Errorf("asked %+v", srv.asked[1:])
	}
}

func TestOrderThatIsGoneOrLoops(t *testing.T) {
	srv := newAdminServer(t, step{body: `{"data":{"order":null}}`})
	api, _, _ := apiAt(t, srv)
	if _, err := api.Client(7).Order(context.Background(), 1); !errors.Is(err, ErrOrderMissing) {
		t.Errorf("got %v", err)
	}
	srv.steps = []step{{body: orderBody(lineBody(1), `{"hasNextPage":true,"endCursor":null}`)}}
	if _, err := api.Client(7).Order(context.Background(), 1); !errors.Is(err, ErrAnswer) {
		t.Errorf("a cursor that does not move: %v", err)
	}
	srv.steps = []step{{body: strings.Replace(orderBody(lineBody(1), `{"hasNextPage":false}`), "12.30", "12.305", 1)}}
	if _, err := api.Client(7).Order(context.Background(), 1); !errors.Is(err, ErrAnswer) {
		t.Errorf("half a cent: %v", err)
	}
	denied := strings.TrimSuffix(orderBody(lineBody(1), `{"hasNextPage":false}`), "}") + `,"errors":[{"message":"no","path":["order","customer"],"extensions":{"code":"ACCESS_DENIED"}}]}`
	srv.steps = []step{{body: denied}, {body: `{"data":{"refund":null}}`}}
	o, err := api.Client(7).Order(context.Background(), 1)
	if err != nil || len(o.Denied) != 1 || o.Denied[0] != "order.customer" {
		t.Errorf("without the customer: %+v, %v", o, err)
	}
}

func TestOtherReads(t *testing.T) {
	srv := newAdminServer(t, step{body: `{"data":{"shop":{"id":"gid://shopify/Shop/7","name":"L","myshopifyDomain":"lumen.myshopify.com","currencyCode":"USD","ianaTimezone":"America/New_York","createdAt":"2026-01-01T00:00:00Z","primaryDomain":{"host":"l.example","url":"https://l.example","localization":{"defaultLocale":"de"}}}}}`})
	api, _, _ := apiAt(t, srv)
	c := api.ClientWith(demoShop, "fresh")
	ctx := context.Background()
	shop, err := c.Shop(ctx)
	if err != nil || shop.ID != 7 || shop.Locale != "de" || shop.Timezone != "America/New_York" || srv.asked[0].token != "fresh" {
		t.Errorf("shop %+v, %v", shop, err)
	}
	srv.steps = []step{{body: `{"data":{"currentAppInstallation":{"id":"gid://shopify/AppInstallation/1","accessScopes":[{"handle":"read_orders"}],"activeSubscriptions":[]}}}`}}
	if i, err := c.CurrentInstallation(ctx); err != nil || len(i.Scopes) != 1 || i.Scopes[0] != "read_orders" {
		t.Errorf("installation %+v, %v", i, err)
	}
	srv.steps = []step{{body: `{"data":{"orders":{"nodes":[{"id":"gid://shopify/Order/1","name":"#1","updatedAt":"2026-11-21T10:00:00Z","createdAt":"2026-11-21T10:00:00Z"}],"pageInfo":{"hasNextPage":true,"endCursor":"next"}}}}`}}
	refs, next, err := c.OrdersUpdatedSince(ctx, sessionNow, "")
	if err != nil || len(refs) != 1 || next != "next" || srv.asked[2].variables["query"] != "updated_at:>='2026-11-21T12:00:00Z'" {
		t.Errorf("orders %+v, %q, %v; asked %+v", refs, next, err, srv.asked[2].variables)
	}
	srv.steps = []step{{body: `{"data":{"customer":{"id":"gid://shopify/Customer/5","firstName":"Ana","defaultEmailAddress":{"emailAddress":"a@example.com","marketingState":"SUBSCRIBED"},"defaultPhoneNumber":null,"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}}}`}}
	if who, err := c.Customer(ctx, 5); err != nil || who.ID != 5 || who.Email != "a@example.com" || who.Phone != "" || who.Marketing != "SUBSCRIBED" {
		t.Errorf("customer %+v, %v", who, err)
	}
	srv.steps = []step{{body: `{"data":{"customer":null}}`}}
	if _, err := c.Customer(ctx, 5); !errors.Is(err, ErrNoCustomer) {
		t.Errorf("got %v", err)
	}
}

// sentAgain are the mutations that do the same sent twice: they set what they
// set, open a session that is not committed, or bear a handle that is refused the
// second time.
var sentAgain = []string{"order_address", "order_edit_begin", "order_edit_set_quantity", "fulfillment_hold"}

func TestDocumentsAreWhole(t *testing.T) {
	if len(documents) < 8 {
		t.Fatalf("%d documents", len(documents))
	}
	for _, d := range documents {
		query := strings.HasPrefix(d.Text, "query ")
		if d.Safe != (query || slices.Contains(sentAgain, d.Name)) || !query && !strings.HasPrefix(d.Text, "mutation ") || strings.Contains(d.Text, "#") {
			t.Errorf("%s: %v %q", d.Name, d.Safe, d.Text[:20])
		}
		for _, m := range spread.FindAllStringSubmatch(d.Text, -1) {
			if n := strings.Count(d.Text, "fragment "+m[1]+" on "); n != 1 {
				t.Errorf("%s: fragment %s stands there %d times", d.Name, m[1], n)
			}
		}
	}
}
