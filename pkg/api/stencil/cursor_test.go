package stencil

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// FuzzCursor: a cursor is read on its own list only, and has one spelling.
func FuzzCursor(f *testing.F) {
	list := session.ListRequest{Tenant: "t", User: "u"}
	f.Add(newCursor([16]byte{1, 2, 3}, list))
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, text string) {
		last, ok := parseCursor(text, list)
		if !ok {
			return
		}
		if newCursor(last, list) != text {
			t.Fatalf("%q has another spelling", text)
		}
		for _, other := range []session.ListRequest{{Tenant: "tu"}, {Tenant: "t", User: "u", Application: "a"}, {Tenant: "t", User: "v"}} {
			if _, ok := parseCursor(text, other); ok {
				t.Fatalf("%q is good on another list", text)
			}
		}
	})
}
