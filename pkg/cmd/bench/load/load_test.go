package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

func TestAMixIsTakenByItsWeights(t *testing.T) {
	m, err := parseMix("refresh=3, delete=1,list=0")
	if err != nil {
		t.Fatal(err)
	}
	random, counts := rand.New(rand.NewPCG(1, 1)), map[step]int{}
	const draws = 4000
	for range draws {
		counts[m.next(random)]++
	}
	if counts[stepRefresh]+counts[stepDelete] != draws || math.Abs(float64(counts[stepRefresh])-0.75*draws) > 0.05*draws {
		t.Errorf("3 to 1 of %d were drawn as %v", draws, counts)
	}
}

func TestAMixThatMakesNoSenseIsRefused(t *testing.T) {
	for _, text := range []string{"", "refresh", "refresh=", "refresh=x", "refresh=-1", "refresh=0", "login=1", "refresh=1,refresh=2", "refresh=1,", "refresh=9999999"} {
		if m, err := parseMix(text); err == nil {
			t.Errorf("%q was read as %+v", text, m)
		}
	}
}

func TestSettingsOutOfBoundsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-duration", "1h"},
		{"-duration", "0s"},
		{"-chains", "0"},
		{"-chains", "99999"},
		{"-store", "paper"},
		{"-mix", "x"},
		{"more"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	if p, err := parse(nil); err != nil || p.duration != 20*time.Second || p.chains != 8 || p.store != storeEmbedded {
		t.Errorf("defaults are %+v, %v", p, err)
	}
}

func at(ms int, took time.Duration) sample {
	return sample{opRefresh, time.Duration(ms) * time.Millisecond, took}
}

func TestIntervalsHoldWhatEndedInThem(t *testing.T) {
	samples := []sample{at(0, 1), at(249, 2), at(250, 3), at(999, 5), at(1000, 9), at(1700, 9)}
	got := intervals(samples, time.Second, 4)
	var counts []int
	for _, s := range got {
		counts = append(counts, s.count)
	}
	if !slices.Equal(counts, []int{2, 1, 0, 1}) || got[0].max != 2 || got[0].p50 != 1 || got[3].p99 != 5 {
		t.Errorf("got %+v", got)
	}
}

func TestThePlotHasFourIntervalsASecondAndAHundredAtMost(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{time.Second: 4, 20 * time.Second: 80, 15 * time.Minute: 100} {
		if got := intervalsOf(d); got != want {
			t.Errorf("%s has %d intervals, want %d", d, got, want)
		}
	}
}

// wellFormed counts the elements of an XML document.
func wellFormed(t *testing.T, text string) map[string]int {
	t.Helper()
	elements := map[string]int{}
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
}

func TestAPlotIsWellFormedWhateverItShows(t *testing.T) {
	usual := stats{count: 100, p50: time.Millisecond, p95: 2 * time.Millisecond, p99: 3 * time.Millisecond, max: time.Second}
	flat := stats{count: 1, p50: 1, p95: 1, p99: 1, max: 1}
	for name, all := range map[string][]stats{
		"usual": {usual, usual, usual}, "with a gap": {usual, {}, usual}, "empty": {{}, {}}, "none": nil, "tiny": {flat},
		"slow": {{count: 1, p50: time.Minute, p95: time.Minute, p99: time.Minute}},
	} {
		drawn := plot{title: `<a&"b">`, subtitle: "x", note: "]]>", length: 250 * time.Millisecond, intervals: all}.svg()
		if strings.Contains(drawn, "NaN") || strings.Contains(drawn, "Inf") {
			t.Errorf("%s: a place is no number: %s", name, drawn)
		}
		elements := wellFormed(t, drawn)
		if elements["svg"] != 1 || elements["text"] < 8 || elements["path"] < 4 {
			t.Errorf("%s: %v", name, elements)
		}
	}
}

