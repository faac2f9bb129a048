package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// encoder gives results and errors the shape of one published interface.
type encoder interface {
	success(a answer) (body any)
	failure(err error) (status int, body any)
}

// envelope is the Stencil guide's shape, and that of everything under /jwt.
type envelope struct{}

type enveloped struct {
	Success    bool                 `json:"success"`
	Message    string               `json:"message"`
	Data       any                  `json:"data"`
	NextCursor string               `json:"nextCursor,omitempty"`
	Hint       string               `json:"hint,omitempty"`
	Errors     []session.FieldError `json:"errors,omitempty"`
}

func (envelope) success(a answer) any {
	return enveloped{Success: true, Message: a.message, Data: a.data, NextCursor: a.nextCursor, Hint: a.hint}
}

func (envelope) failure(err error) (int, any) {
	f := faultOf(err)
	e := enveloped{Message: f.message}
	var input *session.InputError
	if f.status == http.StatusBadRequest && errors.As(err, &input) {
		e.Errors = input.Fields
	}
	return f.status, e
}

// raw writes an answer's data as it is: JWKS, whose shape is a standard's.
type raw struct{ envelope }

func (raw) success(a answer) any { return a.data }

func marshal(body any) string {
	text, err := json.Marshal(body)
	if err != nil {
		// Not reached: every body is one of our own types.
		return `{"success":false,"message":"Something went wrong on our side.","data":null}`
	}
	return string(text)
}
