// Command bench measures Afterglow as ratios: each row runs beside what it is
// compared to, in turns, on the same machine, and prints the medians of both and
// the CPU time that the work took. A rate by itself says little on a machine that
// is shared; a ratio and microseconds of CPU do.
//
//	make bench
//	make bench ARGS="-only ingest -rounds 5 -seconds 5"
//
// It needs the finished bin/afterglow and the servers of scripts/services.sh, which
// `make bench` provides. Load goes to addresses on this machine only, and ends by
// itself.
package main