func TestAxesAreRound(t *testing.T) {
	for value, want := range map[float64]float64{0: 1, 0.03: 0.05, 1: 1, 1.1: 2, 4321: 5000, 5001: 10000} {
		if got := niceAbove(value); got != want {
			t.Errorf("above %v comes %v, want %v", value, got, want)
		}
	}
	if got := ticks(0.5, 20); !slices.Equal(got, []float64{0.5, 1, 2, 5, 10, 20}) {
		t.Errorf("ticks %v", got)
	}
}

// answering is a client of a server that always says the same.
func answering(t *testing.T, status int, body string) *client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return &client{base: server.URL, http: server.Client(), record: newRecorder(time.Now())}
}

func TestAnswersThatMustNotBeFailTheRun(t *testing.T) {
	good := `{"data":{"refreshToken":"next","refreshTokenId":"id","accessToken":"new"}}`
	rotate := func(c *chain) error { return c.rotate(t.Context()) }
	retry := func(c *chain) error { return c.retry(t.Context()) }
	list := func(c *chain) error { return c.list(t.Context()) }
	for name, row := range map[string]struct {
		status int
		body   string
		do     func(*chain) error
		want   class // "": none
	}{
		"a refresh":                        {200, good, rotate, ""},
		"a retry":                          {200, good, retry, ""},
		"the token of before again":        {200, strings.Replace(good, "next", "old", 1), rotate, classWrong},
		"another session":                  {200, strings.Replace(good, `"id"`, `"other"`, 1), rotate, classWrong},
		"no JSON":                          {200, "hello", rotate, classWrong},
		"a chain that is logged out":       {400, `{"data":null}`, rotate, classLoggedOut},
		"an owner who is logged out":       {401, `{"data":null}`, list, classLoggedOut},
		"a list without the session":       {200, `{"data":[]}`, list, classWrong},
		"a list with another user's":       {200, `{"data":[{"id":"id","userId":"mallory"}]}`, list, classWrong},
		"a fault of the service":           {500, `{"data":null}`, rotate, classStatus},
		"a refresh that may be repeated":   {503, `{"data":null}`, rotate, classUnavailable},
		"a redirect to nowhere, no answer": {302, "", rotate, classStatus},
	} {
		t.Run(name, func(t *testing.T) {
			c := &chain{client: answering(t, row.status, row.body), id: "id", refresh: "old", access: "old", user: "user"}
			err := row.do(c)
			var f failure
			if errors.As(err, &f); f.class != row.want || (err != nil) != (row.want != "") {
				t.Errorf("it was judged %v, want %q", err, row.want)
			}
			if wrong := row.want != "" && row.want != classUnavailable; c.record.unexpected() != wrong {
				t.Errorf("unexpected is %v", c.record.unexpected())
			}
		})
	}
}

func TestADeletedSessionMustBeDeadAtOnce(t *testing.T) {
	c := &chain{client: answering(t, 200, `{"data":{"id":"id","userId":"user"}}`), id: "id", refresh: "old", user: "user"}
	var f failure
	if err := c.delete(t.Context()); !errors.As(err, &f) || f.class != classStatus || !strings.Contains(f.text, string(opRefused)) {
		t.Errorf("a token that outlives its session was judged %v", err)
	}
}

func TestTheSummaryNamesEveryOperationAndEveryKindOfError(t *testing.T) {
	r := newRecorder(time.Now())
	r.add(opRefresh, time.Now(), 3*time.Millisecond, nil)
	r.add(opIssue, time.Now(), 5*time.Millisecond, failure{classStatus, "issue: 500, want 201"})
	got := summary(r, time.Second, measure.Usage{CPU: time.Millisecond, Peak: 3 << 20})
	for _, want := range []string{"refresh", "issue", "all", "3.00", "500 µs CPU per request", "3.0 MB", "1  unexpected status, first: issue: 500"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if fine := summary(newRecorder(time.Now()), time.Second, measure.Usage{}); !strings.Contains(fine, "errors: none") {
		t.Errorf("got %s", fine)
	}
}
