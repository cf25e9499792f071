package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/callrecord"
)

// TestMain gives the tests a cache of their own, in which the stand-in is built once.
func TestMain(m *testing.M) {
	cache, err := os.MkdirTemp("", "conformance-cache-")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("VSPHERE_HA_CACHE", cache)
	code := m.Run()
	_ = os.RemoveAll(cache)
	os.Exit(code)
}

func TestFamilyIsTheResourceInTheName(t *testing.T) {
	for test, want := range map[string]string{
		"TestAccResourceVSphereComputeCluster_basic":                    "ComputeCluster",
		"TestAccResourceVSphereComputeClusterVMHostRule_updateAffinity": "ComputeClusterVMHostRule",
		"TestAccDataSourceVSphereHost_basic":                            "DataSourceHost",
		"TestAccResourcevsphereEntityPermissions_basic":                 "EntityPermissions",
		"TestAccResourceVMStoragePolicy_basic":                          "VMStoragePolicy",
		"TestAccClientPersistence":                                      "ClientPersistence",
	} {
		if got := family(test); got != want {
			t.Errorf("family of %s is %s, not %s", test, got, want)
		}
	}
}

// expectationsFor writes a file of expectations and has the command use it.
func expectationsFor(t *testing.T, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "conformance")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "../README.md"), []byte("before\n"+summaryStart+"\nold\n"+summaryEnd+"\n"+callsStart+"\n"+callsEnd+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "../callrecord"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "../callrecord/record.json"), []byte(`{"oslo": {"Task.Cancel": ["answered"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "expected.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const excused = `"cannotRun": {"TestAccDataSourceVSphereSite_needsHardware": "needs a dongle"}`

// command runs the tests that stand in for the provider's.
func command(t *testing.T, file string, args ...string) (ok bool, out, progress, logs string) {
	t.Helper()
	logs = t.TempDir()
	var o, p strings.Builder
	args = append([]string{"--source", "testdata/provider", "--timeout", "30s", "--jobs", "2", "--logs", logs}, args...)
	ok, err := run(t.Context(), file, args, &o, &p)
	if err != nil {
		t.Fatal(err)
	}
	return ok, o.String(), p.String(), logs
}

func TestEveryOutcomeIsCountedInItsFamily(t *testing.T) {
	ok, out, progress, logs := command(t, expectationsFor(t, `{"passing": {"Site": 1}, `+excused+`}`), "--family", "Site,DataSourceSite", "--timeout", "5s")
	if !ok {
		t.Error("the run failed although the family passes what it did")
	}
	for _, row := range [][]string{{"Site", "1", "3", "0"}, {"DataSourceSite", "0", "1", "1"}, {"all", "1", "4", "1"}} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(row, " ")) {
			t.Errorf("no row %v in\n%s", row, out)
		}
	}
	for _, want := range []string{
		"_answers", "_fails", "Error: it does not work", "panic: nil somewhere", "set A_VARIABLE to run this", "the time limit is over", "needs a dongle",
	} {
		if !strings.Contains(progress, want) {
			t.Errorf("the progress does not say %q:\n%s", want, progress)
		}
	}
	if strings.Contains(progress, "TestUnit") {
		t.Error("a unit test was run")
	}
	kept, err := os.ReadFile(filepath.Join(logs, "TestAccResourceVSphereSite_panics.log"))
	if err != nil || !strings.Contains(string(kept), "nil somewhere") {
		t.Errorf("the log of a failure was not kept: %v", err)
	}
}

func TestAFamilyBelowItsRecordFailsTheRun(t *testing.T) {
	ok, out, _, _ := command(t, expectationsFor(t, `{"passing": {"Site": 2}, `+excused+`}`), "--family", "Site")
	if ok || !strings.Contains(out, "Site: 1 pass, 2 did before") {
		t.Errorf("ok %v:\n%s", ok, out)
	}
}

func TestAChosenTestThatFailsFailsTheRun(t *testing.T) {
	file := expectationsFor(t, `{"passing": {}, `+excused+`}`)
	if ok, _, _, _ := command(t, file, "--test", "_answers$"); !ok {
		t.Error("a test that passes failed the run")
	}
	if ok, out, _, _ := command(t, file, "--test", "_needsHardware$"); ok || !strings.Contains(out, "_needsHardware") {
		t.Errorf("a test that was asked for by name was not run:\n%s", out)
	}
}

func TestRecordKeepsTheCountsOfFamiliesThatWereNotRun(t *testing.T) {
	file := expectationsFor(t, `{"passing": {"Other": 7, "Site": 9}, `+excused+`}`)
	if ok, _, _, _ := command(t, file, "--family", "Site", "--record"); !ok {
		t.Error("recording failed")
	}
	e, err := loadExpectations(file)
	if err != nil || e.Passing["Site"] != 1 || e.Passing["Other"] != 7 || len(e.CannotRun) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	readme, err := os.ReadFile(filepath.Join(filepath.Dir(file), "../README.md"))
	if err != nil || !strings.Contains(string(readme), "| Site | 4 | 1 | 0 |") || strings.Contains(string(readme), "old") ||
		!strings.HasPrefix(string(readme), "before\n") || !strings.HasSuffix(string(readme), "after\n") {
		t.Errorf("the table is %v\n%s", err, readme)
	}
	if !strings.Contains(string(readme), "| ServiceInstance.RetrieveServiceContent |  | ● |") || !strings.Contains(string(readme), "| Task.Cancel |") {
		t.Errorf("the calls are not in the table\n%s", readme)
	}
}

func TestACallThatTheSimulatorDoesNotKnowFailsTheRun(t *testing.T) {
	file := expectationsFor(t, `{"passing": {"Site": 1}, `+excused+`}`)
	ok, out, _, _ := command(t, file, "--test", "_asksTooMuch$")
	if ok || !strings.Contains(out, "Folder.Conjure: not implemented") {
		t.Errorf("ok %v:\n%s", ok, out)
	}
}

func TestTheCallsOfAClientAreTakenFromTheLogsOfItsLabs(t *testing.T) {
	file, logs := expectationsFor(t, `{"passing": {}, `+excused+`}`), t.TempDir()
	for name, call := range map[string]string{"a": "Task.Cancel", "b": "Task.SetTaskState"} {
		line := `{"agent": "pyvmomi/9", "call": "` + call + `", "answer": "NotSupported"}`
		if err := os.WriteFile(filepath.Join(logs, name+".jsonl"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if ok, err := run(t.Context(), file, []string{"--calls-of", "pyvmomi=" + logs}, &out, io.Discard); !ok || err != nil {
		t.Fatal(err)
	}
	record, err := callrecord.Load(filepath.Join(filepath.Dir(file), "../callrecord/record.json"))
	if err != nil || len(record["pyvmomi"]) != 2 || len(record["oslo"]) != 1 {
		t.Errorf("recorded %v, %v", record, err)
	}
	if !strings.Contains(out.String(), "| Task.Cancel |  |  |  |  | ● | NotSupported |  |") {
		t.Errorf("printed\n%s", out.String())
	}
	if _, err := run(t.Context(), file, []string{"--calls-of", "curl=" + logs}, &out, io.Discard); err == nil {
		t.Error("a client that does not exist was recorded")
	}
}

func TestAnExcuseNeedsAReason(t *testing.T) {
	if _, err := loadExpectations(expectationsFor(t, `{"passing": {}, "cannotRun": {"TestAccX": ""}}`)); err == nil {
		t.Error("an excuse without a reason was accepted")
	}
}

func TestEveryProblemOfTheOptionsIsNamed(t *testing.T) {
	_, err := parse([]string{"--jobs", "0", "--timeout", "-1s", "--module", "x", "--test", "(", "--record", "--calls-of", "nova", "extra"})
	for _, want := range []string{"--jobs", "--timeout", "--module", "--test", "--record", "--calls-of", "nova", "extra"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestAFamilyThatDoesNotExistIsRefused(t *testing.T) {
	tests := []string{"TestAccResourceVSphereSite_answers"}
	if _, err := choose(tests, options{families: []string{"Site", "Sight"}, timeout: time.Second}); err == nil || !strings.Contains(err.Error(), "Sight") {
		t.Errorf("%v", err)
	}
}

func TestBuildsThatNobodyUsesAreRemoved(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{"old": unused + time.Hour, "recent": unused - time.Hour} {
		build := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(build, "source"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(build, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeUnused(dir, now); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "recent" {
		t.Errorf("left: %v, %v", left, err)
	}
}

// The counts on record are only worth something if they are of tests that exist.
func TestTheRecordInTheRepositoryIsWellFormed(t *testing.T) {
	e, err := loadExpectations(expectationsFile())
	if err != nil {
		t.Fatal(err)
	}
	for test := range e.CannotRun {
		if !strings.HasPrefix(test, "TestAcc") {
			t.Errorf("cannotRun: %s is no acceptance test", test)
		}
	}
}
