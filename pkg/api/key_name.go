package api

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxKeyName = 64 // characters
	redacted   = "[redacted]"
)

// tokenLike finds what could be a token of this service: with its prefix, or a JWT.
var tokenLike = regexp.MustCompile(`(?i)srt_|sak_|[a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+`)

// KeyName is how a message, a field or a log line names a key that a caller chose: at most 64 characters, all of them
// visible, and never a token.
func KeyName(key string) string {
	if tokenLike.MatchString(key) {
		return redacted
	}
	if utf8.RuneCountInString(key) > maxKeyName {
		key = string([]rune(key)[:maxKeyName-1]) + "\u2026"
	}
	return strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return utf8.RuneError
		}
		return c
	}, key)
}
