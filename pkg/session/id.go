package session

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxIDBytes is the longest tenant, user, application or token id, in bytes of UTF-8.
const MaxIDBytes = 128

// The errors of CheckID.
var (
	ErrIDBlank   = errors.New("must not be blank")
	ErrIDTooLong = errors.New("must have at most 128 bytes of UTF-8")
	ErrIDInvalid = errors.New("must be UTF-8 without control characters")
)

// CheckID reports why a string cannot be an id. Ids are compared byte by byte: never trimmed, folded or normalised.
func CheckID(id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return ErrIDBlank
	case len(id) > MaxIDBytes:
		return ErrIDTooLong
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return ErrIDInvalid
	}
	return nil
}
