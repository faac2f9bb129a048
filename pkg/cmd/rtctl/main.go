// Package main owns rtctl, the operators' command: it shows and changes applications, API keys and sessions of a deployed
// stack or of the service on this machine. It must never print a token, nor take one from its arguments, and it asks
// before it ends anything.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if !run(ctx, world{os.Stdin, os.Stdout, os.Stderr, os.Getenv}, os.Args[1:]) {
		os.Exit(1) //nolint:gocritic // the process ends, and with it the signals
	}
}

// world is what the command reads and writes.
type world struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
}

// run executes a command. What is refused is one line on standard error.
func run(ctx context.Context, w world, args []string) (ok bool) {
	c := &ctl{world: w, keyring: &keyring{}}
	defer c.forgetAll(ctx)
	root := c.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(w.err, "rtctl:", harmless(strings.Join(strings.Fields(err.Error()), " "), false))
		return false
	}
	return true
}
