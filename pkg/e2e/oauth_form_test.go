package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOAuthEndpointsTakeAFormWithEachParameterAtMostOnce(t *testing.T) {
	t.Parallel()
	const media = "application/x-www-form-urlencoded"
	x := home.issue(t, fresh(), home.demo.web)
	for path, c := range map[string]struct {
		header http.Header
		good   []string
	}{
		introspectPath: {reader(), []string{"token", x.refresh}},
		revokePath:     {nil, []string{"token", x.refresh}},
		tokenPath:      {nil, []string{"grant_type", "refresh_token", "refresh_token", x.refresh}},
	} {
		ask := func(more, media, body string, header ...string) answer {
			t.Helper()
			return postForm(t, call{"POST", path + more, with(with(c.header, "Content-Type", media), header...), body})
		}
		good := form(c.good...)
		asJSON := jsonOf(map[string]string{"grant_type": "refresh_token", "refresh_token": x.refresh, "token": x.refresh})
		bad := []answer{
			ask("", "application/json", asJSON), ask("", "application/json", good), ask("", "text/plain", good), ask("", "", good),
			ask("", "multipart/form-data; boundary=x", good), ask("", media, good, "X-HTTP-Method-Override", "DELETE"),
			ask("?"+good, media, ""), ask("?x=1", media, good), ask("?client_id="+home.demo.web, media, good),
		}
		bodies := []string{asJSON, "", good + "&x=%zz", good + "&x=%ff", good + "&scope=a&scope=a", good + "&client_id=web&client_id=web"}
		for i := 0; i < len(c.good); i += 2 { // each parameter doubled, missing and blank
			blank := slices.Clone(c.good)
			blank[i+1] = ""
			bodies = append(bodies, good+"&"+form(c.good[i:i+2]...), form(blank...), form(slices.Delete(slices.Clone(c.good), i, i+2)...))
		}
		for _, body := range bodies {
			bad = append(bad, ask("", media, body))
		}
		for _, a := range bad {
			a.wantError(t, 400, "invalid_request")
		}
		ask("", media, form("token", strings.Repeat("x", 17_000))).want(t, http.StatusRequestEntityTooLarge)
		home.wantAlive(t, x)
		x := home.issue(t, fresh(), home.demo.web)
		c.good[len(c.good)-1] = x.refresh
		ask("", media+"; charset=utf-8", form(c.good...)).want(t, 200)
		ask("/", "Application/X-WWW-Form-URLEncoded", form(append(c.good, "redirect_uri", "https://x.example", "client_id", "", "client_secret", "")...)+"&scope&&&x=1&x=2").want(t, 200)
	}
}

// The resource is judged by the token itself, so before anything rotates.
func TestAResourceIsTheApplicationItself(t *testing.T) {
	t.Parallel()
	for resources, code := range map[string]string{
		"web": "", "web web": "", "": "", "service": "invalid_target", "web service": "invalid_target", "https://api.example": "invalid_target", "WEB": "invalid_target",
	} {
		x := home.issue(t, fresh(), home.demo.web)
		fields := []string{"grant_type", "refresh_token", "refresh_token", x.refresh}
		for resource := range strings.SplitSeq(resources, " ") {
			fields = append(fields, "resource", resource)
		}
		c := call{"POST", tokenPath, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form(fields...)}
		if code == "" {
			postForm(t, c).want(t, 200)
			continue
		}
		postForm(t, c).wantError(t, 400, code)
		home.wantResource(t, x, 0)
		home.wantAlive(t, x)
	}
}
