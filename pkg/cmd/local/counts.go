package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

const (
	// maxSlots is how many values each count has.
	maxSlots = 60
	// firstWidth is what the first slots span.
	firstWidth = 15 * time.Second
)

// counts are the requests since the start, by operation and outcome, as CloudWatch counts them for a stack. They have
// slots of one width. When all are used each two become one of twice the width, so the counts stay complete and small.
type counts struct {
	now   func() time.Time
	since time.Time

	mu    sync.Mutex
	width time.Duration
	slots map[[2]string]*[maxSlots]int // by operation and outcome
}

func newCounts(now func() time.Time) *counts {
	return &counts{now: now, since: now(), width: firstWidth, slots: map[[2]string]*[maxSlots]int{}}
}

// add counts a request. It is telemetry.Log's Count.
func (c *counts) add(operation, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, name := c.slot(), [2]string{operation, outcome}
	if c.slots[name] == nil {
		c.slots[name] = new([maxSlots]int)
	}
	c.slots[name][at]++
}

// slot is that of now, after it was made.
func (c *counts) slot() int {
	for {
		at := int(c.now().Sub(c.since) / c.width)
		if at < maxSlots {
			return at
		}
		c.width *= 2
		for _, values := range c.slots {
			for i := range maxSlots / 2 {
				values[i] = values[2*i] + values[2*i+1]
			}
			clear(values[maxSlots/2:])
		}
	}
}

// count is one of the answer. Its values begin with the service.
type count struct {
	Operation string `json:"op"`
	Outcome   string `json:"outcome"`
	Values    []int  `json:"values"`
}

// answer is what rtctl console draws.
func (c *counts) answer(context.Context, json.RawMessage) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used, all := c.slot()+1, []count{}
	for name, values := range c.slots {
		all = append(all, count{name[0], name[1], append([]int{}, values[:used]...)})
	}
	return map[string]any{"since": c.since.UTC(), "seconds": int(c.width.Seconds()), "slots": used, "counts": all}, nil
}
