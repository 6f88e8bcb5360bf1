package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The yardstick's table: what any inbox needs, no less. lz4 as ours, because the
// default compression costs twice the CPU.
const benchInbox = `
	CREATE TABLE IF NOT EXISTS bench_inbox (
		shop_id     bigint      NOT NULL,
		topic       text        NOT NULL,
		event_id    text        NOT NULL,
		webhook_id  text        NOT NULL,
		received_at timestamptz NOT NULL,
		body        bytea       COMPRESSION lz4 NOT NULL,
		PRIMARY KEY (shop_id, topic, event_id)
	)`

// The body is a parameter, so it travels with every statement, as ours does.
const benchInsert = `INSERT INTO bench_inbox (shop_id, topic, event_id, webhook_id, received_at, body)
VALUES (1, 'orders/create', gen_random_uuid()::text, gen_random_uuid()::text, now(), convert_to(:body, 'UTF8')) ON CONFLICT DO NOTHING;
`

// freshDatabase makes an empty database beside the one given and returns its URL.
func freshDatabase(ctx context.Context, server, name string) (string, error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func execSQL(ctx context.Context, database, sql string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// pgbench inserts single rows with the given number of clients and returns rows a second.
func pgbench(ctx context.Context, b *bench, database string, clients int) (float64, error) {
	script := filepath.Join(b.workdir, "insert.sql")
	if err := os.WriteFile(script, []byte(benchInsert), 0o600); err != nil {
		return 0, err
	}
	program := "pgbench"
	if dir := os.Getenv("TEST_POSTGRES_BIN"); dir != "" {
		program = filepath.Join(dir, program)
	}
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-f", script,
		"-D", "body="+string(orderBody(1, time.Now())),
		"-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, runtime.NumCPU())),
		"-T", strconv.Itoa(int(b.length.Seconds())), database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, strings.TrimSpace(string(out)))
	}
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench printed no rate: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
