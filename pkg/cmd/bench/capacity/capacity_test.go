package capacity_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/capacity"
)

func Example() {
	first, _ := capacity.Defaults().First(capacity.Typical(1_000))
	fmt.Printf("%s: %.0f refreshes per second, until %s is %.0f\n", first.Name, first.Allows, first.Setting, first.Value)
	// Output: throttle of the refresh route: 500 refreshes per second, until RefreshRate is 1000
}

// The package's doc shows what the model says.
func TestTheDocHasTheTablesOfTheModel(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		capacity.Table(100, 1_000, 3_000, 10_000, 30_000, 100_000),
		capacity.Bill(capacity.Options{Firewall: true, AccessLogs: true, Published: true}),
		fmt.Sprintf("%.2f", capacity.Total(capacity.Cost(capacity.Options{}))),
	} {
		var lines []string
		for line := range strings.Lines(want) {
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
		if block := strings.Join(lines, "\n//\t"); !strings.Contains(string(source), block) {
			t.Errorf("doc.go misses:\n//\t%s", block)
		}
	}
}

func TestTheDefaultsAreThoseOfTheTemplate(t *testing.T) {
	source, err := os.ReadFile("../../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Parameters map[string]struct {
			Default  any      `yaml:"Default"`
			MaxValue *float64 `yaml:"MaxValue"`
		} `yaml:"Parameters"`
		Globals struct {
			Function struct {
				MemorySize    int      `yaml:"MemorySize"`
				Architectures []string `yaml:"Architectures"`
			} `yaml:"Function"`
		} `yaml:"Globals"`
	}
	if err := yaml.Unmarshal(source, &template); err != nil {
		t.Fatal(err)
	}
	d := capacity.Defaults()
	largest, _ := d.Lift(capacity.Typical(100_000))
	for name, value := range map[string][2]float64{
		"RefreshRate":         {d.RefreshRate, largest.RefreshRate},
		"IssueRate":           {d.IssueRate, largest.IssueRate},
		"ReservedConcurrency": {d.ReservedConcurrency, largest.ReservedConcurrency},
		"MaxReadUnits":        {d.MaxReadUnits, largest.MaxReadUnits},
		"MaxWriteUnits":       {d.MaxWriteUnits, largest.MaxWriteUnits},
		"EpochCopies":         {d.EpochCopies, largest.EpochCopies},
		"FirewallRefreshRate": {d.FirewallRefreshRate, largest.FirewallRefreshRate},
	} {
		parameter := template.Parameters[name]
		if fmt.Sprint(parameter.Default) != fmt.Sprint(value[0]) {
			t.Errorf("%s is %v in the template, %v in the model", name, parameter.Default, value[0])
		}
		if parameter.MaxValue == nil || *parameter.MaxValue < value[1] {
			t.Errorf("%s has to be %v at 100 000 refreshes per second, which the template refuses", name, value[1])
		}
	}
	if firewall := template.Parameters["Firewall"].Default; firewall != "false" || d.Firewall {
		t.Errorf("Firewall is %v in the template, %v in the model", firewall, d.Firewall)
	}
	if f := template.Globals.Function; f.MemorySize != 512 || fmt.Sprint(f.Architectures) != "[arm64]" {
		t.Errorf("the cost is that of 512 MB on arm64, the template has %+v", f)
	}
}

// Hot keys: one application item serves 3 000 strong reads per second, N copies N times as many.
func TestEpochCopiesLiftTheReadsOfOneApplication(t *testing.T) {
	for copies, refreshes := range map[float64]float64{1: 3_000, 2: 6_000, 4: 12_000, 34: 102_000} {
		s := unbounded()
		s.EpochCopies = copies
		if first, met := s.First(capacity.Load{Refreshes: refreshes, Hottest: 1}); met {
			t.Errorf("%v copies, %v refreshes: %+v", copies, refreshes, first)
		}
		first, met := s.First(capacity.Load{Refreshes: refreshes + 1, Hottest: 1})
		if !met || first.Setting != "EpochCopies" || first.Value != copies+1 || math.Round(first.Allows) != refreshes {
			t.Errorf("%v copies, %v refreshes: %+v", copies, refreshes+1, first)
		}
		if _, met := s.First(capacity.Load{Refreshes: 2 * refreshes, Hottest: 0.5}); met {
			t.Errorf("%v copies: two applications do not bear twice as much", copies)
		}
	}
}

// unbounded are settings that nothing meets.
func unbounded() capacity.Settings {
	const much = 1e12
	return capacity.Settings{
		RefreshRate: much, IssueRate: much, MaxReadUnits: much, MaxWriteUnits: much, EpochCopies: much, GatewayRate: much,
		LambdaConcurrency: much, TableReads: much, TableWrites: much, WarmReads: much, WarmWrites: much, Regions: 1,
	}
}

