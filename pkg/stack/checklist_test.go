package stack_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every point of the checklist is held by something that exists, or is an exception with its reason.
func TestEveryPointOfTheChecklistIsHeld(t *testing.T) {
	raw, err := os.ReadFile("checklist.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, makefile := testsOfTheProject(t), read(t, "Makefile")
	points := 0
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| no |") {
			continue
		}
		points++
		if len(cells) != 3 || strings.TrimSpace(cells[0]) != strconv.Itoa(points) || strings.TrimSpace(cells[1]) == "" {
			t.Fatalf("point %d is %s", points, line)
		}
		holders := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1)
		if len(holders) == 0 {
			t.Errorf("nothing holds point %d", points)
		}
		for _, h := range holders {
			target, isTarget := strings.CutPrefix(h[1], "make ")
			_, err := os.Stat(filepath.Join(root, h[1]))
			if held := tests[h[1]] || err == nil || isTarget && strings.Contains(makefile, "\n"+target+":"); !held {
				t.Errorf("point %d is held by %s, which is no test, file or target", points, h[1])
			}
		}
	}
	if points != 52 {
		t.Errorf("the checklist has %d points, want 52", points)
	}
}

func testsOfTheProject(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(root, "pkg"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			tests[found[1]] = true
		}
		return err
	})
	if err != nil || len(tests) < 400 {
		t.Fatalf("%d tests were found (%v)", len(tests), err)
	}
	return tests
}

// An operation that is handed no refresh token has none that is expired or reused; one without a tenant in front
// (a public document) has none that is wrong.
func TestEventsHaveTheCasesOfTheirOperations(t *testing.T) {
	for operation, cases := range map[string]string{
		"issue":                          "wrong-tenant malformed forbidden",
		"refresh":                        "expired reused forged wrong-tenant malformed",
		"retrieve-by-id":                 "expired wrong-tenant malformed",
		"retrieve-by-user":               "wrong-tenant malformed other-user",
		"delete-by-id":                   "expired wrong-tenant malformed",
		"delete-by-string":               "expired reused wrong-tenant malformed",
		"delete-by-user":                 "wrong-tenant malformed",
		"delete-by-application":          "wrong-tenant malformed forbidden",
		"delete-by-user-and-application": "wrong-tenant malformed",
		"documented-forms":               "expired wrong-tenant malformed anchor override",
		"user-refresh-token":             "expired reused wrong-tenant malformed other-session",
		"authenticate-refresh":           "expired reused wrong-tenant malformed rotating",
		"oauth-token":                    "expired reused wrong-tenant wrong-client malformed",
		"oauth-revoke":                   "expired unknown malformed access-token",
		"oauth-introspect":               "expired superseded wrong-tenant malformed forbidden",
		"oauth-metadata":                 "",
		"jwks":                           "",
		"authorizer":                     "access-token missing missing-tenant duplicate wrong-tenant forged expired lower-case-headers malformed",
		"put-application":                "malformed",
		"create-api-key":                 "malformed",
		"delete-api-key":                 "wrong-tenant",
		"rotate-signing-keys":            "set test finish retry malformed",
		"rotate-token-keys":              "set test finish retry malformed",
		"audit":                          "ttl malformed empty",
	} {
		for _, suffix := range append([]string{""}, strings.Fields(cases)...) {
			name := strings.TrimSuffix(operation+"-"+suffix, "-") + ".json"
			if _, err := os.Stat(filepath.Join(root, "events", name)); err != nil {
				t.Errorf("events/%s is missing", name)
			}
		}
	}
}
