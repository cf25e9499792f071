package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"vsphere-ha/lab/vcenter/callrecord"
)

// The generated table of calls stands between these lines of README.md.
const (
	callsStart = "<!-- calls: written by npm run conformance -- --record, and --calls-of -->"
	callsEnd   = "<!-- end of calls -->"
)

// providerName is what the record calls the provider whose tests are run.
const providerName = "terraform"

// keepCalls takes what a test called. A simulator that did not start has no log.
func (r *runner) keepCalls(log string) {
	entries, err := callrecord.Read(log)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		if !slices.Contains(r.calls, e) {
			r.calls = append(r.calls, e)
		}
	}
}

// unanswered lists the calls that the simulator does not know, or broke at.
func (r *runner) unanswered() []callrecord.Entry {
	return slices.DeleteFunc(slices.Clone(r.calls), func(e callrecord.Entry) bool { return !e.Unanswered() })
}

// recordCalls keeps the provider's calls, in the place of earlier ones where all tests were run.
func recordCalls(entries []callrecord.Entry, all bool, lab string) error {
	record, err := callrecord.Load(recordOf(lab))
	if err != nil {
		return err
	}
	if all {
		delete(record, providerName)
	}
	return keepRecord(record, providerName, entries, lab)
}

// showCalls prints the table, after it took another client's calls into the record where some are given as NAME=PATH.
func showCalls(of, lab string, out io.Writer) error {
	record, err := callrecord.Load(recordOf(lab))
	if err != nil {
		return err
	}
	if name, path, ok := strings.Cut(of, "="); ok {
		entries, err := callrecord.ReadAll(path)
		if err != nil {
			return err
		}
		delete(record, name)
		if err := keepRecord(record, name, entries, lab); err != nil {
			return err
		}
	}
	_, err = fmt.Fprint(out, record.Table())
	return err
}

func recordOf(lab string) string { return filepath.Join(lab, "callrecord", "record.json") }

func keepRecord(record callrecord.Record, client string, entries []callrecord.Entry, lab string) error {
	if err := record.Add(client, entries); err != nil {
		return err
	}
	if err := record.Save(recordOf(lab)); err != nil {
		return err
	}
	return replaceBetween(filepath.Join(lab, "README.md"), callsStart, callsEnd, "\n"+record.Table()+"\n")
}
