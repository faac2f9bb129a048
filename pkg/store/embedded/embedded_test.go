package embedded_test

import (
	"path/filepath"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

func open(t testing.TB, path string, opts embedded.Options) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestANewStorePerCaseHoldsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) session.Store {
		return open(t, filepath.Join(t.TempDir(), "store.db"), embedded.Options{})
	})
}

func TestOneStoreForAllCasesHoldsTheContract(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), embedded.Options{})
	storetest.Run(t, func(*testing.T) session.Store { return s })
}
