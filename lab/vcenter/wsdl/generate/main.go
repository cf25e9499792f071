// Command generate writes the WSDL of the vim25 API, derived from the types of the govmomi module that go.mod names.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: generate FILE.gz")
	}
	dir, err := Source()
	if err != nil {
		return err
	}
	text, err := Describe(dir)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(args[0], b.Bytes(), 0o644)
}

// Source finds the folder of govmomi's types.
func Source() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m github.com/vmware/govmomi: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "vim25", "types"), nil
}
