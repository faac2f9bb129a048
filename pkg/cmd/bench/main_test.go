package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each command of the README runs, with fewer rounds.
func TestTheCommandsOfTheReadmeRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and starts services")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	bench := filepath.Join(t.TempDir(), "bench")
	if out, err := exec.Command("go", "build", "-o", bench, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shorter := map[string]string{
		"floors": "update-item deletion", "load": "-duration 1s -chains 2", "scale": "-largest 1000 -rounds 1",
		"compare": "-help", "overlap": "-sessions 1 -thefts 1", "bill": "HotRoute=true",
	}
	for _, command := range regexp.MustCompile(`(?m)^go run \./pkg/cmd/bench (\w+)`).FindAllStringSubmatch(string(readme), -1) {
		cmd := exec.CommandContext(t.Context(), bench, append(command[1:2], strings.Fields(shorter[command[1]])...)...)
		cmd.Dir = "../../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: got %v\n%s", command[0], err, out)
		}
		delete(shorter, command[1])
	}
	if len(shorter) > 0 {
		t.Errorf("README.md lacks %v", shorter)
	}
}
