// Package bill owns `bench bill`: what a stack with given parameters costs at list prices, for a million refreshes and a
// month, computed from template.yaml itself and from what `bench floors` measures. Free tiers count for nothing. It must
// never ask AWS.
package bill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/floors"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// List prices in US dollars: us-east-1, November 2026, the first tier.
const (
	restAPI = 3.50 // a million requests; https://aws.amazon.com/api-gateway/pricing/
	httpAPI = 1.00 // a million requests of at most 512 KB

	invocations = 0.20 // a million; https://aws.amazon.com/lambda/pricing/
	armSecond   = 0.0000133334
	intelSecond = 0.0000166667 // a second of 1 GB

	writeUnits = 0.625 // a million, on demand; https://aws.amazon.com/dynamodb/pricing/on-demand/
	readUnits  = 0.125

	egress = 0.09 // a GB; https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer

	logged    = 0.50 // a GB; https://aws.amazon.com/cloudwatch/pricing/
	stored    = 0.03 // a GB and month, of a sixth of each line and 26 bytes
	metric    = 0.30 // a month
	alarm     = 0.10 // a month, for each metric that it reads
	dashboard = 3.00 // a month

	traces    = 5.00 // a million; https://aws.amazon.com/xray/pricing/
	events    = 1.00 // a million; https://aws.amazon.com/eventbridge/pricing/
	filtered  = 0.60 // a million requests; https://aws.amazon.com/waf/pricing/
	webACL    = 5.00 // a month
	rule      = 1.00 // a month
	kmsKey    = 1.00 // a month; https://aws.amazon.com/kms/pricing/
	kmsUses   = 0.03 // 10 000
	oneSecret = 0.40 // a month; https://aws.amazon.com/secrets-manager/pricing/
	fetches   = 0.05 // 10 000
)

// What is not measured here.
const (
	headerBytes = 250 // of an answer, API Gateway's own included
	accessBytes = 350 // of a line of the access log
	tracedShare = 1.0 / 20
	monthHours  = 730
	fetchEach   = 12 // an hour, of each secret by a busy container, which keeps it for five minutes
)

// inUse are the operations and outcomes of a product that logs in, refreshes, lists and logs out. Each operation has two
// metrics, and one for each outcome.
var inUse = map[string][]string{
	"issue": {"issued"}, "refresh": {"rotated", "retry", "expired"}, "authorizer": {"allowed", "expired"},
	"retrieve-by-user": {"ok"}, "delete-by-user": {"ok"},
}

// item is one line of a bill.
type item struct {
	what string
	usd  float64
	how  string
}

type items []item

func (all items) total() (usd float64) {
	for _, one := range all {
		usd += one.usd
	}
	return usd
}

// refreshes are the items of a million refreshes, each of which writes one unit and reads one.
func refreshes(template *stack.Template) (all items, err error) {
	var function struct {
		MemorySize    float64
		Architectures []string
	}
	if err := template.Resources["RefreshFunction"].Decode(&function); err != nil {
		return nil, err
	}
	p := template.Parameters
	api, requests := "REST API", restAPI
	if _, there := template.Resources["HotApi"]; there {
		api, requests = "HTTP API", httpAPI
	}
	second := armSecond
	if slices.Contains(function.Architectures, "x86_64") {
		second = intelSecond
	}
	const million, gb = 1e6, 1e9
	var days float64
	if _, err := fmt.Sscan(p["LogRetentionDays"], &days); err != nil {
		return nil, err
	}
	logs := func(bytes float64) float64 {
		return million / gb * (bytes*logged + (bytes/6+26)*stored*days/30)
	}
	all = items{
		{api, requests, "one request each"},
		{"Lambda", invocations + million*floors.Billed/1000*function.MemorySize/1024*second, fmt.Sprintf("%d ms of %.0f MB each", floors.Billed, function.MemorySize)},
		{"DynamoDB", writeUnits + readUnits, "one write unit and one read unit each"},
		{"egress", million / gb * (floors.AnswerBytes + headerBytes) * egress, fmt.Sprintf("%d B each", floors.AnswerBytes+headerBytes)},
		{"logs with their metrics", logs(floors.LineBytes), fmt.Sprintf("%d B each, kept %s days", floors.LineBytes, p["LogRetentionDays"])},
	}
	for _, option := range []struct {
		on bool
		item
	}{
		{p["Traces"] == "true", item{"traces", traces * tracedShare, "one of twenty, and the first of each second"}},
		{p["AccessLogs"] == "true" && api == "REST API", item{"access log", logs(accessBytes), fmt.Sprintf("%d B each", accessBytes)}},
		{p["Firewall"] == "true" && api == "REST API", item{"firewall", filtered, "one request each"}},
		{p["PublishRefreshed"] == "true", item{"lifecycle events", events, "one event each"}},
	} {
		if option.on {
			all = append(all, option.item)
		}
	}
	return all, nil
}

