package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// step is what a chain does next: one request or several.
type step func(*chain, context.Context) error

var steps = map[string]step{
	"refresh": (*chain).refresh, "retry": (*chain).retry, "retrieve": (*chain).retrieve,
	"list": (*chain).list, "delete": (*chain).delete,
}

// mix is how often each step is taken.
type mix struct {
	text  string
	parts []part
	total int
}

type part struct {
	name   string
	take   step
	weight int
}

// parseMix reads "refresh=80,delete=4": weights of any sum; a step without one is not taken.
func parseMix(text string) (mix, error) {
	m := mix{text: text}
	for item := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(item, "=")
		weight, err := strconv.Atoi(number)
		if known := steps[name]; err == nil && weight >= 0 && known != nil {
			m.parts, m.total = append(m.parts, part{name, known, weight}), m.total+weight
			continue
		}
		return m, fmt.Errorf("-mix: %q is not one of %v with =weight", item, slices.Sorted(maps.Keys(steps)))
	}
	if m.total <= 0 {
		return m, errors.New("-mix: all weights are 0")
	}
	return m, nil
}

// next draws a step.
func (m mix) next(random *rand.Rand) part {
	at := random.IntN(m.total)
	for _, p := range m.parts {
		if at -= p.weight; at < 0 {
			return p
		}
	}
	panic("unreachable: the weights sum up to total")
}
