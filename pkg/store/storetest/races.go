package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func raceCases() []contractCase {
	return []contractCase{
		{"Of 64 concurrent rotations of one token exactly one applies and the others return its state", rotateRace},
		{"Concurrent extensions of a reusable session all apply", extendRace},
		{"Concurrent rotations of different sessions all apply", rotateApart},
		{"A rotation concurrent with a deletion never restores the session", rotateDeleteRace},
		{"A read after an answered write sees it", readYourWrites},
	}
}

func rotateRace(f fixture) {
	const callers = 64
	s := f.create(NewSession(f.tenant, "user", "application"))
	shared := NewRotation(s) // a derived successor is the same for all rivals
	var winners atomic.Int64
	states := make([]session.Session, callers)
	wanted := make([]session.Session, callers)
	together(f.T, callers, func(i int) error {
		r := shared
		r.RequestID, r.Now = NewID(), r.Now.Add(time.Duration(i)*time.Millisecond)
		state, applied, err := f.Rotate(f.Context(), r)
		states[i], wanted[i] = state, r.Apply(s)
		if applied {
			winners.Add(1)
			if diff := Diff(wanted[i], state); diff != "" {
				return fmt.Errorf("the winner's state (-want +got):\n%s", diff)
			}
		}
		return err
	})
	if winners.Load() != 1 {
		f.Fatalf("got %d applied rotations, want 1", winners.Load())
	}
	for _, state := range states[1:] {
		f.wantSame("a loser's state", state, states[0])
	}
	f.wantState(states[0])
}

func extendRace(f fixture) {
	s := NewSession(f.tenant, "user", "application")
	s.Policy.Reusable = true
	f.create(s)
	states := make([]session.Session, 16)
	together(f.T, len(states), func(i int) error {
		r := NewRotation(s)
		r.Now = r.Now.Add(time.Duration(i) * time.Second)
		state, applied, err := f.Rotate(f.Context(), r)
		if err == nil && !applied {
			err = errors.New("got a refused extension, want it applied")
		}
		states[i] = state
		if diff := Diff(r.Apply(s), state); err == nil && diff != "" {
			err = fmt.Errorf("the extended session (-want +got):\n%s", diff)
		}
		return err
	})
	f.register(f.tenant, "application")
	last, _, err := f.Load(f.Context(), s.Key)
	f.must(err)
	for _, state := range states {
		if Diff(state, last) == "" {
			return
		}
	}
	f.Fatalf("got %+v, want the state of one extension", last)
}

func rotateApart(f fixture) {
	last := make([]session.Session, 16)
	together(f.T, len(last), func(i int) error {
		s := NewSession(f.tenant, "user", "application")
		if err := f.Create(f.Context(), s); err != nil {
			return err
		}
		for range 10 {
			state, applied, err := f.Rotate(f.Context(), NewRotation(s))
			if err != nil || !applied {
				return fmt.Errorf("got applied %v, want true: %w", applied, err)
			}
			s = state
		}
		last[i] = s
		return nil
	})
	for _, s := range last {
		f.wantState(s)
	}
}

func rotateDeleteRace(f fixture) {
	for range 20 {
		s := f.create(NewSession(f.tenant, "user", "application"))
		r := NewRotation(s)
		deleted, rotated := session.Session{}, false
		together(f.T, 2, func(i int) (err error) {
			if i == 0 {
				deleted, err = f.Delete(f.Context(), session.Deletion{Key: s.Key})
				return err
			}
			_, rotated, err = f.Rotate(f.Context(), r)
			if errors.Is(err, session.ErrNoSession) {
				return nil
			}
			if err == nil && !rotated {
				err = errors.New("got a refusal of the current token, want it applied")
			}
			return err
		})
		want := s
		if rotated { // before the deletion
			want = r.Apply(s)
		}
		f.wantSame("the last state", deleted, want)
		f.wantGone(s.Key)
	}
}

func readYourWrites(f fixture) {
	f.register(f.tenant, "application")
	s := f.create(NewSession(f.tenant, "user", "application"))
	for range 50 {
		r := NewRotation(s)
		_, applied, err := f.Rotate(f.Context(), r)
		f.must(err)
		if s = r.Apply(s); !applied {
			f.Fatal("got a refusal of the current token, want it applied")
		}
		got, _, err := f.Load(f.Context(), s.Key)
		f.must(err)
		f.wantSame("the loaded session", got, s)
	}
}
