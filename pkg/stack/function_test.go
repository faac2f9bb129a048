package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sam build calls make build-<LogicalId>, which builds functions/<operation>.
func TestFunctionsOfTheTemplateTheMakefileAndTheTreeAreTheSame(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, main := range mains {
		want = append(want, filepath.Base(filepath.Dir(main)))
	}
	for _, f := range deployed(t).Functions {
		got = append(got, f.Operation)
		cmd := exec.CommandContext(t.Context(), "make", "-n", "build-"+f.LogicalID, "ARTIFACTS_DIR=x")
		cmd.Dir, cmd.Env = root, append(os.Environ(), "GOARCH=amd64") // as in GOARCH=amd64 sam build
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "./functions/"+f.Operation+"\n") || !strings.Contains(string(out), " GOARCH=amd64 go build ") {
			t.Errorf("make build-%s: got %v\n%s, want a build of functions/%s for amd64", f.LogicalID, err, out, f.Operation)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the template has functions for\n%v, want\n%v", got, want)
	}
}

// function is what matters here of an AWS::Serverless::Function.
type function struct {
	AutoPublishAliasAllProperties bool
	ReservedConcurrentExecutions  int
	DeploymentPreference          struct {
		Type    string
		Enabled *bool
		Alarms  []string
	}
	LoggingConfig struct{ LogFormat, LogGroup string }
}

// The functions that Secrets Manager calls itself, and not through their alias.
var rotations = []string{"RotateSigningKeysFunction", "RotateTokenKeysFunction"}

// A change of configuration alone goes live too, and in prod an alarm on the new version takes it back.
func TestACanaryWatchesTheAPIAndTheFunctionsFailures(t *testing.T) {
	template := prod(t)
	for _, f := range template.Functions {
		got := properties[function](t, template.Resources[f.LogicalID])
		if !got.AutoPublishAliasAllProperties {
			t.Errorf("%s: a change of its configuration alone never goes live", f.LogicalID)
		}
		if slices.Contains(rotations, f.LogicalID) {
			if got.DeploymentPreference.Enabled == nil || *got.DeploymentPreference.Enabled {
				t.Errorf("%s shifts traffic, want none: nothing calls its alias", f.LogicalID)
			}
			continue
		}
		want := []string{ref("ApiErrors"), ref("FunctionFailures")}
		if p := got.DeploymentPreference; p.Type == "AllAtOnce" || !slices.Equal(p.Alarms, want) {
			t.Errorf("%s deploys by %+v, want gradually with %v", f.LogicalID, p, want)
		}
		for _, alarm := range want {
			if template.Resources[strings.Trim(alarm, "${}")].Type != "AWS::CloudWatch::Alarm" {
				t.Errorf("%s waits for %s, want an alarm of the stack", f.LogicalID, alarm)
			}
		}
	}
}

// Reserved concurrency is taken from the account: by default no function takes any.
func TestConcurrencyIsReservedOnRequestOnly(t *testing.T) {
	for given, want := range map[string]int{"0": 0, "7": 7} {
		template := deployed(t, "ReservedConcurrency="+given)
		reserved := 0
		for _, f := range template.Functions {
			if got := properties[function](t, template.Resources[f.LogicalID]).ReservedConcurrentExecutions; got != 0 {
				reserved = got
			}
		}
		if reserved != want {
			t.Errorf("ReservedConcurrency=%s reserves %d, want %d", given, reserved, want)
		}
	}
}

// Logs are metrics, so they are JSON; they name users, so they are encrypted and end.
func TestEveryFunctionHasALogOfItsOwnThatIsEncryptedAndEnds(t *testing.T) {
	template := deployed(t, "LogRetentionDays=7")
	owner := map[string]string{}
	for _, f := range template.Functions {
		log := properties[function](t, template.Resources[f.LogicalID]).LoggingConfig
		if other := owner[log.LogGroup]; other != "" || log.LogFormat != "JSON" {
			t.Errorf("%s logs to %+v, as %q does; want JSON in a group of its own", f.LogicalID, log, other)
		}
		owner[log.LogGroup] = f.LogicalID
	}
	for id, group := range ofType(t, template, "AWS::Logs::LogGroup") {
		days := 7
		if id == "EventLogs" { // longer than tables can be restored
			days = 90
		}
		if group.Properties["RetentionInDays"] != days || group.Properties["KmsKeyId"] != arn("DataKey") {
			t.Errorf("%s: got %v, want %d days and the stack's key", id, group.Properties, days)
		}
		delete(owner, ref(id))
	}
	if len(owner) > 0 {
		t.Errorf("groups that are not in the stack: %v", owner)
	}
}

// Without build_in_source SAM copies the whole directory for every function, local data included; a cached build
// does not see changed Go files.
func TestSAMBuildsInSourceAndCachesNothing(t *testing.T) {
	config := read(t, "samconfig.toml")
	for _, want := range []string{"cached = false", "build_in_source = true"} {
		if got := strings.Count(config, want); got != strings.Count(config, ".build.parameters]") {
			t.Errorf("%q is in %d sections, want it in each section of sam build", want, got)
		}
	}
}
