package main

import (
	"encoding/json"
	"testing"
	"time"
)

// answered is the answer of counts, with the sum of each count's values.
func answered(t *testing.T, c *counts) (seconds, slots int, sums map[string]int) {
	t.Helper()
	out, err := c.answer(t.Context(), nil)
	raw, errJSON := json.Marshal(out)
	if err != nil || errJSON != nil {
		t.Fatal(err, errJSON)
	}
	var read struct {
		Seconds, Slots int
		Counts         []struct {
			Op, Outcome string
			Values      []int
		}
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	sums = map[string]int{}
	for _, one := range read.Counts {
		if len(one.Values) != read.Slots {
			t.Errorf("%s %s: got %d values, want one for each of %d slots", one.Op, one.Outcome, len(one.Values), read.Slots)
		}
		for _, n := range one.Values {
			sums[one.Op+" "+one.Outcome] += n
		}
	}
	return read.Seconds, read.Slots, sums
}

func TestCountsStayCompleteAndSmall(t *testing.T) {
	now := time.Now()
	c := newCounts(func() time.Time { return now })
	c.add("refresh", "rotated")
	if seconds, slots, sums := answered(t, c); seconds != 15 || slots != 1 || sums["refresh rotated"] != 1 {
		t.Errorf("at the start: got %d s, %d slots, %v; want 15 s, one slot, one refresh", seconds, slots, sums)
	}
	const minutes = 3 * 24 * 60
	for i := range minutes {
		now = now.Add(time.Minute)
		c.add("refresh", "rotated")
		if i%2 == 0 {
			c.add("refresh", "retry")
		}
	}
	seconds, slots, sums := answered(t, c)
	if slots > maxSlots || slots*2 < maxSlots || seconds*slots < minutes*60 || seconds*(slots-1) > minutes*60 {
		t.Errorf("after three days: got %d slots of %d s, want 30 to 60 that span them", slots, seconds)
	}
	if sums["refresh rotated"] != minutes+1 || sums["refresh retry"] != minutes/2 {
		t.Errorf("after three days: got %v, want %d and %d", sums, minutes+1, minutes/2)
	}
}
