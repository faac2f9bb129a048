// Package capacity owns a model of what bounds a deployment: which limit a load meets first, how many refreshes per
// second it lets pass, which setting lifts it, and what a million refreshes cost.
//
// It must never be imported by anything that is deployed, and knows nothing that is not in template.yaml or on a
// page of AWS's; a test compares it with the former.
//
// # What a refresh demands
//
// One request of API Gateway, one invocation, one write unit of the table (an item under 1 KB, see pkg/store/dynamo)
// and one strongly consistent read unit, of its application. It changes no attribute of the index, whose projection
// is KEYS_ONLY, so it writes none. An issue and a deletion write the index once each; an index that is throttled
// holds back the writes of its table, but gets far fewer of them, so it is never first while both have the same cap.
//
// # The limits, step by step
//
// A load in which one of a hundred refreshes stands against a log-in and another one against a log-out, all of one
// application; each step with the settings that the one before it had to have. The first line of a step is the limit
// that is met first, then the next one once that is lifted, and so on.
//
//	refreshes/s  limit                                 allows  lifted by                                      to
//	100          none
//	1000         throttle of the refresh route         500     RefreshRate                                    1000
//	3000         throttle of the refresh route         1000    RefreshRate                                    3000
//	             partition of the busiest application  2941    EpochCopies                                    2
//	10000        throttle of the refresh route         3000    RefreshRate                                    10000
//	             cap on the table's reads              3810    MaxReadUnits                                   10500
//	             cap on the table's writes             3922    MaxWriteUnits                                  10200
//	             writes that the table serves at once  3922    warm throughput, or half an hour per doubling  10200
//	             partition of the busiest application  5882    EpochCopies                                    4
//	             Lambda's environments of the account  9615    quota: concurrent executions                   1040
//	             API Gateway's rate of the account     9804    quota: throttle rate                           10200
//	30000        throttle of the refresh route         10000   RefreshRate                                    30000
//	             API Gateway's rate of the account     10000   quota: throttle rate                           30600
//	             Lambda's environments of the account  10000   quota: concurrent executions                   3120
//	             cap on the table's writes             10000   MaxWriteUnits                                  30600
//	             cap on the table's reads              10000   MaxReadUnits                                   31500
//	             writes that the table serves at once  10000   warm throughput, or half an hour per doubling  30600
//	             reads that the table serves at once   11429   warm throughput, or half an hour per doubling  31500
//	             partition of the busiest application  11765   EpochCopies                                    11
//	             throttle of the issue route           20000   IssueRate                                      300
//	100000       throttle of the refresh route         30000   RefreshRate                                    100000
//	             throttle of the issue route           30000   IssueRate                                      1000
//	             API Gateway's rate of the account     30000   quota: throttle rate                           102000
//	             Lambda's environments of the account  30000   quota: concurrent executions                   10400
//	             cap on the table's writes             30000   MaxWriteUnits                                  102000
//	             cap on the table's reads              30000   MaxReadUnits                                   105000
//	             writes that the table serves at once  30000   warm throughput, or half an hour per doubling  102000
//	             reads that the table serves at once   30000   warm throughput, or half an hour per doubling  105000
//	             partition of the busiest application  32353   EpochCopies                                    34
//	             reads of one table                    38095   quota: table-level read throughput             105000
//	             writes of one table                   39216   quota: table-level write throughput            102000
//
// A limit of 10 000 that comes next to a rate of 10 000 is a setting of the step before, raised to just what it had
// to be. Rates are of template.yaml's parameters where they bear such a name, and of one Region.
//
//   - EpochCopies: one application item serves 3 000 strong reads per second, the most of a partition, and N copies
//     N times as many: 34 at 100 000 refreshes per second, besides their log-ins and log-outs. Put the applications
//     again after raising it. Two applications that share the load halve it.
//   - Execution environments: as many as run at once, and one per ten invocations per second however short they are.
//     Lambda adds 1 000 of them every 10 seconds to each function, that is 10 000 refreshes per second; a load that
//     comes faster is throttled meanwhile, and clients who repeat the request get the same answer.
//   - Warm throughput: a new on-demand table serves 4 000 writes and 12 000 reads per second at once, and twice its
//     previous peak after half an hour: five doublings, two and a half hours, from 4 000 to 100 000. Or ask for it
//     beforehand, for a price: aws dynamodb update-table --warm-throughput.
//   - Bursts: raise RefreshBurst with RefreshRate; API Gateway's burst follows the account's rate and cannot be asked for.
//   - Users behind one address: FirewallRefreshRate is 3 000 in five minutes, ten per second, where the firewall is on.
//   - An API key is one item too: one of a backend that issues serves 3 000 log-ins per second.
//   - A session is one item: 1 000 refreshes per second of one session, which nobody has.
//   - More Regions share everything but the writes, which a global table repeats in each of them.
//   - Keys are no limit: every environment reads its secrets once in five minutes, 35 times a second from 10 400
//     environments, and DynamoDB asks KMS for the table's key about as seldom.
//
// # What a million refreshes cost
//
// With all that can be switched on; without the last four, which are off by default, 5.17 dollars. Of that, 4.59 are
// for the request itself, and the rest for logs and traces.
//
//	REST API         3.500  1 M requests at 3.50
//	Lambda           0.250  1 M requests at 0.20, 7.5 ms of 0.5 GB at 0.0000133334 per GB-second
//	DynamoDB writes  0.625  1 unit each at 0.625 per million; no index
//	DynamoDB reads   0.125  1 unit each at 0.125 per million
//	egress           0.090  1 GB at 0.09
//	logs             0.325  0.65 GB at 0.50
//	traces           0.250  one of twenty at 5.00 per million
//	access logs      0.175  0.35 GB at 0.50
//	WAF              0.600  1 M requests at 0.60; and 8.00 a month: 5.00, and 1.00 for each of three rules
//	events           1.000  1 M custom events at 1.00
//	audit function   0.005  one invocation of 50 ms per hundred
//	in all           6.95
//
// Sources, below https://docs.aws.amazon.com:
//
//   - apigateway/latest/developerguide/limits.html
//   - apigateway/latest/developerguide/api-gateway-request-throttling.html
//   - lambda/latest/dg/lambda-concurrency.html (environments, and ten requests per second of each)
//   - lambda/latest/dg/configuration-concurrency.html
//   - lambda/latest/dg/scaling-behavior.html
//   - amazondynamodb/latest/developerguide/bp-partition-key-design.html
//   - amazondynamodb/latest/developerguide/on-demand-capacity-mode.html (4 000, 12 000, doubling)
//   - amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
//   - amazondynamodb/latest/developerguide/warm-throughput.html
//   - amazondynamodb/latest/developerguide/ServiceQuotas.html (40 000 units per table)
//   - amazondynamodb/latest/developerguide/gsi-throttling.html
//   - waf/latest/developerguide/waf-rule-statement-type-rate-based.html
package capacity
