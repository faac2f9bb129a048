package lambda_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// claimsHook is the function that a deployment asks for claims.
const claimsHook = "arn:aws:lambda:us-east-1:123456789012:function:claims"

// complete is the deployment that accepts imported tokens and has a claims hook, so that roles have all their policies.
var complete = sync.OnceValues(func() (*stack.Template, error) {
	return stack.Read(filepath.Join(root, "template.yaml"), map[string]string{"AcceptImported": "true", "ClaimsHookArn": claimsHook})
})

// texts is one text or several, as IAM takes either.
type texts []string

func (all *texts) UnmarshalJSON(raw []byte) error {
	if *all = make(texts, 1); json.Unmarshal(raw, &(*all)[0]) == nil {
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(all))
}

type statement struct {
	Sid, Effect      string
	Action, Resource texts
	Condition        map[string]map[string]texts
}

// statements are those of a function's policies, managed ones included.
func statements(t *testing.T, op string) (all []statement) {
	t.Helper()
	template, err := complete()
	if err != nil {
		t.Fatal(err)
	}
	policies, _ := template.Resources[stack.LogicalID(op)].Properties["Policies"].([]any)
	for _, policy := range policies {
		if id, managed := policy.(string); managed {
			policy = template.Resources[strings.Trim(id, "${}")].Properties["PolicyDocument"]
		}
		var decoded struct{ Statement []statement }
		document, _ := policy.(map[string]any)
		if err := (stack.Resource{Properties: document}).Decode(&decoded); err != nil || len(decoded.Statement) == 0 {
			t.Fatalf("%s: got %v, %v, want a policy", op, policy, err)
		}
		all = append(all, decoded.Statement...)
	}
	return all
}

// allows is IAM's decision; an operator that it does not know holds for nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (s statement) allows(c call) bool {
	isResource := func(arn string) bool { return strings.Replace(arn, ".Arn}", "}", 1) == c.resource }
	allowed := s.Effect == "Allow" && slices.Contains(s.Action, c.action) && slices.ContainsFunc(s.Resource, isResource)
	for operator, conditions := range s.Condition {
		for key, patterns := range conditions {
			alike := 0
			for _, value := range c.keys[key] {
				if slices.ContainsFunc(patterns, func(pattern string) bool { return like(pattern, value) }) {
					alike++
				}
			}
			allowed = allowed && map[string]bool{
				"ForAllValues:StringLike":    alike == len(c.keys[key]),
				"ForAllValues:StringEquals":  alike == len(c.keys[key]), // no pattern there has a *
				"ForAllValues:StringNotLike": alike == 0,
				"StringEquals":               alike == 1,
				"Null":                       slices.Equal(patterns, texts{strconv.FormatBool(len(c.keys[key]) == 0)}),
			}[operator]
		}
	}
	return allowed
}

func like(pattern, value string) bool {
	return regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(value)
}
