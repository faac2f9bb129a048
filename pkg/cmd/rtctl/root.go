package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// ctl is what all commands share.
type ctl struct {
	world
	service
	archive

	tenant             string
	stack, region, key string
	json, yes          bool
	tenantGiven        bool
	keyring            *keyring // shared by copies of this value for other tenants
}

// service is a deployed stack, or the laptop's.
type service interface {
	keeper
	// invoke gives an operator function its payload. A refusal is an error that names the field at fault.
	invoke(ctx context.Context, function string, payload any) (json.RawMessage, error)
	// home is what the API's requests need.
	home(ctx context.Context) (home, error)
	// examine looks for what is wrong.
	examine(ctx context.Context) []finding
}

func (c *ctl) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "rtctl",
		Short: "Shows and changes applications, API keys and sessions",
		Long: "rtctl shows and changes applications, API keys and sessions, of the service on this machine or, with --stack,\n" +
			"of a deployed stack. On this machine it finds the service in $LOCAL_DIR (.local).",
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.connect(cmd) },
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	flags := root.PersistentFlags()
	flags.StringVar(&c.stack, "stack", "", "a deployed stack; its outputs name its functions and its API")
	flags.StringVar(&c.region, "region", "", "the stack's region (AWS_REGION, or the profile's)")
	flags.StringVar(&c.tenant, "tenant", "", "the tenant (on this machine: the one of credentials.env)")
	flags.StringVar(&c.key, "key-file", "", "a file with the tenant's API key for session, revoke and explain; - is standard\n"+
		"input (without it: a key of credentials.env, or one that lives for a minute)")
	flags.BoolVar(&c.json, "json", false, "print JSON")
	flags.BoolVarP(&c.yes, "yes", "y", false, "do not ask before something ends")
	root.AddCommand(
		group("app", "Applications", c.appPut(), c.appGet(), c.appList(), c.appDelete()),
		group("key", "API keys", c.keyCreate(), c.keyRotate(), c.keyList(), c.keyDelete()),
		group("session", "Sessions", c.sessionList(), c.sessionShow(), c.sessionUpdate(), c.sessionDelete()),
		c.revoke(), c.history(), c.explain(), c.importSessions(), c.keysOf(signingKeys()), c.keysOf(tokenKeys()), c.replay(), c.doctor(),
		c.console(),
	)
	return root
}

// group is a command that has only others. Cobra itself says nothing about an unknown one below the root.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: name, Short: short, RunE: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = ": did you mean " + strings.Join(near, " or ") + "?"
		}
		return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint)
	}}
	g.SuggestionsMinimumDistance = 1 // names are short
	g.AddCommand(commands...)
	return g
}

// connect finds the service, for the commands that need one.
func (c *ctl) connect(cmd *cobra.Command) (err error) {
	for parent := cmd; parent != nil; parent = parent.Parent() {
		if parent.Name() == "completion" || parent.Name() == "help" || parent.Name() == cobra.ShellCompRequestCmd {
			return nil
		}
	}
	if cmd.HasSubCommands() {
		return nil
	}
	c.tenantGiven = cmd.Flags().Changed("tenant")
	if c.stack != "" {
		if !c.tenantGiven && cmd.Annotations[tenantless] == "" {
			return errors.New("--tenant is missing: a stack has no tenant of its own")
		}
		deployed, err := newCloud(cmd.Context(), c.stack, c.region)
		c.service, c.archive = deployed, deployed
		return err
	}
	if c.region != "" {
		return errors.New("--region goes with --stack")
	}
	local := laptop{cmp.Or(c.getenv("LOCAL_DIR"), ".local")}
	c.service, c.archive = local, local
	if !c.tenantGiven {
		credentials, err := local.credentials()
		c.tenant = credentials["TENANT_ID"]
		return err
	}
	return nil
}

// tenantless marks commands that may go without a tenant.
const tenantless = "tenantless"

// call invokes an operator function and reads its answer.
func call[Out any](ctx context.Context, c *ctl, function string, payload map[string]any) (out Out, raw json.RawMessage, err error) {
	for name, value := range payload {
		if value == "" {
			delete(payload, name)
		}
	}
	if raw, err = c.invoke(ctx, function, payload); err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, raw, err
}

// confirm asks before something ends, unless --yes says that it may.
func (c *ctl) confirm(what string) error {
	if c.yes {
		return nil
	}
	nobody := fmt.Errorf("%s: there is nobody to ask; say --yes", what)
	if file, ok := c.in.(*os.File); !ok || !isTerminal(file) {
		return nobody
	}
	fmt.Fprintf(c.err, "%s? [y/N] ", harmless(what, false))
	answer, err := bufio.NewReader(c.in).ReadString('\n')
	switch {
	case errors.Is(err, io.EOF) && answer == "": // /dev/null looks like a terminal
		return nobody
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// secretFrom reads a token or a key from a file, or from standard input.
func (c *ctl) secretFrom(name string) (string, error) {
	const most = 8 << 10
	in := c.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil && (strings.HasPrefix(name, "srt_") || strings.HasPrefix(name, "sak_") || strings.HasPrefix(name, "eyJ")) {
			return "", errors.New("a token goes into a file or standard input (-), never into an argument: others can see those")
		}
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, most))
	text := strings.TrimSpace(string(raw))
	if err == nil && text == "" {
		err = fmt.Errorf("%s is empty", name)
	}
	return text, err
}
