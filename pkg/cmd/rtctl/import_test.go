package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// lines of a file to import, one user each.
func lines(from, to int) string {
	var text strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&text, `{"userId":"user-%d","tokenSha256":"%064x"}`+"\n", n, n)
	}
	return text.String()
}

// imports counts the sessions of import users.
func (d *desk) imports(to int) (n int) {
	d.Helper()
	for user := 1; user <= to; user++ {
		found, _, err := d.Store.Query(d.Context(), session.Query{Tenant: "demo", User: fmt.Sprintf("user-%d", user)})
		if err != nil {
			d.Fatal(err)
		}
		n += len(found)
	}
	return n
}

func TestImportReportsEachSkippedLine(t *testing.T) {
	d := onLaptop(t)
	name := d.file(lines(1, 250) + "\n" + lines(7, 7) + strings.TrimSuffix(strings.ReplaceAll(lines(8, 8), "user-8", "other"), "\n"))
	d.do([]string{"line 252: there\nline 253: other user\nimported 250 sessions of 253 lines, skipped 2\n"}, "import", name, "--application", "web")
	if n := d.imports(250); n != 250 {
		t.Errorf("got %d sessions, want 250", n)
	}
	if _, err := os.Stat(name + ".progress"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want the progress forgotten at the end", err)
	}
	again := d.do(nil, "import", name, "--application", "web", "--json")
	var last totals
	objects := strings.Split(strings.TrimSpace(again), "\n")
	if err := json.Unmarshal([]byte(objects[len(objects)-1]), &last); err != nil || last != (totals{253, 0, 252}) || len(objects) != 253 {
		t.Errorf("got %d objects, the last %+v, %v; want 252 skipped lines and the totals", len(objects), last, err)
	}
	if want := `{"line":253,"why":"other user"}`; objects[251] != want {
		t.Errorf("got %s, want %s", objects[251], want)
	}
}

// TestMain is the command itself in the process that a test kills.
func TestMain(m *testing.M) {
	if os.Getenv("RTCTL_IS_KILLED") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The batch that was under way was imported or not. The next run sends it again, so that nothing is missing and every line
// that was skipped is said.
func TestAnImportThatIsKilledGoesOn(t *testing.T) {
	for _, carriedOut := range []bool{true, false} {
		calls, kill := 0, func() {}
		d := onLaptop(t, func(d *desk) {
			whole := d.functions["import-sessions"]
			d.functions["import-sessions"] = func(ctx context.Context, raw json.RawMessage) (answer any, err error) {
				calls++
				if calls != 4 || carriedOut {
					answer, err = whole(context.WithoutCancel(ctx), raw)
				}
				if calls == 4 {
					kill()
				}
				return answer, err
			}
		})
		name := d.file(lines(1, 149) + lines(1, 1) + lines(150, 699) + lines(1, 1) + strings.TrimSuffix(lines(700, 1000), "\n"))
		cmd := exec.CommandContext(t.Context(), os.Args[0], "import", name, "--application", "web")
		cmd.Env = append(os.Environ(), "RTCTL_IS_KILLED=yes", "LOCAL_DIR="+d.environment["LOCAL_DIR"])
		kill = func() { _ = cmd.Process.Kill() }
		said, err := cmd.Output()
		if err == nil || string(said) != "line 150: there\n" {
			t.Fatalf("got %s, %v, want a killed process that has said line 150", said, err)
		}
		skipped := "line 701: there\n"
		imported := 1000
		if carriedOut {
			var repeated strings.Builder
			for line := 301; line <= 400; line++ {
				fmt.Fprintf(&repeated, "line %d: there\n", line)
			}
			skipped, imported = repeated.String()+skipped, 900
		}
		want := fmt.Sprintf("%simported %d sessions of 1002 lines, skipped %d\n", skipped, imported, 1002-imported)
		if got := d.do(nil, "import", name, "--application", "web"); got != want {
			t.Errorf("carried out: %v: got\n%swant\n%s", carriedOut, got, want)
		}
		if n := d.imports(1000); n != 1000 || calls != 12 {
			t.Errorf("carried out: %v: got %d sessions by %d calls, want 1000 by 12", carriedOut, n, calls)
		}
	}
}

func TestAnInterruptedImportGoesOnWhereItWas(t *testing.T) {
	calls := 0
	d := onLaptop(t, func(d *desk) {
		whole := d.functions["import-sessions"]
		d.functions["import-sessions"] = func(ctx context.Context, raw json.RawMessage) (any, error) {
			if calls++; calls == 3 {
				return nil, errors.New("the service is unavailable")
			}
			return whole(ctx, raw)
		}
	})
	name := d.file(strings.TrimSuffix(lines(1, 350), "\n"))
	d.refused([]string{"the service is unavailable (200 lines are done"}, "import", name, "--application", "web")
	if n := d.imports(350); n != 200 {
		t.Errorf("got %d sessions, want 200", n)
	}
	d.refused([]string{"is of another import"}, "import", name, "--application", "service")
	if out := d.do([]string{"imported 350 sessions of 350 lines, skipped 0\n"}, "import", name, "--application", "web"); strings.Contains(out, "there") {
		t.Errorf("got %s, want no line sent again", out)
	}
	if n := d.imports(350); n != 350 || calls != 5 {
		t.Errorf("got %d sessions by %d calls, want 350 by 5", n, calls)
	}
}

// A line behind what is done may be corrected, one before it may not: it would be passed over.
func TestAMistakeInALineIsNamedAndCanBeCorrected(t *testing.T) {
	for bad, want := range map[string]string{
		`{"userId":"x","token":"secret"}`:                     "line 103.token is not known here",
		`{"userId":"x","tokenSha256":"ab"}`:                   "line 103.tokenSha256 must be 64 hexadecimal digits",
		`not JSON`:                                            "line 103 is no JSON",
		`{"userId":"` + strings.Repeat("x", maxLine+1) + `"}`: "line 103 has more than",
	} {
		d := onLaptop(t)
		name := filepath.Join(t.TempDir(), "sessions.jsonl")
		write := func(text string) {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(lines(1, 102) + bad + "\n")
		d.refused([]string{want, "100 lines are done"}, "import", name, "--application", "web")
		write(strings.Replace(lines(1, 103), "user-1\"", "user-x\"", 1))
		d.refused([]string{"have changed"}, "import", name, "--application", "web")
		write(lines(1, 103))
		d.do([]string{"of 103 lines"}, "import", name, "--application", "web")
	}
	d := onLaptop(t)
	d.refused([]string{"application"}, "import", d.file(""))
	d.refused([]string{"no such file"}, "import", "missing.jsonl", "--application", "web")
	d.refused([]string{"applicationId names no application"}, "import", d.file(lines(1, 1)), "--application", "none")
	d.do([]string{"imported 0 sessions of"}, "import", d.file(""), "--application", "web")
}
