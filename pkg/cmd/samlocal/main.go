// Package main owns `samlocal`, which makes the AWS account that `sam local` needs: the table in DynamoDB Local, secrets in
// moto's Secrets Manager with keys that the real rotation functions made, a seeded tenant, a file of variables and live
// events under .build/. It prints the commands to paste, and ends with what it started when it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

func main() {
	moto := flag.String("moto", "moto_server", "moto's server, a program")
	sam := flag.String("sam", "sam", "SAM CLI, as the printed commands name it")
	fetch := flag.Bool("fetch", false, "only fetch DynamoDB Local where it is missing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *moto, *sam, *fetch, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sam local:", err)
		os.Exit(1) //nolint:gocritic // the account is closed by now
	}
}

func run(ctx context.Context, moto, sam string, fetch bool, out io.Writer) error {
	if fetch {
		engine, err := dynamotest.Acquire()
		if err != nil {
			return err
		}
		return engine.Close()
	}
	a, err := open(ctx, moto)
	if err != nil {
		return err
	}
	defer a.close()
	// Where the engine has a network of its own, the commands enter it.
	local := os.Getenv("ENTER") + sam + " local"
	_, err = fmt.Fprintf(out, `Ready, with the table, the keys and tenant %[2]s. In another terminal:

  %[1]s invoke RefreshFunction%[3]s --event .build/events/refresh.json
  %[1]s start-api%[3]s
  %[4]scurl -s http://127.0.0.1:3000/jwt/issue -H 'Authorization: Bearer %[5]s' \
    -H 'X-Stencil-TenantId: %[2]s' -d '{"userId": "carol", "applicationId": "web"}'

Ctrl-C ends them.
`, local, fixture.Demo, overrides(), os.Getenv("ENTER"), fixture.KeyText("all"))
	if err == nil {
		<-ctx.Done()
	}
	return err
}

// overrides are those of samconfig.toml, and the processor of this machine: its functions need no emulation.
func overrides() string {
	if runtime.GOARCH == "arm64" {
		return ""
	}
	return " --parameter-overrides UseAuthorizerAlias=false Architecture=x86_64"
}
