package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"vsphere-ha/lab/vcenter/callrecord"
)

type outcome string

const (
	passed    outcome = "pass"
	failed    outcome = "fail"
	cannotRun outcome = "cannot run"
)

// result is how one test went; why says it in a line when it did not pass.
type result struct {
	test    string
	outcome outcome
	why     string
}

// maxJobs is bounded by the addresses of this process: each job has a network of its own.
const maxJobs = 32

type runner struct {
	suite    *suite
	lab      string // the simulator's program
	work     string
	o        options
	progress io.Writer
	reasons  map[string]string
	total    int

	mu    sync.Mutex
	done  int
	logs  string
	calls []callrecord.Entry
	// files is held by tests that upload a file of a fixed name from the temporary folder.
	files sync.Mutex
}

// runAll runs the tests, several at a time, and returns as many results.
func (r *runner) runAll(ctx context.Context, tests []string) []result {
	queue := make(chan int)
	results := make([]result, len(tests))
	var jobs sync.WaitGroup
	for slot := range r.o.jobs {
		jobs.Go(func() {
			for i := range queue {
				began := time.Now()
				results[i] = r.runOne(ctx, tests[i], slot)
				r.report(results[i], time.Since(began))
			}
		})
	}
	for i := range tests {
		if ctx.Err() != nil {
			break
		}
		queue <- i
	}
	close(queue)
	jobs.Wait()
	return results
}

func (r *runner) report(res result, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	line := fmt.Sprintf("[%*d/%d] %-10s %s (%.0f s)", len(fmt.Sprint(r.total)), r.done, r.total, res.outcome, res.test, took.Seconds())
	if res.why != "" {
		line += ": " + res.why
	}
	fmt.Fprintln(r.progress, line)
}

func (r *runner) runOne(ctx context.Context, test string, slot int) result {
	// To choose a test by its name overrules the record: that is how an entry is reconsidered.
	if reason := r.reasons[test]; reason != "" && r.o.test == nil {
		return result{test, cannotRun, reason}
	}
	if family(test) == "File" {
		r.files.Lock()
		defer r.files.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.timeout)
	defer cancel()
	dir, err := os.MkdirTemp(r.work, "test-")
	if err != nil {
		return result{test, failed, err.Error()}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	output, err := r.against(ctx, test, dir, slot)
	r.keepCalls(filepath.Join(dir, "data", callrecord.File))
	res := judge(test, string(output), err, ctx.Err())
	if res.outcome == failed {
		r.keep(test, output, filepath.Join(dir, "vcenter.log"))
	}
	return res
}

// against runs one test against a simulator that it starts and ends.
func (r *runner) against(ctx context.Context, test, dir string, slot int) ([]byte, error) {
	site, err := startSite(ctx, r.lab, dir, slot)
	if err != nil {
		return nil, fmt.Errorf("the simulator did not start: %w", err)
	}
	defer site.stop()
	cmd := exec.CommandContext(ctx, r.suite.binary, "-test.run", "^"+regexp.QuoteMeta(test)+"$", "-test.v",
		"-test.timeout", r.o.timeout.String())
	cmd.Dir = r.suite.dir
	cmd.Env = append(cleanEnvironment(), site.env()...)
	cmd.Env = append(cmd.Env, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.CombinedOutput()
}

// cleanEnvironment is the caller's without what the tests read: a variable set by chance would change what they do.
func cleanEnvironment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") && !strings.HasPrefix(v, "VSPHERE_") && !strings.HasPrefix(v, "ESX_") {
			env = append(env, v)
		}
	}
	return env
}

var (
	skipLine  = regexp.MustCompile(`(?m)^\s*\S+\.go:\d+: (.*)$`)
	errorLine = regexp.MustCompile(`(?m)^.*(?:rror: |panic: |Step \d+ error|errors during).*$`)
)

// judge reads the verdict from a test's output. A test that skips itself did not pass: only what is on record as unable
// to run is excused.
func judge(test, output string, err, limit error) result {
	switch {
	case errors.Is(limit, context.DeadlineExceeded):
		return result{test, failed, "the time limit is over"}
	case strings.Contains(output, "--- SKIP: "+test):
		why := "it skipped itself, for no reason on record"
		if m := skipLine.FindStringSubmatch(output); m != nil {
			why += ": " + m[1]
		}
		return result{test, failed, why}
	case err == nil && strings.Contains(output, "--- PASS: "+test):
		return result{test, passed, ""}
	}
	why := "it ended without a verdict"
	if err != nil {
		why = err.Error()
	}
	if m := errorLine.FindAllString(output, -1); m != nil {
		why = strings.TrimSpace(m[len(m)-1])
	}
	return result{test, failed, shorten(why, 200)}
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// logDir is where logs of failures go; it is made when the first is kept.
func (r *runner) logDir() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logs != "" {
		return r.logs
	}
	r.logs = r.o.logs
	var err error
	if r.logs == "" {
		r.logs, err = os.MkdirTemp("", "conformance-logs-")
	} else {
		err = os.MkdirAll(r.logs, 0o755)
	}
	if err != nil {
		fmt.Fprintf(r.progress, "cannot keep logs: %v\n", err)
	}
	return r.logs
}

func (r *runner) keep(test string, output []byte, simulator string) {
	log, _ := os.ReadFile(simulator)
	all := fmt.Sprintf("%s\n--- the simulator's own output ---\n%s", output, log)
	_ = os.WriteFile(filepath.Join(r.logDir(), test+".log"), []byte(all), 0o644)
}
