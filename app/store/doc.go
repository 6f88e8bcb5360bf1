// Package store is the only way into the database.
//
// It opens PostgreSQL (production) or SQLite (embedded), migrates them, and runs
// transactions. A transaction belongs to one shop and to one instant: Tx carries
// both, so that every row of one act bears the same time and every statement can
// be held against the tenant.
//
// # One shop never sees another's data
//
// Two walls stand behind the rooms' own WHERE clauses. The guard reads each
// statement before it runs: one that touches a table with a shop_id column must
// name shop_id and bear the transaction's own shop among its arguments, or it
// fails with ErrUnscoped. On PostgreSQL row-level security holds as well, FORCEd
// on every such table, so a statement that slipped by would find no rows.
// System transactions, for machinery that serves all shops, are exempt from both.
//
// # Reading
//
// A transaction of Read sees one state of the data from its first statement to its
// last, so Once may share what was read among callers who do not know each other.
// A Witness keeps which rows it has read, in which versions, and tells whether they
// are still the same (PostgreSQL only). All who ask at one time are answered
// together (checks.go), never with an answer that began before they asked.
//
// # Rules for callers
//
// Inside a transaction use only tx: SQLite has one writing connection, and a
// second query beside tx would wait for ever. The function given to InTx may run
// more than once (a deadlock is tried again), so it must not leave anything
// behind but what it wrote through tx. Never call the network inside.
//
// # Failure
//
// A database that cannot be reached is ErrUnavailable (503, tried again). When
// the answer to COMMIT is lost nobody knows whether it happened; that is
// ErrUnavailable too, and callers must be able to run again.
package store
