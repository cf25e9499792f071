package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// expectations are what the repository holds of earlier runs.
type expectations struct {
	// Module is the version of the tests that the counts are of.
	Module string `json:"module"`
	// Passing is how many tests of each family pass.
	Passing map[string]int `json:"passing"`
	// CannotRun gives the reason why a test needs what no simulator has.
	CannotRun map[string]string `json:"cannotRun"`

	path string
}

// expectationsFile lies beside this file: the command is run from a checkout, not installed.
func expectationsFile() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "expected.json")
}

func loadExpectations(path string) (*expectations, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := &expectations{path: path}
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for test, reason := range e.CannotRun {
		if reason == "" {
			err = errors.Join(err, fmt.Errorf("%s: cannotRun.%s: the reason is missing", path, test))
		}
	}
	return e, err
}

// below says which of the families that were run pass fewer tests than on record.
func (e *expectations) below(counts map[string]tally) []string {
	var lines []string
	for name, c := range counts {
		if want := e.Passing[name]; c.pass < want {
			lines = append(lines, fmt.Sprintf("%s: %d pass, %d did before", name, c.pass, want))
		}
	}
	slices.Sort(lines)
	return lines
}

// record keeps the counts of this run; those of families that were not run stay, unless all were.
func (e *expectations) record(module string, counts map[string]tally, all bool) error {
	if all || e.Passing == nil {
		e.Passing = map[string]int{}
	}
	e.Module = module
	for name, c := range counts {
		e.Passing[name] = c.pass
	}
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(e.path, append(raw, '\n'), 0o644)
}
