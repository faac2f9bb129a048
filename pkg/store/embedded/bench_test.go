package embedded_test

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

const callers = 8

// filled is a store with an application and 20 000 sessions.
func filled(b *testing.B) (*embedded.Store, []session.Session) {
	b.Helper()
	s := open(b, filepath.Join(b.TempDir(), "store.db"), embedded.Options{})
	if _, err := s.PutApplication(b.Context(), storetest.NewApplication("demo", "web")); err != nil {
		b.Fatal(err)
	}
	all := make([]session.Session, 20_000)
	var workers sync.WaitGroup
	for w := range 64 {
		workers.Go(func() {
			for i := w; i < len(all); i += 64 {
				all[i] = storetest.NewSession("demo", storetest.NewID().String(), "web")
				if err := s.Create(b.Context(), all[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	workers.Wait()
	return s, all
}

// parallel runs do in eight callers with different numbers.
func parallel(b *testing.B, do func(caller int, next func() bool)) {
	b.Helper()
	b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	numbers := make(chan int, 1<<10)
	for i := range cap(numbers) {
		numbers <- i
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) { do(<-numbers, pb.Next) })
}

func BenchmarkRotate(b *testing.B) {
	s, all := filled(b)
	parallel(b, func(caller int, next func() bool) {
		// Each caller has its own sessions.
		for i := caller; next(); i = (i + 1009*callers) % len(all) {
			state, applied, err := s.Rotate(b.Context(), storetest.NewRotation(all[i]))
			if err != nil || !applied {
				b.Error(applied, err)
				return
			}
			all[i] = state
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	s, _ := filled(b)
	parallel(b, func(_ int, next func() bool) {
		for next() {
			if err := s.Create(b.Context(), storetest.NewSession("demo", storetest.NewID().String(), "web")); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	s, all := filled(b)
	parallel(b, func(caller int, next func() bool) {
		for i := caller; next(); i = (i + 1009) % len(all) {
			if _, _, err := s.Load(b.Context(), all[i].Key); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkApplication(b *testing.B) {
	s, _ := filled(b)
	parallel(b, func(_ int, next func() bool) {
		for next() {
			if _, err := s.Application(b.Context(), "demo", "web"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
