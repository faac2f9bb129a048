package arch_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stencil-auth/refresh-tokens"

// rule allows a package, by the prefix of its path below the module, a list of imports beyond the standard
// library, again by prefix. The longest matching rule counts. Tests may import anything.
var rules = []struct {
	pkg     string
	allowed []string
	reason  string
}{
	{"pkg/issuer", []string{}, "the core knows no cloud and no HTTP"},
	{"pkg/keys", []string{}, "the core knows no cloud and no HTTP"},
	{"pkg/keys/file", []string{"pkg/keys"}, "an adapter imports the core it serves"},
	{"pkg/keys/secretsmanager", []string{"pkg/keys", "aws-sdk"}, "an adapter imports the core it serves"},
	{"pkg/keys/secretsmanager/fakesm", []string{"pkg/deploy/awsconfig", "aws-sdk"}, "support for tests of what reads and rotates secrets"},
	{"pkg/keys/secretsmanager/moto", []string{"pkg/deploy/awsconfig", "aws-sdk"}, "support for tests of what reads and rotates secrets"},
	{"pkg/keys/rotation", []string{"pkg/keys", "pkg/telemetry", "aws-sdk"}, "rotation knows keys and their secrets, not what they make"},
	{"pkg/token", []string{"pkg/issuer", "pkg/keys", "github.com/golang-jwt/jwt/v5"}, "the core knows no cloud and no HTTP"},
	{"pkg/dpop", []string{"pkg/keys", "github.com/golang-jwt/jwt/v5"}, "the core knows no cloud and no HTTP"},
	{"pkg/session", []string{"pkg/issuer", "pkg/keys", "pkg/token", "pkg/dpop"}, "the core knows no cloud and no HTTP"},
	{"pkg/store/embedded", []string{"pkg/keys", "pkg/token", "pkg/session", "go.etcd.io/bbolt"}, "a store imports the core, not the edge"},
	{"pkg/store/dynamo", []string{
		"pkg/keys", "pkg/token", "pkg/session", "pkg/store/dynamo", "aws-sdk", "smithy",
	}, "a store imports the core, not the edge"},
	{"pkg/store/dynamo/table", []string{"pkg/stack", "aws-sdk"}, "it makes the template's table where CloudFormation does not"},
	{"pkg/store/storetest", []string{"pkg/dpop", "pkg/keys", "pkg/token", "pkg/session", "github.com/google/go-cmp"}, "the suite knows the port alone"},
	{"pkg/authorizer", []string{"pkg/dpop", "pkg/frame", "pkg/keys", "pkg/token", "pkg/session", "pkg/telemetry", "github.com/aws/aws-lambda-go/events"}, "the edge sees the core, not the stores"},
	{"pkg/verify", []string{"pkg/dpop", "pkg/issuer", "pkg/keys", "pkg/token"}, "an API of somebody else links no cloud and no session"},
	{"pkg/verify/queue", []string{"pkg/verify", "aws-sdk"}, "it moves events, and does not know what they mean"},
	{"pkg/frame", []string{"pkg/telemetry", "github.com/aws/aws-lambda-go/events"}, "what publishes documents starts without the code of sessions"},
	{"pkg/api", []string{"pkg/dpop", "pkg/frame", "pkg/issuer", "pkg/keys", "pkg/token", "pkg/session", "pkg/authorizer", "pkg/telemetry", "github.com/aws/aws-lambda-go/events"}, "the shell knows no interface, and the edge sees the core, not the stores"},
	{"pkg/api/stencil", []string{"pkg/api", "pkg/dpop", "pkg/keys", "pkg/token", "pkg/session", "pkg/authorizer", "pkg/telemetry"}, "interfaces over the one core never import each other"},
	{"pkg/api/oauth", []string{"pkg/api", "pkg/keys", "pkg/token", "pkg/session", "pkg/authorizer", "pkg/telemetry"}, "interfaces over the one core never import each other"},
	{"pkg/api/seveng", []string{"pkg/api", "pkg/keys", "pkg/token", "pkg/session", "pkg/authorizer", "pkg/telemetry"}, "interfaces over the one core never import each other"},
	{"pkg/api/kirjaswappi", []string{"pkg/api", "pkg/keys", "pkg/token", "pkg/session", "pkg/authorizer", "pkg/telemetry"}, "interfaces over the one core never import each other"},
	{"pkg/api/wellknown", []string{"pkg/frame", "pkg/issuer", "pkg/keys", "pkg/telemetry", "github.com/aws/aws-lambda-go/events"}, "public documents belong to no interface and to no session"},
	{"pkg/hook", []string{"pkg/api", "pkg/session", "aws-sdk", "smithy"}, "an adapter of the core, which reads as strictly as the edge"},
	{"pkg/operator", []string{"pkg/api", "pkg/token", "pkg/session", "pkg/telemetry"}, "the edge sees the core, not the stores"},
	{"pkg/operator/socket", []string{}, "a socket knows no function"},
	{"pkg/lifecycle/event", []string{"pkg/session"}, "events have one form, whoever publishes and reads them"},
	{"pkg/lifecycle", []string{"pkg/lifecycle/event", "pkg/session", "pkg/store/dynamo", "pkg/telemetry", "github.com/aws/aws-lambda-go/events", "aws-sdk"}, "it reads the table's stream and writes nothing"},
	{"pkg/telemetry", []string{"github.com/aws/aws-lambda-go/lambdacontext"}, "a log line knows no operation"},
	{"pkg/deploy", []string{"pkg", "github.com/aws/aws-lambda-go", "aws-sdk"}, "it wires the functions and sees both sides"},
	{"pkg/deploy/process", []string{
		"pkg/deploy/awsconfig", "pkg/frame", "pkg/issuer", "pkg/keys", "pkg/keys/secretsmanager", "pkg/telemetry", "github.com/aws/aws-lambda-go", "aws-sdk",
	}, "what publishes documents starts without the code of sessions"},
	{"pkg/deploy/awsconfig", []string{"aws-sdk"}, "how AWS is reached does not depend on who asks for what"},
	{"pkg/stack", []string{"github.com/goccy/go-yaml"}, "it reads a file and knows no service"},
	{"pkg/gateway", []string{"pkg/stack", "pkg/telemetry", "github.com/aws/aws-lambda-go"}, "a gateway knows no operation"},
	{"pkg/cmd", []string{"pkg", "github.com/aws/aws-lambda-go", "aws-sdk"}, "a command sees both sides"},
	{"pkg/cmd/local", []string{"pkg", "github.com/aws/aws-lambda-go", "aws-sdk", "github.com/lmittmann/tint"}, "a command sees both sides; its log is read on a terminal"},
	{"pkg/cmd/rtctl", []string{
		"pkg/cmd/rtctl/console", "pkg/lifecycle/event", "pkg/operator/socket", "pkg/stack", "pkg/token", "aws-sdk", "smithy",
		"github.com/spf13/cobra",
	}, "a command over the service's own interfaces: no store, no keys"},
	{"pkg/cmd/rtctl/console", []string{"pkg/page"}, "a page and who may open it; what it asks for is the command's"},
	{"functions", []string{"pkg", "github.com/aws/aws-lambda-go/lambda"}, "a function is a wiring diagram"},
	{"pkg/page", []string{}, "how pages look and are served does not depend on what they show"},
	{"pkg/openapi", []string{"pkg/page", "github.com/goccy/go-yaml"}, "it describes the surface and runs nothing of it"},
	{"pkg/store/dynamotest", []string{"pkg/stack", "pkg/store/dynamo", "pkg/deploy/awsconfig", "aws-sdk", "smithy"}, "support for tests of the DynamoDB store"},
	{"pkg/store/proof", []string{}, "tests only"},
	{"pkg/cmd/bench/overlap", []string{"pkg/cmd/bench/measure"}, "a model knows nothing of the service; its test compares the two"},
	{"pkg/e2e/lambda/runtimeapi", []string{}, "it runs binaries and knows no function"},
	{"pkg/e2e/lambda", []string{}, "tests only"},
	{"pkg/e2e/lambda/scratch", []string{
		"pkg/e2e/lambda/runtimeapi", "pkg/fixture", "pkg/keys/secretsmanager/fakesm", "pkg/stack", "pkg/token", "pkg/store/dynamo", "aws-sdk",
	}, "an account has the services that functions ask, and runs none itself"},
	{"pkg/e2e/leaks", []string{}, "it knows credentials by their form alone"},
	{"pkg/fixture/service", []string{"pkg", "github.com/aws/aws-lambda-go"}, "a service for tests sees both sides"},
	{"pkg/fixture", []string{"pkg/dpop", "pkg/issuer", "pkg/keys", "pkg/token", "pkg/session", "pkg/store/embedded", "github.com/golang-jwt/jwt/v5"}, "values of the core, which no function links"},
	{"pkg/e2e", []string{"pkg/store/dynamo"}, "black-box tests see the service from outside"},
	{"pkg/cmd/bench/measure", []string{}, "measuring a process needs nothing of the service"},
	{"pkg/cmd/bench/service", []string{"pkg/cmd/bench/measure"}, "it sees the service over HTTP"},
	{"pkg/cmd/bench/load", []string{"pkg/cmd/bench/measure", "pkg/cmd/bench/service", "pkg/store/dynamotest"}, "load sees the service over HTTP"},
	{"pkg/cmd/bench/scale", []string{"pkg/cmd/bench/measure", "pkg/cmd/bench/service", "pkg/store/embedded", "pkg/store/storetest"}, "it sees the service over HTTP, and fills its file"},
	{"pkg/cmd/bench/bill", []string{"pkg/cmd/bench/floors", "pkg/cmd/bench/measure", "pkg/stack"}, "a bill is computed from the template and from measurements"},
	{"pkg/cmd/bench/compare", []string{"pkg/cmd/bench/measure", "pkg/cmd/bench/service"}, "the comparison sees every server over HTTP"},
	{"pkg/cmd/bench/compare/harness", []string{}, "a harness has nothing of the service"},
	{"pkg/cmd/bench/compare/floor", []string{"pkg/cmd/bench/compare/harness", "go.etcd.io/bbolt", "github.com/golang-jwt/jwt/v5"}, "a floor has nothing of the service"},
	{"pkg/cmd/bench/compare/testdata/fosite", []string{"pkg/cmd/bench/compare/harness", "github.com/ory/fosite"}, "a harness has nothing of the service"},
	{"pkg/arch", []string{}, "tests only"},
}

