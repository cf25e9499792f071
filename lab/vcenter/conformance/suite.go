package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const defaultModule = "github.com/hashicorp/terraform-provider-vsphere@v1.26.0"

// suite is a provider's source with the binary of its tests.
type suite struct {
	name   string // module and version, or the folder
	dir    string // where the tests expect to run
	binary string
}

// cacheRoot is where the toolchain keeps what is built once for all checkouts: see lab/toolchain/cache.mjs.
func cacheRoot() (string, error) {
	if dir := os.Getenv("VSPHERE_HA_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "vsphere-ha"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "vsphere-ha"), err
}

// prepare finds the tests and builds them, unless an earlier run did.
func prepare(ctx context.Context, o options, progress io.Writer) (*suite, error) {
	root, err := cacheRoot()
	if err != nil {
		return nil, err
	}
	name, source := o.module, ""
	if o.source != "" {
		if source, err = filepath.Abs(o.source); err != nil {
			return nil, err
		}
		name = source
	} else if source, err = download(ctx, o.module); err != nil {
		return nil, err
	}
	state, err := fingerprint(source)
	if err != nil {
		return nil, fmt.Errorf("cannot read the tests: %w", err)
	}
	home := filepath.Join(root, "conformance", state)
	s := &suite{name: name, dir: filepath.Join(home, "source", "vsphere"), binary: filepath.Join(home, "provider.test")}
	unlock, err := lock(filepath.Join(root, "conformance"), state)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeUnused(filepath.Join(root, "conformance"), time.Now()); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.binary); err == nil {
		now := time.Now()
		return s, os.Chtimes(home, now, now)
	}
	fmt.Fprintf(progress, "building the tests of %s (once; a minute or two)\n", name)
	return s, s.build(ctx, source, home, progress)
}

// unused is when a build goes that no run has used since: as long as setup keeps its parts (lab/toolchain/cache.mjs).
const unused = 30 * 24 * time.Hour

// removeUnused removes builds of versions and repairs that are no longer run, and locks that are as old.
func removeUnused(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, gone := e.Info()
		if gone == nil && now.Sub(info.ModTime()) > unused {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

func (s *suite) build(ctx context.Context, source, home string, progress io.Writer) error {
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	copied := filepath.Join(home, "source")
	// The module cache is read-only, and the Go command writes to go.sum; os.CopyFS makes its copies writable.
	if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(copied, "vendor")); err != nil { // its list without the packages
		return err
	}
	if err := applyRepairs(copied, progress); err != nil {
		return err
	}
	unfinished := s.binary + ".part"
	if _, err := goCommand(ctx, copied, "test", "-c", "-o", unfinished, "./vsphere"); err != nil {
		return fmt.Errorf("cannot build the tests of %s: %w", s.name, err)
	}
	return os.Rename(unfinished, s.binary)
}

// list names the acceptance tests in the order of their files.
func (s *suite) list(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, s.binary, "-test.list", "^TestAcc")
	cmd.Dir = s.dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list the tests: %w", err)
	}
	var tests []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "TestAcc") {
			tests = append(tests, line)
		}
	}
	return tests, nil
}

func download(ctx context.Context, module string) (string, error) {
	out, err := goCommand(ctx, os.TempDir(), "mod", "download", "-json", module)
	var info struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &info); jsonErr == nil && info.Error != "" {
		return "", fmt.Errorf("cannot download %s: %s", module, info.Error)
	}
	if err != nil {
		return "", fmt.Errorf("cannot download %s: %w", module, err)
	}
	return info.Dir, nil
}

// goCommand runs the Go command free of the user's flags and workspaces.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false -mod=mod", "GOWORK=off")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil && problems.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(problems.String()))
	}
	return out, err
}

// fingerprint identifies a source tree by its files' names, sizes and times, and what is done to it.
func fingerprint(dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, dir, repairs)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(sum, path, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil))[:16], err
}

// lock lets one run build while others wait; it ends with the process at the latest.
func lock(dir, name string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
