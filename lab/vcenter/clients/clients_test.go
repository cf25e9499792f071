package clients_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/labtest"
)

//go:embed requirements.lock
var requirements []byte

// patience is for an installation over a slow network, and for a client on a busy machine.
const patience = 5 * time.Minute

// cacheRoot is where setup keeps what all checkouts of a user share.
func cacheRoot(t *testing.T) string {
	if dir := os.Getenv("VSPHERE_HA_CACHE"); dir != "" {
		return dir
	}
	dir := os.Getenv("XDG_CACHE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache")
	}
	return filepath.Join(dir, "vsphere-ha")
}

// python is an interpreter that has the clients. They are installed under a temporary name, so that they are there whole or
// not at all.
func python(t *testing.T) string {
	t.Helper()
	version := run(t, "python3", "-VV")
	key := sha256.Sum256(append(bytes.Clone(requirements), version...))
	home := filepath.Join(cacheRoot(t), "parts", fmt.Sprintf("python-clients-%x", key[:8]))
	if _, err := os.Stat(home); err != nil {
		if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
			t.Fatal(err)
		}
		made, err := os.MkdirTemp(filepath.Dir(home), "making-python-clients-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(made) }()
		run(t, "python3", "-m", "venv", made)
		run(t, filepath.Join(made, "bin", "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", "requirements.lock")
		if err := os.Rename(made, home); err != nil {
			if _, there := os.Stat(home); there != nil { // another test run was not faster
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(home, "bin", "python")
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestClientNotWrittenForTheLab(t *testing.T) {
	interpreter := python(t)
	common := []string{"logs in", "walks the inventory", "changes a cluster", "follows events", "waits on tasks and property updates"}
	for script, sentences := range map[string][]string{
		"pyvmomi_client.py": append(common[:len(common):len(common)], "reads every property of every object", "is shut out after it logged out"),
		"oslo_client.py":    append(common[:len(common):len(common)], "logs in again after its session ended"),
	} {
		t.Run(strings.TrimSuffix(script, "_client.py"), func(t *testing.T) {
			l := labtest.Start(t, 200)
			l.Pair()
			host, port, err := net.SplitHostPort(l.Config.Listen)
			l.Must(err)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			client := exec.CommandContext(ctx, interpreter, "-W", "ignore", script)
			client.Env = append(os.Environ(), "LAB_HOST="+host, "LAB_PORT="+port, "LAB_CA="+l.Config.TLS.Cert, "LAB_USER="+labtest.User, "VSPHERE_PASSWORD="+labtest.Password)
			var trouble bytes.Buffer
			client.Stderr = &trouble
			out, failed := client.Output()
			for _, s := range sentences {
				t.Run(s, func(t *testing.T) {
					if !strings.Contains(string(out), "ok "+s+"\n") {
						t.Errorf("it does not; %v\n%s", failed, trouble.String())
					}
				})
			}
			if failed != nil {
				t.Errorf("%v\n%s", failed, trouble.String())
			}
		})
	}
}
