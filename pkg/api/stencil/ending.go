package stencil

import (
	"context"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The keys of an ending, beside those that select what ends.
const (
	keyReason = "reason"
	keyExcept = "except"
	keyKept   = "exceptTokenId"
)

// ending is what a deletion says beside what it deletes.
type ending struct {
	reason string
	kept   *token.ID // the session that stays; nil for none
}

// readEnding checks the values that are there.
func readEnding(in api.Input, p authorizer.Principal) (e ending, err error) {
	var bad api.Faults
	if reason, given := in[keyReason]; given {
		e.reason = reason
		if !session.IsReason(reason) {
			bad.Add(keyReason, "invalid", "must have at most 32 of a-z, 0-9, _ and -")
		}
	}
	text, named := in[keyKept]
	bad.CheckIDs(in, keyKept)
	if except, given := in[keyExcept]; given {
		switch {
		case except != "current":
			bad.Add(keyExcept, "invalid", "can only be current")
		case named:
			bad.Add(keyExcept, "conflict", "does not go with "+keyKept)
		case !p.IsUser():
			bad.Add(keyExcept, "invalid", "needs a user's access token; an API key names the token in "+keyKept)
		}
		text, named = p.Session, true
	}
	if named {
		id, _ := token.ParseID(text) // what is not a UUID is the id of no session
		e.kept = &id
	}
	return e, bad.Err()
}

func (e ending) because(ctx context.Context) context.Context {
	return session.WithCause(ctx, session.Cause{Reason: e.reason})
}

// selectors are the keys that tell forms apart.
func selectors(in api.Input) api.Input {
	rest := api.Input{}
	for name, value := range in {
		if name != keyReason && name != keyExcept && name != keyKept {
			rest[name] = value
		}
	}
	return rest
}

// onlyEndings refuses the keys of an ending where they have no effect: in a form that deletes nothing, or that deletes
// other than by user.
func (f form) onlyEndings() error {
	var bad api.Faults
	byUser := f.op == api.DeleteByUser || f.op == api.DeleteByUserAndApplication
	for name, goesWith := range map[string]string{
		keyReason: "deletions", keyExcept: "deletions by user", keyKept: "deletions by user",
	} {
		if _, given := f.in[name]; given && !byUser && (name != keyReason || !isDeletion(f.op)) {
			bad.Add(name, "unknown", "is not known here; it goes with "+goesWith)
		}
	}
	return bad.Err()
}

func isDeletion(op api.Operation) bool { return strings.HasPrefix(string(op), "delete-") }
