package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/store"
)

const (
	maxWebhook    = 2 << 20         // bytes of a body; a longer one is refused with 413
	ingestLimit   = 3 * time.Second // Shopify waits five; an answer of ours must not be the one it misses
	keepBody      = 7 * 24 * time.Hour
	keepEventID   = 35 * 24 * time.Hour
	TaskReceive   = "shopify.receive"
	inboxFeedSize = 200
)

var (
	webhooksReceived = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "afterglow_webhooks_total", Help: "Webhooks by outcome: accepted, forged, unknown_shop, malformed, too_large, unavailable.",
	}, []string{"outcome"})
	webhookLag = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "afterglow_webhook_lag_seconds", Help: "Time from Shopify's trigger to our durable receipt.",
		Buckets: []float64{.1, .5, 1, 2, 5, 15, 60, 300, 3600, 14400},
	})
	webhookIngest = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "afterglow_webhook_ingest_seconds", Help: "Time to verify and store a webhook.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 3},
	})
	inboxDepth = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "afterglow_inbox", Help: "Webhooks not yet worked off, by state.",
	}, []string{"state"})
)

// Event is one webhook as its topic's handler sees it.
type Event struct {
	ID          string
	Shop        ids.Shop
	Topic       string
	EventID     string
	WebhookID   string
	TriggeredAt time.Time // zero when Shopify did not say
	ReceivedAt  time.Time
	Body        []byte
	subject     string
}

// About records what the event was about, such as "order:1234", so that the
// admin can show it on that thing's timeline. It is kept when the handler succeeds.
func (e *Event) About(kind string, id int64) { e.subject = Subject(kind, id) }

// Subject is the form in which an event's subject is kept.
func Subject(kind string, id int64) string { return fmt.Sprintf("%s:%d", kind, id) }

// TopicHandler works off the events of one topic. It may see the same event
// twice, late, and after newer ones. The transaction also marks the event done.
// A problem that cannot pass (invalid payload) parks the event with its reason.
type TopicHandler func(ctx context.Context, tx *store.Tx, ev *Event) error

// Installed tells which shop has the domain, and whether the app is installed there.
type Installed func(ctx context.Context, domain Domain) (shop ids.Shop, installed bool, err error)

// Inbox takes webhooks in: verify, store, commit, answer. What they mean is
// worked out later by the handlers of their topics.
type Inbox struct {
	db       *store.DB
	secrets  Secrets
	shops    Installed
	log      *slog.Logger
	wake     func()
	handlers map[string]TopicHandler
	direct   chan struct{} // slots for inserts of a single row
	grouped  chan *arrival
}

// NewInbox returns an inbox. wake, which may be nil, is called after each commit.
func NewInbox(db *store.DB, secrets Secrets, shops Installed, wake func(), log *slog.Logger) *Inbox {
	slots := 16 // beyond these, waiting requests share one statement: measured, grouping only pays under pressure
	if db.Dialect == "sqlite" {
		slots = 1
	}
	if wake == nil {
		wake = func() {}
	}
	in := &Inbox{db: db, secrets: secrets, shops: shops, log: log, wake: wake,
		handlers: map[string]TopicHandler{}, direct: make(chan struct{}, slots), grouped: make(chan *arrival, 4096)}
	return in
}

// Hear registers the one handler of a topic.
func (in *Inbox) Hear(topic string, h TopicHandler) {
	if _, taken := in.handlers[topic]; taken {
		panic("shopify: two rooms hear " + topic)
	}
	in.handlers[topic] = h
}

// Topics lists the topics that are heard.
func (in *Inbox) Topics() []string {
	topics := make([]string, 0, len(in.handlers))
	for t := range in.handlers {
		topics = append(topics, t)
	}
	slices.Sort(topics)
	return topics
}

// Endpoint answers Shopify's deliveries. With compliance it accepts the three
// privacy topics only, also for shops that have uninstalled; without, all others.
func (in *Inbox) Endpoint(compliance bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		status, outcome := in.receive(r, compliance)
		webhooksReceived.WithLabelValues(outcome).Inc()
		webhookIngest.Observe(time.Since(began).Seconds())
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, http.StatusText(status)+"\n")
	})
}

