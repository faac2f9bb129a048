package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// issueSome issues n sessions of one user over two applications and returns them newest first.
func issueSome(t testing.TB, user string, n int) []session {
	t.Helper()
	var issued []session
	for i := range n {
		app := home.demo.web
		if i%3 == 1 {
			app = home.serviceApp()
		}
		issued = append(issued, home.issue(t, user, app))
	}
	slices.Reverse(issued)
	return issued
}

// cursor is the query that continues after a page; "" on the last one.
func cursor(a answer) string {
	next, there := a.body["nextCursor"].(string)
	if !there {
		return ""
	}
	return "&cursor=" + url.QueryEscape(next)
}

// pages reads a list page by page.
func pages(t testing.TB, user, filter string, limit int) []string {
	t.Helper()
	got := []string{}
	for next := ""; ; {
		a := home.list(t, user, fmt.Sprintf("%s&limit=%d%s", filter, limit, next)).want(t, 200)
		page := a.ids(t)
		got = append(got, page...)
		if next = cursor(a); next == "" {
			return got
		}
		if len(page) != limit || len(got) > 100 {
			t.Fatalf("limit %d: got %d on a page before the last, %d in all", limit, len(page), len(got))
		}
	}
}

func TestAListIsNewestFirstOverAllApplications(t *testing.T) {
	t.Parallel()
	user := fresh()
	issued := issueSome(t, user, 7)
	equal(t, "the list", home.list(t, user, "").want(t, 200).ids(t), idsOf(issued))
	var web, service []session
	for _, x := range issued {
		if x.app == home.demo.web {
			web = append(web, x)
		} else {
			service = append(service, x)
		}
	}
	for app, want := range map[string][]session{home.demo.web: web, home.serviceApp(): service, home.shortApp(): nil, "unknown": nil} {
		for _, key := range []string{"applicationId", "applicationsId"} {
			equal(t, key+"="+app, home.list(t, user, "&"+key+"="+app).want(t, 200).ids(t), idsOf(want))
		}
	}
	equal(t, "the list of a user without sessions", home.list(t, fresh(), "").want(t, 200).ids(t), []string{})
}

func TestPagesHaveNeitherGapsNorDoubles(t *testing.T) {
	t.Parallel()
	user := fresh()
	issued := issueSome(t, user, 9)
	for _, filter := range []string{"", "&applicationId=" + home.demo.web} {
		all := home.list(t, user, filter).want(t, 200).ids(t)
		for _, limit := range []int{1, 2, 3, 4, len(all) - 1, len(all), 100} {
			equal(t, fmt.Sprintf("pages of %d%s", limit, filter), pages(t, user, filter, limit), all)
		}
	}
	equal(t, "cursor of the last page", cursor(home.list(t, user, fmt.Sprintf("&limit=%d", len(issued)))), "")
}

func TestDeletionsAndNewSessionsBetweenPagesDoNotDisturbThem(t *testing.T) {
	t.Parallel()
	user := fresh()
	issued := issueSome(t, user, 8)
	first := home.list(t, user, "&limit=3").want(t, 200)
	for _, i := range []int{1, 2, 3, 6} { // seen, the last seen, the next one, a later one
		home.do(t, call{"DELETE", "/jwt/refresh/" + issued[i].id, home.demo.admin(), ""}).want(t, 200)
	}
	home.issue(t, user, home.demo.web)
	second := home.list(t, user, "&limit=3"+cursor(first)).want(t, 200)
	want := idsOf([]session{issued[0], issued[1], issued[2], issued[4], issued[5], issued[7]})
	equal(t, "two pages", slices.Concat(first.ids(t), second.ids(t)), want)
	equal(t, "the second cursor", cursor(second), "")
}

func TestTheDefaultPageIs50(t *testing.T) {
	t.Parallel()
	user := fresh()
	for range 51 {
		home.issue(t, user, home.demo.web)
	}
	a := home.list(t, user, "").want(t, 200)
	equal(t, "sessions on the first page", len(a.ids(t)), 50)
	equal(t, "sessions on the last page", len(home.list(t, user, cursor(a)).want(t, 200).ids(t)), 1)
	form := home.do(t, call{"POST", "/jwt/refresh", home.demo.admin(), jsonOf(map[string]string{"userId": user})}).want(t, 200)
	equal(t, "the page of the documented form", form.ids(t), a.ids(t))
	equal(t, "its cursor", cursor(form), cursor(a))
}

func TestABadLimitOrCursorIs400(t *testing.T) {
	t.Parallel()
	user := fresh()
	issueSome(t, user, 4)
	for _, limit := range []string{"0", "-1", "101", "1000", "abc", "1.5", "", "%20", "1e1", "99999999999999999999", "1&limit=2"} {
		home.list(t, user, "&limit="+limit).want(t, 400).wantFields(t, "limit")
	}
	next := cursor(home.list(t, user, "&limit=1").want(t, 200))
	other := fresh()
	issueSome(t, other, 2)
	elsewhere := cursor(home.list(t, other, "&limit=1").want(t, 200))
	for _, bad := range []string{"&cursor=", "&cursor=x", "&cursor=%00", "&cursor=" + escape(string(make([]byte, 300))), next[:len(next)-1], next + "A", next + next, elsewhere} {
		home.list(t, user, bad).want(t, 400).wantFields(t, "cursor")
	}
	home.list(t, user, "&applicationId="+home.demo.web+next).want(t, 400) // of another filter
	theirs := home.do(t, call{"GET", "/jwt/refresh?userId=" + user + next, home.other.admin(), ""})
	theirs.want(t, 400) // of another tenant
}

func TestUsersSeeTheirOwnSessionsOnly(t *testing.T) {
	t.Parallel()
	mine, theirs := home.issue(t, fresh(), home.demo.web), home.issue(t, fresh(), home.demo.web)
	also := home.issue(t, mine.user, home.serviceApp())
	home.issueIn(t, home.other, mine.user) // a namesake
	a := home.do(t, call{"GET", "/jwt/refresh?userId=" + mine.user, mine.owner(), ""}).want(t, 200)
	equal(t, "the owner's list", a.ids(t), []string{also.id, mine.id})
	equal(t, "the list", home.list(t, mine.user, "").want(t, 200).ids(t), []string{also.id, mine.id})
	home.do(t, call{"GET", "/jwt/refresh?userId=" + theirs.user, mine.owner(), ""}).want(t, 403)
	home.do(t, call{"GET", "/jwt/refresh/" + also.id, mine.owner(), ""}).want(t, 200)
	home.do(t, call{"GET", "/jwt/refresh/" + theirs.id, mine.owner(), ""}).want(t, 404)
}
