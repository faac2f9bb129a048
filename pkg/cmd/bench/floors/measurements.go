package floors

import "testing"

// measurement yields the samples of its rows, in their order.
type measurement struct {
	name string
	take func(testing.TB) []samples
	home home
	rows []row
}

// home is where a floor is asserted: each in one place.
type home int

const (
	here      home = iota // by the test of this package
	hereSlow              // by that test, unless -short: it builds functions or needs DynamoDB Local
	elsewhere             // as a count by tests of pkg/store; bench prints the figure
	benchOnly             // it compares times
)

// What a bill is computed from; Billed is of 512 MB, in milliseconds.
const (
	LineBytes   = 596
	AnswerBytes = 920
	Billed      = 6
)

var measurements = []measurement{
	{"cold-start", coldStarts, benchOnly, []row{
		{"1", "init CPU of refresh, ratio to bare", "", ratio, 1.9},
		{"4", "RSS at the first /next, ratio to bare", "", ratio, 1.7},
		{"", "init CPU of refresh", "ms", shown, 0},
		{"", "init CPU of bare", "ms", shown, 0},
		{"", "exec to first /next of refresh", "ms", shown, 0},
		{"", "first refresh, keys fetched", "ms", shown, 0},
		{"", "first refresh, CPU", "ms", shown, 0},
		{"", "warm refresh", "ms", shown, 0},
		{"", "warm refresh, CPU", "ms", shown, 0},
	}},
	{"initialisation", initialisation, hereSlow, []row{
		{"2", "package initialisation of refresh", "KB", count, 1_080},
		{"2", "package initialisation of refresh", "allocs", count, 6_300},
	}},
	{"sizes", sizes, hereSlow, []row{
		{"3", "bootstrap of refresh, stripped, arm64", "MB", count, 9.6},
		{"3", "its zip", "MB", count, 3.7},
	}},
	{"bytes", written, hereSlow, []row{
		{"14", "log line of a refresh, with its metrics", "B", count, LineBytes},
		{"14", "body of its answer", "B", count, AnswerBytes},
	}},
	{"update-item", updateItem, here, []row{{"5", "UpdateItem over a stubbed transport", "allocs", count, 460}}},
	{"refresh", wholeRefresh, here, []row{
		{"6", "refresh, event in to event out", "allocs", count, 1_170},
		{"6", "refresh, event in to event out", "KB", count, 110},
	}},
	{"authorizer", authorisation, here, []row{
		{"7", "authorizer, token only", "allocs", count, 215},
		{"7", "authorizer, with its read", "allocs", count, 700},
	}},
	{"calls", calls, elsewhere, []row{
		{"8", "DynamoDB calls per refresh: rotated, extended, retried, refused", "", exact, 2},
		{"9", "write units per rotation", "", exact, 1},
	}},
	{"race", race, hereSlow, []row{
		{"10", "winners of 64 concurrent refreshes of one token", "", exact, 1},
		{"10", "their answers with the same successor", "", exact, 64},
		{"", "answers of the race that were unavailable, and repeated", "", shown, 0},
	}},
	{"freeze-thaw", frozen, benchOnly, []row{
		{"11", "refreshes over 15 ms in 149 freeze/thaw cycles", "", timed, 0},
		{"", "refresh after a thaw", "ms", shown, 0},
	}},
	{"memory", memory, benchOnly, memoryRows()},
	{"one-failure", oneFailure, benchOnly, []row{{"12", "a 500 from DynamoDB, then a 200", "ms", timed, 10}}},
	{"deletion", deletion, elsewhere, []row{{"13", "DynamoDB calls to delete by application, with its entry", "", exact, 3}}},
}
