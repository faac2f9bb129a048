package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// uses of one token at the same time, as a page with many tabs makes them.
const uses = 20

// try finds out, five times, what the server answers where clients are lost or logged out.
func (s *subject) try(ctx context.Context) error {
	var races []race
	var retries []string
	for range 5 {
		r, err := s.race(ctx)
		if err != nil {
			return fmt.Errorf("concurrent uses: %w", err)
		}
		outcome, err := s.tryRetry(ctx)
		if err != nil {
			return fmt.Errorf("retry: %w", err)
		}
		races, retries = append(races, r), append(retries, outcome)
	}
	slices.Sort(retries)
	s.concurrent, s.retry = describe(races), strings.Join(slices.Compact(retries), " or ")
	return nil
}

// race is the outcome of concurrent uses of one token.
type race struct {
	winners    int // answered 200
	successors int // different tokens among their answers
	alive      int // of these, accepted afterwards
}

func (s *subject) race(ctx context.Context) (race, error) {
	token, err := s.mint(ctx, s)
	if err != nil {
		return race{}, err
	}
	answers, errs := make([]string, uses), make([]error, uses)
	start := make(chan struct{})
	var together sync.WaitGroup
	for i := range uses {
		together.Go(func() {
			<-start
			answers[i], _, errs[i] = s.refresh(ctx, token)
		})
	}
	close(start)
	together.Wait()
	if err := errors.Join(errs...); err != nil {
		return race{}, err
	}
	won := slices.DeleteFunc(answers, func(next string) bool { return next == "" })
	r := race{winners: len(won)}
	slices.Sort(won)
	won = slices.Compact(won)
	r.successors = len(won)
	for _, next := range won {
		_, status, err := s.refresh(ctx, next)
		if err != nil {
			return race{}, err
		}
		if status == http.StatusOK {
			r.alive++
		}
	}
	return r, nil
}

// describe puts several races into the words of the table.
func describe(races []race) string {
	span := func(value func(race) int) string {
		least, most := value(races[0]), value(races[0])
		for _, r := range races {
			least, most = min(least, value(r)), max(most, value(r))
		}
		if least == most {
			return fmt.Sprint(least)
		}
		return fmt.Sprintf("%d-%d", least, most)
	}
	winners := span(func(r race) int { return r.winners })
	successors := span(func(r race) int { return r.successors })
	alive := span(func(r race) int { return r.alive })
	switch {
	case winners == fmt.Sprint(uses) && successors == "1" && alive == "1":
		return fmt.Sprintf("all %d get the same successor, which lives", uses)
	case alive == "0":
		return winners + " win, then the family dies"
	case successors == "1" && alive == "1":
		return winners + " win, the successor lives"
	default:
		return fmt.Sprintf("%s win, %s successors, %s of them live", winners, successors, alive)
	}
}

// tryRetry presents a token, presents it again as if the answer was lost, and then uses the first answer.
func (s *subject) tryRetry(ctx context.Context) (string, error) {
	token, err := s.mint(ctx, s)
	if err != nil {
		return "", err
	}
	first, status, err := s.refresh(ctx, token)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a new token was refused: status %d", status)
	}
	if err != nil {
		return "", err
	}
	second, again, err := s.refresh(ctx, token)
	if err != nil {
		return "", err
	}
	_, after, err := s.refresh(ctx, first)
	return outcome(again == http.StatusOK, second == first, after == http.StatusOK), err
}

// outcome names what a retry led to: whether it was answered, with the same successor, and whether that lives.
func outcome(answered, same, lives bool) string {
	switch {
	case answered && same && lives:
		return "same successor"
	case answered && lives:
		return "a second successor"
	case lives:
		return "refused, the family lives"
	default:
		return "family dies"
	}
}
