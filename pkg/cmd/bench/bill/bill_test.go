package bill

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What this project promises, in US dollars at list prices.
const (
	goal    = 4.9 // a million refreshes behind the REST API
	hotGoal = 2.5 // through HotRoute
	rest    = 15  // a month, the metrics of a stack in use included
)

func TestABillKeepsToItsGoals(t *testing.T) {
	t.Chdir("../../../..")
	for _, c := range []struct {
		parameters []string
		goal       float64
	}{{nil, goal}, {[]string{"HotRoute=true"}, hotGoal}} {
		template, err := read(c.parameters)
		if err != nil {
			t.Fatal(err)
		}
		variable, err := refreshes(template)
		if err != nil || variable.total() > c.goal {
			t.Errorf("%v: a million refreshes: got %.4f, %v, want at most %.2f", c.parameters, variable.total(), err, c.goal)
		}
		if atRest, used := month(template); atRest.total()+used.total() > rest {
			t.Errorf("%v: a month: got %.2f, want at most %d", c.parameters, atRest.total()+used.total(), rest)
		}
	}
}

func TestTheRunbookHasTheBillAndThePagesOfItsPrices(t *testing.T) {
	source, err := os.ReadFile("bill.go")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../../..")
	raw, err := os.ReadFile("functions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	runbook := string(raw)
	var printed strings.Builder
	if err := Print(&printed); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(printed.String(), "\n\n") {
		if !strings.Contains(runbook, strings.TrimSpace(part)+"\n") {
			t.Errorf("functions/README.md lacks what bench bill prints:\n%s", part)
		}
	}
	for _, page := range regexp.MustCompile(`https://\S+`).FindAllString(string(source), -1) {
		if !strings.Contains(runbook, page) {
			t.Errorf("functions/README.md lacks the page of a price, %s", page)
		}
	}
}

// Every parameter that changes a bill is among the options, and an unknown one is refused.
func TestABillIsComputedFromTheParameters(t *testing.T) {
	t.Chdir("../../../..")
	var plain, refused strings.Builder
	if err := Print(&plain, "AccessLogs=true", "Traces=true"); err != nil || !strings.Contains(plain.String(), "access log") || !strings.Contains(plain.String(), "traces") {
		t.Errorf("got %v\n%s\nwant access log and traces", err, &plain)
	}
	if err := Print(&refused, "Fierwall=true"); err == nil || !strings.Contains(err.Error(), "Fierwall") {
		t.Errorf("got %v, want a refusal of Fierwall", err)
	}
}
