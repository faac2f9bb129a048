package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheTableComesBackIsBoundedAndIsEncryptedWithTheKeyOfTheStack(t *testing.T) {
	table := ofType(t, "AWS::DynamoDB::Table", 1)["TokenTable"]
	caps := "map[MaxReadRequestUnits:MaxReadUnits MaxWriteRequestUnits:MaxWriteUnits]"
	for name, want := range map[string]string{
		"BillingMode":                      "PAY_PER_REQUEST",
		"OnDemandThroughput":               caps,
		"PointInTimeRecoverySpecification": "map[PointInTimeRecoveryEnabled:true RecoveryPeriodInDays:35]",
		"DeletionProtectionEnabled":        "DeletionProtection",
		"StreamSpecification":              "map[StreamViewType:NEW_AND_OLD_IMAGES]",
		"SSESpecification":                 "map[KMSMasterKeyId:DataKey.Arn SSEEnabled:true SSEType:KMS]",
		"ContributorInsightsSpecification": "map[Enabled:false]", // it shows keys in plain text
		"GlobalSecondaryIndexes": "[map[IndexName:ByTokenId KeySchema:[map[AttributeName:GSI1PK KeyType:HASH]] OnDemandThroughput:" +
			caps + " Projection:map[ProjectionType:KEYS_ONLY]]]",
	} {
		if got := fmt.Sprint(table[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if at(sections(t), "Parameters", "DeletionProtection", "Default") != "true" {
		t.Error("a table that nobody thought about is not protected")
	}
}

// The names of the key and of the expiry are those that the store writes: DynamoDB ignores a misspelt TTL attribute.
func TestTheTableHasTheAttributesThatTheStoreWrites(t *testing.T) {
	source := read(t, "pkg/store/dynamo/keys.go")
	table := ofType(t, "AWS::DynamoDB::Table", 1)["TokenTable"]
	names := []string{fmt.Sprint(at(table["TimeToLiveSpecification"], "AttributeName"))}
	for _, a := range table["AttributeDefinitions"].([]any) {
		names = append(names, fmt.Sprint(at(a, "AttributeName")))
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^\s*attr\w+\s+= "` + name + `"`).MatchString(source) {
			t.Errorf("the store writes no %s", name)
		}
	}
	if len(names) != 4 || at(table["TimeToLiveSpecification"], "Enabled") != true {
		t.Errorf("the attributes are %v", names)
	}
}

// Deleting the stack, or a change that makes a resource anew, loses no data.
func TestWhatHoldsDataOutlivesTheStack(t *testing.T) {
	for id, r := range sections(t)["Resources"].(section) {
		kind := fmt.Sprint(at(r, "Type"))
		if !slices.Contains([]string{"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::SQS::Queue"}, kind) {
			continue
		}
		if at(r, "DeletionPolicy") != "Retain" || at(r, "UpdateReplacePolicy") != "Retain" {
			t.Errorf("%s is not retained", id)
		}
	}
}

// One module, and nothing built or fetched beside its sources.
func TestTheTreeHoldsOneModuleAndNoBinary(t *testing.T) {
	for _, ignored := range []string{"/.aws-sam/", "/.build/", "/.cache/", "/.local/"} {
		if !strings.Contains("\n"+read(t, ".gitignore"), "\n"+ignored+"\n") {
			t.Errorf(".gitignore lacks %s", ignored)
		}
	}
	modules := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "vendor" || name == "node_modules"):
			t.Errorf("%s belongs to nobody here", path)
			return filepath.SkipDir
		case entry.IsDir() && path != root && strings.HasPrefix(name, "."):
			return filepath.SkipDir
		case name == "go.mod":
			modules++
		}
		return nil
	})
	if err != nil || modules != 1 {
		t.Errorf("%d modules (%v)", modules, err)
	}
}
