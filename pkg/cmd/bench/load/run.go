package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// The stores that the service can be run over.
const (
	storeEmbedded = "embedded"
	storeDynamoDB = "dynamodb"
)

var errWrong = errors.New("there were answers that must not be")

func (p plan) run(ctx context.Context) (err error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	data, err := os.MkdirTemp(p.dir, "data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	var env []string
	if p.store == storeDynamoDB {
		engine, err := dynamotest.Acquire()
		if err != nil {
			return err
		}
		defer func() { _ = engine.Close() }() // it ends with this process at the latest
		env = []string{"DYNAMODB_ENDPOINT=" + engine.Endpoint}
	}
	server, err := measure.Start(ctx, measure.LocalService(p.service, data, env...))
	if err != nil {
		return err
	}
	record, loadErr := p.load(ctx, server.Base, data)
	usage, err := server.Stop()
	if err = errors.Join(loadErr, err); err != nil {
		return err
	}
	return p.report(record, usage)
}

// load starts the chains and lets them run.
func (p plan) load(ctx context.Context, base, data string) (*recorder, error) {
	credentials, err := measure.Credentials(data)
	if err != nil {
		return nil, err
	}
	record := newRecorder(time.Now())
	const timeout = 30 * time.Second
	c := &client{base: base, record: record, http: &http.Client{
		Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: p.chains, DisableCompression: true},
	}}
	chains := make([]*chain, p.chains)
	for i := range chains {
		chains[i] = newChain(c, i, credentials)
		if err := chains[i].issue(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Printf("%d chains for %s over the %s store: %s\n", p.chains, p.duration, p.store, p.mix.text)
	record.started = time.Now()
	until := record.started.Add(p.duration)
	progress, stop := context.WithCancel(ctx)
	var printer, workers sync.WaitGroup
	printer.Go(func() { record.progress(progress) })
	for _, x := range chains {
		workers.Go(func() { x.run(ctx, p.mix, until) })
	}
	workers.Wait()
	stop()
	printer.Wait()
	return record, ctx.Err()
}

// progress prints a line each second.
func (r *recorder) progress(ctx context.Context) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	seen := 0
	for second := 1; ; second++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		added, faults := r.since(seen)
		seen += len(added)
		s := statsOf(added)
		fmt.Printf("%4d s %7d/s   p50 %6.2f   p95 %6.2f   p99 %6.2f ms   errors %d\n", second, s.count,
			measure.Milliseconds(s.p50), measure.Milliseconds(s.p95), measure.Milliseconds(s.p99), faults)
	}
}

// report prints the figures, draws the plot, and is an error if any answer was wrong.
func (p plan) report(record *recorder, usage measure.Usage) error {
	fmt.Print(summary(record, p.duration, usage))
	length := p.duration / intervalsOf(p.duration)
	all := statsOf(record.samples)
	drawn := plot{
		title: fmt.Sprintf("%d chains for %s over the %s store", p.chains, p.duration, p.store),
		subtitle: fmt.Sprintf("%.0f requests/s; p50 %.2f, p95 %.2f, p99 %.2f, greatest %.2f ms",
			float64(all.count)/p.duration.Seconds(), measure.Milliseconds(all.p50), measure.Milliseconds(all.p95),
			measure.Milliseconds(all.p99), measure.Milliseconds(all.max)),
		note:   time.Now().UTC().Format("2006-01-02 15:04 MST") + ", mix " + p.mix.text,
		length: length, intervals: intervals(record.samples, p.duration, int(p.duration/length)),
	}
	path, err := filepath.Abs(filepath.Join(p.dir, time.Now().UTC().Format("20060102-150405")+".svg"))
	if err == nil {
		err = os.WriteFile(path, []byte(drawn.svg()), 0o600)
	}
	if err != nil {
		return err
	}
	fmt.Printf("\nlatencies over time: %s\n", path)
	if record.unexpected() {
		return errWrong
	}
	return nil
}

// intervalsOf is how many points the plot has: four a second, and a hundred at most.
func intervalsOf(d time.Duration) time.Duration {
	const perSecond, atMost = 4, 100
	return min(perSecond*d/time.Second, atMost)
}
