package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
)

// tally counts the outcomes of one family.
type tally struct{ pass, fail, cannot int }

func count(results []result) map[string]tally {
	counts := map[string]tally{}
	for _, r := range results {
		t := counts[family(r.test)]
		switch r.outcome {
		case passed:
			t.pass++
		case failed:
			t.fail++
		case cannotRun:
			t.cannot++
		}
		counts[family(r.test)] = t
	}
	return counts
}

// table shows a line for each family; the last column is the count on record, where it is of the same tests.
func table(counts map[string]tally, e *expectations, comparable bool) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, t tally, recorded string) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t\n", name, t.pass, t.fail, t.cannot, recorded)
	}
	fmt.Fprintln(w, "family\tpass\tfail\tcannot run\ton record\t")
	var sum tally
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t, recorded := counts[name], "-"
		if comparable {
			recorded = strconv.Itoa(e.Passing[name])
		}
		row(name, t, recorded)
		sum = tally{sum.pass + t.pass, sum.fail + t.fail, sum.cannot + t.cannot}
	}
	row("all", sum, "")
	_ = w.Flush()
	return b.String()
}

func failures(results []result) []string {
	var names []string
	for _, r := range results {
		if r.outcome == failed {
			names = append(names, r.test+": "+r.why)
		}
	}
	slices.Sort(names)
	return names
}
