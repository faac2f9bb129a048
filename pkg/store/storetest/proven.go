package storetest

import (
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// provenRotations present tokens with a proof, or without one.
func provenRotations() []rotationCase {
	bound := func(change func(*session.Rotation)) func(*session.Session, *session.Rotation) {
		return func(s *session.Session, r *session.Rotation) {
			s.JKT = NewThumbprint()
			r.JKT = s.JKT
			change(r)
		}
	}
	forward := func(r *session.Rotation) { r.Forward, r.From = true, r.From+3 }
	return []rotationCase{
		{"Rotate with a proof binds the session to its key", func(_ *session.Session, r *session.Rotation) { r.JKT = NewThumbprint() }, true},
		{"Rotate with a proof binds a reusable session", func(s *session.Session, r *session.Rotation) {
			s.Policy.Reusable, r.Reusable, r.JKT = true, true, NewThumbprint()
		}, true},
		{"Rotate forward with a proof binds the session", func(_ *session.Session, r *session.Rotation) {
			forward(r)
			r.JKT = NewThumbprint()
		}, true},
		{"Rotate of a bound session applies with a proof by its key", bound(func(*session.Rotation) {}), true},
		{"Rotate of a bound session refuses a proof by another key", bound(func(r *session.Rotation) { r.JKT[31] ^= 1 }), false},
		{"Rotate of a bound session refuses a rotation without a proof", bound(func(r *session.Rotation) { r.JKT = dpop.Thumbprint{} }), false},
		{"Rotate forward of a bound session applies with a proof by its key", bound(forward), true},
		{"Rotate forward of a bound session refuses a proof by another key", bound(func(r *session.Rotation) {
			forward(r)
			r.JKT[0] ^= 1
		}), false},
		{"Rotate forward of a bound session refuses a rotation without a proof", bound(func(r *session.Rotation) {
			forward(r)
			r.JKT = dpop.Thumbprint{}
		}), false},
	}
}
