package load

import (
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

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
)

func TestAMixIsTakenByItsWeights(t *testing.T) {
	m, err := parseMix("refresh=3,delete=1,list=0")
	if err != nil {
		t.Fatal(err)
	}
	random, counts := rand.New(rand.NewPCG(1, 1)), map[string]int{}
	const draws = 4000
	for range draws {
		counts[m.next(random).name]++
	}
	if len(counts) != 2 || math.Abs(float64(counts["refresh"])-0.75*draws) > 0.05*draws {
		t.Errorf("3 to 1 in %d draws: got %v", draws, counts)
	}
}

func TestAnIntervalHoldsTheRequestsThatEndedInIt(t *testing.T) {
	var samples []sample
	for _, ms := range []int{0, 249, 250, 999, 1000, 1700} {
		samples = append(samples, sample{"refresh", time.Duration(ms) * time.Millisecond, time.Millisecond})
	}
	var got []int
	for _, s := range intervals(samples, time.Second, 4) {
		got = append(got, s.Count)
	}
	if want := []int{2, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// answering makes a chain whose service always gives the same answer.
func answering(t *testing.T, status int, body string) *chain {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return &chain{
		Service: &service.Service{Client: measure.NewClient(server.URL, 1)}, record: newRecorder(time.Now()),
		user: "user", tokens: service.Tokens{ID: "id", Refresh: "old", Access: "old"},
	}
}

func TestAnswersThatMustNotBeFailTheRun(t *testing.T) {
	good := `{"data":{"refreshToken":"next","refreshTokenId":"id","accessToken":"new"}}`
	for name, row := range map[string]struct {
		status int
		body   string
		do     step
		want   service.Class // "": none
	}{
		"a refresh":                       {200, good, (*chain).refresh, ""},
		"a retry":                         {200, good, (*chain).retry, ""},
		"the token of before":             {200, strings.Replace(good, "next", "old", 1), (*chain).refresh, service.WrongAnswer},
		"another session":                 {200, strings.Replace(good, `"id"`, `"other"`, 1), (*chain).refresh, service.WrongAnswer},
		"not JSON":                        {200, "hello", (*chain).refresh, service.WrongAnswer},
		"a refused refresh":               {400, `{"data":null}`, (*chain).refresh, service.LoggedOut},
		"a refused owner":                 {401, `{"data":null}`, (*chain).list, service.LoggedOut},
		"a list without the session":      {200, `{"data":[]}`, (*chain).list, service.WrongAnswer},
		"a list of another user":          {200, `{"data":[{"id":"id","userId":"mallory"}]}`, (*chain).list, service.WrongAnswer},
		"a session of another generation": {200, `{"data":{"id":"id","userId":"user","generation":1}}`, (*chain).retrieve, service.WrongAnswer},
		"a failure of the service":        {500, `{"data":null}`, (*chain).refresh, service.WrongStatus},
		"a refresh to be repeated":        {503, `{"data":null}`, (*chain).refresh, service.Unavailable},
		"a deleted session that lives":    {200, `{"data":{"id":"id","userId":"user"}}`, (*chain).delete, service.WrongStatus},
	} {
		t.Run(name, func(t *testing.T) {
			c := answering(t, row.status, row.body)
			var f service.AnswerError
			errors.As(row.do(c, t.Context()), &f)
			unexpected := row.want != "" && row.want != service.Unavailable
			if f.Class != row.want || c.record.unexpected() != unexpected {
				t.Errorf("got %q, unexpected %v, want %q, %v", f.Class, c.record.unexpected(), row.want, unexpected)
			}
		})
	}
}
