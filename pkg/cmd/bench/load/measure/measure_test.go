package measure

import (
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestAQuantileIsTheLeastLatencyThatTheShareDoesNotExceed(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.001: 1, 0.5: 50, 0.501: 51, 0.95: 95, 0.99: 99, 1: 100} {
		if got := Quantile(hundred, q); got != want {
			t.Errorf("quantile %v of 1 to 100 is %d, want %d", q, got, want)
		}
	}
	if got := Quantile([]time.Duration{7}, 0.99); got != 7 {
		t.Errorf("every quantile of a single latency is that one; got %d", got)
	}
	if got := Quantile(nil, 0.5); got != 0 {
		t.Errorf("no latencies have 0; got %d", got)
	}
}

func TestTheMedianIsTheMiddleWhateverTheOrder(t *testing.T) {
	for want, values := range map[float64][]float64{0: nil, 4: {4}, 2: {3, 1, 2}, 2.5: {4, 1, 3, 2}} {
		if got := Median(values); got != want {
			t.Errorf("median of %v is %v, want %v", values, got, want)
		}
	}
	given := []float64{3, 1, 2}
	Median(given)
	if given[0] != 3 {
		t.Error("it sorts its argument")
	}
}

func TestCPUTimeIsUserAndSystemWhateverTheNameOfTheProgram(t *testing.T) {
	stat := "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 123 77 5 6 20 0 8 0 100 1 2 3"
	if got, err := parseStat([]byte(stat)); err != nil || got != 2*time.Second {
		t.Errorf("123 and 77 ticks of 10 ms are 2 s; got %v, %v", got, err)
	}
	for _, bad := range []string{"", "42 (a) S 1 2 3", "42 (a) S 1 42 42 0 -1 4194560 100 0 0 0 x 77"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q has CPU time %v", bad, got)
		}
	}
}

func TestPeakMemoryIsInBytes(t *testing.T) {
	if peak(2048, "linux") != 2<<20 || peak(2<<20, "darwin") != 2<<20 {
		t.Error("ru_maxrss counts kilobytes, and bytes on macOS")
	}
}

func TestAServerIsStartedMeasuredAndStopped(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "local")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./pkg/cmd/local")
	build.Dir = "../../../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := LocalService(binary, filepath.Join(dir, "data"))
	p.Dir = build.Dir
	s, err := Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := Credentials(filepath.Join(dir, "data"))
	if err != nil || credentials["BASE_URL"] != s.Base || !strings.HasPrefix(s.Base, "http://127.0.0.1:") {
		t.Errorf("it is at %s and calls itself %s; %v", s.Base, credentials["BASE_URL"], err)
	}
	if runtime.GOOS == "linux" {
		if _, err := s.CPU(); err != nil {
			t.Error(err)
		}
	}
	usage, err := s.Stop()
	if err != nil || usage.CPU <= 0 || usage.Peak < 1<<20 {
		t.Errorf("usage %+v, %v", usage, err)
	}
	if _, err := s.Stop(); err == nil {
		t.Error("a server that has ended by itself was no error")
	}
}

func TestAServerThatDoesNotStartSaysWhatItSaid(t *testing.T) {
	_, err := Start(t.Context(), Program{Command: []string{"sh", "-c", "echo no luck; exit 3"}, Ready: "/"})
	if err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("got %v", err)
	}
	if _, err := Start(t.Context(), Program{Command: []string{filepath.Join(t.TempDir(), "none")}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
