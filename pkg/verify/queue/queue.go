// Package queue owns the way of lifecycle events from an Amazon SQS queue to a denylist of pkg/verify. A rule of
// EventBridge sends them to the queue. It links the AWS SDK, which pkg/verify does not; it must never decide what an event
// means.
package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/stencil-auth/refresh-tokens/pkg/verify"
)

const (
	maxMessages = 10 // SQS's limit of one ReceiveMessage
	waitSeconds = 20 // likewise, of a long poll
	afterError  = time.Second
)

// Client is what this package needs of the SDK's *sqs.Client.
type Client interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
}

// Source is a queue. Each process needs one of its own: a message that one process has received reaches no other.
type Source struct {
	Client Client
	URL    string
	// OnError gets each failure, after which Feed goes on; nil for nobody. The denylist is late meanwhile.
	OnError func(error)
}

// Feed applies the events of the queue until the context is over, whose error it returns. A message that is no event stays
// in the queue: its redrive policy moves it away.
func (s Source) Feed(ctx context.Context, d *verify.Denylist) error {
	for ctx.Err() == nil {
		err := s.take(ctx, d)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if s.OnError != nil {
			s.OnError(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(afterError):
		}
	}
	return ctx.Err()
}

// take applies and removes the messages of one request.
func (s Source) take(ctx context.Context, d *verify.Denylist) error {
	out, err := s.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &s.URL, MaxNumberOfMessages: maxMessages, WaitTimeSeconds: waitSeconds,
	})
	if err != nil {
		return fmt.Errorf("ReceiveMessage: %w", err)
	}
	var applied []types.DeleteMessageBatchRequestEntry
	var errs []error
	for _, m := range out.Messages {
		e, err := verify.ParseEvent([]byte(aws.ToString(m.Body)))
		if err != nil {
			errs = append(errs, fmt.Errorf("message %s: %w", aws.ToString(m.MessageId), err))
			continue
		}
		d.Apply(e)
		applied = append(applied, types.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
	}
	if len(applied) > 0 {
		errs = append(errs, s.remove(ctx, applied))
	}
	return errors.Join(errs...)
}

// remove deletes messages. One that stays comes again, which changes nothing.
func (s Source) remove(ctx context.Context, messages []types.DeleteMessageBatchRequestEntry) error {
	out, err := s.Client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &s.URL, Entries: messages})
	if err != nil {
		return fmt.Errorf("DeleteMessageBatch: %w", err)
	}
	for _, failed := range out.Failed {
		err = errors.Join(err, fmt.Errorf("DeleteMessageBatch: %s", aws.ToString(failed.Code)))
	}
	return err
}
