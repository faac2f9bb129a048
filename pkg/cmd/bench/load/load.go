// Package load owns `bench load`: chains of refreshes, mixed with retries, retrieves, lists and deletes, over HTTP
// against the local service as a process of its own. It prints rates, latencies, CPU and memory, draws the latencies
// over time, and fails on any wrong answer. It never judges by time, and reaches 127.0.0.1 only.
package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// plan is what the command line asks for.
type plan struct {
	store    string
	duration time.Duration
	chains   int
	mix      mix
	out      io.Writer
}

// Run is the subcommand. Errors: dynamotest.ErrUnavailable.
func Run(ctx context.Context, args []string, out io.Writer) error {
	p := plan{out: out}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&p.store, "store", "embedded", "where sessions are: embedded, or dynamodb for DynamoDB Local")
	flags.DurationVar(&p.duration, "duration", 20*time.Second, "how long")
	flags.IntVar(&p.chains, "chains", 8, "how many sessions are used at a time")
	text := flags.String("mix", "refresh=80,retry=4,retrieve=6,list=6,delete=4", "weights of the steps")
	err := flags.Parse(args)
	if err != nil {
		return err
	}
	if p.mix, err = parseMix(*text); err != nil {
		return err
	}
	const longest, most = 15 * time.Minute, 1024 // every latency is kept in memory
	if p.duration < time.Second || p.duration > longest || p.chains < 1 || p.chains > most || flags.NArg() > 0 {
		return fmt.Errorf("-duration is from 1s to %s, -chains from 1 to %d, and there are no other arguments", longest, most)
	}
	return p.run(ctx)
}

func (p plan) run(ctx context.Context) (err error) {
	program, err := measure.Build(ctx, ".build", "./pkg/cmd/local")
	if err != nil {
		return err
	}
	data, err := measure.Scratch("load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	var env []string
	switch p.store {
	case "embedded":
	case "dynamodb":
		engine, err := dynamotest.Acquire()
		if err != nil {
			return err
		}
		defer func() { _ = engine.Close() }() // it ends with this process at the latest
		env = []string{"DYNAMODB_ENDPOINT=" + engine.Endpoint}
	default:
		return fmt.Errorf("-store is embedded or dynamodb, not %q", p.store)
	}
	server, client, err := service.Start(ctx, program, data, p.chains, env...)
	if err != nil {
		return err
	}
	record, loadErr := p.load(ctx, client)
	usage, err := server.Stop()
	if err = errors.Join(loadErr, err); err != nil {
		return err
	}
	fmt.Fprint(p.out, record.summary(p.duration, usage))
	if err := p.draw(record); err != nil {
		return err
	}
	if record.unexpected() {
		return errors.New("there were answers that must not be")
	}
	return nil
}

// load starts the chains and lets them run.
func (p plan) load(ctx context.Context, client *service.Service) (*recorder, error) {
	started := newRecorder(time.Now())
	chains := make([]*chain, p.chains)
	for i := range chains {
		chains[i] = newChain(client, started, i)
		if err := chains[i].issue(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(p.out, "%s: %s\n", p.title(), p.mix.text)
	record := newRecorder(time.Now())
	until := record.started.Add(p.duration)
	progress, stop := context.WithCancel(ctx)
	var printer, workers sync.WaitGroup
	printer.Go(func() { p.progress(progress, record) })
	for _, c := range chains {
		c.record = record
		workers.Go(func() { c.run(ctx, p.mix, until) })
	}
	workers.Wait()
	stop()
	printer.Wait()
	return record, ctx.Err()
}

func (p plan) title() string {
	return fmt.Sprintf("%d chains for %s over the %s store", p.chains, p.duration, p.store)
}

// progress prints a line each second.
func (p plan) progress(ctx context.Context, record *recorder) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	seen := 0
	for second := 1; ; second++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		s, failures := record.since(seen)
		seen += s.Count
		fmt.Fprintf(p.out, "%4d s %7d/s   p50 %6.2f   p95 %6.2f   p99 %6.2f ms   errors %d\n",
			second, s.Count, s.P50, s.P95, s.P99, failures)
	}
}

// draw writes the plot, of four points a second and a hundred at most.
func (p plan) draw(record *recorder) error {
	const perSecond, atMost = 4, 100
	points := min(perSecond*p.duration/time.Second, atMost)
	all, now := statsOf(record.samples), time.Now().UTC()
	plot := measure.Plot{
		Title: p.title(),
		Subtitle: fmt.Sprintf("%.0f requests/s; p50 %.2f, p95 %.2f, p99 %.2f, greatest %.2f ms",
			float64(all.Count)/p.duration.Seconds(), all.P50, all.P95, all.P99, all.Max),
		Note:   measure.Machine() + ", mix " + p.mix.text,
		Length: p.duration / points, Intervals: intervals(record.samples, p.duration, int(points)),
	}
	path := filepath.Join(measure.Cache, "load-"+now.Format("20060102-150405")+".svg")
	fmt.Fprintf(p.out, "\nlatencies over time: %s\n", path)
	return os.WriteFile(path, []byte(plot.SVG()), 0o600)
}
