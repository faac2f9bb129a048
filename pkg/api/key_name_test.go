package api_test

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

func TestAKeyIsNamedUnlessItLooksLikeAToken(t *testing.T) {
	const hidden = "[redacted]"
	for key, want := range map[string]string{
		"userId": "userId", "device.name": "device.name", "": "", "d\u00e9mo \u26a1": "d\u00e9mo \u26a1",
		"srt_": hidden, "xsak_y": hidden, "SRT_abc": hidden, "eyJh.eyJz.c2ln": hidden, "Bearer eyJh.eyJz.c2ln": hidden, "a.b.c": hidden,
		strings.Repeat("x", 100) + "srt_abc": hidden,
		strings.Repeat("x", 64):              strings.Repeat("x", 64),
		strings.Repeat("\u00e9", 65):         strings.Repeat("\u00e9", 63) + "\u2026",
		"a\x00\x1b\u0085\u202eb\n":           "a\ufffd\ufffd\ufffd\ufffdb\ufffd",
	} {
		if got := api.KeyName(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}
