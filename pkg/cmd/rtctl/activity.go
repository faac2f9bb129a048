package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// activity is how many refreshes had which end, in slots of Seconds from Since on.
type activity struct {
	Started bool         `json:"started"` // Since is when the service started
	Since   time.Time    `json:"since"`
	Seconds int          `json:"seconds"`
	Series  []seriesView `json:"series"`
}

type seriesView struct {
	Name   string `json:"name"`
	Values []int  `json:"values"`
}

// series are outcomes of refreshes that belong together; template.yaml's dashboard shows the same ones apart.
type series struct {
	name     string
	outcomes []string
}

func allSeries() []series {
	return []series{
		{"refreshes", []string{"rotated", "extended", "rolled forward"}},
		{"retries", []string{"retry", "retry elsewhere"}},
		{"reuses", []string{"reuse"}},
		{"refusals", []string{
			"expired", "unknown", "application gone", "denied", "dropped key", "wrong root", "unbound", "bad proof", "nonce wanted", "forged",
			"malformed", "bad request", "unauthenticated", "forbidden", "not found",
		}},
		{"failures", []string{"unavailable", "failed"}},
	}
}

// refreshOperations are those that refresh, on each interface.
func refreshOperations() []string {
	return []string{"refresh", "user-refresh-token", "authenticate-refresh", "oauth-token"}
}

// activity implements archive: what the service has counted since it started, whatever hours says.
func (l laptop) activity(ctx context.Context, _ int) (activity, error) {
	raw, err := l.invoke(ctx, "counts", map[string]any{}) // of the service on this machine alone
	if err != nil {
		return activity{}, err
	}
	var counted struct {
		Since          time.Time
		Seconds, Slots int
		Counts         []struct {
			Op, Outcome string
			Values      []int
		}
	}
	if err := json.Unmarshal(raw, &counted); err != nil {
		return activity{}, err
	}
	out := activity{Started: true, Since: counted.Since, Seconds: counted.Seconds}
	for _, s := range allSeries() {
		view := seriesView{s.name, make([]int, counted.Slots)}
		for _, one := range counted.Counts {
			if slices.Contains(refreshOperations(), one.Op) && slices.Contains(s.outcomes, one.Outcome) && len(one.Values) == counted.Slots {
				for i, n := range one.Values {
					view.Values[i] += n
				}
			}
		}
		out.Series = append(out.Series, view)
	}
	return out, nil
}

// activity implements archive: the metrics of the last hours, which the functions' log lines carry.
func (c *cloud) activity(ctx context.Context, hours int) (activity, error) {
	const slotsPerHour = 12 // of three hours; more hours have wider slots
	if hours < 1 || hours > 24 {
		return activity{}, errors.New("hours must be from 1 to 24")
	}
	width := time.Hour / slotsPerHour * time.Duration((hours+2)/3)
	end := time.Now().UTC()
	out := activity{Since: end.Add(-time.Duration(hours) * time.Hour).Truncate(width), Seconds: int(width.Seconds())}
	slots := int(end.Sub(out.Since)/width) + 1
	var queries []types.MetricDataQuery
	for _, s := range allSeries() {
		out.Series = append(out.Series, seriesView{s.name, make([]int, slots)})
		queries = append(queries, types.MetricDataQuery{Id: aws.String(s.name), Expression: aws.String(fmt.Sprintf(
			`SUM(SEARCH('{"%s",op,outcome} MetricName="requests" op=(%s) outcome=(%s)', 'Sum', %d))`,
			c.name, anyOf(refreshOperations()), anyOf(s.outcomes), out.Seconds,
		))})
	}
	pages := cloudwatch.NewGetMetricDataPaginator(c.alarms, &cloudwatch.GetMetricDataInput{
		StartTime: &out.Since, EndTime: &end, MetricDataQueries: queries,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return activity{}, fmt.Errorf("you may need cloudwatch:GetMetricData: %w", short(err))
		}
		for _, result := range page.MetricDataResults {
			at := slices.IndexFunc(out.Series, func(s seriesView) bool { return s.Name == aws.ToString(result.Id) })
			for i, when := range result.Timestamps {
				if slot := int(when.Sub(out.Since) / width); at >= 0 && i < len(result.Values) && slot >= 0 && slot < slots {
					out.Series[at].Values[slot] += int(result.Values[i])
				}
			}
		}
	}
	return out, nil
}

// anyOf is the list of a search expression.
func anyOf(values []string) string { return `"` + strings.Join(values, `" OR "`) + `"` }
