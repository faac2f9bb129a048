package floors

import "testing"

// samples are the figures that several runs gave for one row.
type samples []float64

// kind says how samples are judged.
type kind int

const (
	count kind = iota // the median may not exceed the limit
	exact             // every one must be the limit
	ratio             // like count, of figures of one run; only in the bench
	timed             // like count, but only told, since times differ from machine to machine
	shown             // there is no limit
)

// row is one line of the table.
type row struct {
	floor int // its number; 0 is none
	what  string
	unit  string
	kind  kind
	asked float64 // the floor
	hold  float64 // what this service is held to by the tests: less than was asked for where it can do better
}

// measurement yields the samples of its rows, in their order.
type measurement struct {
	name    string
	measure func(*testing.T) []samples
	bench   bool   // only in the bench: it takes long, or tells times
	needs   string // what it skips without
	rows    []row
}

const (
	engine = "java and npm"
	linux  = "Linux"
)

// measurements are the floors, and figures beside them.
func measurements() []measurement {
	return []measurement{
		{"cold start", coldStarts, true, linux, []row{
			{1, "init CPU of refresh, ratio to bare", "", ratio, 1.9, 1.9},
			{4, "RSS at the first /next, ratio to bare", "", ratio, 1.8, 1.7},
			{0, "init CPU of refresh", "ms", shown, 0, 0},
			{0, "init CPU of bare", "ms", shown, 0, 0},
			{0, "exec to first /next of refresh", "ms", shown, 0, 0},
			{0, "exec to first /next of bare", "ms", shown, 0, 0},
			{0, "RSS of refresh at the first /next", "MB", shown, 0, 0},
			{0, "first refresh, keys fetched", "ms", shown, 0, 0},
			{0, "first refresh, CPU", "ms", shown, 0, 0},
			{0, "warm refresh", "ms", shown, 0, 0},
			{0, "warm refresh, CPU", "ms", shown, 0, 0},
			{0, "warm refresh, CPU, ratio to bare", "", shown, 0, 0},
		}},
		{"initialisation", initialisation, false, linux, []row{
			{2, "package initialisation of refresh", "KB", count, 1_200, 1_080},
			{2, "package initialisation of refresh", "allocs", count, 6_900, 6_300},
		}},
		{"sizes", sizes, false, "", []row{
			{3, "bootstrap of refresh, stripped, arm64", "MB", count, 10.3, 9.6},
			{3, "its zip", "MB", count, 4.0, 3.7},
		}},
		{"UpdateItem", updateItem, false, "", []row{{5, "UpdateItem over a stubbed transport", "allocs", count, 460, 210}}},
		{"refresh", wholeRefresh, false, "", []row{
			{6, "refresh, event in to event out", "allocs", count, 800, 760},
			{6, "refresh, event in to event out", "KB", count, 75, 71},
		}},
		{"authorizer", authorisation, false, "", []row{
			{7, "authorizer, token only", "allocs", count, 215, 215},
			{7, "authorizer, with its read", "allocs", count, 700, 510},
		}},
		{"calls", calls, false, engine, []row{
			{8, "DynamoDB calls per refresh, any outcome but reuse", "", exact, 2, 2},
			{8, "of them on their way at once", "", exact, 2, 2},
			{9, "write units per rotation", "", exact, 1, 1},
		}},
		{"race", race, false, engine, []row{
			{10, "winners of 64 concurrent refreshes of one token", "", exact, 1, 1},
			{10, "their answers that are 200 with the same token", "", exact, 64, 64},
		}},
		{"freeze and thaw", frozen, true, linux, []row{
			{11, "refreshes over 15 ms in 149 freeze/thaw cycles", "", timed, 0, 0},
			{0, "refresh after a thaw", "ms", shown, 0, 0},
		}},
		{"one failure", oneFailure, true, "", []row{{12, "a 500 from DynamoDB, then a 200", "ms", timed, 30, 10}}},
		{"deletion", deletion, false, engine, []row{{13, "DynamoDB calls to delete by application", "", exact, 1, 1}}},
		{"roots", roots, true, "the system's root certificates", []row{
			{0, "start and refresh, CPU, roots as the OS has them", "ms", shown, 0, 0},
			{0, "start and refresh, CPU, roots as template.yaml sets", "ms", shown, 0, 0},
			{0, "start and refresh, CPU, Amazon's roots alone", "ms", shown, 0, 0},
		}},
		{"one processor", oneProcessor, true, linux, []row{
			{0, "start and refresh with GOMAXPROCS=1, CPU, ratio to without", "", shown, 0, 0},
			{0, "warm refresh with GOMAXPROCS=1, CPU, ratio to without", "", shown, 0, 0},
			{0, "warm refresh with GOMAXPROCS=1, duration, ratio to without", "", shown, 0, 0},
		}},
	}
}
