package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"
)

// The libraries that are compared, as fosite.mod and package.json under testdata pin them.
const (
	fositeVersion       = "0.49.0"
	oidcProviderVersion = "9.13.3"
)

// plan is what the command line asks for.
type plan struct {
	dir          string        // the built programs, data and the result
	rounds       int           // every subject has one turn in each
	turn         time.Duration // of one subject
	chains       int
	oidcProvider bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var p plan
	flag.StringVar(&p.dir, "dir", ".cache/compare", "where pkg/cmd/bench/compare/run has built the programs")
	flag.IntVar(&p.rounds, "rounds", 9, "rounds; each subject has a turn in every round")
	flag.DurationVar(&p.turn, "duration", 3*time.Second, "length of a turn")
	flag.IntVar(&p.chains, "chains", 8, "chains of refreshes at a time")
	flag.BoolVar(&p.oidcProvider, "oidc-provider", true, "whether oidc-provider is there to be compared with")
	flag.Parse()
	err := p.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func (p plan) run(ctx context.Context) (err error) {
	if runtime.GOOS != "linux" {
		return errors.New("it reads the servers' CPU time from /proc: run it on Linux")
	}
	const most = time.Hour
	if p.rounds < 1 || p.chains < 1 || p.turn <= 0 || time.Duration(p.rounds)*p.turn > most {
		return errors.New("-rounds, -chains and -duration must be positive, and an hour at most in all")
	}
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp(dir, "data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	all := subjects(dir, data, p.oidcProvider)
	for _, s := range all {
		if err := s.start(ctx); err != nil {
			return err
		}
		defer func() {
			_, stopped := s.server.Stop()
			err = errors.Join(err, stopped)
		}()
	}
	return p.compare(ctx, all)
}

func (p plan) compare(ctx context.Context, all []*subject) error {
	answers := make([]behaviour, len(all))
	for i, s := range all {
		var err error
		if answers[i], err = s.try(ctx); err != nil {
			return err
		}
	}
	if err := p.measure(ctx, all); err != nil {
		return err
	}
	result := p.caption() + "\n\n" + table(all, answers) + "\n" + judge(all[1], all[0], p.chains) + judge(all[2], all[0], p.chains)
	path := filepath.Join(p.dir, "result.md")
	if err := os.WriteFile(path, []byte(result), 0o600); err != nil {
		return err
	}
	fmt.Printf("\n%s\nAlso in %s\n", result, path)
	return nil
}

func (p plan) caption() string {
	return fmt.Sprintf("Medians of %d interleaved rounds of %s, %d chains of rotating refreshes over HTTP, access tokens "+
		"signed with ES256, no request log; CPU of the server's process, user and system. %s.", p.rounds, p.turn, p.chains, machine(time.Now()))
}

// measure gives everybody a turn in each round. A first one warms up and does not count.
func (p plan) measure(ctx context.Context, all []*subject) error {
	chains := make([][]string, len(all))
	for i, s := range all {
		var err error
		if chains[i], err = s.chainsOf(ctx, p.chains); err != nil {
			return err
		}
	}
	for n := range p.rounds + 1 {
		for turn := range all {
			i := (turn + n) % len(all) // nobody is always first
			r, err := all[i].turn(ctx, chains[i], p.turn)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			if n > 0 {
				all[i].rounds = append(all[i].rounds, r)
				fmt.Printf("round %d/%d  %-28s %6.0f/s  %.3f ms CPU  p50 %.2f  p99 %.2f ms\n", n, p.rounds, all[i].name, r.rate, r.cpu, r.p50, r.p99)
			}
		}
	}
	return nil
}
