// Command conformance judges the simulated vCenter by the acceptance tests of the Terraform vSphere provider: it runs
// each of them against a simulator of its own and compares what passes with what is on record.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: npm run conformance -- [options]

Runs the acceptance tests of the Terraform vSphere provider, each against a simulated vCenter of its own, and prints what
passes by family. Exit status 1: a family passes fewer tests than expected.json says, a test chosen by --test fails, or a
call of a test is one that the simulator does not know.

  --family NAME[,NAME]  run only these families (ComputeCluster, DataSourceHost, ...)
  --test REGEXP         run only the tests whose names match, those among them too that are on record as unable to run
  --jobs N              tests at a time (default 4)
  --timeout DURATION    limit for one test (default 6m)
  --module PATH@VERSION take the tests from this Go module (default ` + defaultModule + `)
  --source DIR          take the tests from this folder, which holds the provider's go.mod
  --logs DIR            keep the logs of failed tests here (default: a new folder in the temporary one)
  --record              write the counts of the families that were run to expected.json, their calls to
                        ../callrecord/record.json, and the tables in README.md
  --calls               run nothing, and print which client makes which call and how it is answered
  --calls-of NAME=PATH  run nothing, and record a client's calls: from PATH, the calls.jsonl of a lab or a folder of such
                        files. NAME is pulumi, verifier, nova, oslo, pyvmomi or govmomi
`

type options struct {
	families []string
	test     *regexp.Regexp
	jobs     int
	timeout  time.Duration
	module   string
	source   string
	logs     string
	record   bool
	calls    bool
	callsOf  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, expectationsFile(), os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case err != nil:
		fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var families, test string
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&families, "family", "", "")
	flags.StringVar(&test, "test", "", "")
	flags.IntVar(&o.jobs, "jobs", 4, "")
	flags.DurationVar(&o.timeout, "timeout", 6*time.Minute, "")
	flags.StringVar(&o.module, "module", defaultModule, "")
	flags.StringVar(&o.source, "source", "", "")
	flags.StringVar(&o.logs, "logs", "", "")
	flags.BoolVar(&o.record, "record", false, "")
	flags.BoolVar(&o.calls, "calls", false, "")
	flags.StringVar(&o.callsOf, "calls-of", "", "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var problems []string
	if flags.NArg() > 0 {
		problems = append(problems, fmt.Sprintf("%q is no option", flags.Arg(0)))
	}
	if families != "" {
		o.families = strings.Split(families, ",")
	}
	if test != "" {
		var err error
		if o.test, err = regexp.Compile(test); err != nil {
			problems = append(problems, fmt.Sprintf("--test %s: %v", test, err))
		}
	}
	if o.jobs < 1 || o.jobs > maxJobs {
		problems = append(problems, fmt.Sprintf("--jobs %d: must lie between 1 and %d", o.jobs, maxJobs))
	}
	if o.timeout <= 0 {
		problems = append(problems, fmt.Sprintf("--timeout %v: must be positive", o.timeout))
	}
	if path, version, ok := strings.Cut(o.module, "@"); !ok || path == "" || version == "" {
		problems = append(problems, fmt.Sprintf("--module %s: must be PATH@VERSION", o.module))
	}
	if name, path, ok := strings.Cut(o.callsOf, "="); o.callsOf != "" && (!ok || name == "" || path == "") {
		problems = append(problems, fmt.Sprintf("--calls-of %s: must be NAME=PATH", o.callsOf))
	}
	if o.record && test != "" {
		problems = append(problems, "--record: counts whole families, so it goes without --test")
	}
	if len(problems) > 0 {
		return o, errors.New(strings.Join(problems, "; "))
	}
	return o, nil
}

// run tells whether everything that was run came up to expectation.
func run(ctx context.Context, record string, args []string, out, progress io.Writer) (bool, error) {
	o, err := parse(args)
	if err != nil {
		return false, err
	}
	expected, err := loadExpectations(record)
	if err != nil {
		return false, err
	}
	if o.calls || o.callsOf != "" {
		return true, showCalls(o.callsOf, labOf(record), out)
	}
	work, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	suite, err := prepare(ctx, o, progress)
	if err != nil {
		return false, err
	}
	tests, err := suite.list(ctx)
	if err != nil {
		return false, err
	}
	all := tests
	if tests, err = choose(tests, o); err != nil {
		return false, err
	}
	lab, err := buildLab(ctx, work)
	if err != nil {
		return false, err
	}
	r := &runner{suite: suite, lab: lab, work: work, o: o, progress: progress, reasons: expected.CannotRun, total: len(tests)}
	results := r.runAll(ctx, tests)
	if err := ctx.Err(); err != nil {
		return false, errors.New("interrupted")
	}
	counts := count(results)
	fmt.Fprint(out, table(counts, expected, suite.name == expected.Module))
	if failed := failures(results); len(failed) > 0 {
		fmt.Fprintf(out, "\nfailed (logs in %s):\n  %s\n", r.logDir(), strings.Join(failed, "\n  "))
	}
	unknown := r.unanswered()
	for _, e := range unknown {
		fmt.Fprintf(out, "%s: %s\n", e.Call, e.Answer)
	}
	if o.record {
		if err := expected.record(suite.name, counts, o.families == nil); err != nil {
			return false, err
		}
		if err := recordCalls(r.calls, o.families == nil, labOf(record)); err != nil {
			return false, err
		}
		return true, writeSummary(filepath.Join(labOf(record), "README.md"), expected, all)
	}
	if o.test != nil {
		return len(failures(results)) == 0 && len(unknown) == 0, nil
	}
	below := expected.below(counts)
	for _, line := range below {
		fmt.Fprintln(out, line)
	}
	return len(below) == 0 && len(unknown) == 0, nil
}

// labOf is the simulator's folder, in which the record of counts has one of its own.
func labOf(record string) string { return filepath.Dir(filepath.Dir(record)) }

// choose picks the tests that the options ask for; to ask for something that does not exist is an error.
func choose(tests []string, o options) ([]string, error) {
	known, wanted := map[string]bool{}, map[string]bool{}
	for _, t := range tests {
		known[family(t)] = true
	}
	var problems []string
	for _, f := range o.families {
		if !known[f] {
			problems = append(problems, fmt.Sprintf("--family %s: the module has no test of this family", f))
		}
		wanted[f] = true
	}
	if problems != nil {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	var chosen []string
	for _, t := range tests {
		if (len(wanted) == 0 || wanted[family(t)]) && (o.test == nil || o.test.MatchString(t)) {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no test matches")
	}
	return chosen, nil
}
