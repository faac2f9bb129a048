package main

import (
	"os"
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
	t.Chdir("../../..")
	shorter := map[string]string{
		"floors": "update-item authorizer", "load": "-duration 1s -chains 2", "scale": "-largest 1000 -rounds 1", "compare": "-help",
		"overlap": "-sessions 1 -robbed 1",
	}
	for _, command := range regexp.MustCompile(`(?m)^go run \./pkg/cmd/bench (\w+)`).FindAllStringSubmatch(string(readme), -1) {
		args, known := shorter[command[1]]
		if !known {
			t.Errorf("README.md has %q", command[0])
		}
		delete(shorter, command[1])
		err := run(t.Context(), append([]string{command[1]}, strings.Fields(args)...))
		if err != nil && args != "-help" {
			t.Errorf("%s %s: got %v", command[0], args, err)
		}
	}
	if len(shorter) > 0 {
		t.Errorf("README.md lacks %v", shorter)
	}
}
