package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// Lane separates work by what it waits for, so that a slow mail server or a
// throttled shop holds up its own kind and nothing else.
type Lane string

// The lanes. A task with InTx is always in LaneStore.
const (
	LaneStore   Lane = "store"   // the database only
	LaneShopify Lane = "shopify" // the Admin API; the lane of a task with Run that names none
	LaneMail    Lane = "mail"    // mail servers
)

// Config says how a queue works. Zero values are the defaults in brackets.
type Config struct {
	DB        *store.DB
	Redis     asynq.RedisConnOpt
	Log       *slog.Logger
	Workers   map[Lane]int  // in this process (store 8, shopify 4, mail 10)
	Poll      time.Duration // how long a due row may lie unseen (25 ms)
	Reconcile time.Duration // how often lost rows are looked for (5 s)
	Alone     bool          // no other process shares the table: take back at start what the last run held
}

// Queue runs jobs.
type Queue struct {
	cfg     Config
	db      *store.DB
	log     *slog.Logger
	client  *asynq.Client
	redis   redis.UniversalClient
	servers []*asynq.Server
	tasks   map[string]Task
	hears   map[string][]string
	plans   []Schedule
	feeders []Feeder
	wake    chan struct{}
	cancel  context.CancelFunc
	loops   sync.WaitGroup
}

// New connects a queue to its database and Redis. It fails when the address of
// Redis is wrong, not when Redis is away.
func New(cfg Config) (*Queue, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	workers := map[Lane]int{LaneStore: 8, LaneShopify: 4, LaneMail: 10}
	maps.Copy(workers, cfg.Workers)
	cfg.Workers = workers
	cfg.Poll, cfg.Reconcile = or(cfg.Poll, 25*time.Millisecond), or(cfg.Reconcile, 5*time.Second)
	client, ok := cfg.Redis.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.New("queue: this kind of Redis connection is not supported")
	}
	q := &Queue{
		cfg: cfg, db: cfg.DB, log: cfg.Log, redis: client, client: asynq.NewClientFromRedisClient(client),
		tasks: map[string]Task{}, hears: map[string][]string{}, wake: make(chan struct{}, 1),
	}
	cfg.DB.Attach(q)
	return q, nil
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Register adds tasks. Two tasks of one kind are a mistake in the program.
func (q *Queue) Register(tasks ...Task) {
	for _, t := range tasks {
		if _, taken := q.tasks[t.Kind]; taken || (t.InTx == nil) == (t.Run == nil) {
			panic("queue: task " + t.Kind + " is registered twice, or does not have exactly one of InTx and Run")
		}
		q.tasks[t.Kind] = t
	}
}

// Hear registers a task that runs for each publication of the fact.
func (q *Queue) Hear(fact string, t Task) {
	q.Register(t)
	q.hears[fact] = append(q.hears[fact], t.Kind)
}

// Feed adds a source of work that the relay asks before it looks at the table.
func (q *Queue) Feed(f Feeder) { q.feeders = append(q.feeders, f) }

// Wake makes the relay look now.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Start runs relay, reconciler, schedules and workers until Stop.
func (q *Queue) Start(ctx context.Context) error {
	if q.cfg.Alone {
		if err := q.reclaim(ctx); err != nil {
			return fmt.Errorf("take back the last run's jobs: %w", err)
		}
	}
	for lane, workers := range q.cfg.Workers {
		server := asynq.NewServerFromRedisClient(q.redis, asynq.Config{
			Concurrency: workers, Queues: map[string]int{string(lane): 1}, TaskCheckInterval: 20 * time.Millisecond,
			ShutdownTimeout: 20 * time.Second, Logger: asynqLog{q.log}, LogLevel: asynq.WarnLevel,
			DelayedTaskCheckInterval: time.Minute, HealthCheckInterval: time.Minute,
		})
		if err := server.Start(asynq.HandlerFunc(q.process)); err != nil {
			return fmt.Errorf("start workers: %w", err)
		}
		q.servers = append(q.servers, server)
	}
	ctx, q.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, loop := range []func(context.Context){q.relay, q.reconcile, q.schedule} {
		q.loops.Go(func() { loop(ctx) })
	}
	return nil
}

// Stop lets running jobs end, for at most 20 s, and stops everything else. Jobs
// that did not make it are taken up again by another process or the next start.
func (q *Queue) Stop() {
	if q.cancel != nil {
		q.cancel()
	}
	q.loops.Wait()
	var waiting sync.WaitGroup
	for _, s := range q.servers {
		waiting.Go(s.Shutdown)
	}
	waiting.Wait()
	q.redis.Close()
}

// Ping tells whether Redis answers.
func (q *Queue) Ping(ctx context.Context) error {
	if err := q.redis.Ping(ctx).Err(); err != nil {
		return problem.New(problem.Unavailable, "redis_unavailable", "Redis cannot be reached at the moment.").With(err)
	}
	return nil
}

func (q *Queue) lane(kind string) Lane {
	switch t := q.tasks[kind]; {
	case t.Run == nil:
		return LaneStore
	case t.Lane == "":
		return LaneShopify
	default:
		return t.Lane
	}
}

// A task's payload names the row and the epoch under which it was handed over.
type payload struct {
	ID    string   `json:"id"`
	Shop  ids.Shop `json:"shop"`
	Epoch int      `json:"epoch"`
}

