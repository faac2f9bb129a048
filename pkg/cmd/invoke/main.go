// Package main owns `invoke`, which runs one function on one event as Lambda would, without a container: it builds the
// function for this machine, starts it behind a Runtime API, and gives it an AWS account of its own with the tenants of
// the events. Nothing that it starts or makes outlives it.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

func main() {
	op := flag.String("op", "", "the function, a folder under functions/")
	event := flag.String("event", "", "the event, a file; events/<op>.json by default")
	flag.Parse()
	if err := run(*op, *event, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
}

// run prints the answer, the log and the times of one invocation.
func run(op, event string, out io.Writer) error {
	template, err := stack.Read("template.yaml", nil)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(template.Functions, func(f stack.Function) bool { return f.Operation == op }) {
		return fmt.Errorf("OP=%s is no function; the functions are %s", op, strings.Join(names(template), ", "))
	}
	var ends []func()
	defer func() {
		for _, end := range slices.Backward(ends) {
			end()
		}
	}()
	account := scratch.New(func(end func()) { ends = append(ends, end) })
	raw, err := account.Event(cmp.Or(event, filepath.Join("events", op+".json")))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "invoke-")
	if err != nil {
		return err
	}
	ends = append(ends, func() { _ = os.RemoveAll(dir) })
	if err := runtimeapi.Build(context.Background(), dir, runtimeapi.Functions+op); err != nil {
		return err
	}
	engine, err := dynamotest.Acquire()
	if err != nil {
		return err
	}
	ends = append(ends, func() { _ = engine.Close() })
	account.At("DYNAMODB", engine.Endpoint)
	if err := account.Fill(context.Background(), template, dynamotest.Client(engine.Endpoint), "invoke"); err != nil {
		return err
	}
	account.StartRotation(op)
	function, err := account.Function(template, dir, op)
	if err != nil {
		return err
	}
	return invoke(context.Background(), function, raw, out)
}

func invoke(ctx context.Context, f runtimeapi.Function, event []byte, out io.Writer) error {
	process, err := runtimeapi.Start(ctx, f)
	if err != nil {
		return err
	}
	defer func() { _ = process.Close() }()
	answer, err := process.Invoke(ctx, event, 30*time.Second)
	failure, refused := errors.AsType[*runtimeapi.FunctionError](err)
	if err != nil && !refused {
		return errors.Join(err, errors.New(process.Stderr()))
	}
	text := "answer " + indented(answer.Payload) + "\n"
	if refused {
		text = "error  " + failure.Type + ": " + failure.Message + "\n"
	}
	for line := range strings.Lines(process.Stdout() + process.Stderr()) {
		text += "log    " + line
	}
	_, err = fmt.Fprintf(out, "%stime   init %.1f ms, invocation %.1f ms\n", text, ms(process.Init), ms(answer.Took))
	return err
}

func names(template *stack.Template) (all []string) {
	for _, f := range template.Functions {
		all = append(all, f.Operation)
	}
	slices.Sort(all)
	return all
}

// indented is an answer as JSON to read. A body that is JSON itself shows as that.
func indented(payload []byte) string {
	var answer map[string]any
	if json.Unmarshal(payload, &answer) != nil {
		return string(payload)
	}
	if body, ok := answer["body"].(string); ok && json.Valid([]byte(body)) {
		answer["body"] = json.RawMessage(body)
	}
	maps.DeleteFunc(answer, func(_ string, value any) bool { return value == nil })
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(answer) != nil {
		return string(payload)
	}
	return strings.TrimSpace(text.String())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
