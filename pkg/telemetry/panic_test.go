package telemetry_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// spill panics with a key among its arguments, as a slice and as a word.
//
//go:noinline
func spill(key []byte, word uint64, m map[string]int) error {
	m[string(key)] = int(word)
	return nil
}

func TestATraceSaysWhereAndShowsNoArgument(t *testing.T) {
	err := telemetry.Guard(func() error { return spill([]byte("secret-key"), 0x7365637265742d6b, nil) })
	if err == nil {
		t.Fatal("got no error, want the panic")
	}
	got := err.Error()
	for _, want := range []string{"telemetry_test.spill", "panic_test.go:"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s\nwant %s in it", got, want)
		}
	}
	for _, secret := range []string{"secret-k", "7365637265742d6b", hex.EncodeToString([]byte("k-terces")), "0x"} {
		if strings.Contains(got, secret) {
			t.Errorf("got %s\nwant no %s in it", got, secret)
		}
	}
}

func TestGuardReturnsTheErrorOfWhatItRuns(t *testing.T) {
	want := errors.New("as it is")
	if got := telemetry.Guard(func() error { return want }); !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