// month are the items of a month of a stack that serves nobody, and what it adds in use.
func month(template *stack.Template) (atRest, used items) {
	count := map[string]float64{}
	rules := 0
	for _, r := range template.Resources {
		count[r.Type]++
		if r.Type == "AWS::WAFv2::WebACL" {
			all, _ := r.Properties["Rules"].([]any)
			rules = len(all)
		}
	}
	each := func(kind, what string, usd float64) {
		if n := count[kind]; n > 0 {
			atRest = append(atRest, item{what, n * usd, fmt.Sprintf("%.0f at %.2f", n, usd)})
		}
	}
	each("AWS::KMS::Key", "key, a year old at most", kmsKey) // each of its first two rotations costs as much again
	each("AWS::SecretsManager::Secret", "secrets", oneSecret)
	each("AWS::CloudWatch::Alarm", "alarms", alarm)
	each("AWS::CloudWatch::Dashboard", "dashboard", dashboard)
	if n := count["AWS::WAFv2::WebACL"]; n > 0 {
		atRest = append(atRest, item{"firewall", n*webACL + float64(rules)*rule, fmt.Sprintf("%.2f, and %d rules at %.2f", webACL, rules, rule)})
	}
	outcomes := 0
	for _, some := range inUse {
		outcomes += len(some)
	}
	metrics := outcomes + 2*len(inUse)
	fetched := count["AWS::SecretsManager::Secret"] * fetchEach * monthHours
	return atRest, items{
		{"metrics in use", float64(metrics) * metric, fmt.Sprintf("%d at %.2f: %d operations, %d outcomes", metrics, metric, len(inUse), outcomes)},
		{"secrets in use", fetched / 10_000 * (fetches + kmsUses), fmt.Sprintf("%.0f fetches of one busy container", fetched)},
	}
}

// table is a bill as Markdown.
func table(title string, all items, total string) string {
	rows := [][]string{{title, "US dollars", "how"}}
	for _, one := range all {
		rows = append(rows, []string{one.what, fmt.Sprintf("%.3f", one.usd), one.how})
	}
	return measure.Table(append(rows, []string{total, fmt.Sprintf("%.2f", all.total()), ""}))
}

// options are parameters that change a bill.
var options = []string{
	"HotRoute=true", "AccessLogs=true", "Firewall=true", "PublishRefreshed=true", "Traces=true", "Architecture=x86_64", "LogRetentionDays=365",
}

// Print writes the bills of a stack with these parameters, each as in "HotRoute=true".
func Print(out io.Writer, parameters ...string) error {
	template, err := read(parameters)
	if err != nil {
		return err
	}
	variable, err := refreshes(template)
	if err != nil {
		return err
	}
	atRest, used := month(template)
	fmt.Fprintf(out, "%s\n%s\n", table("a million refreshes", variable, "all"), table("a month", append(atRest, used...), "all"))
	rows := [][]string{{"with", "a million refreshes", "a month at rest"}, {"", fmt.Sprintf("%.2f", variable.total()), fmt.Sprintf("%.2f", atRest.total())}}
	for _, option := range options {
		other, err := read(append(slices.Clone(parameters), option))
		if err != nil {
			return err
		}
		refreshed, err := refreshes(other)
		if err != nil {
			return err
		}
		rest, _ := month(other)
		rows = append(rows, []string{"`" + option + "`", fmt.Sprintf("%.2f", refreshed.total()), fmt.Sprintf("%.2f", rest.total())})
	}
	_, err = fmt.Fprint(out, measure.Table(rows))
	return err
}

func read(parameters []string) (*stack.Template, error) {
	given := map[string]string{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		given[name] = value
	}
	return stack.Read("template.yaml", given)
}

// Run is the subcommand. Its arguments are parameters of the template.
func Run(_ context.Context, args []string, out io.Writer) error { return Print(out, args...) }
