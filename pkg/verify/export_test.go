package verify

import "time"

// SetNow replaces the clock.
func (d *Denylist) SetNow(now func() time.Time) { d.now = now }
