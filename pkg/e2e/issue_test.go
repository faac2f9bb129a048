package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestIssueAnswersATokenPairAndNothingElse(t *testing.T) {
	t.Parallel()
	for app, seconds := range map[string]float64{home.demo.web: 900, home.serviceApp(): 900, home.shortApp(): 2} {
		body, sent := jsonOf(map[string]any{"userId": fresh(), "applicationId": app}), time.Now()
		a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
		most := accessExpiry(t, a.data("accessToken")).Unix() - sent.Unix()
		least := accessExpiry(t, a.data("accessToken")).Unix() - time.Now().Unix()
		if left, _ := checkGrant(t, a)["expiresIn"].(float64); left > float64(most) || left < float64(max(0, least)) || left > seconds {
			t.Errorf("expiresIn: got %v, want what remains of %v seconds: %d to %d", left, seconds, least, most)
		}
	}
}

func TestATokenResourceShowsFifteenKeysAndNeverTheToken(t *testing.T) {
	t.Parallel()
	user := fresh()
	device := map[string]any{"name": "Ada's phone", "type": "mobile", "userAgent": "test/1", "ip": "192.0.2.1"}
	body := jsonOf(map[string]any{
		"userId": user, "applicationId": home.demo.web, "scope": "read write", "device": device, "claims": map[string]any{"plan": "gold"},
	})
	sent := time.Now()
	issued := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 201)
	x := session{tenant: home.demo.id, id: issued.data("refreshTokenId"), refresh: issued.data("refreshToken")}
	a := home.resource(t, x).want(t, 200)
	r := checkResource(t, a.body["data"])
	want := map[string]any{
		"id": x.id, "tenantId": home.demo.id, "userId": user, "applicationId": home.demo.web, "usage": "oneTime", "generation": 0.0,
		"scope": "read write", "lastRefreshedAt": nil, "lastSeen": nil, "current": nil,
	}
	for key, value := range want {
		equal(t, key, r[key], value)
	}
	equal(t, "device", r["device"], any(device))
	equal(t, "claims", r["claims"], any(map[string]any{"plan": "gold"}))
	if strings.Contains(a.raw, "srt_") || strings.Contains(a.raw, x.refresh[len(x.refresh)-43:]) {
		t.Errorf("%s: want no token in it", a)
	}
	created := timeOf(t, r["createdAt"])
	if created.Before(sent.Truncate(time.Millisecond)) || created.After(time.Now()) {
		t.Errorf("createdAt: got %v, want it after %v", created, sent)
	}
	equal(t, "idle life", timeOf(t, r["expiresAt"]).Sub(created), 30*24*time.Hour)
	equal(t, "absolute life", timeOf(t, r["absoluteExpiresAt"]).Sub(created), 180*24*time.Hour)
	equal(t, "expiresAt", r["expiresAt"], any(issued.data("refreshTokenExpiresAt")))
}

func TestEmptyMembersOfATokenResourceAreNull(t *testing.T) {
	t.Parallel()
	x := home.issue(t, fresh(), home.serviceApp())
	r := checkResource(t, home.resource(t, x).want(t, 200).body["data"])
	for _, key := range []string{"scope", "device", "lastRefreshedAt"} {
		equal(t, key, r[key], nil)
	}
	equal(t, "usage", r["usage"], any("reusable"))
	home.rotate(t, x)
	r = checkResource(t, home.resource(t, x).want(t, 200).body["data"])
	if r["lastRefreshedAt"] == nil || r["generation"] != 0.0 {
		t.Errorf("after a refresh: got lastRefreshedAt %v and generation %v, want a time and 0", r["lastRefreshedAt"], r["generation"])
	}
}

func TestIssueRefusesWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	const head = `{"userId":"u","applicationId":"web",`
	deep := func(levels int) string {
		return strings.Repeat(`{"a":`, levels-1) + `{}` + strings.Repeat(`}`, levels-1)
	}
	long := func(bytes int) string { return `{"k":"` + strings.Repeat("x", bytes-len(`{"k":""}`)) + `"}` }
	cases := map[string]struct {
		body   string
		status int
		field  string
	}{
		"missing userId":                {`{"applicationId":"web"}`, 400, "userId"},
		"missing applicationId":         {`{"userId":"u"}`, 400, "applicationId"},
		"unknown application":           {`{"userId":"u","applicationId":"nothing"}`, 404, ""},
		"another tenant's name for one": {`{"userId":"u","applicationId":"WEB"}`, 404, ""},
		"unknown key":                   {head + `"tenantId":"other"}`, 400, "tenantId"},
		"129 bytes":                     {`{"userId":"` + strings.Repeat("x", 129) + `","applicationId":"web"}`, 400, "userId"},
		"control characters":            {`{"userId":"a\u0000","applicationId":"web"}`, 400, "userId"},
		"control characters in both":    {`{"userId":"u","applicationId":"web\n"}`, 400, "applicationId"},
		"claims that are not an object": {head + `"claims":[]}`, 400, "claims"},
		"claims null":                   {head + `"claims":null}`, 400, "claims"},
		"claims of 2 KB":                {head + `"claims":` + long(2048) + `}`, 201, ""},
		"claims over 2 KB":              {head + `"claims":` + long(2049) + `}`, 400, "claims"},
		"claims 8 levels deep":          {head + `"claims":` + deep(8) + `}`, 201, ""},
		"claims 10 levels deep":         {head + `"claims":` + deep(10) + `}`, 400, "claims"},
		"arrays count as levels":        {head + `"claims":{"a":` + strings.Repeat("[", 10) + strings.Repeat("]", 10) + `}}`, 400, "claims"},
		"doubled keys within claims":    {head + `"claims":{"a":1,"a":2}}`, 400, ""},
		"device that is not an object":  {head + `"device":"phone"}`, 400, "device"},
		"device with an unknown key":    {head + `"device":{"colour":"red"}}`, 400, ""},
		"doubled keys within a device":  {head + `"device":{"name":"a","name":"b"}}`, 400, "name"},
		"scope that is not a string":    {head + `"scope":["read"]}`, 400, "scope"},
		// Clients remove dot segments from a path: a delete of user ".." in an application would reach the application.
		"user .":         {`{"userId":".","applicationId":"web"}`, 400, "userId"},
		"user ..":        {`{"userId":"..","applicationId":"web"}`, 400, "userId"},
		"application .":  {`{"userId":"u","applicationId":"."}`, 400, "applicationId"},
		"application ..": {`{"userId":"u","applicationId":".."}`, 400, "applicationId"},
		"user U+FFFD":    {`{"userId":"a\ufffd","applicationId":"web"}`, 400, "userId"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), c.body}).want(t, c.status)
			if c.field != "" {
				a.wantFields(t, c.field)
			}
		})
	}
}

