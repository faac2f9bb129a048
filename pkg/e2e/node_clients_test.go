package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// oauth4webapi, openid-client and jose refresh, revoke, introspect and verify, over whichever home this run is in.
// make interfaces installs them and names their folder.
func TestNodeClients(t *testing.T) {
	dir := os.Getenv("NODE_CLIENTS")
	if dir == "" {
		t.Skip("run make interfaces, which installs the clients of node")
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "clients.test.mjs")
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for name, value := range home.creds {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
