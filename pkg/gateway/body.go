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

// readBody reads the whole body as the text of an event; a body that is not UTF-8 becomes base64. Memory grows with
// the bytes that arrive, whatever Content-Length claims.
func readBody(r *http.Request) (text string, isBase64 bool, failed *failure) {
	if r.Body == nil || r.Body == http.NoBody {
		return "", false, nil
	}
	if r.ContentLength > maxBody {
		return "", false, fail(requestTooLarge)
	}
	var body bytes.Buffer
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
