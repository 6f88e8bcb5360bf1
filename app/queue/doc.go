// Package queue makes sure that work which was decided on happens.
//
// # Words
//
// A job is a row of queue_jobs, written in the transaction that caused it (the
// outbox). A task says how jobs of one kind are run. A fact is something that
// happened, past tense ("orders.placed"); publishing it writes one job for each
// room that hears it. The relay hands rows that are due to Asynq; the reconciler
// brings back rows that got lost on the way.
//
//	        Enqueue                relay                 claim
//	caller ─────────▶ ready ─────────────▶ queued ─────────────▶ running ──▶ done
//	                   ▲  ▲                  │ lease ran out        │  │
//	                   │  └──── epoch+1 ─────┘◀─────────────────────┘  ├──▶ parked
//	                   └───────────── failed, try again later ◀────────┘
//	        Stop: ready, queued ──▶ stopped
//
// # Guarantees
//
// The database is the truth and Redis a messenger: what Redis forgets is handed
// over again (at once when its memory was wiped, which a sentinel key shows;
// after the lease otherwise). A job may therefore start twice, late, or on two
// machines. Its epoch is the fence: each handing-over that replaces another
// raises it, and only the holder of the current one can write done. For tasks
// that only touch the database (Task.InTx) effect and done are one transaction,
// so the effect happens exactly once. Tasks with an outward effect (Task.Run)
// run at least once and must carry a key that the other side understands.
//
// # Failure
//
// A problem that cannot pass by itself (invalid, not found, …) parks the job with
// its reason; the rest is tried again with growing, jittered pauses and parked
// after MaxAttempts. A job that has to wait (Later) has not failed and is not
// counted. Parked jobs are rows with a button, never Asynq's archive.
// A panic counts as a failure. Tasks carry ids, never bodies.
package queue
