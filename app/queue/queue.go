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
	"strings"
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
	Drain     time.Duration // how long running jobs may go on after Stop (15 s)
	Alone     bool          // no other process shares the table: take back at start what the last run held
}

// recordTime is how long writing down the end of an attempt may take, after the
// attempt's own time.
const recordTime = 10 * time.Second

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
	working context.Context // ends when Stop has waited long enough
	cutOff  context.CancelFunc
	running sync.WaitGroup // attempts
	astray  bool           // Redis did not take what the relay gave it last
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
	cfg.Poll, cfg.Reconcile, cfg.Drain = or(cfg.Poll, 25*time.Millisecond), or(cfg.Reconcile, 5*time.Second), or(cfg.Drain, 15*time.Second)
	client, ok := cfg.Redis.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.New("queue: this kind of Redis connection is not supported")
	}
	q := &Queue{
		cfg: cfg, db: cfg.DB, log: cfg.Log, redis: client, client: asynq.NewClientFromRedisClient(client),
		tasks: map[string]Task{}, hears: map[string][]string{}, wake: make(chan struct{}, 1),
	}
	q.working, q.cutOff = context.WithCancel(context.Background())
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
			ShutdownTimeout: q.cfg.Drain + recordTime/2, Logger: asynqLog{q.log}, LogLevel: asynq.WarnLevel,
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

// Stop takes no more work and lets running jobs end. What has not ended after
// Config.Drain is cut off and is ready again for another process at once.
func (q *Queue) Stop() {
	cut := time.AfterFunc(q.cfg.Drain, q.cutOff)
	defer cut.Stop()
	if q.cancel != nil {
		q.cancel()
	}
	q.loops.Wait()
	var waiting sync.WaitGroup
	for _, s := range q.servers {
		waiting.Go(s.Shutdown)
	}
	waiting.Wait()
	q.cutOff()
	q.awaitAttempts(recordTime / 2)
	q.redis.Close()
}

// awaitAttempts gives attempts that Asynq no longer waits for the time to write
// down how they ended.
func (q *Queue) awaitAttempts(atMost time.Duration) {
	ended := make(chan struct{})
	go func() { q.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(atMost):
		q.log.Warn("a job does not end; its lease will bring it back")
	}
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
	q.running.Add(1)
	defer q.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.working, cancel)()
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
	c := &Claim{epoch: p.Epoch, q: q}
	err = q.db.InTx(ctx, p.Shop, func(tx *store.Tx) (err error) {
		c.Job, err = claim(tx, kind, p.ID, p.Epoch)
		return err
	})
	if err != nil {
		return err
	}
	CrashPoint("job.after_claim")
	go c.renew(ctx, cancel)
	return task.Run(ctx, c)
}

// renew keeps the lease while the attempt runs, and cancels it when somebody else
// has taken over. A lease is short, so that the job of a killed worker is taken
// up soon, whatever time its task may take.
func (c *Claim) renew(ctx context.Context, cancel context.CancelFunc) {
	tick := time.NewTicker(leaseTime / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := c.q.db.InTx(ctx, c.Job.Shop, func(tx *store.Tx) error { return prolong(tx, c.Job.ID, c.epoch) })
		if errors.Is(err, ErrStale) {
			cancel()
		}
	}
}

func (q *Queue) attemptInTx(ctx context.Context, task Task, p payload) error {
	err := q.db.InTx(ctx, p.Shop, func(tx *store.Tx) error {
		job, err := finishNow(tx, task.Kind, p.ID, p.Epoch)
		if err != nil {
			return err
		}
		if err := task.InTx(ctx, tx, job); err != nil {
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

// setBack decides what follows a failed attempt, and records it even when the
// attempt's own time is over.
func (q *Queue) setBack(ctx context.Context, kind string, p payload, cause error) (outcome string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if q.working.Err() != nil && problem.Retryable(cause) { // cut off by Stop
		cause = Later(q.db.Clock().Now(), cause)
	}
	task := q.tasks[kind]
	var next follow
	err := q.db.InTx(ctx, p.Shop, func(tx *store.Tx) error {
		var row Row
		if err := store.One(tx.Scoped(&row).Where("id = ? AND epoch = ?", p.ID, p.Epoch).Take(&row), problemStale); err != nil {
			return err
		}
		attempts := row.Attempts
		if task.Run == nil {
			attempts++ // the transaction that counted it was rolled back
		}
		next = after(task, attempts, tx.Now, cause)
		if err := setBack(tx, p.ID, p.Epoch, next, Reason(cause)); err != nil || next.state != StateParked || task.Parked == nil {
			return err
		}
		return task.Parked(tx, Job{row.ID, row.ShopID, row.Kind, row.Ref, next.attempts}, Reason(cause))
	})
	log := q.log.With("kind", kind, "job", p.ID, "shop", p.Shop)
	switch {
	case errors.Is(err, problemStale):
		return "stale"
	case err != nil:
		log.Warn("could not record a failed attempt; its lease will bring it back", "error", err, "failure", cause)
		return "lost"
	case next.waits:
		log.Info("job waits", "until", next.at, "reason", cause)
		return "later"
	}
	log.Warn("job failed", "next", next.state, "error", cause)
	return string(next.state)
}

// problemStale is ErrStale in the form that a lookup can return.
var problemStale = problem.New(problem.Conflict, "queue.stale", "The job is in other hands.")

// follow is what comes after an attempt that did not end its job.
type follow struct {
	state    State
	at       time.Time
	attempts int  // that count
	waits    bool // asked for by Later
}

// after is the rule for what follows the given number of attempts.
func after(task Task, attempts int, now time.Time, cause error) follow {
	var later *laterError
	switch {
	case errors.As(cause, &later):
		return follow{StateReady, later.at, attempts - 1, true}
	case attempts >= task.maxAttempts(), !problem.Retryable(cause):
		return follow{StateParked, now, attempts, false}
	}
	return follow{StateReady, now.Add(backoff(attempts)), attempts, false}
}

// backoff doubles from one second to an hour and takes a random part of the
// upper half, so that what failed together does not come back together.
func backoff(attempt int) time.Duration {
	d := time.Second << min(max(attempt-1, 0), 12)
	d = min(d, time.Hour)
	return d/2 + rand.N(d/2+1)
}

// Reason is what the table keeps of an error: its code and sentence when people
// may read it, else its text cut to a bearable length. Whatever bytes an error
// was made of, the result is text that every database takes.
func Reason(err error) string {
	s := err.Error()
	if p := problem.Of(err); p.Kind != problem.Internal {
		s = p.Code + ": " + p.Detail
	}
	if len(s) > 300 {
		s = s[:300]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// asynqLog passes Asynq's warnings on.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(...any)      {}
func (l asynqLog) Info(...any)       {}
func (l asynqLog) Warn(args ...any)  { l.log.Warn("asynq", "message", fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error("asynq", "message", fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq", "message", fmt.Sprint(args...)) }

// go-redis writes to standard error, beside the program's log, what it returns as
// an error as well.
func init() { redis.SetLogger(quiet{}) }

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
