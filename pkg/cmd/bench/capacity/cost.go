package capacity

// Item is a line of the bill for a million refreshes, in US dollars.
type Item struct {
	Name    string
	Dollars float64
	How     string
}

// Options of the template that are paid for by the request.
type Options struct {
	Firewall   bool // parameter Firewall
	AccessLogs bool // parameter AccessLogs
	Published  bool // parameter PublishRefreshed
}

// Cost of a million refreshes, by the list prices of us-east-1, without free tiers and volume discounts. Of the
// latter REST APIs have some from 333 million requests a month: 2.80 instead of 3.50.
// https://aws.amazon.com/api-gateway/pricing, lambda/pricing, dynamodb/pricing/on-demand, cloudwatch/pricing,
// xray/pricing, waf/pricing, eventbridge/pricing.
//
// The audit function adds nothing: Lambda reads a stream at no charge and the filter of its event source mapping
// drops refreshes before it is invoked, unless they are to be published. Nor do keys: they are cached, five minutes in each environment.
func Cost(o Options) []Item {
	const (
		million    = 1e6
		gigabyte   = 1e9
		milli      = 7.5   // of 512 MB on arm64 that a refresh is billed for
		answer     = 1_000 // bytes of an answer, headers included
		line       = 650   // bytes of the one line that a refresh logs, its metrics included
		accessLine = 350
		traced     = 0.05 // of the requests, by X-Ray's default rule, and one a second besides
	)
	bill := []Item{
		{"REST API", 3.50, "1 M requests at 3.50"},
		{"Lambda", 0.20 + million*milli/1000*0.5*0.0000133334, "1 M requests at 0.20, 7.5 ms of 0.5 GB at 0.0000133334 per GB-second"},
		{"DynamoDB writes", 0.625, "1 unit each at 0.625 per million; no index"},
		{"DynamoDB reads", 0.125, "1 unit each at 0.125 per million"},
		{"egress", million * answer / gigabyte * 0.09, "1 GB at 0.09"},
		{"logs", million * line / gigabyte * 0.50, "0.65 GB at 0.50"},
		{"traces", million * traced * 5 / million, "one of twenty at 5.00 per million"},
	}
	if o.AccessLogs {
		bill = append(bill, Item{"access logs", million * accessLine / gigabyte * 0.50, "0.35 GB at 0.50"})
	}
	if o.Firewall {
		bill = append(bill, Item{"WAF", 0.60, "1 M requests at 0.60; and 8.00 a month: 5.00, and 1.00 for each of three rules"})
	}
	if o.Published {
		bill = append(bill,
			Item{"events", 1.00, "1 M custom events at 1.00"},
			Item{"audit function", 0.01*0.20 + 0.01*million*0.05*0.5*0.0000133334, "one invocation of 50 ms per hundred"})
	}
	return bill
}

// Total adds a bill up.
func Total(bill []Item) float64 {
	sum := 0.0
	for _, i := range bill {
		sum += i.Dollars
	}
	return sum
}
