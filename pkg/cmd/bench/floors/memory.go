package floors

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
)

// memories are sizes of a function in MB. Lambda gives one processor at 1 769 MB, and in proportion below.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
var memories = []int{512, 1024, 1769}

const (
	processor = 1769
	// answerAfter is how long DynamoDB takes: what its clients in the same Region see.
	answerAfter = 4 * time.Millisecond
	// period is that of the kernel's quota.
	period = 20 * time.Millisecond
	// perGBSecond and perRequest are in US dollars: arm64, us-east-1.
	// https://aws.amazon.com/lambda/pricing/
	perGBSecond, perRequest = 0.0000133334, 0.20e-6
)

func memoryRows() (rows []row) {
	for _, mb := range memories {
		for _, figure := range []struct{ what, unit string }{
			{"first refresh", "ms"},
			{"warm refresh, p50", "ms"},
			{"warm refresh, p99", "ms"},
			{"warm refresh, billed", "ms"},
			{"a million refreshes, Lambda alone", "USD"},
		} {
			rows = append(rows, row{"", fmt.Sprintf("%s, at %d MB", figure.what, mb), figure.unit, shown, 0})
		}
	}
	return rows
}

// memory is what a refresh takes and costs under the processor's share of each size. The first one is from exec to answer.
func memory(t testing.TB) []samples {
	const rounds, warm = 5, 200
	c := newScene(t)
	refresh, _ := buildBoth(t)
	aws := newStub(t, c.answers...)
	aws.delay = answerAfter
	refresh.Env = environment(aws.url, "GOMAXPROCS=1", "METRICS_NAMESPACE=refresh-tokens-prod")
	var limited []runtimeapi.Function
	for _, mb := range memories {
		limited = append(limited, limit(t, refresh, mb))
	}
	var all []samples
	took, first := make([][]time.Duration, len(memories)), make([]samples, len(memories))
	for range rounds {
		for i, function := range limited {
			l := live(t, function, c.refresh, 1+warm)
			first[i] = append(first[i], measure.Milliseconds(l.init)+l.took[0])
			for _, ms := range l.took[1:] {
				took[i] = append(took[i], time.Duration(ms*float64(time.Millisecond)))
			}
		}
	}
	for i, mb := range memories {
		billed := 0.0 // Lambda rounds up to the next millisecond
		for _, one := range took[i] {
			billed += math.Ceil(measure.Milliseconds(one))
		}
		billed /= float64(len(took[i]))
		stats := measure.StatsOf(took[i])
		cost := 1e6 * (perRequest + billed/1000*float64(mb)/1024*perGBSecond)
		all = append(all, first[i], samples{stats.P50}, samples{stats.P99}, samples{billed}, samples{cost})
	}
	return all
}

// limit has a function run with the processor's share of a size, in a control group of its own.
func limit(t testing.TB, f runtimeapi.Function, mb int) runtimeapi.Function {
	t.Helper()
	quota := strconv.FormatInt(period.Microseconds()*int64(mb)/processor, 10)
	name := fmt.Sprintf("bench-%d-%d", os.Getpid(), mb)
	group, settings := filepath.Join("/sys/fs/cgroup/cpu", name), [][2]string{ // the first version
		{"cpu.cfs_period_us", strconv.FormatInt(period.Microseconds(), 10)}, {"cpu.cfs_quota_us", quota},
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		group = filepath.Join("/sys/fs/cgroup", name)
		settings = [][2]string{{"cpu.max", quota + " " + strconv.FormatInt(period.Microseconds(), 10)}}
	}
	err := os.Mkdir(group, 0o750)
	if err == nil {
		t.Cleanup(func() { _ = os.Remove(group) })
	}
	for _, setting := range settings {
		err = errors.Join(err, os.WriteFile(filepath.Join(group, setting[0]), []byte(setting[1]), 0o600))
	}
	if err != nil {
		t.Skip("it takes root, and control groups for processors: ", err)
	}
	enters := filepath.Join(t.TempDir(), "bootstrap")
	script := fmt.Sprintf("#!/bin/sh\necho $$ >%s/cgroup.procs && exec %s\n", group, f.Binary)
	if err := os.WriteFile(enters, []byte(script), 0o700); err != nil { //nolint:gosec // Lambda's process runs it
		t.Fatal(err)
	}
	f.Binary, f.Memory = enters, mb
	return f
}
