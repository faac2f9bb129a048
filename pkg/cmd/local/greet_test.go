package main

import (
	"os/exec"
	"testing"
)

func TestAQuotedPathIsOneWordOfAShell(t *testing.T) {
	for _, path := range []string{
		"./.local/credentials.env", "/tmp/with space/file", "it's", "$HOME", "`id`", "*", "~", "a;b", "a\nb", "ä", `back\slash`, "'",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+quoted(path)).CombinedOutput()
		if err != nil || string(out) != path {
			t.Errorf("%s: a shell reads %q (%v), want %q", quoted(path), out, err, path)
		}
	}
	if got := quoted("./.local/credentials.env"); got != "./.local/credentials.env" {
		t.Errorf("got %s, want a plain path as it is", got)
	}
}
