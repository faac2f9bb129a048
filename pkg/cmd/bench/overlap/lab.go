package overlap

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// Lab says how much is simulated. The same numbers give the same results.
type Lab struct {
	Sessions int           // of each policy and behaviour
	Thefts   int           // of each policy and thief
	Seed     uint64        // of the first session
	Idle     time.Duration // mean time from the expiry of an access token until its holder refreshes, if there is an attacker
}

// Results are the results of the sessions, by policy.
type Results struct {
	Lab
	Logouts [][]int   // false logouts, by policy and behaviour
	Lives   [][]Lives // by policy and thief
}

// Lives are the times for which attackers had a live session, the shortest first.
type Lives []time.Duration

// Quantile is the time that a share of the attackers does not exceed.
func (l Lives) Quantile(share float64) time.Duration {
	return l[min(int(share*float64(len(l))), len(l)-1)]
}

// Never is the number of attackers who were not caught in 30 days.
func (l Lives) Never() int {
	i, _ := slices.BinarySearch(l, never)
	return len(l) - i
}

// Run simulates every policy.
func (l Lab) Run() Results {
	all := Results{Lab: l}
	for _, p := range Policies() {
		var logouts []int
		for _, h := range Behaviours() {
			logouts = append(logouts, l.logouts(p.rule, h.live))
		}
		var lives []Lives
		for _, t := range Thieves() {
			lives = append(lives, l.lives(p.rule, t.steal))
		}
		all.Logouts, all.Lives = append(all.Logouts, logouts), append(all.Lives, lives)
	}
	return all
}

// logouts counts the sessions that end without an attacker.
func (l Lab) logouts(rule Rule, live func(*run)) (ended int) {
	for _, over := range simulate(l, l.Sessions, rule, func(r *run) bool { live(r); return r.session.over }) {
		if over {
			ended++
		}
	}
	return ended
}

func (l Lab) lives(rule Rule, steal func(*run) time.Duration) Lives {
	all := simulate(l, l.Thefts, rule, steal)
	slices.Sort(all)
	return all
}

// simulate runs sessions on all processors.
func simulate[T any](l Lab, sessions int, rule Rule, do func(*run) T) []T {
	results := make([]T, sessions)
	var workers sync.WaitGroup
	step := runtime.GOMAXPROCS(0)
	for first := range step {
		workers.Go(func() {
			for i := first; i < sessions; i += step {
				r := newRun(rule, l.Seed+uint64(i))
				r.idle = l.Idle
				results[i] = do(r)
			}
		})
	}
	workers.Wait()
	return results
}