func TestClaimsMayNotNameARegisteredClaimOrOneOfTheService(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "cnf", "tid", "sid", "sv", "narrowed", "active", "token_type", "username"} {
		body := jsonOf(map[string]any{"userId": fresh(), "applicationId": home.demo.web, "claims": map[string]any{name: "x"}})
		home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 400).wantFields(t, "claims."+name)
	}
}

// Readers of JSON differ in how they match names: a claim that looks like a registered one must not change the owner of
// the token, whatever issue answers.
func TestNoSpellingOfACustomClaimOverridesARegisteredOne(t *testing.T) {
	t.Parallel()
	victim, theirs := home.issue(t, fresh(), home.demo.web), home.issueIn(t, home.other, fresh())
	attempts := []map[string]any{
		{"SUB": victim.user, "SID": victim.id},
		{"Sub": victim.user},
		{"\u017fub": victim.user, "\u017fid": victim.id},
		{"sub ": victim.user},
		{"TID": home.other.id, "SUB": theirs.user, "SID": theirs.id, "CLIENT_ID": home.other.web, "AUD": home.other.web},
		{"Exp": 9999999999.0},
		{"JTI": "x"},
		{"sub\u0000": victim.user},
	}
	for _, claims := range attempts {
		user := fresh()
		body := jsonOf(map[string]any{"userId": user, "applicationId": home.demo.web, "claims": claims})
		a := home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body})
		if a.status == 400 {
			continue
		}
		a.want(t, 201)
		x := session{tenant: home.demo.id, user: user, id: a.data("refreshTokenId"), access: a.data("accessToken")}
		home.do(t, call{"GET", "/jwt/refresh?userId=" + user, x.owner(), ""}).want(t, 200)
		home.do(t, call{"GET", "/jwt/refresh?userId=" + victim.user, x.owner(), ""}).want(t, 403)
		home.do(t, call{"GET", "/jwt/refresh/" + victim.id, x.owner(), ""}).want(t, 404)
		across := session{tenant: home.other.id, access: x.access}.owner()
		home.do(t, call{"GET", "/jwt/refresh?userId=" + theirs.user, across, ""}).want(t, 403)
	}
}

func TestTheLongestIdsThatFitWork(t *testing.T) {
	t.Parallel()
	for _, app := range []string{home.demo.web, home.serviceApp()} {
		try := func(length int) answer {
			user := strings.Repeat("x", length)
			body := jsonOf(map[string]any{"userId": user, "applicationId": app})
			return home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body})
		}
		longest := 128
		for longest > 1 && try(longest).status != 201 {
			longest--
		}
		a := try(longest).want(t, 201)
		if text := a.data("refreshToken"); len(text) > 255 || len(text) < 250 {
			t.Errorf("the token of the longest id: got %d characters, want 250 to 255", len(text))
		}
		next := home.present(t, a.data("refreshToken")).want(t, 200)
		if text := next.data("refreshToken"); len(text) > 255 {
			t.Errorf("its successor: got %d characters, want at most 255", len(text))
		}
		home.do(t, call{"DELETE", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"token": next.data("refreshToken")})}).want(t, 200)
		if longest == 128 {
			continue
		}
		refused := try(longest+1).want(t, 400)
		if refused.wantFields(t, "userId"); !strings.Contains(fmt.Sprint(refused.faults()), strconv.Itoa(longest)) {
			t.Errorf("%s: want the message to say that %d bytes are left", refused, longest)
		}
		bytes := strings.Repeat("é", longest/2+1)
		body := jsonOf(map[string]any{"userId": bytes, "applicationId": app})
		home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).want(t, 400)
	}
}

func TestASessionBeyondMaxSessionsPerUserPushesOutTheOldest(t *testing.T) {
	t.Parallel()
	user := fresh()
	elsewhere := home.issue(t, user, home.serviceApp())
	oldest := home.issue(t, user, home.demo.web)
	second := home.issue(t, user, home.demo.web)
	for range 99 {
		home.issue(t, user, home.demo.web)
	}
	home.wantDead(t, oldest)
	home.wantAlive(t, second, elsewhere) // "maxSessionsPerUser counts per user and application"
	equal(t, "sessions", len(home.list(t, user, "&limit=100&applicationId="+home.demo.web).want(t, 200).ids(t)), 100)
}
