package queue_test

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/stencil-auth/refresh-tokens/pkg/verify"
	"github.com/stencil-auth/refresh-tokens/pkg/verify/queue"
)

func ExampleSource_Feed() {
	var config aws.Config // of config.LoadDefaultConfig
	denylist := verify.NewDenylist(15 * time.Minute)
	source := queue.Source{
		Client:  sqs.NewFromConfig(config),
		URL:     "https://sqs.eu-west-1.amazonaws.com/123456789012/endings",
		OnError: func(err error) { log.Print("the denylist is late: ", err) },
	}
	go func() { _ = source.Feed(context.Background(), denylist) }()
}
