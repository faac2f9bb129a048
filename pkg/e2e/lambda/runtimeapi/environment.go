package runtimeapi

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// Function is what Lambda knows of a function.
type Function struct {
	Name   string // such as refresh
	Binary string // the path of its bootstrap
	Memory int    // MB; 0 is 512, as in template.yaml
	Env    []string
}

const region = "eu-west-1"

// arn is the function's own, under the alias that the template publishes.
func (f Function) arn() string {
	return "arn:aws:lambda:" + region + ":123456789012:function:" + f.Name + ":live"
}

// environment is all that the process sees: what Lambda sets on provided.al2023
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and then the function's own variables.
func (f Function) environment(api string) []string {
	memory := f.Memory
	if memory == 0 {
		memory = 512
	}
	return append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(memory),
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=2026/01/15/[1]0123456789abcdef0123456789abcdef",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_LEVEL=INFO",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"_HANDLER=bootstrap",
		"LAMBDA_TASK_ROOT=" + filepath.Dir(f.Binary),
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=ASIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=example",
		"AWS_SESSION_TOKEN=example-session",
		"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
	}, f.Env...)
}

// requestID is a random UUID.
func requestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// traceID is an X-Ray header, sampled.
func traceID(now time.Time) string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // it never fails
	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=1", now.Unix(), b[:12], b[12:])
}
