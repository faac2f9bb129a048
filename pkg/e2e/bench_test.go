package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkRefresh runs chains of refreshes over HTTP against a service of its own, with durable writes, and
// reports requests/s, latencies and the service's CPU time per refresh.
func BenchmarkRefresh(b *testing.B) {
	for _, chains := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("chains=%d", chains), func(b *testing.B) { benchmarkChains(b, chains) })
	}
}

func benchmarkChains(b *testing.B, chains int) {
	s, err := startService(filepath.Join(b.TempDir(), "bench"), "LOG_LEVEL=warn")
	if err != nil {
		b.Fatal(err)
	}
	tokens := make([]string, chains)
	for i := range tokens {
		tokens[i] = s.issue(b, fresh(), s.demo.web).refresh
	}
	latencies := make([][]time.Duration, chains)
	var left atomic.Int64
	left.Store(int64(b.N))
	var workers sync.WaitGroup
	b.ResetTimer()
	for i := range chains {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				started := time.Now()
				next, err := s.exchange(tokens[i])
				if err != nil {
					b.Error(err)
					return
				}
				latencies[i] = append(latencies[i], time.Since(started))
				tokens[i] = next
			}
		})
	}
	workers.Wait()
	b.StopTimer()
	if err := s.stop(); err != nil {
		b.Fatal(err)
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	used := s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "refreshes/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(used.Microseconds())/float64(len(all)), "cpu-µs/op")
}

// exchange refreshes a token with as little work of its own as can be.
func (s *service) exchange(token string) (string, error) {
	res, err := s.client.Post(s.base+"/jwt/refresh", "application/json", strings.NewReader(`{"refreshToken":"`+token+`"}`))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%d %v %s", res.StatusCode, err, raw)
	}
	var body struct {
		Data struct {
			RefreshToken string `json:"refreshToken"`
		} `json:"data"`
	}
	err = json.Unmarshal(raw, &body)
	return body.Data.RefreshToken, err
}
