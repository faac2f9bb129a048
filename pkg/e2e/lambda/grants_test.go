package lambda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
)

// call is what IAM decides about: a request, or a member of a transaction.
type call struct {
	action, resource string              // the resource as !Ref of it evaluates, or an index below it
	keys             map[string][]string // the values of condition keys
}

// calls are those of one function.
type calls struct {
	mu        sync.Mutex
	all       map[string]call
	resources map[string]string // by the name of the table, secret or bus
}

// wantGranted wants the function's policies to allow each request that it sends until the test ends. What they allow and
// no event makes use of is logged.
func (p *account) wantGranted(op string) {
	p.t.Helper()
	c, policies := &calls{all: map[string]call{}, resources: map[string]string{}}, statements(p.t, op)
	for name, resource := range variables(p.t, op) {
		if strings.HasPrefix(resource, "${") {
			c.resources[p.Value(name, resource)] = resource
		}
	}
	p.At("SECRETS_MANAGER", p.Serve(c.before(p.Secrets)))
	p.At("EVENTBRIDGE", p.Serve(c.before(p.Bus)))
	if p.table != nil {
		p.At("DYNAMODB", p.Serve(c.before(newProxy(p.t))))
	}
	p.t.Cleanup(func() { c.compare(p.t, op, policies) })
}

func (c *calls) compare(t *testing.T, op string, policies []statement) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	used := map[string]bool{}
	for _, asked := range c.all {
		granted, near := false, []statement(nil)
		for _, s := range policies {
			if s.allows(asked) {
				granted, used[s.Sid+" "+asked.action] = true, true
			} else if slices.Contains(s.Action, asked.action) {
				near = append(near, s)
			}
		}
		if !granted {
			t.Errorf("%s: got %s of %s with %q, want what is allowed: %+v", op, asked.action, asked.resource, asked.keys, near)
		}
	}
	for _, s := range policies {
		for _, action := range s.Action {
			if !used[s.Sid+" "+action] {
				t.Logf("%s: no event makes use of %s of %s", op, action, s.Sid)
			}
		}
	}
}

// rarely replays the function's own event where each application has copies and admits one session of a user.
func (p *account) rarely(op string, all []outcome) {
	p.t.Helper()
	i := slices.IndexFunc(all, func(o outcome) bool { return o.event == op })
	if i < 0 || slices.Contains(withoutTable, op) {
		return
	}
	p.reset(p.t)
	store := dynamo.New(p.client, p.name)
	store.EpochCopies = 2
	for _, app := range fixture.Applications() {
		app.Version, app.Settings.MaxSessionsPerUser = 1, 1
		if _, err := store.PutApplication(p.t.Context(), app); err != nil {
			p.t.Fatal(err)
		}
	}
	p.Set("EPOCH_COPIES", "2")
	(&replay{account: p, Process: p.start(op)}).event(all[i])
}

// before records requests on their way to a service.
func (c *calls) before(service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		var in map[string]any
		_ = json.Unmarshal(raw, &in) // the service refuses what is not JSON
		c.record(r.Header.Get("X-Amz-Target"), in)
		service.ServeHTTP(w, r)
	})
}

func (c *calls) record(target string, in map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch service, action, _ := strings.Cut(target, "."); service {
	case "DynamoDB_20120810":
		c.dynamo(action, in)
	case "secretsmanager":
		c.add("secretsmanager:"+action, c.resource("SecretId", in), nil)
	default: // AWSEvents
		c.add(strings.ToLower(strings.TrimPrefix(service, "AWS"))+":"+action, c.resource("EventBusName", in), nil)
	}
}

// members are the actions that the members of a transaction need.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var members = map[string]string{
	"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
}

var queried = regexp.MustCompile(`^(?:PK|GSI1PK) = (:\w+)`)

func (c *calls) dynamo(action string, in map[string]any) {
	if transaction, is := in["TransactItems"].([]any); is {
		for _, one := range transaction {
			for kind, member := range one.(map[string]any) {
				c.dynamo(members[kind], member.(map[string]any))
			}
		}
		return
	}
	resource := c.resource("TableName", in)
	if index, is := in["IndexName"].(string); is {
		resource += "/index/" + index
	}
	keys := map[string][]string{"dynamodb:LeadingKeys": values("PK", in)}
	if by := queried.FindStringSubmatch(fmt.Sprint(in["KeyConditionExpression"])); by != nil {
		keys["dynamodb:LeadingKeys"] = values(by[1], in)
	}
	if put, is := in["Item"].(map[string]any); is {
		keys["dynamodb:Attributes"] = slices.Sorted(maps.Keys(put))
	}
	if change, is := in["UpdateExpression"].(string); is {
		keys["dynamodb:Attributes"] = attributes(in, change+" "+fmt.Sprint(in["ConditionExpression"]))
	}
	c.add("dynamodb:"+action, resource, keys)
}

// named finds values and attributes in expressions, whose keywords are in capitals but for the functions'.
var named = regexp.MustCompile(`:?#?\b[a-z]\w*\b(\()?`)

// attributes are the key of an item and what expressions name.
func attributes(in map[string]any, expressions string) []string {
	key, _ := in["Key"].(map[string]any)
	aliases, _ := in["ExpressionAttributeNames"].(map[string]any)
	all := slices.Collect(maps.Keys(key))
	for _, name := range named.FindAllString(expressions, -1) {
		if alias, is := aliases[name].(string); is {
			name = alias
		}
		if !strings.HasPrefix(name, ":") && !strings.HasSuffix(name, "(") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// add adds a call, and the service's use of the key for it.
func (c *calls) add(action, resource string, keys map[string][]string) {
	uses := []call{{action, resource, keys}}
	service, verb, _ := strings.Cut(action, ":")
	via := map[string][]string{"kms:ViaService": {service + ".us-east-1.amazonaws.com"}}
	if service != "events" {
		uses = append(uses, call{"kms:Decrypt", "${DataKey}", via})
	}
	if verb == "PutSecretValue" {
		uses = append(uses, call{"kms:GenerateDataKey", "${DataKey}", via})
	}
	for _, one := range uses {
		c.all[fmt.Sprint(one)] = one
	}
}

// resource is the one that a request names in a member, or that a batch is for.
func (c *calls) resource(member string, in map[string]any) string {
	batch, _ := in["RequestItems"].(map[string]any)
	return c.resources[strings.Join(append(values(member, in), slices.Collect(maps.Keys(batch))...), " ")]
}

// values are the texts of a member at any depth; a text of DynamoDB is {"S": text}.
func values(member string, in any) (all []string) {
	switch in := in.(type) {
	case []any:
		for _, one := range in {
			all = append(all, values(member, one)...)
		}
	case map[string]any:
		for name, value := range in {
			if name != member {
				all = append(all, values(member, value)...)
				continue
			}
			if attribute, is := value.(map[string]any); is {
				value = attribute["S"]
			}
			all = append(all, fmt.Sprint(value))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

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
	template, err := deployment()
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
