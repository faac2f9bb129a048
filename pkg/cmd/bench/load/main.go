package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// most bounds a run: it keeps every latency in memory.
const most = 15 * time.Minute

// plan is what the command line asks for.
type plan struct {
	service  string // the built local service
	dir      string // its data, for the time of the run, and the plot
	store    string
	duration time.Duration
	chains   int
	mix      mix
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, os.Args[1:])
	stop()
	if errors.Is(err, dynamotest.ErrUnavailable) && os.Getenv("REQUIRE_ENGINES") != "1" {
		fmt.Println("load: skipped:", err)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string) error {
	p, err := parse(args)
	if err != nil {
		return err
	}
	return p.run(ctx)
}

func parse(args []string) (p plan, err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&p.service, "service", ".build/local", "the local service, built")
	flags.StringVar(&p.dir, "dir", ".cache/load", "where its data is during the run, and where the plot goes")
	flags.StringVar(&p.store, "store", storeEmbedded, "where tokens are: "+storeEmbedded+", or "+storeDynamoDB+" for DynamoDB Local")
	flags.DurationVar(&p.duration, "duration", 20*time.Second, "how long")
	flags.IntVar(&p.chains, "chains", 8, "how many sessions are used at a time")
	text := flags.String("mix", "refresh=80,retry=4,retrieve=6,list=6,delete=4", fmt.Sprintf("weights of %v", steps()))
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if p.mix, err = parseMix(*text); err != nil {
		return p, err
	}
	const mostChains = 1024
	if p.duration < time.Second || p.duration > most {
		err = fmt.Errorf("-duration is from 1s to %s", most)
	}
	if p.chains < 1 || p.chains > mostChains {
		err = errors.Join(err, fmt.Errorf("-chains is from 1 to %d", mostChains))
	}
	if p.store != storeEmbedded && p.store != storeDynamoDB {
		err = errors.Join(err, fmt.Errorf("-store is %s or %s", storeEmbedded, storeDynamoDB))
	}
	if flags.NArg() > 0 {
		err = errors.Join(err, fmt.Errorf("what is %q?", flags.Args()))
	}
	return p, err
}