// families are imports that come in many packages.
var families = map[string]string{
	"github.com/aws/aws-sdk-go-v2": "aws-sdk",
	"github.com/aws/smithy-go":     "smithy",
}

func TestImportsFollowTheArchitecture(t *testing.T) {
	eachGoFile(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		pkg := path.Dir(file)
		best := -1
		for i, rule := range rules {
			if under(pkg, rule.pkg) && (best < 0 || len(rule.pkg) > len(rules[best].pkg)) {
				best = i
			}
		}
		if best < 0 {
			t.Errorf("%s: no rule in pkg/arch says what %s may import", file, pkg)
			return
		}
		for _, imported := range importsOf(t, file) {
			if !allowed(imported, rules[best].allowed) {
				t.Errorf("%s imports %s, which %s may not: %s", file, imported, rules[best].pkg, rules[best].reason)
			}
		}
	})
}

// The SDK's config package pulls in sts, sso and signin: a longer cold start for nothing. An operator's command has no
// cold start, and needs profiles.
func TestNoFunctionImportsTheSDKsConfig(t *testing.T) {
	eachGoFile(t, func(file string) {
		for _, imported := range importsOf(t, file) {
			if strings.HasPrefix(imported, "github.com/aws/aws-sdk-go-v2/config") && !under(file, "pkg/cmd/rtctl") {
				t.Errorf("%s imports %s", file, imported)
			}
		}
	})
}