func encodePayload(r handed) []byte {
	b, err := json.Marshal(payload{r.ID, r.ShopID, r.Epoch})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return b
}

func taskID(id string, epoch int) string { return id + ":" + strconv.Itoa(epoch) }

// process runs one task that Asynq delivered. It always returns nil: the table,
// not Asynq, decides what happens next.
func (q *Queue) process(ctx context.Context, t *asynq.Task) error {
	var p payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil || p.Shop == 0 {
		q.log.Error("unreadable task", "kind", t.Type())
		return nil
	}
	began := time.Now()
	err := q.attempt(ctx, t.Type(), p)
	outcome := "done"
	switch {
	case errors.Is(err, ErrStale):
		outcome = "stale"
	case err != nil:
		outcome = q.setBack(ctx, t.Type(), p, err)
	}
	jobSeconds.WithLabelValues(t.Type(), outcome).Observe(time.Since(began).Seconds())
	return nil
}

func (q *Queue) attempt(ctx context.Context, kind string, p payload) (err error) {
	defer func() {
		if r := recover(); r != nil {
			q.log.Error("job panicked", "kind", kind, "job", p.ID, "shop", p.Shop, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in %s", kind)
		}
	}()
	task, ok := q.tasks[kind]
	if !ok {
		return ErrUnknownTask
	}
	ctx, cancel := context.WithTimeout(ctx, task.timeout())
	defer cancel()
	if task.InTx != nil {
		return q.attemptInTx(ctx, task, p)
	}
	var row Row
	err = q.db.InTx(ctx, p.Shop, func(tx *store.Tx) (err error) {
		row, err = claim(tx, p.ID, p.Epoch, task.timeout()+10*time.Second)
		return err
	})
	if err != nil {
		return err
	}
	CrashPoint("job.after_claim")
	return task.Run(ctx, &Claim{Job: row.job(), epoch: p.Epoch, q: q})
}

func (q *Queue) attemptInTx(ctx context.Context, task Task, p payload) error {
	err := q.db.InTx(ctx, p.Shop, func(tx *store.Tx) error {
		if err := finish(tx, p.ID, p.Epoch, StateReady, StateQueued); err != nil {
			return err
		}
		var row Row
		if err := store.One(tx.Scoped(&row).Where("id = ?", p.ID).Take(&row)); err != nil {
			return err
		}
		if err := task.InTx(ctx, tx, row.job()); err != nil {
			return err
		}
		CrashPoint("job.before_commit")
		return nil
	})
	if err == nil {
		CrashPoint("job.after_commit")
	}
	return err
}

func (r Row) job() Job {
	return Job{ID: r.ID, Shop: r.ShopID, Kind: r.Kind, Ref: r.Ref, Attempt: r.Attempts}
}

// setBack decides what follows a failed attempt, and records it even when the
// attempt's own time is over.
func (q *Queue) setBack(ctx context.Context, kind string, p payload, cause error) (outcome string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	task := q.tasks[kind]
	err := q.db.InTx(ctx, p.Shop, func(tx *store.Tx) error {
		var row Row
		if err := store.One(tx.Scoped(&row).Where("id = ? AND epoch = ?", p.ID, p.Epoch).Take(&row)); err != nil {
			return err
		}
		attempts := row.Attempts
		if task.Run == nil {
			attempts++ // the transaction that counted it was rolled back
		}
		state, at := nextAfter(task, attempts, tx.Now, cause)
		outcome = string(state)
		return setBack(tx, p.ID, p.Epoch, state, Reason(cause), at, task.Run == nil)
	})
	if outcome == "" || err != nil {
		q.log.Warn("could not record a failed attempt; its lease will bring it back", "kind", kind, "job", p.ID, "shop", p.Shop, "error", err)
		return "lost"
	}
	q.log.Warn("job failed", "kind", kind, "job", p.ID, "shop", p.Shop, "next", outcome, "error", cause)
	return outcome
}

// nextAfter is the rule for what follows the given number of attempts.
func nextAfter(task Task, attempts int, now time.Time, cause error) (State, time.Time) {
	var later *laterError
	switch {
	case attempts >= task.maxAttempts():
		return StateParked, now
	case errors.As(cause, &later):
		return StateReady, later.at
	case !problem.Retryable(cause):
		return StateParked, now
	}
	return StateReady, now.Add(backoff(attempts))
}

// backoff doubles from one second to an hour and takes a random part of the
// upper half, so that what failed together does not come back together.
func backoff(attempt int) time.Duration {
	d := time.Second << min(attempt-1, 12)
	d = min(d, time.Hour)
	return d/2 + rand.N(d/2+1)
}

// Reason is what the table keeps of an error: its code and sentence when people
// may read it, else its text cut to a bearable length.
func Reason(err error) string {
	if p := problem.Of(err); p.Kind != problem.Internal {
		return p.Code + ": " + p.Detail
	}
	s := err.Error()
	if len(s) > 300 {
		s = s[:300]
	}
	return s
}

// asynqLog passes Asynq's warnings on.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(...any)      {}
func (l asynqLog) Info(...any)       {}
func (l asynqLog) Warn(args ...any)  { l.log.Warn("asynq", "message", fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error("asynq", "message", fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq", "message", fmt.Sprint(args...)) }
