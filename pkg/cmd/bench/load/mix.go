package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// step is what a chain does next. Each is one request or several.
type step string

const (
	stepRefresh  step = "refresh"  // a refresh by the refresh token alone
	stepRetry    step = "retry"    // a refresh, and the same one again as if its answer was lost
	stepRetrieve step = "retrieve" // the owner reads the session: the authorizer, then by id
	stepList     step = "list"     // the owner lists the user's sessions: the authorizer, then by user
	stepDelete   step = "delete"   // the owner deletes the session, the token must be dead, and a new one is issued
)

func steps() []step { return []step{stepRefresh, stepRetry, stepRetrieve, stepList, stepDelete} }

// mix is how often each step is taken.
type mix struct {
	text  string
	parts []part
	total int
}

type part struct {
	step   step
	weight int
}

// parseMix reads "refresh=80,delete=4": weights, of any sum; what is not named is not done.
func parseMix(text string) (mix, error) {
	m := mix{text: text}
	for item := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(item), "=")
		weight, err := strconv.Atoi(number)
		const most = 1_000_000
		if err != nil || weight < 0 || weight > most {
			return m, fmt.Errorf("mix %q: %q is no name=weight", text, item)
		}
		if !slices.Contains(steps(), step(name)) {
			return m, fmt.Errorf("mix %q: there is no %q, only %v", text, name, steps())
		}
		if slices.ContainsFunc(m.parts, func(p part) bool { return p.step == step(name) }) {
			return m, fmt.Errorf("mix %q: %s is there twice", text, name)
		}
		m.parts = append(m.parts, part{step(name), weight})
		m.total += weight
	}
	if m.total == 0 {
		return m, errors.New("mix: all weights are 0")
	}
	return m, nil
}

// next draws a step.
func (m mix) next(random *rand.Rand) step {
	at := random.IntN(m.total)
	for _, p := range m.parts {
		if at -= p.weight; at < 0 {
			return p.step
		}
	}
	return m.parts[len(m.parts)-1].step // unreachable: the weights sum up to total
}
