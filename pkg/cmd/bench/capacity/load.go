package capacity

import "math"

// Load is what a deployment has to bear, per second and over all its Regions.
type Load struct {
	Refreshes float64
	Issues    float64 // each behind the authorizer, as are deletions
	Deletes   float64 // of single sessions; DynamoDB removes expired ones at no cost in units
	// Hottest is the share, 0 to 1, of the busiest application. With one application it is 1.
	Hottest float64
	// Address is what one client address refreshes per second; many users may share an address.
	Address   float64
	ItemBytes int // of a session; the store keeps it under 1 024 without claims
}

// Typical is a load in which one of a hundred refreshes stands against a log-in and another one against a log-out,
// and all users are of one application.
func Typical(refreshes float64) Load {
	return Load{
		Refreshes: refreshes, Issues: refreshes / 100, Deletes: refreshes / 100, Hottest: 1, ItemBytes: 700,
	}
}

// The units that operations take, as the doc of pkg/store/dynamo lists them.

// writeUnits are those of one write of a session.
func (l Load) writeUnits() float64 { return math.Ceil(float64(max(l.ItemBytes, 1)) / 1024) }

// tableWrites are the table's write units. A refresh is one write.
func (l Load) tableWrites() float64 { return (l.Refreshes + l.Issues + l.Deletes) * l.writeUnits() }

// indexWrites are the index's: a refresh changes no attribute of it, an issue adds an entry and a deletion takes it
// away.
func (l Load) indexWrites() float64 { return l.Issues + l.Deletes }

// tableReads are the table's read units: of a refresh its application; of an issue the caller's API key, the
// application, and the user's sessions for maxSessionsPerUser; of a deletion the key and the application.
func (l Load) tableReads() float64 { return l.Refreshes + 3*l.Issues + 2*l.Deletes }

// hottestReads are those of the items of the busiest application.
func (l Load) hottestReads() float64 { return l.Hottest * (l.Refreshes + l.Issues + l.Deletes) }

// perRegion is the part of the load that one of so many Regions bears.
func (l Load) perRegion(regions float64) Load {
	l.Refreshes, l.Issues, l.Deletes = l.Refreshes/regions, l.Issues/regions, l.Deletes/regions
	return l
}

// Invocations per second of all functions. The authorizer runs before each issue and deletion.
func (l Load) invocations() float64 { return l.Refreshes + 2*l.Issues + 2*l.Deletes }

// environments are what so many invocations of a length in seconds need: as many as run at once, and one for each
// ten per second.
func environments(perSecond, seconds float64) float64 { return perSecond * math.Max(seconds, 0.1) }