// receive is the whole path. Nothing of the body is parsed here: the signature
// covers its bytes, and Shopify is waiting.
func (in *Inbox) receive(r *http.Request, compliance bool) (status int, outcome string) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, "malformed"
	}
	ctx, cancel := context.WithTimeout(r.Context(), ingestLimit)
	defer cancel()
	body, err := readBody(r)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return http.StatusRequestEntityTooLarge, "too_large"
		}
		return http.StatusBadRequest, "malformed"
	}
	if err := in.secrets.VerifyWebhook(r.Header, body); err != nil {
		return http.StatusUnauthorized, "forged"
	}
	a, ok := readHeaders(r.Header, body)
	if !ok || isCompliance(a.topic) != compliance {
		return http.StatusBadRequest, "malformed"
	}
	shop, installed, err := in.shops(ctx, a.domain)
	switch {
	case errors.Is(err, store.ErrNotFound) && compliance:
		return http.StatusOK, "nothing_held" // erased already: there is nothing left to do
	case errors.Is(err, store.ErrNotFound), err == nil && !installed && !compliance && a.topic != "app/uninstalled":
		return http.StatusNotFound, "unknown_shop"
	case err != nil:
		in.log.Error("webhook: look up shop", "error", err)
		return http.StatusServiceUnavailable, "unavailable"
	}
	a.shop, a.receivedAt = shop, in.db.Clock().Now()
	if err := in.insert(ctx, a); err != nil {
		in.log.Error("webhook: store", "shop", shop, "topic", a.topic, "error", err)
		return http.StatusServiceUnavailable, "unavailable"
	}
	queue.CrashPoint("inbox.after_commit")
	if a.triggeredAt != nil {
		webhookLag.Observe(max(0, a.receivedAt.Sub(*a.triggeredAt).Seconds()))
	}
	in.wake()
	return http.StatusOK, "accepted"
}

func readBody(r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(nil, r.Body, maxWebhook)
	if r.ContentLength > maxWebhook {
		return nil, &http.MaxBytesError{Limit: maxWebhook}
	}
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(limited, body)
		return body, err
	}
	return io.ReadAll(limited)
}

// arrival is a verified delivery on its way into the table.
type arrival struct {
	id, topic, eventID, webhookID, version string
	domain                                 Domain
	shop                                   ids.Shop
	triggeredAt                            *time.Time
	receivedAt                             time.Time
	body                                   []byte
	stored                                 chan error
	taken                                  chan struct{} // closed when a group has it
}

// readHeaders takes the unsigned headers, each at most once and of bearable
// length. They say which row it is, never how much money moves.
func readHeaders(h http.Header, body []byte) (*arrival, bool) {
	value := func(name string) (string, bool) {
		v := h.Values(name)
		if len(v) == 0 {
			return "", true
		}
		return v[0], len(v) == 1 && len(v[0]) <= 200 && printable(v[0])
	}
	topic, ok1 := value("X-Shopify-Topic")
	name, ok2 := value("X-Shopify-Shop-Domain")
	version, ok3 := value("X-Shopify-API-Version")
	webhookID, ok4 := value("X-Shopify-Webhook-Id")
	eventID, ok5 := value("X-Shopify-Event-Id")
	triggered, ok6 := value("X-Shopify-Triggered-At")
	domain, err := ParseDomain(name)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || err != nil || !strings.Contains(topic, "/") {
		return nil, false
	}
	a := &arrival{id: ids.New("wh"), topic: topic, eventID: eventID, webhookID: webhookID, version: version, domain: domain, body: body}
	if at, err := time.Parse(time.RFC3339Nano, triggered); err == nil {
		at = clock.Instant(at)
		a.triggeredAt = &at
	}
	// The event id names the cause and survives retries; without it the delivery's
	// id does, and without that the body itself.
	if a.eventID == "" {
		a.eventID = webhookID
	}
	if a.eventID == "" {
		a.eventID = "sha256:" + hexSum(body)
	}
	return a, true
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

var complianceTopics = []string{"customers/data_request", "customers/redact", "shop/redact"}

func isCompliance(topic string) bool { return slices.Contains(complianceTopics, topic) }

// Task works off one stored event.
func (in *Inbox) Task() queue.Task {
	return queue.Task{Kind: TaskReceive, InTx: in.work}
}

// ErrUnheard parks an event whose topic no room of this version hears.
var ErrUnheard = problem.New(problem.Invalid, "shopify.topic_unheard", "No part of this version handles this topic. Remove it from the app's configuration, or upgrade and retry.")

// ErrBodyGone parks an event that came back after its body's time was over.
var ErrBodyGone = problem.New(problem.Invalid, "shopify.body_erased", "The event's content was erased after seven days; the reconciliation has fetched its order since.")

func (in *Inbox) work(ctx context.Context, tx *store.Tx, job queue.Job) error {
	row, err := findInbox(tx, job.Ref)
	if err != nil || row.State == inboxDone {
		return err
	}
	if row.Body == nil {
		return ErrBodyGone
	}
	handle, ok := in.handlers[row.Topic]
	if !ok {
		return ErrUnheard
	}
	if !json.Valid(row.Body) {
		return problem.New(problem.Invalid, "shopify.not_json", "The event's content is not valid JSON.")
	}
	ev := row.event()
	if err := handle(ctx, tx, ev); err != nil {
		return fmt.Errorf("%s: %w", row.Topic, err)
	}
	return markDone(tx, row.ID, ev.subject)
}
