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
	flags.IntVar(&l.Robbed, "robbed", 1_000, "simulated for each policy and kind of thief")
	flags.Uint64Var(&l.Seed, "seed", 1, "of the first session")
	flags.DurationVar(&l.Idle, "idle", 5*time.Minute, "mean wait with an access token that is over, where there is a thief")
	chart := flags.String("chart", "", "where the SVG goes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if l.Sessions < 1 || l.Robbed < 1 {
		return fmt.Errorf("-sessions %d and -robbed %d: both are at least 1", l.Sessions, l.Robbed)
	}
	results := l.Run()
	if err := results.Print(out); err != nil {
		return err
	}
	if *chart == "" {
		return nil
	}
	fmt.Fprintf(out, "\nchart: %s\n", *chart)
	return os.WriteFile(*chart, []byte(results.SVG()), 0o600)
}
