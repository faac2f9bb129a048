package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
)

// DynamoDB ignores a misspelt TTL attribute: each attribute of the table is one that the store writes.
func TestTheTableHasTheAttributesThatTheStoreWrites(t *testing.T) {
	definition, err := table.FromTemplate(deployed(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "pkg", "store", "dynamo", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(raw)
	}
	names := []string{definition.TTL}
	for _, a := range definition.Create.AttributeDefinitions {
		names = append(names, *a.AttributeName)
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^\s*attr\w+\s+= "` + name + `"`).MatchString(source.String()) {
			t.Errorf("the store writes no %q", name)
		}
	}
	indexes := definition.Create.GlobalSecondaryIndexes
	if len(indexes) != 1 || *indexes[0].IndexName != dynamo.IndexName || indexes[0].Projection.ProjectionType != "KEYS_ONLY" {
		t.Errorf("indexes: got %+v, want %s alone, with keys only: it decides nothing", indexes, dynamo.IndexName)
	}
}

// Deleting the stack, or a change that makes a resource anew, loses no data. A first deployment that fails leaves none of
// it behind: a protected table with a key and secrets, which the next attempt would not take.
func TestWhatHoldsDataOutlivesTheStack(t *testing.T) {
	template := deployed(t)
	if strings.Contains(read(t, "template.yaml"), "\n    DeletionPolicy: Retain\n") {
		t.Error("a deployment that fails leaves a resource, want RetainExceptOnCreate")
	}
	for _, kind := range []string{"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::SQS::Queue"} {
		for id, r := range ofType(t, template, kind) {
			if !r.Retained {
				t.Errorf("%s goes with the stack, want it retained", id)
			}
		}
	}
}

func TestTheTableIsProtectedUnlessAStackDeclinesIt(t *testing.T) {
	for want, template := range map[string]*stack.Template{"true": deployed(t), "false": deployed(t, "DeletionProtection=false")} {
		p := template.Resources["TokenTable"].Properties
		recovery := at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
		if got := fmt.Sprint(p["DeletionProtectionEnabled"]); got != want || recovery != true {
			t.Errorf("protection %s, point-in-time recovery %v; want %s and true", got, recovery, want)
		}
	}
}

// Caps bound what a table can cost; without them on its index too, the index has none.
func TestTheTableAndItsIndexAreCapped(t *testing.T) {
	type capped struct {
		OnDemandThroughput struct{ MaxReadRequestUnits, MaxWriteRequestUnits int }
	}
	got := properties[struct {
		capped
		GlobalSecondaryIndexes []capped
	}](t, deployed(t, "MaxReadUnits=5", "MaxWriteUnits=6").Resources["TokenTable"])
	for _, c := range append(got.GlobalSecondaryIndexes, got.capped) {
		if c.OnDemandThroughput.MaxReadRequestUnits != 5 || c.OnDemandThroughput.MaxWriteRequestUnits != 6 {
			t.Errorf("caps: got %+v, want 5 reads and 6 writes", c.OnDemandThroughput)
		}
	}
}

// Each secret begins as a placeholder without keys and rotates by its own function. Secrets Manager may call the
// function for that secret only; the schedule, which calls it at once, waits for the permission.
func TestBothSecretsRotate(t *testing.T) {
	all := deployed(t).Resources
	for _, name := range []string{"Signing", "Token"} {
		secret, function := name+"KeysSecret", arn("Rotate"+name+"KeysFunction")
		schedule, permission := all["Rotate"+name+"KeysSchedule"], all["Rotate"+name+"KeysPermission"]
		if p := schedule.Properties; p["SecretId"] != ref(secret) || p["RotationLambdaARN"] != function ||
			!slices.Contains(schedule.DependsOn, "Rotate"+name+"KeysPermission") || p["RotateImmediatelyOnUpdate"] != true {
			t.Errorf("%s: the schedule is %+v", name, schedule)
		}
		if p := permission.Properties; p["FunctionName"] != function || p["Principal"] != "secretsmanager.amazonaws.com" ||
			p["SourceAccount"] != "123456789012" || p["SourceArn"] != ref(secret) {
			t.Errorf("%s: the permission is %+v", name, permission)
		}
		placeholder := fmt.Sprint(all[secret].Properties["SecretString"])
		_, err1 := keys.ParseTokenSet([]byte(placeholder))
		_, err2 := keys.ParseSigningSet([]byte(placeholder))
		if err1 == nil || err2 == nil {
			t.Errorf("%s begins with %s, want a document without keys", secret, placeholder)
		}
	}
}
