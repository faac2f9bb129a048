package gateway

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"unicode/utf8"
)

// maxBody is the payload limit of REST APIs.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const maxBody = 10 << 20

// maxDiscarded is how much of a larger body is read all the same, in bytes: many clients read no answer before they have
// sent everything.
const maxDiscarded = 10 * maxBody

// readBody reads the whole body as the text of an event; a body that is not UTF-8 becomes base64. Memory grows with
// the bytes that arrive, whatever Content-Length claims.
func readBody(r *http.Request) (text string, isBase64 bool, failed *failure) {
	if r.Body == nil || r.Body == http.NoBody {
		return "", false, nil
	}
	var body bytes.Buffer
	if r.ContentLength <= maxBody {
		if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
			return "", false, fail(badRequestBody)
		}
	}
	switch raw := body.Bytes(); {
	case r.ContentLength > maxBody, len(raw) > maxBody:
		_, _ = io.CopyN(io.Discard, r.Body, maxDiscarded)
		return "", false, fail(requestTooLarge)
	case utf8.Valid(raw):
		return string(raw), false, nil
	default:
		return base64.StdEncoding.EncodeToString(raw), true, nil
	}
}
