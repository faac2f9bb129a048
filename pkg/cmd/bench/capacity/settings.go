package capacity

// Settings are what bounds a deployment: parameters of template.yaml, by their names there, and quotas of the
// account and its table in one Region.
type Settings struct {
	RefreshRate         float64 // requests per second of each route that refreshes
	IssueRate           float64
	ReservedConcurrency float64 // of refresh, issue and authorizer each; 0 for none
	MaxReadUnits        float64 // per second, of the table and of the index
	MaxWriteUnits       float64
	EpochCopies         float64
	FirewallRefreshRate float64 // refreshes of one address in five minutes
	Firewall            bool

	GatewayRate       float64 // requests per second of the account's API Gateway
	LambdaConcurrency float64 // execution environments of the account
	TableReads        float64 // units per second of an on-demand table, a quota
	TableWrites       float64
	WarmReads         float64 // units per second that the table, and the index, can serve at once
	WarmWrites        float64
	Regions           float64 // that share the load, the table being a global one

	Seconds float64 // that an invocation takes
}

// Defaults are the parameters of template.yaml and the quotas of an account that has asked for nothing. A quite new
// account has fewer execution environments at first, which AWS raises with use.
func Defaults() Settings {
	return Settings{
		RefreshRate: 500, IssueRate: 200, MaxReadUnits: 4_000, MaxWriteUnits: 4_000, EpochCopies: 1,
		FirewallRefreshRate: 3_000,
		GatewayRate:         10_000, LambdaConcurrency: 1_000, TableReads: 40_000, TableWrites: 40_000,
		WarmReads: 12_000, WarmWrites: 4_000, Regions: 1, Seconds: 0.01,
	}
}

// partitionReads is what DynamoDB serves from one partition, in units per second, and no setting changes.
const partitionReads = 3_000
