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

// readBody reads the whole body as the text of an event. Text that is no UTF-8 is base64, and true says so.
func readBody(r *http.Request) (text string, isBase64 bool, failed *failure) {
	if r.Body == nil || r.Body == http.NoBody {
		return "", false, nil
	}
	if r.ContentLength > maxBody {
		return "", false, fail(requestTooLarge)
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxBody+1)); err != nil {
		return "", false, fail(badRequestBody)
	}
	switch raw := body.Bytes(); {
	case len(raw) > maxBody:
		return "", false, fail(requestTooLarge)
	case utf8.Valid(raw):
		return string(raw), false, nil
	default:
		return base64.StdEncoding.EncodeToString(raw), true, nil
	}
}
