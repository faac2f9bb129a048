// Package main owns `bench`, the one command that measures this service: floors, load, scale, compare, overlap and bill. It
// must never fail because of a time, reach anything but 127.0.0.1, or leave a process behind.
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

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/bill"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/compare"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/floors"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/overlap"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/scale"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"floors": floors.Run, "load": load.Run, "scale": scale.Run, "compare": compare.Run, "overlap": overlap.Run,
	"bill": bill.Run,
}

const usage = `usage, in the project's root: go run ./pkg/cmd/bench <command> [-help]
  floors   what a refresh, an authorisation and a cold start cost, with verdicts
  load     chains of refreshes and other requests over HTTP, every answer checked, with a plot
  scale    how long operations take with 10^3 to 10^6 sessions
  compare  refreshes beside fosite, oidc-provider and a floor
  overlap  what rules for rotated tokens cost honest clients and leave to thieves, in virtual time
  bill     what a million refreshes and a month cost at list prices, with the parameters of a stack`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New(usage)
	}
	err := commands[args[0]](ctx, args[1:], os.Stdout)
	if errors.Is(err, dynamotest.ErrUnavailable) && os.Getenv("REQUIRE_ENGINES") != "1" {
		fmt.Printf("%s: skipped: %v\n", args[0], err)
		return nil
	}
	return err
}
