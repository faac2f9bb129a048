package session

import (
	"context"
	"errors"
	"fmt"
)

// end ends a session whose superseded token was presented. Errors: ErrReused, or the failure to end it.
func (a attempt) end(ctx context.Context) error {
	_, err := a.store.Delete(ctx, Deletion{Key: a.rotation.Key})
	switch {
	case errors.Is(err, ErrNoSession) && !errors.Is(err, ErrPerhapsDeleted):
		return ErrReused
	case errors.Is(err, ErrPerhapsDeleted):
	case err != nil:
		return fmt.Errorf("end a reused session: %w", err)
	}
	e := entryOf(a.rotation.Key, EventReuse)
	e.By, e.Reason = ByService, ReasonReuse
	Record(ctx, a.store, a.rotation.Now, e)
	return ErrReused
}

// record writes the entry of a roll forward or of a retry from elsewhere. The latter has one entry for each generation.
func (a attempt) record(ctx context.Context, s Session, outcome Outcome) {
	e := entryOf(s.Key, EventRolledForward)
	switch outcome {
	case RetriedElsewhere:
		e.Event = EventRetryElsewhere
		from := a.rotation.From
		e.ID = onceOf(e.Event, s.ID, from, s.Rotated[from%RotationTimes])
	case RolledForward:
	default:
		return
	}
	e.By = ByService
	Record(ctx, a.store, a.rotation.Now, e)
}
