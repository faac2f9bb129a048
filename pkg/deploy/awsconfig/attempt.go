package awsconfig

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxAttempt bounds one attempt. The services answer in milliseconds; a connection that is silent for so long is dead.
const maxAttempt = 2 * time.Second

// Attempts makes an HTTP client. Each Do of it is one attempt of the SDK. An attempt ends after longest, or
// after half of the time until the context's deadline, so that time is left for another one. Its answer is complete: the
// SDK decodes all attempts of a request into one value, and only logs a checksum that differs.
func Attempts(next aws.HTTPClient, longest time.Duration) aws.HTTPClient {
	return attempts{next, longest}
}

// Single is the HTTP client of a configuration for a request with a deadline of its own, which nobody repeats.
func Single(config aws.Config) aws.HTTPClient {
	if a, ok := config.HTTPClient.(attempts); ok {
		return a.next
	}
	return config.HTTPClient
}

type attempts struct {
	next    aws.HTTPClient
	longest time.Duration
}

// Do sends one attempt. The SDK retries its errors.
func (a attempts) Do(request *http.Request) (*http.Response, error) {
	timeout := a.longest
	if deadline, ok := request.Context().Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(request.Context(), timeout)
	defer cancel()
	request = request.WithContext(ctx)
	if err := hold(request); err != nil {
		return nil, err
	}
	answer, err := a.next.Do(request)
	if err == nil {
		err = readWhole(answer)
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// hold reads the body of a request into memory, since net/http does not know the type of the SDK's own body. It would
// send that body in a second packet, and close a connection whose answer comes before it sees the body's end. It could
// not send that body again over another connection if the peer has closed this one.
func hold(request *http.Request) error {
	if request.Body == nil {
		return nil
	}
	body, err := readAll(request.Body, request.ContentLength)
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// readWhole reads an answer to its end and compares it with DynamoDB's checksum.
func readWhole(answer *http.Response) error {
	body, err := readAll(answer.Body, answer.ContentLength)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if want := answer.Header.Get("X-Amz-Crc32"); err == nil && want != "" {
		if got := strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10); got != want {
			err = errors.New("the answer differs from its checksum")
		}
	}
	return err
}

// readAll reads a body to its end and closes it. Its length is -1 where it is not known.
func readAll(body io.ReadCloser, length int64) ([]byte, error) {
	all := bytes.NewBuffer(make([]byte, 0, max(length, 0)+bytes.MinRead))
	_, err := all.ReadFrom(body)
	return all.Bytes(), errors.Join(err, body.Close())
}
