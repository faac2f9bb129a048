package capacity

import (
	"cmp"
	"math"
	"slices"
)

// Limit is one that a load has met.
type Limit struct {
	Name    string
	Setting string // what lifts it: a parameter of template.yaml, a quota, or a request to AWS
	// Allows is how many refreshes per second, of a load of this mix, pass it.
	Allows float64
	Value  float64 // of the setting that the load needs
	Source string  // the page below https://docs.aws.amazon.com
}

// rule is one limit: what a load demands, and the setting that bounds it.
type rule struct {
	name, setting, source string
	demand                func(l Load, s Settings) float64
	bound                 func(s *Settings) *float64
	// each is what one of the setting serves, where that is not 1.
	each float64
	off  func(s Settings) bool
}

// Limits of a deployment that bear on one Region, but for the writes: a global table repeats them in all Regions.
// Ties go to the first.
func rules() []rule {
	return slices.Concat(edge(), table())
}

const (
	quotasOfGateway  = "apigateway/latest/developerguide/limits.html"
	scalingOfLambda  = "lambda/latest/dg/lambda-concurrency.html"
	reservingLambda  = "lambda/latest/dg/configuration-concurrency.html"
	rateRulesOfWAF   = "waf/latest/developerguide/waf-rule-statement-type-rate-based.html"
	throttlesOfStage = "apigateway/latest/developerguide/api-gateway-request-throttling.html"
	maximaOfTable    = "amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html"
	quotasOfTable    = "amazondynamodb/latest/developerguide/ServiceQuotas.html"
	warmthOfTable    = "amazondynamodb/latest/developerguide/warm-throughput.html"
	partitions       = "amazondynamodb/latest/developerguide/bp-partition-key-design.html"
	backPressure     = "amazondynamodb/latest/developerguide/gsi-throttling.html"
)

// edge are the limits in front of the table.
func edge() []rule {
	return []rule{
		{
			"throttle of the refresh route", "RefreshRate", throttlesOfStage,
			func(l Load, _ Settings) float64 { return l.Refreshes },
			func(s *Settings) *float64 { return &s.RefreshRate }, 1, nil,
		},
		{
			"throttle of the issue route", "IssueRate", throttlesOfStage,
			func(l Load, _ Settings) float64 { return l.Issues },
			func(s *Settings) *float64 { return &s.IssueRate }, 1, nil,
		},
		{
			"firewall's rate of one address", "FirewallRefreshRate", rateRulesOfWAF,
			func(l Load, _ Settings) float64 { return l.Address * 300 },
			func(s *Settings) *float64 { return &s.FirewallRefreshRate }, 1, func(s Settings) bool { return !s.Firewall },
		},
		{
			"API Gateway's rate of the account", "quota: throttle rate", quotasOfGateway,
			func(l Load, _ Settings) float64 { return l.Refreshes + l.Issues + l.Deletes },
			func(s *Settings) *float64 { return &s.GatewayRate }, 1, nil,
		},
		{
			"environments kept for refresh", "ReservedConcurrency", reservingLambda,
			func(l Load, s Settings) float64 { return environments(l.Refreshes, s.Seconds) },
			func(s *Settings) *float64 { return &s.ReservedConcurrency }, 1,
			func(s Settings) bool { return s.ReservedConcurrency == 0 },
		},
		{
			"Lambda's environments of the account", "quota: concurrent executions", scalingOfLambda,
			func(l Load, s Settings) float64 { return environments(l.invocations(), s.Seconds) },
			func(s *Settings) *float64 { return &s.LambdaConcurrency }, 1, nil,
		},
	}
}

// table are the limits of DynamoDB.
func table() []rule {
	writes := func(l Load, s Settings) float64 { return l.tableWrites() * s.Regions }
	reads := func(l Load, _ Settings) float64 { return l.tableReads() }
	indexed := func(l Load, s Settings) float64 { return l.indexWrites() * s.Regions }
	maxWrites := func(s *Settings) *float64 { return &s.MaxWriteUnits }
	warmWrites := func(s *Settings) *float64 { return &s.WarmWrites }
	maxReads := func(s *Settings) *float64 { return &s.MaxReadUnits }
	return []rule{
		{
			"partition of the busiest application", "EpochCopies", partitions,
			func(l Load, _ Settings) float64 { return l.hottestReads() },
			func(s *Settings) *float64 { return &s.EpochCopies }, partitionReads, nil,
		},
		{"cap on the table's writes", "MaxWriteUnits", maximaOfTable, writes, maxWrites, 1, nil},
		{"cap on the table's reads", "MaxReadUnits", maximaOfTable, reads, maxReads, 1, nil},
		{"cap on the index's writes, which holds back the table's", "MaxWriteUnits", backPressure, indexed, maxWrites, 1, nil},
		{"writes that the table serves at once", "warm throughput, or half an hour per doubling", warmthOfTable, writes, warmWrites, 1, nil},
		{
			"reads that the table serves at once", "warm throughput, or half an hour per doubling", warmthOfTable, reads,
			func(s *Settings) *float64 { return &s.WarmReads }, 1, nil,
		},
		{"writes that the index serves at once, which holds back the table's", "warm throughput of the index", backPressure, indexed, warmWrites, 1, nil},
		{
			"writes of one table", "quota: table-level write throughput", quotasOfTable, writes,
			func(s *Settings) *float64 { return &s.TableWrites }, 1, nil,
		},
		{
			"reads of one table", "quota: table-level read throughput", quotasOfTable, reads,
			func(s *Settings) *float64 { return &s.TableReads }, 1, nil,
		},
	}
}

// Met are the limits that a load meets, the first one first: the one that lets the fewest refreshes pass.
func (s Settings) Met(l Load) []Limit {
	var met []Limit
	part := l.perRegion(s.Regions)
	for _, r := range rules() {
		if r.off != nil && r.off(s) {
			continue
		}
		demand := r.demand(part, s)
		used := demand / (*r.bound(&s) * r.each)
		if used > 1 {
			met = append(met, Limit{
				Name: r.name, Setting: r.setting, Source: r.source,
				Allows: l.Refreshes / used, Value: math.Ceil(demand / r.each),
			})
		}
	}
	slices.SortStableFunc(met, func(a, b Limit) int { return cmp.Compare(a.Allows, b.Allows) })
	return met
}

// First is the limit that a load meets first; false if it meets none.
func (s Settings) First(l Load) (Limit, bool) {
	met := s.Met(l)
	if len(met) == 0 {
		return Limit{}, false
	}
	return met[0], true
}

// Lift raises settings, first limit by first limit, until a load meets none, and returns what it lifted in that
// order.
func (s Settings) Lift(l Load) (Settings, []Limit) {
	var lifted []Limit
	for {
		first, met := s.First(l)
		if !met {
			return s, lifted
		}
		for _, r := range rules() {
			if r.name == first.Name {
				*r.bound(&s) = first.Value
			}
		}
		lifted = append(lifted, first)
	}
}