func TestWhatALoadDemandsIsCountedAsItIsPaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*capacity.Settings, *capacity.Load)
		want   string
	}{
		"a refresh of an item over 1 KB is two write units": {func(s *capacity.Settings, l *capacity.Load) {
			s.MaxWriteUnits, l.ItemBytes = 1_998, 1_025
		}, "cap on the table's writes allows 999, needs 2000"},
		"a refresh writes no index": {func(s *capacity.Settings, _ *capacity.Load) {
			s.MaxWriteUnits = 1_000
		}, ""},
		"two Regions share reads": {func(s *capacity.Settings, _ *capacity.Load) {
			s.MaxReadUnits, s.Regions = 500, 2
		}, ""},
		"two Regions write everything": {func(s *capacity.Settings, _ *capacity.Load) {
			s.MaxWriteUnits, s.Regions = 999, 2
		}, "cap on the table's writes allows 999, needs 1000"},
		"an environment serves ten refreshes per second at most": {func(s *capacity.Settings, _ *capacity.Load) {
			s.LambdaConcurrency = 99
		}, "Lambda's environments of the account allows 990, needs 100"},
		"slow refreshes need more environments": {func(s *capacity.Settings, _ *capacity.Load) {
			s.LambdaConcurrency, s.Seconds = 499, 0.5
		}, "Lambda's environments of the account allows 998, needs 500"},
		"kept environments are a ceiling": {func(s *capacity.Settings, _ *capacity.Load) {
			s.ReservedConcurrency = 99
		}, "environments kept for refresh allows 990, needs 100"},
		"no firewall, no rate of one address": {func(s *capacity.Settings, l *capacity.Load) {
			s.FirewallRefreshRate, l.Address = 3_000, 11
		}, ""},
		"the firewall counts five minutes": {func(s *capacity.Settings, l *capacity.Load) {
			s.FirewallRefreshRate, s.Firewall, l.Address = 3_000, true, 11
		}, "firewall's rate of one address allows 909, needs 3300"},
		"a session issued is an index entry, which holds back the table": {func(s *capacity.Settings, l *capacity.Load) {
			l.Refreshes, l.Issues, s.MaxWriteUnits = 0, 2_000, 1_999
		}, "cap on the table's writes allows 0, needs 2000"},
	} {
		s, l := unbounded(), capacity.Load{Refreshes: 1_000, Hottest: 1}
		c.change(&s, &l)
		got := ""
		if first, met := s.First(l); met {
			got = fmt.Sprintf("%s allows %.0f, needs %.0f", first.Name, math.Floor(first.Allows+1e-9), first.Value)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// Whatever the load, the settings that Lift names are enough, and none of them can be left out.
func TestWhatIsLiftedIsEnoughAndNeeded(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 1_000 {
		l := capacity.Load{
			Refreshes: dice.Float64() * 200_000, Issues: dice.Float64() * 5_000, Deletes: dice.Float64() * 5_000,
			Hottest: dice.Float64(), Address: dice.Float64() * 50, ItemBytes: dice.IntN(3_000),
		}
		s := capacity.Defaults()
		s.Firewall = dice.IntN(2) == 0
		lifted, steps := s.Lift(l)
		if left := lifted.Met(l); len(left) > 0 {
			t.Fatalf("%+v: still met after %d steps: %+v", l, len(steps), left)
		}
		least := 0.0
		for _, step := range steps {
			if step.Allows < least || step.Allows >= l.Refreshes {
				t.Fatalf("%+v: %q lets %v pass, after one that lets %v", l, step.Name, step.Allows, least)
			}
			least = step.Allows
			if step.Source == "" || step.Setting == "" {
				t.Errorf("%q names no source or setting", step.Name)
			}
		}
	}
}

func TestEveryLimitNamesItsPage(t *testing.T) {
	source, err := os.Open("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	var doc strings.Builder
	for lines := bufio.NewScanner(source); lines.Scan(); {
		doc.WriteString(lines.Text() + "\n")
	}
	s := capacity.Settings{Firewall: true, ReservedConcurrency: 1e-9, Regions: 1} // meets everything
	for _, limit := range s.Met(capacity.Load{Refreshes: 1, Issues: 1, Deletes: 1, Hottest: 1, Address: 1}) {
		if !strings.Contains(doc.String(), limit.Source) {
			t.Errorf("the doc does not name %s, the source of %q", limit.Source, limit.Name)
		}
	}
}
