package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// call is one request; path goes over the wire as it stands, query included.
type call struct {
	method string
	path   string
	header http.Header
	body   string
}

// answer is what came back; body is nil when it was not a JSON object.
type answer struct {
	call   call
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// send makes a call. It may be used from any goroutine and checks nothing.
func (s *service) send(c call) (answer, error) {
	req, err := http.NewRequest(c.method, s.base+c.path, strings.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	if c.header != nil {
		req.Header = c.header.Clone()
	}
	if _, set := req.Header["Content-Type"]; !set && c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	raw, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	a := answer{call: c, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if json.Unmarshal(raw, &a.body) != nil {
		a.body = nil
	}
	s.keep(a.refreshToken(), a.data("accessToken"))
	return a, err
}

// do makes a call and compares its answer with what the contract says of every answer.
func (s *service) do(t testing.TB, c call) answer {
	t.Helper()
	a, err := s.send(c)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	checkAnswer(t, a)
	return a
}

// atOnce makes n calls at the same time.
func (s *service) atOnce(t testing.TB, n int, nth func(i int) call) []answer {
	t.Helper()
	answers := make([]answer, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-start
			var err error
			if answers[i], err = s.send(nth(i)); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	return answers
}

func (a answer) String() string {
	return fmt.Sprintf("%s %.200s %.300s -> %d %.600s", a.call.method, a.call.path, a.call.body, a.status, a.raw)
}

// is says how a status differs from the expected one.
func (a answer) is(status int) error {
	if a.status != status {
		return fmt.Errorf("%s; want %d", a, status)
	}
	return nil
}

// check fails the test unless the status is as expected; about names the case.
func (a answer) check(t testing.TB, status int, about ...any) answer {
	t.Helper()
	if err := a.is(status); err != nil {
		t.Errorf("%v %v", about, err)
	}
	return a
}

// want ends the test unless the status is as expected.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if err := a.is(status); err != nil {
		t.Fatal(err)
	}
	return a
}

// equal fails the test where a value is not the wanted one.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// text is a string member of the body; "" if it is missing.
func (a answer) text(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// data is a string member of data; "" if it is missing.
func (a answer) data(name string) string {
	object, _ := a.body["data"].(map[string]any)
	text, _ := object[name].(string)
	return text
}

// cookies are the cookies that the answer sets, by name, without those that it clears.
func (a answer) cookies() map[string]string {
	set := map[string]string{}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.MaxAge > 0 {
			set[c.Name] = c.Value
		}
	}
	return set
}

// refreshToken is the one of a grant, in the body or in a cookie; "" if it is missing.
func (a answer) refreshToken() string {
	set := a.cookies()
	return cmp.Or(a.data("refreshToken"), set["__Host-refresh_token"], set["refreshToken"], set["refresh_token"])
}

// ids is the ids of a list, in its order.
func (a answer) ids(t testing.TB) []string {
	t.Helper()
	array, ok := a.body["data"].([]any)
	if !ok {
		t.Fatalf("%s: want an array as data", a)
	}
	ids := []string{}
	for _, item := range array {
		id, _ := checkResource(t, item)["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func (a answer) faults() []map[string]any {
	array, _ := a.body["errors"].([]any)
	faults := make([]map[string]any, len(array))
	for i, item := range array {
		faults[i], _ = item.(map[string]any)
	}
	return faults
}

// wantFields wants each of the fields among the errors.
func (a answer) wantFields(t testing.TB, fields ...string) {
	t.Helper()
	for _, field := range fields {
		if !slices.ContainsFunc(a.faults(), func(f map[string]any) bool { return f["field"] == field }) {
			t.Errorf("%s: want %q among the errors", a, field)
		}
	}
}
