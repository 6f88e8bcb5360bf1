// Afterglow is a Shopify app for everything that happens after "Confirm order".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"afterglow/app/boot"
	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/migrations"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `Afterglow: everything after "Confirm order", for Shopify shops.

  afterglow serve             answer Shopify, merchants and shoppers; embedded without DATABASE_URL
  afterglow work              work off jobs, beside serve, in as many processes as wanted
  afterglow migrate up        bring the database's schema up to date
  afterglow migrate status    list the steps of the schema
  afterglow doctor            check the environment and every service it names
  afterglow doctor -ready URL ask a running process whether it is ready
  afterglow demo              a shop to try everything in; needs nothing (see demo -h)

The environment is described in .env.example and docs/operations.md.
`

// errUsage is told with the usage text.
var errUsage = errors.New("unknown command")

// run is the program. It returns the exit status: 0, 1 for what went wrong, told
// in one line, or 2 for a command that was not understood.
func run(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := command(ctx, args, out, errOut)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(errOut, "afterglow: %v\n\n%s", err, usage)
		return 2
	}
	fmt.Fprintf(errOut, "afterglow: %v\n", err)
	return 1
}

func command(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: none given", errUsage)
	}
	name, rest := args[0], args[1:]
	switch name {
	case "serve", "work":
		if len(rest) > 0 {
			return fmt.Errorf("%w: %s takes no arguments", errUsage, name)
		}
		return live(ctx, name)
	case "migrate":
		return migrate(ctx, rest, out)
	case "doctor":
		return doctor(ctx, rest, out, errOut)
	case "demo":
		return boot.Demo(ctx, rest, out, errOut)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return nil
	}
	return fmt.Errorf("%w: %q", errUsage, name)
}

func live(ctx context.Context, name string) error {
	c, err := boot.Load(os.Getenv)
	if err != nil {
		return err
	}
	if name == "work" && c.Embedded() {
		return errors.New("work needs DATABASE_URL and REDIS_URL; embedded, `afterglow serve` works off its jobs itself")
	}
	h, err := boot.Open(ctx, c, clock.System{}, boot.Logger(c))
	if err != nil {
		return err
	}
	defer h.Close()
	if name == "work" {
		return h.Work(ctx)
	}
	return h.Serve(ctx, nil)
}

func migrate(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "up" && args[0] != "status" {
		return fmt.Errorf("%w: migrate takes up or status", errUsage)
	}
	c, err := boot.Load(os.Getenv)
	if err != nil {
		return err
	}
	db, err := boot.OpenDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	if args[0] == "up" {
		if err := db.Migrate(ctx, migrations.Files, func(m store.Migration) { fmt.Fprintf(out, "applied  %s\n", m.Name) }); err != nil {
			return err
		}
	}
	steps, err := db.Migrations(ctx, migrations.Files)
	if err != nil {
		return err
	}
	for _, s := range steps {
		state := "pending"
		if s.Applied {
			state = "applied"
		}
		if args[0] == "status" {
			fmt.Fprintf(out, "%-8s %s\n", state, s.Name)
		}
	}
	return nil
}

func doctor(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(errOut)
	ready := flags.String("ready", "", "the address of a running process's /readyz")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *ready != "" {
		return boot.Ready(ctx, *ready)
	}
	c, err := boot.Load(os.Getenv)
	if err != nil {
		return err
	}
	return boot.Doctor(ctx, c, out)
}
