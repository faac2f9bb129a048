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

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// mostGrowth is how much an operation may take longer with the most sessions than with the fewest.
const mostGrowth = 1.2

const smallest = 1_000

func main() {
	service := flag.String("service", ".build/local", "the local service, built")
	largest := flag.Int("embedded", 1_000_000, "sessions of the largest local service; 0 for none")
	tables := flag.Int("dynamodb", 100_000, "sessions of the largest table of DynamoDB Local; 0 for none")
	rounds := flag.Int("rounds", 300, "how often each operation is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := localServices(ctx, os.Stdout, *service, sizes(*largest), *rounds)
	if ctx.Err() == nil {
		err = errors.Join(err, dynamoTables(ctx, os.Stdout, *tables, *rounds))
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// sizes are the powers of ten up to the largest.
func sizes(largest int) []int {
	var all []int
	for n := smallest; n <= largest; n *= 10 {
		all = append(all, n)
	}
	return all
}

// localServices measures over the disk that the project is on, as "make run" has it.
func localServices(ctx context.Context, out io.Writer, service string, sizes []int, rounds int) (err error) {
	const cache = ".cache"
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	directory, err := os.MkdirTemp(cache, "scale-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	at := laptop{program: service, directory: directory}
	return comparison{"local service", sizes, rounds, func(sessions int) (*place, error) {
		return at.with(ctx, sessions)
	}}.run(ctx, out)
}

func dynamoTables(ctx context.Context, out io.Writer, largest, rounds int) error {
	if largest == 0 {
		return nil
	}
	template, err := stack.Read("template.yaml", nil)
	if err != nil {
		return fmt.Errorf("%w (run it from the project's root)", err)
	}
	engine, err := dynamotest.Acquire()
	if errors.Is(err, dynamotest.ErrUnavailable) {
		_, err = fmt.Fprintln(out, "DynamoDB Local: skipped,", err)
		return err
	}
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close() }()
	return comparison{"DynamoDB Local", sizes(largest), rounds, func(sessions int) (*place, error) {
		return inTable(ctx, engine.Endpoint, template, sessions)
	}}.run(ctx, out)
}
