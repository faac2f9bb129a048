package gateway

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

type verdict int

const (
	unmatched verdict = iota // denies too
	allowed
	deniedExplicitly
)

// decide evaluates an authorizer's policy for one method: an explicit Deny wins, no match denies.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func decide(policy events.APIGatewayCustomAuthorizerPolicy, arn string) (verdict, error) {
	if len(policy.Statement) == 0 {
		return unmatched, errors.New("the policy has no statement")
	}
	v := unmatched
	for _, s := range policy.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return unmatched, fmt.Errorf("the policy has the effect %q", s.Effect)
		}
		if !matchesAny(s.Action, isInvoke) || !matchesAny(s.Resource, func(p string) bool { return glob(p, arn) }) {
			continue
		}
		if s.Effect == "Deny" {
			return deniedExplicitly, nil
		}
		v = allowed
	}
	return v, nil
}

func matchesAny(patterns []string, matches func(string) bool) bool {
	for _, p := range patterns {
		if matches(p) {
			return true
		}
	}
	return false
}

// isInvoke ignores case, as IAM does for actions alone.
func isInvoke(action string) bool { return glob(strings.ToLower(action), "execute-api:invoke") }

// glob matches * with any characters, slashes included, and ? with exactly one.
func glob(pattern, text string) bool {
	star, resume := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0: // the last star takes one character more
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
