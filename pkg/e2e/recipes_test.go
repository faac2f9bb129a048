package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// recipe is one block of a README and how it runs: as a file beside its driver.
type recipe struct {
	readme, language, file, driver string
	command                        []string
}

const (
	clientRecipes  = "pkg/api/recipes/README.md"
	clientDrivers  = "testdata/recipes/"
	protectRecipes = "pkg/verify/README.md"
	protectDrivers = "testdata/protect/"
)

var recipes = []recipe{
	{clientRecipes, "js", "tokens.mjs", clientDrivers + "driver.mjs", []string{"node", "driver.mjs"}},
	{clientRecipes, "python", "tokens.py", clientDrivers + "driver.py", []string{"python3", "driver.py"}},
	{clientRecipes, "go", "tokens/tokens.go", clientDrivers + "driver.go.txt", []string{"go", "run", "."}},
}

// lossy is a network before the service: it does what is armed to the next requests, and counts those for a path.
type lossy struct {
	*httptest.Server

	mu    sync.Mutex
	armed []string
	count map[string]int
}

func newLossy(t *testing.T) *lossy {
	t.Helper()
	target, err := url.Parse(home.base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	l := &lossy{count: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch l.next(r.URL.Path) {
		case "lose": // after the service has done it
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case "halve":
			whole := httptest.NewRecorder()
			proxy.ServeHTTP(whole, r)
			w.Header().Set("Content-Length", fmt.Sprint(whole.Body.Len()))
			_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
			panic(http.ErrAbortHandler)
		case "busy":
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *lossy) next(path string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[path]++
	if len(l.armed) == 0 {
		return ""
	}
	what := l.armed[0]
	l.armed = l.armed[1:]
	return what
}

// arm forgets the count and says what happens to the next requests.
func (l *lossy) arm(what ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed, l.count = what, map[string]int{}
}

func (l *lossy) requests(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count[path]
}

// user is a program that runs a recipe: it takes a command in a line, and answers with a line.
type user struct {
	*testing.T

	in  io.Writer
	out *bufio.Reader
}

// write puts the recipe and its driver into a new folder.
func (r recipe) write(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	readme, err := os.ReadFile(filepath.Join(repository, r.readme))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```"+r.language+"\n(.*?)^```$").FindAllSubmatch(readme, -1)
	if len(block) != 1 {
		t.Fatalf("got %d blocks of %s, want one", len(block), r.language)
	}
	driver, err := os.ReadFile(r.driver)
	if err != nil {
		t.Fatal(err)
	}
	program := strings.TrimSuffix(filepath.Base(r.driver), ".txt")
	for name, text := range map[string][]byte{r.file: block[0][1], program: driver, "go.mod": []byte("module recipe\n\ngo 1.26\n")} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// start runs the recipe in its folder.
func (r recipe) start(t *testing.T, dir string, env ...string) user {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.command[0], r.command[1:]...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = os.Environ()
	for _, name := range []string{"BASE_URL", "TENANT_ID", "APPLICATION_ID", "ISSUE_API_KEY"} {
		cmd.Env = append(cmd.Env, name+"="+home.creds[name])
	}
	cmd.Env = append(cmd.Env, env...)
	in, err1 := cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
	if err1 != nil || err != nil {
		t.Fatal(err1, err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	t.Cleanup(func() { _ = in.Close() }) // before the wait
	return user{t, in, bufio.NewReader(out)}
}

func (u user) run(command string) string {
	u.Helper()
	if _, err := fmt.Fprintln(u.in, command); err != nil {
		u.Fatalf("%s: %v", command, err)
	}
	line, err := u.out.ReadString('\n')
	if err != nil {
		u.Fatalf("%s: got %q, %v, want a line", command, line, err)
	}
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "srt_") || strings.HasPrefix(line, "eyJ") {
		home.keep(line)
	}
	return line
}

// want runs a command and wants an answer that begins so.
func (u user) want(command, answer string) string {
	u.Helper()
	got := u.run(command)
	if !strings.HasPrefix(got, answer) {
		u.Fatalf("%s: got %s, want %s", command, got, answer)
	}
	return got
}

func TestRecipesKeepASessionThroughLostAnswers(t *testing.T) {
	t.Parallel()
	long(t)
	for _, r := range recipes {
		t.Run(r.language, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(r.command[0]); err != nil {
				t.Skipf("there is no %s", r.command[0])
			}
			network := newLossy(t)
			refreshes := func(what string, want int) {
				t.Helper()
				if got := network.requests("/jwt/refresh"); got != want {
					t.Errorf("%s: got %d refreshes, want %d", what, got, want)
				}
			}
			u := r.start(t, r.write(t), "BASE_URL="+network.URL)
			u.want("token", "login needed")
			first := u.want("login "+fresh(), "eyJ")
			before := u.want("stored", "srt_")
			equal(t, "a token that is still good", u.run("token"), first)
			refreshes("a token that is still good", 0)

			// Eight at once refresh once, and keep what they got before they use it.
			u.want("many", "1")
			refreshes("eight at once", 1)
			if now := u.want("stored", "srt_"); now == before {
				t.Error("after a refresh the store has the old token, want the new one")
			}
			// What is lost is repeated with the same token, within the overlap.
			for _, faults := range [][]string{{"lose"}, {"halve"}, {"busy"}, {"lose", "busy"}} {
				before := u.want("stored", "srt_")
				network.arm(faults...)
				u.want("refresh", "eyJ")
				refreshes(fmt.Sprint(faults), len(faults)+1)
				if u.want("stored", "srt_") == before {
					t.Errorf("%v: the store has the old token, want the new one", faults)
				}
			}
			// Three failures: the tokens stay, and the next refresh goes on with them.
			network.arm("lose", "busy", "busy")
			u.want("refresh", "error")
			network.arm()
			u.want("refresh", "eyJ")
			// A mistake of the client logs nobody out.
			good := u.want("stored", "srt_")
			u.want("forget ", "ok")
			u.want("refresh", "error")
			u.want("forget "+good, "ok")
			u.want("refresh", "eyJ")

			last := u.want("stored", "srt_")
			network.arm("busy", "lose")
			u.want("logout", "ok")
			equal(t, "the store after a logout", u.run("stored"), "")
			home.present(t, last).check(t, http.StatusBadRequest)
			u.want("logout", "ok")

			// The session ends elsewhere.
			u.want("login "+fresh(), "eyJ")
			home.do(t, call{"POST", "/jwt/logout", nil, jsonOf(map[string]string{"refreshToken": u.run("stored")})}).want(t, 200)
			u.want("refresh", "login needed")
			equal(t, "the store of an ended session", u.run("stored"), "")
		})
	}
}