// What a function does not link needs no time at a cold start, and cannot be attacked in it: verifiers all over the world
// ask the first two, without a credential. What pkg/verify links, APIs of others link with it.
func TestLittleIsLinkedWhereLittleIsNeeded(t *testing.T) {
	for roots, want := range map[string][]string{
		"functions/jwks functions/oauth-metadata": {
			"functions/jwks", "functions/oauth-metadata", "pkg/api/wellknown", "pkg/deploy/awsconfig", "pkg/deploy/process",
			"pkg/frame", "pkg/issuer", "pkg/keys", "pkg/keys/secretsmanager", "pkg/telemetry",
		},
		"pkg/verify": {"github.com/golang-jwt/jwt/v5", "pkg/dpop", "pkg/issuer", "pkg/keys", "pkg/token", "pkg/verify"},
	} {
		linked := map[string]bool{}
		for root := range strings.FieldsSeq(roots) {
			addLinked(t, root, linked)
		}
		if !slices.Contains(want, "github.com/golang-jwt/jwt/v5") { // functions link Lambda's and the SDK's packages
			maps.DeleteFunc(linked, func(name string, _ bool) bool { return strings.HasPrefix(name, "github.com/") })
		}
		if got := slices.Sorted(maps.Keys(linked)); !slices.Equal(got, want) {
			t.Errorf("%s links\n%v, want\n%v", roots, got, want)
		}
	}
}

// addLinked adds a package of the module, and what it imports beyond the standard library.
func addLinked(t *testing.T, pkg string, linked map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if linked[pkg] || err != nil {
		return
	}
	linked[pkg] = true
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, imported := range importsOf(t, strings.TrimPrefix(file, root+"/")) {
			if own, found := strings.CutPrefix(imported, module+"/"); found {
				addLinked(t, own, linked)
			} else if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
				linked[imported] = true
			}
		}
	}
}

func allowed(imported string, list []string) bool {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	name := strings.TrimPrefix(imported, module+"/")
	for prefix, family := range families {
		if under(imported, prefix) {
			name = family
		}
	}
	for _, prefix := range list {
		if name == prefix || prefix == "pkg" && under(name, prefix) || prefix == "pkg/store/dynamo" && under(name, prefix) ||
			!strings.HasPrefix(prefix, "pkg") && under(name, prefix) {
			return true
		}
	}
	return false
}

func under(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, imported)
	}
	return imports
}

const root = "../.."

// eachGoFile visits every Go file of the project, named from its root.
func eachGoFile(t *testing.T, visit func(file string)) {
	t.Helper()
	seen := 0
	for _, top := range []string{"pkg", "functions"} {
		err := fs.WalkDir(os.DirFS(root), top, func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(file, ".go") {
				seen++
				visit(file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Fatalf("only %d Go files were found: the walk is broken", seen)
	}
}
