package api_test

import (
	"io"
	"net/http"
	"testing"
)

// "The body wins over cookies": a whole pair of cookies beside a body token may be another session's and is not
// looked at. An access cookie on its own accompanies the body token, and must be of its session.
func TestTheBodyWinsOverCookies(t *testing.T) {
	for name, c := range map[string]struct {
		cookies func(w *world) string
		want    int
	}{
		"another session's pair": {func(w *world) string {
			return "refreshToken=" + w.refreshText(sessionBob, demo, bob, web, 0) +
				"; accessToken=" + w.accessText(sessionBob, demo, bob, web, noon)
		}, http.StatusOK},
		"another session's access cookie alone": {func(w *world) string {
			return "accessToken=" + w.accessText(sessionBob, demo, bob, web, noon)
		}, http.StatusBadRequest},
		"its own access cookie": {func(w *world) string { return "access_token=" + w.aliceAccess() }, http.StatusOK},
	} {
		w := newWorld(t, io.Discard)
		answer, _ := w.call("refresh", rest{
			method: "POST", header: []string{"Cookie", c.cookies(w)},
			body: `{"refreshToken":"` + w.refreshText(sessionOne, demo, alice, web, 0) + `"}`,
		}.event())
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d %s", name, answer.StatusCode, answer.Body)
		}
		if answer.MultiValueHeaders["Set-Cookie"] != nil {
			t.Errorf("%s: a refresh from the body sets cookies", name)
		}
	}
}
