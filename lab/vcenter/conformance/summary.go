package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

// The generated table stands between these lines of README.md.
const (
	summaryStart = "<!-- conformance: written by npm run conformance -- --record -->"
	summaryEnd   = "<!-- end of conformance -->"
)

// writeSummary puts the counts on record into README.md, a line for each family of the tests listed.
func writeSummary(path string, e *expectations, tests []string) error {
	return replaceBetween(path, summaryStart, summaryEnd, summary(e, tests))
}

// replaceBetween puts a text between two lines of a file.
func replaceBetween(path, start, end, text string) error {
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(readme, []byte(start))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return errors.New(path + ": the marks of the generated table are missing")
	}
	var b bytes.Buffer
	b.Write(before)
	fmt.Fprintln(&b, start)
	b.WriteString(text)
	b.WriteString(end)
	b.Write(after)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func summary(e *expectations, tests []string) string {
	total, excused := map[string]int{}, map[string]int{}
	for _, t := range tests {
		total[family(t)]++
		if e.CannotRun[t] != "" {
			excused[family(t)]++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "\n| tests of %s | all | pass | cannot run |\n| --- | ---: | ---: | ---: |\n", e.Module)
	sum := [3]int{}
	for _, name := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, total[name], e.Passing[name], excused[name])
		sum[0], sum[1], sum[2] = sum[0]+total[name], sum[1]+e.Passing[name], sum[2]+excused[name]
	}
	fmt.Fprintf(&b, "| **all** | %d | %d | %d |\n\n", sum[0], sum[1], sum[2])
	return b.String()
}
