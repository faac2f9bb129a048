package stencil

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

var positions = map[string]session.Position{
	"nothing":  {},
	"a search": {Searching: true, Last: strings.Repeat("é", 64), Ceiling: token.ID{1}, Floor: token.ID{2}},
	"heads": {Heads: []session.Head{
		{Application: "a", Before: token.ID{0xff}},
		{Application: "a#", Before: token.ID{}},
		{Application: strings.Repeat("x", 128), Before: token.ID{15: 1}},
	}},
}

func TestACursorHasThePositionOfItsListAlone(t *testing.T) {
	list := session.ListRequest{Tenant: "t", User: "u"}
	for name, p := range positions {
		text := newCursor(p, list)
		if got, ok := parseCursor(text, list); !ok || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, ok, p)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(text)
		for i := range raw {
			raw[i] ^= 1
			if got, ok := parseCursor(base64.RawURLEncoding.EncodeToString(raw), list); ok {
				t.Errorf("%s, byte %d changed: got %+v, want none", name, i, got)
			}
			raw[i] ^= 1
		}
	}
}

// Whoever computes a cursor for a narrow list, which needs no secret, cannot make it wider.
func TestACursorOfANarrowListSelectsNothingElse(t *testing.T) {
	list := session.ListRequest{Tenant: "t", User: "u", Application: "a"}
	good := session.Position{Heads: []session.Head{{Application: "a", Before: token.ID{1}}}}
	if got, ok := parseCursor(newCursor(good, list), list); !ok {
		t.Errorf("its own: got %+v, %v, want it", got, ok)
	}
	for name, p := range map[string]session.Position{
		"another application": {Heads: append(good.Heads, session.Head{Application: "b", Before: token.ID{1}})},
		"all applications":    {Heads: []session.Head{{Before: token.ID{1}}}},
		"a search":            {Searching: true},
		"a later search":      {Floor: token.ID{1}},
	} {
		if got, ok := parseCursor(newCursor(p, list), list); ok {
			t.Errorf("%s: got %+v, want none", name, got)
		}
	}
}

// FuzzCursor: a cursor is read on its own list only, and has one spelling.
func FuzzCursor(f *testing.F) {
	list := session.ListRequest{Tenant: "t", User: "u"}
	for _, p := range positions {
		f.Add(newCursor(p, list))
	}
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, text string) {
		from, ok := parseCursor(text, list)
		if !ok {
			return
		}
		if got := newCursor(from, list); got != text {
			t.Fatalf("%q has another spelling, %q", text, got)
		}
		for _, other := range []session.ListRequest{{Tenant: "tu"}, {Tenant: "t", User: "u", Application: "a"}, {Tenant: "t", User: "v"}} {
			if _, ok := parseCursor(text, other); ok {
				t.Fatalf("%q is good on another list", text)
			}
		}
	})
}
