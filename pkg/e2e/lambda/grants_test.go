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
	"strings"
	"sync"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
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

// ofLambda are the statements of the publisher's role with which Lambda itself reads the stream and gives records up.
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
var ofLambda = []string{"Stream", "GiveUp", "DecryptThroughServices"}

// wantGranted wants the function's policies to allow each request that it sends until the test ends, and nothing else.
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
	p.At("LAMBDA", p.Serve(c.before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{}") // the claims stay as they are
	}))))
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
			if !used[s.Sid+" "+action] && (op != "audit" || !slices.Contains(ofLambda, s.Sid)) {
				t.Errorf("%s: got no use of %s of %s in the events, want every grant used", op, action, s.Sid)
			}
		}
	}
}

var refreshToken = regexp.MustCompile(`srt_[\w-]+`)

// rarely replays the function's own event where each application has copies and admits one session of a user, where a claims
// hook is asked, and with a refresh token of another system.
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
	for variable, value := range map[string]string{"EPOCH_COPIES": "2", "ACCEPT_IMPORTED": "true", "CLAIMS_HOOK_ARN": claimsHook} {
		p.Set(variable, value)
	}
	r := &replay{account: p, Process: p.start(op)}
	r.event(all[i])
	i = slices.IndexFunc(all, func(o outcome) bool { return o.succeeds() && refreshToken.Match(r.read(o.event)) })
	if i < 0 {
		return
	}
	foreign := refreshToken.ReplaceAll(r.read(all[i].event), []byte("of-another-system"))
	if _, err := r.Invoke(p.t.Context(), foreign, timeout); err != nil {
		p.t.Errorf("%s with a token of another system: %v", op, err)
	}
}

// before records requests on their way to a service.
func (c *calls) before(service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		var in map[string]any
		_ = json.Unmarshal(raw, &in) // the service refuses what is not JSON
		if arn, isInvoke := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/"); isInvoke {
			c.add("lambda:InvokeFunction", strings.TrimSuffix(arn, "/invocations"), nil)
		} else {
			c.record(r.Header.Get("X-Amz-Target"), in)
		}
		service.ServeHTTP(w, r)
	})
}

func (c *calls) record(target string, in map[string]any) {
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
	if service == "dynamodb" || service == "secretsmanager" {
		uses = append(uses, call{"kms:Decrypt", "${DataKey}", via})
	}
	if verb == "PutSecretValue" {
		uses = append(uses, call{"kms:GenerateDataKey", "${DataKey}", via})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
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
