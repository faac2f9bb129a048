package overlap

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// Run is the subcommand `bench overlap`.
func Run(_ context.Context, args []string, out io.Writer) error {
	var l Lab
	flags := flag.NewFlagSet("overlap", flag.ContinueOnError)
	flags.IntVar(&l.Sessions, "sessions", 10_000, "simulated for each policy and kind of client")
	flags.IntVar(&l.Thefts, "thefts", 1_000, "simulated for each policy and kind of thief")
	flags.Uint64Var(&l.Seed, "seed", 1, "of the first session")
	flags.DurationVar(&l.Idle, "idle", 5*time.Minute, "mean wait with an access token that is over, where there is a thief")
	chart := flags.String("chart", "", "where the chart goes, an SVG")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if l.Sessions < 1 || l.Thefts < 1 {
		return fmt.Errorf("-sessions %d and -thefts %d: both are at least 1", l.Sessions, l.Thefts)
	}
	results := l.Run()
	results.Print(out)
	if *chart == "" {
		return nil
	}
	fmt.Fprintf(out, "\nchart: %s\n", *chart)
	return os.WriteFile(*chart, []byte(results.SVG()), 0o600)
}
