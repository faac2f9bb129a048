package hook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// function is a parsed ARN of a function.
type function struct{ arn, partition, region string }

// domains are the domains of the partitions of AWS.
var domains = map[string]string{
	"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu",
}

// Lambda invokes a function, by the ARN of its version, its alias or itself. The SDK's own client would add 0.8 MB to the
// binary and as much to what each cold start allocates; this is one signed request, by the signer that the SDK's clients
// share. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func Lambda(config aws.Config, client client, arn string) (Ask, error) {
	f, err := parse(arn)
	if err != nil {
		return nil, err
	}
	// As the SDK encodes it: the signature depends on it.
	address := f.endpoint(config) + "/2015-03-31/functions/" + httpbinding.EscapePath(f.arn, true) + "/invocations"
	signer := v4.NewSigner()
	return ask(client, func(ctx context.Context, body []byte) (*http.Request, error) {
		request, err := newRequest(ctx, address, body)
		if err != nil {
			return nil, err
		}
		credentials, err := config.Credentials.Retrieve(ctx)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		return request, signer.SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), "lambda", f.region, time.Now())
	}), nil
}

func parse(arn string) (function, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 7 && len(parts) != 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" {
		return function{}, errors.New("it must be the ARN of a Lambda function")
	}
	f := function{arn: arn, partition: parts[1], region: parts[3]}
	if domains[f.partition] == "" || f.region == "" {
		return function{}, errors.New("it must be the ARN of a Lambda function, with its Region, in the partition aws, aws-us-gov, aws-cn or aws-eusc")
	}
	return f, nil
}

// endpoint is the one that the environment sets for Lambda or for all services, or else that of the function's Region.
func (f function) endpoint(config aws.Config) string {
	for _, source := range config.ConfigSources {
		s, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if endpoint, found, err := s.GetServiceBaseEndpoint(context.Background(), "Lambda"); found && err == nil {
			return strings.TrimSuffix(endpoint, "/")
		}
	}
	own := "https://lambda." + f.region + "." + domains[f.partition]
	return strings.TrimSuffix(cmp.Or(aws.ToString(config.BaseEndpoint), own), "/")
}
