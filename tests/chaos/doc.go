// Package chaos proves what the house promises when things break. It builds the
// program, runs it as in production (serve, two workers, PostgreSQL, Redis, a
// mail server, a simulated Shopify) or embedded, breaks things at random moments
// and at named crash points, and then holds database and mail server against
// what was acknowledged.
//
// The campaigns bear the numbers of the register of promises: R1 crash while
// receiving, R2 duplicates and disorder, R3 webhooks never sent, R6 Redis, R7
// workers, R8 the database, R9 the embedded database, R10 mail, R11 tokens, R13
// deploys, R14 backup and restore, R15 poison. Each prints one line with its figures.
//
// CHAOS_SEED replays a run's random decisions; FULL=1 runs the promised figures
// instead of the push size. AFTERGLOW_BINARY names a program that is built
// already.
//
// The invariants, held after every campaign: each acknowledged event is in the
// inbox and done; each order is there once and has exactly one confirmation,
// which is sent; the mail server saw each Message-ID once, or as often as a
// campaign that loses answers allows; nothing waits, runs or lies parked that
// should not; no row is without the row it belongs to.
package chaos
